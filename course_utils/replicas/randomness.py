"""TensorFlow's random numbers for all replicas at once, the same inside XLA as outside.

Keras's random layers draw with stateless operations. On a stack, TensorFlow would run
them replica by replica, and XLA would draw other numbers than `fit` on a processor.
Here they are computed by arithmetic:
Philox with four words and ten rounds (Salmon et al., Parallel random numbers: as easy
as 1, 2, 3, SC 2011), in the order of TensorFlow's own kernels.
"""

import numpy as np
import tensorflow as tf
from tensorflow.python.ops.parallel_for import pfor

MULTIPLIERS = 0xD2511F53, 0xCD9E8D57
KEY_STEPS = 0x9E3779B9, 0xBB67AE85


def philox(counter, key):
    """Ten rounds: four words of 32 random bits for each counter of four words and key
    of two (uint32 tensors that broadcast)."""
    a, b, c, d = counter
    k, l = key
    for _ in range(10):
        p, q = (
            tf.cast(word, tf.uint64) * tf.constant(m, tf.uint64)
            for word, m in zip((a, c), MULTIPLIERS)
        )
        (p_low, p_high), (q_low, q_high) = _words(p), _words(q)
        a, b, c, d = q_high ^ b ^ k, q_low, p_high ^ d ^ l, p_low
        k, l = (
            word + tf.constant(step, tf.uint32) for word, step in zip((k, l), KEY_STEPS)
        )
    return a, b, c, d


def random_bits(key, counter, n):
    """n words of 32 random bits for each key (R, 1) and counter (R, 2), both uint64:
    (R, n)."""
    low = counter[:, :1] + tf.cast(tf.range(-(-n // 4)), tf.uint64)
    high = counter[:, 1:] + tf.cast(low < counter[:, :1], tf.uint64)
    words = philox((*_words(low), *_words(high)), _words(key))
    return tf.reshape(tf.stack(words, -1), (key.shape[0], -1))[:, :n]


def uniform(key, counter, n):
    """(R, n) numbers from [0, 1)."""
    mantissa = random_bits(key, counter, n) & tf.constant(0x7FFFFF, tf.uint32)
    return tf.bitcast(mantissa | tf.constant(127 << 23, tf.uint32), tf.float32) - 1.0


def normal(key, counter, n):
    """(R, n) standard normal numbers, two at a time by Box and Muller."""
    u = tf.reshape(uniform(key, counter, n + n % 2), (key.shape[0], -1, 2))
    radius = tf.sqrt(-2.0 * tf.math.log(tf.maximum(u[..., 0], 1e-7)))
    angle = np.float32(2 * np.pi) * u[..., 1]
    return tf.reshape(
        tf.stack([tf.sin(angle) * radius, tf.cos(angle) * radius], -1),
        (key.shape[0], -1),
    )[:, :n]


def _words(value):
    """The low and the high 32 bits."""
    return tf.cast(value, tf.uint32), tf.cast(
        tf.bitwise.right_shift(value, tf.constant(32, tf.uint64)), tf.uint32
    )


@pfor.RegisterPForWithArgs("StatelessRandomUniformV2", uniform)
@pfor.RegisterPForWithArgs("StatelessRandomNormalV2", normal)
def _draw(pfor_input, op_type, numbers):
    """A stack of draws, for a stack of keys and counters."""
    pfor_input.stack_inputs([1, 2])
    key, counter = pfor_input.stacked_input(1), pfor_input.stacked_input(2)
    shape, dtype = (
        tf.get_static_value(pfor_input.op.inputs[0]),
        pfor_input.get_attr("dtype"),
    )
    if shape is not None and dtype == tf.float32 and key.shape[0] is not None:
        return pfor.wrap(
            tf.reshape(
                numbers(key, counter, int(np.prod(shape))), (key.shape[0], *shape)
            ),
            True,
        )
    kernel = getattr(tf.raw_ops, op_type)
    shape, alg = pfor_input.unstacked_input(0), pfor_input.unstacked_input(3)
    return pfor.wrap(
        tf.map_fn(
            lambda own: kernel(
                shape=shape, key=own[0], counter=own[1], alg=alg, dtype=dtype
            ),
            (key, counter),
            fn_output_signature=dtype,
        ),
        True,
    )


def draws_elsewhere(function):
    """Whether a concrete function still has random operations of TensorFlow's own,
    which XLA would compute differently."""
    return any(
        node.op.startswith("Stateless")
        and "Get" not in node.op
        and node.op not in ("StatelessIf", "StatelessWhile", "StatelessCase")
        for inner in function.graph.as_graph_def().library.function
        for node in _used(inner)
    )


def _used(function):
    """The nodes of a function definition that its results come from (a loop's body,
    once converted, stays behind unused)."""
    nodes, seen = {node.name: node for node in function.node_def}, set()
    ahead = [*function.ret.values(), *function.control_ret.values()]
    while ahead:
        name = ahead.pop().lstrip("^").split(":")[0]
        if name in nodes and name not in seen:
            seen.add(name)
            ahead += nodes[name].input
    return [nodes[name] for name in seen]
