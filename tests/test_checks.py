"""Exercises: not tried, wrong with a fitting hint, right with a reason, and never a
traceback."""

import numpy as np
import pytest

from course_utils import checks
from course_utils.checks import check, close, exercise, exercise_names


@pytest.fixture
def doubling():
    exercise_names()  # register the real ones first

    @exercise("99-double", "Twice three is six.")
    def _(answer):
        if answer == 9:
            return "That is the square."
        if callable(answer):
            return answer(3) if answer(3) is ... else None
        if not close(answer, 6.0):
            return "Double it."

    yield
    del checks._exercises["99-double"]


@pytest.mark.parametrize(
    "answer, said",
    [
        (
            (...,),
            (
                "… 99-double: not tried yet. Put your answer in place of the dots and"
                " run the cell again."
            ),
        ),
        (
            ((1, ...),),
            (
                "… 99-double: not tried yet. Put your answer in place of the dots and"
                " run the cell again."
            ),
        ),
        (
            (),
            (
                "… 99-double: not tried yet. Put your answer in place of the dots and"
                " run the cell again."
            ),
        ),
        (
            (lambda x: ...,),
            (
                "… 99-double: not tried yet. Put your answer in place of the dots and"
                " run the cell again."
            ),
        ),
        ((9,), "✗ 99-double: not yet. That is the square."),
        ((5,), "✗ 99-double: not yet. Double it."),
        (("six",), "✗ 99-double: not yet. Double it."),
        ((6,), "✓ 99-double: right. Twice three is six."),
        ((np.float32(6.0001),), "✓ 99-double: right. Twice three is six."),
    ],
)
def test_what_check_says(doubling, capsys, answer, said):
    check("99-double", *answer)
    assert capsys.readouterr().out.strip() == said


@pytest.mark.parametrize("answer", [(1, 2), (np.arange(3) == 9,), (lambda: 1,)])
def test_an_unusable_answer_is_explained_not_raised(doubling, capsys, answer):
    check("99-double", *answer)
    assert capsys.readouterr().out.startswith("✗ 99-double: not yet.")


@pytest.mark.parametrize("name", ["99-dubble", None, 3])
def test_an_unknown_exercise_is_said(doubling, capsys, name):
    check(name, 1)
    out = capsys.readouterr().out
    assert out.startswith(f"There is no exercise {name!r}.") and (
        "99-double" in out
    ) == (name == "99-dubble")


def test_a_name_is_given_once(doubling):
    with pytest.raises(ValueError, match="two exercises"):
        exercise("99-double", "")(None)


@pytest.mark.parametrize(
    "answer, expected, same",
    [
        ([1, 2], [1, 2], True),
        ([1, 2], [2, 1], False),
        ([[1, 2]], [1, 2], False),
        (None, 1, False),
        ("1", 1, True),
        (1.0005, 1.0, True),
        (1.01, 1.0, False),
        (25451, 25450, False),
        ((3 / 0.1) ** 2, 900, True),
    ],
)
def test_close_compares_shape_and_numbers(answer, expected, same):
    assert close(answer, expected) is same


@pytest.mark.parametrize(
    "junk",
    [
        None,
        "text",
        -1e9,
        [],
        np.zeros((2, 2)),
        {},
        lambda *a: None,
        float("nan"),
        object(),
    ],
)
def test_no_exercise_raises_or_accepts_junk(capsys, junk):
    """Every exercise of the course, with every kind of junk, in every number of
    arguments up to three."""
    for name in exercise_names():
        for count in (1, 2, 3):
            check(name, *[junk] * count)
            assert not capsys.readouterr().out.startswith("✓"), (
                f"{name} accepts {junk!r}"
            )
