"""Criteria: three outcomes for intervals, two for numbers, none for no number."""

import math

import numpy as np
import pytest

from course_utils.claims import load_errata, load_statements
from course_utils.criteria import KINDS, Criterion
from course_utils.statistics import Interval

ABOVE, ACROSS, BELOW = (
    Interval(m, m - 0.5, m + 0.5, 10) for m in (2.0, 1.0, 0.0)
)  # of 1


@pytest.mark.parametrize(
    "asked, values, outcome",
    [
        ("> 1", ABOVE, True),
        ("> 1", ACROSS, None),
        ("> 1", BELOW, False),
        ("< 1", BELOW, True),
        ("< 1", ACROSS, None),
        ("< 1", ABOVE, False),
        ("> 1", [ABOVE, ABOVE], True),
        ("> 1", [ABOVE, ACROSS], None),
        ("> 1", [ACROSS, BELOW], False),
        ("> 1", {"a": ABOVE, "b": BELOW}, False),
        ("from 0.4 to 1.6", ACROSS, True),
        ("from 0.6 to 1.6", ACROSS, None),
        ("from 2 to 3", ACROSS, False),
        ("from 0 to 0.4", ACROSS, False),
        ("> 1", Interval(1.5, 1.0, 2.0, 10), None),
        (">= 1", Interval(1.5, 1.0, 2.0, 10), True),
        ("< 2", Interval(1.5, 1.0, 2.0, 10), None),
        ("<= 2", Interval(1.5, 1.0, 2.0, 10), True),
        ("< 1", Interval(1.5, 1.0, 2.0, 10), False),
        ("> -1e-3", Interval(0.0, -1e-4, 1e-4, 10), True),
    ],
)
def test_intervals_are_judged_as_a_whole(asked, values, outcome):
    assert (
        Criterion(f"gain: {asked}").judge("C01a", "measured", values).outcome is outcome
    )


@pytest.mark.parametrize(
    "asked, value, outcome",
    [
        ("= 1", 1, True),
        ("= 1", np.ones((3, 2), int), True),
        ("= 1", [1, 1, 2], False),
        ("< 1e-5", 9e-6, True),
        ("< 1e-5", 1e-5, False),
        ("<= 3", np.array([1, 3]), True),
        (">= 3", 3, True),
        ("> 3", 3, False),
        ("> 3", math.inf, True),
        ("from -0.1 to .1", -0.1, True),
        ("yes", True, True),
        ("yes", np.array([True, False]), False),
        ("no", np.False_, True),
        ("no", True, False),
    ],
)
def test_numbers_and_answers(asked, value, outcome):
    assert Criterion(f"what: {asked}").judge("C01a", "exact", value).outcome is outcome


@pytest.mark.parametrize(
    "text, kind, value, error, message",
    [
        ("gain > 0", "exact", 1, ValueError, "no form that can be judged"),
        ("gain: above 0", "exact", 1, ValueError, "no form that can be judged"),
        ("gain: > 0", "exact", [], ValueError, "no value to judge"),
        ("gain: > 0", "exact", np.nan, ValueError, "not a number"),
        (
            "gain: > 0",
            "exact",
            Interval(1, math.nan, 2, 10),
            ValueError,
            "not a number",
        ),
        ("gain: > 0", "exact", True, TypeError, "not a comparison"),
        ("gain: yes", "exact", 1.0, TypeError, "True or False"),
        ("gain: > 0", "measured", 1.0, TypeError, "at least 10 seeds"),
        ("gain: > 0", "measured", np.ones(9), TypeError, "at least 10 seeds"),
        ("gain: > 0", "measured", Interval(1, 1, 1, 9), TypeError, "at least 10 seeds"),
        (
            "gain, 3 seeds: > 0",
            "full scale",
            Interval(1, 1, 1, 4),
            ValueError,
            "3 seeds",
        ),
        (
            "gain, each of 3 seeds: > 0",
            "full scale",
            [1, 1, 1, 1],
            ValueError,
            "3 seeds",
        ),
        ("gain, 3 seeds: > 0", "full scale", 1.0, ValueError, "of 3 seeds"),
        ("gain, 12 other seeds: > 0", "measured", np.ones(11), ValueError, "12 seeds"),
    ],
)
def test_what_cannot_be_judged_is_refused(text, kind, value, error, message):
    with pytest.raises(error, match=message):
        Criterion(text).judge("C01a", kind, value)


@pytest.mark.parametrize(
    "asked, value, text, number",
    [
        ("> 1", Interval(3.9, 3.5, 4.3, 12), "gain: 3.9 [3.5, 4.3] (asked: > 1)", 3.9),
        (
            "> 1",
            [*range(1, 11)],
            "gain: 1 to 10 (10 values), met by 9 (asked: > 1)",
            1,
        ),
        ("< 1", [0.125] * 10, "gain: 0.125 to 0.125 (10 values) (asked: < 1)", 0.125),
        ("from 0 to 2", [ABOVE, ACROSS], None, 2.0),
        (
            "> 1",
            [ABOVE, ACROSS, ABOVE, ABOVE],
            "gain: 1.0 [0.5, 1.5] to 2.0 [1.5, 2.5] (4 intervals), met by 3"
            " (asked: > 1)",
            1.0,
        ),
    ],
)
def test_what_is_said_and_the_number_that_stands_for_it(asked, value, text, number):
    judged = Criterion(f"gain: {asked}").judge("C01a", "measured", value)
    assert judged.value == number and text in (None, judged.text)


def test_rounding_errors_are_not_spelled_out():
    judged = Criterion("difference: < 1e-5").judge("C01a", "exact", 3.2e-8)
    assert judged.text == "difference: < 1e-5" and judged.value == 3.2e-8
    assert "0.5" in Criterion("difference: < 1e-5").judge("C01a", "exact", 0.5).text


def test_every_statement_in_the_file_has_an_id_a_kind_and_a_criterion():
    table = load_statements()
    assert not table["id"].duplicated().any()
    assert table["id"].str.fullmatch(r"[CE]\d\d[a-z]").all()
    assert set(table["kind"]) <= set(KINDS)
    assert table["statement"].str.len().min() > 0
    for text in table["criterion"]:
        Criterion(text)
    for claim, rows in table.groupby("claim"):
        letters = "".join(rows["id"].str[-1])
        assert letters == "abcdefghijklmnopqrstuvwxyz"[: len(letters)], claim
    assert set(load_errata()["id"]) <= set(table["claim"])


def test_every_claim_is_decided_by_statements_of_the_lecture():
    """A statement of a claim names the lecture's statements that it judges."""
    rows = load_statements().query("claim.str.startswith('C')")
    assert rows["lecture"].str.fullmatch(r"S\d{3}( S\d{3})*").all()
    assert rows["claim"].nunique() == 62
