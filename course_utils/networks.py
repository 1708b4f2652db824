"""The forward pass and the softmax in the lecture's shapes, for notebooks whose lesson
is something else (notebooks 03 and 04 write them out)."""

import numpy as np

from . import inputs


def softmax(Z, axis=-2):
    """exp(Z) divided by its sum over the classes (the lecture's output layer).

    The largest score is taken off first: it changes nothing, and nothing overflows.

    Parameters
    ----------
    Z : array, shape (..., n_L, m), or (n_L,)
        Scores, one column for each sample.
    axis : int
        Where the classes stand; -1 for Keras's rows, (..., m, n_L). A vector has one
        axis only.

    Returns
    -------
    array
        As `Z`; every column (or row) sums to 1.
    """
    needed = "the scores of a sample or of several, (n_L,) or (..., n_L, m)"
    scores = inputs.numbers("Z", Z, needed, kinds="biuf")
    inputs.need(scores.ndim, "Z", needed, Z)
    Z = scores if scores.dtype.kind == "f" else scores.astype(float)
    axis = -1 if Z.ndim == 1 else inputs.whole("axis", axis, -Z.ndim, Z.ndim - 1)
    E = np.exp(Z - Z.max(axis=axis, keepdims=True))
    return E / E.sum(axis=axis, keepdims=True)


def forward(W, b, X, g, output=None):
    """Z[l] = W[l] A[l-1] + b[l] and A[l] = g(Z[l]) for every layer (the lecture's
    forward pass).

    Only ``@`` and ``+`` are used: NumPy arrays and TensorFlow's tensors both work, and
    leading axes (one network beside the other) are kept.

    Parameters
    ----------
    W : sequence of array, shapes (..., n_l, n_{l-1})
        One for each layer, the first hidden layer first.
    b : sequence of array, shapes (..., n_l, 1), or None
        None: no layer has a bias.
    X : array, shape (..., n_0, m)
        One column for each sample.
    g : callable
        The activation of the hidden layers.
    output : callable, optional
        That of the last layer, such as :func:`softmax`; none by default.

    Returns
    -------
    Z, A : list
        ``Z[l]`` and ``A[l]``, shapes (..., n_l, m), with the lecture's l from 1 to L:
        ``A[0]`` is X, ``Z[0]`` is None.

    Raises
    ------
    ValueError
        If the shapes do not fit; the sentence names the layer.
    """
    W = _matrices("W", W)
    b = [None] * len(W) if b is None else _matrices("b", b)
    _matrices("X", [X])
    inputs.function("g", g)
    inputs.need(output is None or callable(output), "output", "a function", output)
    if not 0 < len(W) == len(b):
        raise ValueError(
            f"W and b need one array for each layer, not {len(W)} and {len(b)}."
        )
    Z, A = [None], [X]
    for l, (W_l, b_l) in enumerate(zip(W, b), start=1):
        n, n_before = W_l.shape[-2:]
        if A[-1].shape[-2] != n_before or (
            b_l is not None and tuple(b_l.shape[-2:]) != (n, 1)
        ):
            raise ValueError(
                f"Layer {l}: W of shape {tuple(W_l.shape)} needs {n_before} rows in"
                f" what comes in, not {A[-1].shape[-2]}, and b of shape ({n}, 1)"
                + ("." if b_l is None else f", not {tuple(b_l.shape)}.")
            )
        _check_axes(l, W_l, A[-1], b_l)
        Z.append(W_l @ A[-1] if b_l is None else W_l @ A[-1] + b_l)
        activation = output if l == len(W) else g
        A.append(Z[-1] if activation is None else activation(Z[-1]))
        fits = l == len(W) or _shape(A[-1]) == _shape(Z[-1])
        inputs.need(fits, f"What g returns (layer {l})", "as its input", A[-1])
    return Z, A


def _shape(array):
    return tuple(getattr(array, "shape", ()))


def _matrices(name, arrays):
    """A list of arrays or tensors of numbers, with two axes or more."""
    try:
        arrays = list(arrays)
        kinds = {getattr(one.dtype, "kind", "f") for one in arrays}  # NumPy's
        least = 1 if name == "b" else 2  # a layer's b is checked beside its W
        fits = all(len(one.shape) >= least for one in arrays)
        fits = fits and kinds <= set("iuf")
    except (AttributeError, TypeError):
        fits = False
    needed = "an array" if name == "X" else "one array for each layer"
    inputs.need(fits, name, f"{needed} with two axes or more", arrays)
    return arrays


def _check_axes(l, *arrays):
    """ValueError, unless the leading axes of a layer's arrays fit."""
    shapes = [_shape(one)[:-2] for one in arrays if one is not None]
    try:
        np.broadcast_shapes(*shapes)
    except ValueError:
        raise ValueError(
            f"Layer {l}: the leading axes of W, of what comes in and of b do not fit,"
            f" {shapes}."
        ) from None
