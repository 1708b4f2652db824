"""Planted faults: the sample still fits the notebooks, what is caught is caught for its
fault's sake, and the pages are what the tables give."""

import ast
from collections import Counter

import nbformat
import pandas as pd
import pytest

from course_utils.claims import NOTEBOOKS
from course_utils.maintenance.record import record

pytest.importorskip("cosmic_ray", reason="pip install -e '.[trust]'")
from trust import draw, faults, margins, planting

SAMPLE = faults.sample()
SMALL = """\
def area(width, height):
    for side in (width, height):
        assert side > 0
    return width * height
"""


def cells(path):
    found = nbformat.read(path, as_version=4).cells
    return {cell.id: cell.source for cell in found if cell.cell_type == "code"}


SOURCES = {path.stem: cells(path) for path in NOTEBOOKS.glob("*.ipynb")}


def test_every_fault_can_be_planted():
    for fault in SAMPLE:
        source = SOURCES[fault.notebook][fault.cell]
        assert draw.is_fault(source, planting.planted(source, fault._asdict())), fault


def test_the_sample_is_large_and_balanced():
    assert len(SAMPLE) >= 300 and len(faults.read_catalogue()) >= 60
    assert len({fault.id for fault in SAMPLE}) == len(SAMPLE)
    by_notebook = Counter(fault.notebook for fault in SAMPLE)
    assert set(by_notebook) == set(SOURCES) and min(by_notebook.values()) >= 20
    assert min(Counter(fault.part for fault in SAMPLE).values()) >= 80


def test_a_text_that_is_gone_is_named():
    fault = SAMPLE[0]._replace(old="no such text")
    with pytest.raises(ValueError, match=f"{fault.id}.*exactly once"):
        planting.planted(SOURCES[fault.notebook][fault.cell], fault._asdict())


def test_the_same_faults_are_drawn_each_time():
    path = NOTEBOOKS / "00_start_here.ipynb"
    found = draw.draw(path, each=4)
    assert found == draw.draw(path, each=4) != draw.draw(path, each=4, seed=1)


def test_what_is_drawn():
    made = {
        kind: {change() for change in changes}
        for kind, changes in draw.variants(SMALL).items()
    }
    assert {"arithmetic", "comparison", "number", "logic", "loop"} <= set(made)
    assert SMALL.replace(">", "<") in made["comparison"]
    assert SMALL.replace("width * height", "width / height") in made["arithmetic"]
    assert all(ast.parse(text) for texts in made.values() for text in texts)


@pytest.mark.parametrize(
    "source, kind, wanted",
    [
        ("f(a, b)", "swapped arguments", "f(b, a)"),
        ("a - b", "swapped arguments", "b - a"),
        ("x_train = 1\ny = x_test", "train for test", "x_train = 1\ny = x_train"),
        ("m = x.mean(axis=0)", "axis", "m = x.mean(axis=1)"),
        ("print(d['a'], d['b'])", "another arm", "print(d[\"b\"], d['b'])"),
        ("W = W - 2 * dW", "dropped statement", "pass"),
        ("x.append(1)", "dropped statement", "pass"),
        ("k = x.argmin()", "min for max", "k = x.argmax()"),
        ("y = x**2", "exponent", "y = x**-2"),
        ("h = 1e-5", "exponent", "h = 1e5"),
        ("f(a)\nf(b)", "another name", "f(b)\nf(b)"),
    ],
)
def test_what_cosmic_ray_lacks(source, kind, wanted):
    assert wanted in {change() for change in draw.variants(source)[kind]}


def test_looks_are_left_alone_in_drawings():
    source = "ax.plot(x, y, lw=2)\nax.text(1, 2, 'here')\nax.plot(x[1], y[2])"
    changed = [change() for change in draw.variants(source, drawing=True)["number"]]
    assert len(changed) == 4 and all("lw=2" in text for text in changed)


def test_lines_that_stand_twice_are_anchored():
    old, new = draw.lines_between("a\nb\nc\nb", "a\nb\nc\nd")
    assert (old, new) == ("c\nb", "c\nd")


@pytest.fixture
def notebook(tmp_path):
    """Five cells; the second changes a list of the first in place."""
    sources = {
        "made": "values, twice = [1, 2], 2",
        "more": "values.append(3)\nlowest = min(values)\nprint(sum(values))",
        "used": "print(twice * sum(values))",
        "silent": "largest = max(values, key=lambda v: (v, v))",
        "last": "print(lowest)",
    }
    made = [nbformat.v4.new_code_cell(text, id=name) for name, text in sources.items()]
    path = tmp_path / "tiny.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=made), path)
    record(path)
    return path


def test_faults_are_caught_and_equivalent_ones_are_not(notebook):
    planned = [  # cell, old, new, where it is caught
        ("made", "2], 2", "2], 3", "used"),  # only a later cell says so
        ("more", "append(3)", "append(4)", "more"),
        ("more", "sum(values)", "sum(values) + 0", ""),  # equivalent
        ("more", "min(values)", "max(values)", "last"),
        ("used", "sum(values)", "sun(values)", "used"),  # an error
        ("silent", "(v, v)", "(v, -v)", ""),
    ]
    found = [
        draw.Fault(f"t{k}", "tiny", cell, "lesson", "", old, new)
        for k, (cell, old, new, _) in enumerate(planned)
    ]
    said = {row["id"]: row for row in faults.measure(notebook, found)}
    outcomes = {name: (row["outcome"], row["by"]) for name, row in said.items()}
    assert outcomes == {
        f"t{k}": ("caught" if by else "survived", by)
        for k, (*_, by) in enumerate(planned)
    }


def test_a_notebook_that_fails_by_itself_is_not_judged(notebook):
    text = notebook.read_text(encoding="utf-8").replace("print(lowest)", "print(-1)")
    notebook.write_text(text, encoding="utf-8")
    fault = draw.Fault("t", "tiny", "made", "lesson", "", "2], 2", "2], 3")
    with pytest.raises(RuntimeError, match="fails without a fault"):
        list(faults.measure(notebook, [fault]))


ROWS = list(faults.read_table().values())


def test_every_fault_has_its_row():
    assert {fault.id: faults.shown(fault) for fault in SAMPLE} == {
        row["id"]: row["what"] for row in ROWS
    }


def test_nineteen_of_twenty_are_caught():
    caught, counted, _ = faults.share(ROWS)
    assert caught >= faults.GOAL * counted


def test_what_is_called_equivalent_survived_and_has_a_reason():
    assert {row["outcome"] for row in ROWS} <= {"caught", "survived", "equivalent"}
    for row in ROWS:
        assert bool(row["reason"]) == (row["outcome"] == "equivalent"), row["id"]


def test_the_page_is_what_the_table_gives(tmp_path):
    page = faults.write_page(ROWS, folder=tmp_path)
    assert page.read_text("utf-8") == (faults.HERE / "faults.md").read_text("utf-8")


@pytest.mark.parametrize(
    "asked, value, outcome, wanted",
    [
        ("> 0.5", 0.75, "holds", (0.25, 0.5)),
        ("<= 4", 5.0, "does not hold here", (1, 0.25)),
        ("from 1 to 3", 2.5, "holds", (0.5, 1 / 6)),
        ("= 2", 3.0, "does not hold here", (1, 0.5)),
    ],
)
def test_a_margin(asked, value, outcome, wanted):
    assert margins.margin(asked, value, outcome) == pytest.approx(wanted)


def test_margins_are_of_today():
    stored, today = (  # what another machine records differs in its last digits
        frame.drop(columns="recorded")
        for frame in (pd.read_csv(margins.TABLE), margins.table())
    )
    pd.testing.assert_frame_equal(stored, today, check_dtype=False, rtol=1e-4)


def test_the_page_of_margins_is_what_its_table_gives(tmp_path):
    page = margins.write_page(pd.read_csv(margins.TABLE), folder=tmp_path)
    assert page.read_text("utf-8") == (margins.HERE / "margins.md").read_text("utf-8")
