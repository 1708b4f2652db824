"""Cyclical learning rates, and the range test that chooses their limits (Smith 2017,
the lecture's C55).

What Keras has is not here: `InverseTimeDecay`, `ExponentialDecay`, `PolynomialDecay`,
`PiecewiseConstantDecay` and `CosineDecay` of `keras.optimizers.schedules`.
"""

from numbers import Real

import numpy as np

from . import inputs
from .environment import load_keras

keras = load_keras()
ops = keras.ops
POLICIES = ("triangular", "triangular2", "exp_range")


@keras.saving.register_keras_serializable(package="course_utils")
class CyclicalLearningRate(keras.optimizers.schedules.LearningRateSchedule):
    """A rate that rises and falls between two limits along triangles (Smith 2017, the
    lecture's cyclical rate).

    With the update t counted from 0 and s the step size: cycle = floor(1 + t / 2s), x =
    |t / s - 2 cycle + 1|, rate = base + (max - base) max(0, 1 - x) scale. One cycle
    takes 2s updates.

    An update is what Keras counts: every mini-batch, also with
    ``gradient_accumulation_steps``, where only every k-th of them changes the weights.
    There a step size in changes of the weights must be multiplied by k.

    Parameters
    ----------
    base_learning_rate, max_learning_rate : float
        Lower and upper limit; 0 <= base < max.
    step_size : int
        Updates from the lower to the upper limit, a whole number; Smith advises those
        of 2 to 8 epochs.
    policy : {"triangular", "triangular2", "exp_range"}
        scale = 1; 1/2 in the second cycle, 1/4 in the third and so on; or gamma ** t.
    gamma : float
        For "exp_range": in (0, 1].

    Raises
    ------
    ValueError
        If a parameter is outside its range, or the policy is unknown.
    """

    def __init__(
        self,
        base_learning_rate,
        max_learning_rate,
        step_size,
        policy="triangular",
        gamma=1.0,
    ):
        inputs.number("base_learning_rate", base_learning_rate)
        inputs.number("max_learning_rate", max_learning_rate)
        if not 0 <= base_learning_rate < max_learning_rate < np.inf:
            raise ValueError(
                "The limits must be 0 <= base_learning_rate < max_learning_rate, not"
                f" {base_learning_rate:g} and {max_learning_rate:g}."
            )
        if (
            isinstance(step_size, bool)
            or not isinstance(step_size, Real)
            or not (1 <= step_size < 2**30 and float(step_size).is_integer())
        ):
            raise ValueError(
                "step_size is a number of updates, whole and at least 1, not"
                f" {inputs.shown(step_size)}."
            )
        inputs.one_of("policy", policy, POLICIES)
        inputs.number("gamma", gamma, "above 0 and at most 1", lambda g: 0 < g <= 1)
        self.base_learning_rate, self.max_learning_rate = (
            float(base_learning_rate),
            float(max_learning_rate),
        )
        self.step_size, self.policy, self.gamma = int(step_size), policy, float(gamma)

    def __call__(self, step):
        """The rate at update `step` (from 0; a number or an array): float32 of the same
        shape."""
        if isinstance(step, (np.ndarray, np.generic)) or not hasattr(
            step, "dtype"
        ):  # not Keras's
            step = inputs.numbers("step", step, "an update's number, or several")
        whole = ops.cast(step, "int32")
        cycle = whole // (
            2 * self.step_size
        )  # from 0; whole numbers, so that late updates keep their digits
        t = ops.cast(whole - 2 * self.step_size * cycle, "float32")
        height = 1 - ops.abs(t / self.step_size - 1)
        scale = {
            "triangular": lambda: 1.0,
            "triangular2": lambda: ops.power(0.5, ops.cast(cycle, "float32")),
            "exp_range": lambda: ops.power(self.gamma, ops.cast(whole, "float32")),
        }[self.policy]()
        return (
            self.base_learning_rate
            + (self.max_learning_rate - self.base_learning_rate) * height * scale
        )

    def get_config(self):
        """What rebuilds this schedule."""
        return {
            name: getattr(self, name)
            for name in (
                "base_learning_rate",
                "max_learning_rate",
                "step_size",
                "policy",
                "gamma",
            )
        }


def learning_rate_range_test(
    build_model,
    x,
    y,
    seeds,
    loss,
    low,
    high,
    updates,
    optimizer="sgd",
    batch_size=32,
    linear=False,
):
    """One short run per seed while the rate grows from `low` to `high` (Smith 2017,
    section 3.3).

    Take the lower limit of a cycle where the loss begins to fall, the upper one where
    it turns ragged or rises.

    Parameters
    ----------
    build_model, x, y, seeds, loss, batch_size
        As for :func:`course_utils.fit_replicas`.
    low, high : float
        0 < low < high.
    updates : int
        Length of the run.
    optimizer : str or keras.optimizers.Optimizer
        Its rate is replaced.
    linear : bool
        Grow linearly, as in the paper, instead of by a constant factor.

    Returns
    -------
    pandas.DataFrame
        One row for each seed and update: seed, update (from 1), learning_rate, loss (of
        that update's batch, before the update). :func:`course_utils.figures.range_test`
        draws it.

    Raises
    ------
    ValueError
        If the rates do not grow, or there are fewer than two updates.
    """
    from .replicas import fit_replicas
    from .replicas.training import find_optimizer

    inputs.number("low", low)
    inputs.number("high", high)
    inputs.need(inputs.is_whole(updates), "updates", "a whole number", updates)
    if not 0 < low < high < np.inf or not 2 <= updates < 2**30:
        raise ValueError(
            f"The rates must grow, 0 < low < high, over at least 2 updates: not {low:g}"
            f" to {high:g} over {inputs.shown(updates)}."
        )
    linear = inputs.truth("linear", linear)
    batch_size = inputs.whole("batch_size", batch_size, 1)
    samples = len(np.atleast_1d(inputs.numbers("x", x, kinds="biuf")))
    schedules = keras.optimizers.schedules
    rising = (
        schedules.PolynomialDecay(low, updates - 1, high)
        if linear
        else schedules.ExponentialDecay(low, updates - 1, high / low)
    )
    optimizer = find_optimizer(optimizer)
    config = {**optimizer.get_config(), "learning_rate": schedules.serialize(rising)}
    epochs = -(-updates // -(-samples // batch_size))
    runs = fit_replicas(
        build_model,
        x,
        y,
        seeds,
        type(optimizer).from_config(config),
        loss,
        epochs=epochs,
        batch_size=batch_size,
        per_update=True,
    )
    table = runs.updates[runs.updates["update"] <= updates].reset_index(drop=True)
    table.insert(2, "learning_rate", np.asarray(rising(table["update"].to_numpy() - 1)))
    return table
