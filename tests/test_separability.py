"""The linear program: lines that must exist, lines that cannot, and Cover's count."""

from itertools import product
from math import comb

import numpy as np
import pytest

from course_utils import separable, separating_line

CORNERS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])


def test_and_has_a_line_and_xor_has_none():
    w, b = separating_line(CORNERS, [0, 0, 0, 1])
    assert w.shape == (2,) and isinstance(b, float)
    assert ((CORNERS @ w + b) * [-1, -1, -1, 1] >= 1 - 1e-6).all()
    assert separating_line(CORNERS, [0, 1, 1, 0]) is None
    assert separable(CORNERS, [0, 0, 0, 1]) and not separable(CORNERS, [0, 1, 1, 0])


@pytest.mark.parametrize("points, n", [(4, 2), (5, 2), (5, 3)])
def test_the_labellings_with_a_line_are_as_many_as_cover_counts(points, n):
    """Cover (1965), general position: 2 times the sum over k <= n of (m-1 over k)."""
    X = np.random.default_rng(1).normal(size=(points, n))
    found = sum(separable(X, y) for y in product((0, 1), repeat=points))
    assert found == 2 * sum(comb(points - 1, k) for k in range(n + 1))


def test_the_line_is_right_wherever_points_were_made_separable():
    rng = np.random.default_rng(0)
    for _ in range(20):
        X, w_star = rng.uniform(-1, 1, (30, 3)), rng.normal(size=3)
        X = X[np.abs(X @ w_star - 0.2) > 0.05]
        y = np.sign(X @ w_star - 0.2)
        w, b = separating_line(X, y)
        assert (y * (X @ w + b) >= 1 - 1e-6).all()


def test_a_point_in_both_classes_cannot_be_separated():
    X = [[0.0, 1.0], [2.0, 3.0], [0.0, 1.0]]
    assert not separable(X, [1, 1, -1])


@pytest.mark.parametrize("y", [[True, False, False, True], [1, -1, -1, 1]])
def test_booleans_and_signs_are_the_same_classes(y):
    assert not separable(CORNERS, y)
    w, b = separating_line(CORNERS[:3], y[:3])
    assert np.sign(CORNERS[:3] @ w + b).tolist() == [1, -1, -1]


def test_a_constant_one_among_the_inputs_changes_no_answer():
    with_one = np.column_stack([CORNERS, np.ones(4)])
    for y in product((-1, 1), repeat=4):
        assert separable(with_one, np.array(y)) == separable(CORNERS, np.array(y))


@pytest.mark.parametrize(
    "X, y, message",
    [
        (CORNERS, [0, 1, 1], "not .4, 2. and .3,"),
        (CORNERS, [0, 1, 1, 0, 1], "not .4, 2. and .5,"),
        (CORNERS, [[0], [1], [1], [0]], "not .4, 2. and .4, 1"),
        (CORNERS[:, 0], [0, 1, 1, 0], "points in rows"),
        (CORNERS, [0, 1, 2, 0], "labels must be"),
        (CORNERS, [-1, 0, 1, 1], "labels must be"),
        (CORNERS * np.nan, [0, 1, 1, 0], "finite"),
    ],
)
def test_bad_input_is_explained(X, y, message):
    with pytest.raises(ValueError, match=message):
        separating_line(X, y)


def test_an_undecided_program_is_not_taken_for_none(monkeypatch):
    from types import SimpleNamespace

    import scipy.optimize

    answer = SimpleNamespace(status=4, message="numerical difficulties", x=None)
    monkeypatch.setattr(scipy.optimize, "linprog", lambda *args, **kw: answer)
    with pytest.raises(RuntimeError, match="undecided: numerical"):
        separable(CORNERS, [0, 1, 1, 0])
