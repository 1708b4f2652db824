"""What notebook 00 tells of all the others: the path through the lecture hour, and the
verdicts in words."""

import re
from pathlib import Path

import nbformat
import pandas as pd

from . import inputs
from .claims import (
    COLUMNS,
    FAILS,
    MARKS,
    UNDECIDED,
    html_table,
    load_statements,
    notebooks_folder,
)


def lecture_path(folder=None):
    """What a lecturer projects: the cells tagged ``lecture``.

    Parameters
    ----------
    folder : str or pathlib.Path, optional
        Where the notebooks are, see :func:`course_utils.claims.notebooks_folder`.

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
    folder = Path(inputs.folder(folder) or notebooks_folder())
    for path in sorted(folder.glob("*.ipynb")):
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
    """How the lecture fared: how many claims and statements hold, which statements do
    not and which are undecided, and all claims in a fold for each notebook.

    Parameters
    ----------
    board : pandas.DataFrame
        From :func:`course_utils.scoreboard`.
    """

    def __init__(self, board):
        needed = ("id", "notebook", "claim", "measured", "verdict", "repeated")
        inputs.table("board", board, [*needed, "statements"])
        fits = all(isinstance(each, dict) for each in board["statements"])
        fits = fits and set(map(str, board["verdict"])) <= set(MARKS)
        fits = fits and all(isinstance(name, str) for name in board["id"])
        inputs.need(fits, "board", "as `scoreboard` returns it", board)
        self.board = board
        outcomes = {name: o for each in board["statements"] for name, o in each.items()}
        known = load_statements().query("id in @outcomes")
        known = known.assign(outcome=known["id"].map(outcomes))
        claims = board[["id", "notebook", "claim"]].set_axis(
            ["claim", "notebook", "of the claim"], axis=1
        )
        self.statements = known.merge(claims, on="claim")

    def _repr_html_(self):
        folds = [self._list(outcome) for outcome in (FAILS, UNDECIDED)]
        folds += [
            self._fold(notebook, rows)
            for notebook, rows in self.board.groupby("notebook", sort=True)
        ]
        return "\n".join([f"<p>{self.summary()}</p>", *folds])

    def summary(self):
        """Two sentences: how the claims fared, and the statements behind them."""
        claims = _counted(self.board["verdict"])
        statements = _counted(self.statements["outcome"])
        return (
            f"Of the lecture's {len(self.board)} claims, as far as this course can test"
            f" them: {claims}. They rest on {len(self.statements)} statements of the"
            f" slides, each with a criterion of its own: {statements}."
        )

    def _list(self, outcome):
        rows = self.statements.query("outcome == @outcome")
        shown = rows[["id", "statement", "of the claim", "notebook"]]
        shown = shown.set_axis(["", "Statement", "of the claim", "Notebook"], axis=1)
        word = _verb(outcome, len(rows))
        title = f"{MARKS[outcome]} {len(rows)} of the statements {word}"
        return _details(title, html_table(shown))

    def __repr__(self):
        verdicts = [
            f"{row['id']} {row['verdict']}: {row['claim']}"
            for _, row in self.board.iterrows()
        ]
        return "\n".join([self.summary(), *verdicts])

    @staticmethod
    def _fold(notebook, rows):
        marked = rows.assign(verdict=[f"{MARKS[w]} {w}" for w in rows["verdict"]])
        shown = marked[["id", "claim", "measured", "verdict", "repeated"]]
        shown = shown.set_axis(COLUMNS, axis=1)
        link = f'<p><a href="{notebook}.ipynb">Open {notebook}</a></p>\n'
        title = f"{notebook}: {_counted(rows['verdict'])}"
        return _details(title, link + html_table(shown))


def _counted(words):
    """How often each verdict occurs, as "✓ 3 hold, ? 1 undecided"."""
    counts = words.value_counts()
    return ", ".join(
        f"{MARKS[word]} {counts[word]} {_verb(word, counts[word])}"
        for word in MARKS
        if word in counts
    )


def _verb(verdict, number):
    """The verdict's words after a number of claims."""
    plural = verdict.replace("holds", "hold").replace("does", "do")
    return verdict if number == 1 else plural


def _details(title, content):
    return f"<details><summary>{title}</summary>\n{content}</details>"
