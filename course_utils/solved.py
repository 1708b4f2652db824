"""The last line of a notebook: how many of its exercises are solved, and which are
still open. It is kept in the notebook itself, as the output of its last cell."""

import re
import uuid

from .checks import CHECK, RIGHT, exercise_names, results
from .early import running_notebook
from .inputs import shown

SAID_RIGHT = re.compile(r"^✓ (\S+): right\.", re.MULTILINE)

_shown = {}  # notebook's number -> the id of its line, and what its file says is right


def exercises_solved(notebook):
    """Show how many exercises of a notebook are solved, and keep the line up to date
    while further ones are checked.

    Solved is what :func:`course_utils.check` called right in this kernel, by the last
    answer. For an exercise that this kernel has not checked (it was restarted) counts
    what its cell in the saved notebook says; that file is known in JupyterLab only.

    Parameters
    ----------
    notebook : str
        The two digits that its exercises begin with, such as "03".

    Raises
    ------
    ValueError
        If no exercise begins so.
    """
    if not isinstance(notebook, str) or not exercise_names(notebook):
        raise ValueError(
            f"No exercise belongs to {shown(notebook)}: give the notebook's two digits,"
            ' such as "03".'
        )
    _shown[notebook] = (uuid.uuid4().hex, _said_right(running_notebook()))
    _show(notebook)


def update(exercise):
    """Bring the line of this exercise's notebook up to date, if it is shown."""
    notebook = exercise.partition("-")[0]
    if notebook in _shown:
        _show(notebook, update=True)


def _show(notebook, update=False):
    from IPython.display import display

    line_id, said_right = _shown[notebook]
    names, known = exercise_names(notebook), results()
    in_order = [name for name in known if name in names]  # as the notebook has them
    in_order += [name for name in names if name not in known]
    stored = {name: (RIGHT, "") for name in said_right}
    open_ = [n for n in in_order if {**stored, **known}.get(n, ("", ""))[0] != RIGHT]
    solved = f"{len(names) - len(open_)} of {len(names)} exercises solved."
    line = f"{solved} Still open: {', '.join(open_)}." if open_ else solved
    display(
        {"text/plain": line, "text/markdown": line},
        raw=True,
        display_id=line_id,
        update=update,
    )


def _said_right(path):
    """The exercises that the stored outputs of a notebook's checks call right."""
    import nbformat

    found = set()
    try:
        for cell in nbformat.read(path, as_version=4).cells:
            said = "".join(out.get("text", "") for out in cell.get("outputs", []))
            found |= {*SAID_RIGHT.findall(said)} & {*CHECK.findall(cell.source)}
    except Exception:  # not known, moved, or no notebook: this kernel's checks count
        return set()
    return found
