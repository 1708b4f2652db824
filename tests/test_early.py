"""A cell that runs too early: the error says which cell comes first."""

import nbformat
import pytest
from IPython.core.interactiveshell import InteractiveShell

from course_utils.early import explain_missing_names, missing_name

CODE, TEXT = nbformat.v4.new_code_cell, nbformat.v4.new_markdown_cell
CELLS = [
    TEXT("# 03 · Forward pass"),
    CODE("import numpy as np\nfrom os import path as where"),
    TEXT("A sentence.\n\n## 1 · A layer"),
    CODE("def affine(W, b):\n    inside = W + b\n    return inside"),
    TEXT("**Predict.**"),
    CODE("%matplotlib inline\nW1, b1 = affine(1, 2), 3"),
    TEXT("### Exercise"),
    CODE("for row in range(3):\n    total = row"),
    CODE("A1 = W1 + late"),
    CODE("this is no Python"),
]


@pytest.fixture
def path(tmp_path):
    found = tmp_path / "03.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=CELLS), found)
    return found


@pytest.mark.parametrize(
    "name, words",
    [
        ("np", "under “03 · Forward pass” (“import numpy as np”)"),
        ("where", "(“from os import path as where”)"),
        ("affine", "under “1 · A layer” (“def affine(W, b):”)"),
        ("b1", "under “1 · A layer” (“W1, b1 = affine(1, 2), 3”)"),
        ("total", "under “Exercise” (“total = row”)"),
        ("row", "(“for row in range(3):”)"),
        ("inside", "No cell of the notebook makes inside"),
        ("late", "No cell of the notebook makes late"),
    ],
)
def test_the_cell_that_makes_a_name_is_named(path, name, words):
    assert words in missing_name(name, path)


def test_the_cell_that_failed_is_no_answer(path):
    assert "No cell" in missing_name("A1", path, source="A1 = W1 + late")


@pytest.mark.parametrize("path", [None, "no such file.ipynb"])
def test_without_the_notebook_the_menu_is_named(path):
    assert "Run All Above" in missing_name("W1", path)


def test_nothing_is_said_of_no_name(path):
    assert missing_name(None, path) == ""


def test_a_kernel_shows_it_under_the_error(path, monkeypatch, capsys):
    monkeypatch.setenv("JPY_SESSION_NAME", str(path))
    shell = InteractiveShell()
    explain_missing_names(shell)
    result = shell.run_cell("A1 = W1 + 1", store_history=True)
    assert isinstance(result.error_in_exec, NameError)
    assert "run that one first" in capsys.readouterr().out
    shell.run_cell("1 / 0", store_history=True)
    printed = capsys.readouterr().out
    assert "ZeroDivisionError" in printed and "first" not in printed
