"""Every exercise: right in several forms, wrong with a hint that names the mistake, and
nonsense that is neither accepted nor an error."""

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

from course_utils.checks import check, exercise_names


def column(*values):
    return np.reshape(values, (-1, 1))


def row(*values):
    return np.reshape(values, (1, -1))


def relu_layer(W, b, A):
    return np.maximum(W @ A + b, 0)


def transposed_layer(W, b, A):
    return np.maximum(W.T @ A + b, 0)


def layer_with_max(W, b, A):
    return max(W @ A + b, 0)


def tanh_backward(slope, dW_by, db, dA_prev_by):
    """A backward step that is right or wrong in the given parts."""

    def backward(dA, A, A_prev, W):
        m = A.shape[1]
        dZ = dA * slope(A)
        passed_on = {"dZ": dZ, "dA": dA, "dZ/m": dZ / m}[dA_prev_by]
        return dZ @ A_prev.T / (m if dW_by == "m" else 1), db(dZ), W.T @ passed_on

    return backward


def tanh_slope(A):
    return 1 - A**2


def mean_column(dZ):
    return dZ.mean(axis=1, keepdims=True)


def folded(dA, A, A_prev, W):
    """The 1/m in dZ, once and for all."""
    dZ = dA * (1 - A**2) / A.shape[1]
    return dZ @ A_prev.T, dZ.sum(axis=1, keepdims=True), W.T @ dZ


def logistic(x):
    return 1 / (1 + np.exp(-x))


def in_pieces(weight):
    """A gradient from pieces whose means count with `weight(columns, size, m)`."""

    def accumulated(mean_gradient, X, Y, size):
        m = X.shape[1]
        parts = [
            weight(min(size, m - i), size, m)
            * mean_gradient(X[:, i : i + size], Y[:, i : i + size])
            for i in range(0, m, size)
        ]
        return sum(parts)

    return accumulated


def pieces(sigmoid=None, log=None, divide=None):
    """Three pieces of the engine, right but for the given ones."""
    return (
        sigmoid or (lambda x: (logistic(x), logistic(x) * (1 - logistic(x)))),
        log or (lambda x: (np.log(x), 1 / x)),
        divide or (lambda x, y: (x / y, 1 / y, -x / y**2)),
    )


def half_done(dA, A, A_prev, W):
    dZ = dA * (1 - A**2)
    return dZ @ A_prev.T / 7, None, ...


def learns(alpha=1, at_zero=0, start=0, epochs=1000):
    """The perceptron's rule for labels 0 and 1, right or wrong in the given parts."""

    def learn(X, y):
        W = np.full(X.shape[1], float(start))
        for _ in range(epochs):
            mistakes = 0
            for x, t in zip(X, y):
                y_hat = np.heaviside(x @ W, at_zero)
                W = W + alpha * (t - y_hat) * x
                mistakes += t != y_hat
            if not mistakes:
                break
        return W

    return learn


def update(W, X, y, alpha):
    return W - alpha * 2 * X.T @ (X @ W - y) / len(X)


def update_in_a_loop(W, X, y, alpha):
    gradient = sum(2 * (x @ W - t) * x for x, t in zip(X, y)) / len(X)
    return list(W - alpha * gradient)


def leaky(Z, leak):
    return np.where(Z > 0, Z, leak * Z)


def leaky_slope(Z, leak):
    return np.where(Z > 0, 1, leak)


def sigmoid(Z):
    return 1 / (1 + np.exp(-Z))


def sigmoid_slope(Z):
    return sigmoid(Z) * (1 - sigmoid(Z))


def swish(Z, beta):
    return Z * sigmoid(beta * Z)


def swish_slope(Z, beta):
    return sigmoid(beta * Z) + beta * Z * sigmoid_slope(beta * Z)


def he(n_in, n_out):
    return np.random.default_rng(0).normal(0, np.sqrt(2 / n_in), (n_out, n_in))


def layer_norm(Z, gamma, beta, epsilon, axis=-2, ddof=0):
    mean = Z.mean(axis=axis, keepdims=True)
    var = Z.var(axis=axis, keepdims=True, ddof=ddof)
    return gamma * (Z - mean) / np.sqrt(var + epsilon) + beta


def centred(Z):
    return Z - Z.mean(axis=-2, keepdims=True)


def drawn(std, n_in_first=False):
    def initialize(n_in, n_out):
        shape = (n_in, n_out) if n_in_first else (n_out, n_in)
        return np.random.default_rng(1).normal(0, std(n_in, n_out), shape)

    return initialize


def count_records(E):
    return sum(E[t] < E[t + 1] and E[t] < min(E[:t]) for t in range(1, len(E) - 1))


def count_minima(E):
    return sum(E[t] < E[t + 1] and E[t] < E[t - 1] for t in range(1, len(E) - 1))


def list_records(E):
    return [t for t in range(1, len(E) - 1) if E[t] < E[t + 1] and E[t] < min(E[:t])]


def count_past_the_end(E):
    return sum(E[t] < E[t + 1] for t in range(len(E)))


def stop_waiting(start=1, delta=1, late=0, never=np.nan):
    """Keras's patience, right or wrong in the given parts."""

    def stop(E, patience, min_delta):
        best = 0
        for t, error in enumerate(E):
            if error < E[best] - delta * min_delta:
                best = t
            if t - best >= patience + late:
                return t + start
        return never

    return stop


def stop_at_a_rise(E, patience, min_delta):
    rises = [t + 1 for t in range(1, len(E)) if E[t] > E[t - 1] + min_delta]
    return rises[0] if rises else np.nan


def cosine(t, alpha_0, max_t):
    return alpha_0 * (1 + np.cos(np.pi * np.minimum(t / max_t, 1))) / 2


def warm_cosine(t, alpha_0, warmup, max_t):
    return np.where(
        t < warmup, alpha_0 * t / warmup, cosine(t - warmup, alpha_0, max_t - warmup)
    )


def warm_cosine_in_a_loop(t, alpha_0, warmup, max_t):
    return [float(warm_cosine(u, alpha_0, warmup, max_t)) for u in t]


def warm_cosine_from_0(t, alpha_0, warmup, max_t):
    return np.where(t < warmup, alpha_0 * t / warmup, cosine(t, alpha_0, max_t))


def warm_cosine_too_long(t, alpha_0, warmup, max_t):
    return np.where(
        t < warmup, alpha_0 * t / warmup, cosine(t - warmup, alpha_0, max_t)
    )


def warm_cosine_with_if(t, alpha_0, warmup, max_t):
    if t < warmup:
        return alpha_0 * t / warmup
    return cosine(t - warmup, alpha_0, max_t - warmup)


def warm_cosine_in_whole_numbers(t, alpha_0, warmup, max_t):
    rates = np.zeros_like(t)
    rates[:] = warm_cosine(t, alpha_0, warmup, max_t)
    return rates


def warm_line(t, alpha_0, warmup, max_t):
    left = np.clip((max_t - t) / (max_t - warmup), 0, 1)
    return np.where(t < warmup, alpha_0 * t / warmup, alpha_0 * left)


def moved_by(draw, wrap=False):
    """A shift of each picture by what `draw` makes of the bound and the generator."""

    def random_shift(batch, most, rng):
        rows = []
        for picture in batch:
            down, right = draw(most, rng)
            moved = np.roll(picture, (down, right), (0, 1))
            if not wrap:
                moved[: max(down, 0)], moved[:, : max(right, 0)] = 0, 0
                moved[len(moved) + min(down, 0) :] = 0
                moved[:, moved.shape[1] + min(right, 0) :] = 0
            rows.append(moved)
        return np.array(rows)

    return random_shift


def two_of(most, rng):
    return rng.integers(-most, most + 1, 2)


def square_norms(W):
    return (W**2).sum(axis=1, keepdims=True)


def max_norm(W, largest):
    return W * np.sqrt(np.minimum(1, largest / square_norms(W)))


def nothing(*arguments):
    pass


# Of each exercise, the right answers, then the wrong ones with a word of their hint. A
# tuple holds the arguments of one answer.
ANSWERS = {
    "00-parameters": (
        [
            25450,
            25450.0,
            "25450",
            "25,450",
            "25 450",
            "25.450",
            [25450],
            np.int64(25450),
        ],
        [
            (25440, "output layer"),
            (25130, "weights of the output"),
            (25408, "bias"),
            (25120, "first layer"),
            (25418, "hidden"),
            (826, "added"),
            (25000, "exact"),
            (25449, "off by one"),
            (True, "not a number"),
        ],
    ),
    "00-units": (
        [0.219, "0,22", "21.9 %", [0.2]],
        [
            (219, "as a share"),
            (21.9, "as a share"),
            (0.78, "gets wrong"),
            (0.909, "32 units"),
            (1.92, "the loss"),
            (0.1, "guessing"),
            (-3, "prints"),
        ],
    ),
    "00-count": (
        [
            lambda sizes: sum((a + 1) * b for a, b in zip(sizes, sizes[1:])),
            lambda sizes: float(np.dot(np.add(sizes[:-1], 1), sizes[1:])),
            lambda sizes: np.array([sum(np.add(sizes[:-1], 1) * sizes[1:])]),
        ],
        [
            (lambda sizes: sum(a * b for a, b in zip(sizes, sizes[1:])), "a bias"),
            (
                lambda sizes: sum(a * b for a, b in zip(sizes, sizes[1:])) + sum(sizes),
                "no biases",
            ),
            (lambda sizes: (sizes[0] + 1) * sizes[1], "first layer"),
            (sum, "every unit before"),
            (lambda sizes: 1, "For [784, 32, 10] it gives 1, and must give 25450."),
            (lambda sizes: 25450, "called with"),
            (lambda sizes: np.prod(sizes), "pairs of neighbouring"),
            (lambda sizes: 0.5, "whole numbers"),
        ],
    ),
    "01-nand": (
        [
            ([-1, -1], 1.5),
            ([-1, -1], [1.5]),
            (column(-2, -2), np.array([[3]])),
            (["-1", "-1"], "1,5"),
            (row(-0.5, -1), 1.2),
            ([-1, -1, 1.5],),
        ],
        [
            (([1, 1], -1.5), "AND"),
            (([1, 1], -0.5), "OR"),
            (([-1, -1], 0.5), "NOR"),
            (([-1, -1], -1.5), "(0, 0)"),
            (([-1, -1], 1), "Z is 0"),
            (([-1, -1], 2.5), "(1, 1), where Z = 0.5"),
            ((-1, 1.5), "three numbers"),
        ],
    ),
    "01-corners": (
        [3, "3", [3], 3.0],
        [(4, "XOR"), (2, "One more"), (0.75, "share"), (0, "worst"), (5, "above")],
    ),
    "01-step": (
        [
            np.array([3, -1, 1]),
            [3, -1, 1],
            (3, -1, 1),
            column(3, -1, 1),
            row(3.0, -1.0, 1.0),
            pd.Series([3, -1, 1]),
        ],
        [
            ([-1, -3, -1], "sign"),
            ([2, -1.5, 0.5], "half"),
            ([1, -2, 0], "did not move"),
            ([2, 1, 1], "change"),
            ([5, 0, 2], "alpha"),
            ([3, -1], "three numbers"),
        ],
    ),
    "01-bound": (
        [900, (3 / 0.1) ** 2, "900", [900.0]],
        [
            (30, "squared"),
            (90, "margin"),
            (300, "radius"),
            (0.09, "Divide"),
            (1000, "appended"),
        ],
    ),
    "01-alpha": (
        [
            (10, 200),
            ("10", "200"),
            ([10], np.float64(199.9999999)),
            ([10, 200],),
        ],
        [
            ((10, 0.005), "other way round"),
            ((6, 200), "number of epochs"),
            ((20, 200), "samples"),
            ((9, 9), "Read it off"),
            ((10, 1), "W is not"),
            ((10, 100), "0.5 before"),
            ((10, 400), "first weight"),
            ((200, 10), "order"),
            ((0, 200), "fewer"),
        ],
    ),
    "01-learn": (
        [
            learns(),
            lambda X, y: list(learns()(X, y)),
            lambda X, y: learns()(X, y).reshape(-1, 1),
        ],
        [
            (learns(at_zero=1), "not >= 0"),
            (learns(alpha=0.5), "alpha = 0.5"),
            (learns(epochs=1), "one epoch"),
            (lambda X, y: -learns()(X, y), "sign"),
            (lambda X, y: (learns()(X, y), 3), "tuple"),
            (lambda X, y: np.zeros(X.shape[1]), "still 0"),
            (lambda X, y: learns()(X[:, :2], y), "each column"),
            (learns(start=1), "start at 0"),
            (nothing, "return"),
            (7, "by name"),
        ],
    ),
    "02-multipliers": (
        [[1, 2, 1], (2, 4, 2), column(0.5, 1, 0.5), ["1", "2", "1"]],
        [
            ([1, 1, 1], "w2 + b"),
            ([0, 0, 0], "zeros"),
            ([-1, -2, -1], "negative"),
            ([2, 1, 1], "w1"),
            ([1, 2], "three numbers"),
        ],
    ),
    "02-collapse": (
        [
            (np.array([[-1, 2]]), np.array([4.5])),
            ([-1, 2], 4.5),
            (column(-1, 2), "4,5"),
            ([[-1.0, 2.0]], [[4.5]]),
        ],
        [
            (([-1, 2], 0.5), "biases"),
            (([-1, 2], 4), "b2"),
            (([2, -1], 4.5), "order"),
            (([4, 2], 4.5), "rows"),
            ((np.ones((3, 2)), 4.5), "three numbers (W (two), b)"),
        ],
    ),
    "02-abc": (
        [
            (-1, 1, -2),
            ("-1", "1", "-2"),
            ([-1], [1], [-2]),
            ([-1.0, 1.0, -2.0],),
            (-0.5, 3, -4),
        ],
        [
            ((-1, 1, -1), "How much of h2"),
            ((-1, 1, 2), "sign of C"),
            ((0, 1, -1), "one hidden unit"),
            ((-2, 1, -1), "straight line"),
            ((1, 1, -2), "(0, 0)"),
            ((-1, 2, -2), "The outputs"),
        ],
    ),
    "02-merged": (
        [0.477, "0,4774", np.array([0.47738]), (2 * np.log(1.5) + np.log(3)) / 4],
        [
            (0.48, "rounded to two digits"),
            (0.6365, "four corners"),
            (0.5199, "p = 1/2"),
            (0.6507, "p = 1/3"),
            (2 / 3, "not the loss"),
            (-0.4774, "sign"),
            (0.2073, "base 10"),
        ],
    ),
    "02-shift": (
        [1 / 3, 0.333, 0.33, "1/3", np.array([0.3333])],
        [
            (0.5, "towards each other"),
            (1 / 6, "down by t/2"),
            (0.3, "still open"),
            (0.4, "has failed"),
            (5, "between 0 and 1"),
        ],
    ),
    "02-parity": (
        [
            lambda X: np.maximum(0, X.sum(axis=1)[:, None] + [0, -1, -2]) @ [1, -2, 2],
            lambda X: np.interp(X.sum(axis=1), [0, 1, 2, 3], [0, 1, 0, 1]),
            lambda X: (
                np.maximum(0, X.sum(axis=1))
                - 2 * np.maximum(0, X.sum(axis=1) - 1)
                + 2 * np.maximum(0, X.sum(axis=1) - 2)
            ).tolist(),
        ],
        [
            (lambda X: X.sum(axis=1) % 2, "jumps"),
            (
                lambda X: np.maximum(0, X.sum(axis=1)[:, None] + [0, -1]) @ [1, -2],
                "third unit",
            ),
            (lambda X: X.sum(axis=1), "sum of the inputs"),
            (lambda X: 1 - X.sum(axis=1) % 2, "other way round"),
            (lambda X: 2 * X.sum(axis=1), "it answers 0, 2, 4, 6"),
            (lambda X: X.sum(axis=1, keepdims=True) % 2, "shape"),
        ],
    ),
    "03-forward": (
        [
            ([1, -1, 1], [1, 0, 1], -2, 0.119),
            (column(1, -1, 1), column(1, 0, 1), row(-2), row(0.1192)),
            ((1.0, -1.0, 1.0), (1.0, 0.0, 1.0), [[-2.0]], 1 / (1 + np.exp(2))),
            (["1", "-1", "1"], ["1", "0", "1"], "-2", "0.119"),
        ],
        [
            (([1, 0, 1], [1, 0, 1], -2, 0.119), "before the ReLU"),
            (([1, 0, 0], [1, 0, 0], -2, 0.119), "biases"),
            (([1, -1, 1], [1, -1, 1], -3, 0.047), "no negative"),
            (([1, -1, 1], [1, 1, 1], -1, 0.269), "absolute"),
            (([1, -1, 1], [1, 0, 1], 1, 0.731), "b[2]"),
            (([1, -1, 1], [1, 0, 1], -3, 0.047), "after the ReLU"),
            (([1, -1, 1], [1, 0, 1], -2, 0.881), "+2"),
            (([1, -1, 1], [1, 0, 1], -2, 0), "not a ReLU"),
            (([1, -1, 1], [1, 0, 1], -2, 0.12), "two digits"),
        ],
    ),
    "03-layer": (
        [
            relu_layer,
            lambda W, b, A: np.where(W @ A + b > 0, W @ A + b, 0),
            lambda W, b, A: (np.dot(W, A) + b).clip(0).tolist(),
        ],
        [
            (lambda W, b, A: W @ A + b, "activation"),
            (lambda W, b, A: np.maximum(W @ A, 0), "bias"),
            (lambda W, b, A: np.maximum(W @ A, 0) + b, "before the activation"),
            (lambda W, b, A: 1 / (1 + np.exp(-(W @ A + b))), "sigmoid"),
            (lambda W, b, A: abs(W @ A + b), "absolute"),
            (lambda W, b, A: np.maximum(A @ W + b, 0), "left"),
            (lambda W, b, A: np.max(W @ A + b), "np.maximum"),
            (layer_with_max, "return max(W @ A + b, 0)"),
            (transposed_layer, "shapes do not fit"),
            (lambda W, b: W @ b, "cannot be called"),
            (lambda W, b, A: np.maximum(W @ A + b.T, 0), "shapes"),
            (nothing, "return"),
            (np.ones((2, 2)), "function"),
        ],
    ),
    "03-cost": (
        [0.164, "0,164", [0.1643], -(np.log(0.8) + np.log(0.9)) / 2],
        [
            (0.329, "sum"),
            (-0.164, "sign"),
            (1.263, "y = 0"),
            (0.0713, "base 10"),
            (0.16, "two digits"),
            (0.025, "squared"),
            (0.1116, "one of the two"),
            (0.85, "logarithms"),
        ],
    ),
    "03-softmax": (
        [
            [1 / 6, 2 / 6, 3 / 6],
            (Fraction(1, 6), Fraction(1, 3), Fraction(1, 2)),
            column(1 / 6, 1 / 3, 1 / 2),
            ["1/6", "2/6", "3/6"],
            [0.167, 0.333, 0.5],
            [0.166, 0.333, 0.500],
        ],
        [
            ([1, 2, 3], "sum"),
            ([0, 0.387, 0.613], "Exponentials"),
            ([0.5, 0.667, 0.75], "sigmoid"),
            ([0.17, 0.33, 0.5], "two digits"),
            ([0.5, 1 / 3, 1 / 6], "order"),
            ([0, 0.4, 0.6], "exp(0)"),
            ([1 / 6, 2 / 6], "three numbers"),
            ([0, 0.693, 1.099], "scores"),
        ],
    ),
    "03-temperature": (
        [1.5, "1.5", np.array([1.5]), 1.53, "3/2"],
        [
            (1.4, "0.525"),
            (1.6, "cools down"),
            (1, "warms up"),
            (0.66, "one over"),
            (0.5, "the probability"),
            (0, "above 0"),
            ((1.5, 1.6), "one number"),
        ],
    ),
    "03-pairs": (
        [
            ("A", "B", "C", "B"),
            ("a", "b ", "c", "b"),
            (["A", "B", "C", "B"],),
            (("linear", "sigmoid", "softmax", "sigmoid"),),
            (np.array(["A", "B", "C", "B"]),),
        ],
        [
            (("A", "B", "C", "C"), "beach"),
            (("A", "B", "B", "B"), "26"),
            (("A", "C", "C", "B"), "Spam"),
            (("B", "B", "C", "B"), "Price"),
            (("A", "A", "C", "B"), "spam"),
            (("A", "B", "C"), "four"),
            ((1, 2, 3, 2), "quotation marks"),
        ],
    ),
    "03-update": (
        [
            [-0.5, -0.25],
            (-0.5, -0.25),
            column(-0.5, -0.25),
            row("-1/2", "-1/4"),
            np.float32([-0.5, -0.25]),
        ],
        [
            ([0.5, 0.25], "y is -1"),
            ([-1, -0.5], "half"),
            ([-1.5, -0.75], "labels 0 and 1"),
            (column(-1.5, -0.75), "y = 0"),
            ([1.5, 0.75], "y_hat - y"),
            ([-2, -1], "perceptron"),
            ([0, 0], "does move"),
            (-0.25, "two numbers"),
            ([-0.25, -0.5], "W . X"),
        ],
    ),
    "04-graph": (
        [(5, -2, 1), ([5, -2, 1],), ("5", "-2", "1"), (np.array([[5.0], [-2], [1]]),)],
        [
            ((-2, 5, 1), "other"),
            ((-4, -4, 3), "(x + y) z"),
            ((5, -2, -4), "sum passes on"),
            ((-20, 8, -10), "x y z"),
            ((5, -2, 0), "sum passes on"),
            ((5, -2), "three numbers"),
        ],
    ),
    "04-paths": (
        [(1, 3), ([1, 3],), ("1", "3"), (column(1.0, 3.0),)],
        [
            ((-2, 3), "Another path"),
            ((3, 3), "factor of the product"),
            ((-6, 3), "added"),
            ((1, -2), "sum"),
            ((5, 3), "signs"),
            ((1, 1), "product's other factor"),
            ((3, 1), "order"),
        ],
    ),
    "04-shape": (
        [
            ((20, 64), (20, 1)),
            ([20, 64], [20, 1]),
            (np.array([20, 64]), np.array([20, 1])),
            (((20, 64), (20, 1)),),
            (("20", "64"), ("20", "1")),
        ],
        [
            (((64, 20), (20, 1)), "Keras"),
            (((20, 64), (20,)), "column"),
            (((20, 64), 20), "column"),
            (((20, 64), (1, 20)), "row"),
            (((20, 64), (20, 50)), "m = 50"),
            (((64, 784), (64, 1)), "layer 1"),
            (((10, 20), (10, 1)), "layer 3"),
            (((20, 64), (64, 1)), "bias"),
            ((20, 64), "W[2]"),
        ],
    ),
    "04-bug": (
        [
            tanh_backward(tanh_slope, "m", mean_column, "dZ"),
            folded,
            lambda *given: [
                array.tolist()
                for array in tanh_backward(tanh_slope, "m", mean_column, "dZ")(*given)
            ],
        ],
        [
            (tanh_backward(lambda A: A, "m", mean_column, "dZ"), "1 - A**2"),
            (tanh_backward(lambda A: 1, "m", mean_column, "dZ"), "derivative of tanh"),
            (
                tanh_backward(lambda A: 1 - np.tanh(A) ** 2, "m", mean_column, "dZ"),
                "already",
            ),
            (tanh_backward(lambda A: A * (1 - A), "m", mean_column, "dZ"), "sigmoid"),
            (tanh_backward(tanh_slope, "1", mean_column, "dZ"), "divide by m"),
            (tanh_backward(tanh_slope, "m", mean_column, "dA"), "activation"),
            (
                tanh_backward(tanh_slope, "m", lambda dZ: dZ.mean(axis=1), "dZ"),
                "keepdims",
            ),
            (
                tanh_backward(
                    tanh_slope, "1", lambda dZ: dZ.sum(axis=1, keepdims=True), "dZ"
                ),
                "mean",
            ),
            (lambda dA, A, A_prev, W: dA, "three arrays"),
            (nothing, "return"),
        ],
    ),
    "04-engine": (
        [
            pieces(lambda x: (logistic(x), logistic(x) * (1 - logistic(x)))),
            pieces(lambda x: [logistic(x), logistic(x) - logistic(x) ** 2]),
            (list(pieces(lambda x: (logistic(x), 1 / (2 + np.exp(x) + np.exp(-x))))),),
        ],
        [
            (pieces(lambda x: (logistic(x), x * (1 - x))), "not with x"),
            (pieces(lambda x: (logistic(x), 1 - logistic(x) ** 2)), "tanh"),
            (pieces(logistic), "two numbers"),
            (pieces(log=lambda x: (np.log10(x), 1 / x)), "natural"),
            (pieces(log=lambda x: (-np.log(x), -1 / x)), "minus"),
            (pieces(log=lambda x: (np.log(x), np.log(x))), "1 / x"),
            (pieces(divide=lambda x, y: (x / y, 1 / y, x / y**2)), "minus"),
            (pieces(divide=lambda x, y: (x / y, -x / y**2, 1 / y)), "wrong way"),
            (pieces(divide=lambda x, y: (x / y, 1 / y, -1 / y**2)), "factor x"),
            (pieces(divide=lambda x, y: (x / y, 1 / y)), "three numbers"),
        ],
    ),
    "04-step": (
        [1e-5, "1e-5", -5, 0.00001, [1e-5]],
        [
            (1e-12, "rounding"),
            (-12, "rounding"),
            (1e-1, "smaller"),
            (0, "positive"),
            (1e-7, "powers"),
        ],
    ),
    "04-softmax": (
        [
            [1 / 8, -6 / 8, 5 / 8],
            column(0.125, -0.75, 0.625),
            ("1/8", "-3/4", "5/8"),
            row(0.125, -0.75, 0.625),
            pd.DataFrame({"dv": [0.125, -0.75, 0.625]}),
        ],
        [
            ([1 / 8, 2 / 8, 5 / 8], "This is o"),
            ([-1 / 8, 6 / 8, -5 / 8], "y - o"),
            ([-7 / 8, 2 / 8, 5 / 8], "second"),
            ([1, 1, 5], "sum"),
            ([0, -4, 0], "-y / o"),
            ([0, -0.307, 1.609], "scores"),
            ([0.13, -0.75, 0.63], "two digits"),
        ],
    ),
    "05-count": (
        [31, "31", 31.0, np.array([31])],
        [
            (30, "0.8^30"),
            (30.96, "round up"),
            (24, "step"),
            (35, "step"),
            (66, "0.9"),
            (16, "x^2"),
            (5, "0.8^k"),
            (45, "1 - 2 alpha"),
        ],
    ),
    "05-limit": (
        [0.25, "1/4", "0,25", [[0.25]]],
        [
            (0.4, "diagonal"),
            (1, "smallest"),
            (0.125, "1/L"),
            (8, "2/L"),
            (0.2, "fastest"),
            (4, "other way round"),
            (0.3, "eigenvalues"),
        ],
    ),
    "05-batch": (
        [
            update,
            update_in_a_loop,
            lambda W, X, y, a: W - a * (2 / len(y)) * (X.T @ (X @ W - y)),
        ],
        [
            (lambda W, X, y, a: W - a * 2 * X.T @ (X @ W - y), "sum"),
            (lambda W, X, y, a: W - a * X.T @ (X @ W - y) / len(X), "factor 2"),
            (lambda W, X, y, a: W + a * 2 * X.T @ (X @ W - y) / len(X), "uphill"),
            (lambda W, X, y, a: 2 * X.T @ (X @ W - y) / len(X), "Return the new W"),
            (lambda W, X, y, a: W - 2 * X.T @ (X @ W - y) / len(X), "rate"),
            (lambda W, X, y, a: W - a * 2 * X.T @ (X @ W - y) / X.shape[1], "rows"),
            (lambda W, X, y, a: W - a * 2 * X @ (X @ W - y) / len(X), "shapes"),
            (lambda W, X, y, a: W - a * 2 * (X @ W - y).mean(), "gradient"),
            (nothing, "return"),
        ],
    ),
    "05-variance": (
        [0.0816, "0,0816", 8 / 50 * 51 / 100, [0.0816]],
        [
            (0.16, "putting back"),
            (0.2857, "standard deviation"),
            (0.0808, "N - 1"),
            (4.08, "50"),
            (0.08, "N - B"),
            (0.082, "two digits"),
            (1.131, "square root"),
        ],
    ),
    "05-saddle": (
        [
            (-2, 6, "saddle"),
            (-2, 6, "saddle point"),
            (-2.0, 6.0, "A Saddle-Point"),
            (np.array([-2.0, 6.0]), "saddle"),
            ((-2, 6, "saddle"),),
        ],
        [
            ((2, 2, "minimum"), "diagonal"),
            ((-1, 3, "saddle"), "factor 2"),
            ((6, -2, "saddle"), "first"),
            ((-2, 6, "minimum"), "one of each"),
            ((-2, 6, "flat"), "saddle"),
            ((-2, 6), "quotation marks"),
            ((0, 4, "saddle"), "mixed"),
            ((-3, 5, "saddle"), "diagonal is 2"),
        ],
    ),
    "05-zigzag": (
        [(35, 173), (36, 180), ("35", "174"), [35, 173], np.array([[36], [175]])],
        [
            ((173, 35), "order"),
            ((0.182, 0.196), "rates"),
            ((25, 25), "25"),
            ((35, 300), "kappa = 50"),
            ((60, 173), "kappa = 10"),
            ((35,), "two numbers"),
        ],
    ),
    "05-momentum": (
        [
            lambda W, m, G, a, b: (W - a * (b * m + G), b * m + G),
            lambda W, m, G, a, b: [W - a * b * m - a * G, m * b + G],
            lambda W, m, G, alpha, beta: (
                np.subtract(W, alpha * np.add(beta * m, G)),
                np.add(beta * m, G),
            ),
        ],
        [
            (lambda W, m, G, a, b: (b * m + G, W - a * (b * m + G)), "order"),
            (lambda W, m, G, a, b: (W - a * m, b * m + G), "old m"),
            (lambda W, m, G, a, b: (W + a * (b * m + G), b * m + G), "uphill"),
            (lambda W, m, G, a, b: (W - a * (b * m + G), m), "next update"),
            (lambda W, m, G, a, b: (W, b * m + (1 - b) * G), "Adam"),
            (lambda W, m, G, a, b: (W, m + G), "forgotten"),
            (lambda W, m, G, a, b: (W, m + b * G), "past"),
            (lambda W, m, G, a, b: (W + b * m - a * G, b * m - a * G), "Keras"),
            (lambda W, m, G, a, b: (W - b * m - G, b * m + G), "rate"),
            (lambda W, m, G, a, b: (W - a * G, b * m + G), "alone"),
            (lambda W, m, G, a, b: W - a * (b * m + G), "two things"),
            (nothing, "return"),
        ],
    ),
    "06-slope": (
        [3 / 16, "3/16", 0.188, 0.187, "0,1875", Fraction(3, 16), "18.75 %"],
        [
            (0.75, "itself"),
            (0.25, "maximum"),
            (-0.1875, "positive"),
            (0.4375, "tanh"),
            (0.19, "two digits"),
            (0.2, "exp(-ln 3)"),
            (16 / 3, "upside down"),
            (0.185, "digits"),
        ],
    ),
    "06-bound": (
        [0.5**10, "1/1024", 0.000977, "9,77e-4", [0.0009765]],
        [
            (0.25**10, "weight"),
            (2 * 0.25**10, "every layer"),
            (5, "multiplied"),
            (0.5, "one layer"),
            (1024, "ten weights"),
            (0.001, "nearly"),
            (0.5**9, "ten factors"),
            (0.5**20, "factor"),
        ],
    ),
    "06-silu": (
        [
            (swish, swish_slope),
            (
                swish,
                lambda Z, b: sigmoid(b * Z) * (1 + b * Z - b * swish(Z, b)),
            ),
            (
                lambda Z, beta: Z / (1 + np.exp(-beta * Z)),
                lambda Z, beta: (swish(Z + 1e-5, beta) - swish(Z - 1e-5, beta)) / 2e-5,
            ),
            ((swish, swish_slope),),
        ],
        [
            ((lambda Z, beta: sigmoid(beta * Z), swish_slope), "multiply it by Z"),
            ((lambda Z, beta: Z * sigmoid(Z), swish_slope), "leaves out"),
            ((lambda Z, beta: beta * Z * sigmoid(beta * Z), swish_slope), "inside"),
            ((lambda Z, beta: np.maximum(Z, 0), swish_slope), "ReLU"),
            ((lambda Z, beta: Z @ sigmoid(beta * Z), swish_slope), "shapes"),
            ((swish, lambda Z, beta: sigmoid(beta * Z)), "second term"),
            (
                (swish, lambda Z, b: sigmoid(b * Z) + Z * sigmoid_slope(b * Z)),
                "chain rule",
            ),
            ((swish, lambda Z, beta: beta * sigmoid_slope(beta * Z)), "product rule"),
            ((swish, lambda Z, beta: beta * Z * sigmoid_slope(beta * Z)), "itself"),
            ((swish, lambda Z, beta: Z * sigmoid_slope(beta * Z)), "itself"),
            ((swish, nothing), "return"),
            ((swish,), "two functions"),
        ],
    ),
    "06-keeps": (
        [9.75, 10, "9,5", 9, [10.5], np.float32(9.75)],
        [
            (4, "single unit"),
            (1, "Glorot's weights"),
            (0.25, "asks for the scale"),
            (6.5, "still shrinks"),
            (14, "already grows"),
            (-10, "positive"),
            ((9, 10), "one number"),
        ],
    ),
    "06-leaky": (
        [
            (leaky, leaky_slope),
            (lambda Z, leak: np.maximum(Z, leak * Z), leaky_slope),
            (
                lambda Z, leak: Z * ((Z > 0) + leak * (Z <= 0)),
                lambda Z, leak: (Z > 0) + leak * (Z <= 0),
            ),
            ((leaky, leaky_slope),),
        ],
        [
            ((leaky, lambda Z, leak: np.where(Z >= 0, 1, leak)), "at 0"),
            (
                (leaky, lambda Z, leak: (Z > 0) + leak * (Z < 0)),
                "at 0",
            ),
            ((lambda Z, leak: np.maximum(Z, 0), leaky_slope), "plain ReLU"),
            ((leaky, lambda Z, leak: (Z > 0) * 1.0), "plain ReLU"),
            ((leaky, lambda Z, leak: Z > 0), "plain ReLU"),
            ((leaky, leaky), "not Z"),
            ((lambda Z, leak: np.where(Z > 0, Z, 0.2 * Z), leaky_slope), "argument"),
            ((lambda Z, leak: np.where(Z > 0, Z, 0.1 * Z), leaky_slope), "argument"),
            ((lambda Z, leak: Z if Z > 0 else leak * Z, leaky_slope), "np.where"),
            ((leaky, nothing), "return"),
            ((leaky,), "two functions"),
        ],
    ),
    "06-dead": (
        [-2.5, "-2.5", "−2,5", [-2.5]],
        [
            (2.5, "sign"),
            (-1.5, "second input"),
            (-2, "third"),
            (-3.5, "negative weight"),
            (-3, "larger b"),
            (0, "fires"),
            (-0.5, "fires"),
        ],
    ),
    "07-hat": (
        [
            lambda x, a, b, c: (
                np.maximum(0, x - a) / (b - a)
                - (1 / (b - a) + 1 / (c - b)) * np.maximum(0, x - b)
                + np.maximum(0, x - c) / (c - b)
            ),
            lambda x, a, b, c: np.interp(x, (a, b, c), (0, 1, 0)),
            lambda x, a, b, c: np.maximum(
                0, np.minimum((x - a) / (b - a), (c - x) / (c - b))
            ),
        ],
        [
            (
                lambda x, a, b, c: np.where(
                    x > c, (c - x) / (c - b), np.interp(x, (a, b, c), (0, 1, 0))
                ),
                "third hinge",
            ),
            (lambda x, a, b, c: np.interp(x, (a, b, c), (0, 2, 0)), "must be 1"),
            (lambda x, a, b, c: -np.interp(x, (a, b, c), (0, 1, 0)), "on its head"),
            (
                lambda x, a, b, c: (
                    np.maximum(0, x - a) / (b - a)
                    - np.maximum(0, x - b) / (c - b)
                    + np.maximum(0, x - c) / (c - b)
                ),
                "minus the slope up",
            ),
            (lambda x, a, b, c: (x - a) / (b - a), "left of its left end"),
            (lambda x, a, b, c: 1.0, "57 values"),
            (nothing, "return"),
            (7, "the function"),
        ],
    ),
    "07-power": (
        [
            (4, 0.00195),
            (4, 0.0019512),
            ("4", "0,0020"),
            ([4], [0.0019]),
        ],
        [
            ((4, 0.00778), "8 units"),
            ((1, 0.0625), "even"),
            ((4, 0.0625), "even knots"),
            ((3, 0.00391), "Close"),
            ((5, 0.003), "Too far"),
        ],
    ),
    "07-lower": (
        [(2, 38), ("2", "38"), ([2, 38],)],
        [
            ((64, 38), "height"),
            ((2, 64), "height"),
            ((38, 2), "wrong order"),
            ((2, 24), "five layers"),
            ((2, 48), "proportion"),
            ((1, 38), "down again"),
        ],
    ),
    "07-slopes": (
        [
            ([4, -6], 1),
            (np.array([[4.0, -6.0]]), np.array([1.0])),
            (column(4, -6), [1]),
            (["4", "-6"], "1"),
        ],
        [
            (([4, -2], 1), "slopes"),
            (([2, -3], 1), "1/2"),
            (([4, 6], 1), "sign"),
            (([4, -6], 0), "f(0)"),
            (([4, -6], 3), "another knot"),
            ((column(1, 1), [0, -0.5], row(4, -6), [1]), "three numbers"),
        ],
    ),
    "07-width": (
        [32, "32", 32.0, [32]],
        [
            (31, "round up"),
            (31.6, "whole"),
            (33, "knots"),
            (1000, "square"),
            (90, "8 below"),
            (12, "above"),
            (40, "max|f''|"),
        ],
    ),
    "07-pieces": (
        [(64, 12, 63), ([64, 12, 63],), ("64", "12", "63"), (64.0, [12], [[63]])],
        [
            ((12, 12, 63), "add"),
            ((7, 12, 63), "doubles"),
            ((36, 12, 63), "squared"),
            ((64, 6, 63), "in each"),
            ((64, 12, 64), "n + 1"),
            ((64, 12, 12), "kinks"),
            ((32, 12, 31), "6 doublings"),
        ],
    ),
    "07-parameters": (
        [
            (lambda k: 6 * k + 1, lambda k: 3 * 2**k + 1),
            (
                lambda k: (1 + 1) * 2 + (k - 1) * (2 + 1) * 2 + 3,
                lambda k: 2 * 2**k + 2**k + 1,
            ),
            (lambda k: np.array([6 * k + 1])[0], lambda k: float(3 * 2**k + 1)),
        ],
        [
            ((lambda k: 4 * k, lambda k: 3 * 2**k + 1), "bias"),
            ((lambda k: 6 * k, lambda k: 3 * 2**k + 1), "output"),
            ((lambda k: 6 * k + 3, lambda k: 3 * 2**k + 1), "one input"),
            ((lambda k: 6 * k + 1, lambda k: 3 * 2**k), "output unit"),
            ((lambda k: 6 * k + 1, lambda k: 6 * k + 1), "2**k"),
            ((lambda k: 6 * k + 1, lambda k: 2 * 2**k + 1), "bias"),
            ((lambda k: 8 * k, lambda k: 3 * 2**k + 1), "[8, 16, 40]"),
            ((lambda k: 6 * k + 1, nothing), "return"),
            ((7, 7), "functions"),
        ],
    ),
    "08-equal": (
        [(1, 0.2), ("1", "0,2"), ([1, 0.2],), (np.int64(1), np.array([0.2]))],
        [
            ((25, 0.2), "columns"),
            ((0, 0.2), "zeros"),
            ((1, 0.008), "larger"),
            ((1, 1), "two layers"),
            ((1, 0.04), "25"),
            ((1, 0.1), "half"),
        ],
    ),
    "08-shrink": (
        [(0.2, 0.05), ("1/5", "1/20"), ([0.2, 0.05],), ([0.2], [[0.05]])],
        [
            ((0.04, 0.05), "variance"),
            ((4, 0.05), "sqrt(n)"),
            ((0.2, 0.0025), "root"),
            ((0.2, 0.1), "100 units"),
            ((0.05, 0.2), "order"),
            ((0.2, 0.01), "sigma"),
        ],
    ),
    "08-keeps": (
        [
            (0.14, 0.07),
            (np.sqrt(2 / 100), np.sqrt(2 / 400)),
            ("0,14", "0.07"),
            ([0.141, 0.0707],),
        ],
        [
            ((0.1, 0.05), "tanh"),
            ((0.14, 0.05), "tanh"),
            ((0.07, 0.14), "order"),
            ((0.14, 0.14), "width"),
            ((0.14, 0.035), "root of n"),
            ((0.16, 0.07), "grows"),
            ((0.06, 0.07), "shrinks"),
            (0.14, "two numbers"),
        ],
    ),
    "08-multiple": (
        [4, 4.0, "4", np.array([4.0])],
        [
            (1, "guessing"),
            (2, "begins"),
            (8, "Nearly"),
            (16, "saturate"),
            (0.5, "even more"),
            (0.66, "share"),
            (3, "seven multiples"),
        ],
    ),
    "08-glorot": (
        [
            (0.0476, 0.0824),
            ("0,0476", "0,0824"),
            ([np.sqrt(2 / 884), np.sqrt(6 / 884)],),
        ],
        [
            ((0.0023, 0.0824), "variance"),
            ((0.0505, 0.0824), "He"),
            ((0.0336, 0.0824), "not 1"),
            ((0.048, 0.082), "two digits"),
            ((0.0476, 0.0476), "beyond"),
            ((0.0476, 0.1427), "not by 3"),
            ((0.0824, 0.0476), "order"),
        ],
    ),
    "08-he": (
        [
            he,
            lambda n_in, n_out: np.random.randn(n_out, n_in) * np.sqrt(2 / n_in),
            lambda n_in, n_out: he(n_in, n_out).tolist(),
        ],
        [
            (drawn(lambda i, o: np.sqrt(2 / i), n_in_first=True), "Keras's shape"),
            (drawn(lambda i, o: 2 / i), "variance"),
            (drawn(lambda i, o: np.sqrt(2 / o)), "r_out"),
            (drawn(lambda i, o: np.sqrt(2 / (i + o))), "Xavier"),
            (drawn(lambda i, o: np.sqrt(1 / i)), "ReLU"),
            (drawn(lambda i, o: 1), "multiply"),
            (lambda i, o: 0.1 + he(i, o), "mean"),
            (lambda i, o: he(400, 300), "arguments"),
            (drawn(lambda i, o: 0.0707), "arguments"),
            (lambda i, o: np.zeros((o, i)), "0.0000"),
            (
                lambda i, o: np.random.uniform(-1, 1, (o, i)) * np.sqrt(6 / i),
                "Gaussian",
            ),
            (lambda i, o: np.random.normal(0, np.sqrt(2 / i), o, i), "TypeError"),
            (nothing, "return"),
        ],
    ),
    "08-sigmoid": (
        [
            (0.4, 0.25**6),
            ("0,4", "1/4096"),
            ([0.4, 0.000244],),
            ([0.4], np.array([2.44e-4])),
        ],
        [
            ((0.1, 0.000244), "tanh"),
            ((0.16, 0.000244), "variance"),
            ((0.025, 0.000244), "larger"),
            ((0.4, 0.25), "one layer"),
            ((0.4, 1.5), "multiply"),
            ((0.4, 0.00024), "two digits"),
            ((0.4, 0.25**5), "six factors"),
            ((0.4, 0.0156), "slope"),
        ],
    ),
    "09-scale": (
        [(9 / 7, 3), ("9/7", "3"), (1.29, 3.0), ([1.286, 3],), ([1.2857], [[3]])],
        [
            ((1, 3), "clip"),
            ((11 / 9, 3), "minimum"),
            ((9 / 7, 1.5), "variance"),
            ((9 / 7, 2.806), "Almost"),
            ((9 / 7, 6), "standard deviation"),
            ((1.3, 3), "two digits"),
            ((7 / 9, 3), "upside down"),
        ],
    ),
    "09-valley": (
        [(1037, 4), (1037, 1037 / 260), ("1037", "4"), ([1036.0, 4.0],)],
        [
            ((35, 4), "square"),
            ((260, 4), "ratio 15"),
            ((900, 4), "condition number"),
            ((1037, 2), "by 2"),
            ((1037, 0.25), "other way round"),
            ((1037, 777), "difference"),
            ((1037 / 260, 1037), "order"),
        ],
    ),
    "09-moving": (
        [(230, 22), ("230", "22"), ([230.0, 22.0],), (np.int64(230), np.array([22]))],
        [
            ((229, 22), "229"),
            ((11, 22), "of the way"),
            ((90, 22), "still missing"),
            ((459, 44), "within 1 %"),
            ((1, 22), "moving_mean"),
            ((230, 21), "10.9 %"),
            ((22, 230), "order"),
        ],
    ),
    "09-layer": (
        [
            layer_norm,
            lambda Z, g, b, e: b + g * (layer_norm(Z, 2, 1, e) - 1) / 2,
            lambda Z, g, b, e: (
                layer_norm(Z.swapaxes(-1, -2), 1, 0, e, axis=-1).swapaxes(-1, -2) * g
                + b
            ),
        ],
        [
            (lambda Z, g, b, e: layer_norm(Z, g, b, e, axis=-1), "batch normalization"),
            (lambda Z, g, b, e: layer_norm(Z, g, b, e, axis=None), "whole array"),
            (lambda Z, g, b, e: layer_norm(Z, g, b, e, axis=0), "leading axis"),
            (lambda Z, g, b, e: layer_norm(Z, 1, 0, e), "scale by gamma"),
            (lambda Z, g, b, e: layer_norm(Z, g, 0, e), "add beta"),
            (lambda Z, g, b, e: layer_norm(Z, 1, b, e), "not scaled"),
            (lambda Z, g, b, e: g * (layer_norm(Z, 1, 0, e) + b), "Scale first"),
            (lambda Z, g, b, e: layer_norm(Z, g, b, 0), "Where is epsilon"),
            (
                lambda Z, g, b, e: g * centred(Z) / (Z.std(-2, keepdims=True) + e) + b,
                "inside the root",
            ),
            (
                lambda Z, g, b, e: g * centred(Z) / (Z.var(-2, keepdims=True) + e) + b,
                "by the root",
            ),
            (lambda Z, g, b, e: layer_norm(Z, g, b, e, ddof=1), "1/n"),
            (lambda Z, g, b, e: g * Z + b, "mean and variance of each column"),
            (lambda Z, g, b, e: None, "return"),
        ],
    ),
    "09-outlier": (
        [(0.001, 10), ("1/1000", "10"), ([1e-3, 10.0],), ([0.001], np.float32(10))],
        [
            ((1, 10), "1000"),
            ((0.001, 1000), "mean"),
            ((0.001, 0.101), "root"),
            ((0.001, 9.95), "1/m"),
            ((0, 10), "not 0"),
            ((0.001, 10.1), "mean off"),
            ((0.001, 100), "square"),
        ],
    ),
    "09-bn": (
        [
            [-1, 3],
            column(-1, 3),
            row(-1.0, 3.0),
            ("-1", "3"),
            row(1 - 2 / np.sqrt(1.001), 1 + 2 / np.sqrt(1.001)),
        ],
        [
            ([-1, 1], "gamma"),
            ([0, 2], "scaled"),
            ([-2, 2], "shifted"),
            ([0, 4], "Scale first"),
            ([3, 7], "raw"),
            ([-0.414, 2.414], "1/m"),
            ((row(-1, 3), row(-1, 1), (2, 1)), "first"),
            ([3, -1], "mean"),
        ],
    ),
    "09-double": (
        [(1, 0.5), ("1", "1/2"), ([1.0, 0.5],), ([1], np.array([0.5]))],
        [
            ((2, 0.5), "without batch normalization"),
            ((1, 1), "relative"),
            ((1, 2), "other way round"),
            ((1, 0.25), "not two"),
            ((0.5, 0.5), "double"),
            ((0.5, 1), "order"),
        ],
    ),
    "10-step": (
        [(-1.9, -2.05), ("-1,9", "-2,05"), ([-1.9, -2.05],), ([-1.9], [[-2.05]])],
        [
            ((-1.8, -2.05), "gradient"),
            ((-2.0, -2.05), "2 lambda w"),
            ((-2.3, -2.05), "larger"),
            ((-1.9, -2.15), "sign of w"),
            ((-1.9, -1.95), "decay alone"),
            ((-2.05, -1.9), "other way round"),
            ((1.9, -2.05), "sign"),
        ],
    ),
    "10-halve": (
        [(69, 100), ("69", "100"), ([69, 100],), (69.0, [100])],
        [
            ((139, 100), "2 alpha lambda"),
            ((68.97, 100), "round up"),
            ((50, 100), "1 %"),
            ((69, 50), "factor 2"),
            ((69, 200), "halved"),
            ((100, 69), "order"),
            ((35, 100), "0.99"),
        ],
    ),
    "10-decay": (
        [0.002, "0,002", 2e-3, [0.002], "1/500"],
        [
            (0.001, "factor 2"),
            (0.0002, "alpha"),
            (0.0005, "other way round"),
            (0.02, "rate"),
            (0.004, "twice"),
        ],
    ),
    "10-zero": (
        [(2, -0.25), ("2", "-1/4"), ([2.0, -0.25],), ([2], [-0.25])],
        [
            ((0.5, -0.25), "pull"),
            ((1, -0.25), "not 2 lambda"),
            ((-2, -0.25), "not negative"),
            ((2, -1 / 3), "2 lambda"),
            ((2, 0), "L1"),
            ((2, 0.25), "wrong side"),
            ((4, -0.25), "h alone"),
            ((2, -0.5), "without a penalty"),
        ],
    ),
    "10-prune": (
        [(0.86, 0.76), ("0,86", "0.75"), ([0.84, 0.78],), ([0.88], np.float32(0.74))],
        [
            ((0.76, 0.86), "other way round"),
            ((86, 76), "from 0 to 1"),
            ((0.76, 0.76), "With L1: at this share fewer"),
            ((0.95, 0.75), "With L1: at this share more"),
            ((0.86, 0.5), "penalty: at this share fewer"),
            ((0.86, 0.9), "penalty: at this share more"),
            ((0, 0), "at 0 %"),
            (0.86, "two numbers"),
        ],
    ),
    "10-maxnorm": (
        [
            max_norm,
            lambda W, c: (
                W * np.minimum(1, np.sqrt(c) / np.linalg.norm(W, axis=1)[:, None])
            ),
            lambda W, c: np.array([w * min(1, (c / (w @ w)) ** 0.5) for w in W]),
            (max_norm,),
        ],
        [
            (lambda W, c: W * np.minimum(1, c / square_norms(W)), "square root"),
            (lambda W, c: W * np.minimum(1, c / square_norms(W) ** 0.5), "squared"),
            (lambda W, c: max_norm(W.T, c).T, "row of W"),
            (lambda W, c: W * np.sqrt(c / square_norms(W)), "keep their weights"),
            (lambda W, c: W * min(1, np.sqrt(c / (W**2).sum())), "whole matrix"),
            (lambda W, c: np.clip(W, -np.sqrt(c), np.sqrt(c)), "single weights"),
            (lambda W, c: W, "Nothing has changed"),
            (lambda W, c: square_norms(W), "shape"),
            (lambda W, c: W * min(1, c / (W**2).sum(axis=1)), "truth value"),
            (nothing, "return"),
        ],
    ),
    "10-dropout": (
        [(5, 4, 4), ("5", "4", "4"), ([5.0, 4.0, 4.0],), ([5], [4], [[4.0]])],
        [
            ((4, 3.2, 2.56), "Inverted"),
            ((20, 4, 4), "kept"),
            ((5, 4, 0.16), "0 or 5"),
            ((5, 4, 2), "standard deviation"),
            ((5, 4, 20), "squares"),
            ((5, 5, 4), "0.8"),
            ((5, 2.5, 4), "equally"),
        ],
    ),
    "11-gl": (
        [(5.263, 3), ("5,26", "3"), ([5.26, 3],), ("5.26 %", 3), ([5.2632], [3.0])],
        [
            ((5.3, 3), "two digits"),
            ((0.0526, 3), "percent"),
            ((5, 3), "0.38"),
            ((105.26, 3), "quotient"),
            ((5.263, 5), "before"),
            ((5.263, 2), "counts"),
            ((0, 3), "E_opt"),
            ((5.263, 4), "best one"),
        ],
    ),
    "11-up": (
        [9, "9", 9.0, [9]],
        [
            (6, "first rise"),
            (4, "strip"),
            (12, "One rise"),
            (3, "third strip"),
            (8, "from 1"),
            (11, "compared epochs"),
            (7, "ends of the strips"),
            (5, "ends of the strips"),
            (14, "ends of the strips"),
            (15, "Write down"),
        ],
    ),
    "11-records": (
        [
            count_records,
            lambda E: np.sum(
                [E[t] < E[t + 1] and E[t] < min(E[:t]) for t in range(1, len(E) - 1)]
            ),
            lambda E: np.array([len(list_records(E))]),
        ],
        [
            (count_minima, "all local minima"),
            (lambda E: sum(E[t] < min(E[:t]) for t in range(1, len(E))), "record"),
            (list_records, "not a list"),
            (count_past_the_end, "IndexError"),
            (lambda E: 2, "5, 3, 4"),
            (lambda E: E < 3, "one number"),
            (nothing, "return"),
        ],
    ),
    "11-patience": (
        [
            stop_waiting(),
            lambda E, patience, min_delta: np.array(
                [stop_waiting()(E, patience, min_delta)]
            ),
            stop_waiting(never=float("nan")),
        ],
        [
            (stop_waiting(start=0), "from 1"),
            (stop_waiting(never=0), "np.nan"),
            (stop_waiting(delta=0), "not used"),
            (stop_waiting(delta=-1), "sign"),
            (stop_waiting(late=1), "too late"),
            (stop_at_a_rise, "3, 2, 2.5"),
            (lambda E, patience, min_delta: [4, 2], "alone"),
            (lambda E, patience, min_delta: E, "one number"),
            (nothing, "return"),
        ],
    ),
    "11-bump": (
        [(4, 12), ("4", "12"), ([4, 12.0],), ([4], [12])],
        [
            ((3, 12), "epoch 13"),
            ((10, 12), "smallest"),
            ((14, 12), "best one"),
            ((4, 11), "above 11"),
            ((4, 11.5), "whole"),
            ((4, 20), "smallest"),
            ((12, 4), "order"),
        ],
    ),
    "11-lambda": (
        [
            (0.1, 0.2),
            ("1/10", "0,2"),
            ([0.1, 0.2],),
            ([0.1], np.array([0.2])),
        ],
        [
            ((0.2, 0.2), "half of it"),
            ((10, 0.2), "one over"),
            ((0.001, 0.2), "product"),
            ((0.1, 0.8), "left"),
            ((0.1, 0.25), "first order"),
            ((0.1, 0.221), "early stopping"),
            ((0.1, 1 / 3), "2 lambda"),
            ((2, 0.2), "curvature"),
        ],
    ),
    "12-units": (
        [
            (45 / 360, -0.25),
            ("1/8", "-1/4"),
            ((0.125, -0.25),),
            ((-0.125, 0.125), (-0.25, -0.25)),
            (np.array([0.125]), [-0.25]),
        ],
        [
            ((45, -0.25), "degrees"),
            ((0.785, -0.25), "radians"),
            ((0.25, -0.25), "plus"),
            ((0.125, 0.75), "change"),
            ((0.125, 0.25), "sign"),
            ((0.125, -0.75), "0.75 - 1"),
            ((0.13, -0.25), "two digits"),
        ],
    ),
    "12-brightness": (
        [(140, 202), ("140", "202"), ([140.0, 202.0],), (np.float32(140), [202])],
        [
            ((202, 140), "other way round"),
            ((240, 202), "1 + 1.4"),
            ((140, 140), "does not multiply"),
            ((140, 100.4), "255"),
            ((101.4, 202), "add"),
            ((140, 102), "change"),
            ((140, 202.4), "256"),
        ],
    ),
    "12-flip": (
        [
            lambda batch: batch[:, :, ::-1],
            lambda batch: np.flip(batch, axis=2),
            lambda batch: [np.fliplr(picture) for picture in batch],
        ],
        [
            (lambda batch: batch, "Nothing"),
            (lambda batch: batch[::-1], "order"),
            (lambda batch: batch[:, ::-1], "upside down"),
            (lambda batch: batch[..., ::-1], "colours"),
            (lambda batch: np.flip(batch), "Everything"),
            (lambda batch: np.fliplr(batch), "upside down"),
            (lambda batch: batch.T, "shape"),
            (lambda batch: np.rot90(batch, 2, axes=(1, 2)), "half a turn"),
            (lambda batch: batch[:, :, -1], "shape"),
            (nothing, "is `return` missing"),
        ],
    ),
    "12-shift": (
        [
            moved_by(two_of),
            moved_by(lambda most, rng: rng.integers(-most, most, 2, endpoint=True)),
            lambda batch, most, rng: list(moved_by(two_of)(batch, most, rng)),
        ],
        [
            (moved_by(two_of, wrap=True), "np.roll"),
            (moved_by(lambda most, rng: rng.integers(-most, most, 2)), "leaves b out"),
            (moved_by(lambda most, rng: rng.integers(0, most + 1, 2)), "both ways"),
            (moved_by(lambda most, rng: (most, 1)), "same way"),
            (moved_by(lambda most, rng: (0, 0)), "Nothing has moved"),
            (moved_by(lambda most, rng: (0, two_of(most, rng)[0])), "moved down"),
            (moved_by(lambda most, rng: [two_of(most, rng)[0]] * 2), "same number"),
            (moved_by(lambda most, rng: two_of(most + 1, rng)), "more than"),
            (lambda batch, most, rng: batch + 1, "by whole pixels"),
            (lambda batch, most, rng: batch[0], "shape"),
            (nothing, "is `return` missing"),
        ],
    ),
    "12-turn": (
        [30, "30", 20.0, np.array([30])],
        [(10, "most 7s"), (90, "smallest"), (0.083, "degrees"), (25, "steps of 10")],
    ),
    "12-updates": (
        [10, "10", 10.0, [10]],
        [
            (90, "nine times"),
            (11.25, "nine times"),
            (810, "fewer"),
            (900, "plain arm"),
            (20, "Plain"),
        ],
    ),
    "12-split": (
        [0.9997, 1 - 0.2**5, "0,9997", "99.97 %", [0.99968]],
        [
            (0.8, "five"),
            (1 - 0.2**6, "not six"),
            (0.32768, "At least one"),
            (0.00032, "none"),
            (0.99968 * 100, "percent"),
            (0.672, "0.2^5"),
            (1, "four decimals"),
        ],
    ),
    "13-gamma": (
        [np.log(2) / 500, 0.00139, "0,001386", [1.386e-3]],
        [
            (0.5, "one update"),
            (0.001, "straight"),
            (0.693, "divide by 500"),
            (-0.001386, "sign"),
            (0.9986, "logarithm"),
            (0.000602, "log10"),
            (0.0014, "two digits"),
            (0.002, "0.37"),
        ],
    ),
    "13-warmup": (
        [
            warm_cosine,
            warm_cosine_in_a_loop,
            lambda t, a, w, m: pd.Series(warm_cosine(t, a, w, m)),
        ],
        [
            (warm_cosine_from_0, "jumps"),
            (warm_cosine_too_long, "max_t - warmup"),
            (warm_cosine_with_if, "if t < warmup"),
            (warm_line, "straight line"),
            (warm_cosine_in_whole_numbers, "np.zeros(len(t))"),
            (lambda t, a, w, m: cosine(t - w, a, m - w), "warm-up"),
            (lambda t, a, w, m: 2 * warm_cosine(t, a, w, m), "alpha_0"),
            (lambda t, a, w, m: 0.1, "1201 rates"),
            (lambda t, a, w, m: warm_cosine(t, a), "TypeError"),
            (nothing, "return"),
        ],
    ),
    "13-floor": (
        [12.25, 12.2, 12.3, "12,25", [[12.25]], "49/4"],
        [
            (10, "small rates"),
            (0.0816, "upside down"),
            (100, "alpha^2"),
            (3.5, "square"),
            (12, "round"),
            (12.5, "round"),
            (0.125, "floor"),
            (24.5, "twice"),
        ],
    ),
    "13-triangular2": (
        [
            (0.003, 0.003, 0.001),
            ("0,003", "0,003", "0,001"),
            ([3e-3, 3e-3, 1e-3],),
            (np.float32(0.003), [0.003], 0.001),
        ],
        [
            ((0.002, 0.003, 0.001), "base"),
            ((0.003, 0.005, 0.001), "half as high"),
            ((0.003, 0.0025, 0.001), "above the base"),
            ((0.003, 0.003, 0.002), "third cycle"),
            ((0.003, 0.003, 0), "base"),
            ((0.005, 0.003, 0.001), "half way"),
            ((0.03, 0.003, 0.001), "point"),
        ],
    ),
    "13-babysit": (
        [
            [0.2, 0.1, 0.05, 0.02, 0.01, 0.007, 0.005, 0.004],
            (0.1, 0.05, 0.03, 0.02, 0.01, 0.008, 0.006, 0.005),
            ["0,5", "0,1", "0,05", "0,02", "0,01", "0,005", "0,005", "0,002"],
            np.array([[0.3, 0.1, 0.04, 0.02, 0.011, 0.008, 0.006, 0.0045]]),
        ],
        [
            ([0.0148] * 8, "A constant rate"),
            ([0.1] * 8, "A constant rate"),
            ([2.1, 0.1, 0.05, 0.02, 0.01, 0.007, 0.005, 0.004], "out of the bowl"),
            ([0.001, 0.005, 0.01, 0.01, 0.01, 0.007, 0.005, 0.004], "not there yet"),
            ([0.1, 0.1, 0.1, 0.1, 0.01, 0.01, 0.01, 0.01], "no longer falls"),
            ([0.2, 0.1, 0.05], "8 numbers"),
            ([-0.1, 0.1, 0.05, 0.02, 0.01, 0.007, 0.005, 0.004], "uphill"),
        ],
    ),
    "13-limits": (
        [("maximum", 3.0), ("max", 3), ("the maximum", "3"), (["Maximum", 3.0],)],
        [
            (("base", 3.0), "Compare"),
            (("both", 3.0), "Which limit"),
            (("maximum", 1.0), "three in four"),
            (("maximum", 0.3), "go on"),
            (("maximum", 0.1), "above 0.3"),
            ((3.0, "maximum"), "quotation"),
            ("maximum", "two things"),
        ],
    ),
    "14-pieces": (
        [(2.4, 3), ("2,4", "3"), ([2.4, 3.0],), ("12/5", [3])],
        [
            ((3, 2.4), "other way round"),
            ((3, 3), "plain mean"),
            ((240, 3), "divide"),
            ((2.4, 2.4), "does not see"),
            ((2.4, 9), "sum"),
            ((1.2, 3), "half"),
        ],
    ),
    "14-accumulate": (
        [
            in_pieces(lambda n, size, m: n / m),
            (in_pieces(lambda n, size, m: n / m),),
            in_pieces(lambda n, size, m: 1.0 * n / m),
        ],
        [
            (in_pieces(lambda n, size, m: 1), "divide"),
            (in_pieces(lambda n, size, m: n), "sum over all samples"),
            (in_pieces(lambda n, size, m: 1 / -(-m // size)), "plain mean"),
            (in_pieces(lambda n, size, m: size / m), "its own number"),
            (in_pieces(lambda n, size, m: n == size and size / m), "batch"),
            (lambda mean, X, Y, size: mean(X[:, :size], Y[:, :size]), "first piece"),
            (lambda mean, X, Y, size: mean(X, Y), "memory"),
            (nothing, "return"),
        ],
    ),
    "14-sketch": (
        [(0.4, 0.08), ("0,4", "0,08"), ([0.4, 0.08],), (np.float32(0.4), [0.077])],
        [
            ((0.35, 0.06), "not yet"),
            ((0.45, 0.1), "before"),
            ((0.4, 0.59), "sharp"),
            ((0.08, 0.4), "order"),
            ((0.4, 0.04), "shift of 0.3"),
        ],
    ),
    "14-spread": (
        [0.35, 0.4, "0,35", [0.413], np.float32(0.3)],
        [
            (0.04, "much smaller"),
            (0.32 / 2, "narrower"),
            (0.6, "wider"),
            (1.24, "g"),
            (0.09, "spread"),
        ],
    ),
    "14-memory": (
        [72, "72", 72.0, [72]],
        [
            (80, "parameters"),
            (78, "gradient"),
            (36, "8"),
            (77, "2^30"),
            (76, "moments"),
            (64, "at most"),
            (18, "4 bytes"),
            (71, "off by one"),
        ],
    ),
    "14-noise": (
        [(1.9, 136), ("1,9", "136"), ([1.9, 136.0],), ([1.9], [136])],
        [
            ((2, 136), "approximation"),
            ((19, 136), "rate"),
            ((1.9, 150), "-1"),
            ((1.9, 17), "grow"),
            ((1.9, 136.36), "Round"),
            ((1.9, 158), "missing"),
            ((1.9, 50), "noise"),
        ],
    ),
    "14-updates": (
        [
            (12000, 4960),
            ("12,000", "4,960"),
            ([12000.0, 4960.0],),
            (np.int64(12000), [4960]),
        ],
        [
            ((4960, 12000), "other way round"),
            ((400, 4960), "one pass"),
            ((12000, 2400), "625"),
            ((12000, 8800), "twice"),
            ((12000, 496), "ten"),
            ((12000, 5000), "exact"),
            ((3750, 4960), "125"),
        ],
    ),
}

NONSENSE = (
    None,
    "text",
    "",
    -1e9,
    float("nan"),
    10**400,
    1j,
    True,
    [],
    {},
    {1, 2},
    object(),
    np.ndarray,
    np.zeros((2, 2)),
    np.array(["a", "b"]),
    [[1, 2], [3]],
    pd.DataFrame({"a": ["b"]}),
    nothing,
    lambda *arguments: 1 / 0,
    lambda *arguments: "text",
    lambda *arguments: [[1, 2], [3]],
)


@pytest.fixture
def said(capsys):
    """What `check` prints about an answer."""

    def ask(name, answer):
        check(name, *(answer if isinstance(answer, tuple) else (answer,)))
        return capsys.readouterr().out

    return ask


def test_every_exercise_has_its_answers():
    assert sorted(ANSWERS) == exercise_names()
    assert all(len(right) > 2 and len(wrong) > 2 for right, wrong in ANSWERS.values())


@pytest.mark.parametrize("name", ANSWERS)
def test_right_is_accepted_and_wrong_is_explained(said, name):
    right, wrong = ANSWERS[name]
    for answer in right:
        out = said(name, answer)
        assert out.startswith(f"✓ {name}: right. "), (answer, out)
    for answer, word in wrong:
        out = said(name, answer)
        assert out.startswith(f"✗ {name}: not yet. "), (answer, out)
        assert word.lower() in out.lower(), (answer, word, out)
        assert out.count("\n") == 1 and "could not be used" not in out, (answer, out)
    for junk in NONSENSE:
        for count in (1, 2, 3, 4):
            out = said(name, (junk,) * count)
            assert out.startswith(f"✗ {name}: not yet. "), (junk, out)
