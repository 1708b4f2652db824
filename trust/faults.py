"""Planted faults: does `make test` turn red? ``python -m trust.faults`` plants each
fault of ``trust/drawn.csv`` (drawn at random) and ``trust/catalogue.csv`` (written by
hand) that has no row in ``trust/faults.csv`` yet, adds its row, and writes
``trust/faults.md``.

Caught means that a cell raises, or puts out something else than what is stored, under
the comparison that `make test` uses. That a changed notebook also has to be recorded
anew is not counted: a lecturer who makes a mistake records it.
"""

import argparse
import csv
import fcntl
import json
import os
import subprocess
import sys
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
import pandas as pd

from course_utils.claims import NOTEBOOKS
from course_utils.maintenance.record import write_whole
from trust import page
from trust.draw import DRAWING, Fault, parts_of, read_drawn
from trust.files import HERE
from trust.planting import BROKEN, CAUGHT, JOB, SURVIVED, UNSURE, planted

TABLE = HERE / "faults.csv"
CATALOGUE = HERE / "catalogue.csv"
REASONS = HERE / "equivalent.csv"  # id, reason: written by hand
BEFORE = HERE / "faults_before.csv"  # id, outcome: of the first run
EQUIVALENT = "equivalent"
COLUMNS = ["id", "where", "part", "kind", "what", "outcome", "by", "seconds", "reason"]
GOAL = 0.95
SESSION_SECONDS = 3600


def read_catalogue():
    """The faults written by hand: notebook, cell, kind, old and new text of each."""
    with CATALOGUE.open(encoding="utf-8", newline="") as lines:
        return list(csv.reader(lines))[1:]


def sample():
    """All faults: drawn, and of the catalogue.

    Returns
    -------
    list of Fault
    """
    parts, found = {}, read_drawn()
    counts = Counter()
    for number, cell, kind, old, new in read_catalogue():
        (path,) = NOTEBOOKS.glob(f"{number}_*.ipynb")
        if path not in parts:
            parts[path] = parts_of(nbformat.read(path, as_version=4))
        counts[number] += 1
        name = f"{number}-c{counts[number]:02}"
        part = parts[path].get(cell, "missing")
        found.append(Fault(name, path.stem, cell, part, kind, old, new))
    return sorted(found)


# -- Running ---------------------------------------------------------------------------


def session(path, mode, faults, folder):
    """Run a notebook with faults; what was said of them.

    Parameters
    ----------
    path : pathlib.Path
    mode : {"here", "whole"}
        Each in turn, or all at once (see :mod:`trust.planting`).
    faults : list of Fault
    folder : pathlib.Path
        For files of its own.

    Returns
    -------
    list of dict
        id (in a whole run ""), outcome, by and seconds.
    """
    answers, job = folder / "answers", folder / "job"
    answers.write_text("")
    about = {"mode": mode, "answers": str(answers)}
    about["faults"] = [fault._asdict() for fault in faults]
    job.write_text(json.dumps(about))
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-c", os.devnull]
    command += ["--rootdir", str(path.parent), "-p", "no:cacheprovider", "-p"]
    command += ["no:xdist", "-p", "course_utils.maintenance.comparison", "-p"]
    command += ["trust.planting", "--nbval", "--nbval-current-env", str(path)]
    paths = os.pathsep.join([str(HERE.parent), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        command,
        env={**os.environ, "PYTHONPATH": paths, JOB: str(job)},
        capture_output=True,
        text=True,
        timeout=SESSION_SECONDS,
    )
    found = [json.loads(line) for line in answers.read_text().splitlines()]
    if not found:
        raise RuntimeError(
            f"{path.name} did not run with its faults:\n{done.stdout[-3000:]}"
            f"\n{done.stderr[-3000:]}"
        )
    return found


def measure(path, faults, quick=False):
    """Plant the faults of one notebook.

    Parameters
    ----------
    path : pathlib.Path
    faults : list of Fault
    quick : bool
        Do not confirm survivors in a whole run (which may yet catch one).

    Yields
    ------
    dict
        id, outcome ("caught" or "survived"), by and seconds of each.

    Raises
    ------
    RuntimeError
        If the notebook fails without a fault.
    ValueError
        If a fault has no place in it any more.
    """
    cells = nbformat.read(path, as_version=4).cells
    sources = {cell.id: cell.source for cell in cells}
    for fault in faults:
        planted(sources[fault.cell], fault._asdict())
    left, alone, survivors = list(faults), [], []
    with TemporaryDirectory() as name:
        folder = Path(name)
        while left:
            said = session(path, "here", left, folder)
            for row in said:
                if row["outcome"] == BROKEN:
                    raise RuntimeError(
                        f"{path.name} fails without a fault, in {row['by'] or 'a run'}:"
                        " mend it first."
                    )
                (fault,) = [f for f in left if f.id == row["id"]]
                left.remove(fault)
                if row["outcome"] == CAUGHT:
                    yield row
                elif row["outcome"] == UNSURE:
                    alone.append(fault)
                elif quick:
                    yield row
                else:
                    survivors.append(fault)
        for fault in alone:
            yield from confirm(path, [fault], folder)
        while survivors:
            cells = {fault.cell: fault for fault in survivors}
            together = list(cells.values())  # one of each cell
            survivors = [fault for fault in survivors if fault not in together]
            yield from confirm(path, together, folder)


def confirm(path, faults, folder):
    """What a whole run says of faults that should survive, together or in halves."""
    (said,) = session(path, "whole", faults, folder)
    seconds = round(said["seconds"] / len(faults), 1)
    if said["outcome"] == SURVIVED:
        for fault in faults:
            yield {"id": fault.id, **said, "seconds": seconds} | {"id": fault.id}
    elif len(faults) == 1:
        yield {**said, "id": faults[0].id}
    else:
        half = len(faults) // 2
        yield from confirm(path, faults[:half], folder)
        yield from confirm(path, faults[half:], folder)


# -- The table and the page ------------------------------------------------------------


def shown(fault):
    """The lines that change, in one line: before -> after."""
    old, new = ("; ".join(t.strip() for t in text.split("\n")) for text in fault[5:])
    return f"{old} -> {new}"


def read_table(path=TABLE):
    """The rows measured so far: id -> row."""
    try:
        with Path(path).open(encoding="utf-8", newline="") as lines:
            return {row["id"]: row for row in csv.DictReader(lines)}
    except FileNotFoundError:
        return {}


def write_table(rows, path=TABLE):
    """Write the rows, sorted, with the reasons of the equivalent ones."""
    with REASONS.open(encoding="utf-8", newline="") as lines:
        reasons = {row["id"]: row["reason"] for row in csv.DictReader(lines)}
    found = []
    for name in sorted(rows):
        row = dict(rows[name])
        survived = row["outcome"] in (SURVIVED, EQUIVALENT)
        row["reason"] = reasons.get(name, "") if survived else ""
        if survived:
            row["outcome"] = EQUIVALENT if row["reason"] else SURVIVED
        found.append(row)
    text = pd.DataFrame(found, columns=COLUMNS).to_csv(index=False, lineterminator="\n")
    write_whole(path, text)
    return found


@contextmanager
def locked():
    """The table for one process at a time: two may measure other notebooks."""
    with HERE.joinpath("__init__.py").open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def add(row, fault):
    """Add the row of one fault to the table."""
    with locked():
        rows = read_table()
        rows[fault.id] = {
            "id": fault.id,
            "where": f"{fault.notebook} {fault.cell}",
            "part": fault.part,
            "kind": fault.kind,
            "what": shown(fault),
            **{key: row[key] for key in ("outcome", "by", "seconds")},
        }
        write_table(rows)


def share(rows):
    """Caught, not equivalent, and "95 of 100 (95.0 %)"."""
    caught = sum(row["outcome"] == CAUGHT for row in rows)
    counted = sum(row["outcome"] != EQUIVALENT for row in rows)
    text = f"{caught} of {counted}"
    return caught, counted, text + (f" ({caught / counted:.1%})" if counted else "")


def first_run(rows):
    """In words, what the first run caught of the same faults."""
    then = {name: row["outcome"] for name, row in read_table(BEFORE).items()}
    same = [
        {**row, "outcome": then[row["id"]]}
        for row in rows
        if row["id"] in then and row["outcome"] != EQUIVALENT
    ]
    drawings = [row for row in same if row["part"] == DRAWING]
    return (
        f"The first run, before what figures plot was compared and before the checks"
        f" that were missing, caught {share(same)[2]} of them; in drawings"
        f" {share(drawings)[2]}."
    )


def write_page(rows, **options):
    """Write ``trust/faults.md`` from the table's rows."""
    caught, counted, text = share(rows)
    equivalent = [row for row in rows if row["outcome"] == EQUIVALENT]
    survivors = [row for row in rows if row["outcome"] == SURVIVED]
    hand = [row for row in rows if "-c" in row["id"]]
    drawn = [row for row in rows if row not in hand]

    def by(key, title):
        groups = {}
        for row in rows:
            groups.setdefault(key(row), []).append(row)
        return pd.DataFrame(
            {
                title: name,
                "faults": len(group),
                "caught": sum(row["outcome"] == CAUGHT for row in group),
                "equivalent": sum(row["outcome"] == EQUIVALENT for row in group),
                "survived": sum(row["outcome"] == SURVIVED for row in group),
            }
            for name, group in sorted(groups.items())
        )

    def listed(group, last):
        keys = ["id", "where", "kind", "what"] + last
        frame = pd.DataFrame(group, columns=COLUMNS)[keys]
        return frame if len(frame) else "None."

    return page.write(
        "faults",
        "Planted faults in the notebooks",
        "make faults",
        f"{len(rows)} faults were planted in the notebooks' code, one at a time:"
        f" {len(drawn)} drawn at random, {len(hand)} written by hand. The comparison of"
        f" `make test` caught **{text}** of those that are not equivalent"
        f" (drawn: {share(drawn)[2]}, by hand: {share(hand)[2]}); asked are"
        f" {GOAL:.0%}.",
        first_run(rows),
        "Caught: a cell raises, or puts out something else than what is stored. That a"
        " changed notebook must also be recorded anew (a test asks for it) is not"
        " counted. Equivalent: no reader could see a difference, with the reason below."
        " The sample was drawn before the first run; none was removed because it"
        " survives.",
        "## By notebook",
        by(lambda row: row["where"].split()[0], "notebook"),
        "## By part of the notebook",
        by(lambda row: row["part"], "part"),
        "## By kind",
        by(lambda row: row["kind"], "kind"),
        f"## Survivors ({len(survivors)})",
        listed(survivors, []),
        f"## Equivalent ({len(equivalent)})",
        listed(equivalent, ["reason"]),
        **options,
    )


def main(arguments=None):
    """Plant what is missing; return how many notebooks could not be judged."""
    parser = argparse.ArgumentParser(prog="python -m trust.faults", description=__doc__)
    parser.add_argument("notebooks", nargs="*", help="begin so, for example 05")
    parser.add_argument(
        "--again", choices=[SURVIVED, "all"], help="rows to measure once more"
    )
    parser.add_argument(
        "--quick", action="store_true", help="do not confirm survivors in a whole run"
    )
    options = parser.parse_args(arguments)
    rows, failed = read_table(), 0
    done = {
        name
        for name, row in rows.items()
        if options.again != "all"
        and not (options.again and row["outcome"] in (SURVIVED, EQUIVALENT))
    }
    wanted = tuple(options.notebooks) or ("",)
    faults = [f for f in sample() if f.notebook.startswith(wanted)]
    missing = [fault for fault in faults if fault.id not in done]
    print(f"{len(missing)} of {len(faults)} faults are to be planted", flush=True)
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        here = {f.id: f for f in missing if f.notebook == path.stem}
        found = measure(path, list(here.values()), options.quick)
        try:
            for count, row in enumerate(found, start=1):
                add(row, here[row["id"]])
                at = f"{row['outcome']} {row['by']}"
                print(f"{path.stem} {count}/{len(here)} {row['id']} {at}", flush=True)
        except RuntimeError as error:
            failed += 1
            print(error, file=sys.stderr)
    with locked():
        found = write_table(read_table())
        print(f"caught: {share(found)[2]}; {write_page(found)}")
    return failed


if __name__ == "__main__":
    sys.exit(bool(main()))
