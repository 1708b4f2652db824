"""Exercises of notebook 01."""

import numpy as np

from ..checks import close, exercise


@exercise(
    "01-nand",
    "The line lies between (1, 1) and the other three corners, and W points away from"
    " (1, 1).",
)
def _(W, b):
    corners = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    answers = (
        (corners @ np.asarray(W, dtype=float).reshape(2) + float(b) >= 0)
        .astype(int)
        .tolist()
    )
    if answers == [0, 0, 0, 1]:
        return "This is AND: turn the signs of W and b around."
    wrong = [
        str(tuple(corner))
        for corner, answer, want in zip(corners.tolist(), answers, [1, 1, 1, 0])
        if answer != want
    ]
    if wrong:
        return (
            f"The neuron is wrong at {', '.join(wrong)}. Which sign must b have, for"
            " (0, 0) to give 1?"
        )


@exercise(
    "01-step",
    "W . X = 0, so y_hat = sign(0) = 1, a mistake: W moves by 0.5 (-1 - 1) X = -X.",
)
def _(W):
    if close(W, [1, -2, 0]):
        return "W did not move. W . X = 0, and sign(0) is 1 here: is that the label?"
    if close(W, [3, -1, 1]):
        return "Mind the sign: y - y_hat is -1 - 1 = -2."
    if close(W, [0, -2.5, -0.5]):
        return "This is half a step: y - y_hat is -2, not -1."
    if not close(W, [-1, -3, -1]):
        return (
            "Compute W . X first, then y_hat, then 0.5 (y - y_hat) X, and add it to W"
            " (three numbers)."
        )


@exercise("01-bound", "(R / gamma)^2 = (3 / 0.1)^2 = 900, in any number of dimensions.")
def _(most):
    if close(most, 30):
        return "Almost: the ratio is squared."
    if not close(most, 900):
        return "The bound is (R / gamma)^2, with R = 3 and gamma = 0.1."


@exercise(
    "01-alpha",
    "The learning rate only scales W, and sign does not see the scale: it makes no"
    " difference from W = 0.",
)
def _(small, large, times_longer):
    if close(times_longer, 1e-4):
        return "The other way round: how many times longer is the W of the larger rate?"
    if not close(times_longer, 1e4):
        return (
            "Divide the lengths, np.linalg.norm(W), of the two final W. Both runs start"
            " from W = 0."
        )
    if not small == large or small < 1:
        return (
            "Count all mistakes of all epochs, sum(mistakes), and use the same set for"
            " both rates."
        )
