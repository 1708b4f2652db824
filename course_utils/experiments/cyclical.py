"""C55: cyclical learning rates on CIFAR-10 with Caffe's `cifar10_full` net, after Smith
2017.

Three 5x5 convolutions (32, 32, 64), pools max, average, average, local response
normalization, one dense layer; SGD with momentum 0.9, batch 100, weight decay 0.004
(250 times that on the dense layer), pixels from 0 to 255 less the mean picture: as in
Caffe's file, but for its doubled rate on biases.

The arms, as the paper has them: `fixed` is Caffe's policy (0.001, after 6/7 and 13/14
of the updates a tenth of it). `triangular2` is the run of its Figure 1, whose Table 2
also lowers both limits tenfold, twice. `decay` falls linearly from 0.007 to 0.001
within 4,000 updates and stays there. `exp` is 0.001 gamma^t; in `exp_range` both limits
fall so. Beside them, ours: `triangular2 in one range` and `decay in one range` (0.001
to 0.006, step size 2,000, never lowered), so that cycles are compared without drops;
`tuned fixed`, the fixed policy with triangular2's number of updates, its rate chosen
from four, each tried for a fifth of these updates on 45,000 training pictures and
judged on the other 5,000.
"""

import keras
from keras import layers, ops

from ..schedules import CyclicalLearningRate
from . import imagenet
from .training import (
    Data,
    Lookup,
    Product,
    Staged,
    checkpoint_epochs,
    compile_classifier,
    load_data,
    train,
)

UPDATES = {
    "triangular2": 25000,
    "tuned fixed": 25000,
    "decay": 25000,
    "exp_range": 42000,
    "fixed": 70000,
    "exp": 70000,
    "triangular2 in one range": 25000,
    "decay in one range": 25000,
}
STAGES = [  # Smith's Table 2: from which update on; base and maximum; step size
    [0, 0.001, 0.005, 2000],
    [16000, 0.0001, 0.0005, 1000],
    [22000, 0.00001, 0.00005, 500],
]
JOBS = (*UPDATES, *imagenet.JOBS)
NAMED_ONLY = imagenet.JOBS  # they need a data set that cannot be downloaded
DEFAULT_LENGTHS = {}  # the paper's


def settings(job, scale, length):
    """Everything that the results depend on, apart from arm and seed."""
    if job in imagenet.JOBS:
        return imagenet.settings(job, scale, length)
    small = scale == "small"
    length = 0.002 if small else length

    def updates(number):
        return max(1, round(number * length))

    return {
        "net": "cifar10_full",
        "data": "made-up pictures" if small else "CIFAR-10",
        "batch": 25 if small else 100,
        "length": length,
        "base": 0.001,
        "max": 0.006,
        "step_size": updates(2000),
        "stages": [
            [updates(t) if t else 0, low, high, updates(n)]
            for t, low, high, n in STAGES
        ],
        "decay_from": 0.007,
        "decay_steps": updates(4000),
        "gamma": 0.99994 ** (1 / length),
        "momentum": 0.9,
        "weight_decay": 0.004,
        "dense_decay": 1.0,
        "tuned_from": [0.0005, 0.001, 0.002, 0.004],
        "tried_for": 0.2,
        "held_out": 0.1,
    }


def work(job, settings):
    """Size of a job, in GFLOP."""
    if job in imagenet.JOBS:
        return imagenet.work(job, settings)
    trainings = (
        1 + settings["tried_for"] * len(settings["tuned_from"])
        if job == "tuned fixed"
        else 1
    )
    return trainings * UPDATES[job] * settings["length"] * settings["batch"] * 0.074


def rate(job, s, updates, fixed=None):
    """The learning rate of an arm, as a Keras schedule."""
    schedules = keras.optimizers.schedules
    if job in ("fixed", "tuned fixed"):
        first = fixed or s["base"]
        return schedules.PiecewiseConstantDecay(
            [updates * 6 // 7, updates * 13 // 14], [first, first / 10, first / 100]
        )
    if job == "decay":
        return schedules.PolynomialDecay(s["decay_from"], s["decay_steps"], s["base"])
    if job == "decay in one range":
        return schedules.PolynomialDecay(s["max"], s["step_size"], s["base"])
    if job == "triangular2":
        return Staged(
            [t for t, *_ in s["stages"]],
            [CyclicalLearningRate(*stage, "triangular2") for _, *stage in s["stages"]],
        )
    if job == "exp":
        return schedules.ExponentialDecay(s["base"], 1, s["gamma"])
    limits = s["base"], s["max"], s["step_size"]
    if job == "exp_range":
        falling = schedules.ExponentialDecay(1.0, 1, s["gamma"])
        return Product(CyclicalLearningRate(*limits, "triangular"), falling)
    return CyclicalLearningRate(*limits, "triangular2")


class LocalResponseNormalization(layers.Layer):
    """Caffe's, within each channel: x / (1 + alpha * mean of the squares of 3x3
    neighbours) ** 0.75."""

    def call(self, x):
        base = 1 + 5e-5 * ops.average_pool(ops.square(x), 3, 1, "same")
        return x * ops.rsqrt(
            base * ops.sqrt(base)
        )  # the power itself takes longer than all convolutions on a CPU


def build(s, data, seed, schedule, steps):
    """Caffe's `cifar10_full`, compiled."""

    def options(place, std, decay=1.0):
        return {
            "kernel_initializer": keras.initializers.RandomNormal(
                0, std, seed=10 * seed + place
            ),
            "kernel_regularizer": keras.regularizers.L2(decay * s["weight_decay"] / 2),
        }  # its gradient is decay * w

    rows = keras.Input((), dtype="int32")
    x = Lookup(data.x, scale=1.0, mean=data.x[: data.m].mean(axis=0))(rows)
    h = layers.ReLU()(
        layers.MaxPooling2D(3, 2, "same")(
            layers.Conv2D(32, 5, padding="same", **options(0, 1e-4))(x)
        )
    )
    h = layers.Conv2D(32, 5, padding="same", activation="relu", **options(1, 0.01))(
        LocalResponseNormalization()(h)
    )
    h = LocalResponseNormalization()(layers.AveragePooling2D(3, 2, "same")(h))
    h = layers.AveragePooling2D(3, 2, "same")(
        layers.Conv2D(64, 5, padding="same", activation="relu", **options(2, 0.01))(h)
    )
    h = layers.Dense(
        10, **options(3, 0.01, decay=s["dense_decay"] / s["weight_decay"])
    )(layers.Flatten()(h))
    return compile_classifier(
        keras.Model(rows, h),
        keras.optimizers.SGD(schedule, momentum=s["momentum"]),
        steps,
    )


def run(run):
    """Train one arm with one seed; its rows."""
    if run.job in imagenet.JOBS:
        return imagenet.run(run)
    s = run.settings
    train_set, test_set = load_data(s["data"])

    def training(data, fixed, share, length=s["length"], count=30, part=""):
        steps = data.m // s["batch"]
        epochs = max(1, round(UPDATES[run.job] * length / steps))
        model = build(s, data, run.seed, rate(run.job, s, epochs * steps, fixed), steps)
        return train(
            run,
            model,
            data,
            [s["batch"]] * epochs,
            checkpoint_epochs(epochs, count),
            part,
            share,
        )

    chosen, n = (
        None,
        1.0,
    )  # n: the length of all trainings together, in that of the last one
    if run.job == "tuned fixed":
        rest = round(len(train_set[0]) * (1 - s["held_out"]))
        tuning, accuracy, each = (
            Data(
                [part[:rest] for part in train_set], [part[rest:] for part in train_set]
            ),
            {},
            s["tried_for"],
        )
        n += each * len(s["tuned_from"])
        for k, candidate in enumerate(s["tuned_from"]):
            found = training(
                tuning,
                candidate,
                (k * each / n, (k + 1) * each / n),
                s["length"] * each,
                1,
                f"-{candidate}",
            )
            accuracy[candidate] = found[-1]["test_accuracy"]  # on the pictures held out
        chosen = max(accuracy, key=accuracy.get)
    found = training(Data(train_set, test_set), chosen, (1 - 1 / n, 1.0))
    return [{**row, "learning_rate": chosen} for row in found]
