"""Bad days: what a user sees where something around the course is missing, full,
damaged or killed, and what is then lost, half written or left running: ``make
bad-days``.

Every scenario is a program of its own in a new folder, in namespaces of its own where
it needs a network without interfaces, a small disk or a read-only folder. Where these
are not allowed the scenario counts as skipped, not as passed. A row is kept as soon as
it is measured; ``make bad-days AGAIN=text`` measures anew what has that in its name or
outcome.
"""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from fnmatch import fnmatch
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from trust import page
from trust.files import HERE, ROOT

TABLE = HERE / "bad_days.csv"
COLUMNS = ["scenario", "what the user sees", "lost", "half written", "left running"]
COLUMNS += ["outcome"]
COUNTS = ["helper", "calls", "answered", "refused", "wrong"]
PASSED, SKIPPED, FAILED = "as it should be", "skipped", "falls short"
MARK = "BAD_DAY"  # the variable by which processes of a scenario are known
GRACE_SECONDS = 20  # in which all that was started must end by itself
LIST = "find disk -type f -not -path '*/.git/*' -exec sha256sum {} + | sort -k 2"

FILES = "cp -r kept/. disk/"
SMALL_DISK = f"mount -t tmpfs -o size=256k none disk && {FILES}"
FULL_DISK = f"{SMALL_DISK}; cat /dev/zero > disk/filler 2> filler.txt; true"
READ_ONLY = "mount --bind disk disk && mount -o remount,bind,ro disk"
OFFLINE = "ip link set lo up"  # a kernel is talked to within the machine
MOUNTS = ["unshare", "--mount"]
NO_NETWORK = ["unshare", "--net"]


def notebook(*sources, verdict=None):
    """The text of a notebook with these code cells."""
    cells = [
        {
            "cell_type": "code",
            "id": f"cell-{k}",
            "metadata": {},
            "execution_count": None,
            "outputs": [],
            "source": source,
        }
        for k, source in enumerate(sources)
    ]
    if verdict:
        shown = {"application/vnd.course.verdicts+json": verdict}
        output = {"output_type": "display_data", "metadata": {}, "data": shown}
        cells[-1]["outputs"] = [output]
    made = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(made)


DIES = "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)"
WAITS = "import time\nopen('running', 'w').close()\ntime.sleep(300)"
CHECK = "from course_utils import check\ncheck('01-corners', 3)"
CUT = notebook("1 + 1")[:60]
WHOLE = {"a.ipynb": notebook("1 + 1")}
FOUR_TESTS = """import os, signal, pytest
@pytest.mark.parametrize("k", range(4))
def test_one(k):
    if k == 1:
        os.kill(os.getpid(), signal.SIGKILL)
"""
KNOWN = {  # what falls short, and why it stays so
    "killed make grade, while a notebook runs": "the kernel's hidden folder stays,"
    " since a killed program cannot remove it; the submissions are whole, and grading"
    " passes over it",
    "a proxy that answers with a page of its own": "Keras leaves the page in its cache,"
    " finds at the next call that its SHA-256 is another, and loads anew",
}
VERDICT = [{"id": "C01", "verdict": "holds", "statements": {"C01a": "holds"}}]
RECORD = "'-m', 'course_utils.maintenance.record', 'disk/a.ipynb'"
GRADE = "'-m', 'course_utils.grading', 'disk'"
EXPERIMENT = "'-m', 'course_utils.experiments', 'dropout', '--scale', 'small',"
EXPERIMENT += " '--seeds', '1', '--results', 'disk'"
STATE = [".state/*", "dropout.csv"]
FULL = "from course_utils import load_mnist\nsays(load_mnist, 'full')"
CIFAR = "from course_utils import load_cifar10\nsays(load_cifar10)"
IN_FOLDER = "import os; os.environ['COURSE_DATA'] = 'disk'\n"
IN_CACHE = "import os; os.environ['KERAS_HOME'] = os.path.abspath('disk')\n"
BIG = "text = '7' * 2_000_000\n"
NOTEBOOK_01 = f"'{ROOT}/notebooks/01_perceptron.ipynb'"


class Scenario(NamedTuple):
    """What goes wrong, and what is then run."""

    name: str
    code: str  # Python, after `from trust.accidents import *`; `disk` is its folder
    says: str  # what stands in the line that the user needs, a regular expression
    files: dict = {}  # in `disk`, made beforehand: they must stay as they are
    first: str = FILES  # what is run there before, by a shell
    around: list = []  # the command that gives it namespaces of its own
    leaves: list = []  # files that may be there afterwards, or be others
    seconds: int = 60


def _node(test):
    return f"python(*PYTEST, '-n', '0', '--rootdir', ROOT, '{ROOT}/tests/{test}')"


SCENARIOS = [
    # -- Killed and interrupted --------------------------------------------------------
    Scenario(
        "killed kernel: make record",
        f"python({RECORD})",
        "Kernel died|kernel died",
        {"a.ipynb": notebook(DIES)},
    ),
    Scenario(
        "killed kernel: make grade",
        f"python({GRADE})",
        "ended the kernel",
        {"a.ipynb": notebook(DIES + "\n" + CHECK)},
        leaves=["grades.csv"],
    ),
    Scenario(
        "killed kernel: make test",
        "python(*PYTEST, '-n', '0', 'disk/a.ipynb')",
        "The kernel died while it ran this cell",
        {"a.ipynb": notebook(DIES)},
        seconds=90,
    ),
    Scenario(
        "killed worker of pytest",
        "python(*PYTEST, '-n', '2', '--dist', 'load', 'disk/test_four.py')",
        "crashed while running",
        {"test_four.py": FOUR_TESTS},
    ),
    Scenario(
        "killed make test, while a notebook runs",
        "struck(signal.SIGKILL, *PYTEST, '-n', '2', 'disk/a.ipynb',"
        " when='disk/running')",
        "killed by SIGKILL",
        {"a.ipynb": notebook(WAITS)},
        leaves=["running"],
    ),
    Scenario(
        "killed make record, while a notebook runs",
        f"struck(signal.SIGKILL, {RECORD}, when='disk/running')",
        "killed by SIGKILL",
        {"a.ipynb": notebook(WAITS)},
        leaves=["running"],
    ),
    Scenario(
        "killed make grade, while a notebook runs",
        f"struck(signal.SIGKILL, {GRADE}, when='disk/.grading-*/work/running')",
        "killed by SIGKILL",
        {"a.ipynb": notebook(WAITS, CHECK)},
    ),
    Scenario(
        "killed experiment, then the same command",
        f"struck(signal.SIGKILL, {EXPERIMENT}, when='disk/dropout.csv')\n"
        f"python({EXPERIMENT}, '--arms', 'nothing')\n"
        "import pandas as pd; from pathlib import Path\n"
        "from course_utils.experiments import read\n"
        "rows = read(Path('disk/dropout.csv'), 'dropout')\n"
        "print(len(rows), 'finished rows are kept.')",
        r"[1-9]\d* finished rows are kept",
        leaves=STATE,
        seconds=120,
    ),
    Scenario(
        "Ctrl+C: an experiment",
        f"struck(signal.SIGINT, {EXPERIMENT}, when='disk/dropout.csv')",
        "interrupted; the same command goes on",
        leaves=STATE,
        seconds=120,
    ),
    Scenario(
        "Ctrl+C: make record",
        f"struck(signal.SIGINT, {RECORD}, when='disk/running')",
        "[Ii]nterrupted.*the same command goes on",
        {"a.ipynb": notebook(WAITS)},
        leaves=["running"],
    ),
    Scenario(
        "Ctrl+C: make grade",
        f"struck(signal.SIGINT, {GRADE}, when='disk/.grading-*/work/running')",
        "[Ii]nterrupted.*the same command goes on",
        {"a.ipynb": notebook(WAITS, CHECK)},
    ),
    Scenario(
        "Ctrl+C: make replicate",
        "struck(signal.SIGINT, '-c', 'from trust.accidents import *;"
        " repeated_in(\"disk\")', when='disk/running')",
        "[Ii]nterrupted.*the same command goes on",
        {"a.ipynb": notebook(WAITS, verdict=VERDICT)},
        leaves=["running"],
    ),
    Scenario(
        "Ctrl+C: make test",
        "struck(signal.SIGINT, *PYTEST, '-n', '2', 'disk/a.ipynb',"
        " when='disk/running')",
        "KeyboardInterrupt",
        {"a.ipynb": notebook(WAITS)},
        leaves=["running"],
    ),
    Scenario(
        "Ctrl+C: fit_replicas",
        "interrupted_after(20, long_training)",
        "Interrupted after .* What was learned so far",
    ),
    Scenario(
        "the stop button in a kernel (a test)",
        _node("test_interruption.py"),
        "1 passed",
        seconds=120,
    ),
    Scenario(
        "one core is left: notebook 01 is tested",
        f"python(*PYTEST, '-n', '0', '--rootdir', ROOT, {NOTEBOOK_01})",
        r"\d+ passed",
        around=["taskset", "-c", "0"],
        seconds=240,
    ),
    # -- Network -----------------------------------------------------------------------
    Scenario(
        "no network: load_mnist('full')",
        FULL,
        "Connect to the network",
        first=OFFLINE,
        around=NO_NETWORK,
    ),
    Scenario(
        "no network: load_cifar10()",
        CIFAR,
        "Connect to the network",
        first=OFFLINE,
        around=NO_NETWORK,
    ),
    Scenario(
        "no network: notebook 01 is tested",
        f"python(*PYTEST, '-n', '0', '--rootdir', ROOT, {NOTEBOOK_01})",
        r"\d+ passed",
        first=OFFLINE,
        around=NO_NETWORK,
        seconds=240,
    ),
    Scenario(
        "no network: make lab, without .venv",
        "Path('copy').mkdir(); installed_without('copy')",
        "Is there a network",
        first=OFFLINE,
        around=NO_NETWORK,
        seconds=240,
    ),
    Scenario(
        "a proxy that reads along, its certificate unknown",
        "through_proxy(digits(), expected=True)",
        "certificate cannot be checked.*SSL_CERT_FILE",
    ),
    Scenario(
        "the same, its certificate named in SSL_CERT_FILE",
        "through_proxy(digits(), trusted=True, expected=True)",
        "60,000 digits were loaded",
    ),
    Scenario(
        "a proxy that answers with a page of its own",
        IN_CACHE + "through_proxy(b'<p>Sign in', trusted=True)",
        "cannot be downloaded",
    ),
    # -- Disk --------------------------------------------------------------------------
    Scenario(
        "full disk: an experiment's result",
        BIG + "from course_utils.experiments.store import ResultsFile\n"
        "says(ResultsFile('dropout', 'disk').put,"
        " [{'scale': 'small', 'job': 'a', 'seed': 1, 'error': text}])",
        "cannot be written",
        {"old.txt": "kept"},
        SMALL_DISK,
        MOUNTS,
    ),
    Scenario(
        "full disk: make record",
        f"python({RECORD})",
        "cannot be written",
        {"a.ipynb": notebook("for k in range(20000): print(hash(str(k)))")},
        SMALL_DISK,
        MOUNTS,
    ),
    Scenario(
        "full disk: make grade",
        f"python({GRADE})",
        "make room",
        {"a.ipynb": notebook(CHECK)},
        FULL_DISK,
        MOUNTS,
    ),
    Scenario(
        "full disk: a download",
        IN_CACHE + "through_proxy(os.urandom(10**6), trusted=True, expected=True)",
        "No space left|[Mm]ake room",
        {},
        SMALL_DISK,
        MOUNTS,
        ["keras.json"],
    ),
    Scenario(
        "read-only folder: make record",
        f"python({RECORD})",
        "cannot be written",
        WHOLE,
        f"{FILES} && {READ_ONLY}",
        MOUNTS,
    ),
    Scenario(
        "read-only folder: make grade",
        f"python({GRADE})",
        "cannot be written|allow writing",
        {"a.ipynb": notebook(CHECK)},
        f"{FILES} && {READ_ONLY}",
        MOUNTS,
    ),
    Scenario(
        "read-only folder: an experiment",
        f"python({EXPERIMENT})",
        "cannot be written|allow writing",
        {},
        READ_ONLY,
        MOUNTS,
    ),
    Scenario(
        "read-only folder: make replicate",
        "repeated_in('disk')",
        "cannot be written|allow writing",
        {"a.ipynb": notebook("1", verdict=VERDICT)},
        f"{FILES} && {READ_ONLY}",
        MOUNTS,
    ),
    Scenario(
        "read-only folder: make clean-notebooks",
        "python('-m', 'course_utils.maintenance.clean', 'disk/a.ipynb')",
        "cannot be written",
        WHOLE,
        f"{FILES} && cd disk && git init -q && git add . && git -c user.name=a"
        " -c user.email=a@b commit -q -m a && sed -i 's/: {}/: {\"x\": 1}/' a.ipynb"
        f" && cd .. && {READ_ONLY}",
        MOUNTS,
    ),
    Scenario(
        "read-only folder: make handout",
        "subprocess.call(['make', '-C', ROOT, '-o', 'environment', 'handout',"
        " f'HANDOUT={os.getcwd()}/disk'])",
        "cannot be written|allow writing",
        {},
        READ_ONLY,
        MOUNTS,
    ),
    # -- Damaged -----------------------------------------------------------------------
    Scenario(
        "damaged mnist.npz in COURSE_DATA",
        IN_FOLDER + FULL,
        "put a whole mnist.npz there",
        {"mnist.npz": "PK\x03\x04 cut"},
    ),
    Scenario(
        "damaged cifar10.npz in COURSE_DATA",
        IN_FOLDER + CIFAR,
        "put a whole cifar10.npz there",
        {"cifar10.npz": "PK\x03\x04 cut"},
    ),
    Scenario(
        "damaged mnist.npz in Keras's cache, no network",
        IN_CACHE + FULL,
        "Connect to the network",
        {"datasets/mnist.npz": "PK\x03\x04 cut"},
        f"{OFFLINE} && {FILES}",
        NO_NETWORK,
        ["datasets/*", "keras.json"],
    ),
    Scenario(
        "damaged mnist.npz in Keras's cache, with a network",
        IN_CACHE + "through_proxy(digits(), trusted=True, expected=True)",
        "60,000 digits were loaded",
        {"datasets/mnist.npz": "PK\x03\x04 cut"},
        leaves=["datasets/*", "keras.json"],
    ),
    Scenario(
        "damaged CIFAR-10 in Keras's cache, no network",
        IN_CACHE + CIFAR,
        "Connect to the network",
        {"datasets/cifar-10-batches-py-target_archive": "cut"},
        f"{OFFLINE} && {FILES}",
        NO_NETWORK,
        ["datasets/*", "keras.json"],
    ),
    Scenario(
        "data/mnist_5k.npz is cut",
        "from course_utils import data, load_mnist\n"
        "data.DATA = Path('disk'); says(load_mnist)",
        "git checkout",
        first=f"head -c 800000 '{ROOT}/data/mnist_5k.npz' > disk/mnist_5k.npz",
    ),
    Scenario(
        "data/claims.csv is cut",
        "from course_utils import claims\n"
        "claims.DATA = Path('disk'); says(claims.load_claims)",
        "git checkout",
        first=f"head -c 9000 '{ROOT}/data/claims.csv' > disk/claims.csv",
    ),
    Scenario(
        "data/replication.csv is cut",
        "from course_utils import claims\n"
        "claims.DATA = Path('disk'); says(claims.load_replication)",
        "git checkout",
        first=f"head -c 2000 '{ROOT}/data/replication.csv' > disk/replication.csv",
    ),
    Scenario(
        "an experiment's results are cut",
        f"python({EXPERIMENT})",
        "truncated|damaged",
        first=f"head -c 3000 '{ROOT}/data/results/dropout.csv' > disk/dropout.csv",
        leaves=[".state/*"],
    ),
    Scenario(
        "an experiment's state is damaged (a test)",
        _node("test_experiments.py::test_a_damaged_state_is_not_used"),
        r"\d passed",
        seconds=120,
    ),
    Scenario(
        "damaged notebook: make record",
        f"python({RECORD})",
        "not recorded",
        {"a.ipynb": CUT},
    ),
    Scenario(
        "a notebook of other bytes: make record",
        f"python({RECORD})",
        "not recorded",
        first="head -c 2000 /dev/urandom > disk/a.ipynb",
    ),
    Scenario(
        "damaged notebook: make grade",
        f"python({GRADE})",
        "a damaged one",
        {"a.ipynb": CUT},
        leaves=["grades.csv"],
    ),
    Scenario(
        "damaged notebook: make clean-notebooks",
        "python('-m', 'course_utils.maintenance.clean', 'disk/a.ipynb')",
        "left as it is",
        {"a.ipynb": CUT},
        f"{FILES} && git -C disk init -q",
    ),
    Scenario(
        "damaged notebook: scoreboard()",
        "from course_utils import scoreboard; says(scoreboard, 'disk')",
        "a damaged one",
        {"a.ipynb": CUT},
    ),
    Scenario(
        "damaged notebook: make test",
        "python(*PYTEST, '-n', '0', 'disk/a.ipynb')",
        "a.ipynb is no notebook, or a damaged one",
        {"a.ipynb": CUT},
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
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        for name in ("disk", "kept", "keras"):
            Path(folder, name).mkdir()
        for name, text in scenario.files.items():
            path = Path(folder, "kept", name)
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
        code = f"from trust.accidents import *\n{scenario.code}"
        script = f"{scenario.first} && {LIST} > before.txt"
        script += f' && {{ "$0" -c "$1"; {LIST} > after.txt; }}'
        command = [*scenario.around, "sh", "-c", script, sys.executable, code]
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "HOME": folder}
        environment |= {MARK: folder, "KERAS_HOME": f"{folder}/keras"}
        environment |= {"TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONDONTWRITEBYTECODE": "1"}
        for name in ("COURSE_DATA", "SSL_CERT_FILE", "COURSE_KERNELS", "MAKEFLAGS"):
            environment.pop(name, None)
        with open(Path(folder, "said.txt"), "wb") as said:  # a pipe could stay open
            program = subprocess.Popen(
                command,
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                start_new_session=True,
            )
            try:
                program.wait(scenario.seconds)
                ended, running = True, _running(folder)
            except subprocess.TimeoutExpired:
                ended, running = False, ["all of it"]
            finally:
                for process in _processes(folder):
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(process, signal.SIGKILL)
                program.wait()
        text = Path(folder, "said.txt").read_text(errors="replace")
        if os.environ.get("VERBOSE"):
            print(text, file=sys.stderr)
        before, after = _list(folder, "before.txt"), _list(folder, "after.txt")
    lines = [line.strip() for line in text.splitlines() if line.strip()] or [""]
    found = [line for line in lines if re.search(scenario.says, line)]
    seen = _plain(found[0] if found else lines[-1], folder)
    if not ended:
        seen = f"Nothing within {scenario.seconds} s, then it was killed."
    trace = re.search(r"^Traceback |^\S+\.py:\d+: in ", text, re.M)  # pytest's, too
    mine = lambda name: any(fnmatch(name, one) for one in scenario.leaves)
    lost = sorted(n for n in before if before[n] != after.get(n) and not mine(n))
    half = sorted(name for name in set(after) - set(before) if not mine(name))
    good = ended and found and not (trace or lost or half or running)
    seen += " (below a traceback)" if trace else ""
    row = [", ".join(one) or "nothing" for one in (lost, half, running)]
    return dict(zip(COLUMNS, [scenario.name, seen, *row, PASSED if good else FAILED]))


def _plain(line, folder):
    """A line without this machine's folders, colours and random names."""
    line = re.sub(r"\x1b\[[0-9;]*m", "", line)
    line = re.sub("^.*/step", "", line)  # Keras's bar
    line = line.replace(folder + "/", "").replace(folder, "FOLDER")
    return line.replace(str(ROOT) + "/", "").strip("= !")[:400]


def _list(folder, name):
    """The files that were in `disk`: name -> SHA-256."""
    path = Path(folder, name)
    lines = path.read_text().splitlines() if path.exists() else []
    pairs = [line.split("  disk/", 1) for line in lines]
    hidden = re.compile(r"\.grading-\w+/.*")  # a folder with a random name
    return {hidden.sub(".grading-...", name): digest for digest, name in pairs}


def _processes(folder):
    """The processes that belong to a scenario: id -> command."""
    found, mark = {}, f"{MARK}={folder}".encode()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (process / "environ").read_bytes().split(b"\0"):
                words = (process / "cmdline").read_text(errors="replace").split("\0")
                found[int(process.name)] = " ".join(Path(one).name for one in words[:4])
        except OSError:  # it has ended, or is another user's
            continue
    return found


def _running(folder):
    """The commands that still run after some seconds."""
    end = time.monotonic() + GRACE_SECONDS
    while (left := _processes(folder)) and time.monotonic() < end:
        time.sleep(0.2)
    return sorted(left.values())


def read():
    """The table, as far as it was measured."""
    if not TABLE.exists():
        return pd.DataFrame(columns=["kind", *COLUMNS, *COUNTS], dtype=str)
    return pd.read_csv(TABLE, dtype=str, keep_default_na=False)


def keep(row):
    """Put a row into the table, in the place of the one of the same name, in the
    order of the scenarios."""
    names = [one.name for one in SCENARIOS]
    frame = read()
    key = "scenario" if "scenario" in row else "helper"
    frame = frame[(frame["kind"] != row["kind"]) | (frame[key] != row[key])]
    frame = pd.concat([frame, pd.DataFrame([row], dtype=str)])[list(frame)].fillna("")
    place = {name: k for k, name in enumerate(names)}
    frame = frame[(frame["kind"] != "scenario") | frame["scenario"].isin(names)]
    frame = frame.sort_values(
        "scenario", key=lambda column: column.map(place).fillna(1e9), kind="stable"
    )
    frame.to_csv(TABLE, index=False)


def write_page(frame, folder=page.HERE):
    """Write the page from the table."""
    scenarios = frame[frame["kind"] == "scenario"][COLUMNS]
    drawn = frame[frame["kind"] == "malformed"][COUNTS]
    counts = scenarios["outcome"].value_counts()
    passed, skipped, failed = (counts.get(one, 0) for one in (PASSED, SKIPPED, FAILED))
    parts = [
        f"{passed} of {len(scenarios)} scenarios end as they should, {failed} fall"
        f" short. {skipped} were skipped, because the machine does not lend what they"
        " need. A scenario ends as it should if the user sees the sentence, without a"
        " traceback, no file is lost, changed or half written, and"
        f" {GRACE_SECONDS} s later no process of it runs.",
        scenarios,
        *(f"Known: {name}: {why}." for name, why in KNOWN.items()),
    ]
    if len(drawn):
        calls, wrong = drawn["calls"].astype(int), drawn["wrong"].astype(int)
        parts += [
            "## Malformed arguments",
            f"{calls.sum():,} calls of {len(drawn)} public helpers, in which one or two"
            f" arguments were replaced: {wrong.sum()} ended in anything but an answer"
            " or one clear sentence, or left something behind.",
            drawn,
        ]
    return page.write("bad_days", "Bad days", "make bad-days", *parts, folder=folder)


def main():
    """Run what is missing; keep each row; write the page."""
    again = os.environ.get("AGAIN") or None
    frame = read()
    known = dict(zip(frame["scenario"], frame["outcome"]))
    for scenario in SCENARIOS:
        about = f"{scenario.name}, {known.get(scenario.name)}"
        if scenario.name in known and not (again and again in about):
            continue
        begun = time.monotonic()
        row = run(scenario)
        keep({"kind": "scenario", **row})
        seconds = time.monotonic() - begun
        print(f"{row['outcome']:16}{scenario.name}, {seconds:.0f} s", flush=True)
    number = int(os.environ.get("EXAMPLES", 200))
    if number:
        from trust import malformed

        known = set(read()["helper"])
        for helper in malformed.helpers():
            if helper.name in known and not (again and again in helper.name):
                continue
            frame, wrong = malformed.table(number, only=helper.name, exactly=True)
            keep({"kind": "malformed", **frame[COUNTS].astype(str).iloc[0]})
            for one in wrong:
                print(one, file=sys.stderr)
    frame = read()
    print(write_page(frame))
    wrong = pd.to_numeric(frame["wrong"]).fillna(0).sum()
    return int(bool(wrong) or FAILED in set(frame["outcome"]))


if __name__ == "__main__":
    sys.exit(main())
