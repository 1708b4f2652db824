"""Helpers of the course companion: what surrounds a lesson, so that a notebook shows
only the lesson.

``import course_utils`` loads nothing else: each name below loads its module when first
used, and only :func:`setup`, the full data sets and the classes for Keras load
TensorFlow.
"""

from importlib import import_module

_HOME = {  # public name -> the module that defines it
    "setup": "environment",
    "load_mnist": "data",
    "load_cifar10": "data",
    "DataError": "data",
    "halved": "data",
    "check": "checks",
    "exercises_solved": "solved",
    "load_claims": "claims",
    "verdict": "claims",
    "closing_table": "claims",
    "scoreboard": "claims",
    "lecture_path": "overview",
    "VerdictsInWords": "overview",
    "show": "figures",
    "play": "player",
    "fit_replicas": "replicas",
    "separating_line": "separability",
    "separable": "separability",
    "softmax": "networks",
    "forward": "networks",
    "layer_signals": "layers",
    "layer_statistics": "layers",
    "CyclicalLearningRate": "schedules",
    "learning_rate_range_test": "schedules",
    "GeneralizationLoss": "early_stopping",
    "ProgressQuotient": "early_stopping",
    "SuccessiveIncreases": "early_stopping",
    "mean_interval": "statistics",
    "share_interval": "statistics",
    "summary": "statistics",
    "paired": "statistics",
    "time_to": "statistics",
    "median_interval": "statistics",
    "mcnemar": "statistics",
    "Interval": "statistics",
    "seeds": "repetition",
    "subsets": "repetition",
    "generator": "repetition",
}
_KERAS_CLASSES = {
    "schedules",
    "early_stopping",
}  # a star import leaves them out: to name them is to load Keras
__all__ = [name for name in _HOME if _HOME[name] not in _KERAS_CLASSES] + ["figures"]


def __getattr__(name):
    if name in _HOME:
        return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    if name == "figures":
        return import_module(f"{__name__}.figures")
    raise AttributeError(
        f"course_utils has no {name!r}. It has: {', '.join(__dir__())}."
    )


def __dir__():
    return sorted([*_HOME, "figures"])
