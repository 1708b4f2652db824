"""Exercises of notebook 10."""

import numpy as np

from ..answers import Numbers, Parts, read
from ..checks import close, exercise

exercise(
    "10-step",
    "L2: -2 (1 - 0.1) - 0.1 = -1.9. L1: s = -1, so -2 + 0.05 - 0.1 = -2.05. Both"
    " penalties pull up, towards 0.",
)(
    Parts(
        {
            "L2": Numbers(
                -1.9,
                {
                    -1.8: "This is the decay alone. The loss's own gradient, 1, still"
                    " takes alpha times 1 off.",
                    -1.7: "The decay is right, but the gradient is taken off: - alpha"
                    " times 1.",
                    -2.0: "The derivative of lambda w^2 is 2 lambda w, so the factor is"
                    " 1 - 2 alpha lambda.",
                    -2.3: "You have multiplied by 1 + 2 alpha lambda, which makes the"
                    " weight larger.",
                    -2.1: "This is the step without a penalty.",
                    -1.1: "The decay has the rate in it: 2 alpha lambda = 0.1, not 2"
                    " lambda w alone.",
                    (0.1, -0.1): "This is the change of w. Give w after it.",
                },
                "w (1 - 2 alpha lambda) - alpha dL/dw, with 2 alpha lambda = 0.1.",
            ),
            "L1": Numbers(
                -2.05,
                {
                    -2.15: "s is the sign of w, here -1: - alpha lambda s is + 0.05.",
                    -1.95: "This is the decay alone. The loss's own gradient, 1, still"
                    " takes alpha times 1 off.",
                    -2.0: "The derivative of lambda |w| is lambda s, without a factor"
                    " 2.",
                    -2.1: "This is the step without a penalty.",
                    -1.85: "The pull is right, but the gradient is taken off: - alpha"
                    " times 1.",
                    -1.6: "The rate multiplies the penalty too: alpha lambda = 0.05.",
                },
                "w - alpha lambda s - alpha dL/dw, with s = -1 for a negative weight.",
            ),
        },
        {(-2.05, -1.9): "The other way round: L2 first, then L1."},
    )
)

exercise(
    "10-halve",
    "0.99^69 is the first power below 0.5; L1 takes off 0.005 each time, so 0.5 needs"
    " 100 updates.",
)(
    Parts(
        {
            "L2": Numbers(
                69,
                {
                    (138, 139): "You used the factor 1 - alpha lambda. It is 1 - 2"
                    " alpha lambda = 0.99.",
                    50: "It does not take off 0.01 each time, but 1 % of what is left.",
                    (68, np.log(0.5) / np.log(0.99)): "Nearly: 0.99^68 is still above"
                    " 0.5; updates are whole, so round up.",
                    70: "Nearly: 0.99^69 is below 0.5 already. 70 is 0.7 / 0.01, a rule"
                    " of thumb.",
                    (6, 7): "You left out the rate. The factor is 1 - 2 alpha lambda ="
                    " 0.99.",
                },
                "Each update multiplies the weight by 1 - 2 alpha lambda = 0.99. Which"
                " is the first k with 0.99^k <= 0.5?",
            ),
            "L1": Numbers(
                100,
                {
                    50: "The factor 2 belongs to L2. Each update takes off alpha lambda"
                    " = 0.005.",
                    200: "After 200 updates the weight is 0. It is to be halved.",
                    (10, 20): "You left out the rate: each update takes off alpha"
                    " lambda = 0.005.",
                    (138, 139): "L1 does not shrink by a factor, it takes off the same"
                    " each time: alpha lambda = 0.005.",
                    101: "At 100 updates w is 0.5, and that is at most 0.5.",
                },
                "Each update takes off alpha lambda = 0.005, whatever the weight is."
                " How many until 0.5 is gone?",
            ),
        }
    )
)

exercise(
    "10-decay",
    "Decay takes off alpha d w, L2 takes off 2 alpha lambda w: d = 2 lambda = 0.002."
    " The rate drops out.",
)(
    Numbers(
        0.002,
        {
            0.001: "The derivative of lambda w^2 is 2 lambda w: a factor 2 is missing.",
            (0.0002, 0.0001): "Keras multiplies the decay by the rate itself. Leave"
            " alpha out.",
            0.0005: "The other way round: 2 lambda, not lambda / 2.",
            (0.01, 0.02): "The rate drops out: both take alpha times something off the"
            " weight.",
            (0.998, 0.9998): "This is the factor that is left of the weight. The decay"
            " is what is taken off.",
        },
        "Compare alpha d w with 2 alpha lambda w, for lambda = 0.001.",
    )
)

exercise(
    "10-zero",
    "The pull h c = -2 must not exceed lambda: 2. L2 only divides: 4 (-0.5) / (4 + 2 *"
    " 2) = -0.25.",
)(
    Parts(
        {
            "Lambda": Numbers(
                2.0,
                {
                    0.5: "|c| alone is not the pull. The slope of the parabola at w = 0"
                    " is -h c.",
                    1.0: "The derivative of lambda |w| is lambda, not 2 lambda (and"
                    " that of h (w - c)^2 / 2 is h (w - c)).",
                    -2.0: "The right size, but lambda is not negative.",
                    4.0: "h alone is not the pull. The slope of the parabola at w = 0"
                    " is -h c.",
                    (0.125, 8.0): "The pull is the product of h and |c|, not their"
                    " quotient.",
                },
                "At w = 0 the parabola's slope is h (0 - c). L1 holds the weight there"
                " if lambda is at least as large.",
            ),
            "L2's minimum": Numbers(
                -0.25,
                {
                    -1 / 3: "The derivative of lambda w^2 is 2 lambda w, so it is h c /"
                    " (h + 2 lambda).",
                    0.25: "The right size, on the wrong side of 0. L2 never changes a"
                    " sign.",
                    0.0: "That is L1's. For L2, solve h (w - c) + 2 lambda w = 0.",
                    -0.5: "This is c, the minimum without a penalty. L2 pulls it"
                    " towards 0.",
                    -0.4: "lambda is the one of the first part, 2: h c / (h + 2"
                    " lambda).",
                },
                "Solve h (w - c) + 2 lambda w = 0 for w, with h = 4, c = -0.5, lambda"
                " = 2.",
            ),
        }
    )
)

exercise(
    "10-dropout",
    "4 / 0.8 = 5 with probability 0.8, so the mean is 4 and the variance 0.8 * 1 + 0.2"
    " * 16 = 4.",
)(
    Parts(
        {
            "Kept value": Numbers(
                5.0,
                {
                    4.0: "Inverted dropout divides what is kept by 1 - rate, so that"
                    " the mean stays at 4.",
                    20.0: "Divide by the probability to be kept, 0.8, not by the rate.",
                    3.2: "3.2 is the mean without rescaling. In training the kept value"
                    " is divided by 0.8, not multiplied.",
                    4.8: "Divide by 1 - rate: 4 / 0.8, not 4 * 1.2.",
                    0.8: "0.8 is the probability to be kept, or 4 times the rate."
                    " Divide 4 by it.",
                },
                "A unit that is kept passes on A / (1 - rate).",
            ),
            "Mean": Numbers(
                4.0,
                {
                    5.0: "5 only with probability 0.8; else 0.",
                    3.2: "The kept value is 5, not 4: 0.8 times 5.",
                    2.5: "5 and 0 are not equally likely.",
                    1.0: "0.2 is the probability of 0: 0.8 times 5.",
                },
                "5 with probability 0.8, 0 with probability 0.2. What is that on"
                " average?",
            ),
            "Variance": Numbers(
                4.0,
                {
                    2.0: "This is the standard deviation. Square it.",
                    20.0: "This is the mean of the squares. Take the squared mean off.",
                    0.16: "0.8 * 0.2 is the variance of a 0 or 1. Here it is a 0 or 5:"
                    " times 5^2.",
                    0.8: "Squared deviations: 0.8 * 0.2 times 5^2, not times 5.",
                    (2.56, 3.84): "The kept value is 5, not 4: 0.8 * 0.2 times 5^2.",
                    0.0: "The unit passes on 5 or 0: that is a variance.",
                    3.2: "Add the part of the kept value: 0.8 times (5 - 4)^2.",
                    6.25: "5 and 0 are not equally likely: 0.8 and 0.2.",
                    1.6: "This is the mean absolute deviation. Square the deviations.",
                },
                "0.8 times (5 - mean)^2 plus 0.2 times (0 - mean)^2.",
            ),
        }
    )
)

L1_SHARE, PLAIN_SHARE = 0.86, 0.76  # that cost 20 errors in 1,000


@exercise(
    "10-prune",
    "L1 leaves a few large weights that matter and many that do not. Without a penalty"
    " every weight matters a little, so the errors come much earlier.",
)
def _(*answer):
    sparse, plain = read(answer, [L1_SHARE, PLAIN_SHARE], " (with L1, without)")
    if max(sparse, plain) > 1:
        return "Give shares from 0 to 1: 0.5 for one half."
    if within(sparse, PLAIN_SHARE) and within(plain, L1_SHARE):
        return "The other way round: first the net with L1, then without a penalty."
    for name, share, right in (
        ("With L1", sparse, L1_SHARE),
        ("Without a penalty", plain, PLAIN_SHARE),
    ):
        if not within(share, right):
            return f"{name}: {prune_hint(share, right)}"


def within(share, right):
    return abs(share - right) <= 0.03 + 1e-9


def prune_hint(share, right):
    if share <= 0:
        return (
            "read the errors at 0 % first, then move the share until there are 20 more."
        )
    if share < right:
        return "at this share fewer than 20 errors have been added: prune more."
    return "at this share more than 20 errors have been added: prune less."


@exercise(
    "10-maxnorm",
    "A row of W is a unit: its squared norm is a sum over axis 1, and the factor is the"
    " root of largest over it, never above 1. In Keras it is the constraint MaxNorm"
    " (there of columns, and given the norm, not its square).",
    functions=1,
)
def _(function):
    rng = np.random.default_rng(10)
    for size, largest in (((4, 6), 15.0), ((3, 2), 1.0), ((5, 40), 15.0)):
        W = rng.normal(0, 2, size) * np.linspace(0.1, 2, size[0])[:, None]
        W_new = function(W, largest)
        if hint := max_norm_hint(W_new, W, largest):
            return hint
    return None


def max_norm_hint(W_new, W, largest):
    squared = (W**2).sum(axis=1, keepdims=True)
    columns = (W**2).sum(axis=0, keepdims=True)
    if close(W_new, scaled(W, np.sqrt(largest / squared))):
        return None
    if close(W_new, W):
        return "Nothing has changed, but some units' squared norm is above the largest."
    if close(W_new, scaled(W, largest / squared)):
        return (
            "Too short: to bring the squared norm down to the largest one, the weights"
            " shrink by the square root of largest / squared norm."
        )
    if close(W_new, scaled(W, largest / np.sqrt(squared))):
        return (
            "Largest is the largest *squared* norm: compare it with the sum of squares."
        )
    if close(W_new, scaled(W, np.sqrt(largest / columns))):
        return (
            "A unit's incoming weights are a row of W, (n_l, n_(l-1)): sum over axis 1."
        )
    if close(W_new, W * np.sqrt(largest / squared)):
        return "Units below the largest norm keep their weights: a factor of at most 1."
    if close(W_new, scaled(W, np.sqrt(largest / (W**2).sum()))):
        return "The norm is that of each unit, a row of W, not of the whole matrix."
    if close(W_new, np.clip(W, -np.sqrt(largest), np.sqrt(largest))):
        return (
            "This cuts single weights off. Scale all weights of a unit by one factor."
        )
    if np.shape(W_new) != W.shape:
        return (
            f"The result has the shape {np.shape(W_new)}, W has {W.shape}:"
            " keepdims=True keeps a column of norms."
        )
    return (
        "Not yet: a factor for each row, the root of largest / squared norm where the"
        " squared norm is above the largest, else 1."
    )


def scaled(W, factor):
    return W * np.minimum(1, factor)
