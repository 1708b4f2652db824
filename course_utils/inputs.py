"""What helpers ask of their arguments. What does not fit ends in one sentence: the
argument's name, what it must be, and what it is."""

from numbers import Real
from os import PathLike
from reprlib import Repr

import numpy as np

LONGEST = 100  # characters of a value in a message
_repr = Repr()
_repr.maxother = _repr.maxstring = 60


def shown(value):
    """A value in a few words."""
    if hasattr(value, "columns"):
        return f"a table with the columns {_words([*value.columns])}"
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        return f"{getattr(value.dtype, 'name', value.dtype)} of shape {value.shape}"
    return _words(value)


def _words(value):
    words = " ".join(_repr.repr(value).split())
    return words if len(words) <= LONGEST else f"{words[:LONGEST]}..."


def need(fits, name, needed, value):
    """ValueError, unless an argument is what is needed."""
    if not fits:
        raise ValueError(f"{name} must be {needed}, not {shown(value)}.")


def numbers(name, value, needed="an array of numbers", ndim=None, least=1, kinds="iuf"):
    """An argument as an array of real numbers.

    Parameters
    ----------
    name : str
    value
        An array, a tensor, a list or a number.
    needed : str
        What it must be, in words.
    ndim : int, optional
        How many axes it must have.
    least : int
        The fewest elements.
    kinds : str
        NumPy's letters for the types: "b" is True and False.

    Raises
    ------
    ValueError
    """
    try:
        array = np.asarray(value)
        if array.dtype == object and all(isinstance(one, Real) for one in array.flat):
            array = array.astype(float)
    except Exception:  # rows of unequal length, or whatever an object makes of it
        array = np.zeros(0, object)
    fits = array.dtype.kind in kinds and ndim in (None, array.ndim)
    need(fits and array.size >= least, name, needed, value)
    return array


def truths(name, value):
    """An argument as a row of True and False."""
    return numbers(name, value, "a row of True and False", ndim=1, kinds="b")


def number(name, value, needed="a number", fits=lambda number: True):
    """One real number, not a truth value, that fits."""
    real = isinstance(value, Real) and not isinstance(value, bool)
    if not real:
        value_of = numbers(name, value, needed, ndim=0)
        return number(name, value_of.item(), needed, fits)
    try:
        fits = fits(float(value))
    except OverflowError:  # a whole number with hundreds of digits
        fits = False
    need(fits, name, needed, value)
    return value


def level(value):
    """A confidence level."""
    needed = "above 0 and below 1"
    return float(number("level", value, needed, lambda part: 0 < part < 1))


def is_whole(value):
    """Whether a value is a whole number, and no truth value."""
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def whole(name, value, least=0, most=None):
    """A whole number from `least` to `most`."""
    fits = is_whole(value) and least <= value and (most is None or value <= most)
    upper = f"of at least {least}" if most is None else f"from {least} to {most}"
    need(fits, name, f"a whole number {upper}", value)
    return int(value)


def text(name, value, needed="a text"):
    """A text."""
    need(isinstance(value, str), name, needed, value)
    return value


def one_of(name, value, options):
    """One of some texts."""
    named = " or ".join(map(repr, options))
    need(isinstance(value, str) and value in options, name, named, value)
    return value


def truth(name, value):
    """True or False."""
    need(isinstance(value, (bool, np.bool_)), name, "True or False", value)
    return bool(value)


def function(name, value):
    """Something that can be called."""
    need(callable(value), name, "a function", value)
    return value


def folder(value):
    """The path of a folder, or None."""
    fits = value is None or isinstance(value, (str, PathLike))
    need(fits and "\0" not in str(value), "folder", "the path of a folder", value)
    return value


def table(name, value, columns, numeric=()):
    """A data frame that has some columns, each once; those in `numeric` with numbers.

    Raises
    ------
    ValueError
    """
    there = list(getattr(value, "columns", ()))
    try:
        missing = [column for column in columns if there.count(column) != 1]
    except (TypeError, ValueError):  # columns that no column can be called
        missing = columns
    needed = f"a DataFrame with the columns {_words([*columns])}"
    need(hasattr(value, "columns") and not missing, name, needed, value)
    for column in numeric:
        what = f"the column {_words(column)} of {name}"
        numbers(what, value[column], "numbers", ndim=1, least=0, kinds="biuf")
    return value
