"""What one calls: `fit_replicas`, which trains one replica of a model for every
seed."""

import numpy as np
import pandas as pd

from .. import inputs
from ..progress import progress
from . import limits
from .starts import data_order, random_states, weights_like


class Interrupted(KeyboardInterrupt):
    """The training was interrupted.

    Attributes
    ----------
    runs : Runs
        What was learned so far: the history of the complete epochs, and the weights as
        they were.
        In a notebook, the next cell reaches it as ``sys.last_value.runs``.
    """

    def __init__(self, runs, done, epochs):
        super().__init__(
            f"Interrupted after {done} of {epochs} epochs. What was learned so far:"
            " import sys; sys.last_value.runs"
        )
        self.runs = runs


class Runs:
    """What :func:`fit_replicas` returns.

    Attributes
    ----------
    seeds : list of int
    learning_rates : list of float or None
        Where every replica has its own rate: the rates; the two frames then have a
        column learning_rate.
    history : pandas.DataFrame
        One row for each replica and epoch: seed, epoch (from 1), loss, the metrics, and
        the same names with ``val_`` where there is validation data. Loss and metrics
        are means over the epoch's batches, as `fit` reports them.
    updates : pandas.DataFrame or None
        One row for each replica and update: seed, update (from 1), loss of the batch.
    weights : list of array
        The model's variables in Keras's order, each with a first axis of length R.
    """

    def __init__(
        self, seeds, learning_rates, template, history, updates, weights, outputs
    ):
        self.seeds, self.learning_rates, self._template = (
            seeds,
            learning_rates,
            template,
        )
        self.history, self.updates, self.weights = history, updates, weights
        self._outputs = outputs

    def model(self, seed, learning_rate=None):
        """An ordinary Keras model with the weights of one replica (KeyError if there is
        none).

        Where the same seed was trained with several rates, `learning_rate` says which.
        """
        inputs.whole("seed", seed)
        if learning_rate is not None:
            inputs.number("learning_rate", learning_rate)
        rates = self.learning_rates or [None] * len(self.seeds)
        found = [
            r
            for r, pair in enumerate(zip(self.seeds, rates))
            if pair[0] == seed and learning_rate in (None, pair[1])
        ]
        if len(found) != 1:
            raise KeyError(
                f"There {'is no replica' if not found else 'are several replicas'} with"
                f" seed {inputs.shown(seed)} and learning_rate"
                f" {inputs.shown(learning_rate)}; the seeds are"
                f" {inputs.shown(self.seeds)}, the rates"
                f" {inputs.shown(self.learning_rates)}."
            )
        import keras

        model = keras.models.clone_model(self._template)
        model.set_weights([stack[found[0]] for stack in self.weights])
        return model

    def predict(self, x, batch_size=1000):
        """The outputs of all replicas for the inputs `x` of shape (m, ...): an array of
        shape (R, m, ...)."""
        x = limits.check_samples(x, self._template)
        batch_size = inputs.whole("batch_size", batch_size, 1)
        return np.concatenate(
            [
                self._outputs(self.weights, x[i : i + batch_size])
                for i in range(0, len(x), batch_size)
            ],
            axis=1,
        )


def fit_replicas(
    build_model,
    x,
    y,
    seeds,
    optimizer,
    loss,
    metrics=(),
    epochs=1,
    batch_size=32,
    validation_data=None,
    learning_rates=None,
    weights=None,
    subsets=None,
    per_update=False,
):
    """Train one replica of a model for every seed, all at once.

    Each replica ends where `fit` ends from the same weights, random layers' seeds and
    batches. A call with the same network, shapes, loss, metrics and kind of optimizer
    as an earlier one uses its compiled loop again.

    Parameters
    ----------
    build_model : callable
        Takes nothing, returns a new, built Keras model (Sequential or functional) of
        one input and one output.
    x, y : array, shape (m, ...)
    seeds : iterable of int
        Each gives its replica's initial weights, random layers (dropout, noise) and
        order of the data.
        They differ, unless `learning_rates` tell replicas of the same seed apart.
    optimizer : str or keras.optimizers.Optimizer
        The object itself is left untouched.
    loss : str, keras.losses.Loss or function
        As in `compile`.
    metrics : sequence of str, keras.metrics.Metric or function
        As in `compile`; each gives one number.
    epochs : int
    batch_size : int or sequence of int
        A sequence gives each epoch its own; the optimizer's state goes on. The last
        batch of an epoch is smaller where the batch size does not divide m, as in
        `fit`.
    validation_data : (array, array) or dict of them, optional
        Evaluated after every epoch. With several sets, ``{"val": (x, y), "test": (x,
        y)}``, the names are the prefixes of the columns.
    learning_rates : array, shape (R,), optional
        A rate for each replica, instead of the optimizer's own (with a schedule: a
        factor would be ambiguous, so not allowed).
    weights : list of array, optional
        Where to start instead of fresh weights: as `Runs.weights`, each with a first
        axis of length R.
        The optimizer starts afresh.
    subsets : array of int, shape (R, n), optional
        The samples of each replica, as places in `x` and `y`: replica r trains on
        ``x[subsets[r]]``.
    per_update : bool
        Also keep the loss of every update.

    Returns
    -------
    Runs

    Raises
    ------
    ReplicaError
        If the model, the optimizer or an option cannot be trained this way, or the data
        do not fit.
    Interrupted
        If the kernel is interrupted (the stop button); `Interrupted.runs` has what was
        learned so far.
    """
    limits.check_build_model(build_model)
    seeds, rates = limits.check_seeds(seeds, learning_rates)
    batch_sizes = limits.check_counts(epochs, batch_size)
    template = build_model()
    limits.check_model(template)
    limits.check_loss(loss)
    metrics = limits.check_metrics(metrics)
    x, y = limits.check_arrays(x, y, template)
    held_out = limits.check_held_out(validation_data, template)
    for name, labels in {
        "y": y,
        **{f"validation y ({name})": pair[1] for name, pair in held_out.items()},
    }.items():
        limits.check_labels(labels, loss, template, name)
    subsets = limits.check_subsets(subsets, len(seeds), len(x))
    weights = (
        weights_like(template, build_model, seeds)
        if weights is None
        else limits.check_weights(weights, template, len(seeds))
    )

    from .training import Training  # loads TensorFlow

    states = random_states(template, seeds)
    start = {**{id(v): stack for v, stack in zip(template.weights, weights)}, **states}
    training = Training(
        template,
        build_model,
        start,
        optimizer,
        rates,
        loss,
        metrics,
        x,
        y,
        list(held_out.values()),
        len(seeds),
    )
    m = len(x) if subsets is None else subsets.shape[1]
    rows, losses = [], []

    def result():
        names = training.names + [
            f"{prefix}_{name}" for prefix in held_out for name in training.names
        ]
        history = _tidy(
            _joined(rows, len(names), len(seeds)), seeds, rates, "epoch", names
        )
        updates = (
            _tidy(_joined(losses, 1, len(seeds)), seeds, rates, "update", ["loss"])
            if per_update
            else None
        )
        return Runs(
            seeds,
            rates,
            template,
            history,
            updates,
            training.weights(),
            training.loop.predict,
        )

    try:
        with progress(
            sum(-(-m // B) for B in batch_sizes), f"{len(seeds)} replicas", "update"
        ) as bar:
            for call in training.calls(batch_sizes, m):
                if (
                    call.B >= m and not states
                ):  # the order of a whole batch changes nothing
                    orders = np.broadcast_to(np.arange(m), (call.epochs, len(seeds), m))
                else:
                    orders = np.stack(
                        [
                            [data_order(seed, epoch, m) for seed in seeds]
                            for epoch in range(call.epoch, call.epoch + call.epochs)
                        ]
                    )
                if subsets is not None:
                    orders = np.take_along_axis(subsets[None], orders, axis=2)
                row, of_updates = training.run(call, orders.astype(np.int32))
                rows.append(row)
                losses.append(of_updates[:, None])
                bar.update(len(of_updates))
        training.finish()
    except KeyboardInterrupt:
        raise Interrupted(result(), sum(map(len, rows)), len(batch_sizes)) from None
    return result()


def _joined(parts, columns, R):
    """Parts (steps, columns, R) of a table, one after the other."""
    return np.concatenate([np.zeros((0, columns, R), np.float32), *parts])


def _tidy(values, seeds, rates, count, names):
    """(steps, columns, R) as a frame with one row for each replica and step."""
    steps = len(values)
    frame = pd.DataFrame({"seed": np.repeat(seeds, steps)})
    if rates is not None:
        frame["learning_rate"] = np.repeat(rates, steps)
    frame[count] = np.tile(np.arange(1, steps + 1), len(seeds))
    return frame.assign(
        **{name: values[:, k].T.ravel() for k, name in enumerate(names)}
    )
