"""What a student hands in, as numbers: in whatever form they are written, compared to
the digits that an exercise asks for, with a hint for the mistake behind a wrong one."""

import re
import textwrap
from numbers import Number

import numpy as np

WORDS = ("no", "one", "two", "three", "four", "five", "six")


class Hint(Exception):
    """Ends a check: its message is the hint (or dots: the answer is not tried yet)."""


RELATIONS = (  # what a wrong number has to be put through to become the right one
    (lambda x: -x, "The size is right, the sign is not."),
    (lambda x: 1 / x, "This is the right number upside down, one over it."),
    (lambda x: x / 2, "This is twice the right number."),
    (lambda x: 2 * x, "This is half of the right number."),
    (lambda x: x**2, "This is the square root of the right number."),
    (lambda x: x**0.5, "This is the square of the right number."),
)


class Numbers:
    """An exercise, or a part of one, that asks for a number or for several.

    A whole number is `expected` exactly. Others are right to three digits, rounded or
    cut off. The shape does not matter: a column is as good as a row.

    Parameters
    ----------
    expected : float or sequence of float
        The right answer.
    mistakes : dict
        Wrong answers, or tuples of wrong answers, and the hint for each.
    otherwise : str or callable
        The hint for all other answers, or a function of the answer that returns it.
    digits : int
        How many digits are asked for.
    """

    def __init__(self, expected, mistakes, otherwise, digits=3):
        self.expected, self.size = np.ravel(expected), np.size(expected)
        self.otherwise, self.digits = otherwise, digits
        self.known = [(self.expected, None)] + [
            (value, hint)
            for values, hint in mistakes.items()
            for value in _alternatives(values, self.size)
        ]

    def __call__(self, *answer):
        return self.judge(read(answer, self.expected))

    def judge(self, answer):
        """The hint for numbers that have been read, None if they are right."""
        matches = [
            (np.abs(answer - value).max(), number)
            for number, (value, _) in enumerate(self.known)
            if _agrees(answer, value, self.digits)
        ]
        if matches:  # the nearest, since a mistake may be close to the right answer
            return self.known[min(matches)[1]][1]
        return self._rounded(answer) or self._related(answer)

    def _rounded(self, answer):
        """The hint for an answer that has too few digits."""
        whole = is_whole(self.expected)
        for digits in range(self.digits if whole else self.digits - 1, 1, -1):
            if np.all(_has_digits(answer, self.expected, digits)):
                if whole:
                    return "Right, but rounded: give the exact number."
                return (
                    f"Right, but rounded to {_counted(digits, 'digit')}: give"
                    f" {WORDS[self.digits]}."
                )
        for value, hint in self.known[1:]:
            if not is_whole(value) and (
                _agrees(answer, value) or np.all(_has_digits(answer, value, 2))
            ):
                return hint
        return None

    def _related(self, answer):
        """The hint for an answer that is none of the known ones."""
        otherwise = self.otherwise
        if callable(otherwise):
            otherwise = otherwise(*answer)
        relation = _relation(answer, self.expected, self.digits)
        return f"{relation} {otherwise}" if relation else otherwise


class Parts:
    """An exercise that asks for several things, each with hints of its own.

    Parameters
    ----------
    parts : dict
        The name of each part, and its Numbers.
    mistakes : dict
        Wrong answers to all parts together, as tuples, and the hint for each.
    """

    def __init__(self, parts, mistakes=None):
        self.parts = parts
        self.expected = np.hstack([part.expected for part in parts.values()])
        self.known = [
            (value, hint)
            for values, hint in (mistakes or {}).items()
            for value in _alternatives(values, len(self.expected))
        ]

    def __call__(self, *answer):
        names = ", ".join(
            name if part.size == 1 else f"{name} ({WORDS[part.size]})"
            for name, part in self.parts.items()
        )
        answer = read(answer, self.expected, f" ({names})")
        for value, hint in self.known:
            if _agrees(answer, value):
                return hint
        start, hints = 0, {}
        for name, part in self.parts.items():
            hints[name] = part.judge(answer[start : start + part.size])
            start += part.size
        wrong = [name for name, hint in hints.items() if hint]
        if len(wrong) > 1 and _agrees(np.sort(answer), np.sort(self.expected)):
            return f"The right numbers, but in the wrong order. It is {names}."
        return f"{wrong[0]}: {hints[wrong[0]]}" if wrong else None


def read(answer, expected, names=""):
    """The numbers of an answer as a flat array, as many as `expected` has.

    Takes numbers, texts such as "3/16" and "0,164", and lists, arrays, tensors and
    tables of them, in any shape. Raises Hint for everything else.
    """
    readings, expected = list(_readings(answer)), np.ravel(expected)
    if len(readings) != len(expected):
        raise Hint(
            f"The exercise asks for {_counted(len(expected), 'number')}{names}. Your"
            f" answer has {len(readings) or 'none'}."
        )
    return np.array(
        [min(values, key=lambda v: abs(v - e)) for values, e in zip(readings, expected)]
    )


def _readings(answer):
    """For each number in an answer the values that it may mean."""
    if hasattr(answer, "to_numpy"):
        answer = answer.to_numpy()  # pandas
    elif hasattr(answer, "__array__"):
        answer = np.asarray(answer)  # NumPy's scalars, too, and tensors
    if isinstance(answer, np.ndarray):
        answer = answer.tolist()
    if isinstance(answer, (list, tuple, range)):
        for part in answer:
            yield from _readings(part)
        return
    if isinstance(answer, (bool, complex)):
        raise Hint(f"{answer} is not a number of the kind that is asked for.")
    if isinstance(answer, str):
        values = _meanings(answer)
    elif isinstance(answer, Number):
        values = [float(answer)]
    else:
        kind = "a function" if callable(answer) else type(answer).__name__
        raise Hint(f"The exercise asks for numbers, and this is {kind}.")
    if not values or not np.all(np.isfinite(values)):
        raise Hint(
            f"{textwrap.shorten(repr(answer), 40)} is no number. Write it as 0.164,"
            " 3/16 or 25450, or let Python compute it."
        )
    yield values


def _meanings(text):
    """The numbers that a text may mean: "0,164" and "3/16" one, "25,450" two, and "5 %"
    5 and 0.05."""
    text = re.sub(r"(?<=\d)[\s'’](?=\d{3}\b)", "", text.replace("−", "-")).strip()
    number, percent = text.removesuffix("%"), text.endswith("%")
    top, slash, bottom = number.partition("/")
    below = _decimal(bottom) if slash else [1.0]
    values = [value / by for value in _decimal(top) for by in below if by != 0]
    return values + [value / 100 for value in values] if percent else values


def _decimal(text):
    """The meanings of a text without a slash, with a decimal comma or point."""
    values = []
    for group, point in ((".", ","), (",", ".")):
        whole, _, decimals = text.strip().partition(point)
        if re.fullmatch(rf"[-+]?[1-9]\d{{0,2}}(\{group}\d{{3}})+", whole):
            whole = whole.replace(group, "")
        try:
            values.append(float(f"{whole}.{decimals}" if decimals else whole))
        except ValueError:
            continue
    return values


def _alternatives(values, size):
    """The wrong answers that share a hint; each has `size` numbers."""
    if size == 1:
        return list(values) if isinstance(values, tuple) else [values]
    return list(values) if isinstance(values[0], tuple) else [values]


def is_whole(value):
    """Whether numbers are whole by their type."""
    return np.issubdtype(np.asarray(value).dtype, np.integer)


def _agrees(answer, value, digits=3):
    """Whether each number of `answer` is that of `value`: a whole one exactly, others
    to so many digits, rounded or cut off."""
    if is_whole(value):
        return bool(np.allclose(answer, value, rtol=0, atol=1e-3))
    value = np.asarray(value, dtype=float)
    near = np.abs(answer - value) <= 10.0**-digits * np.abs(value) + 1e-9
    return bool(np.all(near | _has_digits(answer, value, digits)))


def _has_digits(answer, value, digits):
    """Where `answer` is `value` rounded, or, for one that is not whole, cut off to so
    many significant digits."""
    lowest = -0.5 - 1e-6 if is_whole(value) else -1 + 1e-6
    value = np.asarray(value, dtype=float)
    size = np.floor(np.log10(np.abs(np.where(value == 0, 1, value))))
    unit = 10.0 ** (size + 1 - digits)  # one in the last digit
    off = np.sign(value) * (answer - value) / unit
    short = np.abs(answer / unit - np.round(answer / unit)) < 1e-6
    agrees = short & (off > lowest) & (off < 0.5 + 1e-6)
    return np.where(value == 0, np.abs(answer) < 1e-9, agrees)


@np.errstate(all="ignore")
def _relation(answer, expected, digits):
    """How a wrong answer is related to the right one, or None."""
    for relation, name in RELATIONS:
        if _agrees(relation(answer), expected, digits):
            return name
    if _agrees(np.sort(answer), np.sort(expected), digits):
        return "The right numbers, but in the wrong order."
    tens = np.round(np.log10(np.abs(answer / expected)))
    one = np.all(np.log10(np.abs(expected)) % 1 == 0)  # its digits are no evidence
    if np.ptp(tens) == 0 and not one and _agrees(answer / 10.0**tens, expected):
        return "The digits are right, but not the place of the point."
    if is_whole(expected):
        gap = np.abs(answer - expected).max()
        if np.any(np.abs(answer - np.round(answer)) > 1e-3) and gap < 1:
            return "Nearly: the right answer is whole."
        return "Nearly: off by one." if gap == 1 and np.min(expected) >= 20 else None
    if np.all(np.abs(answer - expected) < 0.03 * np.abs(expected)):
        return "Nearly: keep all digits until the end."
    return None


def _counted(count, noun):
    number = WORDS[count] if count < len(WORDS) else str(count)
    return f"{number} {noun}{'s' * (count != 1)}"
