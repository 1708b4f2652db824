"""Exercises: not tried, wrong with a fitting hint, right with a reason, and never a
traceback. (What each of them says stands in test_exercises.)"""

import subprocess
import sys
import threading
import time
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

from course_utils import checks
from course_utils.answers import Hint, Numbers, Parts, read
from course_utils.checks import check, close, exercise, exercise_names

NOT_TRIED = "not tried yet. Put your answer in place of the dots and run the cell again"


@pytest.fixture
def said(capsys):
    """What `check` says to answers to "99-double", an exercise of one function, and to
    "99-numbers", one of a number and a pair."""
    exercise_names()  # register the real ones first

    @exercise("99-double", "Twice three is six.", functions=1)
    def _(double):
        if close(double(np.array(3)), 9):
            return "That is the square."
        if not close(double(np.array(3)), 6):
            return "Double it."

    exercise("99-numbers", "All three are right.")(
        Parts(
            {
                "First": Numbers(0.1875, {0.25: "A quarter."}, "No."),
                "Second": Numbers((7, 9), {((8, 8), (7, 7)): "They differ."}, "No!"),
            },
            {(7, 9, 0.1875): "The other way round."},
        )
    )

    def ask(name, *answer):
        check(name, *answer)
        return capsys.readouterr().out.strip()

    yield ask
    del checks._exercises["99-double"], checks._exercises["99-numbers"]


def lasting(x):
    while True:
        pass


def stubborn(x):
    while True:
        try:
            x = x + 1
        except Exception:
            pass


def failing(x):
    y = x + 1
    return y[5]


def failing_deeper(x):
    return np.concatenate([failing(x)])


# -- Not tried -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [
        (),
        (...,),
        ((1, ...),),
        (1, [2, [3, ...]]),
        (np.array([..., ...]),),
        ({"a": ...},),
        (pd.Series([1, ...]),),
        (pd.DataFrame({"a": [...]}),),
    ],
)
def test_dots_anywhere_are_not_tried(said, answer):
    assert said("99-numbers", *answer) == f"… 99-numbers: {NOT_TRIED}."


@pytest.mark.parametrize("result", [..., (1, ...), [None, 1], np.array([1, ...])])
def test_a_function_with_dots_is_not_tried(said, result):
    assert said("99-double", lambda x: result) == f"… 99-double: {NOT_TRIED}."


def test_a_function_without_return_is_told_so(said):
    def double(x):
        2 * x

    assert said("99-double", double) == (
        "✗ 99-double: not yet. Your function double returns nothing: is `return`"
        " missing?"
    )


# -- Functions -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "function, says",
    [
        (lambda x: 2 * x, "✓ 99-double: right. Twice three is six."),
        (lambda x: x**2, "✗ 99-double: not yet. That is the square."),
        (lambda x: x, "✗ 99-double: not yet. Double it."),
        (failing, "✗ 99-double: not yet. At `return y[5]`: IndexError: invalid index"),
        (failing_deeper, "✗ 99-double: not yet. At `return y[5]`: IndexError: "),
        (
            lambda: 6,
            "✗ 99-double: not yet. Your function cannot be called as the exercise has"
            " it. TypeError: ",
        ),
        (6, "✗ 99-double: not yet. Hand in the function by name, without calling"),
    ],
)
def test_what_is_said_about_a_function(said, function, says):
    assert said("99-double", function).startswith(says)


def test_a_line_without_source_has_its_number(said):
    names = {}
    exec("def double(x):\n    return 2 * y", names)
    assert said("99-double", names["double"]) == (
        "✗ 99-double: not yet. At line 2 of your code: NameError: name 'y' is not"
        " defined."
    )


@pytest.mark.parametrize(
    "function, advice",
    [
        (lambda x: x if np.arange(2) else 0, "np.where"),
        (lambda x: np.ones((2, 3)) @ np.ones(2), "The shapes do not fit"),
        (lambda x: float(np.arange(3)), "NumPy"),
    ],
)
def test_common_errors_come_with_advice(said, function, advice):
    assert advice in said("99-double", function)


def test_leaving_python_is_an_error_like_others(said):
    def leave(x):
        raise SystemExit(1)

    assert "SystemExit: 1" in said("99-double", leave)


def test_a_function_cannot_change_the_question(said):
    def double(x):
        x += x
        return x

    assert said("99-double", double).startswith("✓")


# -- Time limit ------------------------------------------------------------------------


@pytest.mark.parametrize("function", [lasting, stubborn])
def test_what_never_ends_is_stopped(said, monkeypatch, function):
    monkeypatch.setattr(checks, "TIME_LIMIT", 0.2)
    start, threads = time.monotonic(), threading.active_count()
    out = said("99-double", function)
    assert out.startswith(
        "✗ 99-double: not yet. Your code still runs after 0.2 seconds"
    )
    assert time.monotonic() - start < 5 and threading.active_count() == threads


def test_the_time_limit_works_in_every_thread(said, monkeypatch):
    monkeypatch.setattr(checks, "TIME_LIMIT", 0.2)
    thread = threading.Thread(target=check, args=("99-double", lasting))
    thread.start()
    thread.join(5)
    assert not thread.is_alive()


@pytest.mark.parametrize("step", ["7", "all(iter(lambda: 1, 0))"])
def test_a_debugger_works_after_a_check(step):
    """Python 3.11 hung while it looked for an exception that was taken back."""
    code = (
        "import sys; from course_utils import checks; checks.TIME_LIMIT = 0.2\n"
        f"checks.check('01-learn', lambda X, y: {step})\n"
        "sys.settrace(lambda *_: None)\n"
        "(lambda: 1)()"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_the_stop_button_still_works(said):
    def interrupted(x):
        raise KeyboardInterrupt

    threads = threading.active_count()
    with pytest.raises(KeyboardInterrupt):
        check("99-double", interrupted)
    assert threading.active_count() == threads


def test_no_timer_goes_off_later(said, monkeypatch):
    """Many functions that end just when the time is up."""
    monkeypatch.setattr(checks, "TIME_LIMIT", 0.01)
    for k in range(40):
        end = time.perf_counter() + 0.008 + 0.0001 * k
        said(
            "99-double", lambda x: [x for _ in iter(time.perf_counter, end) if _ > end]
        )
    time.sleep(0.05)


# -- Numbers ---------------------------------------------------------------------------


class Tensor:
    """What tensors and variables have."""

    def __init__(self, *values):
        self.values = values

    def __array__(self, dtype=None, copy=None):
        return np.array(self.values, dtype=dtype)


@pytest.mark.parametrize(
    "answer, expected",
    [
        (1, 1),
        ("1", 1),
        (np.float32(1.5), 1.5),
        ([[[1.5]]], 1.5),
        (Fraction(3, 16), 0.1875),
        (Decimal("0.5"), 0.5),
        (Tensor(1, 2), [1, 2]),
        ([Tensor(1), 2], [1, 2]),
        (pd.DataFrame({"a": [1, 2]}), [1, 2]),
        (np.array([[1], [2]]), [1, 2]),
        (range(2), [0, 1]),
        ("3/16", 0.1875),
        (" -3 / 16 ", -0.1875),
        ("−2.5", -2.5),
        ("0,164", 0.164),
        ("0.164", 0.164),
        ("25,450", 25450),
        ("25.450", 25450),
        ("25 450", 25450),
        ("25'450", 25450),
        ("1,234.5", 1234.5),
        ("1.234,5", 1234.5),
        ("5,263", 5.263),
        ("12.5 %", 0.125),
        ("12.5 %", 12.5),
        ("1e-3", 0.001),
        (["1/2", "0,5"], [0.5, 0.5]),
    ],
)
def test_numbers_are_read_in_many_forms(answer, expected):
    assert read(answer, expected).tolist() == np.ravel(expected).tolist()


@pytest.mark.parametrize(
    "answer, said",
    [
        (True, "not a number"),
        ([1, np.True_], "not a number"),
        (1j, "not a number"),
        ("six", "'six' is no number"),
        ("1/0", "no number"),
        ("__import__('os')", "no number"),
        ("0,164,3", "no number"),
        (float("nan"), "no number"),
        (None, "NoneType"),
        (len, "a function"),
        ({1, 2}, "set"),
        (1, "two numbers. Your answer has 1."),
        ([], "two numbers. Your answer has none."),
        ([[1, 2], [3]], "two numbers. Your answer has 3."),
    ],
)
def test_what_is_no_number_is_said(answer, said):
    with pytest.raises(Hint, match=said):
        read(answer, [1, 2])


@pytest.mark.parametrize(
    "answer, hint",
    [
        (0.1875, None),
        (0.188, None),
        (0.187, None),
        (0.18751, None),
        (0.19, "Right, but rounded to two digits: give three."),
        (0.18, "Right, but rounded to two digits: give three."),
        (0.2, "A fifth."),
        (0.21, "No."),
        (0.44, "1 - phi^2."),
        (-0.1875, "The size is right, the sign is not. No."),
        (16 / 3, "This is the right number upside down, one over it. No."),
        (0.375, "This is twice the right number. No."),
        (0.09375, "This is half of the right number. No."),
        (18.75, "The digits are right, but not the place of the point. No."),
        (0.185, "Nearly: keep all digits until the end. No."),
        (0, "No."),
    ],
)
def test_a_number_is_right_to_three_digits(answer, hint):
    assert Numbers(0.1875, {0.2: "A fifth.", 0.4375: "1 - phi^2."}, "No.")(answer) == (
        hint
    )


@pytest.mark.parametrize(
    "answer, hint",
    [
        (25450, None),
        ("25,450", None),
        (np.float32(25450), None),
        (25400, "Right, but rounded: give the exact number."),
        (25451, "Nearly: off by one. 25451"),
        (25450.4, "Nearly: the right answer is whole. 25450.4"),
        (25440, "Biases."),
        (25445, "25445"),
    ],
)
def test_a_whole_number_is_exact(answer, hint):
    count = Numbers(25450, {25440: "Biases."}, lambda answer: f"{answer:.6g}")
    assert count(answer) == hint


@pytest.mark.parametrize(
    "answer, hint",
    [
        (0.99968, None),
        (0.9997, None),
        (0.999936, "Six."),
        (1.0, "One."),
        (0.999, "Right, but rounded to three digits: give four."),
    ],
)
def test_more_digits_where_they_are_asked_for(answer, hint):
    mistakes = {0.999936: "Six.", 1.0: "One."}
    assert Numbers(0.99968, mistakes, "No.", digits=4)(answer) == hint


@pytest.mark.parametrize(
    "answer, says",
    [
        ((0.1875, [7, 9]), "✓ 99-numbers: right. All three are right."),
        (([0.1875, 7, 9],), "✓"),
        ((0.25, [7, 9]), "✗ 99-numbers: not yet. First: A quarter."),
        ((0.25, [8, 8]), "✗ 99-numbers: not yet. First: A quarter."),
        ((0.1875, [8, 8]), "✗ 99-numbers: not yet. Second: They differ."),
        (
            (0.1875, [9, 7]),
            "✗ 99-numbers: not yet. Second: The right numbers, but in the wrong order.",
        ),
        (([7, 9], 0.1875), "✗ 99-numbers: not yet. The other way round."),
        (
            (9, 7, 0.1875),
            "✗ 99-numbers: not yet. The right numbers, but in the wrong order. It is"
            " First, Second (two).",
        ),
        (
            (0.1875, 7),
            "✗ 99-numbers: not yet. The exercise asks for three numbers (First, Second"
            " (two)). Your answer has 2.",
        ),
    ],
)
def test_parts_are_told_apart(said, answer, says):
    assert said("99-numbers", *answer).startswith(says)


@pytest.mark.parametrize(
    "answer, expected, same",
    [
        ([1, 2], [1, 2], True),
        ([1, 2], [2, 1], False),
        ([[1, 2]], [1, 2], False),
        (None, 1, False),
        ("1", 1, False),
        (True, 1, False),
        (1.00005, 1.0, True),
        (1.01, 1.0, False),
        (25451, 25450, False),
        (Tensor(1.5, 2), [1.5, 2], True),
    ],
)
def test_close_compares_shape_and_numbers(answer, expected, same):
    assert close(answer, expected) is same


# -- Names -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["99-dubble", None, 3])
def test_an_unknown_exercise_is_said(said, name):
    out = said(name, 1)
    assert out.startswith(f"There is no exercise {name!r}.") and (
        "99-double" in out
    ) == (name == "99-dubble")


def test_a_name_is_given_once(said):
    with pytest.raises(ValueError, match="two exercises"):
        exercise("99-double", "")(None)


def test_an_unusable_answer_is_explained_not_raised(said):
    class Broken:
        def __array__(self, dtype=None, copy=None):
            raise ValueError("broken")

    assert said("99-numbers", Broken(), 1, 2) == (
        "✗ 99-numbers: not yet. The answer could not be used (ValueError: broken). Look"
        " again at what the exercise asks for."
    )
