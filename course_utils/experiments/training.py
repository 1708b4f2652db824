"""Training that can be killed at any moment, in backend-neutral Keras 3.

The pictures lie in the model, on the device (:class:`Lookup`), and `fit` is fed their
numbers only. The order of an epoch follows from (seed, epoch) alone, and after an epoch
everything that the next one depends on (weights, the optimizer's state, the state of
dropout's seeds) goes to a file: a killed run, started again, ends where an
uninterrupted one ends.
"""

import json
import os
import time
import zipfile
from pathlib import Path

import keras
import numpy as np
from keras import ops

from ..data import load_cifar10, load_mnist
from ..replicas import data_order

SAVE_SECONDS = 10  # an epoch shorter than this does not save its state by itself
EVALUATION_BATCH = 1000


class Data:
    """Training and test samples in one array, so that both lie on the device once.

    Attributes
    ----------
    x : array, shape (m + t, ...)
        uint8 pictures, the m training samples first.
    y : array, shape (m + t,)
    m : int
    """

    def __init__(self, train, test):
        self.x, self.y, self.m = (
            np.concatenate([train[0], test[0]]),
            np.concatenate([train[1], test[1]]).astype("int32"),
            len(train[0]),
        )

    def rows(self, part):
        """The numbers of the samples of "train" or "test"."""
        return (
            np.arange(self.m, dtype="int32")
            if part == "train"
            else np.arange(self.m, len(self.x), dtype="int32")
        )

    def feed(self, rows, batch, draw=None):
        """What `fit` and `evaluate` take: the samples `rows`, in this order."""
        return {"x": rows, "y": self.y[rows], "batch_size": batch}


@keras.saving.register_keras_serializable("course")
class Lookup(keras.layers.Layer):
    """Numbers of samples (B,) to the samples themselves (B, ...), scaled to 0 to 1."""

    def __init__(self, x, scale=1 / 255, mean=None):
        super().__init__(trainable=False)
        self.scale, self.mean = scale, mean
        self.data = self.add_weight(
            shape=x.shape,
            dtype="uint8",
            initializer="zeros",
            trainable=False,
            name="data",
        )
        self.data.assign(x)

    def call(self, rows):
        x = ops.cast(ops.take(self.data, rows, axis=0), "float32") * self.scale
        return x if self.mean is None else x - self.mean


class Run:
    """What one job knows: its arm, seed and settings, where its state is kept, and how
    to report progress.

    Parameters
    ----------
    job : str
    seed : int
    settings : dict
    state : pathlib.Path
        Beginning of the path of its state files.
    report : callable
        Is told the finished share of the job, from 0 to 1.
    """

    def __init__(self, job, seed, settings, state, report=lambda share: None):
        self.job, self.seed, self.settings, self.state, self.report = (
            job,
            seed,
            settings,
            Path(state),
            report,
        )
        self.started, self.earlier = (
            time.monotonic(),
            0.0,
        )  # the session's beginning; the seconds of earlier sessions
        self.seconds, self.samples, self.flops = (
            0.0,
            0,
            0.0,
        )  # of measured training, over all sessions

    def total(self):
        """Seconds that the job took, over all sessions."""
        return self.earlier + time.monotonic() - self.started

    def path(self, part):
        """The state file of one of the job's trainings."""
        return self.state.with_name(f"{self.state.name}{part}.npz")


def pictures(m=500, t=200, size=16, seed=0):
    """Made-up coloured pictures of ten kinds, for small scale: ``(x_train, y_train),
    (x_test, y_test)``.

    Each kind is a fixed random pattern of 4 by 4 patches, shown faintly under noise.
    """
    rng = np.random.default_rng(seed)
    patterns, y = (
        rng.normal(size=(10, 4, 4, 3)),
        rng.integers(0, 10, m + t).astype("uint8"),
    )
    x = (
        np.kron(patterns[y], np.ones((1, size // 4, size // 4, 1))) * 25
        + rng.normal(size=(m + t, size, size, 3)) * 40
        + 128
    )
    x = np.clip(x, 0, 255).astype("uint8")
    return (x[:m], y[:m]), (x[m:], y[m:])


def load_data(name):
    """A data set by the name that an experiment's settings give it.

    Parameters
    ----------
    name : {"MNIST", "MNIST, 5,000 digits", "CIFAR-10", "made-up pictures", "ImageNet"}

    Returns
    -------
    (x_train, y_train), (x_test, y_test)
        Of ImageNet the paths of the pictures.

    Raises
    ------
    DataError
        If it cannot be loaded; the message says what to do.
    """
    from .imagenet import files

    load = {
        "ImageNet": files,
        "MNIST": lambda: load_mnist("full"),
        "MNIST, 5,000 digits": load_mnist,
        "CIFAR-10": load_cifar10,
        "made-up pictures": pictures,
    }
    return load[name]()


class Staged(keras.optimizers.schedules.LearningRateSchedule):
    """One schedule after the other, each from its own beginning.

    Parameters
    ----------
    starts : list of int
        The first update of each; increasing, the first is 0.
    schedules : list of callable
    """

    def __init__(self, starts, schedules):
        self.starts, self.schedules = starts, schedules

    def __call__(self, step):
        """The rate at update `step`."""
        step = ops.cast(step, "int32")
        rate = self.schedules[0](step)
        for start, schedule in zip(self.starts[1:], self.schedules[1:]):
            later = schedule(ops.maximum(step - start, 0))
            rate = ops.where(step < start, rate, later)
        return rate


class Product(keras.optimizers.schedules.LearningRateSchedule):
    """Two schedules, multiplied."""

    def __init__(self, one, other):
        self.one, self.other = one, other

    def __call__(self, step):
        """The rate at update `step`."""
        return self.one(step) * self.other(step)


def updates_at_once(steps):
    """How many updates one call executes: PyTorch allows one."""
    return 1 if keras.backend.backend() == "torch" else min(50, steps)


def compile_classifier(model, optimizer, steps):
    """Compile a network that ends in ten logits, for epochs of `steps` updates; return
    it."""
    entropy = keras.metrics.SparseCategoricalCrossentropy(
        from_logits=True, name="cross_entropy"
    )  # the loss without the penalties
    metrics = ["accuracy", entropy] if model.losses else ["accuracy"]
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    at_once = updates_at_once(steps)
    model.compile(optimizer, loss, metrics=metrics, steps_per_execution=at_once)
    return model


def train(
    run, model, data, batch_sizes, checkpoints, part="", share=(0.0, 1.0), label=None
):
    """Train a compiled model, epoch by epoch, from wherever an earlier session of this
    run came to.

    Parameters
    ----------
    run : Run
    model : keras.Model
        Compiled; takes what `data` feeds it (of :class:`Data`: numbers of samples, so
        that it begins with :class:`Lookup`).
    data : Data or Crops
    batch_sizes : list of int
        Of every epoch. The rest of an epoch that fills no batch is left out.
    checkpoints : collection of int
        The epochs (from 1) after which the test set is evaluated.
    part : str
        Name of this training, where a job has several.
    share : (float, float)
        From where to where this training moves the job's progress.
    label : dict, optional
        Put into every row.

    Returns
    -------
    list of dict
        A row for each checkpoint: epoch, updates, train_loss (mean cross-entropy over
        the epoch's batches, dropout included), test_loss, test_accuracy, test_errors.
    """
    keep = [
        v for v in model.variables if not v.path.endswith("/data")
    ]  # weights and seeds, but not the pictures
    model.optimizer.build(model.trainable_variables)
    keep += model.optimizer.variables
    state = _load(run.path(part), keep) or {
        "epoch": 0,
        "updates": 0,
        "rows": [],
        "seconds": 0.0,
        "samples": 0,
        "total": 0.0,
    }
    run.earlier += state["total"]
    begun, earlier, saved = time.monotonic(), state["total"], time.monotonic()
    each, test, warm = flops(model), data.rows("test"), False
    for epoch in range(state["epoch"], len(batch_sizes)):
        start, batch = time.perf_counter(), batch_sizes[epoch]
        order = data_order(run.seed, epoch, data.m)[: data.m // batch * batch].astype(
            "int32"
        )
        history = model.fit(
            **data.feed(order, batch, (run.seed, epoch)), shuffle=False, verbose=0
        ).history
        trained = time.perf_counter() - start
        state["epoch"], state["updates"] = (
            epoch + 1,
            state["updates"] + len(order) // batch,
        )
        if warm:  # a session's first epoch contains building and compiling
            state["samples"], state["seconds"] = (
                state["samples"] + len(order),
                state["seconds"] + trained,
            )
        warm = True
        if epoch + 1 in checkpoints:
            found = model.evaluate(
                **data.feed(test, min(EVALUATION_BATCH, len(test))),
                return_dict=True,
                verbose=0,
            )
            loss, test_loss = (
                float(np.ravel(logs.get("cross_entropy", logs["loss"]))[-1])
                for logs in (history, found)
            )
            accuracy = float(found["accuracy"])
            state["rows"].append(
                {
                    **(label or {}),
                    "epoch": epoch + 1,
                    "updates": state["updates"],
                    "train_loss": loss,
                    "test_loss": test_loss,
                    "test_accuracy": accuracy,
                    "test_errors": round((1 - accuracy) * len(test)),
                }
            )
        if epoch + 1 == len(batch_sizes) or time.monotonic() - saved >= SAVE_SECONDS:
            state["total"] = earlier + time.monotonic() - begun
            _save(run.path(part), keep, state)
            saved = time.monotonic()
        run.report(share[0] + (share[1] - share[0]) * (epoch + 1) / len(batch_sizes))
    run.seconds, run.samples = (
        run.seconds + state["seconds"],
        run.samples + state["samples"],
    )
    run.flops += state["samples"] * each
    return state["rows"]


def _save(path, variables, state):
    """Write variables and state, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(f".{os.getpid()}.part")
    with open(draft, "wb") as file:
        np.savez(
            file,
            state=np.array(json.dumps(state)),
            **{f"v{i}": ops.convert_to_numpy(v) for i, v in enumerate(variables)},
        )
    os.replace(draft, path)


def _load(path, variables):
    """Set the variables from a state file and return the state; None if there is no
    whole file."""
    try:
        with np.load(path, allow_pickle=False) as stored:
            values, state = (
                [stored[f"v{i}"] for i in range(len(variables))],
                json.loads(str(stored["state"])),
            )
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
    for variable, value in zip(variables, values):
        variable.assign(value)
    return state


def flops(model):
    """Floating-point operations of one training step for each sample: forward, and
    twice that backward."""
    count = 0
    for layer in model.layers:
        if isinstance(layer, keras.layers.Dense):
            count += 2 * np.prod(layer.kernel.shape)
        elif isinstance(layer, keras.layers.Conv2D):
            count += 2 * np.prod(layer.kernel.shape) * np.prod(layer.output.shape[1:3])
    return 3.0 * float(count)


def matrix_rate(windows=10, n=2048):
    """The device's own limit: floating-point operations per second of 32-bit matrix
    products.

    The best of several windows of 0.1 seconds, so that other work on the machine counts
    as little as possible.
    """
    a, best = ops.ones((n, n)) / n, 0.0

    def products():
        b = a
        for _ in range(2):
            b = ops.matmul(a, b)
        return float(ops.convert_to_numpy(b[0, 0]))

    products()
    for _ in range(windows):
        count, start = 0, time.perf_counter()
        while time.perf_counter() - start < 0.1:
            products()
            count += 2
        best = max(best, count * 2 * n**3 / (time.perf_counter() - start))
    return best


def checkpoint_epochs(epochs, count):
    """About `count` epochs, evenly spaced, the last included."""
    step = max(1, round(epochs / count))
    return sorted({*range(step, epochs + 1, step), epochs})
