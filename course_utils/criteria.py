"""Criteria of statements, as ``data/claims.csv`` words them, and their judgement.

A criterion says what is measured, then what is asked of it:

- ``accuracy lost without the bias, in points (paired): > 0.5``
- ``factor of a layer: from 0.9 to 1.1``
- ``rank of the weights after training, every seed: = 1``
- ``the linear program finds a line: no``
"""

import operator
import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from .inputs import numbers, shown
from .statistics import Interval

NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
ASKED = re.compile(
    rf"(?P<quantity>.+): (?:(?P<sign>>=|<=|>|<|=) (?P<bound>{NUMBER})"
    rf"|from (?P<low>{NUMBER}) to (?P<high>{NUMBER})|(?P<answer>yes|no))"
)
SEEDS = re.compile(r"(\d+)(?: other)? seeds")
SHOWN = 3  # more intervals are shown by the ends of their range
KINDS = ("exact", "measured", "full scale")


@dataclass(frozen=True)
class Judgement:
    """Of one statement: outcome (True, False or None), text, and the number behind
    it."""

    outcome: bool | None
    text: str
    value: Any


class Criterion:
    """What is asked of a measured quantity.

    Parameters
    ----------
    text : str
        "quantity: > 0.5" (or <, >=, <=, =), "quantity: from 0.9 to 1.1", "quantity:
        yes" or "quantity: no".

    Raises
    ------
    ValueError
        If the text has another form.
    """

    def __init__(self, text):
        match = ASKED.fullmatch(text)
        if not match:
            raise ValueError(
                f"The criterion {text!r} has no form that can be judged: write"
                " 'quantity: > 0.5', 'quantity: from 0.9 to 1.1' or 'quantity: yes'."
            )
        self.text, self.quantity, self.answer = text, match["quantity"], match["answer"]
        self.asked = text.removeprefix(f"{self.quantity}: ")
        self._seeds = [int(count) for count in SEEDS.findall(self.quantity)]
        self._sign = match["sign"]
        self._low, self._high = (
            float(match["bound"] or match[end] or "nan") for end in ("low", "high")
        )

    def judge(self, statement, kind, value):
        """Whether a measured value meets the criterion.

        Parameters
        ----------
        statement : str
            Its id, for the messages.
        kind : {"exact", "measured", "full scale"}
            A measured statement needs intervals, or one value for each of 10 seeds.
        value
            An Interval, a number, a truth value, or an array, list or dict of them:
            each must meet the criterion. If the criterion names a number of seeds, an
            Interval is of so many, and others are one or several for each of them.

        Returns
        -------
        Judgement
            Its outcome is None if an interval lies across the criterion and nothing
            else refutes the statement.

        Raises
        ------
        TypeError, ValueError
            If the value is not of the criterion's or the kind's form, or has no number.
        """
        values = _flat(value)
        if not values:
            raise ValueError(f"{statement}: there is no value to judge.")
        intervals = all(isinstance(one, Interval) for one in values)
        few = any(one.n < 10 for one in values) if intervals else len(values) < 10
        if kind == "measured" and few:
            raise TypeError(
                f"{statement} is a measured statement: give an Interval of at least 10"
                f" seeds, or one value for each of them, not {shown(value)}."
            )
        for seeds in self._seeds:
            other = (
                any(v.n != seeds for v in values) if intervals else len(values) % seeds
            )
            if other:
                raise ValueError(
                    f"{statement} is asked of {seeds} seeds: give an Interval of so"
                    f" many, or one value for each of them, not {shown(value)}."
                )
        outcomes = [self._meets(statement, one) for one in values]
        outcome = False if False in outcomes else None if None in outcomes else True
        text = self._text(values, outcomes, kind)
        return Judgement(outcome, text, self._number(values))

    def _meets(self, statement, value):
        """True, False, or None if an interval lies across the criterion."""
        if self.answer:
            if not isinstance(value, (bool, np.bool_)):
                raise TypeError(
                    f"{statement} asks for True or False, not {shown(value)}."
                )
            return bool(value) == (self.answer == "yes")
        if isinstance(value, (bool, np.bool_)):
            raise TypeError(
                f"{statement} asks for a number ({self.asked}): give the measured"
                " value, not a comparison."
            )
        low, high = value[1:] if isinstance(value, Interval) else (value, value)
        for end in (low, high):
            numbers(f"The value of {statement}", end, "a number or an Interval", ndim=0)
        if np.isnan(low) or np.isnan(high):
            raise ValueError(f"{statement}: the measured value is not a number (NaN).")
        return self._compare(low, high)

    def _compare(self, low, high):
        if self._sign in (">", ">="):
            meets = operator.gt if self._sign == ">" else operator.ge
            return _decide(meets(low, self._low), meets(high, self._low))
        if self._sign in ("<", "<="):
            meets = operator.lt if self._sign == "<" else operator.le
            return _decide(meets(high, self._high), meets(low, self._high))
        inside = self._low <= low and high <= self._high
        return _decide(inside, high >= self._low and low <= self._high)

    def _number(self, values):
        """Of several values the one that is nearest to failing; the share of True."""
        numbers = np.array(
            [one[0] if isinstance(one, Interval) else one for one in values]
        )
        if self.answer:
            return float(numbers.mean())
        if self._sign in (">", ">="):
            return float(numbers.min())
        if self._sign in ("<", "<="):
            return float(numbers.max())
        middle = (self._low + self._high) / 2
        return float(numbers[np.abs(numbers - middle).argmax()])

    def _text(self, values, outcomes, kind):
        """The quantity, what was measured of it and what was asked."""
        small = kind == "exact" and self._sign in ("<", "<=") and self._high <= 1e-3
        if small and all(outcomes):  # rounding errors: the digits say nothing
            return f"{self.quantity}: {self.asked}"
        if self.answer:
            shown = "yes" if all(values) else "no"
            if len(set(map(bool, values))) == 2:
                shown = f"yes in {sum(map(bool, values))} of {len(values)}"
        elif len(values) <= SHOWN and all(isinstance(v, Interval) for v in values):
            shown = ", ".join(map(_short, values))
        elif all(isinstance(one, Interval) for one in values):
            ends = min(values, key=tuple), max(values, key=tuple)
            shown = " to ".join(map(_short, ends)) + f" ({len(values)} intervals)"
        elif len(values) == 1:
            shown = _short(values[0])
        else:
            numbers = [float(one) for one in values]
            ends = f"{_short(min(numbers))} to {_short(max(numbers))}"
            shown = f"{ends} ({len(values)} values)"
        if not self.answer and len(values) > SHOWN and not all(outcomes):
            shown += f", met by {sum(map(bool, outcomes))}"
        return f"{self.quantity}: {shown} (asked: {self.asked})"


def _decide(all_of_it, some_of_it):
    """True if all of an interval meets a criterion, False if none does, else None."""
    return True if all_of_it else None if some_of_it else False


def _flat(value):
    """The single values in a value, array, list or dict."""
    if isinstance(value, Interval):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        return [one for part in value for one in _flat(part)]
    if isinstance(value, (str, bytes)):  # the judgement says so
        return [value]
    return list(np.ravel(np.asarray(value)))


def _short(value):
    if isinstance(value, Interval):
        return str(value)
    value = float(value)
    return f"{value:.0f}" if value.is_integer() and abs(value) < 1e6 else f"{value:.3g}"
