"""Keras on TensorFlow, such that one training step is a function of numbers: what the
backend lacks for it."""

import functools
import itertools
import math
import re

import keras
import tensorflow as tf
from keras import ops
from keras.src.backend.tensorflow.optimizer import TFOptimizer
from keras.src.layers.convolutional.base_conv import BaseConv
from keras.src.layers.pooling.base_pooling import BasePooling
from keras.src.optimizers.base_optimizer import BaseOptimizer
from tensorflow.python.ops.parallel_for import pfor

from .limits import ReplicaError, layers_of

# TensorFlow's optimizers write into tf.Variables, for tf.distribute; Keras's own
# methods write into whatever holds the variable's value.
_OF_KERAS = {
    name: method
    for name, method in vars(BaseOptimizer).items()
    if name in vars(TFOptimizer)
    and callable(method)
    and name not in ("__init__", "_clip_by_norm")
}


class Stateless(type("KerasOptimizer", (TFOptimizer,), _OF_KERAS)):
    """Base of an optimizer whose `apply` works in a `keras.StatelessScope`, decisions
    included."""

    def assign(self, variable, value):
        if isinstance(value, tf.IndexedSlices):
            value = tf.tensor_scatter_nd_update(
                variable.value, value.indices[:, None], value.values
            )
        variable.assign(value)

    def assign_add(self, variable, value):
        if isinstance(
            value, tf.IndexedSlices
        ):  # of an embedding: a gradient for some rows
            value = tf.math.unsorted_segment_sum(
                value.values, value.indices, variable.shape[0]
            )
        variable.assign(variable.value + value)

    def assign_sub(self, variable, value):
        self.assign_add(variable, -value)

    def _backend_apply_gradients(self, gradients, variables):
        steps = self.gradient_accumulation_steps
        if not steps:
            self._step(gradients, variables)
        else:
            last = (self._iterations + 1) % steps == 0
            sums = [
                self._accumulated_gradients[self._get_variable_index(v)]
                for v in variables
            ]
            totals = [gradient + total for gradient, total in zip(gradients, sums)]
            held = [*self.variables, *variables]
            before = [v.value for v in held]
            self._step([total / steps for total in totals], variables)
            for v, old in zip(held, before):
                v.assign(ops.where(last, v.value, old))
            for v, total in zip(sums, totals):
                v.assign(ops.where(last, ops.zeros_like(total), total))
        if self.use_ema:
            self._update_model_variables_moving_average(self._trainable_variables)
            if self.ema_overwrite_frequency:
                now = (self.iterations + 1) % self.ema_overwrite_frequency == 0
                for v, average in zip(
                    self._trainable_variables, self._model_variables_moving_average
                ):
                    v.assign(ops.where(now, average.value, v.value))

    def _step(self, gradients, variables):
        gradients = self._clip_gradients(gradients)
        self._apply_weight_decay(variables)
        self._backend_update_step(gradients, variables, self.learning_rate)


def check_optimizer(optimizer):
    """ReplicaError for what an optimizer cannot do in replicas."""
    name, rate = type(optimizer).__name__, getattr(optimizer, "_learning_rate", None)
    if isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        raise ReplicaError(
            "LossScaleOptimizer adapts its scale step by step, which replicas cannot:"
            " give the inner optimizer."
        )
    if callable(rate) and not isinstance(
        rate, keras.optimizers.schedules.LearningRateSchedule
    ):
        raise ReplicaError(
            f"The learning rate of {name} is a function, which replicas would ask once"
            " only: use a LearningRateSchedule."
        )
    if getattr(optimizer, "_exclude_from_weight_decay", None):
        raise ReplicaError(
            f"{name}.exclude_from_weight_decay(var_list=...) names one model's"
            " variables: use var_names, which all replicas share."
        )


def stateless_optimizer(optimizer):
    """A fresh copy of an optimizer that works in a `keras.StatelessScope`; the object
    itself is left untouched.

    Raises
    ------
    ReplicaError
        If it cannot be made again as it is.
    """
    name = type(optimizer).__name__
    kind = type(name, (type(optimizer), Stateless), {})
    try:
        fresh = kind.from_config(optimizer.get_config())
    except Exception as error:
        raise ReplicaError(
            f"{name} cannot be made again from its get_config(): {error}"
        ) from error
    if (
        pattern := getattr(optimizer, "_exclude_from_weight_decay_pattern", None)
    ) is not None:
        fresh.exclude_from_weight_decay(var_names=[pattern.pattern])
    lost = [
        name
        for name, value in plain_settings(optimizer).items()
        if plain_settings(fresh).get(name, value) != value or name not in vars(fresh)
    ]
    if lost:
        raise ReplicaError(
            f"{name} cannot be made again from its get_config(): it leaves out"
            f" {', '.join(lost)}."
        )
    return fresh


def plain_settings(optimizer):
    """An optimizer's settings: its attributes that are numbers, words and the like."""
    return {
        name: value
        for name, value in vars(optimizer).items()
        if isinstance(value, (bool, int, float, str, tuple, re.Pattern, type(None)))
        and name not in ("built", "_built", "name")
    }


def make_stackable(model):
    """Write the same sums such that they stack over replicas: convolutions and
    max-poolings as products and largest entries of patches, loops over time written
    out.
    """
    for layer in layers_of(model):
        if isinstance(layer, keras.layers.RNN):
            layer.unroll = True
        if getattr(layer, "data_format", None) != "channels_last":
            continue
        if isinstance(layer, BaseConv) and layer.groups == 1:
            layer.convolution_op = functools.partial(_convolution, layer)
        if (
            isinstance(layer, BasePooling)
            and layer.pool_mode == "max"
            and layer.padding == "valid"
            and tuple(layer.strides) == tuple(layer.pool_size)
        ):
            layer.call = functools.partial(_max_pool, tuple(layer.pool_size))


def _convolution(layer, inputs, kernel):
    """(B, *space, C) by (*size, C, F): patches (B, *out, size * C) @ (size * C, F)."""
    for axis in reversed(
        range(len(layer.kernel_size))
    ):  # each axis moves its places into the channels, the last one first
        size, stride, dilation = (
            layer.kernel_size[axis],
            layer.strides[axis],
            layer.dilation_rate[axis],
        )
        n, reach = inputs.shape[axis + 1], dilation * (size - 1) + 1
        if layer.padding == "same":
            missing = max((-(-n // stride) - 1) * stride + reach - n, 0)
            inputs = tf.pad(
                inputs,
                [
                    (missing // 2, missing - missing // 2) if k == axis + 1 else (0, 0)
                    for k in range(len(inputs.shape))
                ],
            )
            n += missing
        whole = (slice(None),) * (axis + 1)
        inputs = tf.concat(
            [
                inputs[(*whole, slice(start, start + n - reach + 1, stride))]
                for start in range(0, size * dilation, dilation)
            ],
            -1,
        )
    return tf.reshape(
        tf.reshape(inputs, (-1, inputs.shape[-1]))
        @ tf.reshape(kernel, (-1, kernel.shape[-1])),
        (-1, *inputs.shape[1:-1], kernel.shape[-1]),
    )


def _max_pool(size, inputs):
    """(B, *space, C) to (B, *space / size, C): the largest entry of each patch; the
    gradient goes to the first of them, as in TensorFlow."""
    space = [n // k for n, k in zip(inputs.shape[1:-1], size)]
    inputs = inputs[(slice(None), *(slice(n * k) for n, k in zip(space, size)))]
    within = [*range(2, 2 + 2 * len(size), 2)]  # axes of the places in a patch

    @tf.custom_gradient
    def pool(x):
        patches = tf.reshape(x, (-1, *itertools.chain(*zip(space, size)), x.shape[-1]))
        largest = tf.reduce_max(patches, within, keepdims=True)

        def gradient(upstream):
            places = tf.reshape(
                tf.range(math.prod(size)),
                (1, *itertools.chain(*((1, k) for k in size)), 1),
            )
            first = tf.reduce_min(
                tf.where(patches == largest, places, math.prod(size)),
                within,
                keepdims=True,
            )
            return tf.reshape(
                tf.where(places == first, tf.reshape(upstream, tf.shape(largest)), 0),
                tf.shape(x),
            )

        return tf.squeeze(largest, within), gradient

    return pool(inputs)


@pfor.RegisterPFor("Bitcast")
def _bitcast(pfor_input):
    """Entry by entry, so the same on a stack (missing in TensorFlow; Keras's argmax
    needs it)."""
    return pfor.wrap(
        tf.bitcast(pfor_input.stacked_input(0), pfor_input.get_attr("type")), True
    )
