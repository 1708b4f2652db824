"""Driving the compiled loop: groups of replicas side by side, one short call after
another, loops kept for the next training."""

import json
import os
import time
from collections import OrderedDict
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from ..inputs import shown
from .limits import ReplicaError, layers_of
from .loop import Loop
from .stateless import check_optimizer, plain_settings

CALL_UPDATES = 1000  # updates that one call can do
CALL_SECONDS = 0.4  # how long a call shall take: an interruption waits for its end
FIRST_UPDATES = 100  # of the first call, when its pace is not known yet
PART = 1000  # samples that are evaluated together
KEPT_LOOPS = 16
BY_BATCH = {"dice", "tversky", "circle", "ctc"}  # losses that are no mean over samples

_loops = OrderedDict()  # what a loop was compiled for -> the loop


class Call(NamedTuple):
    """What one call of the compiled loop does: whole epochs, or full batches `start` to
    `stop` of one epoch."""

    epoch: int  # the first, from 0
    epochs: int
    start: int
    stop: int
    finish: bool  # the epoch's end: the smaller last batch, and the evaluation
    B: int
    capacity: int  # epochs that the compiled loop has room for


class Training:
    """One training of R replicas.

    Parameters
    ----------
    template : keras.Model
    build_model : callable
    start : dict
        From a variable's id to its values, (R, ...).
    optimizer, loss, metrics
        As in `compile`.
    rates : list of float or None
        Each replica's learning rate, instead of the optimizer's.
    x, y : array
    held_out : list of (array, array)
    R : int
    """

    def __init__(
        self,
        template,
        build_model,
        start,
        optimizer,
        rates,
        loss,
        metrics,
        x,
        y,
        held_out,
        R,
    ):
        optimizer = find_optimizer(optimizer)
        self.loop = loop = _loop_for(
            template, build_model, optimizer, loss, metrics, x, y
        )
        self.names, self.template, self.R = loop.names, template, R
        groups = max(
            1, min(R // 2, _cores())
        )  # side by side, each on a core of its own
        places = np.minimum(
            np.arange(-(-R // groups) * groups), R - 1
        )  # groups of one size: where R leaves a rest, the last replica fills up
        self._groups = np.split(places, groups)
        rate = (
            optimizer.learning_rate
            if isinstance(optimizer.learning_rate, keras.Variable)
            and not callable(optimizer._learning_rate)
            else None
        )
        if rates is not None and rate is None:
            raise ReplicaError(
                "learning_rates need an optimizer with a constant rate, not a schedule."
            )
        model_values = [
            start[id(v)]
            for v in (*template.trainable_variables, *template.non_trainable_variables)
        ]
        slots = [
            np.repeat(np.asarray(v)[None], R, axis=0)
            for v in (*loop.slots, *loop.counts)
        ]
        if rate is not None:
            place = next(
                k for k, v in enumerate(loop.slots) if v is loop.optimizer.learning_rate
            )
            slots[place] = np.full(
                R, float(rate) if rates is None else rates, slots[place].dtype
            )
        self._values = [
            [tf.constant(stack[group]) for stack in (*model_values, *slots)]
            for group in self._groups
        ]
        self._step = tf.constant(0, self.loop.counter.dtype)
        self._x, self._y = tf.constant(x), tf.constant(y)
        self._held_out = [tuple(map(tf.constant, pair)) for pair in held_out]
        self._part = (
            None
            if loop.changed_by_evaluation or _counts_by_batch(template, loss, metrics)
            else PART
        )

    def calls(self, batch_sizes, m):
        """The calls that do all epochs: each as long as `CALL_SECONDS` by the pace of
        the calls before."""
        epoch = start = 0
        while epoch < len(batch_sizes):
            B = batch_sizes[epoch]
            full, updates = m // B, -(-m // B)
            pace = self.loop.pace.get((B, self.R))
            budget = FIRST_UPDATES if pace is None else max(1, int(CALL_SECONDS / pace))
            capacity = max(1, CALL_UPDATES // updates)
            if start == 0 and updates <= budget:
                alike = next(
                    (k for k, size in enumerate(batch_sizes[epoch:]) if size != B),
                    len(batch_sizes) - epoch,
                )
                call = Call(
                    epoch,
                    min(capacity, budget // updates, alike),
                    0,
                    full,
                    True,
                    B,
                    capacity,
                )
            else:
                stop = min(full, start + budget)
                call = Call(epoch, 1, start, stop, stop == full, B, capacity)
            yield call
            epoch, start = (
                (epoch + call.epochs, 0) if call.finish else (epoch, call.stop)
            )

    def run(self, call, orders):
        """Do a call.

        Parameters
        ----------
        call : Call
        orders : array of int, shape (epochs, R, m)
            Each replica's order of its samples.

        Returns
        -------
        table : array, shape (epochs, columns, R)
            Loss and metrics; without rows for a part of an epoch.
        losses : array, shape (updates, R)
        """
        began = time.perf_counter()
        room = np.zeros((call.capacity, *orders.shape[1:]), np.int32)
        room[: call.epochs] = orders
        groups = [
            (values, tf.constant(room[:, members]))
            for values, members in zip(self._values, self._groups)
        ]
        results, compiled = self.loop.run(
            call, self._part, groups, self._step, self._x, self._y, self._held_out
        )
        losses, table = (
            np.concatenate([result[k].numpy() for result in results], axis=-1)[
                ..., : self.R
            ]
            for k in (2, 3)
        )
        self._values, self._step = [result[0] for result in results], results[0][1]
        end = call.epochs * -(-orders.shape[2] // call.B) if call.finish else call.stop
        losses = losses[call.start : end]
        if not compiled and len(losses):
            self.loop.pace[call.B, self.R] = (time.perf_counter() - began) / len(losses)
        return table[: call.epochs * call.finish], losses

    def finish(self):
        """The end of `fit`: with use_ema, the averages become the weights."""
        if self.loop.optimizer.use_ema:
            self._values = [self.loop.finalize(*values) for values in self._values]

    def weights(self):
        """The values of the model's weights, in Keras's order: arrays (R, ...)."""
        variables = (
            *self.template.trainable_variables,
            *self.template.non_trainable_variables,
        )
        stacks = {
            id(v): np.concatenate([values[k].numpy() for values in self._values])[
                : self.R
            ]
            for k, v in enumerate(variables)
        }
        return [stacks[id(v)] for v in self.template.weights]


def _cores():
    """Groups that are worth computing side by side: one on a GPU."""
    if tf.config.list_logical_devices("GPU"):
        return 1
    return (
        len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count()
    )


def find_optimizer(optimizer):
    """The optimizer that Keras knows by this name, or the object itself."""
    try:
        found = keras.optimizers.get(optimizer)
    except (ValueError, TypeError):
        found = None
    if not isinstance(found, keras.optimizers.Optimizer):
        raise ReplicaError(
            f"There is no optimizer {shown(optimizer)} in keras.optimizers: give a name"
            " that Keras knows, or an object."
        )
    check_optimizer(found)
    return found


def _counts_by_batch(model, loss, metrics):
    """Whether an evaluation's numbers depend on its batches (then they are those of
    `fit`); for all but Keras's own means we must assume so."""
    own = all(
        isinstance(part, str) or type(part).__module__.startswith("keras.")
        for part in (loss, *metrics)
    )
    names = {
        (part if isinstance(part, str) else type(part).__name__)
        .replace("_", "")
        .lower()
        for part in (loss, *metrics)
    }
    summed = (
        getattr(loss, "reduction", "sum_over_batch_size") == "sum"
        or getattr(loss, "ignore_class", None) is not None
    )
    regularized = any(
        getattr(layer, "activity_regularizer", None) is not None
        or not type(layer).__module__.startswith("keras.")
        for layer in layers_of(model)
    )
    return not own or summed or regularized or bool(names & BY_BATCH)


def forget():
    """Drop all compiled loops: the next call of each kind compiles anew."""
    _loops.clear()


class _Foreign(Exception):
    """Something that a configuration does not describe whole."""


def _loop_for(template, build_model, optimizer, loss, metrics, x, y):
    """The loop of an earlier training with the same network, loss, metrics and kind of
    optimizer, or a new one."""
    try:
        key = _key(template, optimizer, loss, metrics, x, y)
    except (
        _Foreign,
        NotImplementedError,
        TypeError,
        ValueError,
    ):  # functions and classes of one's own: what they do may have changed since
        return Loop(_another(template, build_model), optimizer, loss, metrics, x, y)
    if key not in _loops:
        _loops[key] = Loop(
            _another(template, build_model), optimizer, loss, metrics, x, y
        )
        while len(_loops) > KEPT_LOOPS:
            _loops.popitem(last=False)
    _loops.move_to_end(key)
    return _loops[key]


def _another(template, build_model):
    """A model for the loop to compile; the template stays as it is."""
    model = build_model()
    return keras.models.clone_model(template) if model is template else model


def _key(template, optimizer, loss, metrics, x, y):
    network = _described(template)
    for place, layer in enumerate(layers_of(template)):
        auto = keras.src.utils.naming.to_snake_case(type(layer).__name__)
        if (
            layer.name.removeprefix(auto).strip("_0123456789") == ""
        ):  # dense_7: a count of this kernel's layers
            network = network.replace(f'"{layer.name}"', f'"{auto} {place}"')
    settings = {
        name: value for name, value in optimizer.get_config().items() if name != "name"
    }
    if not isinstance(settings["learning_rate"], dict):
        del settings["learning_rate"]
    return (
        network,
        _described(type(optimizer)),
        json.dumps(settings, sort_keys=True, default=_described),
        repr(sorted(plain_settings(optimizer).items())),
        _described(loss),
        *map(_described, metrics),
        x.shape[1:],
        y.shape[1:],
        x.dtype,
        y.dtype,
        keras.config.floatx(),
        keras.config.epsilon(),
    )


def _described(thing):
    """Text that says all of a Keras object; _Foreign if it is, or holds, something of
    one's own."""
    if isinstance(thing, str):
        return thing
    if not (getattr(thing, "__module__", None) or type(thing).__module__).startswith(
        "keras."
    ):
        raise _Foreign(thing)
    if isinstance(thing, type) or not hasattr(thing, "get_config"):
        return f"{thing.__module__}.{thing.__name__}"
    config = keras.saving.serialize_keras_object(thing)
    _check_own(config)
    return json.dumps(config, sort_keys=True)


def _check_own(config):
    if isinstance(config, dict):
        foreign = config.get("registered_name") or not str(
            config.get("module") or "keras"
        ).startswith("keras")
        if foreign or config.get("class_name") == "__lambda__":
            raise _Foreign(config)
        config = config.values()
    elif not isinstance(config, (list, tuple)):
        return
    for part in config:
        _check_own(part)
