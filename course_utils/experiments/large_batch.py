"""C59: large batches, sharp minima and generalization, after Keskar et al. 2016.

F1 (784-512x5-10, batch normalization) on MNIST and C1 (two 5x5 convolutions of 64,
dense 384 and 192) on CIFAR-10, Adam at one rate, batches of 256 against a tenth of the
data; and, beyond the paper, the large batch with the rate multiplied by the root of the
batches' ratio. Then, for each minimum, the sharpness of the training loss, in the full
space and in random planes of 100 dimensions; and the losses on the line through the
small batch's minimum (alpha = 0) and the large batch's (alpha = 1).

Batch normalization's moving averages belong to one point only, so sharpness and line
use the statistics of the batches (of 1,000) they are computed on.
"""

import keras
import numpy as np
from keras import layers, ops
from scipy.optimize import minimize

from .training import (
    EVALUATION_BATCH,
    Data,
    Lookup,
    checkpoint_epochs,
    compile_classifier,
    load_data,
    train,
)

JOBS = ("F1", "C1")
PAPER_EPOCHS = 100  # our choice: the paper trains until the loss stops falling
DEFAULT_LENGTHS = {"F1": 0.5, "C1": 1.0}
ARMS = ("small", "large", "large scaled")
DIMENSIONS = 100  # of the random planes
GTOL = 0.0  # size of the gradient at which the search for the largest loss stops


def settings(job, scale, length):
    """Everything that the results depend on, apart from arm and seed."""
    small = scale == "small"
    s = {
        "F1": {
            "data": "MNIST, 5,000 digits" if small else "MNIST",
            "widths": [32] * 2 if small else [512] * 5,
        },
        "C1": {
            "data": "made-up pictures" if small else "CIFAR-10",
            "filters": 4 if small else 64,
            "widths": [16, 8] if small else [384, 192],
            "dropout": 0.5,
        },
    }[job]
    return {
        "net": job,
        **s,
        "epochs": 2 if small else max(1, round(PAPER_EPOCHS * length)),
        "rate": 1e-3,
        "batch": 25 if small else 256,
        "large_batch": 0.1,
        "sharpness_samples": 200 if small else 10000,
        "epsilons": [1e-3] if small else [1e-3, 5e-4],
        "iterations": 2 if small else 10,
        "gtol": GTOL,
        "line_points": 4 if small else 25,
    }


def work(job, settings):
    """Size of a job, in GFLOP."""
    return settings["epochs"] * 3 * {"F1": 60000 * 0.009, "C1": 50000 * 0.19}[job]


class OwnStatistics(layers.BatchNormalization):
    """Batch normalization by the batch's own mean and variance always (a functional
    model overrides `training=True`)."""

    def call(self, inputs, training=None, mask=None):
        return super().call(inputs, training=True, mask=mask)


def build(s, data, seed, rate, batch, at_minimum=False):
    """The compiled network; `at_minimum`: dropout off, and batch normalization by each
    batch's own statistics."""
    normalization = OwnStatistics if at_minimum else layers.BatchNormalization
    places = iter(range(1000))

    def start():
        return keras.initializers.HeUniform(seed=1000 * seed + next(places))

    def active(h):
        return layers.ReLU()(normalization()(h))

    rows = keras.Input((), dtype="int32")
    h = Lookup(data.x if s["net"] == "C1" else data.x.reshape(len(data.x), -1))(rows)
    if s["net"] == "C1":
        for _ in range(2):
            h = layers.MaxPooling2D(3, 2, "same")(
                active(
                    layers.Conv2D(
                        s["filters"], 5, padding="same", kernel_initializer=start()
                    )(h)
                )
            )
        h = layers.Flatten()(h)
    for width in s["widths"]:
        h = active(layers.Dense(width, kernel_initializer=start())(h))
        if s.get("dropout") and not at_minimum:
            h = layers.Dropout(s["dropout"], seed=1000 * seed + 500 + next(places))(h)
    model = keras.Model(rows, layers.Dense(10, kernel_initializer=start())(h))
    return compile_classifier(
        model,
        KeepGradient() if at_minimum else keras.optimizers.Adam(rate),
        1 if at_minimum else data.m // batch,
    )


class KeepGradient(keras.optimizers.Optimizer):
    """Changes no weight, but adds up the gradients: so `train_on_batch` gives the
    gradient of a loss on every backend."""

    def __init__(self):
        super().__init__(learning_rate=0.0)

    def build(self, variables):
        if not self.built:
            super().build(variables)
            self.sums = self.add_optimizer_variables(variables, "sum")

    def update_step(self, gradient, variable, learning_rate):
        self.assign_add(self.sums[self._get_variable_index(variable)], gradient)


class Loss:
    """A network's loss on some samples as a function of all its trainable weights, in
    one vector."""

    def __init__(self, model, data, rows):
        self.model, self.data = model, data
        self.rows = rows[
            : max(1, len(rows) // EVALUATION_BATCH) * EVALUATION_BATCH
        ]  # whole batches: the mean of batches is the mean
        self.batch = min(EVALUATION_BATCH, len(self.rows))

    def at(self, weights, rows=None):
        """Loss and accuracy at some weights, on the samples `rows` (default: its
        own)."""
        return self._batches(
            self.model.test_on_batch, weights, self.rows if rows is None else rows
        )

    def with_gradient(self, weights):
        """Loss and its gradient at some weights."""
        self.model.optimizer.build(self.model.trainable_variables)
        for total in self.model.optimizer.sums:
            total.assign(ops.zeros(total.shape))
        value, _ = self._batches(self.model.train_on_batch, weights, self.rows)
        return value, _vector(self.model.optimizer.sums) / (
            len(self.rows) // self.batch
        )

    def _batches(self, one, weights, rows):
        """Means of loss and accuracy over all batches at some weights."""
        _put(self.model, weights)
        found = []
        for first in range(0, len(rows), self.batch):
            part = rows[first : first + self.batch]
            self.model.reset_metrics()
            logs = one(part, self.data.y[part], return_dict=True)
            found.append((float(logs["loss"]), float(logs["accuracy"])))
        return tuple(float(mean) for mean in np.mean(found, axis=0))


def _vector(variables):
    return np.concatenate([ops.convert_to_numpy(v).ravel() for v in variables])


def _put(model, weights):
    first = 0
    for v in model.trainable_variables:
        size = int(np.prod(v.shape))
        v.assign(weights[first : first + size].reshape(v.shape).astype("float32"))
        first += size


def sharpness(with_gradient, x, epsilon, plane=None, iterations=10):
    """Keskar's sharpness: 100 (max f(x + A y) - f(x)) / (1 + f(x)) over |y_i| <=
    epsilon (|(A+ x)_i| + 1).

    Parameters
    ----------
    with_gradient : callable
        Weights -> (f, its gradient).
    x : array, shape (n,)
    epsilon : float
    plane : array, shape (n, p), optional
        A; without it the identity. A+ is its pseudo-inverse.
    iterations : int
        Of L-BFGS-B.

    Returns
    -------
    float
        A lower bound, as the search is short.
    """
    center = x if plane is None else np.linalg.solve(plane.T @ plane, plane.T @ x)
    bound = epsilon * (np.abs(center) + 1)
    start, best = with_gradient(x)[0], [-np.inf]

    def negative(y):
        f, gradient = with_gradient(x + (y if plane is None else plane @ y))
        best.append(f)
        return -f, -(gradient if plane is None else plane.T @ gradient).astype(
            "float64"
        )

    box = np.stack([-bound, bound], axis=1)
    options = {
        "maxiter": iterations,
        "gtol": GTOL,
        "ftol": 0.0,
    }  # by default it stops at once where the loss is nearly zero
    minimize(
        negative,
        np.zeros(len(center)),
        jac=True,
        method="L-BFGS-B",
        bounds=box,
        options=options,
    )
    return 100 * (max(best) - start) / (1 + start)


def run(run):
    """Train a net with both kinds of batches and look at the minima; the rows of all
    arms."""
    s = run.settings
    data = Data(*load_data(s["data"]))
    large = int(data.m * s["large_batch"])
    plans = {
        "small": (s["batch"], s["rate"]),
        "large": (large, s["rate"]),
        "large scaled": (large, s["rate"] * (large / s["batch"]) ** 0.5),
    }
    rows, minima = [], {}
    for k, (arm, (batch, rate)) in enumerate(plans.items()):
        model = build(s, data, run.seed, rate, batch)
        label = {"arm": f"{run.job} {arm}", "batch": batch, "learning_rate": rate}
        rows += train(
            run,
            model,
            data,
            [batch] * s["epochs"],
            checkpoint_epochs(s["epochs"], 25),
            f"-{k}",
            (0.3 * k, 0.3 * (k + 1)),
            label,
        )
        minima[arm] = _vector(model.trainable_variables)
    sample = (
        np.random.default_rng(run.seed)
        .choice(data.m, s["sharpness_samples"], replace=False)
        .astype("int32")
    )
    loss = Loss(build(s, data, run.seed, 0, s["batch"], at_minimum=True), data, sample)
    _add_sharpness(run, s, loss, minima, rows)
    return rows + list(_line_rows(run, s, loss, minima))


def _add_sharpness(run, s, loss, minima, rows):
    """Put the sharpness of every minimum into the last row of its arm."""
    plane = np.random.default_rng(run.seed).standard_normal(
        (len(minima["small"]), DIMENSIONS), dtype="float32"
    )
    for arm, x in minima.items():
        last = [row for row in rows if row["arm"] == f"{run.job} {arm}"][-1]
        for epsilon in s["epsilons"]:
            last[f"sharpness_{epsilon:g}"] = sharpness(
                loss.with_gradient, x, epsilon, None, s["iterations"]
            )
            last[f"plane_sharpness_{epsilon:g}"] = sharpness(
                loss.with_gradient, x, epsilon, plane, s["iterations"]
            )


def _line_rows(run, s, loss, minima):
    """Losses on the lines from the small batch's minimum (alpha 0) to the large
    batches' (alpha 1)."""
    test, epochs = loss.data.rows("test"), s["epochs"]
    for arm in ARMS[1:]:
        for alpha in np.linspace(-1, 2, s["line_points"]):
            weights = alpha * minima[arm] + (1 - alpha) * minima["small"]
            (train_loss, train_accuracy), (test_loss, test_accuracy) = (
                loss.at(weights),
                loss.at(weights, test),
            )
            yield {
                "arm": f"{run.job} line to {arm}",
                "alpha": alpha,
                "epoch": epochs,
                "train_loss": train_loss,
                "train_accuracy": train_accuracy,
                "test_loss": test_loss,
                "test_accuracy": test_accuracy,
                "test_errors": round((1 - test_accuracy) * len(test)),
            }
