"""Exercises of notebook 10."""

import numpy as np

from ..checks import close, exercise


@exercise(
    "10-step",
    "L2: -2 (1 - 0.1) - 0.1 = -1.9. L1: s = -1, so -2 + 0.05 - 0.1 = -2.05. Both"
    " penalties pull up, towards 0.",
)
def _(l2, l1):
    if close(l2, -1.8, rtol=1e-4):
        return (
            "L2: this is the decay alone. The loss's own gradient, 1, still takes alpha"
            " times 1 off."
        )
    if close(l2, -1.7, rtol=1e-4):
        return "L2: the decay is right, but the gradient is taken off: - alpha times 1."
    if close(l2, -2.0, rtol=1e-4):
        return (
            "L2: the derivative of lambda w^2 is 2 lambda w, so the factor is 1 - 2"
            " alpha lambda."
        )
    if close(l2, -2.3, rtol=1e-4):
        return (
            "L2: you have multiplied by 1 + 2 alpha lambda, which makes the weight"
            " larger."
        )
    if not close(l2, -1.9, rtol=1e-4):
        return "L2: w (1 - 2 alpha lambda) - alpha dL/dw, with 2 alpha lambda = 0.1."
    if close(l1, -2.15, rtol=1e-4):
        return "L1: s is the sign of w, here -1, so - alpha lambda s is + 0.05."
    if close(l1, -1.95, rtol=1e-4):
        return (
            "L1: this is the decay alone. The loss's own gradient, 1, still takes alpha"
            " times 1 off."
        )
    if close(l1, -2.0, rtol=1e-4):
        return "L1: the derivative of lambda |w| is lambda s, without a factor 2."
    if not close(l1, -2.05, rtol=1e-4):
        return (
            "L1: w - alpha lambda s - alpha dL/dw, with s = -1 for a negative weight."
        )


@exercise(
    "10-halve",
    "0.99^69 is the first power below 0.5; L1 takes off 0.005 each time, so 0.5 needs"
    " 100 updates.",
)
def _(l2, l1):
    if close(l2, 138) or close(l2, 139):
        return (
            "L2: you used the factor 1 - alpha lambda. It is 1 - 2 alpha lambda = 0.99."
        )
    if close(l2, 50):
        return "L2: it does not take off 0.01 each time, but 1 % of what is left."
    if close(l2, 68) or close(l2, np.log(0.5) / np.log(0.99), rtol=1e-4):
        return "L2: nearly. 0.99^68 is still above 0.5; updates are whole, so round up."
    if not close(l2, 69):
        return (
            "L2: each update multiplies the weight by 1 - 2 alpha lambda = 0.99. Which"
            " is the first k with 0.99^k <= 0.5?"
        )
    if close(l1, 50):
        return (
            "L1: the factor 2 belongs to L2. Each update takes off alpha lambda ="
            " 0.005."
        )
    if close(l1, 200):
        return "L1: after 200 updates the weight is 0. It is to be halved."
    if not close(l1, 100):
        return (
            "L1: each update takes off alpha lambda = 0.005, whatever the weight is."
            " How many until 0.5 is gone?"
        )


@exercise(
    "10-decay",
    "Decay takes off alpha d w, L2 takes off 2 alpha lambda w: d = 2 lambda = 0.002."
    " The rate drops out.",
)
def _(decay):
    if close(decay, 0.001):
        return "The derivative of lambda w^2 is 2 lambda w: a factor 2 is missing."
    if close(decay, 0.0002) or close(decay, 0.0001):
        return "Keras multiplies the decay by the rate itself. Leave alpha out."
    if close(decay, 0.0005):
        return "The other way round: 2 lambda, not lambda / 2."
    if not close(decay, 0.002):
        return "Compare alpha d w with 2 alpha lambda w, for lambda = 0.001."


@exercise(
    "10-zero",
    "The pull h c = -2 must not exceed lambda: 2. L2 only divides: 4 (-0.5) / (4 + 2 *"
    " 2) = -0.25.",
)
def _(smallest, minimum):
    if close(smallest, 0.5):
        return (
            "First number: |c| alone is not the pull. The slope of the parabola at w ="
            " 0 is -h c."
        )
    if close(smallest, 1):
        return "First number: the derivative of lambda |w| is lambda, not 2 lambda."
    if close(smallest, -2):
        return "First number: the right size, but lambda is not negative."
    if not close(smallest, 2):
        return (
            "First number: at w = 0 the parabola's slope is h (0 - c). L1 holds the"
            " weight there if lambda is at least as large."
        )
    if close(minimum, -1 / 3):
        return (
            "Second number: the derivative of lambda w^2 is 2 lambda w, so it is h c /"
            " (h + 2 lambda)."
        )
    if close(minimum, 0.25):
        return (
            "Second number: the right size, on the wrong side of 0. L2 never changes a"
            " sign."
        )
    if close(minimum, 0):
        return "Second number: that is L1's. For L2, solve h (w - c) + 2 lambda w = 0."
    if not close(minimum, -0.25):
        return (
            "Second number: solve h (w - c) + 2 lambda w = 0 for w, with h = 4, c ="
            " -0.5, lambda = 2."
        )


@exercise(
    "10-dropout",
    "4 / 0.8 = 5 with probability 0.8, so the mean is 4 and the variance 0.8 * 1 + 0.2"
    " * 16 = 4.",
)
def _(kept, mean, variance):
    if close(kept, 4) and not close(mean, 4):
        return (
            "Inverted dropout divides what is kept by 1 - rate, so that the mean stays"
            " at 4."
        )
    if close(kept, 20):
        return "Divide by the probability to be kept, 0.8, not by the rate."
    if close(kept, 3.2):
        return (
            "3.2 is the mean without rescaling. In training the kept value is divided"
            " by 0.8, not multiplied."
        )
    if not close(kept, 5, rtol=1e-6):
        return "First number: a unit that is kept passes on A / (1 - rate)."
    if not close(mean, 4, rtol=1e-6):
        return (
            "Second number: 5 with probability 0.8, 0 with probability 0.2. What is"
            " that on average?"
        )
    if close(variance, 2):
        return "Third number: this is the standard deviation. Square it."
    if close(variance, 20):
        return (
            "Third number: this is the mean of the squares. Take the squared mean off."
        )
    if not close(variance, 4, rtol=1e-6):
        return "Third number: 0.8 times (5 - mean)^2 plus 0.2 times (0 - mean)^2."
