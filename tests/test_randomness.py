"""Random numbers by arithmetic against TensorFlow's own kernels, bit for bit; and in a
stack, inside XLA and outside."""

import numpy as np
import pytest
import tensorflow as tf

from course_utils.replicas import randomness

SEEDS = tf.constant([[3, 7], [0, 0], [2**31 - 1, 12345]])
KEYS, COUNTERS = map(
    tf.stack,
    zip(*(tf.raw_ops.StatelessRandomGetKeyCounter(seed=seed) for seed in SEEDS)),
)


@pytest.mark.parametrize("n", [1, 4, 1003])
def test_uniform_numbers_are_tensorflows(n):
    theirs = np.stack([tf.random.stateless_uniform((n,), seed) for seed in SEEDS])
    assert np.array_equal(randomness.uniform(KEYS, COUNTERS, n), theirs)
    if n > 4:
        compiled = tf.function(randomness.uniform, jit_compile=True)
        assert np.array_equal(compiled(KEYS, COUNTERS, n), theirs)


@pytest.mark.parametrize("n", [1, 1002])
def test_normal_numbers_are_tensorflows(n):
    theirs = np.stack([tf.random.stateless_normal((n,), seed) for seed in SEEDS])
    assert np.allclose(randomness.normal(KEYS, COUNTERS, n), theirs, atol=1e-5)


def test_the_counter_carries():
    key, counter = (
        tf.constant([[5]], tf.uint64),
        tf.constant([[2**64 - 1, 9]], tf.uint64),
    )
    theirs = tf.raw_ops.StatelessRandomUniformV2(
        shape=(12,), key=key[0], counter=counter[0], alg=1
    )
    assert np.array_equal(randomness.uniform(key, counter, 12)[0], theirs)


def test_a_stack_draws_each_replicas_own_numbers():
    theirs = np.stack([tf.random.stateless_uniform((2, 5), seed) for seed in SEEDS])
    assert np.array_equal(
        tf.vectorized_map(
            lambda seed: tf.random.stateless_uniform((2, 5), seed), SEEDS
        ),
        theirs,
    )
