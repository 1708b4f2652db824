"""Softmax and forward pass: against SciPy and Keras, in NumPy and in TensorFlow."""

import numpy as np
import pytest
from scipy import special

from course_utils import forward, softmax


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def layers(rng, widths, *nets):
    pairs = list(zip(widths, widths[1:]))
    W = [rng.normal(size=(*nets, n, before)) for before, n in pairs]
    b = [rng.normal(size=(*nets, n, 1)) for _, n in pairs]
    return W, b


@pytest.mark.parametrize(
    "shape, axis", [((5,), 0), ((5, 3), 0), ((4, 5, 3), 1), ((2, 4, 5, 3), 2)]
)
def test_softmax_is_scipys_over_the_columns(rng, shape, axis):
    Z = rng.normal(0, 20, shape)
    assert np.allclose(softmax(Z), special.softmax(Z, axis=axis), rtol=1e-13, atol=0)


def test_softmax_of_rows(rng):
    Z = rng.normal(size=(2, 3, 5))
    assert np.allclose(softmax(Z, axis=-1), special.softmax(Z, axis=2))
    assert np.array_equal(softmax(Z, axis=-1), softmax(Z.mT).mT)


def test_softmax_does_not_overflow():
    assert softmax([1000.0, 1000.0, -1000.0]).tolist() == [0.5, 0.5, 0]


def test_softmax_of_a_number_is_explained():
    with pytest.raises(ValueError, match="scores of a sample"):
        softmax(3.0)


def test_the_forward_pass_is_keras(rng):
    import keras

    W, b = layers(rng, [4, 6, 5, 3])
    X = rng.normal(size=(4, 7)).astype("float32")
    net = keras.Sequential(
        [
            keras.Input((4,)),
            keras.layers.Dense(6, "tanh"),
            keras.layers.Dense(5, "tanh"),
            keras.layers.Dense(3, "softmax"),
        ]
    )
    net.set_weights([w for W_l, b_l in zip(W, b) for w in (W_l.T, b_l[:, 0])])
    Z, A = forward(W, b, X, np.tanh, softmax)
    assert np.allclose(A[3], np.asarray(net(X.T)).T, atol=1e-6)
    hidden = net.layers[1](net.layers[0](X.T))
    assert np.allclose(A[2], np.asarray(hidden).T, atol=1e-6)
    assert Z[0] is None and A[0] is X and len(Z) == len(A) == 4
    assert np.array_equal(np.tanh(Z[1]), A[1]) and np.array_equal(softmax(Z[3]), A[3])


def test_networks_side_by_side_are_those_one_by_one(rng):
    W, b = layers(rng, [2, 3, 1], 5)
    X = rng.normal(size=(2, 4))
    together = forward(W, b, X, np.tanh)[1][-1]
    assert together.shape == (5, 1, 4)
    for k in range(5):
        alone = forward([w[k] for w in W], [c[k] for c in b], X, np.tanh)[1][-1]
        assert np.allclose(together[k], alone, rtol=1e-13)


def test_without_biases_and_with_a_linear_output(rng):
    W, _ = layers(rng, [2, 3, 1])
    X = rng.normal(size=(2, 4))
    Z, A = forward(W, None, X, np.square)
    assert np.array_equal(A[2], W[1] @ (W[0] @ X) ** 2) and A[2] is Z[2]


def test_tensors_give_gradients(rng):
    import tensorflow as tf

    W, b = layers(rng, [2, 3, 1])
    X = rng.normal(size=(2, 4))
    W = [tf.Variable(w) for w in W]

    @tf.function
    def gradient():
        with tf.GradientTape() as tape:
            J = tf.reduce_sum(forward(W, b, X, tf.nn.tanh)[1][-1])
        return tape.gradient(J, W[1])

    hidden = np.tanh(W[0].numpy() @ X + b[0])
    assert np.allclose(gradient().numpy(), hidden.sum(axis=1))


@pytest.mark.parametrize(
    "change, message",
    [
        (lambda W, b: (W, b[:1]), "one array for each layer, not 2 and 1"),
        (lambda W, b: ([], []), "not 0 and 0"),
        (lambda W, b: ([W[0].T, W[1]], b), "Layer 1: W of shape .2, 3"),
        (lambda W, b: (W, [b[0], b[1][:, 0]]), "Layer 2.*b of shape .1, 1., not .1,"),
    ],
)
def test_shapes_that_do_not_fit_are_named(rng, change, message):
    W, b = change(*layers(rng, [2, 3, 1]))
    with pytest.raises(ValueError, match=message):
        forward(W, b, np.zeros((2, 4)), np.tanh)
