"""Is it luck? Intervals, paired comparisons and times to a target, on tidy frames with
one row for each seed."""

import numpy as np
import pandas as pd


def mean_interval(values, level=0.95):
    """The mean with its t interval (`scipy.stats`).

    Parameters
    ----------
    values : array, shape (n,)
        One value for each seed; at least two.
    level : float
        Confidence level.

    Returns
    -------
    tuple of float
        (mean, low, high).
    """
    from scipy import stats

    values = np.asarray(values, dtype=float)
    if values.ndim != 1 or len(values) < 2:
        raise ValueError(
            "An interval needs at least two values in one row, not the shape"
            f" {values.shape}."
        )
    mean, error = values.mean(), stats.sem(values)
    half = stats.t.ppf((1 + level) / 2, len(values) - 1) * error
    return float(mean), float(mean - half), float(mean + half)


def share_interval(successes, level=0.95):
    """The share of True with its Wilson interval (`scipy.stats`).

    Parameters
    ----------
    successes : array of bool, shape (n,)
    level : float
        Confidence level.

    Returns
    -------
    tuple of float
        (share, low, high).
    """
    from scipy import stats

    successes = np.asarray(successes)
    if successes.dtype != bool or successes.ndim != 1 or not len(successes):
        raise ValueError("A share needs a row of True and False.")
    interval = stats.binomtest(int(successes.sum()), len(successes)).proportion_ci(
        level, method="wilson"
    )
    return float(successes.mean()), float(interval.low), float(interval.high)


def summary(frame, by, value, level=0.95):
    """Mean and t interval of `value` over the rows of each group.

    Parameters
    ----------
    frame : pandas.DataFrame
        Tidy: one row for each seed in a group.
    by : str or list of str
        Columns that make the groups.
    value : str
    level : float
        Confidence level.

    Returns
    -------
    pandas.DataFrame
        The columns of `by`, then mean, low, high, n.
    """
    groups = frame.groupby(by, sort=False)[value]
    rows = pd.DataFrame(
        [mean_interval(part, level) for _, part in groups],
        columns=["mean", "low", "high"],
    )
    return (
        groups.size()
        .rename("n")
        .reset_index()
        .join(rows)[[*np.atleast_1d(by), "mean", "low", "high", "n"]]
    )


def paired(frame, value, arm, first, second, level=0.95):
    """The difference `first` minus `second` of two arms over the same seeds, with its t
    interval.

    Parameters
    ----------
    frame : pandas.DataFrame
        Columns seed, `arm` and `value`, one row for each arm and seed.
    value, arm : str
        Columns.
    first, second
        Values of the column `arm`.
    level : float
        Confidence level.

    Returns
    -------
    tuple of float
        (mean difference, low, high).

    Raises
    ------
    ValueError
        If the two arms do not have the same seeds, each once.
    """
    one, two = (
        frame.loc[frame[arm] == name].set_index("seed")[value]
        for name in (first, second)
    )
    if (
        not len(one)
        or sorted(one.index) != sorted(two.index)
        or one.index.has_duplicates
    ):
        raise ValueError(
            f"{first!r} and {second!r} must have the same seeds, each once: a paired"
            " comparison needs pairs."
        )
    return mean_interval((one - two.reindex(one.index)).to_numpy(), level)


def time_to(history, value, target, step="epoch"):
    """The first epoch (or update) at which each seed reaches a target.

    Parameters
    ----------
    history : pandas.DataFrame
        Columns seed, `step` and `value`.
    value : str
        A column; names with "loss" or "error" in them must fall to the target, others
        rise to it.
    target : float
    step : str
        "epoch" or "update".

    Returns
    -------
    pandas.Series
        Index seed; NaN where a seed never reaches the target.

    Raises
    ------
    ValueError
        If a seed has several rows for one step: the frame holds several arms, then take
        one at a time.
    """
    if history.duplicated(["seed", step]).any():
        raise ValueError(
            f"A seed has several rows for the same {step}: take one arm at a time."
        )
    falls = "loss" in value or "error" in value
    reached = history[value] <= target if falls else history[value] >= target
    return history[step].where(reached).groupby(history["seed"], sort=False).min()
