"""Exercises of notebook 04."""

import numpy as np

from ..checks import close, exercise


@exercise(
    "04-graph",
    "The product gives each factor the other one, y = 5 and x = -2; the sum passes the"
    " 1 on to z.",
)
def _(dx, dy, dz):
    if close([dx, dy, dz], [-2, 5, 1]):
        return (
            "dx and dy are the wrong way round: in a product each factor gets the"
            " *other* factor."
        )
    if close([dx, dy, dz], [-4, -4, 3]):
        return (
            "These are the derivatives of (x + y) z. Here the product comes first, then"
            " the sum."
        )
    if close([dx, dy], [5, -2]) and close(dz, -4):
        return (
            "dx and dy are right. A sum passes on the gradient that reaches it (1"
            " here), not the value of z."
        )
    if not close([dx, dy, dz], [5, -2, 1]):
        return (
            "Write q = x y and f = q + z. First df/dq and df/dz, then multiply df/dq by"
            " dq/dx and by dq/dy."
        )


@exercise(
    "04-paths",
    "One gradient comes through the sum (x), one straight from the product (x + y):"
    " they add up to 2x + y.",
)
def _(dx, dy):
    if close(dy, -2):
        return (
            "y reaches f through the sum, and the sum's gradient is the product's other"
            " factor, x."
        )
    if close(dx, -2):
        return (
            "This is the direct path from x to the product. Another path leads from x"
            " through the sum: add both."
        )
    if close(dx, 3):
        return (
            "This is the path of x through the sum. x is also a factor of the product:"
            " add that path."
        )
    if close(dx, -6):
        return "Both paths are right, but their gradients are added, not multiplied."
    if not close([dx, dy], [1, 3]):
        return (
            "With q = x + y and f = q x: df/dq = x, and the factor x itself gets q."
            " What reaches x in all, and what reaches y?"
        )


@exercise(
    "04-shape",
    "A gradient has the shape of what it belongs to: W[2] is (n_2, n_1), b[2] is (n_2,"
    " 1), whatever m is.",
)
def _(weights, bias):
    weights, bias = tuple(weights), tuple(bias)
    if weights == (64, 20):
        return "This is how Keras stores it. In the lecture W[l] is (n_l, n_{l-1})."
    if weights in ((64, 784), (784, 64)):
        return (
            "This belongs to layer 1, which leads from 784 to 64. Layer 2 leads from 64"
            " to 20."
        )
    if 50 in weights + bias:
        return (
            "m = 50 does not show in dW and db: the samples are summed over. Only dZ"
            " and dA have m columns."
        )
    if bias == (20,):
        return "Almost: in the lecture b is a column, with two axes."
    if (weights, bias) != ((20, 64), (20, 1)):
        return (
            "dW[2] has the shape of W[2], db[2] that of b[2]: (n_2, n_1) and (n_2, 1)."
        )


@exercise(
    "04-bug",
    "dZ = dA (1 - A^2), the mean over m in dW as in db, and dZ, not dA, goes back"
    " through W.",
)
def _(function):
    rng = np.random.default_rng(0)
    A, A_prev, dA, W = (
        np.tanh(rng.normal(size=(3, 7))),
        rng.normal(size=(4, 7)),
        rng.normal(size=(3, 7)),
        rng.normal(size=(3, 4)),
    )
    answer = function(dA, A, A_prev, W)
    if answer is ... or any(part is ... for part in answer):
        return ...
    dW, db, dA_prev = answer
    dZ = dA * (1 - A**2)
    if close(db, (dA * A).mean(axis=1, keepdims=True)) or close(
        db, dA.mean(axis=1, keepdims=True)
    ):
        return (
            "dZ is still wrong: multiply dA by the derivative of tanh, which is 1 -"
            " A**2."
        )
    if close(db, (dA * (1 - np.tanh(A) ** 2)).mean(axis=1, keepdims=True)):
        return "A is tanh(Z) already: its derivative is 1 - A**2, without another tanh."
    if np.shape(db) != (3, 1) or not close(db, dZ.mean(axis=1, keepdims=True)):
        return (
            "db is not right yet: dZ = dA * (1 - A**2), and db is its mean over the"
            " samples (axis 1, keepdims=True). The line of db was right."
        )
    if close(dW, dZ @ A_prev.T):
        return (
            "dW is still the sum over the samples: the cost is a mean, so divide by m."
        )
    if not close(dW, dZ @ A_prev.T / 7):
        return "dW is not right yet: it is dZ @ A_prev.T, divided by m."
    if close(dA_prev, W.T @ dA):
        return (
            "dW and db are right. dA_prev must come from dZ: the way back leads through"
            " the activation first."
        )
    if close(dA_prev, W.T @ dZ / 7):
        return (
            "dA_prev belongs to single samples, so it has no 1/m: that comes once, in"
            " dW and db."
        )
    if not close(dA_prev, W.T @ dZ):
        return "dW and db are right. dA_prev is W.T times dZ."


@exercise(
    "04-passes",
    "25,818 weights and biases, two passes for each. Backpropagation replaces some"
    " 50,000 passes by about three.",
)
def _(passes):
    if close(passes, 25818) or close(passes, 25819):
        return (
            "One pass for each parameter: that is one-sided. The two-sided difference"
            " needs f(p + h) and f(p - h)."
        )
    if close(passes, 51520) or close(passes, 25760):
        return "The biases are parameters too: 32 + 16 + 10 of them." + (
            " And each parameter needs two passes." if close(passes, 25760) else ""
        )
    if not close(passes, 51636, rtol=1e-6):
        return (
            "Count weights and biases of each layer, n_l n_{l-1} + n_l, add the three"
            " layers, and take two passes for each."
        )


@exercise(
    "04-softmax",
    "exp(v) = (1, 2, 5) sums to 8, so o = (1/8, 2/8, 5/8); only the right class"
    " loses 1.",
)
def _(gradient):
    if close(gradient, [1 / 8, 2 / 8, 5 / 8]):
        return "This is o. The gradient is o - y, with y = (0, 1, 0)."
    if close(gradient, [-1 / 8, 6 / 8, -5 / 8]):
        return "This is y - o, the direction of the step. The gradient is o - y."
    if close(gradient, [1, 1, 5]):
        return "exp(v) = (1, 2, 5) must be divided by its sum before y is taken off."
    if close(gradient, [1 / 8 - 1, 2 / 8, 5 / 8]) or close(
        gradient, [1 / 8, 2 / 8, 5 / 8 - 1]
    ):
        return "The right class is the second one: y = (0, 1, 0)."
    if not close(gradient, [1 / 8, -6 / 8, 5 / 8]):
        return (
            "exp(ln 2) = 2: find exp(v), divide by the sum, then take off y. The three"
            " numbers of o - y sum to 0."
        )
