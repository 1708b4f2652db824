"""Exercises of notebook 02."""

import numpy as np

from ..answers import Numbers, Parts, read
from ..checks import close, exercise


@exercise(
    "02-multipliers",
    "1 times the first, 2 times the second and 1 times the third cancel w1, w2 and b: 0"
    " > 0, so no line exists.",
)
def _(*answer):
    rows = np.array([[-1, 1, 1], [0, -1, -1], [1, 1, 1]])  # the factors of w1, w2, b
    multipliers = read(answer, np.zeros(3), ", one for each inequality")
    if np.any(multipliers < 0):
        return (
            "A negative factor turns > around: then the inequalities may not be added"
            " any more."
        )
    if not multipliers.any():
        return "With three zeros you add nothing at all, and 0 > 0 does not follow."
    left = multipliers @ rows
    if np.ptp(multipliers) == 0:
        return (
            "Taken equally often, w1 cancels, but w2 + b is left over. Which inequality"
            " do you need more of?"
        )
    if not np.allclose(left, 0):
        return (
            f"The sum has {left[0]:g} w1, {left[1]:g} w2 and {left[2]:g} b on its left"
            " side. All three must be 0."
        )


exercise("02-collapse", "W = W2 W1 and b = W2 b1 + b2: one layer, for every input.")(
    Parts(
        {
            "W": Numbers(
                (-1, 2),
                {
                    (2, -1): "The right numbers, in the wrong order. W2 @ W1 has them"
                    " in the order of the inputs.",
                    (4, 2): "This adds the rows of W1. Each counts as often as W2"
                    " says: 2, 1 and -1 times.",
                    (5, 4): "Mind the sign of the last weight of W2: it is -1.",
                },
                "Put Z1 = W1 X + b1 into Z2 = W2 Z1 + b2 and collect what stands"
                " before X: W2 @ W1, in this order.",
            ),
            "b": Numbers(
                4.5,
                {
                    0.5: "The first layer's biases are missing: they pass through W2 as"
                    " well.",
                    -0.5: "The first layer's biases must be multiplied by W2 before"
                    " you add them.",
                    4.0: "b2 is missing: it is added at the end.",
                },
                "What is left of W2 (W1 X + b1) + b2 when X = 0?",
            ),
        }
    )
)


@exercise(
    "02-abc",
    "All four corners are exact. A = -1, B = 1, C = -2 is the usual answer, but every A"
    " between -2 and 0 has its B and C.",
)
def _(*answer):
    A, B, C = read(answer, np.zeros(3), " (A, B, C)")
    s = np.array([0.0, 1.0, 1.0, 2.0])  # x1 + x2 at the four corners
    o = B * s + C * np.maximum(s + A, 0)
    if np.allclose(o, [0, 1, 1, 0], atol=0.01):
        return None
    if abs(o[0]) > 1e-6:
        return (
            f"At (0, 0) the output is {o[0]:g}, not 0: there h1 = 0, so h2 must be 0 as"
            " well. Which A do that?"
        )
    if (A, B, C) == (-1, 1, -1):
        return (
            "At (1, 1), h1 = 2 but h2 = 1. How much of h2 must be taken away to"
            " reach 0?"
        )
    if (A, B, C) == (-1, 1, 2):
        return "Mind the sign of C: at (1, 1), h2 must be taken away."
    if A <= -2:
        return (
            "With this A, h2 is 0 at all four corners: then only B (x1 + x2) is left, a"
            " straight line."
        )
    if A == 0:
        return (
            "With A = 0, h2 equals h1, and you have only one hidden unit. The second"
            " one must switch on later."
        )
    return (
        "The outputs at (0,0), (0,1), (1,0), (1,1) are"
        f" {', '.join(f'{v:g}' for v in o)}. They should be 0, 1, 1, 0."
    )


SHARED = 2 * np.log(1.5) + np.log(3)  # the three corners together, at p = 2/3

exercise(
    "02-merged",
    "At the shared spot p = 2/3 is best: (2 ln(3/2) + ln 3 + 0) / 4 = 0.477. Many"
    " failed nets stop exactly there.",
)(
    Numbers(
        SHARED / 4,
        {
            (SHARED / 3, SHARED): "Almost: J is the mean over all four corners, and the"
            " fourth one costs 0.",
            (0.75 * np.log(2), np.log(2), 3 * np.log(2)): "That is p = 1/2. Two of the"
            " three corners at the spot have class 1: another p is better.",
            (2 * np.log(3) + np.log(1.5)) / 4: "That is p = 1/3. But two of the three"
            " corners at the spot have class 1, not one.",
            (2 / 3, 1 / 3): "This is p, not the loss. Put it into the loss of the four"
            " corners.",
            SHARED / 4 / np.log(10): "This is the logarithm to base 10: the formula"
            " means the natural one, np.log.",
            0: "No p is right for both classes at the shared spot, so the loss cannot"
            " be 0.",
            (np.log(1.5) + np.log(3)) / 4: "Two corners of class 1 share the spot, so"
            " -ln p counts twice.",
        },
        "Write the loss of the three corners as a function of one p, -2 ln p - ln(1"
        " - p), find its smallest value, divide by 4.",
    )
)


def shift_hint(t):
    if not -1 <= t <= 1:
        return "Try values of t between 0 and 1."
    gap = 0.5 - 1.5 * t if t >= 0 else 0.5 + 1.5 * t
    if gap > 0:
        return f"At t = {t:g} the gap is {gap:.3f}: it is still open. Go further."
    return f"At t = {t:g} the gap is {gap:.3f}: y has failed before. Go back a little."


exercise(
    "02-shift",
    "Moved up by t, the corners have y = t, 1 + t, 1 - t/2, 1/2 + t: the gap is 1/2 -"
    " 1.5 t, and closes at 1/3.",
)(
    Numbers(
        1 / 3,
        {
            0.5: "The gap at t = 0 is 0.5, but it shrinks by more than t: both classes"
            " move towards each other.",
            1 / 6: "1/6 is half of it. Class 0 comes up by t, class 1 down by t/2: how"
            " fast does the gap shrink?",
        },
        shift_hint,
        digits=2,
    )
)


@exercise(
    "02-parity",
    "The third unit sets in at 2 and turns the output up again: 0, 1, 0, 1. One more"
    " unit for each further input.",
    functions=1,
)
def _(parity):
    X = np.array([[i, j, k] for i in (0, 1) for j in (0, 1) for k in (0, 1)])
    target, s = X.sum(axis=1) % 2, X.sum(axis=1)
    answer = parity(X)
    if close(np.ravel(answer), target) and np.shape(answer) != (8,):
        return f"The shape must be (m,), here (8,), not {np.shape(answer)}."
    if close(answer, target):
        near = parity(X - 1e-6 * (X > 0))  # just below the corners
        if np.shape(near) != (8,) or np.abs(near - target).max() > 1e-3:
            return (
                "Right at the corners, but it jumps between them. A sum of ReLUs has no"
                " jumps: use np.maximum(0, ...)."
            )
        return None
    if close(answer, s == 1) or close(answer, np.where(s < 2, s, 2 - s)):
        return (
            "Right up to two ones. At (1, 1, 1) the output must rise again: a third"
            " unit that sets in at 2."
        )
    if close(answer, 1 - target):
        return "The other way round: 1 where one or three inputs are 1."
    if close(answer, s):
        return "This is the sum of the inputs: the units that set in at 1 and 2 miss."
    try:
        shown = ", ".join(f"{float(v):g}" for v in np.ravel(answer)[[0, 1, 3, 7]])
    except (TypeError, ValueError, IndexError):
        return "It must return one number for each row of X."
    return f"With 0, 1, 2, 3 inputs at 1 it answers {shown}. They should be 0, 1, 0, 1."
