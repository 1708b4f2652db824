"""C44: dropout on all of MNIST, after Hinton et al. 2012.

784-800-800-10, batches of 100, weights from N(0, 0.01^2), momentum from 0.5 to 0.99,
the gradient scaled by (1 - momentum), a rate that decays every epoch, the squared norm
of each hidden unit's incoming weights bounded by 15; 60,000 training images, errors out
of 10,000. Two things differ: the 3,000 epochs are compressed, and ramp and decay with
them; the units are ReLUs and the first rate is 1, because from the paper's 10 the net
diverges within an epoch here, with ReLU and with logistic units.
"""

import keras
from keras import layers, ops

from .training import (
    Data,
    Lookup,
    checkpoint_epochs,
    compile_classifier,
    load_data,
    train,
)

JOBS = ("none", "hidden", "hidden+input")
PAPER_EPOCHS = 3000
DEFAULT_LENGTHS = dict.fromkeys(JOBS, 0.02)


class RampedSGD(keras.optimizers.SGD):
    """Hinton's update: dW = p dW - (1 - p) rate gradient, p rising linearly from one
    momentum to another.

    p follows the optimizer's own count of updates, so it is right however many steps
    one call executes.
    """

    def __init__(self, learning_rate, first, last, ramp, name="ramped_sgd"):
        super().__init__(learning_rate, momentum=float(last), name=name)
        self.first, self.ramp = first, ramp

    def update_step(self, gradient, variable, learning_rate):
        progress = ops.minimum(
            ops.cast(self.iterations, variable.dtype) / self.ramp, 1.0
        )
        p = self.first + (self.momentum - self.first) * progress
        velocity = self.momentums[self._get_variable_index(variable)]
        self.assign(
            velocity,
            p * velocity - (1 - p) * ops.cast(learning_rate, variable.dtype) * gradient,
        )
        self.assign_add(variable, velocity)


def settings(job, scale, length):
    """Everything that the results depend on, apart from arm and seed."""
    small = scale == "small"
    epochs = 10 if small else max(1, round(PAPER_EPOCHS * length))
    return {
        "net": "784-64-64-10" if small else "784-800-800-10",
        "data": "MNIST, 5,000 digits" if small else "MNIST",
        "epochs": epochs,
        "batch": 100,
        "rate": 1.0,
        "rate_at_end": 0.998**PAPER_EPOCHS,
        "momentum": [0.5, 0.99],
        "ramp_epochs": epochs / 6,
        "squared_norm": 15.0,
        "units": "relu",
    }


def work(job, settings):
    """Size of a job, in GFLOP."""
    return settings["epochs"] * 60000 * 0.0077


def build(job, s, data, seed):
    """The compiled network of one arm."""

    def dense(units, place, **options):
        return layers.Dense(
            units,
            kernel_initializer=keras.initializers.RandomNormal(
                0, 0.01, seed=10 * seed + place
            ),
            **options,
        )

    def dropout(h, rate, place):
        return (
            h
            if job == "none" or (job == "hidden" and place == 0)
            else layers.Dropout(rate, seed=10 * seed + 5 + place)(h)
        )

    rows = keras.Input((), dtype="int32")
    h = dropout(Lookup(data.x.reshape(len(data.x), -1))(rows), 0.2, 0)
    for place, width in enumerate(map(int, s["net"].split("-")[1:-1]), 1):
        h = dense(
            width,
            place,
            activation=s["units"],
            kernel_constraint=keras.constraints.MaxNorm(
                s["squared_norm"] ** 0.5, axis=0
            ),
        )(h)
        h = dropout(h, 0.5, place)
    model = keras.Model(rows, dense(10, 9)(h))
    steps = data.m // s["batch"]
    decay = keras.optimizers.schedules.ExponentialDecay(
        s["rate"], steps, s["rate_at_end"] ** (1 / s["epochs"]), staircase=True
    )
    return compile_classifier(
        model, RampedSGD(decay, *s["momentum"], ramp=s["ramp_epochs"] * steps), steps
    )


def run(run):
    """Train one arm with one seed; its rows."""
    s = run.settings
    data = Data(*load_data(s["data"]))
    return train(
        run,
        build(run.job, s, data, run.seed),
        data,
        [s["batch"]] * s["epochs"],
        checkpoint_epochs(s["epochs"], 30),
    )
