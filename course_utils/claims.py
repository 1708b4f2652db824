"""The lecture's claims, the statements they rest on, the verdicts and the tables of
both.

``data/claims.csv`` has a row for each of the 62 claims (C24) and for each statement
that decides on it (C24a) with its criterion; ``data/errata.csv`` says what the lecture
has wrong, and the statements that show it (E14a) stand in ``data/claims.csv``, too.
These are the only places where a claim or a threshold is worded. A notebook records a
verdict with :func:`verdict` and ends in :func:`closing_table`; the table is stored in
the notebook in a form that :func:`scoreboard` reads.
"""

import re
from pathlib import Path

import numpy as np
import pandas as pd

from .criteria import ASKED, Criterion
from .data import DATA, whole_table
from .inputs import folder as folder_of
from .inputs import need, shown, text

NOTEBOOKS = DATA.parent / "notebooks"
MIME = "application/vnd.course.verdicts+json"
HOLDS, IN_PART, FAILS = "holds", "holds in part", "does not hold here"
UNDECIDED, OPEN = "undecided", "not measured"
MENDED, NOT_MENDED = "mended", "not shown here"
MARKS = {
    HOLDS: "✓",
    IN_PART: "◐",
    UNDECIDED: "?",
    FAILS: "✗",
    OPEN: "·",
    MENDED: "✎",
    NOT_MENDED: "·",
}
COLUMNS = ["", "The lecture says", "We measured", "Verdict", "Repeated"]
OUTCOMES = {True: HOLDS, False: FAILS, None: UNDECIDED}  # of one statement
ENOUGH = 10  # fresh repetitions, and the share of them that must come out as recorded
AGREEMENT = 0.9

_recorded = {}  # claim -> its row in the closing table, of this kernel
_values = {}  # statement -> its outcome and the number behind it, of this kernel


class BrokenExperiment(AssertionError):
    """Something that must be true for an experiment to count is not so."""


def _table(name, **options):
    return whole_table(
        DATA / name, f"restore it with `git checkout data/{name}`", **options
    )


def _rows():
    return _table("claims.csv", dtype=str, keep_default_na=False)


def load_claims():
    """The lecture's claims.

    Returns
    -------
    pandas.DataFrame
        62 rows; columns id, notebook, slide, claim (all text).
    """
    rows = _rows()
    rows = rows[rows["kind"] == "claim"].rename(columns={"statement": "claim"})
    return rows[["id", "notebook", "slide", "claim"]].reset_index(drop=True)


def load_statements():
    """The statements that decide on the claims and errata.

    Returns
    -------
    pandas.DataFrame
        Columns id ("C24a"), claim ("C24"), statement, lecture (ids of the lecture's
        statements that it judges), kind ("exact", "measured" or "full scale") and
        criterion (all text, see :class:`course_utils.criteria.Criterion`).
    """
    rows = _rows()
    rows = rows[rows["kind"] != "claim"].reset_index(drop=True)
    rows.insert(1, "claim", rows["id"].str[:-1])
    return rows[["id", "claim", "statement", "lecture", "kind", "criterion"]]


def load_errata():
    """What the lecture says wrongly or loosely: columns id, notebook, lecture,
    correct."""
    return _table("errata.csv", dtype=str)


def load_replication():
    """How often each statement came out as recorded in fresh repetitions of its
    notebook.

    Returns
    -------
    pandas.DataFrame
        As ``make replicate`` writes it; empty where it was not run yet.
    """
    path = DATA / "replication.csv"
    if not path.is_file():
        return pd.DataFrame(columns=["id", "recorded", "as_recorded", "repetitions"])
    return _table("replication.csv")


def verdict(claim, measured, says, checks=None):
    """Judge a claim (or an erratum) by its statements; keep it for the closing table.

    Parameters
    ----------
    claim : str
        Id in ``data/claims.csv`` ("C02") or ``data/errata.csv`` ("E14").
    measured : str
        What was measured, in one line, made from the computed values.
    says : dict of str to value
        Id of each of the claim's statements in ``data/claims.csv`` ("C02a") -> what was
        measured of it: an `Interval`, a number, or an array or list of them that must
        all meet the criterion; True or False where the criterion is "yes". Only these
        decide.
        All hold: the claim holds; some: it holds in part; none: it does not hold here.
        A statement whose interval lies across its criterion is undecided, and so is a
        measured one that came out neither true nor false in nine of ten fresh
        repetitions (``data/replication.csv``); the claim is undecided if no statement
        holds, but not all are refuted. An erratum is mended if all its statements
        hold.
    checks : dict of str to bool or value, optional
        What must be true for the experiment to count (the baseline learned, a bound
        that is a theorem is kept). It decides nothing. Of a number the name has the
        criterion ("largest gap to Keras: < 1e-6"), so that what is printed says which
        bound was kept, and by which number.

    Raises
    ------
    BrokenExperiment
        If a check fails: then the experiment is broken, not the claim.
    ValueError, TypeError
        For unknown ids, missing statements, or values that no criterion can judge.
    """
    known = {*load_claims()["id"], *load_errata()["id"]}
    if not isinstance(claim, str) or claim not in known:
        raise ValueError(
            f"There is no claim {shown(claim)}: the ids stand in data/claims.csv and"
            " data/errata.csv."
        )
    text("measured", measured)
    need(isinstance(says, dict), "says", "a dict of statements", says)
    fits = checks is None or isinstance(checks, dict)
    need(fits, "checks", "a dict of names with True or False", checks)
    statements = load_statements().query("claim == @claim").set_index("id")
    if set(says) != set(statements.index) or not says:
        raise ValueError(
            f"{claim} is decided by exactly the statements that data/claims.csv has"
            f" of it ({', '.join(statements.index) or 'none yet'}), not by"
            f" {', '.join(map(str, says)) or 'none'}."
        )
    checked = [_check(name, value) for name, value in (checks or {}).items()]
    failed = [text for passed, text in checked if not passed]
    if failed:
        raise BrokenExperiment(
            f"The experiment for {claim} is broken, so it says nothing about the claim."
            f" Not so: {'; '.join(map(str, failed))}."
        )
    judged = {
        name: Criterion(row["criterion"]).judge(name, row["kind"], says[name])
        for name, row in statements.iterrows()
    }
    found = {name: judgement.outcome for name, judgement in judged.items()}
    doubts = _doubts(statements["kind"])
    outcomes = {name: None if name in doubts else found[name] for name in found}
    word = _word(claim, list(outcomes.values()))
    _recorded[claim] = {
        "id": claim,
        "measured": measured,
        "verdict": word,
        "statements": {name: OUTCOMES[outcome] for name, outcome in outcomes.items()},
        "doubts": doubts,
    }
    _values.update(
        {name: (OUTCOMES[one.outcome], one.value) for name, one in judged.items()}
    )
    print(f"{claim} {word}")
    for name, row in statements.iterrows():
        mark = MARKS[OUTCOMES[outcomes[name]]]
        doubt = f"; fresh repetitions: {doubts[name]}" if name in doubts else ""
        print(f"  {mark} {name} {row['statement']}\n      {judged[name].text}{doubt}")
    if checked:
        print(f"  checked: {'; '.join(text for _, text in checked)}")


def _doubts(kinds):
    """Measured statements on which fresh repetitions do not agree, whatever this run
    says -> "holds in 7, does not in 1 of 10"."""
    found = {}
    for row in load_replication().to_dict("records"):
        name, n, hold = row["id"], row["repetitions"], row["hold"]
        if kinds.get(name) != "measured" or n < ENOUGH:
            continue
        fail = n - hold - row["undecided"] - row["broken"]
        if max(hold, fail) < AGREEMENT * n:
            found[name] = f"holds in {hold}, does not in {fail} of {n}"
    return found


def judgements():
    """What this kernel has judged: statement -> (outcome, the number behind it)."""
    return {
        name: _values[name] for row in _recorded.values() for name in row["statements"]
    }


def _check(name, value):
    """Whether a check passes, and what is printed of it."""
    if isinstance(name, str) and ASKED.fullmatch(name):
        judged = Criterion(name).judge(name, "exact", value)
        return judged.outcome is True, judged.text
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(
            f"The check {name!r} must be one True or False, not {shown(value)}; for a"
            " number write its criterion into the name: 'largest gap to Keras: < 1e-6'."
        )
    return bool(value), name


def _word(claim, outcomes):
    if claim.startswith("E"):
        return MENDED if all(outcomes) else NOT_MENDED
    if all(outcomes):
        return HOLDS
    if any(outcomes):
        return IN_PART
    return UNDECIDED if None in outcomes else FAILS


class ClosingTable:
    """*The lecture says / We measured / Verdict / Repeated*.

    Shown as HTML, and stored as JSON for the scoreboard.
    """

    def __init__(self, rows):
        self.rows = rows

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {
            "text/html": html_table(self.frame()),
            "text/plain": self.frame().to_string(index=False),
            MIME: self.rows,
        }

    def frame(self):
        """The table as text."""
        return pd.DataFrame(map(self._cells, self.rows), columns=COLUMNS)

    @staticmethod
    def _cells(row):
        doubtful = [
            f"{name} {UNDECIDED}"
            for name, outcome in row["statements"].items()
            if outcome == UNDECIDED
        ]
        doubtful = [] if row["verdict"] == UNDECIDED else doubtful
        word = f"{MARKS[row['verdict']]} {'; '.join([row['verdict'], *doubtful])}"
        return [
            row["id"],
            row["says"],
            row["measured"],
            f"{word}: {row['correct']}" if row["correct"] else word,
            row["repeated"],
        ]


def closing_table(notebook):
    """The notebook's last table: its claims and errata, with what this kernel recorded.

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
    text("notebook", notebook, "the notebook's name as in data/claims.csv")
    claims, errata = (
        frame[frame["notebook"] == notebook] for frame in (load_claims(), load_errata())
    )
    if claims.empty:
        raise ValueError(
            f"No claim belongs to {shown(notebook)}: give the notebook's name as in"
            " data/claims.csv."
        )
    said = [(name, says, "") for name, says in zip(claims["id"], claims["claim"])]
    said += [
        (row["id"], row["lecture"], row["correct"]) for _, row in errata.iterrows()
    ]
    replicated = repeated()
    return ClosingTable(
        [
            {
                "says": says,
                "correct": correct,
                "repeated": replicated.get(claim, ""),
                **_recorded.get(claim, _unmeasured(claim)),
            }
            for claim, says, correct in said
        ]
    )


def _unmeasured(claim):
    empty = {"statements": {}, "doubts": {}}
    return {"id": claim, "measured": "", "verdict": OPEN, **empty}


def repeated():
    """Claim -> "10 of 10", by its statement that came out as recorded least often."""
    found = {}
    table = load_replication()
    for claim, rows in table.groupby(table["id"].str[:-1]):
        least = rows.loc[rows["as_recorded"].idxmin()]
        text = f"{least['as_recorded']} of {least['repetitions']}"
        every = least["as_recorded"] == least["repetitions"]
        found[claim] = text if every or len(rows) == 1 else f"{text} ({least['id']})"
    return found


def stored_verdicts(path):
    """The rows of the closing table stored in one executed notebook (empty if none).

    Parameters
    ----------
    path : str or pathlib.Path
        An ``.ipynb`` file.

    Returns
    -------
    list of dict
        Each with id, says, measured, verdict, statements (the outcome of each),
        doubts (what repetitions say of those that they leave undecided), correct,
        repeated.
    """
    import nbformat

    rows = []
    try:
        cells = nbformat.read(path, as_version=4).cells
    except Exception as error:  # whatever a damaged file makes of it
        raise ValueError(
            f"{path} is no notebook, or a damaged one ({type(error).__name__}): restore"
            f" it with `git checkout`, or move it away."
        ) from error
    for cell in cells:
        for output in cell.get("outputs", []):
            rows += output.get("data", {}).get(MIME, [])
    return rows


def notebooks_folder():
    """The folder of the course's notebooks; where only hand-outs were given away, the
    one that the kernel works in."""
    return NOTEBOOKS if any(NOTEBOOKS.glob("*.ipynb")) else Path.cwd()


def scoreboard(folder=None):
    """All claims with the verdicts in the closing tables stored in the notebooks.

    Parameters
    ----------
    folder : str or pathlib.Path, optional
        Where they are, see :func:`notebooks_folder`.

    Returns
    -------
    pandas.DataFrame
        62 rows; columns id, notebook, claim, measured, verdict ("not measured" where
        there is none yet), repeated, and statements: the outcome of each.
    """
    paths = sorted(Path(folder_of(folder) or notebooks_folder()).glob("*.ipynb"))
    found = {row["id"]: row for path in paths for row in stored_verdicts(path)}
    frame = load_claims()[["id", "notebook", "claim"]]
    rows = [{"repeated": "", **found.get(c, _unmeasured(c))} for c in frame["id"]]
    columns = ("measured", "verdict", "repeated", "statements")
    return frame.assign(**{column: [row[column] for row in rows] for column in columns})


def html_table(frame):
    """A data frame as an HTML table with whole, left-aligned texts.

    (pandas cuts texts at 50 characters.)
    """
    with pd.option_context("display.max_colwidth", None):
        table = frame.to_html(index=False, border=0, justify="left", escape=True)
    style = "text-align: left; vertical-align: top"  # JupyterLab aligns to the right
    table = re.sub(r"<(td|th)>", rf'<\1 style="{style}">', table)
    return table.replace("<th ", '<th scope="col" ')  # which cells a heading is of
