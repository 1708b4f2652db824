"""An instrument for depth: what flows forward and backward through each hidden layer of
a Keras model."""

import inspect

import numpy as np
import pandas as pd

from . import inputs

SATURATED = {
    "tanh": (-0.99, 0.99),
    "sigmoid": (0.01, 0.99),
}  # outputs beyond these count as saturated


def layer_signals(model, x, y, loss):
    """Z, A, dL/dZ and dL/dW of every hidden layer with an activation, on one batch.

    Parameters
    ----------
    model : keras.Sequential
        Built, with layers of weights in it; called in training mode, and left as it
        was: what the call would change (moving averages of batch normalization, the
        states of seeds) is not kept.
    x, y : array, shape (m, ...)
    loss : str or keras.losses.Loss
        Its mean over the batch is differentiated.

    Returns
    -------
    list of dict
        One for each activation before the last layer: layer (from 1), name, activation
        (its Keras name), and the arrays Z, A, dZ of shape (m, ...) and dW, the gradient
        of the kernel before it.

    Raises
    ------
    TypeError
        If the model is not a Sequential model.
    """
    import keras
    import tensorflow as tf

    if not isinstance(model, keras.Sequential):
        raise TypeError(
            "layer_signals needs a keras.Sequential as its model, not a"
            f" {type(model).__name__}."
        )
    from .replicas import limits

    needed = "a built keras.Sequential (begin it with keras.Input)"
    inputs.need(model.built and model.layers, "model", needed, model)
    x, y = limits.check_arrays(x, y, model)
    limits.check_labels(y, loss, model)
    given, loss = loss, limits.check_loss(loss)
    rows, kernel, A = [], None, tf.convert_to_tensor(x, dtype=model.compute_dtype)
    with keras.StatelessScope(), tf.GradientTape() as tape:
        for layer in model.layers:
            kernel = getattr(layer, "kernel", kernel)
            Z, A, activation = _apply(layer, A)
            if activation not in (None, "linear") and layer is not model.layers[-1]:
                rows.append((layer.name, activation, kernel.value, Z, A))
        try:
            value = tf.reduce_mean(loss(tf.convert_to_tensor(y), A))
        except (TypeError, ValueError, tf.errors.InvalidArgumentError) as error:
            raise ValueError(
                f"The loss {inputs.shown(given)} cannot compare y of shape {y.shape}"
                f" with the model's output of shape {tuple(A.shape)}."
            ) from error
    dZ, dW = tape.gradient(
        value, ([Z for *_, Z, _ in rows], [kernel for _, _, kernel, _, _ in rows])
    )
    return [
        {
            "layer": i,
            "name": name,
            "activation": activation,
            "Z": Z.numpy(),
            "A": A.numpy(),
            "dZ": dz.numpy(),
            "dW": dw.numpy(),
        }
        for i, ((name, activation, _, Z, A), dz, dw) in enumerate(
            zip(rows, dZ, dW), start=1
        )
    ]


def layer_statistics(signals):
    """What :func:`layer_signals` found, as numbers.

    Returns
    -------
    pandas.DataFrame
        One row for each layer: layer, name, A_mean, A_std, saturated (share of A beyond
        0.99 in size for tanh, below 0.01 or above 0.99 for sigmoid, NaN for others),
        dead (share of units that are 0 on the whole batch), dZ_std, dZ_norm and dW_norm
        (Frobenius norms).
    """
    arrays, rows = ("A", "dZ", "dW"), []
    try:
        fits = all(isinstance(one["activation"], str) for one in signals)
        for signal in signals:
            for name in arrays:
                inputs.numbers(name, signal[name])
            fits = fits and {"layer", "name"} <= {*signal} and signal["A"].ndim > 1
    except (AttributeError, KeyError, IndexError, TypeError, ValueError):
        fits = False
    inputs.need(fits, "signals", "as `layer_signals` returns them", signals)
    for signal in signals:
        A, (low, high) = (
            signal["A"],
            SATURATED.get(signal["activation"], (np.nan, np.nan)),
        )
        rows.append(
            {
                "layer": signal["layer"],
                "name": signal["name"],
                "A_mean": A.mean(),
                "A_std": A.std(),
                "saturated": (
                    np.nan if np.isnan(low) else np.mean((A < low) | (A > high))
                ),
                "dead": np.mean(np.all(A.reshape(-1, A.shape[-1]) == 0, axis=0)),
                "dZ_std": signal["dZ"].std(),
                "dZ_norm": np.linalg.norm(signal["dZ"]),
                "dW_norm": np.linalg.norm(signal["dW"]),
            }
        )
    return pd.DataFrame(rows)


def _apply(layer, A):
    """Z, A and the activation's name (or None) of a layer with its activation inside,
    alone, or none."""
    import keras

    options = (
        {"training": True}
        if "training" in inspect.signature(layer.call).parameters
        else {}
    )
    if isinstance(layer, (keras.layers.ReLU, keras.layers.LeakyReLU, keras.layers.ELU)):
        return A, layer(A, **options), type(layer).__name__.lower()
    activation = getattr(layer, "activation", None)
    if isinstance(layer, keras.layers.Activation) or activation is None:
        return A, layer(A, **options), getattr(activation, "__name__", None)
    layer.activation = keras.activations.linear
    try:
        Z = layer(A, **options)
    finally:
        layer.activation = activation
    return (
        Z,
        activation(Z),
        getattr(activation, "__name__", type(activation).__name__.lower()),
    )
