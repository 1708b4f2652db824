"""Exercises that answer back: ``check("01-bias", answer)`` says whether the answer is
right, and why.

The exercises stand in the modules of :mod:`course_utils.exercises`. An exercise is a
function of the answer: it returns None if the answer is right, else a hint that fits
the mistake. Most ask for numbers and are written as data, with the classes of
:mod:`course_utils.answers`.

What the checks of this kernel said is remembered (:func:`results`): the last line of a
notebook (:mod:`course_utils.solved`) and the lecturer's table
(:mod:`course_utils.grading`) are made from it.
"""

import ctypes
import difflib
import inspect
import re
import sys
import textwrap
import threading
import traceback
from contextlib import contextmanager
from importlib import import_module
from pkgutil import iter_modules

import numpy as np

from .answers import WORDS, Hint, is_whole
from .inputs import shown

TIME_LIMIT = 5  # seconds for one check

CHECK = re.compile(r"\bcheck\(\s*[\"']([^\"']+)")  # in a cell's code
RIGHT, NOT_YET, NOT_TRIED = "right", "not yet", "not tried"

_exercises = {}  # name -> (function, why the right answer is right)
_results = {}  # name -> (verdict, hint), of this kernel
_counting = True


class _TimeIsUp(BaseException):
    """Raised inside an answer's code that runs too long."""


def exercise(name, why, functions=0):
    """Register the decorated function as the exercise `name`.

    Parameters
    ----------
    name : str
        Notebook number and subject, such as "01-bias".
    why : str
        One or two sentences shown with a right answer.
    functions : int
        How many functions the answer consists of, if it consists of functions. Their
        exceptions become hints.
    """

    def register(function):
        if name in _exercises:
            raise ValueError(f"There are two exercises named {name!r}.")
        checked = _of_functions(function, functions) if functions else function
        _exercises[name] = (checked, why)
        return function

    return register


def exercise_names(notebook=None):
    """The names of all exercises, or of a notebook's ("03"), sorted."""
    from . import exercises

    for module in iter_modules(exercises.__path__):
        import_module(f"{exercises.__name__}.{module.name}")
    start = "" if notebook is None else f"{notebook}-"
    return sorted(name for name in _exercises if name.startswith(start))


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
    if not isinstance(name, str) or name not in names:
        near = difflib.get_close_matches(shown(name).strip("'"), names, n=1)
        print(
            f"There is no exercise {shown(name)}."
            + (f" Did you mean {near[0]!r}?" if near else "")
        )
        return
    function, why = _exercises[name]
    hint = _hint(function, answer)
    if hint is ...:
        print(
            f"… {name}: not tried yet. Put your answer in place of the dots and run the"
            " cell again."
        )
    else:
        print(f"✗ {name}: not yet. {hint}" if hint else f"✓ {name}: right. {why}")
    _remember(name, hint)


def _remember(name, hint):
    """Keep what was said, and let the notebook's last line say so. Dots take nothing
    back: an untouched stub may stand beside the student's own cell."""
    from .solved import update

    if not _counting or hint is ... and name in _results:
        return
    verdict = NOT_TRIED if hint is ... else NOT_YET if hint else RIGHT
    _results[name] = (verdict, hint if verdict == NOT_YET else "")
    update(name)


def results():
    """What the checks of this kernel said.

    Returns
    -------
    dict of str to tuple
        Exercise -> "right", "not yet" or "not tried", and the hint. The last answer
        counts; dots count only where there was no answer.
    """
    return dict(_results)


@contextmanager
def not_counted():
    """Checks inside are not remembered: someone else's answers, such as a solution's,
    are not the student's."""
    global _counting
    before, _counting = _counting, False
    try:
        yield
    finally:
        _counting = before


def _hint(function, answer):
    """What the exercise `function` says to `answer`, whatever happens on the way."""
    try:
        if not answer or _untried(answer):
            return ...
        return _within(TIME_LIMIT, lambda: function(*answer))
    except Hint as hint:
        return hint.args[0]
    except _TimeIsUp:
        return (
            f"Your code still runs after {TIME_LIMIT:g} seconds and was stopped: does"
            " one of its loops never end?"
        )
    except Exception as error:  # whatever is handed in must not end in a traceback
        return (
            f"The answer could not be used ({type(error).__name__}:"
            f" {_first_line(error)}). Look again at what the exercise asks for."
        )


def _untried(answer):
    """Whether dots are left in an answer."""
    if hasattr(answer, "to_numpy"):
        answer = answer.to_numpy()  # pandas
    if isinstance(answer, np.ndarray) and answer.dtype == object:
        answer = answer.tolist()
    if isinstance(answer, dict):
        answer = list(answer.values())
    return answer is ... or (
        isinstance(answer, (list, tuple, set)) and any(map(_untried, answer))
    )


def _within(seconds, work):
    """What `work` returns; _TimeIsUp is raised inside it after so many seconds.

    A timer's thread raises it in this one, which works on every system and leaves the
    handlers of signals (the stop button) alone.
    """
    thread = ctypes.c_ulong(threading.get_ident())
    throw = ctypes.pythonapi.PyThreadState_SetAsyncExc
    lock, ended, sent = threading.Lock(), False, False

    def stop():
        nonlocal sent
        with lock:
            if not ended:
                sent = True
                throw(thread, ctypes.py_object(_TimeIsUp))

    timer = threading.Timer(seconds, stop)
    timer.daemon = True
    timer.start()
    try:
        return work()
    finally:
        with lock:
            ended = True
        if sent and not isinstance(sys.exception(), _TimeIsUp):
            throw(thread, None)  # it has not arrived yet
        # (Where nothing is on its way, Python 3.11 would go on looking for it, and hang
        # in a debugger.)
        timer.cancel()
        timer.join()


ADVICE = {
    "truth value": "An array is neither true nor false: `if`, `max` and `and` want one"
    " number, while np.where and np.maximum take every element.",
    "matmul|not aligned|broadcast": "The shapes do not fit.",
    "0-dimensional|size-1|length-1": "The functions of math take one number. Those of"
    " NumPy, such as np.exp, take arrays.",
}


def close(answer, expected):
    """Whether `answer`, computed by a function, has the shape of `expected` and its
    numbers (whole ones: exactly); False for anything that is not numbers."""
    rtol = 0 if is_whole(expected) else 1e-4
    try:
        answer = np.asarray(answer)
        return (
            answer.dtype.kind in "iuf"
            and answer.shape == np.shape(expected)
            and bool(np.allclose(answer, expected, rtol=rtol, atol=1e-6))
        )
    except (TypeError, ValueError):
        return False


def _of_functions(function, count):
    """The exercise `function`, for an answer of `count` functions."""

    def checked(*answer):
        if len(answer) == 1 and isinstance(answer[0], (tuple, list)):
            answer = answer[0]
        if len(answer) != count or not all(map(callable, answer)):
            what = "the function" if count == 1 else f"the {WORDS[count]} functions"
            raise Hint(f"Hand in {what} by name, without calling: no parentheses.")
        return function(*map(_watched, answer))

    return checked


def _watched(function):
    """A student's function whose exceptions, and what it forgets, become hints."""

    def watched(*arguments):
        own = [a.copy() if isinstance(a, np.ndarray) else a for a in arguments]
        try:
            answer = function(*own)
        except (Exception, SystemExit) as error:
            raise Hint(_failure(function, error)) from None
        if answer is None:
            name = getattr(function, "__name__", type(function).__name__)
            raise Hint(f"Your function {name} returns nothing: is `return` missing?")
        several = isinstance(answer, (list, tuple))
        if _untried(answer) or (several and any(part is None for part in answer)):
            raise Hint(...)
        return answer

    return watched


def _failure(function, error):
    """The line of a student's code that fails, and why, in one sentence or two."""
    frames = traceback.extract_tb(error.__traceback__)[1:]
    why = f"{type(error).__name__}: {_first_line(error)}"
    if not frames:
        return f"Your function cannot be called as the exercise has it. {why}"
    code = getattr(inspect.unwrap(function), "__code__", None)
    own = [frame for frame in frames if code and frame.filename == code.co_filename]
    last = (own or frames)[-1]
    place = f"`{last.line}`" if last.line else f"line {last.lineno} of your code"
    advice = [text for sign, text in ADVICE.items() if re.search(sign, str(error))]
    return " ".join([f"At {place}: {why.removesuffix('.')}.", *advice[:1]])


def _first_line(error):
    text = str(error).strip().partition("\n")[0]
    return textwrap.shorten(text, 160, placeholder=" ...")
