"""Arguments that are numbers: what fits, and what does not in one sentence."""

import numpy as np
import pytest

from course_utils.inputs import level, number, whole


@pytest.mark.parametrize("value", [10**400, -(10**400), True, "0.5", [1, 2], None])
def test_what_is_no_number(value):
    with pytest.raises((TypeError, ValueError), match="^x must be a number"):
        number("x", value)


@pytest.mark.parametrize("value", [0.25, 3, np.float32(0.25), np.int64(3), np.ones(())])
def test_what_is_a_number(value):
    assert number("x", value) == float(value)


@pytest.mark.parametrize("value", [0, 1, 10**400])
def test_a_level_lies_between_0_and_1(value):
    with pytest.raises(ValueError, match="above 0 and below 1"):
        level(value)
    assert level(0.95) == 0.95


@pytest.mark.parametrize("value", [1, 5, np.int8(3)])
def test_whole_numbers_reach_from_the_least_to_the_most(value):
    assert whole("n", value, 1, 5) == value
    for beyond in (value - 5, value + 5, float(value)):
        with pytest.raises((TypeError, ValueError), match="from 1 to 5"):
            whole("n", beyond, 1, 5)
