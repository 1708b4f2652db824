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


def test_the_verdicts_in_words_have_a_fold_for_each_notebook():
    rows = [
        ("C01", "01_a", "A <neuron>", "0.5 s", "holds", "10 of 10"),
        ("C02", "01_a", "It ends", "3", "undecided", "9 of 10 (C02a)"),
        ("C03", "02_b", "It fails", "", "holds", ""),
    ]
    names = ["id", "notebook", "claim", "measured", "verdict", "repeated"]
    board = pd.DataFrame(rows, columns=names)
    html = VerdictsInWords(board)._repr_html_()
    assert html.count("<details>") == html.count("</details>") == 2
    link = '<summary><a href="01_a.ipynb">01_a</a>: ✓ 1 holds, ? 1 undecided</summary>'
    assert link in html and "A &lt;neuron&gt;" in html and "9 of 10 (C02a)" in html
    assert repr(VerdictsInWords(board)).splitlines()[1] == "C02 undecided: It ends"
