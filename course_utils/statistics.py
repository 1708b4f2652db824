"""Is it luck? Intervals that compare as a whole, paired comparisons, times to a target.

Frames are tidy, with one row for each seed. A run that diverged or had not arrived by
the end has no number (NaN): a mean refuses it, a share or a median counts it.
"""

import math
import operator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from . import inputs

SHOWN = 8  # of the seeds without a number, an error names so many


@dataclass(frozen=True)
class Interval:
    """An estimate with its confidence interval.

    It compares as a whole: ``gain > 0`` is true only if all of it lies above 0, so both
    ``gain > 0`` and ``gain < 0`` are false where 0 lies inside. It unpacks to
    ``mean, low, high`` and prints as ``3.9 [3.5, 4.3]``, or in a format given for each
    number (``f"{gain:.2f}"``).

    Attributes
    ----------
    mean, low, high : float
        The estimate (mean, share or median) and the ends of its interval.
    n : int
        Values it rests on.
    """

    mean: float
    low: float
    high: float
    n: int

    def __iter__(self):
        return iter((self.mean, self.low, self.high))

    def __getitem__(self, place):
        return (self.mean, self.low, self.high)[place]

    def __gt__(self, other):
        return self.low > _end(other, 2)

    def __ge__(self, other):
        return self.low >= _end(other, 2)

    def __lt__(self, other):
        return self.high < _end(other, 1)

    def __le__(self, other):
        return self.high <= _end(other, 1)

    def map(self, function):
        """The interval of a monotone function of the estimate, such as `np.exp`."""
        inputs.function("function", function)
        what = "What function returns"
        results = [inputs.number(what, function(value)) for value in self]
        mean, *ends = map(float, results)
        return Interval(mean, min(ends), max(ends), self.n)

    def __neg__(self):
        return self.map(operator.neg)

    def __mul__(self, factor):
        factor = inputs.number("factor", factor)
        return self.map(lambda value: value * factor)

    __rmul__ = __mul__

    def __format__(self, spec):
        spec = spec or self._spec()
        mean, low, high = (_text(value, spec) for value in self)
        return f"{mean} [{low}, {high}]"

    def __str__(self):
        return format(self, "")

    def _spec(self):
        """A format that shows half the width to one digit, or to two below 3."""
        half = (self.high - self.low) / 2
        if not math.isfinite(half):  # a median of runs of which some had not arrived
            return ".0f" if math.isinf(self.mean) or self.mean.is_integer() else ".1f"
        if half <= 0:
            return ".3g"
        decimals = max(0, -math.floor(math.log10(half / 3)))
        if decimals <= 5:
            return f".{decimals}f"
        return ".1e" if abs(self.mean) < 1e-3 else ".4g"


def _end(other, place):
    """The end of an interval, or the number, that a comparison as a whole needs."""
    if isinstance(other, Interval):
        return other[place]
    end = inputs.numbers("other", other, "an Interval or a number", kinds="biuf")
    return end if end.ndim else end.item()


def _text(value, spec):
    """A number as text; runs that had not arrived have the time "never"."""
    return "never" if math.isinf(value) and value > 0 else format(value, spec)


def mean_interval(values, level=0.95, method="t"):
    """The mean with its t or bootstrap interval (`scipy.stats`).

    Parameters
    ----------
    values : array, shape (n,)
        One number for each seed; at least two.
    level : float
        Confidence level.
    method : {"t", "bootstrap"}
        The bootstrap (bias-corrected and accelerated, 9,999 resamples, always the same
        ones) needs no normal distribution, but more than a few values.

    Returns
    -------
    Interval

    Raises
    ------
    ValueError
        If values are too few or not finite (which ones is said).
    """
    return _mean_interval("values", values, level, method)


def _mean_interval(name, values, level, method="t"):
    """The interval of values that an error calls `name`."""
    from scipy import stats

    needed = "at least two values, numbers in one row"
    values = inputs.numbers(name, values, needed, ndim=1, least=2, kinds="biuf")
    values, level = values.astype(float), inputs.level(level)
    inputs.one_of("method", method, ("t", "bootstrap"))
    _refuse_missing(values, np.arange(len(values)), "place")
    mean = values.mean()
    if method == "t":
        half = stats.t.ppf((1 + level) / 2, len(values) - 1) * stats.sem(values)
        low, high = mean - half, mean + half
    else:
        low, high = mean, mean
        if np.ptp(values):  # else there is nothing to resample
            low, high = stats.bootstrap(
                (values,), np.mean, confidence_level=level, rng=np.random.default_rng(0)
            ).confidence_interval
    return Interval(float(mean), float(low), float(high), len(values))


def share_interval(successes, level=0.95):
    """The share of True with its Wilson interval (`scipy.stats`).

    Parameters
    ----------
    successes : array of bool, shape (n,)
    level : float
        Confidence level.

    Returns
    -------
    Interval
    """
    from scipy import stats

    successes, level = inputs.truths("successes", successes), inputs.level(level)
    interval = stats.binomtest(int(successes.sum()), len(successes)).proportion_ci(
        level, method="wilson"
    )
    share = float(successes.mean())
    return Interval(share, float(interval.low), float(interval.high), len(successes))


def median_interval(values, level=0.95):
    """The median with its distribution-free interval (`scipy.stats.quantile_test`).

    Parameters
    ----------
    values : array, shape (n,)
        One number for each seed; NaN for a run that had not arrived by the end. It
        counts as later than every other.
    level : float
        Confidence level.

    Returns
    -------
    Interval
        Its ends are values that occur; they are infinite ("never") where too many runs
        had not arrived.
    """
    from scipy import stats

    needed = "at least two values, numbers in one row"
    values = inputs.numbers("values", values, needed, ndim=1, least=2, kinds="biuf")
    level = inputs.level(level)
    values = np.sort(np.where(np.isnan(values), np.inf, values))
    low, high = stats.quantile_test(values, p=0.5).confidence_interval(level)
    low = values[0] if math.isinf(values[0]) else -math.inf if math.isnan(low) else low
    high = math.inf if math.isnan(high) else high
    middle = values[[(len(values) - 1) // 2, len(values) // 2]].mean()
    return Interval(float(middle), float(low), float(high), len(values))


def mcnemar(first, second, level=0.95):
    """Paired yes and no: in which share of the pairs that differ is it `first` that is
    True?

    The interval lies above 0.5 exactly if McNemar's exact test finds `first` more often
    True than `second` (two-sided, at 1 - level).

    Parameters
    ----------
    first, second : array of bool, shape (n,)
        Two arms' outcomes over the same seeds.
    level : float
        Confidence level.

    Returns
    -------
    Interval
        Clopper and Pearson's, over the pairs that differ; n is the number of all pairs.
        From 0 to 1 where none differs.
    """
    from scipy import stats

    first, second = inputs.truths("first", first), inputs.truths("second", second)
    level = inputs.level(level)
    if len(first) != len(second):
        raise ValueError(
            "first and second must be two rows of True and False of one length, not of"
            f" {len(first)} and {len(second)}."
        )
    differ = int(np.sum(first != second))
    if not differ:
        return Interval(0.5, 0.0, 1.0, len(first))
    wins = int(np.sum(first & ~second))
    interval = stats.binomtest(wins, differ).proportion_ci(level, method="exact")
    low, high = float(interval.low), float(interval.high)
    return Interval(wins / differ, low, high, len(first))


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
    by = by if isinstance(by, (list, tuple)) else [by]
    inputs.need(len(by), "by", "at least one column", by)
    inputs.table("frame", frame, [*by, value], numeric=[value])
    groups = frame.groupby([*by], sort=False)[value]
    rows = pd.DataFrame(
        [
            [*_mean_interval(f"{value} of {by} {key}", part, level), len(part)]
            for key, part in groups
        ],
        columns=["mean", "low", "high", "n"],
    )
    return groups.size().reset_index()[[*by]].join(rows)


def paired(frame, value, arm, first, second, level=0.95, method="t"):
    """The difference `first` minus `second` of two arms over the same seeds.

    Parameters
    ----------
    frame : pandas.DataFrame
        Columns seed, `arm` and `value`, one row for each arm and seed.
    value, arm : str
        Columns.
    first, second
        Values of the column `arm`.
    level, method
        As for :func:`mean_interval`.

    Returns
    -------
    Interval

    Raises
    ------
    ValueError
        If the two arms do not have the same seeds, each once, or a seed has no number
        in one of them (which one is said).
    """
    inputs.table("frame", frame, ["seed", arm, value], numeric=[value])
    for which, name in (("first", first), ("second", second)):
        fits = pd.api.types.is_scalar(name)
        inputs.need(fits, which, f"a value of the column {arm!r}", name)
    one, two = (
        frame.loc[frame[arm] == name].set_index("seed")[value]
        for name in (first, second)
    )
    if (
        not len(one)
        or set(one.index) != set(two.index)
        or one.index.has_duplicates
        or two.index.has_duplicates
    ):
        raise ValueError(
            f"{inputs.shown(first)} and {inputs.shown(second)} must have the same seeds"
            " in frame, each once: a paired comparison needs pairs."
        )
    difference = one.astype(float) - two.reindex(one.index).astype(float)
    _refuse_missing(difference.to_numpy(), difference.index, "seed")
    return mean_interval(difference.to_numpy(), level, method)


def _refuse_missing(values, names, kind):
    missing = [
        str(name) for name, value in zip(names, values) if not np.isfinite(value)
    ]
    if missing:
        named = missing[:SHOWN] + ["..."] * (len(missing) > SHOWN)
        raise ValueError(
            f"{len(missing)} of {len(values)} values are no finite numbers"
            f" ({kind}{'s' if len(missing) > 1 else ''} {', '.join(named)}): runs"
            " that diverged or had not arrived by the end. A mean would pass over"
            " them: count them with share_interval, or take median_interval."
        )


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
        Index seed; NaN where a seed never reaches the target (see
        :func:`median_interval`).

    Raises
    ------
    ValueError
        If a seed has several rows for one step: the frame holds several arms, then take
        one at a time.
    """
    inputs.text("value", value, "a column's name")
    inputs.table("history", history, ["seed", step, value], numeric=[step, value])
    inputs.number("target", target)
    if history.duplicated(["seed", step]).any():
        raise ValueError(
            f"A seed has several rows of history for the same {step}: take one arm at"
            " a time."
        )
    falls = "loss" in value or "error" in value
    reached = history[value] <= target if falls else history[value] >= target
    return history[step].where(reached).groupby(history["seed"], sort=False).min()
