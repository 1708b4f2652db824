"""Exercises that answer back: ``check("01-bias", answer)`` says whether the answer is
right, and why.

An exercise is a function of the answer in one of the modules of
:mod:`course_utils.exercises`. It returns None if the answer is right, else a hint that
fits the mistake (or dots, if a function handed in still returns its dots).
"""

import difflib
from importlib import import_module
from pkgutil import iter_modules

import numpy as np

_exercises = {}  # id -> (function, why the right answer is right)


def exercise(name, why):
    """Register the decorated function as the exercise `name`.

    Parameters
    ----------
    name : str
        Notebook number and subject, such as "01-bias".
    why : str
        One or two sentences shown with a right answer.
    """

    def register(function):
        if name in _exercises:
            raise ValueError(f"There are two exercises named {name!r}.")
        _exercises[name] = (function, why)
        return function

    return register


def exercise_names():
    """The names of all exercises, sorted."""
    from . import exercises

    for module in iter_modules(exercises.__path__):
        import_module(f"{exercises.__name__}.{module.name}")
    return sorted(_exercises)


def close(answer, expected, rtol=1e-3, atol=1e-6):
    """Whether `answer` has the shape of `expected` and its numbers (whole ones:
    exactly); False for anything else."""
    if np.issubdtype(np.asarray(expected).dtype, np.integer):
        rtol = 0
    try:
        answer = np.asarray(answer, dtype=float)
    except (TypeError, ValueError):
        return False
    return answer.shape == np.shape(expected) and bool(
        np.allclose(answer, expected, rtol=rtol, atol=atol)
    )


def check(name, *answer):
    """Say whether an exercise's answer is right. Never raises.

    Parameters
    ----------
    name : str
        The exercise's name.
    *answer
        The answer (several values count as one tuple). ``...`` means not tried.
    """
    names = exercise_names()
    if name not in names:
        near = difflib.get_close_matches(str(name), names, n=1)
        print(
            f"There is no exercise {name!r}."
            + (f" Did you mean {near[0]!r}?" if near else "")
        )
        return
    function, why = _exercises[name]
    try:
        hint = ... if not answer or _untried(answer) else function(*answer)
    except (
        Exception
    ) as error:  # whatever a student hands in must not end in a traceback
        hint = (
            f"The answer could not be used ({type(error).__name__}: {error}). Look"
            " again at what the exercise asks for."
        )
    if hint is ...:
        print(
            f"… {name}: not tried yet. Put your answer in place of the dots and run the"
            " cell again."
        )
    else:
        print(f"✗ {name}: not yet. {hint}" if hint else f"✓ {name}: right. {why}")


def _untried(answer):
    """Whether dots are left in an answer."""
    return answer is ... or (
        isinstance(answer, (list, tuple)) and any(map(_untried, answer))
    )
