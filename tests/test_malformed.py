"""Malformed arguments to every public helper: an answer, or one clear sentence; nothing
is left behind, nothing changed. `make bad-days` draws many more."""

import inspect

import numpy as np
import pytest

import course_utils
from course_utils import figures
from course_utils.inputs import need
from trust import malformed
from trust.malformed import NOT_CALLED, Helper, helpers, outcomes

DRAWS = 25
SLOW = {"learning_rate_range_test": 10, "fit_replicas": 10}


def test_every_public_name_is_called():
    called = {helper.name.split(".")[0].split("(")[0] for helper in helpers()}
    assert set(course_utils._HOME) - called == set(NOT_CALLED)
    drawn = {name for name, one in vars(figures).items() if inspect.isfunction(one)}
    drawn = {
        name
        for name in drawn
        if "ax" in inspect.signature(vars(figures)[name]).parameters
    }
    named = {helper.name.removeprefix("figures.") for helper in helpers()}
    assert {name for name in drawn if not name.startswith("_")} <= named


@pytest.mark.parametrize("helper", helpers(), ids=lambda helper: helper.name)
def test_malformed_arguments_end_in_one_clear_sentence(helper):
    found = outcomes(helper, SLOW.get(helper.name, DRAWS))
    assert [one for one in found if one.faults] == []
    assert len(found) > 5


def _helper(function):
    return Helper("made_up", function, lambda: {"values": np.arange(3.0)})


def _leaves_a_file(values):
    open("left.txt", "w").close()


def _changes(values):
    if isinstance(values, np.ndarray) and values.dtype == float and values.size:
        values.flat[0] = 7


def _draws(values):
    np.random.random()


def _opens_a_figure(values):
    import matplotlib.pyplot as plt

    plt.figure()


def _silent(values):
    raise ValueError


def _foreign(values):
    np.linalg.inv(values)


def _rambles(values):
    raise ValueError("values is wrong.\n" + "x" * 400)


def _hangs(values):
    while True:
        pass


@pytest.mark.parametrize(
    "function, fault",
    [
        (_leaves_a_file, "leaves files changed"),
        (_changes, "changes values"),
        (_draws, "leaves NumPy's random state changed"),
        (_opens_a_figure, "leaves figures changed"),
        (_silent, "no sentence"),
        (_foreign, "raised in"),
        (_rambles, "characters"),
        (lambda values: {}[repr(values)], "raises KeyError"),
        (lambda values: int("a"), "raised in"),
        (_hangs, "runs for more than"),
    ],
)
def test_a_helper_that_falls_short_is_found_out(monkeypatch, function, fault):
    monkeypatch.setattr(malformed, "SECONDS", 0.2)
    with malformed._own_place():
        found = malformed.call(
            _helper(function), {"values": np.arange(2.0)}, ["values"]
        )
    assert any(fault in one for one in found.faults), found


def test_one_clear_sentence_is_no_fault():
    def refuses(values):
        need(False, "values", "a row of numbers", values)

    with malformed._own_place():
        found = malformed.call(_helper(refuses), {"values": "a"}, ["values"])
    assert found.message == "values must be a row of numbers, not 'a'."
    assert not found.faults and not found.answered
