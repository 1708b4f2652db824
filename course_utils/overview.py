"""What notebook 00 tells of all the others: the path through the lecture hour, and the
verdicts in words."""

import re
from pathlib import Path

import nbformat
import pandas as pd

from .claims import COLUMNS, MARKS, NOTEBOOKS, html_table


def lecture_path(folder=NOTEBOOKS):
    """What a lecturer projects: the cells tagged ``lecture``.

    Parameters
    ----------
    folder : str or pathlib.Path
        Where the notebooks are.

    Returns
    -------
    pandas.DataFrame
        A row for each notebook that has such cells: notebook, minutes (as its title
        cell says, "5 minutes in the lecture") and moments, the headings above the
        cells.

    Raises
    ------
    ValueError
        If the title of such a notebook does not say how many minutes.
    """
    rows = []
    for path in sorted(Path(folder).glob("*.ipynb")):
        moments = {}
        heading = minutes = None
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type == "markdown":
                minutes = minutes or re.search(
                    r"(\d+) minutes in the lecture", cell.source
                )
                titles = re.findall(r"^## +(.+)$", cell.source, re.MULTILINE)
                heading = titles[-1] if titles else heading
            elif "lecture" in cell.metadata.get("tags", []):
                moments[re.sub(r"^\d+ · | \([CE]\d.*\)$", "", heading or "")] = True
        if moments and not minutes:
            raise ValueError(
                f"{path.name} has cells tagged lecture, but its title does not say"
                " “5 minutes in the lecture”."
            )
        if moments:
            rows.append((path.stem, int(minutes[1]), " · ".join(moments)))
    return pd.DataFrame(rows, columns=["notebook", "minutes", "moments"])


class VerdictsInWords:
    """All claims with their verdicts, one fold for each notebook.

    Parameters
    ----------
    board : pandas.DataFrame
        From :func:`course_utils.scoreboard`.
    """

    def __init__(self, board):
        self.board = board

    def _repr_html_(self):
        return "\n".join(
            self._fold(notebook, rows)
            for notebook, rows in self.board.groupby("notebook", sort=True)
        )

    def __repr__(self):
        return "\n".join(
            f"{row['id']} {row['verdict']}: {row['claim']}"
            for _, row in self.board.iterrows()
        )

    @staticmethod
    def _fold(notebook, rows):
        counts = rows["verdict"].value_counts()
        words = ", ".join(
            f"{MARKS[word]} {counts[word]} {word}" for word in MARKS if word in counts
        )
        marked = rows.assign(verdict=[f"{MARKS[w]} {w}" for w in rows["verdict"]])
        shown = marked[["id", "claim", "measured", "verdict", "repeated"]]
        shown = shown.set_axis(COLUMNS, axis=1)
        link = f'<a href="{notebook}.ipynb">{notebook}</a>'
        title = f"<summary>{link}: {words}</summary>"
        return f"<details>{title}\n{html_table(shown)}</details>"
