"""The forward pass and the softmax in the lecture's shapes, for notebooks whose lesson
is something else (notebooks 03 and 04 write them out)."""

import numpy as np


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
    Z = np.asarray(Z)
    if Z.ndim == 0:
        raise ValueError("softmax needs the scores of a sample, not a single number.")
    axis = -1 if Z.ndim == 1 else axis
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
    b = [None] * len(W) if b is None else b
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
        Z.append(W_l @ A[-1] if b_l is None else W_l @ A[-1] + b_l)
        activation = output if l == len(W) else g
        A.append(Z[-1] if activation is None else activation(Z[-1]))
    return Z, A
