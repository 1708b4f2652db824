"""Intervals and comparisons against SciPy, statsmodels' textbook numbers and by
hand."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from course_utils.statistics import (
    mean_interval,
    paired,
    share_interval,
    summary,
    time_to,
)

VALUES = np.random.default_rng(0).normal(3, 2, 12)


def test_mean_interval_is_scipys_t_interval():
    interval = stats.ttest_1samp(VALUES, 0).confidence_interval(0.9)
    assert np.allclose(
        mean_interval(VALUES, 0.9), (VALUES.mean(), interval.low, interval.high)
    )


def test_mean_interval_by_hand():
    """1, 2, 3: mean 2, standard error 1 / sqrt(3), t quantile 4.303 for two degrees of
    freedom."""
    assert np.allclose(
        mean_interval([1, 2, 3]),
        (2, 2 - 4.3027 / 3**0.5, 2 + 4.3027 / 3**0.5),
        atol=1e-4,
    )


def test_share_interval_is_wilsons_formula():
    share, low, high = share_interval(np.arange(10) < 8)
    z, p, n = stats.norm.ppf(0.975), 0.8, 10
    middle, half = p + z**2 / (2 * n), z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    assert np.allclose(
        (share, low, high),
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
        paired(frame(), "loss", "arm", "a", "b"),
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
        table.loc[0, ["mean", "low", "high"]].astype(float), mean_interval(VALUES)
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
        (lambda: mean_interval(np.zeros((2, 2))), "not the shape"),
        (lambda: share_interval([1, 0]), "True and False"),
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
