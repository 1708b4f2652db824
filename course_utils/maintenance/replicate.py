"""Fresh repetitions of every experiment: ``python -m
course_utils.maintenance.replicate``.

``make replicate N=10`` runs each notebook with ``COURSE_REPETITION`` = 1, ..., 10
(other seeds, other data) without comparing outputs, and writes
``data/replication.csv``: for each statement how often it came out as recorded, and the
spread of its number. Finished runs are kept in ``build/replication``; a run whose
notebook changed since is made again.
"""

import argparse
import json
import signal
import sys
from concurrent.futures import ProcessPoolExecutor, as_completed
from hashlib import sha256
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
from nbclient.exceptions import CellExecutionError

from ..claims import HOLDS, NOTEBOOKS, UNDECIDED, load_statements, stored_verdicts
from ..criteria import Criterion
from ..data import DATA
from ..repetition import VARIABLE
from .record import code_cells, run_cell, running_kernel, write_whole

RUNS = NOTEBOOKS.parent / "build" / "replication"
TABLE = DATA / "replication.csv"
BROKEN = "broken"  # a statement that a run did not get to judge
CELL_SECONDS = 600
ASK = """import json
from course_utils import claims

print(json.dumps(claims.judgements()))"""


def code_digest(path):
    """SHA-256 of what an outcome depends on: the code cells, and what criteria ask."""
    parts = [cell.source for cell in code_cells(nbformat.read(path, as_version=4))]
    judged = {name for row in stored_verdicts(path) for name in row["statements"]}
    statements = load_statements()
    criteria = statements.loc[statements["id"].isin(judged), "criterion"]
    parts += [Criterion(text).asked for text in criteria]
    return sha256("\0".join(parts).encode()).hexdigest()


def repeat(path, k):
    """Run a notebook as repetition `k`.

    A cell that raises (a check that fails) does not keep later cells from running.

    Parameters
    ----------
    path : pathlib.Path
        An ``.ipynb`` file; it is not changed.
    k : int
        The repetition, from 1.

    Returns
    -------
    dict
        digest; judged: statement -> (outcome, number); errors: the first line of each.
    """
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.append(nbformat.v4.new_code_cell(ASK))
    errors, outputs = [], []
    repetition = {VARIABLE: str(k)}
    with running_kernel(notebook, path.parent, CELL_SECONDS, repetition) as client:
        for index, cell in enumerate(notebook.cells):
            if cell.cell_type != "code":
                continue
            try:
                outputs = run_cell(client, index)
            except CellExecutionError as error:
                errors.append(f"{error.ename}: {error.evalue}"[:300])
    return {
        "digest": code_digest(path),
        "judged": json.loads(outputs[-1]["text"]),
        "errors": errors,
    }


def run_file(path, k):
    """Where the outcome of one repetition is kept."""
    return RUNS / f"{path.stem}-{k}.json"


def kept(path):
    """The repetitions made with the notebook's present code: k -> outcome."""
    digest, found = code_digest(path), {}
    for file in RUNS.glob(f"{path.stem}-*.json"):
        run = json.loads(file.read_text(encoding="utf-8"))
        if run["digest"] == digest:
            found[int(file.stem.rsplit("-", 1)[1])] = run
    return found


def repeat_and_keep(path, k):
    """Run one repetition and keep its outcome, whole or not at all."""
    run = repeat(path, k)
    file = run_file(path, k)
    file.parent.mkdir(parents=True, exist_ok=True)
    write_whole(file, json.dumps(run))
    return run


def table(paths):
    """All kept repetitions of the notebooks against what is recorded in them.

    Returns
    -------
    pandas.DataFrame
        A row for each statement: id, recorded (its outcome there), repetitions,
        as_recorded, undecided and broken (how many came out so), and mean, sd, smallest
        and largest of the number behind it.
    """
    rows = []
    for path in paths:
        runs = [run["judged"] for run in kept(path).values()]
        recorded = {
            name: outcome
            for row in stored_verdicts(path)
            for name, outcome in row["statements"].items()
        }
        for name, outcome in recorded.items() if runs else ():
            rows.append(_row(name, outcome, [run.get(name) for run in runs]))
    return pd.DataFrame(rows).sort_values("id") if rows else pd.DataFrame()


def _row(name, recorded, found):
    outcomes = [pair[0] if pair else BROKEN for pair in found]
    numbers = np.array([pair[1] for pair in found if pair], dtype=float)
    numbers = numbers[np.isfinite(numbers)]
    many = len(numbers) > 1
    return {
        "id": name,
        "recorded": recorded,
        "repetitions": len(found),
        "as_recorded": outcomes.count(recorded),
        "hold": outcomes.count(HOLDS),
        "undecided": outcomes.count(UNDECIDED),
        "broken": outcomes.count(BROKEN),
        "mean": numbers.mean() if len(numbers) else np.nan,
        "sd": numbers.std(ddof=1) if many else np.nan,
        "smallest": numbers.min() if len(numbers) else np.nan,
        "largest": numbers.max() if len(numbers) else np.nan,
    }


def write_table():
    """Write ``data/replication.csv`` from all kept repetitions; return it. What it has
    of notebooks that have none (another machine made theirs) stays."""
    frame = table(sorted(NOTEBOOKS.glob("*.ipynb")))
    if TABLE.is_file():
        old = pd.read_csv(TABLE)
        old = old[old["id"].isin(load_statements()["id"])]
        frame = pd.concat([frame, old]).drop_duplicates("id").sort_values("id")
    text = frame.to_csv(index=False, float_format="%.6g", lineterminator="\n")
    write_whole(TABLE, text)
    return frame


def main(arguments=None):
    """Make the missing repetitions, two at a time; return how many had an error."""
    parser = argparse.ArgumentParser(
        prog="python -m course_utils.maintenance.replicate", description=__doc__
    )
    parser.add_argument("N", type=int, help="repetitions of each notebook")
    parser.add_argument("notebooks", nargs="*", type=Path, help="default: all")
    parser.add_argument("--jobs", type=int, default=2, help="how many at a time")
    options = parser.parse_args(arguments)
    paths = options.notebooks or sorted(NOTEBOOKS.glob("*.ipynb"))
    paths = [path for path in paths if stored_verdicts(path)]
    try:
        RUNS.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        print(
            f"{error.filename} cannot be written ({error.strerror}): make room or allow"
            " writing there, then run this again.",
            file=sys.stderr,
        )
        return 1
    done = {path: kept(path) for path in paths}
    missing = [
        (path, k)
        for k in range(1, options.N + 1)
        for path in paths
        if k not in done[path]
    ]
    print(f"{len(missing)} of {options.N * len(paths)} repetitions are to be run")
    failed = 0
    # Ctrl+C ends the pool's processes at once, and their kernels with them.
    ending = {"initializer": signal.signal, "initargs": (signal.SIGINT, signal.SIG_DFL)}
    try:
        with ProcessPoolExecutor(options.jobs, **ending) as pool:
            running = {pool.submit(repeat_and_keep, *job): job for job in missing}
            for count, future in enumerate(as_completed(running), start=1):
                path, k = running[future]
                try:
                    errors = future.result()["errors"]
                except Exception as error:  # a dead kernel, a cell over its time
                    errors = [f"{type(error).__name__}: {error}"[:300]]
                failed += bool(errors)
                print(
                    f"{count}/{len(missing)} {path.stem}, repetition {k}",
                    *errors,
                    sep="\n  ",
                )
    except KeyboardInterrupt:
        print(f"Interrupted. {RUNS} has what was done; the same command goes on.")
        return failed + 1
    try:
        frame = write_table()
    except OSError as error:  # it says what to do
        print(error, file=sys.stderr)
        return failed + 1
    if len(frame):
        changed = frame[frame["as_recorded"] < frame["repetitions"]]
        print(
            f"{len(frame) - len(changed)} of {len(frame)} statements always came out as"
        )
        print("recorded; not so:" if len(changed) else "recorded.")
        print(changed.to_string(index=False) if len(changed) else "")
    return failed


if __name__ == "__main__":
    sys.exit(bool(main()))
