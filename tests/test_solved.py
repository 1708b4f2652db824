"""The last line of a notebook: in a real IPython it follows the checks, and it claims
nothing that was not checked right."""

import nbformat
import pytest
from IPython.core.displaypub import CapturingDisplayPublisher
from IPython.core.interactiveshell import InteractiveShell

from course_utils import checks, solved
from course_utils.checks import check, not_counted, results
from course_utils.solved import exercises_solved

NAND, CORNERS = (-1, -1, 1.5), 3
REST = "01-alpha, 01-bound, 01-learn"


@pytest.fixture
def shown(monkeypatch):
    """What IPython's displays were told, in a kernel that has checked nothing."""
    monkeypatch.setattr(checks, "_results", {})
    monkeypatch.setattr(solved, "_shown", {})
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    shell = InteractiveShell.instance()
    publisher = CapturingDisplayPublisher(shell=shell)
    monkeypatch.setattr(shell, "display_pub", publisher)
    yield publisher.outputs
    InteractiveShell.clear_instance()


def lines(shown):
    """Each line, and whether it took the place of the one before."""
    for output, before in zip(shown, [None, *shown]):
        assert output["data"]["text/plain"] == output["data"]["text/markdown"]
        same = before and output["transient"] == before["transient"]
        assert bool(same) == output["update"]
    return [(output["data"]["text/plain"], output["update"]) for output in shown]


def test_the_line_follows_the_checks_of_its_notebook(shown):
    check("01-nand", ...)
    check("01-step", ...)
    assert shown == []
    exercises_solved("01")
    check("01-corners", CORNERS)
    check("02-shift", ...)
    check("01-nand", *NAND)
    check("01-nand", 1, 1, 1)
    assert lines(shown) == [
        (
            "0 of 6 exercises solved. Still open: 01-nand, 01-step, 01-alpha, 01-bound,"
            " 01-corners, 01-learn.",
            False,
        ),
        (
            f"1 of 6 exercises solved. Still open: 01-nand, 01-step, {REST}.",
            True,
        ),
        (f"2 of 6 exercises solved. Still open: 01-step, {REST}.", True),
        (f"1 of 6 exercises solved. Still open: 01-nand, 01-step, {REST}.", True),
    ]


def test_a_second_call_shows_a_line_of_its_own(shown):
    exercises_solved("01")
    exercises_solved("01")
    check("01-corners", CORNERS)
    assert [update for _, update in lines(shown)] == [False, False, True]


def test_all_solved_is_one_sentence(shown, monkeypatch):
    right = {name: ("right", "") for name in checks.exercise_names()}
    monkeypatch.setattr(checks, "_results", right)
    exercises_solved("01")
    assert lines(shown) == [("6 of 6 exercises solved.", False)]


def test_the_last_answer_counts_and_dots_are_none(shown):
    check("01-corners", ...)
    assert results() == {"01-corners": ("not tried", "")}
    check("01-corners", 4)
    verdict, hint = results()["01-corners"]
    assert verdict == "not yet" and hint.startswith("Is it XOR that is chosen?")
    check("01-corners", CORNERS)
    check("01-corners", ...)
    check("01-cornes", CORNERS)
    assert results() == {"01-corners": ("right", "")}
    results().clear()
    assert results()


def test_solutions_do_not_count(shown):
    exercises_solved("01")
    with pytest.raises(ZeroDivisionError), not_counted():
        with not_counted():
            check("01-corners", CORNERS)
        check("01-corners", CORNERS)
        raise ZeroDivisionError
    assert results() == {} and len(shown) == 1
    check("01-corners", CORNERS)
    assert results() == {"01-corners": ("right", "")} and len(shown) == 2


def cell(source, *texts):
    outputs = [nbformat.v4.new_output("stream", text=text) for text in texts]
    return nbformat.v4.new_code_cell(source, outputs=outputs)


@pytest.fixture
def saved(tmp_path, monkeypatch):
    """The notebook as it was saved before its kernel was restarted."""
    asked = 'check("{}", answer)'.format
    cells = [
        nbformat.v4.new_markdown_cell("✓ 01-learn: right. Said by a text."),
        cell(asked("01-corners"), "a print\n", "✓ 01-corners: right. Why.\n"),
        cell(asked("01-nand"), "✓ 01-nand: right. Why.\n"),
        cell(asked("01-step"), "✗ 01-step: not yet. A hint.\n"),
        cell(asked("01-alpha"), "… 01-alpha: not tried yet.\n"),
        cell("print(1)", "✓ 01-bound: right. Not by a check.\n"),
        cell(asked("01-learn"), "say ✓ 01-learn: right.\n"),
    ]
    path = tmp_path / "01_perceptron.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    return path


def test_after_a_restart_the_saved_checks_count_until_there_are_new_ones(
    shown, saved, monkeypatch
):
    monkeypatch.setenv("JPY_SESSION_NAME", str(saved))
    check("01-nand", ...)  # its answer was taken out
    exercises_solved("01")
    check("01-step", 1)
    check("01-corners", 4)
    open_ = ["01-nand, 01-alpha, 01-bound, 01-learn, 01-step"]
    open_ += ["01-nand, 01-step, 01-alpha, 01-bound, 01-learn"]
    open_ += ["01-nand, 01-step, 01-corners, 01-alpha, 01-bound, 01-learn"]
    assert [line for line, _ in lines(shown)] == [
        f"{6 - names.count('01-')} of 6 exercises solved. Still open: {names}."
        for names in open_
    ]


@pytest.mark.parametrize("text", [None, "", "[]", "{}", '{"cells": [{}]}'])
def test_without_the_file_this_kernels_checks_count(shown, saved, monkeypatch, text):
    saved.unlink()
    if text is not None:
        saved.write_text(text)
    monkeypatch.setenv("JPY_SESSION_NAME", str(saved))
    check("01-corners", CORNERS)
    exercises_solved("01")
    assert lines(shown)[0][0].startswith("1 of 6 exercises solved.")


@pytest.mark.parametrize("notebook", ["99", "", "01-corners", 1])
def test_an_unknown_notebook_is_one_sentence(shown, notebook):
    with pytest.raises(ValueError, match="give the notebook's two digits"):
        exercises_solved(notebook)
