"""Exercises of notebook 09."""

import numpy as np

from ..checks import close, exercise


@exercise(
    "09-scale",
    "(11 - 2) / (9 - 2) = 9/7 and (11 - 5) / 2 = 3. New data may leave the interval"
    " from 0 to 1.",
)
def _(min_max, standardized):
    if close(min_max, 1) and close(
        standardized, 6 / np.std([2, 4, 4, 4, 5, 5, 7, 9, 11])
    ):
        return (
            "11 belongs to the test set: minimum, maximum, mean and standard deviation"
            " come from the training values only."
        )
    if close(min_max, 1):
        return (
            "11 is larger than the training maximum 9, so it lands above 1. Do not clip"
            " it, and do not count it in."
        )
    if close(min_max, 11 / 9) or close(min_max, 11 / 7):
        return "For min-max, take the minimum off first: (x - min) / (max - min)."
    if not close(min_max, 9 / 7, rtol=5e-3):
        return (
            "Min-max: (x - min) / (max - min), with the minimum 2 and the maximum 9 of"
            " the training values."
        )
    if close(standardized, 6 / np.std([2, 4, 4, 4, 5, 5, 7, 9], ddof=1), rtol=2e-3):
        return (
            "Almost: divide by the root of the mean squared deviation, as NumPy does"
            " (1/m, not 1/(m - 1))."
        )
    if close(standardized, 6 / 4):
        return "4 is the variance. Divide by the standard deviation, its root."
    if not close(standardized, 3, rtol=1e-6):
        return (
            "Standardization: (x - mean) / standard deviation, with the mean 5 and the"
            " deviation 2 of the training values."
        )


@exercise(
    "09-stores",
    "The mean is 3 and the squared deviations are 9, 1, 1, 9: their mean is 5. The"
    " layer takes the root when it is called.",
)
def _(mean, variance):
    mean, variance = float(np.squeeze(mean)), float(np.squeeze(variance))
    if not close(mean, 3, rtol=1e-6):
        return "The first number is the mean of 0, 2, 4, 6."
    if close(variance, np.sqrt(5)):
        return (
            "This is the standard deviation. The layer keeps its square, the variance."
        )
    if close(variance, 20 / 3, rtol=2e-3):
        return "Keras divides by m = 4, not by m - 1 = 3."
    if close(variance, 20):
        return "This is the sum of the squared deviations. Divide it by m = 4."
    if not close(variance, 5, rtol=1e-6):
        return (
            "The second number is the variance: the mean of (x - 3)^2 over the four"
            " values."
        )


@exercise(
    "09-outlier",
    "0.001 and 10, the root of m - 1: however large one value is, its standardized"
    " value stays below the root of m.",
)
def _(inlier, z):
    inlier, z = float(np.squeeze(inlier)), float(np.squeeze(z))
    if close(inlier, 1) or close(inlier, 0.1):
        return (
            "The first number: a value of 1 among values from 0 to 1000. Divide by max"
            " - min."
        )
    if not close(inlier, 0.001):
        return (
            "For the first number, (x - min) / (max - min) with x = 1, min = 0 and max"
            " = 1000."
        )
    if close(z, 1000):
        return (
            "The outlier is part of the data: it moves the mean to 1000/101, and it"
            " enlarges the standard deviation too."
        )
    if close(z, 0.101, rtol=0.02):
        return "You have divided by the variance. The standard deviation is its root."
    if close(z, 1000 * (100 / 101) / np.std([0] * 100 + [1000], ddof=1), rtol=1e-4):
        return (
            "Almost: with 1/m in the variance, as on the slide of batch normalization,"
            " it is a whole number."
        )
    if not close(z, 10, rtol=1e-3):
        return (
            "Let NumPy help: x = np.array([0] * 100 + [1000]), then (1000 - x.mean()) /"
            " x.std()."
        )


@exercise(
    "09-bn",
    "Mean 2, standard deviation 1: normalized (-1, 1), then 2 (-1) + 1 = -1 and 2 (1) +"
    " 1 = 3.",
)
def _(output):
    output = np.asarray(output, dtype=float).ravel()
    if close(output, [-1, 1]):
        return (
            "That is the normalized batch. Now scale it by gamma and shift it by beta."
        )
    if close(output, [0, 2]):
        return "You have shifted by beta, but not scaled by gamma."
    if close(output, [-2, 2]):
        return "You have scaled by gamma, but not shifted by beta."
    if close(output, [0, 4]):
        return "Scale first, then shift: gamma x_hat + beta, not gamma (x_hat + beta)."
    if close(output, 1 + 2 * np.array([-1, 1]) / np.sqrt(2), rtol=2e-3):
        return "The variance of (1, 3) is the mean of 1 and 1 (1/m, not 1/(m - 1))."
    if close(output, [3, 7]):
        return (
            "You have scaled and shifted the raw batch. Normalize it first: mean 0,"
            " variance 1."
        )
    if not close(output, [-1, 3], rtol=1e-6):
        return (
            "First the mean and the variance of the two numbers, then (x - mean) / std,"
            " then gamma times that plus beta."
        )


@exercise(
    "09-double",
    "The statistics of the batch cancel the 2. The loss is the same, at weights twice"
    " as large, so its slope is halved.",
)
def _(output, gradient):
    output, gradient = float(np.squeeze(output)), float(np.squeeze(gradient))
    if close(output, 2):
        return (
            "That is so without batch normalization. With it, the mean and the standard"
            " deviation of the batch double as well."
        )
    if not close(output, 1, rtol=1e-6):
        return (
            "First number: Z becomes 2 Z. What are the mean and the standard deviation"
            " of 2 Z, and what is left after normalizing?"
        )
    if close(gradient, 1):
        return (
            "The loss is the same as before, but each weight is twice as large: the"
            " same relative change is twice the step."
        )
    if close(gradient, 2):
        return (
            "The other way round: to change the output by as much, a weight twice as"
            " large must move twice as far."
        )
    if close(gradient, 0.25):
        return (
            "One factor of 1/2, not two: L(W) = L(2 W) for every W; differentiate both"
            " sides."
        )
    if not close(gradient, 0.5, rtol=1e-6):
        return (
            "Write L(2 W) = L(W) and differentiate both sides by W: 2 L'(2 W) = L'(W)."
        )
