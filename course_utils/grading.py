"""Check students' notebooks: ``python -m course_utils.grading FOLDER`` runs each in a
kernel of its own and writes FOLDER/grades.csv, a row for each exercise.

The notebooks may lie in any sub-folder and have any name: which one it is follows from
its exercises. Every code cell runs once, in order, and an error does not stop the rest;
only the course's own evidence and drawings, unchanged, are left out where no other cell
needs them. The verdict is what the course's check said inside the kernel, not what a
cell printed. A second run takes from the table what it has of notebooks with the same
content (``--again`` runs them once more), and an interrupted one goes on.

The kernels work in an empty folder in FOLDER that is removed afterwards, and think that
their home is there.

What this does not protect against: a notebook is a program that runs with your rights
and your network, so it can read and delete your files (if in doubt, run it in a
container, or as a user who owns nothing); it can reach into the course's check and
forge a verdict; it can eat up memory and disk, and leave processes behind; and an
answer may be copied. Equal ``content`` in two rows is the same file.
"""

import argparse
import csv
import dis
import hashlib
import io
import math
import re
import site
import sys
import textwrap
import time
import warnings
from ast import literal_eval
from collections import Counter
from contextlib import contextmanager, suppress
from functools import cache
from logging import CRITICAL, getLogger
from pathlib import Path
from queue import Empty
from subprocess import DEVNULL
from tempfile import TemporaryDirectory
from types import CodeType
from typing import NamedTuple

import nbformat
from IPython.core.inputtransformer2 import TransformerManager
from nbclient import NotebookClient
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbclient.util import run_sync
from nbval.kernel import CURRENT_ENV_KERNEL_NAME
from traitlets.config import Config

from .checks import CHECK, NOT_YET, exercise_names
from .claims import NOTEBOOKS
from .maintenance.record import (
    COLOUR_CODES,
    kernel_class,
    kernel_environment,
    write_whole,
)
from .maintenance.slides import in_plain_sight, tags

TABLE = "grades.csv"
COLUMNS = ["file", "exercise", "verdict", "hint", "content"]
CELL_SECONDS, NOTEBOOK_SECONDS = 60.0, 300.0
ANSWER_SECONDS = 10.0  # for the kernel to say what its checks said
RAN, FAILED, DIED = "ran", "failed", "died"  # of cells
MISSING, NOT_REACHED, TIME_LIMIT = "missing", "not reached", "time limit"
NOT_GRADED = "not graded"  # of a file without exercises
FOLDED = {"hide-input", "hide-cell"}
CELL_FILE = re.compile(r"\(\S+\.py, (line \d+)\)")  # in a syntax error
ASK = (
    "(lambda checks: checks and checks.results())"
    "(__import__('sys').modules.get('course_utils.checks'))"
)


class NotGraded(ValueError):
    """A file that is no notebook of this course; the message says why."""


class Row(NamedTuple):
    """A row of the table."""

    file: str
    exercise: str
    verdict: str
    hint: str
    content: str


class Cell(NamedTuple):
    """What became of a code cell."""

    source: str
    outcome: str  # RAN, FAILED, DIED, TIME_LIMIT or NOT_REACHED
    why: str = ""


# -- What is in a notebook -------------------------------------------------------------


def code_of(text):
    """The sources of a notebook's code cells.

    Raises
    ------
    NotGraded
        If the text is no notebook.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # other programs' notebooks lack ids
            cells = nbformat.reads(text, as_version=4).cells
        return [str(cell.source) for cell in cells if cell.cell_type == "code"]
    except Exception as error:  # whatever a damaged file makes of it
        raise NotGraded(
            f"This is no notebook, or a damaged one ({type(error).__name__}): ask for"
            " it again."
        ) from None


def asked_of(sources):
    """The exercises that a notebook should have: those it asks for, in its order, and
    then those that are missing of the course's notebook it is.

    Raises
    ------
    NotGraded
        If it has no exercise of the course.
    """
    known = exercise_names()
    found = [name for source in sources for name in CHECK.findall(source)]
    found = [name for name in dict.fromkeys(found) if name in known]
    if not found:
        raise NotGraded("No cell of this notebook checks an exercise of the course.")
    numbers = Counter(name.partition("-")[0] for name in found)
    ((number, _),) = numbers.most_common(1)
    return found + [name for name in exercise_names(number) if name not in found]


def _left_out(sources, notebooks=NOTEBOOKS):
    """The positions of the course's own folded cells, unchanged, that no cell needs
    which is run."""
    folded = _folded(notebooks)
    out = {k for k, source in enumerate(sources) if source.strip() in folded}
    needs, makes = zip(*map(_names, sources)) if sources else ((), ())
    waiting = [k for k in range(len(sources)) if k not in out]
    while waiting:
        here = waiting.pop()
        for name in needs[here]:
            makers = [k for k in range(len(sources)) if name in makes[k] and k != here]
            before = [k for k in makers if k < here]
            for maker in before[-1:] or makers[:1]:  # a function may use a later one
                if maker in out:
                    out.remove(maker)
                    waiting.append(maker)
    return out


@cache
def _folded(notebooks):
    """The code of the course's evidence and drawings, of all its notebooks."""
    found = set()
    for path in sorted(Path(notebooks).glob("*.ipynb")):
        cells = nbformat.read(path, as_version=4).cells
        for cell, seen in zip(cells, in_plain_sight(cells)):
            if cell.cell_type == "code" and (not seen or FOLDED & set(tags(cell))):
                found.add(cell.source.strip())
    return found - {""}


def _names(source):
    """The names that a cell takes from other cells, and those that it makes."""
    try:
        plain = TransformerManager().transform_cell(source)  # no magics
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            code = compile(plain, "cell", "exec")
    except (SyntaxError, ValueError):
        return set(), set()
    needs, makes = set(), set()
    for step in dis.get_instructions(code):
        if step.opname == "STORE_NAME":
            makes.add(step.argval)
        elif step.opname in ("LOAD_NAME", "LOAD_GLOBAL") and step.argval not in makes:
            needs.add(step.argval)
    return needs | (_globals_in(code) - makes), makes


def _globals_in(code):
    """The global names that the functions in some code use."""
    found = set()
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            found |= {
                step.argval
                for step in dis.get_instructions(inner)
                if step.opname in ("LOAD_GLOBAL", "LOAD_NAME")
            }
            found |= _globals_in(inner)
    return found


# -- Running it ------------------------------------------------------------------------


class _Client(NotebookClient):
    """A client that keeps nothing of what cells put out but their errors: a student's
    loop may print without end."""

    def process_message(self, msg, cell, cell_index):
        if msg["msg_type"] in {"status", "error"}:
            return super().process_message(msg, cell, cell_index)
        return None


@contextmanager
def _fresh_kernel(scratch):
    """A kernel that works in the folder `scratch` and finds its home there."""
    variables = kernel_environment()
    folders = {
        "HOME": "home",
        "USERPROFILE": "home",
        "APPDATA": "home",
        "XDG_CACHE_HOME": "cache",
        "XDG_CONFIG_HOME": "config",
        "XDG_DATA_HOME": "share",
        "IPYTHONDIR": "ipython",
        "JUPYTER_CONFIG_DIR": "jupyter",
        "JUPYTER_DATA_DIR": "jupyter",
        "JUPYTER_RUNTIME_DIR": "jupyter",
        "KERAS_HOME": "keras",
        "MPLCONFIGDIR": "matplotlib",
        "TMPDIR": "tmp",
        "TEMP": "tmp",
        "TMP": "tmp",
    }
    for variable, name in folders.items():
        (scratch / name).mkdir(exist_ok=True)
        variables[variable] = str(scratch / name)
    (scratch / "work").mkdir()
    client = _Client(
        nbformat.v4.new_notebook(),
        kernel_name=CURRENT_ENV_KERNEL_NAME,
        kernel_manager_class=kernel_class(),
        allow_errors=True,
        record_timing=False,
        shutdown_kernel="immediate",
        resources={"metadata": {"path": str(scratch / "work")}},
        config=Config(
            ConnectionFileMixin={"connection_file": str(scratch / "kernel.json")}
        ),
    )
    client.log = getLogger("course_utils.grading")
    client.log.setLevel(CRITICAL)
    variables["PYTHONDONTWRITEBYTECODE"] = "1"
    variables["PYTHONUSERBASE"] = site.getuserbase()  # packages in the lecturer's home
    with client.setup_kernel(env=variables, stdout=DEVNULL, stderr=DEVNULL):
        yield client


def run(sources, scratch, cell_seconds, notebook_seconds):
    """Run the code cells of a notebook once, in order, in a fresh kernel.

    Parameters
    ----------
    sources : list of str
    scratch : pathlib.Path
        An empty folder for the kernel.
    cell_seconds, notebook_seconds : float
        A cell that takes longer is interrupted; when the notebook's time is over, the
        rest is not reached.

    Returns
    -------
    list of Cell
        What became of each.
    dict
        What the course's checks said, see :func:`course_utils.checks.results`.
    """
    left_out, cells, found, why = _left_out(sources), [], {}, ""
    with _fresh_kernel(scratch) as client:
        end = time.monotonic() + notebook_seconds
        for k, source in enumerate(sources):
            if k in left_out or not source.strip():
                cells.append(Cell(source, RAN))
                continue
            left = end - time.monotonic()
            if left < 1:
                why = f"The notebook's {notebook_seconds:g} seconds were over."
                break
            cells.append(_run_cell(client, source, min(left, cell_seconds)))
            said = _ask(client)
            if said is None:
                why = f"The kernel ended or hung in `{_first_line(source)}`."
                break
            found = said
    rest = [Cell(source, NOT_REACHED, why) for source in sources[len(cells) :]]
    return cells + rest, found


def _run_cell(client, source, seconds):
    """Run one cell, at most so many seconds."""
    cell = nbformat.v4.new_code_cell(source)
    client.nb.cells.append(cell)
    client.timeout = math.ceil(seconds)
    try:
        client.execute_cell(cell, len(client.nb.cells) - 1)
    except CellTimeoutError:
        run_sync(client.km.interrupt_kernel)()
        why = f"Its cell was stopped after {client.timeout} seconds."
        return Cell(source, TIME_LIMIT, why)
    except DeadKernelError:
        return Cell(source, DIED, "Its cell ended the kernel.")
    for output in cell.outputs:
        error = CELL_FILE.sub(r"(\1)", COLOUR_CODES.sub("", output.evalue))
        return Cell(source, FAILED, f"Its cell raised {output.ename}: {error}")
    return Cell(source, RAN)


@run_sync
async def _ask(client):
    """What the course's checks have said in this kernel; None if it does not answer."""
    try:
        asked = client.kc.execute("", silent=True, user_expressions={"said": ASK})
        end = time.monotonic() + ANSWER_SECONDS
        while time.monotonic() < end and await client.km.is_alive():
            with suppress(Empty):
                reply = await client.kc.get_shell_msg(timeout=1)
                if reply["parent_header"].get("msg_id") == asked:
                    said = reply["content"]["user_expressions"]["said"]
                    return literal_eval(said["data"]["text/plain"]) or {}
    except (KeyError, ValueError, SyntaxError, RuntimeError):  # made up, or no kernel
        return None


def _first_line(text):
    return textwrap.shorten(text.strip().partition("\n")[0], 160, placeholder=" ...")


# -- Verdicts --------------------------------------------------------------------------


def judge(name, cells, said):
    """The verdict on an exercise, and the hint.

    Parameters
    ----------
    name : str
    cells : list of Cell
        The notebook's, after it ran.
    said : dict
        What the course's checks said.
    """
    if name in said:
        return said[name]
    own = [cell for cell in cells if name in CHECK.findall(cell.source)]
    if not own:
        return MISSING, "No cell of the notebook checks it."
    worst = next((c for c in reversed(own) if c.outcome != RAN), None)
    if worst is None:
        return NOT_YET, "Its cell ran, but the course's check was not asked."
    verdict = worst.outcome if worst.outcome in (TIME_LIMIT, NOT_REACHED) else NOT_YET
    return verdict, _first_line(worst.why)


def grade(path, cell_seconds=CELL_SECONDS, notebook_seconds=NOTEBOOK_SECONDS):
    """Run a student's notebook and judge its exercises.

    Parameters
    ----------
    path : pathlib.Path
        The notebook. It is only read; a folder for the kernel is made beside it, and
        removed.
    cell_seconds, notebook_seconds : float
        The longest that a cell, and the notebook, may take.

    Returns
    -------
    list of tuple
        Exercise, verdict and hint; a single one that says why for a file that is no
        notebook of the course.
    """
    try:
        sources = code_of(path.read_bytes())
        asked = asked_of(sources)
    except NotGraded as error:
        return [("", NOT_GRADED, str(error))]
    with TemporaryDirectory(
        prefix=".grading-", dir=path.parent, ignore_cleanup_errors=True
    ) as scratch:
        cells, said = run(sources, Path(scratch), cell_seconds, notebook_seconds)
    return [(name, *judge(name, cells, said)) for name in asked]


# -- The table -------------------------------------------------------------------------


def submissions(folder):
    """The notebooks in a folder and its sub-folders, but hidden ones (checkpoints)."""
    return sorted(
        path
        for path in Path(folder).rglob("*.ipynb")
        if path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )


def read_table(path):
    """The rows of a table, for each content.

    Raises
    ------
    ValueError
        If it is no table of grades, or has other columns.
    """
    found = {}
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return found
    except UnicodeDecodeError:
        text = ""
    head, *rows = list(csv.reader(io.StringIO(text))) or [[]]
    if head != COLUMNS or any(len(row) != len(COLUMNS) for row in rows):
        raise ValueError(
            f"{path} has other columns than {', '.join(COLUMNS)}: move it away, or give"
            " it another name, so that nothing of it is lost."
        )
    for row in map(Row._make, rows):  # of equal files the same rows
        found.setdefault(row.content, {})[row.exercise] = row
    return {content: list(of.values()) for content, of in found.items()}


def write_table(path, rows):
    """Write the table whole or not at all, so that a spreadsheet reads it."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows:  # what a spreadsheet would take for a formula becomes text
        writer.writerow(["'" + v if v[:1] in tuple("=+-@") else v for v in row])
    write_whole(path, "\ufeff" + text.getvalue())


def grade_folder(folder, again=False, **seconds):
    """Grade what is new in a folder; write the table after each notebook.

    Parameters
    ----------
    folder : pathlib.Path
    again : bool
        Run the notebooks, too, that the table has already.
    **seconds
        See :func:`grade`.

    Yields
    ------
    list of Row
        Of each notebook, when it is done.

    Raises
    ------
    ValueError
        If there is nothing to grade, or something else in the table's place.
    """
    folder = Path(folder)
    paths = submissions(folder)
    if not paths:
        raise ValueError(f"{folder} has no notebooks (.ipynb), or is no folder.")
    known = read_table(folder / TABLE)
    contents = {path: _content(path) for path in paths}
    done = set() if again else set(known)
    for path, content in contents.items():
        if content not in done:
            found = grade(path, **seconds)
            known[content] = [Row("", *what, content) for what in found]
            done.add(content)
        table = {
            path: [
                row._replace(file=path.relative_to(folder).as_posix())
                for row in known.get(content, [])
            ]
            for path, content in contents.items()
        }
        write_table(folder / TABLE, [row for rows in table.values() for row in rows])
        yield table[path]


def _content(path):
    """What tells a notebook from others, whatever its name."""
    return "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def main(arguments=None):
    """Grade a folder and print the table; return 1 if that was not possible or was
    interrupted."""
    parser = argparse.ArgumentParser(
        prog="python -m course_utils.grading",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folder", type=Path, help="students' notebooks, in any order")
    parser.add_argument(
        "--again", action="store_true", help="run what the table has already, too"
    )
    parser.add_argument("--cell-seconds", type=float, default=CELL_SECONDS)
    parser.add_argument("--notebook-seconds", type=float, default=NOTEBOOK_SECONDS)
    options = vars(parser.parse_args(arguments))
    table = options["folder"] / TABLE
    counts = Counter()
    try:
        for rows in grade_folder(**options):
            print(rows[0].file, flush=True)
            for row in rows:
                counts[row.verdict] += 1
                print(f"  {row.verdict:12}{row.exercise:17}{row.hint}", flush=True)
    except KeyboardInterrupt:
        print(f"Interrupted. {table} has what was done; the same command goes on.")
        return 1
    except (ValueError, OSError) as error:
        why = getattr(error, "strerror", None)  # else it says itself what to do
        room = "make room or allow writing there, then run this again."
        text = f"{options['folder']} cannot be written ({why}): {room}"
        print(text if why else error, file=sys.stderr)
        return 1
    except RuntimeError as error:
        print(f"A kernel could not be started: {error}.", file=sys.stderr)
        return 1
    summary = ", ".join(f"{n} {verdict}" for verdict, n in counts.most_common())
    print(f"{table}: {summary}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
