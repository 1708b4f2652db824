"""What a student reads who runs a cell too early: which cell makes the missing name."""

import os
import re
import symtable

MENU = "Run → Run All Above Selected Cell runs all that this cell needs."


def explain_missing_names(shell):
    """Let every NameError of a cell say which cell of the notebook comes first.

    Parameters
    ----------
    shell : IPython.core.interactiveshell.InteractiveShell
    """

    def handler(self, kind, error, trace, tb_offset=None):
        if note := missing_name(error.name, running_notebook(), self.user_ns["In"][-1]):
            error.add_note(note)
        self.showtraceback((kind, error, trace), tb_offset=tb_offset)

    shell.set_custom_exc((NameError,), handler)


def missing_name(name, path, source=""):
    """Which cell of a notebook makes a name, in one sentence.

    Parameters
    ----------
    name : str or None
        The missing name.
    path : str, pathlib.Path or None
        The notebook, where it is known.
    source : str
        The cell that failed: one that makes the name itself is no answer.

    Returns
    -------
    str
        Empty for no name.
    """
    import nbformat

    if not name:
        return ""
    try:
        cells = nbformat.read(path, as_version=4).cells
    except Exception:  # no such file, or not a notebook: the menu helps all the same
        return f"{name} is made by a cell further up. {MENU}"
    heading = "the title"
    for cell in cells:
        if cell.cell_type == "markdown":
            titles = re.findall(r"^#+\s+(.+)$", cell.source, re.MULTILINE)
            heading = f"“{titles[-1]}”" if titles else heading
        elif cell.cell_type == "code" and cell.source != source:
            if line := _line_that_makes(name, cell.source):
                return (
                    f"{name} is made by a cell under {heading} (“{line.strip()}”): run"
                    f" that one first. {MENU}"
                )
    return (
        f"No cell of the notebook makes {name}: look how it is spelled, or which cell"
        " was changed."
    )


def running_notebook():
    """The file of the notebook that this kernel runs, where JupyterLab says so; else
    None."""
    return os.environ.get("JPY_SESSION_NAME")


def _line_that_makes(name, source):
    """The first line with a name that a cell makes for the others; "" if it does
    not."""
    code = re.sub(r"^\s*[%!].*$", "", source, flags=re.MULTILINE)
    try:
        symbol = symtable.symtable(code, "cell", "exec").lookup(name)
    except (SyntaxError, KeyError):
        return ""
    if not (symbol.is_assigned() or symbol.is_imported()):
        return ""
    return next(line for line in code.splitlines() if re.search(rf"\b{name}\b", line))
