"""Exercises of notebook 08."""

import numpy as np

from ..checks import close, exercise


@exercise(
    "08-equal",
    "Equal columns have rank 1 for ever, and 25 equal units are one unit with sqrt(25)"
    " = 5 times the weights: 0.2.",
)
def _(rank, weight):
    if close(rank, 25) or close(rank, 10):
        return (
            "The 25 columns of weights are all the same, before and after training."
            " What is the rank of such a matrix?"
        )
    if close(rank, 0):
        return (
            "Rank 0 belongs to zeros. From 0.04 the units do move, all in the same way."
        )
    if not close(rank, 1):
        return (
            "How many different columns are there? The rank counts those that are no"
            " multiples of each other."
        )
    if close(weight, 0.04):
        return (
            "The rank is right. One unit with the same weights gives a 25 times smaller"
            " output than 25 such units."
        )
    if close(weight, 1.0):
        return (
            "The rank is right. 25 v relu(w x): the factor 25 is shared by two layers,"
            " so each of them gets its square root."
        )
    if not close(weight, 0.2):
        return "The rank is right. Write 25 v relu(w x) as (c v) relu(c w x): which c?"


@exercise(
    "08-shrink",
    "Each layer multiplies by sqrt(n) sigma: sqrt(400) 0.01 = 0.2, and 1 / sqrt(400) ="
    " 0.05 keeps the size.",
)
def _(factor, sigma):
    if close(factor, 0.04):
        return (
            "0.04 = 400 * 0.01^2 is the factor of the variance. The standard deviation"
            " is its root."
        )
    if close(factor, 4):
        return (
            "The terms have random signs, so their sum grows with sqrt(n), not with n."
        )
    if close(factor, 0.1):
        return "0.1 was for 100 units: sqrt(100) * 0.01. What is it for 400?"
    if close(factor, 5):
        return (
            "The other way round: by which number is the std multiplied in each layer?"
            " It shrinks."
        )
    if not close(factor, 0.2):
        return "100 units gave sqrt(100) * 0.01 = 0.1. Put 400 in place of 100."
    if close(sigma, 1 / 400):
        return (
            "The factor is right. 1/400 is the variance that keeps the size; sigma is"
            " its root."
        )
    if close(sigma, 0.1):
        return (
            "The factor is right. 0.1 keeps the size for 100 units: sqrt(100) * 0.1"
            " = 1."
        )
    if not close(sigma, 0.05):
        return "The factor is right. Solve sqrt(400) * sigma = 1."


@exercise(
    "08-glorot",
    "sqrt(2 / 884) = 0.0476; a uniform distribution needs sqrt(3) times its std as"
    " limit, sqrt(6 / 884) = 0.0824.",
)
def _(std, limit):
    if close(std, 2 / 884):
        return "This is the variance. The standard deviation is its root."
    if close(std, np.sqrt(2 / 784)):
        return "This is He's. Xavier has r_in + r_out under the line."
    if close(std, np.sqrt(1 / 884)):
        return "Almost: 2 / (r_in + r_out), not 1."
    if not close(std, np.sqrt(2 / 884), rtol=5e-3):
        return "sqrt(2 / (r_in + r_out)), with r_in = 784 and r_out = 100."
    if close(limit, np.sqrt(2 / 884), rtol=5e-3):
        return (
            "The std is right, and the limit lies beyond it: a uniform distribution"
            " between -a and a has the std a / sqrt(3)."
        )
    if close(limit, 2 * np.sqrt(2 / 884), rtol=5e-3):
        return (
            "The std is right. Two standard deviations is where a truncated normal is"
            " cut; for the uniform one, a / sqrt(3) is the std."
        )
    if close(limit, np.sqrt(12 * 2 / 884), rtol=5e-3):
        return (
            "The std is right. This is the whole width of the distribution; the limit"
            " is half of it."
        )
    if not close(limit, np.sqrt(6 / 884), rtol=5e-3):
        return "The std is right. The limit is sqrt(6 / (r_in + r_out))."


@exercise(
    "08-he",
    "Std sqrt(2 / n_in) and the shape (n_out, n_in). Keras has the same as he_normal,"
    " truncated and transposed.",
)
def _(function):
    W = function(400, 300)
    if W is ...:
        return ...
    W = np.asarray(W, dtype=float)
    if W.shape == (400, 300):
        return (
            "This is Keras's shape. In the lecture W[l] is (n_l, n_{l-1}): one row for"
            " each neuron it leads to."
        )
    if W.shape != (300, 400):
        return (
            "W should have the shape (n_out, n_in), here (300, 400). Yours is"
            f" {W.shape}."
        )
    std, kurtosis = W.std(), np.mean(W**4) / max(np.mean(W**2) ** 2, 1e-30)
    for wrong, hint in (
        (
            2 / 400,
            (
                "NumPy's normal takes the standard deviation: the root of 2 / n_in, not"
                " the variance itself."
            ),
        ),
        (np.sqrt(2 / 300), "This is r = r_out. Here r is r_in, the number of inputs."),
        (np.sqrt(2 / 700), "This is Xavier's. He has r_in alone under the line."),
        (
            np.sqrt(1 / 400),
            (
                "This keeps the signal of a linear layer. ReLU cuts off half of it, so"
                " He has a 2."
            ),
        ),
    ):
        if abs(std / wrong - 1) < 0.02:
            return hint
    if abs(std / np.sqrt(2 / 400) - 1) > 0.02:
        return (
            "For n_in = 400 the standard deviation should be sqrt(2 / 400) = 0.0707."
            f" Yours is {std:.4f}."
        )
    if abs(W.mean()) > 0.002:
        return (
            "The standard deviation is right, but the mean should be 0, and yours is"
            f" {W.mean():.4f}."
        )
    if kurtosis < 2.2:
        return (
            "The standard deviation is right. But the exercise asks for a Gaussian, and"
            " this looks uniform."
        )


@exercise(
    "08-sigmoid",
    "Each layer multiplies by sqrt(n) sigma / 4: sigma = 4 / sqrt(100) = 0.4 keeps it,"
    " Xavier leaves 0.25^6 = 0.00024.",
)
def _(sigma, left):
    if close(sigma, 0.1):
        return (
            "0.1 keeps the signal of tanh. Sigmoid's slope at 0 is 1/4: that has to be"
            " made up for."
        )
    if close(sigma, 0.16):
        return "This is the variance, 16 / 100. sigma is its root."
    if close(sigma, 0.025):
        return (
            "The slope 1/4 makes the signal smaller, so the weights must be larger, not"
            " smaller."
        )
    if close(sigma, 0.2):
        return (
            "The slope 1/4 multiplies the standard deviation itself, so sigma needs a"
            " factor of 4, not 2."
        )
    if not close(sigma, 0.4):
        return (
            "Each layer multiplies the difference by sqrt(100) * sigma / 4. When is"
            " this 1?"
        )
    if close(left, 0.25):
        return "sigma is right. 1/4 is left after one layer."
    if close(left, 1.5):
        return "sigma is right. The factors multiply: 1/4 of 1/4 of ..."
    if not close(left, 0.25**6, rtol=0.05, atol=0):
        return (
            "sigma is right. With Xavier sqrt(100) * sigma = 1, so each layer leaves"
            " 1/4. And six layers?"
        )
