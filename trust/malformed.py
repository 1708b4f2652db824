"""Malformed arguments to every public helper: each call answers, or raises one clear
sentence, and leaves nothing behind.

A helper is called with arguments of which one or two were replaced: by another type, by
a text, by nothing, by something empty, negative, huge, not finite or not whole, by
another shape, by rows of unequal length, or by the right value with a piece missing.
Hypothesis draws them.
"""

import contextlib
import copy
import io
import os
import random
import re
import resource
import signal
import tempfile
import threading
import time
import warnings
from dis import opname
from fractions import Fraction
from itertools import count
from pathlib import Path
from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

import course_utils
from course_utils import figures
from course_utils.claims import BrokenExperiment, load_claims
from course_utils.data import DataError
from course_utils.inputs import shown

PACKAGE = Path(course_utils.__file__).parent
SECONDS = 20  # a call may take, whatever it was given
GIGABYTES = 4  # and so much more memory
LONGEST = 300  # characters of a message
RAISED = (ValueError, TypeError, DataError, BrokenExperiment)
STUDENT = "the student's own mistake"  # raised by a function that was handed in
NOT_CALLED = {  # public names that take no argument to get wrong, and why
    "load_cifar10": "takes nothing",
    "load_claims": "takes nothing",
    "DataError": "an error's class",
}


class Helper(NamedTuple):
    """A public helper and arguments with which it works."""

    name: str
    call: object
    good: object  # makes the arguments, by their names
    raises: tuple = RAISED
    seeds: bool = False  # whether it sets or, as Keras does, draws global seeds


class Outcome(NamedTuple):
    """What became of one call."""

    helper: str
    arguments: str
    answered: bool
    message: str
    faults: tuple  # what was wrong with it, in words


class _TooLong(BaseException):
    """Ends a call that takes too long."""


def _own_mistake(*_, **__):
    raise ArithmeticError(STUDENT)


# -- The helpers -----------------------------------------------------------------------


def _numbers(*shape):
    return np.random.default_rng(0).normal(size=shape)


def _axes():
    return plt.figure().add_subplot()


def _frame():
    return pd.DataFrame(
        {
            "seed": [0, 0, 1, 1, 2, 2],
            "epoch": [1, 2] * 3,
            "arm": ["a", "b"] * 3,
            "loss": [0.5, 0.25, 0.75, 0.5, 0.6, 0.4],
        }
    )


def _range_table():
    names = {"epoch": "update", "loss": "loss"}
    return _frame().rename(columns=names).assign(learning_rate=[0.1, 0.2] * 3)


def _board():
    claims = load_claims()[["id", "notebook", "claim"]].head(4)
    return claims.assign(
        measured="1", verdict="holds", repeated="", statements=[{"C01a": "holds"}] * 4
    )


def _model():
    import keras

    layers = [keras.Input((2,)), keras.layers.Dense(3, "tanh"), keras.layers.Dense(1)]
    return keras.Sequential(layers)


def _training():
    return {
        "build_model": _model,
        "x": _numbers(4, 2),
        "y": _numbers(4, 1),
        "seeds": [0, 1],
        "loss": "mse",
    }


def _signals():
    names = {"layer": 1, "name": "dense", "activation": "tanh"}
    return [{**names, **{k: _numbers(4, 3) for k in ("Z", "A", "dZ", "dW")}}]


def _runs():
    return course_utils.fit_replicas(optimizer="sgd", **_training())


def _played(fig, **arguments):
    return course_utils.play(fig, **arguments)


def helpers():
    """Every public helper, methods that take input included."""
    u, named = course_utils, []

    def add(name, call, good, **more):
        named.append(Helper(name, call, good, **more))

    line = {"X": _numbers(6, 2), "y": np.array([0, 1, 1, 0, 1, 0])}
    add(
        "setup",
        u.setup,
        lambda: {"seed": 0, "tensorflow": False},
        raises=(*RAISED, RuntimeError),
        seeds=True,
    )
    add("load_mnist", u.load_mnist, lambda: {"which": "5k"})
    add("halved", u.halved, lambda: {"images": np.full((2, 4, 4), 7, np.uint8)})
    add(
        "check",
        lambda name, answer: u.check(name, answer),
        lambda: {"name": "01-corners", "answer": 3},
    )
    add("exercises_solved", u.exercises_solved, lambda: {"notebook": "03"})
    one = u.Interval(2.0, 1.5, 2.5, 10)
    add("verdict", u.verdict, lambda: _verdict_arguments())
    add("closing_table", u.closing_table, lambda: {"notebook": "01_perceptron"})
    add("scoreboard", u.scoreboard, lambda: {"folder": tempfile.gettempdir()})
    add("lecture_path", u.lecture_path, lambda: {"folder": tempfile.gettempdir()})
    add(
        "VerdictsInWords",
        lambda board: u.VerdictsInWords(board)._repr_html_(),
        lambda: {"board": _board()},
    )
    add("show", u.show, lambda: {"thing": plt.figure(), "caption": "A."})
    add(
        "play",
        u.play,
        lambda: {
            "fig": plt.figure(figsize=(1, 1)),
            "draw": lambda frame: None,
            "frames": [0, 1],
            "caption": "A.",
            "still": -1,
            "fps": 4,
        },
    )
    add(
        "fit_replicas",
        u.fit_replicas,
        lambda: {
            **_training(),
            "optimizer": "sgd",
            "metrics": ["mae"],
            "epochs": 1,
            "batch_size": 2,
            "validation_data": (_numbers(4, 2), _numbers(4, 1)),
            "learning_rates": [0.1, 0.2],
            "weights": None,
            "subsets": np.array([[0, 1, 2], [1, 2, 3]]),
            "per_update": True,
        },
        seeds=True,
    )
    runs = []

    def trained():
        runs[:] = runs or [_runs()]
        return runs[0]

    add(
        "Runs.model",
        lambda **a: trained().model(**a),
        lambda: {"seed": 0, "learning_rate": None},
        raises=(*RAISED, KeyError),
        seeds=True,
    )
    add(
        "Runs.predict",
        lambda **a: trained().predict(**a),
        lambda: {"x": _numbers(3, 2), "batch_size": 2},
        seeds=True,
    )
    add("separating_line", u.separating_line, lambda: copy.deepcopy(line))
    add("separable", u.separable, lambda: copy.deepcopy(line))
    add("softmax", u.softmax, lambda: {"Z": _numbers(3, 4), "axis": -2})
    add(
        "forward",
        u.forward,
        lambda: {
            "W": [_numbers(3, 2), _numbers(1, 3)],
            "b": [_numbers(3, 1), _numbers(1, 1)],
            "X": _numbers(2, 5),
            "g": np.tanh,
            "output": None,
        },
    )
    add(
        "layer_signals",
        u.layer_signals,
        lambda: {
            "model": _model(),
            "x": _numbers(4, 2),
            "y": _numbers(4, 1),
            "loss": "mse",
        },
    )
    add("layer_statistics", u.layer_statistics, lambda: {"signals": _signals()})
    rate = {"base_learning_rate": 0.1, "max_learning_rate": 1.0, "step_size": 5}
    add(
        "CyclicalLearningRate",
        u.CyclicalLearningRate,
        lambda: {**rate, "policy": "triangular", "gamma": 1.0},
    )
    add(
        "CyclicalLearningRate()",
        lambda step: u.CyclicalLearningRate(**rate)(step),
        lambda: {"step": 3},
    )
    add(
        "learning_rate_range_test",
        u.learning_rate_range_test,
        lambda: {
            **_training(),
            "low": 0.01,
            "high": 1.0,
            "updates": 4,
            "optimizer": "sgd",
            "batch_size": 2,
            "linear": False,
        },
        seeds=True,
    )
    stops = {
        "monitor": "val_loss",
        "restore_best_weights": False,
        "verbose": 0,
        "start_from_epoch": 0,
    }
    add("GeneralizationLoss", u.GeneralizationLoss, lambda: {"alpha": 2.0, **stops})
    add(
        "ProgressQuotient",
        u.ProgressQuotient,
        lambda: {"alpha": 2.0, "strip": 5, "training": "loss", **stops},
    )
    add(
        "SuccessiveIncreases",
        u.SuccessiveIncreases,
        lambda: {"s": 2, "strip": 5, **stops},
    )
    add(
        "mean_interval",
        u.mean_interval,
        lambda: {"values": _numbers(5), "level": 0.95, "method": "t"},
    )
    add(
        "share_interval",
        u.share_interval,
        lambda: {"successes": np.array([True, False, True]), "level": 0.95},
    )
    add(
        "summary",
        u.summary,
        lambda: {"frame": _frame(), "by": "arm", "value": "loss", "level": 0.95},
    )
    add(
        "paired",
        u.paired,
        lambda: {
            "frame": _frame(),
            "value": "loss",
            "arm": "arm",
            "first": "a",
            "second": "b",
            "level": 0.95,
            "method": "t",
        },
    )
    add(
        "time_to",
        u.time_to,
        lambda: {
            "history": _frame(),
            "value": "loss",
            "target": 0.5,
            "step": "epoch",
        },
    )
    add(
        "median_interval",
        u.median_interval,
        lambda: {"values": _numbers(5), "level": 0.95},
    )
    add(
        "mcnemar",
        u.mcnemar,
        lambda: {
            "first": np.array([True, False, True]),
            "second": np.array([False, False, True]),
            "level": 0.95,
        },
    )
    add(
        "Interval",
        u.Interval,
        lambda: {"mean": 2.0, "low": 1.5, "high": 2.5, "n": 10},
    )
    add("Interval > other", lambda other: one > other, lambda: {"other": 1.0})
    add("Interval.map", lambda function: one.map(function), lambda: {"function": abs})
    add("Interval * factor", lambda factor: one * factor, lambda: {"factor": 2.0})
    add("seeds", u.seeds, lambda: {"n": 5, "start": 0})
    add(
        "subsets",
        u.subsets,
        lambda: {"labels": np.array([0, 1] * 5), "size": 4, "seeds": [0, 1]},
    )
    add("generator", u.generator, lambda: {"seed": 0})
    for name, good in _drawings().items():
        add(f"figures.{name}", getattr(figures, name), good)
    return named


def _verdict_arguments():
    one = course_utils.Interval(2.0, 1.5, 2.5, 10)
    return {
        "claim": "C01",
        "measured": "2",
        "says": dict.fromkeys(_statements_of("C01"), one),
        "checks": {"it ran": True},
    }


def _statements_of(claim):
    from course_utils.claims import load_statements

    return load_statements().query("claim == @claim")["id"].tolist()


def _drawings():
    """The drawings of `course_utils.figures`, with good arguments."""
    plane = {"X": _numbers(6, 2), "y": np.array([0, 1, 1, 0, 1, 0])}
    look = {"label": "a", "k": 0}
    return {
        "points": lambda: {"ax": _axes(), **copy.deepcopy(plane), "size": 9},
        "decision_regions": lambda: {
            "ax": _axes(),
            "predict": lambda X: X[:, 0] > 0,
            **copy.deepcopy(plane),
            "margin": 0.5,
            "steps": 5,
            "size": 9,
        },
        "band": lambda: {
            "ax": _axes(),
            "x": np.arange(3),
            "runs": _numbers(4, 3),
            **look,
            "level": 0.95,
        },
        "error_bars": lambda: {
            "ax": _axes(),
            "x": [1, 2],
            "intervals": [(1, 0, 2), (2, 1, 3)],
            **look,
        },
        "curves": lambda: {
            "ax": _axes(),
            "history": _frame(),
            "x": "epoch",
            "y": "loss",
            **look,
            "level": 0.95,
        },
        "range_test": lambda: {"ax": _axes(), "table": _range_table(), **look},
        "network": lambda: {
            "ax": _axes(),
            "layers": [["a", "b"], ["c"]],
            "weights": [_numbers(1, 2)],
            "biases": [_numbers(1)],
            "size": 9,
        },
        "computation_graph": lambda: {
            "ax": _axes(),
            "nodes": {"a": (0, 0, "x"), "b": (1, 0, "f")},
            "edges": [("a", "b", 1.0, 2.0)],
        },
        "images": lambda: {
            "ax": _axes(),
            "pictures": _numbers(3, 4, 4),
            "titles": ["a", "b", "c"],
            "columns": 2,
            "gap": 2,
        },
        "verdict_bars": lambda: {"ax": _axes(), "board": _board()},
    }


# -- The malformed ---------------------------------------------------------------------

SCALARS = (
    None,
    ...,
    True,
    -1,
    0,
    1,
    3,
    2.5,
    10**6,
    10**18,
    10**400,
    float("nan"),
    float("inf"),
    -float("inf"),
    1e308,
    1e-320,
    1j,
    "",
    "a",
    "03",
    "nonsense\nof two lines",
    "x" * 2000,
    b"bytes",
    object(),
    Fraction(1, 3),
    int,
    np.float32("nan"),
    np.datetime64("2020-01-01"),
    pd.NA,
    (),
    [],
    {},
    frozenset({1}),
    [1, "a"],
    [[1, 2], [3]],
    [None, None],
    [np.nan, 1.0, 2.0],
    ["a", "b", "c"],
    [0, 1, 2],
    (1, 2, 3),
    [[], []],
    {"a": 1},
    {"a": [1, 2]},
    [{}],
    [[1.0, 2.0], [3.0, 4.0]],
    range(3),
    lambda *_: None,
    lambda *_: "text",
    lambda *_: np.zeros((2, 3)),
    _own_mistake,
)
MADE = (  # new ones each time
    lambda: np.zeros(0),
    lambda: np.zeros((0, 3)),
    lambda: np.zeros((2, 0)),
    lambda: np.array(3.0),
    lambda: np.zeros((2, 2, 2, 2)),
    lambda: np.full(4, np.nan),
    lambda: np.full((3, 2), np.inf),
    lambda: np.array([1, "a", None], dtype=object),
    lambda: np.array([[1, 2], None], dtype=object),
    lambda: np.array(["a", "b"]),
    lambda: np.array([1j, 2]),
    lambda: np.array([True, False]),
    lambda: np.array([-5, 10**12]),
    lambda: np.arange(6.0).reshape(2, 3),
    lambda: np.full((4, 2), 1e308),
    lambda: pd.DataFrame(),
    lambda: pd.DataFrame({"a": ["x", None]}),
    lambda: _frame().assign(loss=np.nan),
    lambda: _frame().assign(loss="text"),
    lambda: _frame().assign(seed=[0, 0, 0, 0, 1, 1]),
    lambda: _frame().head(0),
    lambda: pd.Series([1, 2, 3], index=[5, 6, 7]),
    lambda: count(),
    lambda: (k for k in range(3)),
    lambda: plt.figure(figsize=(1, 1)),
    lambda: threading.Lock(),
    lambda: Path("nowhere"),
)


@st.composite
def _broken(draw, good):
    """The right value with something wrong in it."""
    how = draw(st.sampled_from(["short", "turned", "nan", "text", "nested", "named"]))
    try:
        if isinstance(good, pd.DataFrame):
            if how in ("short", "named"):
                return good.drop(columns=draw(st.sampled_from(list(good.columns))))
            if how == "turned":
                return good.T
            column = draw(st.sampled_from(list(good.columns)))
            return good.assign(**{column: np.nan if how == "nan" else "text"})
        if isinstance(good, np.ndarray):
            if how == "short":
                return good[:-1]
            if how == "turned":
                return good.T[..., None]
            if how == "nan":
                new = good.astype(float)
                new.flat[draw(st.integers(0, good.size - 1))] = np.nan
                return new
            return {
                "text": good.astype(str),
                "nested": [good.tolist(), [1]],
                "named": {"x": good},
            }[how]
        if isinstance(good, dict):
            key = draw(st.sampled_from(list(good)))
            if how in ("short", "turned"):
                return {k: v for k, v in good.items() if k != key}
            return {**good, key: draw(st.sampled_from(SCALARS))}
        if isinstance(good, (list, tuple)) and good:
            if how == "short":
                return good[:-1]
            place = draw(st.integers(0, len(good) - 1))
            bad = draw(_broken(good[place]) | st.sampled_from(SCALARS))
            return type(good)([*good[:place], bad, *good[place + 1 :]])
    except (ValueError, TypeError):  # nothing to break in this one
        pass
    return draw(st.sampled_from(SCALARS))


def malformed(good):
    """Something in the place of a good argument."""
    return st.one_of(
        st.sampled_from(SCALARS),
        st.sampled_from(MADE).map(lambda make: make()),
        _broken(good),
        st.integers() | st.floats() | st.text(max_size=20),
        st.lists(st.floats() | st.none() | st.integers(), max_size=6),
    )


# -- The judgement ---------------------------------------------------------------------


def faults_of(error, known, helper):
    """What is wrong with the error of a call: of another kind, raised elsewhere, or no
    clear sentence."""
    if STUDENT in str(error):
        return []
    found = []
    if not isinstance(error, helper.raises):
        found.append(f"raises {type(error).__name__}")
    last = error.__traceback__
    while last.tb_next:
        last = last.tb_next
    code = last.tb_frame.f_code
    if not Path(code.co_filename).is_relative_to(PACKAGE):
        found.append(f"raised in {Path(code.co_filename).name}")
    elif opname[code.co_code[last.tb_lasti]] != "RAISE_VARARGS":
        found.append("not raised by the package")
    message = str(error.args[0]) if error.args else ""
    if not message.strip().endswith((".", "?")) or "\n" in message:
        found.append("no sentence")
    if len(message) > LONGEST:
        found.append(f"{len(message)} characters")
    if len(re.findall(r"[.?!] +[A-Z]", message)) > 1:
        found.append("more than two sentences")
    if not any(re.search(rf"(?<!\w){re.escape(k)}(?!\w)", message) for k in known):
        found.append("names no argument")
    return found


def _frozen(value):
    """What tells whether an argument was changed."""
    if isinstance(value, np.ndarray):
        kept = value.tolist() if value.dtype == object else value.tobytes()
        return value.shape, str(value.dtype), repr(kept)
    if isinstance(value, (pd.DataFrame, pd.Series)):
        return value.to_json(default_handler=str), list(map(str, value.index))
    if isinstance(value, dict):
        return [(key, _frozen(one)) for key, one in value.items()]
    if isinstance(value, (list, tuple)):
        return [_frozen(one) for one in value]
    return type(value).__name__


def _around():
    """What a call must leave as it is."""
    numpy = np.random.get_state()
    return {
        "figures": plt.get_fignums(),
        "threads": threading.active_count(),
        "NumPy's random state": (numpy[1].tobytes(), *numpy[2:]),
        "Python's random state": random.getstate(),
        "files": sorted(os.listdir()) + sorted(os.listdir(tempfile.gettempdir())),
        "the folder": os.getcwd(),
    }


@contextlib.contextmanager
def _limits():
    """Seconds and memory that a call may take."""

    def stop(*_):
        raise _TooLong

    before = signal.signal(signal.SIGALRM, stop)
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + GIGABYTES * 2**30, hard))
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
        signal.signal(signal.SIGALRM, before)


def call(helper, arguments, names=()):
    """Call a helper; say what became of it.

    Parameters
    ----------
    helper : Helper
    arguments : dict
    names : collection of str
        Those that were replaced.

    Returns
    -------
    Outcome
    """
    said = ", ".join(f"{name}={_short(arguments[name])}" for name in names)
    frozen = {name: _frozen(value) for name, value in arguments.items()}
    before, message, faults, answered = _around(), "", [], False
    printed = io.StringIO()
    try:
        with _limits(), contextlib.redirect_stdout(printed), _quiet():
            helper.call(**arguments)
        answered = True
    except _TooLong:
        faults.append(f"runs for more than {SECONDS} s")
    except MemoryError:
        faults.append(f"takes more than {GIGABYTES} GB")
    except Exception as error:
        message = str(error)
        known = [*arguments, *(shown(arguments[name]) for name in names)]
        known += [k for v in arguments.values() if isinstance(v, dict) for k in v]
        faults += faults_of(error, map(str, known), helper)
    after = _around()
    for what in before:
        free = helper.seeds and "random state" in what
        left = set(after[what]) - set(before[what]) if what == "figures" else None
        if after[what] != before[what] and not free and left != set():
            faults.append(f"leaves {what} changed")
    for name, value in arguments.items():
        if _frozen(value) != frozen[name]:
            faults.append(f"changes {name}")
    return Outcome(helper.name, said, answered, message, tuple(faults))


@contextlib.contextmanager
def _quiet():
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield


def _short(value):
    text = " ".join(f"{value!r}".split())
    return re.sub(r" at 0x\w+", "", text)[:60]


def outcomes(helper, number, start=0):
    """Call a helper with so many malformed arguments.

    Parameters
    ----------
    helper : Helper
    number : int
    start : int
        The seed of the draws.

    Returns
    -------
    list of Outcome
        The first is the call with good arguments, which must answer.
    """
    with _own_place():
        call(helper, helper.good())  # what is loaded once is loaded
        found = [call(helper, helper.good())]
        if not found[0].answered or found[0].faults:
            raise AssertionError(f"{helper.name} fails with good arguments: {found[0]}")
        plt.close("all")
        names = list(helper.good())
        plt.close("all")

        @seed(start)
        @settings(
            max_examples=number,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(st.data())
        def draw(data):
            arguments = helper.good()
            chosen = data.draw(
                st.lists(st.sampled_from(names), min_size=1, max_size=2, unique=True)
            )
            for name in chosen:
                arguments[name] = data.draw(malformed(arguments[name]))
            found.append(call(helper, arguments, chosen))
            plt.close("all")

        draw()
    return found


@contextlib.contextmanager
def _own_place():
    """An empty folder to work in, one for temporary files, no bars."""
    here, temporary = os.getcwd(), tempfile.tempdir
    variables = dict(os.environ)
    with tempfile.TemporaryDirectory() as folder:
        for name in ("work", "tmp"):
            Path(folder, name).mkdir()
        os.chdir(Path(folder, "work"))
        tempfile.tempdir = str(Path(folder, "tmp"))
        os.environ["TQDM_DISABLE"] = "1"
        try:
            yield
        finally:
            os.chdir(here)
            tempfile.tempdir = temporary
            os.environ.clear()
            os.environ.update(variables)


def table(number, start=0, only=None, exactly=False):
    """All helpers: how many calls were answered, refused, and wrong in some way.

    Returns
    -------
    pandas.DataFrame
        A row for each helper.
    list of Outcome
        The wrong ones.
    """
    rows, wrong = [], []
    for helper in helpers():
        if only and only not in helper.name or exactly and only != helper.name:
            continue
        begun = time.process_time()
        found = outcomes(helper, number, start)[1:]
        bad = [one for one in found if one.faults]
        wrong += bad
        rows.append(
            {
                "helper": helper.name,
                "calls": len(found),
                "answered": sum(one.answered and not one.faults for one in found),
                "refused": sum(not one.answered and not one.faults for one in found),
                "wrong": len(bad),
                "seconds": round(time.process_time() - begun, 1),
            }
        )
    return pd.DataFrame(rows), wrong
