"""Take back what only a run changed in the notebooks: ``python -m
course_utils.maintenance.clean``.

A cell whose text is the one in git gets the outputs that git has, too. A text or an
answer of your own stays, with what it printed. Metadata become what the recorder
writes. So a notebook that was only run is again the file that git has, and of one with
an answer only the answer is left as a change. What the recorder itself has written
stays as it is.
"""

import argparse
import subprocess
import sys
from pathlib import Path

import nbformat

from ..claims import NOTEBOOKS
from .record import WIDGET_VIEW, as_stored, code_cells, write_whole
from .slides import tags


class NoGit(Exception):
    """There is nothing to compare with; the text says why."""


def text_in_git(path):
    """The text of a file in the last commit, or None if it has none.

    Raises
    ------
    NoGit
        If the file is in no clone, or there is no git.
    """
    folder = Path(path).resolve().parent
    try:
        subprocess.run(
            ["git", "rev-parse", "--git-dir"],
            cwd=folder,
            check=True,
            capture_output=True,
        )
    except (OSError, subprocess.CalledProcessError):
        raise NoGit(
            f"{folder} is no clone made with git: there is nothing to go back to."
        ) from None
    done = subprocess.run(
        ["git", "show", f"HEAD:./{Path(path).name}"], cwd=folder, capture_output=True
    )
    return None if done.returncode else done.stdout.decode("utf-8")


def in_order(notebook):
    """Whether the code cells were run once each, from the top."""
    counts = [cell.execution_count for cell in code_cells(notebook)]
    return counts == list(range(1, len(counts) + 1))


def cleaned(text, stored):
    """A notebook without what only a run changed.

    Parameters
    ----------
    text : str
        Of the file, as a notebook editor saved it.
    stored : str or None
        What git has.

    Returns
    -------
    str
        The text that the file should have.
    list of str
        The ids of the cells that differ from git's.
    """
    notebook = nbformat.reads(text, as_version=4)
    old = nbformat.reads(stored, as_version=4) if stored else nbformat.v4.new_notebook()
    known = {_words(cell): cell for cell in old.cells}
    own = []
    for cell in notebook.cells:
        same = known.get(_words(cell))
        if same is None:
            own.append(cell.id)
            if cell.cell_type == "code":
                cell.outputs = [out for out in map(_still, cell.outputs) if out]
        elif cell.cell_type == "code":
            cell.outputs, cell.execution_count = same.outputs, same.execution_count
    as_run = nbformat.reads(text, as_version=4)
    if in_order(as_run) and as_stored(as_run) == text:
        return text, own  # the recorder's work, or this module's
    if _texts(as_run) == _texts(old):
        return stored, own
    if "recorded" in old.metadata:
        notebook.metadata["recorded"] = old.metadata["recorded"]
    return as_stored(notebook), own


def _words(cell):
    """What tells whether a cell is the one in git."""
    return cell.id, cell.cell_type, cell.source


def _texts(notebook):
    """All that a reader has written in a notebook."""
    return [(*_words(cell), tags(cell)) for cell in notebook.cells]


def _still(output):
    """An output without a live widget; None for what was logged."""
    if output.get("name") == "stderr":
        return None
    if len(output.get("data", {})) > 1:
        output.data.pop(WIDGET_VIEW, None)
    return output


def clean(path):
    """Clean one file, whole or not at all; say what was done, or return "" if nothing
    was to do."""
    path = Path(path)
    before = path.read_text(encoding="utf-8")
    stored = text_in_git(path)
    after, own = cleaned(before, stored)
    if after != before:
        write_whole(path, after)
    if after == stored:
        return "as in git again" if after != before else ""
    if stored is None:
        return "not in git: its outputs stay"
    if after == before and not own:
        return "recorded anew: left as it is"
    kept = ", ".join(own) or "tags or the order of cells"
    return f"yours and kept: {kept}; all else as in git"


def main(arguments=None):
    """Clean the notebooks (or those named); return how many could not be read."""
    parser = argparse.ArgumentParser(
        prog="python -m course_utils.maintenance.clean", description=__doc__
    )
    parser.add_argument("notebooks", nargs="*", type=Path)
    options = parser.parse_args(arguments)
    failed = 0
    for path in options.notebooks or sorted(NOTEBOOKS.glob("*.ipynb")):
        try:
            done = clean(path)
        except NoGit as error:
            print(error, file=sys.stderr)
            return 1
        except (OSError, ValueError) as error:  # not there, or not a notebook
            failed += 1
            print(f"{path.name}: left as it is ({error})", file=sys.stderr)
            continue
        if done:
            print(f"{path.name}: {done}")
    return failed


if __name__ == "__main__":
    sys.exit(bool(main()))
