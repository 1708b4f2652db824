"""Intervals and comparisons against SciPy, statsmodels' textbook numbers and by
hand."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from course_utils.statistics import (
    Interval,
    mcnemar,
    mean_interval,
    median_interval,
    paired,
    share_interval,
    summary,
    time_to,
)

VALUES = np.random.default_rng(0).normal(3, 2, 12)


def test_mean_interval_is_scipys_t_interval():
    interval = stats.ttest_1samp(VALUES, 0).confidence_interval(0.9)
    assert np.allclose(
        [*mean_interval(VALUES, 0.9)], (VALUES.mean(), interval.low, interval.high)
    )


def test_mean_interval_by_hand():
    """1, 2, 3: mean 2, standard error 1 / sqrt(3), t quantile 4.303 for two degrees of
    freedom."""
    assert np.allclose(
        [*mean_interval([1, 2, 3])],
        (2, 2 - 4.3027 / 3**0.5, 2 + 4.3027 / 3**0.5),
        atol=1e-4,
    )


def test_share_interval_is_wilsons_formula():
    share, low, high = share_interval(np.arange(10) < 8)
    z, p, n = stats.norm.ppf(0.975), 0.8, 10
    middle, half = p + z**2 / (2 * n), z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    assert np.allclose(
        [share, low, high],
        (0.8, (middle - half) / (1 + z**2 / n), (middle + half) / (1 + z**2 / n)),
    )


def frame(shift=1.0):
    seeds = np.arange(12)
    noise = np.random.default_rng(1).normal(0, 0.1, 12)
    one = pd.DataFrame({"arm": "a", "seed": seeds, "loss": VALUES})
    return pd.concat(
        [
            one,
            pd.DataFrame(
                {
                    "arm": "b",
                    "seed": seeds[::-1],
                    "loss": (VALUES - shift + noise)[::-1],
                }
            ),
        ]
    )


def test_paired_matches_the_seeds_and_scipy():
    a, b = (
        frame().query("arm == @arm").sort_values("seed")["loss"].to_numpy()
        for arm in "ab"
    )
    interval = stats.ttest_rel(a, b).confidence_interval()
    assert np.allclose(
        [*paired(frame(), "loss", "arm", "a", "b")],
        (np.mean(a - b), interval.low, interval.high),
    )
    assert interval.low > 0.8  # far tighter than the spread of the seeds, which is 2


def test_summary_has_one_row_for_each_group():
    table = summary(frame(), "arm", "loss")
    assert (
        table.columns.tolist() == ["arm", "mean", "low", "high", "n"]
        and table["arm"].tolist() == ["a", "b"]
        and table["n"].tolist() == [12, 12]
    )
    assert np.allclose(
        table.loc[0, ["mean", "low", "high"]].astype(float), [*mean_interval(VALUES)]
    )
    assert summary(frame().assign(x=1), ["arm", "x"], "loss").columns.tolist() == [
        "arm",
        "x",
        "mean",
        "low",
        "high",
        "n",
    ]


def test_time_to_is_the_first_step_that_reaches_the_target():
    history = pd.DataFrame(
        {
            "seed": [5, 5, 5, 2, 2, 2],
            "epoch": [1, 2, 3] * 2,
            "loss": [3, 1, 2, 3, 3, 3],
            "accuracy": [0.1, 0.5, 0.9, 0.9, 0.1, 0.1],
        }
    )
    assert time_to(history, "loss", 1).to_dict() == pytest.approx(
        {5: 2, 2: np.nan}, nan_ok=True
    )
    assert time_to(history, "accuracy", 0.5).to_dict() == {5: 2, 2: 1}


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: mean_interval([1]), "at least two values"),
        (lambda: mean_interval(np.zeros((2, 2))), "in one row, not .* shape .2, 2"),
        (lambda: share_interval([1, 0]), "True and False"),
        (lambda: mean_interval([1, 2], method="z"), "'t' or 'bootstrap'"),
        (lambda: median_interval([1]), "at least two values"),
        (lambda: median_interval(np.zeros((2, 2))), "not float64 of shape .2, 2."),
        (lambda: mcnemar(np.array([1]), np.array([True])), "True and False"),
        (lambda: mcnemar(np.array([True]), np.array([1])), "True and False"),
        (
            lambda: mcnemar(np.array(["2026-01-01"], "M8[D]"), np.array([True])),
            "True and False",
        ),
        (lambda: mcnemar(np.array([True]), np.array([True, False])), "one length"),
        (
            lambda: time_to(pd.concat([frame().assign(epoch=1)] * 2), "loss", 1),
            "one arm at a time",
        ),
        (lambda: paired(frame(), "loss", "arm", "a", "c"), "same seeds"),
        (lambda: paired(frame().iloc[1:], "loss", "arm", "a", "b"), "same seeds"),
        (
            lambda: paired(pd.concat([frame(), frame()]), "loss", "arm", "a", "b"),
            "same seeds",
        ),
    ],
)
def test_bad_input_is_one_sentence(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_an_interval_compares_as_a_whole():
    one = Interval(1.0, 0.5, 1.5, 10)
    assert one > 0 and one > 0.4 and one < 2 and one >= 0.5 and one <= 1.5
    assert not one > 0.5 and not one > 1 and not one < 1 and not one < 1.5
    assert 0 < one and 2 > one and not 1 < one
    assert Interval(3, 2, 4, 10) > one and not Interval(2, 1, 3, 10) > one
    assert -one < 0 and (100 * one)[:] == (100, 50, 150) and one.n == 10
    mean, low, high = one.map(lambda value: 1 / value)
    assert (mean, low, high) == (1, 1 / 1.5, 2)


@pytest.mark.parametrize(
    "interval, text",
    [
        (Interval(3.94, 3.5, 4.34, 10), "3.9 [3.5, 4.3]"),
        (Interval(2.5, 0.45, 4.55, 4), "2.5 [0.5, 4.5]"),
        (Interval(123.4, 110.2, 136.6, 4), "123 [110, 137]"),
        (Interval(0.9, 0.5958, 0.9821, 10), "0.90 [0.60, 0.98]"),
        (Interval(0.25, 0.25, 0.25, 10), "0.25 [0.25, 0.25]"),
        (Interval(2.6e-8, 2e-8, 3.2e-8, 10), "2.6e-08 [2.0e-08, 3.2e-08]"),
        (Interval(7.5, 4.0, np.inf, 10), "7.5 [4.0, never]"),
    ],
)
def test_an_interval_prints_the_digits_its_width_allows(interval, text):
    assert str(interval) == f"{interval}" == text


def test_an_interval_takes_a_format():
    assert f"{Interval(0.256, 0.1, 0.4, 10):.0%}" == "26% [10%, 40%]"


def test_the_bootstrap_interval_is_near_the_t_interval_and_needs_no_symmetry():
    values = np.random.default_rng(2).normal(5, 1, 200)
    assert np.allclose(
        [*mean_interval(values, method="bootstrap")],
        [*mean_interval(values)],
        atol=0.02,
    )
    skewed = np.random.default_rng(2).exponential(size=30)
    mean, low, high = mean_interval(skewed, method="bootstrap")
    assert high - mean > 1.2 * (mean - low)
    assert mean_interval(skewed, method="bootstrap") == mean_interval(
        skewed, method="bootstrap"
    )
    assert mean_interval([2, 2, 2], method="bootstrap") == Interval(2, 2, 2, 3)


def test_a_median_counts_runs_that_never_arrived():
    """With 10 values the order statistics 2 and 9 bound the median: P = 0.979."""
    values = np.array([5, 4, 3, np.nan, 6, 7, 8, 9, np.nan, 10])
    assert [*median_interval(values)] == [7.5, 4, np.inf]
    assert [*median_interval(np.arange(10.0))] == [4.5, 1, 8]
    assert median_interval([1, np.nan, np.nan]).mean == np.inf
    assert [*median_interval([np.nan] * 8)] == [np.inf] * 3
    coverage = [
        interval.low <= 0 <= interval.high
        for interval in map(
            median_interval, np.random.default_rng(3).normal(size=(500, 15))
        )
    ]
    assert 0.93 < np.mean(coverage) <= 1


def test_mcnemar_is_the_exact_binomial_test_on_the_pairs_that_differ():
    first = np.array([True] * 12 + [False] * 2 + [True] * 20)
    second = np.array([False] * 12 + [True] * 2 + [True] * 20)
    share = mcnemar(first, second)
    assert share.mean == 12 / 14 and share.n == 34
    for level in (0.95, 0.99, 0.999):
        significant = stats.binomtest(2, 14).pvalue < 1 - level
        assert (mcnemar(first, second, level) > 0.5) == significant
    assert mcnemar(first, first)[:] == (0.5, 0, 1)
    assert mcnemar(second, first) < 0.5


def test_runs_without_a_number_are_named():
    with pytest.raises(ValueError, match=r"2 of 4 .*places 1, 3.*share_interval"):
        mean_interval([1, np.nan, 2, np.inf])
    broken = frame()
    broken.loc[(broken["arm"] == "b") & (broken["seed"] == 7), "loss"] = np.nan
    with pytest.raises(ValueError, match=r"1 of 12 .*seed 7\)"):
        paired(broken, "loss", "arm", "a", "b")
