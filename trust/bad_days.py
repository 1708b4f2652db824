"""Bad days: what a user sees where something around the course is missing, full or
damaged, and what is then lost, half written or left running: ``make bad-days``.

Every scenario is a program of its own in a new folder, in namespaces of its own where
it needs a network without interfaces, a small disk or a read-only folder. Where these
are not allowed the scenario counts as skipped, not as passed.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from trust import malformed, page

ROOT = page.HERE.parent
TABLE = page.HERE / "bad_days.csv"
COLUMNS = ["scenario", "what the user sees", "lost", "half written", "left running"]
COLUMNS += ["outcome"]
SECONDS = 180
PASSED, SKIPPED, FAILED = "as it should be", "skipped", "falls short"
MOUNTS = ["unshare", "--mount"]
SMALL_DISK = "mkdir -p disk && mount -t tmpfs -o size=256k none disk"
READ_ONLY = "mkdir -p disk && mount --bind disk disk && mount -o remount,bind,ro disk"
CUT = '{"cells": [{"cell_type": "code", "source": ["1 +'
BIG = "import numpy as np; text = '7' * 2_000_000\n"


class Scenario(NamedTuple):
    """What goes wrong, and what is then run."""

    name: str
    code: str  # Python; `disk` is the folder that is full, read-only or damaged
    says: str  # what the sentence must have in it
    files: dict = {}  # in `disk`, made beforehand: they must stay as they are
    around: list = []  # the command that gives it namespaces of its own
    first: str = "true"  # what is run there before


RECORD = "from course_utils.maintenance.record import main; main(['disk/a.ipynb'])"
EXPERIMENT = (
    BIG + "from course_utils.experiments.store import ResultsFile\n"
    "ResultsFile('dropout', 'disk').put([{'scale': 'small', 'job': 'a', 'seed': 1,"
    " 'error': text}])"
)
OLD = {"old.txt": "kept"}
NOTEBOOK = '{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}'
SCENARIOS = [
    Scenario(
        "full disk: a file is written whole",
        BIG + "from course_utils.maintenance.record import write_whole\n"
        "write_whole('disk/old.txt', text)",
        "cannot be written",
        OLD,
        MOUNTS,
        SMALL_DISK,
    ),
    Scenario(
        "full disk: an experiment's result",
        EXPERIMENT,
        "cannot be written",
        OLD,
        MOUNTS,
        SMALL_DISK,
    ),
    Scenario(
        "read-only folder: make record",
        RECORD,
        "cannot be written",
        {"a.ipynb": NOTEBOOK},
        MOUNTS,
        READ_ONLY,
    ),
    Scenario(
        "read-only folder: make grade",
        "from course_utils.grading import main; main(['disk'])",
        "cannot be written",
        {"a.ipynb": NOTEBOOK},
        MOUNTS,
        READ_ONLY,
    ),
    Scenario("damaged notebook: make record", RECORD, "not recorded", {"a.ipynb": CUT}),
    Scenario(
        "damaged notebook: scoreboard()",
        "from course_utils import scoreboard; scoreboard('disk')",
        "a damaged one",
        {"a.ipynb": CUT},
    ),
    Scenario(
        "damaged mnist.npz in COURSE_DATA",
        "import os; os.environ['COURSE_DATA'] = 'disk'\n"
        "from course_utils import load_mnist; load_mnist('full')",
        "put a whole mnist.npz there",
        {"mnist.npz": "PK\x03\x04 cut"},
    ),
]


def allowed(around):
    """Whether this machine lets us have these namespaces."""
    if not around:
        return True
    if not shutil.which(around[0]):
        return False
    return subprocess.run([*around, "true"], capture_output=True).returncode == 0


def run(scenario):
    """Run a scenario; its row of the table."""
    if not allowed(scenario.around):
        return dict(zip(COLUMNS, [scenario.name, "", "", "", "", SKIPPED]))
    with tempfile.TemporaryDirectory() as folder:
        disk = Path(folder, "disk")
        disk.mkdir()
        for name, text in scenario.files.items():
            Path(disk, name).write_text(text)
        copy = "cp -r disk kept"
        back = "cp -r kept/. disk/ 2>/dev/null"
        after = (
            "status=$?; ls -A disk > after.txt; cat disk/* > content.txt; exit $status"
        )
        script = f'{copy}; {scenario.first} && {{ {back}; "$0" -c "$1"; {after}; }}'
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "HOME": folder}
        environment |= {"KERAS_HOME": folder, "TF_CPP_MIN_LOG_LEVEL": "3"}
        environment.pop("COURSE_DATA", None)
        command = [*scenario.around, "sh", "-c", script, sys.executable, scenario.code]
        try:
            done = subprocess.run(
                command,
                cwd=folder,
                env=environment,
                capture_output=True,
                text=True,
                timeout=SECONDS,
            )
        except subprocess.TimeoutExpired:
            row = [scenario.name, f"nothing for {SECONDS} s", "?", "?", "?", FAILED]
            return dict(zip(COLUMNS, row))
        after = set(Path(folder, "after.txt").read_text().split())
        content = Path(folder, "content.txt").read_text()
        running = _running(folder)
    said = (done.stdout + done.stderr).strip().splitlines() or [""]
    line = next((one for one in reversed(said) if scenario.says in one), said[-1])
    lost = sorted(set(scenario.files) - after)
    lost += ["content"] if content != "".join(scenario.files.values()) else []
    half = sorted(name for name in after if name.endswith(".part"))
    good = scenario.says in line and not (lost or half or running)
    trace = "" if "Traceback" not in done.stderr else " (below a traceback)"
    line = line.replace(folder, "FOLDER").replace(str(ROOT), "COURSE")[:400] + trace
    row = [scenario.name, line, lost, half, running]
    row = [
        ", ".join(map(str, one)) or "nothing" if isinstance(one, list) else one
        for one in row
    ]
    return dict(zip(COLUMNS, [*row, PASSED if good else FAILED]))


def _running(folder):
    """The processes that still work in a folder."""
    time.sleep(0.5)
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if os.readlink(process / "cwd").startswith(folder):
                found.append(process.name)
        except OSError:
            continue
    return found


def write_page(frame, folder=page.HERE):
    """Write the page from the table."""
    scenarios = frame[frame["kind"] == "scenario"][COLUMNS]
    drawn = frame[frame["kind"] == "malformed"]
    counts = scenarios["outcome"].value_counts()
    passed, skipped = counts.get(PASSED, 0), counts.get(SKIPPED, 0)
    parts = [
        f"{passed} of {len(scenarios)} scenarios end as they should; {skipped} were"
        " skipped, since this machine lends no namespaces, and count as not passed."
        " A traceback above the sentence is what a notebook or a program shows of any"
        " error.",
        scenarios,
    ]
    if len(drawn):
        calls = drawn["calls"].astype(int)
        wrong = drawn["wrong"].astype(int)
        parts += [
            "## Malformed arguments",
            f"{calls.sum():,} calls of {len(drawn)} public helpers, in which one or two"
            f" arguments were replaced: {wrong.sum()} ended in anything but an answer"
            " or one clear sentence, or left something behind.",
            drawn[["helper", "calls", "answered", "refused", "wrong"]],
        ]
    return page.write("bad_days", "Bad days", "make bad-days", *parts, folder=folder)


def main():
    """Run all scenarios and draw malformed arguments; write table and page."""
    with ThreadPoolExecutor(4) as pool:
        rows = [{"kind": "scenario", **row} for row in pool.map(run, SCENARIOS)]
    number = int(os.environ.get("EXAMPLES", 200))
    drawn, wrong = malformed.table(number) if number else (pd.DataFrame(), [])
    rows += [{"kind": "malformed", **row} for row in drawn.to_dict("records")]
    for one in wrong:
        print(one, file=sys.stderr)
    pd.DataFrame(rows, dtype=object).drop(columns="seconds", errors="ignore").to_csv(
        TABLE, index=False
    )
    frame = pd.read_csv(TABLE, dtype=str, keep_default_na=False)
    print(write_page(frame))
    return int(bool(wrong) or any(row.get("outcome") == FAILED for row in rows))


if __name__ == "__main__":
    sys.exit(main())
