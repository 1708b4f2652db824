"""Exercises of notebook 02."""

import numpy as np

from ..checks import close, exercise


@exercise(
    "02-multipliers",
    "1 times the first, 2 times the second and 1 times the third cancel w1, w2 and b: 0"
    " > 0, so no line exists.",
)
def _(multipliers):
    rows = np.array([[-1, 1, 1], [0, -1, -1], [1, 1, 1]])  # the factors of w1, w2, b
    multipliers = np.asarray(multipliers, dtype=float)
    if multipliers.shape != (3,):
        return "Give three numbers, one for each inequality."
    if np.any(multipliers < 0):
        return (
            "A negative factor turns > around: then the inequalities may not be added"
            " any more."
        )
    if not multipliers.any():
        return "With three zeros you add nothing at all, and 0 > 0 does not follow."
    left = multipliers @ rows
    if close(multipliers, [1, 1, 1]):
        return (
            "Added once each, w1 cancels, but w2 + b is left over. Which inequality do"
            " you need more of?"
        )
    if not np.allclose(left, 0):
        return (
            f"The sum has {left[0]:g} w1, {left[1]:g} w2 and {left[2]:g} b on its left"
            " side. All three must be 0."
        )


@exercise("02-collapse", "W = W2 W1 and b = W2 b1 + b2: one layer, for every input.")
def _(W, b):
    if close(np.ravel(b), [0.5]):
        return "b lacks the first layer's biases: they pass through W2 as well."
    if close(np.ravel(b), [-0.5]):
        return "The first layer's biases must be multiplied by W2 before you add them."
    if np.size(W) != 2:
        return (
            "W maps two inputs to one output, so its shape is (1, 2). Yours is"
            f" {np.shape(W)}: is it W2 W1, in this order?"
        )
    if not close(np.ravel(W), [-1, 2]):
        return (
            "Put Z1 = W1 X + b1 into Z2 = W2 Z1 + b2 and collect what stands before X."
        )
    if not close(np.ravel(b), [4.5]):
        return "W is right. Now b: what is left of W2 (W1 X + b1) + b2 when X = 0?"


@exercise(
    "02-abc",
    "All four corners are exact. A = -1, B = 1, C = -2 is the usual answer, but every A"
    " between -2 and 0 has its B and C.",
)
def _(A, B, C):
    A, B, C = (float(np.squeeze(value)) for value in (A, B, C))
    s = np.array([0.0, 1.0, 1.0, 2.0])  # x1 + x2 at the four corners
    o = B * s + C * np.maximum(s + A, 0)
    if close(o, [0, 1, 1, 0]):
        return None
    if abs(o[0]) > 1e-6:
        return (
            f"At (0, 0) the output is {o[0]:g}, not 0: there h1 = 0, so h2 must be 0 as"
            " well. Which A do that?"
        )
    if close([A, B, C], [-1, 1, -1]):
        return (
            "At (1, 1), h1 = 2 but h2 = 1. How much of h2 must be taken away to"
            " reach 0?"
        )
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


@exercise(
    "02-merged",
    "At the shared spot p = 2/3 is best: (2 ln(3/2) + ln 3 + 0) / 4 = 0.477. Many"
    " failed nets stop exactly there.",
)
def _(loss):
    loss = float(np.squeeze(loss))
    if close(loss, (2 * np.log(1.5) + np.log(3)) / 3) or close(
        loss, 2 * np.log(1.5) + np.log(3)
    ):
        return (
            "Almost: J is the mean over all four corners, and the fourth one costs 0."
        )
    if close(loss, 0.75 * np.log(2)):
        return (
            "That is p = 1/2 at the shared spot. Two of the three corners there have"
            " class 1: another p is better."
        )
    if close(loss, (2 * np.log(3) + np.log(1.5)) / 4):
        return (
            "That is p = 1/3. But two of the three corners at the spot have class 1,"
            " not one."
        )
    if not close(loss, (2 * np.log(1.5) + np.log(3)) / 4, rtol=5e-3):
        return (
            "Write the loss of the three corners as a function of one p, -2 ln p - ln(1"
            " - p), find its smallest value, divide by 4."
        )


@exercise(
    "02-threshold",
    "Class 0 ends at 1, class 1 starts at 2. Noise moves y by at most 1.5 e; 1 + 1.5 e"
    " < 2 - 1.5 e means e < 1/3.",
)
def _(t, e):
    t, e = float(t), float(e)
    if close(t, 0.75):
        return (
            "0.75 is the threshold for corners 0 and 1. Compute y at (2, 2) and at (2,"
            " 0) first."
        )
    if not 1 <= t < 2:
        return (
            f"With t = {t:g} at least one corner is on the wrong side. What is y at (0,"
            " 0), (2, 2), (0, 2) and (2, 0)?"
        )
    if not close(t, 1.5):
        return (
            "This t separates the corners, but it is not in the middle between the two"
            " classes."
        )
    if close(e, 1 / 6):
        return (
            "t is right. 1/6 is the bound for corners 0 and 1: here the gap is twice as"
            " wide."
        )
    if close(e, 0.5):
        return (
            "t is right. Half the gap would do if y moved by e; but y = max - 0.5 min"
            " moves by up to e + 0.5 e."
        )
    if not close(e, 1 / 3, rtol=0.02):
        return (
            "t is right. For e: both classes move towards each other by at most 1.5 e."
            " When do they meet?"
        )
