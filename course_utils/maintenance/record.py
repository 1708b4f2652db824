"""Execute the notebooks that changed and store their outputs: ``python -m
course_utils.maintenance.record``.

A notebook has changed if its code differs from what was recorded (a digest in its
metadata), or if a code cell was never run. Cell ids are kept. What would differ from
machine to machine is dropped:
stderr, timing, widget state, the Python version. A notebook that fails is left as it
was.
"""

import argparse
import hashlib
import os
import re
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError

from ..claims import NOTEBOOKS, stored_verdicts

METADATA = {
    "kernelspec": {
        "display_name": "Python 3 (ipykernel)",
        "language": "python",
        "name": "python3",
    },
    "language_info": {"name": "python"},
}
CELL_METADATA = {"tags", "jupyter", "slideshow", "editable", "deletable"}
COLOUR_CODES = re.compile(r"\x1b\[[0-9;]*m")
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


def kernel_environment():
    """The environment variables of a kernel that records or checks: no progress bars,
    and no trace of pytest."""
    without = {
        name: value
        for name, value in os.environ.items()
        if name != "PYTEST_CURRENT_TEST"
    }  # ipykernel changes its capture if it sees it
    return {**without, "TQDM_DISABLE": "1"}


def digest(path):
    """SHA-256 of what a notebook's outputs depend on.

    These are its code cells and, where it shows the scoreboard, the verdicts stored in
    its neighbours.

    Parameters
    ----------
    path : pathlib.Path
        An ``.ipynb`` file.

    Returns
    -------
    str
        64 hexadecimal digits.
    """
    path = Path(path)
    parts = [
        cell.source
        for cell in nbformat.read(path, as_version=4).cells
        if cell.cell_type == "code"
    ]
    if any("scoreboard(" in part for part in parts):
        parts += [
            repr(stored_verdicts(other))
            for other in sorted(path.parent.glob("*.ipynb"))
            if other != path
        ]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def is_recorded(path):
    """Whether the stored outputs belong to the stored code."""
    notebook = nbformat.read(path, as_version=4)
    run = all(
        cell.execution_count is not None
        for cell in notebook.cells
        if cell.cell_type == "code" and cell.source.strip()
    )
    return run and notebook.metadata.get("recorded") == digest(path)


def clean(notebook):
    """Drop from an executed notebook, in place, what changes from one machine or run to
    another."""
    notebook.metadata = nbformat.from_dict(
        {**METADATA, **{k: v for k, v in notebook.metadata.items() if k == "recorded"}}
    )
    for cell in notebook.cells:
        cell.metadata = nbformat.from_dict(
            {k: v for k, v in cell.metadata.items() if k in CELL_METADATA}
        )
        if cell.cell_type == "code":
            cell.outputs = [
                output for output in cell.outputs if output.get("name") != "stderr"
            ]
            for output in cell.outputs:
                output.get("data", {}).pop(WIDGET_VIEW, None)
    return notebook


def record(path, seconds=180):
    """Execute one notebook and store it with its outputs, whole or not at all.

    Parameters
    ----------
    path : pathlib.Path
        An ``.ipynb`` file.
    seconds : float
        The longest a cell may take.

    Raises
    ------
    nbclient.exceptions.CellExecutionError
        If a cell fails; the file is left as it was.
    """
    path = Path(path)
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    client = NotebookClient(
        notebook,
        timeout=seconds,
        kernel_name="python3",
        record_timing=False,
        store_widget_state=False,
        coalesce_streams=True,
        resources={"metadata": {"path": str(path.parent)}},
    )
    client.execute(env=kernel_environment())
    notebook.metadata["recorded"] = digest(path)
    text = nbformat.writes(clean(notebook))
    draft = path.with_suffix(".part")
    draft.write_text(text + "\n", encoding="utf-8")
    os.replace(draft, path)


def main(arguments=None):
    """Record the changed notebooks (or all, or those named); return how many failed."""
    parser = argparse.ArgumentParser(
        prog="python -m course_utils.maintenance.record",
        description=__doc__,
    )
    parser.add_argument(
        "notebooks",
        nargs="*",
        type=Path,
        help="notebooks to record (default: all that changed)",
    )
    parser.add_argument(
        "--all", action="store_true", help="record every notebook, changed or not"
    )
    options = parser.parse_args(arguments)
    paths = options.notebooks or sorted(NOTEBOOKS.glob("*.ipynb"))
    paths.sort(
        key=lambda path: "scoreboard(" in path.read_text(encoding="utf-8")
    )  # it reads the others: last
    failed = 0
    for path in paths:
        if is_recorded(path) and not (options.all or options.notebooks):
            print(f"{path.name}: unchanged")
            continue
        try:
            record(path)
            print(f"{path.name}: recorded")
        except (CellExecutionError, DeadKernelError, TimeoutError) as error:
            failed += 1
            print(
                f"{path.name}: not recorded, the file is as it"
                f" was\n{COLOUR_CODES.sub('', str(error))}",
                file=sys.stderr,
            )
    return failed


if __name__ == "__main__":
    sys.exit(bool(main()))
