"""Exercises of notebook 08."""

import numpy as np

from ..answers import Hint, Numbers, Parts, read
from ..checks import exercise

exercise(
    "08-equal",
    "Equal columns have rank 1 for ever, and 25 equal units are one unit with sqrt(25)"
    " = 5 times the weights: 0.2.",
)(
    Parts(
        {
            "Rank": Numbers(
                1,
                {
                    (25, 10, 196, 24): "The 25 columns of weights are all the same,"
                    " before and after training. What is the rank of such a matrix?",
                    0: "Rank 0 belongs to zeros. From 0.04 the units do move, all in"
                    " the same way.",
                },
                "How many different columns are there? The rank counts those that are"
                " no multiples of each other.",
            ),
            "Single weight": Numbers(
                0.2,
                {
                    0.04: "One unit with the same weights gives a 25 times smaller"
                    " output than 25 such units.",
                    1.0: "25 v relu(w x): the factor 25 is shared by two layers, so"
                    " each of them gets its square root.",
                    (0.008, 0.0016): "One unit has to do the work of 25: its weights"
                    " are larger than 0.04, not smaller.",
                    5.0: "This is the factor sqrt(25). Multiply 0.04 by it.",
                    0.56: "The number of units is shared by two layers, not that of"
                    " the inputs: sqrt(25), not sqrt(196).",
                },
                "Write 25 v relu(w x) as (c v) relu(c w x): which c?",
            ),
        }
    )
)

exercise(
    "08-shrink",
    "Each layer multiplies by sqrt(n) sigma: sqrt(400) 0.01 = 0.2, and 1 / sqrt(400) ="
    " 0.05 keeps the size.",
)(
    Parts(
        {
            "Factor": Numbers(
                0.2,
                {
                    0.04: "0.04 = 400 * 0.01^2 is the factor of the variance. The"
                    " standard deviation is its root.",
                    (4.0, 0.4): "The terms have random signs, so their sum grows with"
                    " sqrt(n), not with n.",
                    0.1: "0.1 was for 100 units: sqrt(100) * 0.01. What is it for 400?",
                    5.0: "The other way round: by which number is the std multiplied in"
                    " each layer? It shrinks.",
                    (0.05, 0.025): "More units make the sum larger, not smaller: the"
                    " factor grows from 0.1.",
                    2.0: "It is sqrt(400 / 100) = 2 times the factor for 100 units.",
                },
                "100 units gave sqrt(100) * 0.01 = 0.1. Put 400 in place of 100.",
            ),
            "Sigma": Numbers(
                0.05,
                {
                    1 / 400: "1/400 is the variance that keeps the size; sigma is its"
                    " root.",
                    0.1: "0.1 keeps the size for 100 units: sqrt(100) * 0.1 = 1.",
                    20.0: "The other way round: sqrt(400) * sigma = 1.",
                    0.2: "This is the factor at sigma = 0.01. Which sigma makes it 1?",
                },
                "Solve sqrt(400) * sigma = 1.",
            ),
        }
    )
)


@exercise(
    "08-keeps",
    "He's sqrt(2 / n): 0.141 for 100 units and half of it for 400. The picture and the"
    " formula agree.",
)
def _(*answer):
    sigmas = read(answer, [0.14, 0.07])
    for width, sigma, right in zip((100, 400), sigmas, (0.14, 0.07)):
        if 0.92 * right <= sigma <= 1.08 * right:
            continue
        if np.allclose(sigmas, [0.07, 0.14]):
            return (
                "The right numbers, but in the wrong order: first 100 units, then 400."
            )
        if abs(sigma / (right / np.sqrt(2)) - 1) < 0.05:
            return (
                f"{sigma:g} keeps the signal of tanh with {width} units. Choose relu"
                " above the picture: it loses more."
            )
        if width == 400 and sigma > 0.12:
            return (
                "Set the width to 400 and look again: with more terms in the sum the"
                " weights must be smaller."
            )
        if width == 400 and abs(sigma - 0.035) < 0.002:
            return (
                "Four times the units need half of sigma, not a quarter: the sum grows"
                " with the root of n."
            )
        way = "shrinks: move it up" if sigma < right else "grows: move it down"
        return (
            f"With {width} relu units and this sigma the signal {way} until a layer"
            " multiplies A by about 1."
        )


exercise(
    "08-glorot",
    "sqrt(2 / 884) = 0.0476; a uniform distribution needs sqrt(3) times its std as"
    " limit, sqrt(6 / 884) = 0.0824.",
)(
    Parts(
        {
            "Std": Numbers(
                np.sqrt(2 / 884),
                {
                    2 / 884: "This is the variance. The standard deviation is its"
                    " root.",
                    np.sqrt(2 / 784): "This is He's. Xavier has r_in + r_out under the"
                    " line.",
                    (np.sqrt(1 / 884), 1 / 884): "Almost: 2 / (r_in + r_out), not 1.",
                    np.sqrt(1 / 784): "Xavier takes both numbers: 2 / (r_in + r_out).",
                    np.sqrt(6 / 884): "This is the limit of the uniform distribution."
                    " The standard deviation comes first.",
                },
                "sqrt(2 / (r_in + r_out)), with r_in = 784 and r_out = 100.",
            ),
            "Limit": Numbers(
                np.sqrt(6 / 884),
                {
                    np.sqrt(2 / 884): "The limit lies beyond the std: a uniform"
                    " distribution between -a and a has the std a / sqrt(3).",
                    2 * np.sqrt(2 / 884): "Two standard deviations is where a truncated"
                    " normal is cut; for the uniform one, a / sqrt(3) is the std.",
                    np.sqrt(12 * 2 / 884): "This is the whole width of the"
                    " distribution; the limit is half of it.",
                    6 / 884: "The root is missing.",
                    3 * np.sqrt(2 / 884): "The std is the limit divided by sqrt(3), not"
                    " by 3.",
                    np.sqrt(6 / 784): "This is he_uniform's. Glorot has r_in + r_out"
                    " under the line.",
                },
                "The limit is sqrt(6 / (r_in + r_out)).",
            ),
        }
    )
)


@exercise(
    "08-he",
    "Std sqrt(2 / n_in) and the shape (n_out, n_in). Keras has the same as he_normal,"
    " truncated and transposed.",
    functions=1,
)
def _(function):
    try:
        W = np.asarray(function(400, 300), dtype=float)
    except (TypeError, ValueError):
        raise Hint("Return W, an array of numbers.") from None
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
    std, mean = W.std(), W.mean()
    kurtosis = np.mean(W**4) / max(np.mean(W**2) ** 2, 1e-30)
    wrong = {
        1.0: "These numbers have the standard deviation 1: multiply by sqrt(2 / n_in).",
        2 / 400: "NumPy's normal takes the standard deviation: the root of 2 / n_in,"
        " not the variance itself.",
        np.sqrt(2 / 300): "This is r = r_out. Here r is r_in, the number of inputs.",
        np.sqrt(2 / 700): "This is Xavier's. He has r_in alone under the line.",
        np.sqrt(1 / 400): "This keeps the signal of a linear layer. ReLU cuts off half"
        " of it, so He has a 2.",
    }
    for value, hint in wrong.items():
        if abs(std / value - 1) < 0.02:
            return hint
    if not abs(std / np.sqrt(2 / 400) - 1) < 0.02:
        return (
            "For n_in = 400 the standard deviation should be sqrt(2 / 400) = 0.0707."
            f" Yours is {std:.4f}."
        )
    if abs(mean) > 0.002:
        return (
            "The standard deviation is right, but the mean should be 0, and yours is"
            f" {mean:.4f}."
        )
    if kurtosis < 2.2:
        return (
            "The standard deviation is right. But the exercise asks for a Gaussian, and"
            " this looks uniform."
        )
    for n_in, n_out in ((1000, 200), (50, 600)):
        other = np.asarray(function(n_in, n_out), dtype=float)
        right = np.sqrt(2 / n_in)
        if other.shape != (n_out, n_in) or abs(other.std() / right - 1) > 0.03:
            return (
                f"Right for n_in = 400 and n_out = 300, but not for n_in = {n_in} and"
                f" n_out = {n_out}: both numbers must come from the arguments."
            )


exercise(
    "08-sigmoid",
    "Each layer multiplies by sqrt(n) sigma / 4: sigma = 4 / sqrt(100) = 0.4 keeps it,"
    " Xavier leaves 0.25^6 = 0.00024.",
)(
    Parts(
        {
            "Sigma": Numbers(
                0.4,
                {
                    0.1: "0.1 keeps the signal of tanh. Sigmoid's slope at 0 is 1/4:"
                    " that has to be made up for.",
                    0.16: "This is the variance, 16 / 100. sigma is its root.",
                    0.025: "The slope 1/4 makes the signal smaller, so the weights must"
                    " be larger, not smaller.",
                    0.2: "The slope 1/4 multiplies the standard deviation itself, so"
                    " sigma needs a factor of 4, not 2.",
                    0.04: "The sum of 100 terms grows with sqrt(100), not with 100.",
                    np.sqrt(2) / 10: "This is He's. It makes up for ReLU, a factor of"
                    " sqrt(2). Sigmoid's slope is 1/4.",
                },
                "Each layer multiplies the difference by sqrt(100) * sigma / 4. When is"
                " this 1?",
            ),
            "Left": Numbers(
                0.25**6,
                {
                    0.25: "1/4 is left after one layer. And after six?",
                    (1.5, 6 / 4, 0.25 / 6): "The factors multiply: 1/4 of 1/4 of ...",
                    (0.25**5, 0.25**7): "Six layers are six factors of 1/4.",
                    0.1**6: "With Xavier sqrt(100) * 0.1 = 1, so each layer leaves its"
                    " slope, 1/4.",
                    0.5**6: "Sigmoid's value at 0 is 1/2. Its slope there is 1/4.",
                    1 - 0.25**6: "This is what is lost. What is left?",
                    1.0: "Xavier keeps the signal of tanh. Sigmoid's slope at 0 is"
                    " 1/4.",
                },
                "With Xavier sqrt(100) * sigma = 1, so each layer leaves 1/4. And six"
                " layers?",
            ),
        }
    )
)

exercise(
    "08-multiple",
    "With 4 times Xavier's a layer's factor, (1/4) sqrt(n) sigma, is about 1. Smaller"
    " weights lose the signal, and 16 times larger ones saturate.",
)(
    Numbers(
        4,
        {
            1: "Xavier's own weights: the read-out says that only a tenth of the digits"
            " are right, as by guessing.",
            2: "It begins to learn there. Move the slider on.",
            8: "Nearly as good: compare the shares of the digits that are right.",
            16: "There many units saturate: the share that is right falls again.",
            (0.25, 0.5): "Less than Xavier's loses even more of the signal. Try larger"
            " multiples.",
            (0.66, 66, 0.65, 65): "This is the share of right digits. Which multiple"
            " gives it?",
        },
        "Set sigmoid and rate 1, try the seven multiples, and compare the shares of the"
        " digits that are right.",
    )
)
