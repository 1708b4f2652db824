"""The layer instrument against backpropagation written out in NumPy."""

import keras
import numpy as np
import pytest

from course_utils.layers import layer_signals, layer_statistics

rng = np.random.default_rng(0)
X, Y = (
    rng.normal(size=(20, 5)).astype("float32"),
    rng.normal(size=(20, 2)).astype("float32"),
)
FORMS = {
    "inside": lambda a: [
        keras.layers.Dense(4, activation=a),
        keras.layers.Dense(3, activation=a),
    ],
    "apart": lambda a: [
        keras.layers.Dense(4),
        keras.layers.Activation(a),
        keras.layers.Dense(3),
        keras.layers.Activation(a),
    ],
}
SLOPES = {
    "tanh": lambda A: 1 - A**2,
    "sigmoid": lambda A: A * (1 - A),
    "relu": lambda A: A > 0,
}


def model(layers):
    keras.utils.set_random_seed(1)
    return keras.Sequential([keras.Input((5,)), *layers, keras.layers.Dense(2)])


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("activation", SLOPES)
def test_signals_are_those_of_backpropagation(form, activation):
    net = model(FORMS[form](activation))
    one, two = layer_signals(net, X, Y, "mean_squared_error")
    W1, b1, W2, b2, W3, b3 = net.get_weights()
    g, slope = (
        (lambda Z: np.asarray(keras.activations.get(activation)(Z))),
        SLOPES[activation],
    )
    A1 = g(X @ W1 + b1)
    A2 = g(A1 @ W2 + b2)
    dZ2 = 2 * (A2 @ W3 + b3 - Y) / Y.size @ W3.T * slope(A2)
    dZ1 = dZ2 @ W2.T * slope(A1)
    for signal, Z, A, dZ, below in (
        (one, X @ W1 + b1, A1, dZ1, X),
        (two, A1 @ W2 + b2, A2, dZ2, A1),
    ):
        assert signal["activation"] == activation
        for name, value in (("Z", Z), ("A", A), ("dZ", dZ), ("dW", below.T @ dZ)):
            assert np.allclose(signal[name], value, atol=1e-5), name


def test_the_model_is_left_as_it_was():
    """Weights, moving averages, seeds, optimizer and metrics; and the signals are those
    of a call in training mode."""
    net = model(
        [
            keras.layers.Dense(4),
            keras.layers.BatchNormalization(),
            keras.layers.Activation("tanh"),
            keras.layers.Dropout(0.5, seed=3),
            keras.layers.Dense(3, activation="relu", activity_regularizer="l2"),
            keras.layers.GaussianNoise(0.1, seed=4),
        ]
    )
    net.compile("adam", "mse", metrics=["mae"])
    net.fit(X, Y, verbose=0)
    variables = [*net.variables, *net.optimizer.variables, *net.metrics_variables]
    before = [v.numpy() for v in variables]
    assert len(net.non_trainable_variables) == 4  # two averages and two seeds
    results = net.get_metrics_result()
    one, two = layer_signals(net, X, Y, "mean_squared_error")
    again = layer_signals(net, X, Y, "mean_squared_error")
    assert all(np.array_equal(old, v) for old, v in zip(before, variables))
    assert net.get_metrics_result() == results
    for first, second in zip((one, two), again):  # the seeds stand where they stood
        assert all(np.array_equal(first[k], second[k]) for k in ("Z", "A", "dZ", "dW"))
    h = X
    for layer in net.layers[:4]:
        options = {} if "Dense" in type(layer).__name__ else {"training": True}
        h = layer(h, **options)
        if layer is net.layers[2]:
            assert np.allclose(one["A"], h, atol=1e-6)
    assert np.allclose(two["A"], net.layers[4](h), atol=1e-6)
    assert not np.array_equal(before[5], variables[5])  # now the averages have moved


def test_statistics_count_saturated_and_dead_units():
    net = model(
        [
            keras.layers.Dense(4, activation="tanh"),
            keras.layers.Dense(3, activation="relu"),
            keras.layers.LeakyReLU(0.1),
        ]
    )
    weights = net.get_weights()
    weights[0] *= 1000
    weights[3] = np.array(
        [-1e3, -1e3, 1e3], dtype="float32"
    )  # biases of the ReLU layer: two dead units
    net.set_weights(weights)
    table = layer_statistics(layer_signals(net, X, Y, "mean_squared_error"))
    assert table["saturated"][0] > 0.95 and table["saturated"][1:].isna().all()
    assert table["dead"].tolist() == pytest.approx([0, 2 / 3, 2 / 3]) and table[
        "layer"
    ].tolist() == [1, 2, 3]
    assert table["dW_norm"][1] == pytest.approx(
        np.linalg.norm(layer_signals(net, X, Y, "mean_squared_error")[1]["dW"])
    )


def test_batch_normalization_and_dropout_are_passed_through():
    net = model(
        [
            keras.layers.Dense(4),
            keras.layers.BatchNormalization(),
            keras.layers.Activation("tanh"),
            keras.layers.Dropout(0.5),
        ]
    )
    (signal,) = layer_signals(net, X, Y, "mean_squared_error")
    assert np.allclose(
        signal["Z"].mean(axis=0), 0, atol=1e-5
    )  # normalized by this batch: training mode


def test_other_models_are_refused():
    with pytest.raises(TypeError, match="Sequential"):
        layer_signals(keras.Model(*[keras.Input((5,))] * 2), X, Y, "mean_squared_error")
