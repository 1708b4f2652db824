"""The lecture's claims, the verdicts on them, and the tables that show both.

``data/claims.csv`` (62 claims) and ``data/errata.csv`` are the only places where a
claim is worded. A notebook records a verdict with :func:`verdict` and ends in
:func:`closing_table`; the table is stored in the notebook in a form that
:func:`scoreboard` reads.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from .data import DATA

NOTEBOOKS = DATA.parent / "notebooks"
MIME = "application/vnd.course.verdicts+json"
HOLDS, IN_PART, FAILS, OPEN = (
    "holds",
    "holds in part",
    "does not hold here",
    "not measured",
)
MENDED, NOT_MENDED = "mended", "not shown here"
MARKS = {HOLDS: "✓", IN_PART: "◐", FAILS: "✗", OPEN: "·", MENDED: "✎", NOT_MENDED: "·"}

_recorded = {}  # id -> {"id", "measured", "verdict", "conditions"} of this kernel


def load_claims():
    """The lecture's claims.

    Returns
    -------
    pandas.DataFrame
        62 rows; columns id, notebook, slide, claim, evidence (all text).
    """
    return pd.read_csv(DATA / "claims.csv", dtype=str)


def load_errata():
    """What the lecture says wrongly or loosely: columns id, notebook, lecture, correct
    (all text)."""
    return pd.read_csv(DATA / "errata.csv", dtype=str)


def verdict(claim, measured, conditions):
    """Judge a claim (or an erratum) by named conditions, and keep the verdict for the
    closing table.

    Parameters
    ----------
    claim : str
        Id in ``data/claims.csv`` ("C02") or ``data/errata.csv`` ("E14").
    measured : str
        What was measured, in one line, made from the computed values.
    conditions : dict of str to bool
        What the claim demands -> whether the measurement shows it. All true: the claim
        holds; some:
        it holds in part; none: it does not hold here. An erratum is mended if all are
        true.

    Raises
    ------
    ValueError
        For an unknown id or no conditions.
    TypeError
        If a condition is not a single True or False.
    """
    ids = {*load_claims()["id"], *load_errata()["id"]}
    if claim not in ids:
        raise ValueError(
            f"There is no claim {claim!r}: the ids stand in data/claims.csv and"
            " data/errata.csv."
        )
    if not conditions:
        raise ValueError(
            f"Give {claim} at least one condition: without one there is nothing to"
            " judge."
        )
    for name, value in conditions.items():
        if not isinstance(value, (bool, np.bool_)):
            raise TypeError(
                f"The condition {name!r} of {claim} must be one True or False, not"
                f" {value!r}."
            )
    met = [bool(value) for value in conditions.values()]
    if claim.startswith("E"):
        word = MENDED if all(met) else NOT_MENDED
    else:
        word = HOLDS if all(met) else IN_PART if any(met) else FAILS
    _recorded[claim] = {"id": claim, "measured": measured, "verdict": word}
    print(f"{claim} {word}")
    for name, value in zip(conditions, met):
        print(f"  {'✓' if value else '✗'} {name}")


class ClosingTable:
    """*The lecture says / We measured / Verdict*, shown as HTML and stored as JSON for
    the scoreboard."""

    def __init__(self, rows):
        self.rows = rows

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {
            "text/html": html_table(self.frame()),
            "text/plain": self.frame().to_string(index=False),
            MIME: self.rows,
        }

    def frame(self):
        """The table as text: columns "", The lecture says, We measured, Verdict."""
        return pd.DataFrame(
            [
                [
                    r["id"],
                    r["says"],
                    r["measured"],
                    f"{MARKS[r['verdict']]} {r['verdict']}{r['correct']}",
                ]
                for r in self.rows
            ],
            columns=["", "The lecture says", "We measured", "Verdict"],
        )


def closing_table(notebook):
    """The notebook's last table: every claim and every erratum of it, with what this
    kernel recorded.

    Parameters
    ----------
    notebook : str
        The notebook's name without ``.ipynb``, as in ``data/claims.csv``.

    Returns
    -------
    ClosingTable
        A claim whose cells were not run is shown as "not measured".

    Raises
    ------
    ValueError
        If ``data/claims.csv`` has no claims of this notebook.
    """
    claims, errata = load_claims(), load_errata()
    claims, errata = (
        frame[frame["notebook"] == notebook] for frame in (claims, errata)
    )
    if claims.empty:
        raise ValueError(
            f"No claim belongs to {notebook!r}: give the notebook's name as in"
            " data/claims.csv."
        )
    rows = []
    for _, claim in claims.iterrows():
        rows.append(
            {
                "says": claim["claim"],
                "correct": "",
                **_recorded.get(claim["id"], _unmeasured(claim["id"])),
            }
        )
    for _, erratum in errata.iterrows():
        found = _recorded.get(erratum["id"], _unmeasured(erratum["id"]))
        rows.append(
            {"says": erratum["lecture"], "correct": f": {erratum['correct']}", **found}
        )
    return ClosingTable(rows)


def _unmeasured(claim):
    return {"id": claim, "measured": "", "verdict": OPEN}


def stored_verdicts(path):
    """The rows of the closing table stored in one executed notebook (empty if it has
    none).

    Parameters
    ----------
    path : str or pathlib.Path
        An ``.ipynb`` file.

    Returns
    -------
    list of dict
        Each with id, says, measured, verdict, correct.
    """
    import nbformat

    rows = []
    for cell in nbformat.read(path, as_version=4).cells:
        for output in cell.get("outputs", []):
            rows += output.get("data", {}).get(MIME, [])
    return rows


def scoreboard(folder=NOTEBOOKS):
    """All claims with their verdicts, collected from the closing tables stored in the
    notebooks.

    Returns
    -------
    pandas.DataFrame
        62 rows; columns id, notebook, claim, measured, verdict ("not measured" where
        there is none yet).
    """
    found = {
        row["id"]: row
        for path in sorted(Path(folder).glob("*.ipynb"))
        for row in stored_verdicts(path)
    }
    frame = load_claims()[["id", "notebook", "claim"]]
    rows = [found.get(claim, _unmeasured(claim)) for claim in frame["id"]]
    return frame.assign(
        measured=[row["measured"] for row in rows],
        verdict=[row["verdict"] for row in rows],
    )


def html_table(frame):
    """A data frame as an HTML table with whole, left-aligned texts (pandas cuts them at
    50 characters)."""
    with pd.option_context("display.max_colwidth", None):
        table = frame.to_html(index=False, border=0, justify="left", escape=True)
    for tag in ("td", "th"):  # JupyterLab's own style aligns both to the right
        table = table.replace(
            f"<{tag}>", f'<{tag} style="text-align: left; vertical-align: top">'
        )
    return table
