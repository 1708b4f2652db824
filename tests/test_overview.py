"""The lecture path and the verdicts in words, from notebooks made here."""

import nbformat
import pandas as pd
import pytest

from course_utils import VerdictsInWords, lecture_path


def notebook(path, title, *cells):
    made = [nbformat.v4.new_markdown_cell(title)]
    for source, tags in cells:
        new = nbformat.v4.new_markdown_cell if source[0] == "#" else None
        new = new or nbformat.v4.new_code_cell
        made.append(new(source, metadata={"tags": tags}))
    nbformat.write(nbformat.v4.new_notebook(cells=made), path)


def test_the_path_names_the_headings_of_the_tagged_cells(tmp_path):
    notebook(
        tmp_path / "02_b.ipynb",
        "# 02 · Second\n\n4 minutes in the lecture, 20 alone",
        ("## 1 · A neuron (C01, C02)", []),
        ("1", ["lecture"]),
        ("2", ["hide-input", "lecture"]),
        ("## 2 · Nothing to show", []),
        ("3", []),
        ("## 3 · The end\n\ntext", []),
        ("### Evidence for C03", []),
        ("4", ["lecture"]),
    )
    notebook(tmp_path / "01_a.ipynb", "# 01 · Without", ("1", []))
    assert lecture_path(tmp_path).values.tolist() == [["02_b", 4, "A neuron · The end"]]
    assert lecture_path(tmp_path / "nowhere").empty


def test_a_title_without_minutes_is_refused(tmp_path):
    notebook(tmp_path / "01_a.ipynb", "# 01 · Without", ("1", ["lecture"]))
    with pytest.raises(ValueError, match="01_a.ipynb .* minutes in the lecture"):
        lecture_path(tmp_path)


STATEMENTS = pd.DataFrame(
    [
        ("C01a", "C01", "A neuron is a sum"),
        ("C01b", "C01", "... and a <threshold>"),
        ("C02a", "C02", "It ends"),
        ("C09a", "C09", "Not judged"),
    ],
    columns=["id", "claim", "statement"],
)


def test_the_verdicts_in_words_say_how_the_lecture_fared(monkeypatch):
    monkeypatch.setattr("course_utils.overview.load_statements", lambda: STATEMENTS)
    fails, holds = "does not hold here", "holds"
    rows = [
        ("C01", "01_a", "A <neuron>", "0.5 s", "holds in part", "10 of 10"),
        ("C02", "01_a", "It ends", "3", "undecided", "8 of 10 (C02a)"),
        ("C03", "02_b", "It fails", "", "not measured", ""),
    ]
    names = ["id", "notebook", "claim", "measured", "verdict", "repeated"]
    board = pd.DataFrame(rows, columns=names).assign(
        statements=[{"C01a": holds, "C01b": fails}, {"C02a": "undecided"}, {}]
    )
    words = VerdictsInWords(board)
    assert words.summary() == (
        "Of the lecture's 3 claims, as far as this course can test them: ◐ 1 holds in"
        " part, ? 1 undecided, · 1 not measured. They rest on 3 statements of the"
        " slides, each with a criterion of its own: ✓ 1 holds, ? 1 undecided, ✗ 1 does"
        " not hold here."
    )
    html = words._repr_html_()
    assert html.count("<details>") == html.count("</details>") == 4
    failed, undecided, first, second = html.split("<details>")[1:]
    assert "✗ 1 of the statements does not hold here" in failed and "C01b" in failed
    assert "... and a &lt;threshold&gt;" in failed and "C02a" not in failed
    assert "C02a" in undecided and "C01b" not in undecided
    title = "<summary>01_a: ◐ 1 holds in part, ? 1 undecided</summary>"
    assert title in first and '<a href="01_a.ipynb">Open 01_a</a>' in first
    assert "<summary><a" not in html  # out of a keyboard's reach
    assert "8 of 10 (C02a)" in first and "C03" in second
    assert repr(words).splitlines()[2] == "C02 undecided: It ends"
