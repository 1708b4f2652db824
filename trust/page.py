"""The pages of this folder: a title, sentences and tables, and the command that made
them."""

from pathlib import Path

import pandas as pd

from .files import HERE


def write(name, title, command, *parts, folder=HERE):
    """Write ``trust/NAME.md``.

    Parameters
    ----------
    name, title : str
    command : str
        What makes the page anew, as one types it.
    *parts : str or pandas.DataFrame
        Paragraphs and tables, in their order.
    folder : pathlib.Path

    Returns
    -------
    pathlib.Path
        The page.
    """
    made = f"Made by `{command}`; do not edit."
    texts = [_markdown(part) for part in parts]
    page = Path(folder, f"{name}.md")
    page.write_text("\n\n".join([f"# {title}", made, *texts]) + "\n", encoding="utf-8")
    return page


def _markdown(part):
    if not isinstance(part, pd.DataFrame):
        return str(part).strip()
    cells = part.map(lambda value: str(value).replace("|", r"\|").replace("\n", " "))
    return cells.to_markdown(index=False, disable_numparse=True)
