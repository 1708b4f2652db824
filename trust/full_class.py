"""A full class on one machine: ``make class STUDENTS=20``.

Starts the Hub of lab/hub with users made for it, and has each student start a server
and run the notebooks cell by cell through the Hub, as JupyterLab does. Three crash
their kernels on the way, and one tries to get at another's files. At the end all is
stopped and the users are removed. Linux only, as root.
"""

import argparse
import os
import pwd
import signal
import sys
import threading
import time

import pandas as pd
import psutil

from trust import class_kernels, page
from trust.class_hub import (
    Hub,
    NotPossible,
    made_users,
    memory,
    processes_of,
    remove_users,
)
from trust.class_students import ARRIVE, NOTEBOOKS, THINK, Student, isolation
from trust.files import HERE

RAW = HERE / "full_class.csv"
SPARE = 1.5e9  # bytes that must stay free, or all is stopped
MB = 2**20


class Watch(threading.Thread):
    """Notes the machine's memory, and stops all before it is used up."""

    def __init__(self, stop, done, hub):
        super().__init__(daemon=True)
        self.stop, self.done, self.hub = stop, done, hub
        self.total = psutil.virtual_memory().total
        self.before = self.total - psutil.virtual_memory().available
        self.peak, self.load = self.before, 0.0

    def run(self):
        while not self.done.wait(1):
            available = psutil.virtual_memory().available
            self.peak = max(self.peak, self.total - available)
            self.load = max(self.load, os.getloadavg()[0])
            if available < SPARE:
                self.stop.set()


def memory_by_student(hub):
    """Rows (who, what, MB): proportional memory of servers, kernels and the Hub."""
    rows, ours = [], set()
    for name in hub.names:
        server, kernels, rest = 0.0, [], 0.0
        for process in processes_of({pwd.getpwnam(name).pw_uid}):
            ours.add(process.pid)
            line, size = " ".join(process.cmdline()), memory(process.pid)
            if "jupyterhub.singleuser" in line:
                server += size
            elif "ipykernel" in line or line.endswith("shared_kernels.py"):
                kernels.append(size)
            else:
                rest += size
        rows.append((name, "server (MB)", server))
        rows += [
            (name, f"kernel {at} (MB)", size)
            for at, size in enumerate(sorted(kernels), 1)
        ]
        rows.append((name, "all (MB)", server + sum(kernels) + rest))
    process = psutil.Process(hub.process.pid)
    shared = [p for p in (process, *process.children(True)) if p.pid not in ours]
    rows.append(("machine", "Hub (MB)", sum(memory(p.pid) for p in shared)))
    return rows


def run_class(students, shared=True):
    """Have a class of `students` work, and return what was measured.

    Parameters
    ----------
    students : int
    shared : bool
        Whether their kernels share memory.

    Returns
    -------
    pandas.DataFrame
        students, kernels (shared or own), who, what, value: a row for each figure.
    """
    stop, done = threading.Event(), threading.Event()
    with Hub(students, shared) as hub:
        watch = Watch(stop, done, hub)
        watch.start()
        people = [Student(hub, number, stop) for number in range(students)]
        for one in people:
            one.start()
        for one in people:
            one.join()
        rows = [
            (p.login, what, value) for p in people for what, value in p.rows.items()
        ]
        if stop.is_set():
            raise NotPossible(
                f"{students} students need more memory than this machine has free: the"
                " class was stopped. Close what else runs, or take fewer students."
            )
        rows += memory_by_student(hub)
        if students > 1 and not (people[0].trouble or people[1].trouble):
            rows += isolation(hub, people[0], people[1])
        done.set()
        watch.join()
        rows += [
            ("machine", "memory before (MB)", watch.before / MB),
            ("machine", "memory at most (MB)", watch.peak / MB),
            ("machine", "memory in all (MB)", watch.total / MB),
            ("machine", "cores", os.cpu_count()),
            ("machine", "load at most", watch.load),
        ]
        for one in people:
            for kernel in one.kernels:
                kernel.close()
        for one in people:
            hub.ask("DELETE", f"/hub/api/users/{one.login}/server")
        for _ in range(120):
            if not (running := processes_of(hub.uids)):
                break
            time.sleep(1)
        rows.append(("machine", "processes left when all have gone", len(running)))
    rows.append(("machine", "users left", len(made_users())))
    frame = pd.DataFrame(rows, columns=["who", "what", "value"])
    frame.insert(0, "students", students)
    frame.insert(1, "kernels", "shared" if shared else "own")
    return frame


def rounded(value):
    """Figures with a tenth, all else as it is."""
    return f"{value:.1f}" if isinstance(value, float) else value


def keep(frame, path=RAW):
    """Put the rows of a class in the table, in the place of earlier ones of its
    size."""
    frame = frame.assign(value=frame["value"].map(rounded).astype(str))
    if path.is_file():
        old = read(path)
        size, kernels = frame[["students", "kernels"]].iloc[0]
        again = (old["students"] == size) & (old["kernels"] == kernels)
        frame = pd.concat([old[~again], frame])
    frame = frame.sort_values(["kernels", "students"], kind="stable")
    part = path.with_suffix(".part")
    frame.to_csv(part, index=False)
    part.replace(path)


def read(path=RAW):
    """The table; values are text."""
    return pd.read_csv(path, dtype={"value": str}, keep_default_na=False)


def classes(frame):
    """What each class waited for and took.

    Parameters
    ----------
    frame : pandas.DataFrame
        As :func:`read` gives it.

    Returns
    -------
    pandas.DataFrame
        A row for each class: seconds and MB are median / largest over the students.
    """
    rows = []
    for (kernels, students), group in frame.groupby(["kernels", "students"]):
        people = group[group["who"] != "machine"]
        machine = group[group["who"] == "machine"].set_index("what")["value"]

        def spread(what, people=people):
            found = pd.to_numeric(people.loc[people["what"] == what, "value"])
            return f"{found.median():.0f} / {found.max():.0f}" if len(found) else "none"

        def total(ending, people=people):
            chosen = people["what"].str.fullmatch(rf"\d\d {ending}")
            return int(pd.to_numeric(people.loc[chosen, "value"]).sum())

        early = (people["what"] == "ended early") & (people["value"] != "no")
        everything = pd.to_numeric(people.loc[people["what"] == "all (MB)", "value"])
        before, peak = (
            float(machine[f"memory {when} (MB)"]) / 1024
            for when in ("before", "at most")
        )
        rows.append(
            {
                "students": students,
                "kernels' memory": kernels,
                "server ready (s)": spread("server ready (s)"),
                **{
                    f"first picture of {name[:2]} (s)": spread(
                        f"{name[:2]} first picture (s)"
                    )
                    for name in NOTEBOOKS
                },
                "cells run": total("cells"),
                "failed": total("failed"),
                "ended early": int(early.sum()),
                "MB per student": f"{everything.median():.0f} / {everything.max():.0f}",
                "Hub (MB)": f"{float(machine['Hub (MB)']):.0f}",
                "machine before, at most (GB)": f"{before:.1f}, {peak:.1f}",
                "load": machine["load at most"],
            }
        )
    return pd.DataFrame(rows)


def parts(frame):
    """What a student's memory is made of: medians in MB, a row for each class."""
    rows = []
    for (kernels, students), group in frame.groupby(["kernels", "students"]):

        def middle(what, group=group):
            return pd.to_numeric(group.loc[group["what"] == what, "value"]).median()

        rows.append(
            {
                "students": students,
                "kernels' memory": kernels,
                "server": middle("server (MB)"),
                f"kernel of {NOTEBOOKS[0][:2]}": middle("kernel 1 (MB)"),
                f"kernel of {NOTEBOOKS[1][:2]}": middle("kernel 2 (MB)"),
                "all": middle("all (MB)"),
                "Hub": middle("Hub (MB)"),
            }
        )
    return pd.DataFrame(rows)


def attempts(frame):
    """What one student tried to get of another, in the largest class: whether it was
    refused."""
    chosen = frame[frame["what"].str.startswith(("tries to", "logs in"))]
    largest = chosen[chosen["students"] == chosen["students"].max()]
    last = largest.drop_duplicates(["what"], keep="last")
    return last[["what", "value"]].rename(
        columns={"what": "a student", "value": "outcome"}
    )


def crashes(frame):
    """How kernels were crashed, and what became of them and of the others."""
    chosen = frame[frame["what"].str.startswith("crash: ")]
    rows = []
    for (students, kernels, who), group in chosen.groupby(
        ["students", "kernels", "who"]
    ):
        same = (frame["students"] == students) & (frame["kernels"] == kernels)
        others = frame[same & ~frame["who"].isin([who, "machine"])]
        failed = pd.to_numeric(
            others.loc[others["what"].str.fullmatch(r"\d\d failed"), "value"]
        ).sum()
        (row,) = group.itertuples()
        rows.append(
            {
                "students": students,
                "kernels' memory": kernels,
                "crash": row.what.removeprefix("crash: "),
                "outcome": row.value,
                "cells of others that failed": int(failed),
            }
        )
    return pd.DataFrame(rows)


def sentences(frame):
    """What the figures mean for a class of 30, and what is left when all have gone."""
    table = parts(frame).drop_duplicates("kernels' memory", keep="last")
    table = table.set_index("kernels' memory")
    found = []
    for kernels, row in table.iterrows():
        large = row[f"kernel of {NOTEBOOKS[1][:2]}"]
        need = (row["Hub"] + 30 * row["all"]) / 1024
        fit = {
            size: max(int((1024 * size - row["server"]) // large), 0) for size in (1, 2)
        }
        found.append(
            f"Kernels with {kernels} memory, as with {row['students']:.0f} students:"
            " 30 students with a server and both"
            f" notebooks open need {need:.0f} GB and the system's own. 1 GB per student"
            f" (30 GB) is a server and {fit[1]} open notebook{'s' * (fit[1] != 1)} with"
            f" TensorFlow, 2 GB (60 GB) are {fit[2]}."
        )
    left = frame[frame["what"].str.contains(" left")]
    remain = int(pd.to_numeric(left["value"]).sum())
    found.append(
        f"Processes and users left when the classes had gone: {remain}, in"
        f" {left['kernels'].add(left['students'].astype(str)).nunique()} classes."
    )
    return found


def write(frame=None, folder=HERE):
    """Write the page of the table."""
    frame = read() if frame is None else frame
    machine = frame[frame["who"] == "machine"].set_index("what")["value"]
    last = machine.groupby(level=0).last()
    cores, size = last["cores"], last["memory in all (MB)"]
    return page.write(
        "full_class",
        "A full class: JupyterHub on one machine",
        "make class STUDENTS=20",
        f"The Hub of `lab/hub` on a machine with {cores} cores and"
        f" {float(size) / 1024:.0f} GB, where other work ran, too. Students come within"
        f" {ARRIVE} seconds (3 seconds each in small classes), start a server, and run"
        f" {' and '.join(f'`{n}`' for n in NOTEBOOKS)} cell by cell, {THINK[0]} to"
        f" {THINK[1]} seconds apart. Both kernels stay open. *First picture* is what a"
        " student waits after opening the notebook, without the seconds between cells;"
        " *load* is how many processes wanted a core at most, those of others too."
        " Seconds and MB per student: median / largest.",
        classes(frame),
        "## Memory",
        "Proportional memory (PSS) at the end of the class, in MB, median over the"
        " students: what several processes share counts for each in part. *Hub* is Hub,"
        " proxy and, where kernels share memory, the process that they are copied"
        " from.",
        parts(frame).map(
            lambda value: value if isinstance(value, str) else round(value)
        ),
        *sentences(frame),
        "A kernel by itself, after a notebook: its own memory and what it has mapped of"
        " files (which all kernels of a machine share anyway), by setting of the"
        " environment (`python -m trust.class_kernels`). None is worth having: fewer"
        " threads save nothing, and a trimmed heap costs more time than it saves"
        " memory.",
        class_kernels.table(),
        "## One student cannot get at another",
        "The attempts of one student's kernel, and at the log-in page, in the largest"
        " class.",
        attempts(frame),
        "## A crash hurts nobody else",
        "While the others worked, one kernel ended itself, one was killed, and one took"
        " ever more memory, until its limit stopped it.",
        crashes(frame),
        folder=folder,
    )


def main(arguments=None):
    """Run classes, one after the other, and write the table and the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("students", nargs="*", type=int, help="sizes of classes")
    parser.add_argument("--own", action="store_true", help="kernels share no memory")
    parser.add_argument("--remove", action="store_true", help="a broken test's users")
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended; all is removed"))
    try:
        if options.remove:
            remove_users()
        for students in options.students:
            frame = run_class(students, shared=not options.own)
            keep(frame)
            print(frame.to_string(), flush=True)
        if options.students:
            print(f"Written: {write()}")
    except NotPossible as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
