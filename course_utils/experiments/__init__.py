"""The lecture's experiments at full scale: ``python -m course_utils.experiments NAME``
(or ``list``).

Each experiment trains some arms with some seeds and writes ``data/results/NAME.csv``.
This module only reads: :func:`results` what was measured, :func:`published` what the
papers report. It loads no Keras.
"""

import json
from typing import NamedTuple

import pandas as pd

from ..data import DATA, whole_table

RESULTS = DATA / "results"
SCALES = ("small", "full")
FINISHED, FAILED = "finished", "failed"  # column status


class Experiment(NamedTuple):
    """What ``list`` says of an experiment: where its code is, and what it takes."""

    module: str
    claim: str
    title: str
    measures: tuple  # columns of its own
    data: str
    cost: str


EXPERIMENTS = {
    "dropout": Experiment(
        "course_utils.experiments.dropout",
        "C44",
        "dropout on MNIST, 784-800-800-10, three arms",
        (),
        "MNIST",
        "60 epochs (--length 0.02, the default): about 5 minutes a run on two cores;"
        " the paper's 3,000 (--length 1): a GPU",
    ),
    "batch-increase": Experiment(
        "course_utils.experiments.batch_increase",
        "C61",
        "raise the batch or lower the rate: a dense net on MNIST, WRN-16-4 on CIFAR-10",
        ("batch", "learning_rate"),
        "MNIST, CIFAR-10",
        "--arms MNIST: about 100 seconds a run on two cores; --arms WRN: 23 PFLOP a run"
        " (a GPU)",
    ),
    "large-batch": Experiment(
        "course_utils.experiments.large_batch",
        "C59",
        "batches of 256 against 10 %: F1 on MNIST, C1 on CIFAR-10; sharpness, and the"
        " line between the minima",
        (
            "batch",
            "learning_rate",
            "sharpness_0.001",
            "sharpness_0.0005",
            "plane_sharpness_0.001",
            "plane_sharpness_0.0005",
            "alpha",
            "train_accuracy",
        ),
        "MNIST, CIFAR-10",
        "--arms F1 (50 epochs): 10 to 15 minutes a seed on two cores; --arms C1: 3"
        " PFLOP a seed (a GPU)",
    ),
    "cyclical": Experiment(
        "course_utils.experiments.cyclical",
        "C55",
        "cyclical rates against a fixed one, default and tuned: CIFAR-10 with Caffe's"
        " full net",
        ("learning_rate",),
        "CIFAR-10",
        "70,000 updates (0.5 PFLOP) take about 45 minutes on two cores, all arms of a"
        " seed (327,000 updates) about three and a half hours",
    ),
}
COLUMNS = (
    "experiment",
    "scale",
    "job",
    "arm",
    "seed",
    "epoch",
    "updates",
    "test_accuracy",
    "test_errors",
    "train_loss",
    "test_loss",
)
PROVENANCE = (
    "status",
    "error",
    "seconds",
    "samples_per_second",
    "limit_share",
    "device",
    "backend",
    "keras",
    "python",
    "command",
    "finished",
    "settings",
)


def columns(name):
    """The columns of an experiment's results, in the file's order."""
    return [*COLUMNS, *_experiment(name).measures, *PROVENANCE]


def results(name, scale="full"):
    """What an experiment measured: the finished rows of ``data/results/NAME.csv``.

    Parameters
    ----------
    name : str
        As ``python -m course_utils.experiments list`` names it.
    scale : {"full", "small"}

    Returns
    -------
    pandas.DataFrame
        One row for each arm, seed and checkpoint; no rows, but the same columns, if
        nothing is finished.
        Column `settings` holds what the runs were made with, as JSON.

    Raises
    ------
    ValueError
        For an unknown name or scale; the message lists the right ones.
    """
    if scale not in SCALES:
        raise ValueError(
            f"There is no scale {scale!r}: take one of {', '.join(SCALES)}."
        )
    frame = read(RESULTS / f"{name}.csv", name)
    frame = frame[
        (frame["scale"] == scale) & (frame["status"] == FINISHED)
    ].reset_index(drop=True)
    whole = [
        column
        for column in ("epoch", "updates", "test_errors")
        if len(frame) and frame[column].notna().all()
    ]
    return frame.astype(dict.fromkeys(whole, int))


def published(name):
    """The papers' figures for an experiment, from ``data/published.csv``.

    Parameters
    ----------
    name : str
        As ``python -m course_utils.experiments list`` names it.

    Returns
    -------
    pandas.DataFrame
        Columns arm, measure, value, source.

    Raises
    ------
    ValueError
        For an unknown name; the message lists the right ones.
    """
    _experiment(name)
    frame = pd.read_csv(DATA / "published.csv")
    return (
        frame[frame["experiment"] == name]
        .drop(columns="experiment")
        .reset_index(drop=True)
    )


def read(path, name, dtype=None):
    """All rows of a results file, finished or not (none if it is missing); `dtype`: of
    every column."""
    if not path.is_file():
        return pd.DataFrame(columns=columns(name))
    remedy = "put a whole one in its place, or move it away to begin anew"
    kept = {"keep_default_na": False, "na_values": [""]}
    return whole_table(path, remedy, dtype=dtype or {"error": object}, **kept).reindex(
        columns=columns(name)
    )


def settings_text(settings):
    """Settings as the results file stores them: JSON with sorted keys."""
    return json.dumps(settings, sort_keys=True)


def _experiment(name):
    if name not in EXPERIMENTS:
        raise ValueError(
            f"There is no experiment {name!r}: take one of {', '.join(EXPERIMENTS)}."
        )
    return EXPERIMENTS[name]
