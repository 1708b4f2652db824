"""Exercises of notebook 01."""

import numpy as np

from ..answers import Numbers, Parts, read
from ..checks import exercise

CORNERS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])


@exercise(
    "01-nand",
    "The line lies between (1, 1) and the other three corners, and W points away from"
    " (1, 1).",
)
def _(*answer):
    W1, W2, b = read(answer, np.zeros(3), " (W has two, b is one)")
    Z = CORNERS @ [W1, W2] + b
    if ((Z >= 0) == [0, 0, 0, 1]).all():
        return "This is AND: turn the signs of W and b around."
    if ((Z >= 0) == [0, 1, 1, 1]).all():
        return "This is OR. NAND answers 0 only for (1, 1)."
    if ((Z >= 0) == [1, 0, 0, 0]).all():
        return (
            "This is NOR: b must be large enough for one input of 1 to leave Z above 0."
        )
    wrong = [
        f"{tuple(corner)}, where Z = {z:g}"
        for corner, z, want in zip(CORNERS.tolist(), Z, [1, 1, 1, 0])
        if (z >= 0) != want
    ]
    if wrong and Z[3] == 0:
        return "At (1, 1) Z is 0, and from 0 on the neuron answers 1: lower b a little."
    if wrong:
        return (
            f"The neuron is wrong at {'; '.join(wrong)}. Which sign must b have, for"
            " (0, 0) to give 1, and which signs must W have?"
        )


exercise(
    "01-step",
    "W . X = 0, so y_hat = sign(0) = 1, a mistake: W moves by 0.5 (-1 - 1) X = -X.",
)(
    Numbers(
        (-1, -3, -1),
        {
            (1, -2, 0): "W did not move. W . X = 0, and sign(0) is 1 here: is that the"
            " label?",
            (3, -1, 1): "Mind the sign: y - y_hat is -1 - 1 = -2.",
            (0.0, -2.5, -0.5): "This is half a step: y - y_hat is -2, not -1.",
            (-2, -1, -1): "This is the change of W. Add it to the old W.",
            (-3, -4, -2): "This is a step with alpha = 1. Here alpha is 0.5.",
        },
        "Compute W . X first, then y_hat, then 0.5 (y - y_hat) X, and add it to W.",
    )
)

exercise("01-bound", "(R / gamma)^2 = (3 / 0.1)^2 = 900, in any number of dimensions.")(
    Numbers(
        900,
        {
            30: "Almost: the ratio is squared.",
            90: "The margin is squared as well: (R / gamma)^2, not R^2 / gamma.",
            300: "The radius is squared as well: (R / gamma)^2, not R / gamma^2.",
            (0.09, 0.3): "Divide by the margin: a narrow corridor allows more mistakes,"
            " not fewer.",
        },
        "The bound is (R / gamma)^2, with R = 3 and gamma = 0.1.",
    )
)

TIMES_LONGER = Numbers(
    1e4,
    {
        1e-4: "The other way round: how many times longer is the W of the larger rate?",
        1.0: "The numbers of mistakes are equal, but the lengths of W are not.",
        1e8: "This is the ratio of the squares. The length is np.linalg.norm(W).",
        (714.687, 714.616): "This is one length, or a difference. Divide the larger"
        " one by the smaller one.",
    },
    "Divide the lengths, np.linalg.norm(W), of the two final W. Both runs start from"
    " W = 0.",
)


def mistakes_in_all():
    """How many mistakes the rule makes on sets[0] of the recorded notebook."""
    return Numbers(
        15,
        {
            (10, 1): "This is a single epoch. Count the mistakes of all epochs,"
            " sum(mistakes).",
            (4, 3): "This is the number of epochs. Count the mistakes of all of them,"
            " sum(mistakes).",
            0: "The last epoch has 0. Count the mistakes of all epochs, sum(mistakes).",
            60: "This is the number of samples. Count the mistakes, sum(mistakes).",
        },
        "Count all mistakes of all epochs, sum(mistakes), on the set sets[0].",
    )


exercise(
    "01-alpha",
    "The learning rate only scales W, and sign does not see the scale: it makes no"
    " difference from W = 0.",
)(
    Parts(
        {
            "Mistakes at 0.01": mistakes_in_all(),
            "Mistakes at 100": mistakes_in_all(),
            "Times longer": TIMES_LONGER,
        }
    )
)
