"""How far is each verdict's number from its criterion? ``python -m trust.margins``
writes ``trust/margins.csv`` and ``trust/margins.md``.

The criteria stand in ``data/claims.csv``, what was recorded in the notebooks' stored
outputs, and how the number moves with other seeds and data in ``data/replication.csv``.
"""

import re

import nbformat
import numpy as np
import pandas as pd

from course_utils.claims import (
    HOLDS,
    NOTEBOOKS,
    UNDECIDED,
    load_replication,
    load_statements,
)
from course_utils.criteria import Criterion
from course_utils.maintenance.record import code_cells
from trust import page
from trust.files import HERE

TABLE = HERE / "margins.csv"
NARROWEST = 10
JUDGED = re.compile(r"^  \S (?P<id>[CE]\d+[a-z]) .*\n {6}(?P<text>.*)$", re.MULTILINE)
NUMBERS = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")


def recorded():
    """What the notebooks' stored outputs say of each statement: id -> (notebook,
    text)."""
    found = {}
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        for cell in code_cells(nbformat.read(path, as_version=4)):
            text = "".join(out.get("text", "") for out in cell.outputs)
            for match in JUDGED.finditer(text):
                found[match["id"]] = path.stem, match["text"]
    return found


def margin(asked, value, outcome):
    """How far a number is from where its statement would be judged otherwise.

    Parameters
    ----------
    asked : str
        "> 0.5", "= 0", "from 0.9 to 1.1", "yes" or "no".
    value : float
    outcome : str
        As recorded.

    Returns
    -------
    tuple of float
        The distance to the criterion (below 0: on the other side than the recorded
        outcome), and as a share of the criterion; NaN for yes and no, and where the
        criterion is one number that is met.
    """
    if asked in ("yes", "no"):
        return np.nan, np.nan
    ends = [float(number) for number in NUMBERS.findall(asked)]
    if asked.startswith("="):
        distance = -abs(value - ends[0]) or np.nan
    elif len(ends) == 2:
        distance = min(value - ends[0], ends[1] - value)
    else:
        distance = (value - ends[0]) * (1 if asked.startswith(">") else -1)
    if outcome not in (HOLDS, UNDECIDED):
        distance = -distance
    nearest = min(ends, key=lambda end: abs(value - end))
    return distance, distance / abs(nearest) if nearest else np.nan


def table():
    """A row for each statement: its criterion, what was recorded, the repetitions, and
    the margin in the number's own unit, in standard deviations of the repetitions, and
    as a share of the criterion.

    Returns
    -------
    pandas.DataFrame
    """
    said = recorded()
    repeated = load_replication().set_index("id")
    rows = []
    for row in load_statements().to_dict("records"):
        name, criterion = row["id"], Criterion(row["criterion"])
        numbers = repeated.loc[name]
        distance, share = margin(criterion.asked, numbers["mean"], numbers["recorded"])
        text = said[name][1].removeprefix(f"{criterion.quantity}: ")
        sd = numbers["sd"]
        rows.append(
            {
                "id": name,
                "notebook": said[name][0],
                "kind": row["kind"],
                "asked": criterion.asked,
                "outcome": numbers["recorded"],
                "recorded": re.sub(r" \(asked: .*", "", text),
                "as recorded": f"{numbers['as_recorded']} of {numbers['repetitions']}",
                **numbers[["mean", "sd", "smallest", "largest"]],
                "margin": distance,
                "in sd": distance / sd if sd > 1e-9 * abs(numbers["mean"]) else np.nan,
                "share": share,
            }
        )
    return pd.DataFrame(rows)


def _shown(frame):
    """The columns of the page, with few digits."""
    few = frame.copy()
    few["repetitions: mean (smallest to largest)"] = [
        f"{r['mean']:.3g} ({r['smallest']:.3g} to {r['largest']:.3g})"
        for r in few.to_dict("records")
    ]
    for column, form in (
        ("margin", "{:.3g}"),
        ("in sd", "{:.1f}"),
        ("share", "{:.0%}"),
    ):
        few[column] = [form.format(v) if np.isfinite(v) else "" for v in few[column]]
    places = ["id", "notebook", "kind", "asked", "outcome", "recorded", "as recorded"]
    return few[[*places, few.columns[-1], "margin", "in sd", "share"]]


def write_page(frame, **options):
    """Write ``trust/margins.md`` from the table."""
    decided = frame[frame["outcome"] != UNDECIDED].sort_values(["in sd", "share"])
    ranked = decided[(decided["kind"] == "measured") & decided["in sd"].notna()]
    counts = frame["outcome"].value_counts()
    below = {sd: int((ranked["in sd"] < sd).sum()) for sd in (2, 3)}
    return page.write(
        "margins",
        "How far each verdict is from its criterion",
        "make margins",
        f"{len(frame)} statements: "
        + ", ".join(f"{n} {word}" for word, n in counts.items())
        + f". {len(ranked)} of them are measured, decided, and have a number that moves"
        " from one repetition (other seeds, other data) to the next. Their margin is"
        " the distance of the repetitions' mean from the criterion, in standard"
        f" deviations (sd) of the repetitions. {below[2]} have less than 2 sd,"
        f" {below[3]} less than 3; the median is {ranked['in sd'].median():.0f} sd.",
        "The number is the one of `data/replication.csv`: of several values the one"
        " nearest to failing, of an interval its middle. An interval decides by its"
        " ends, so a statement may be undecided though its middle lies on one side. A"
        " margin below 0: the mean lies on the other side than the recorded outcome,"
        " for example where one repetition in ten has run away. No margin in sd: yes"
        " or no, a number to be met exactly, or a full-scale experiment, which is not"
        " repeated. Exact statements (theorems, rounding errors) are not ranked.",
        f"## The {NARROWEST} narrowest of the measured ones",
        _shown(ranked.head(NARROWEST)),
        f"## Undecided ({counts.get(UNDECIDED, 0)})",
        _shown(frame[frame["outcome"] == UNDECIDED]),
        "## All others",
        _shown(
            pd.concat(
                [ranked.iloc[NARROWEST:], decided[~decided["id"].isin(ranked["id"])]]
            )
        ),
        **options,
    )


def main():
    """Write the table and the page."""
    frame = table()
    frame.to_csv(TABLE, index=False, float_format="%.6g", lineterminator="\n")
    print(write_page(pd.read_csv(TABLE, keep_default_na=True)))


if __name__ == "__main__":
    main()
