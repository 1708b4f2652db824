"""Exercises of notebook 06."""

import numpy as np

from ..answers import Numbers
from ..checks import close, exercise

exercise(
    "06-slope",
    "phi(ln 3) = 1 / (1 + 1/3) = 3/4, so phi' = 3/4 (1 - 3/4) = 3/16: already below its"
    " maximum, 1/4.",
)(
    Numbers(
        3 / 16,
        {
            0.75: "This is phi(ln 3) itself. Its derivative is phi (1 - phi).",
            0.25: "This is the maximum, at z = 0 (or 1 - phi). Take phi (1 - phi) at z"
            " = ln 3, where exp(-z) = 1/3.",
            -3 / 16: "The size is right, but the sigmoid rises everywhere: its"
            " derivative is positive.",
            (7 / 16, 0.36): "1 - phi^2 is the derivative of tanh. For the sigmoid it is"
            " phi (1 - phi).",
            (3.0, 1 / 3): "exp(ln 3) = 3 and exp(-ln 3) = 1/3: put it into phi, then"
            " into phi (1 - phi).",
            np.log(3) * (1 - np.log(3)): "This is z (1 - z). The derivative is phi (1 -"
            " phi), with phi = phi(z).",
            -6.0: "This is x (1 - x) at x = exp(z) = 3. Find phi = 1 / (1 + 1/3)"
            " first.",
        },
        "exp(-ln 3) = 1/3. Find phi = 1 / (1 + 1/3) first, then phi (1 - phi).",
    )
)

exercise(
    "06-bound",
    "Each layer's factor is at most 2 * 0.25 = 0.5, and 0.5^10 = 1/1024: a thousand"
    " times the slide's 0.25^10.",
)(
    Numbers(
        0.5**10,
        {
            0.25**10: "This is the slide's bound. It leaves out the weight: each factor"
            " is |w| phi', at most 2 * 0.25.",
            2 * 0.25**10: "The weight comes in at every layer, not once.",
            (20 * 0.25**10, 5.0, 2.5): "Factors of ten layers are multiplied, not"
            " added: a power of 10, not 10 times.",
            0.5: "This is one layer. How about ten of them?",
            (0.5**9, 0.5**11): "Ten layers are ten factors. How many have you taken?",
            2.0**10: "This is what the ten weights do. The ten derivatives shrink it:"
            " 0.25 each at most.",
            (0.0, 1.0): "How much is left of 1 after ten factors of |w| phi', each at"
            " most 2 * 0.25?",
        },
        "One layer's factor is |w| phi'(z), with |w| = 2 and phi' at most 0.25. Then"
        " ten such factors are multiplied.",
    )
)


@exercise(
    "06-leaky",
    "For Z <= 0 both the answer and its derivative are leak times those of a linear"
    " unit: small, but never 0.",
    functions=2,
)
def _(function, derivative):
    tries = [
        (np.array([[-3.0, -0.5, 0.25], [2.0, -1.0, 4.0]]), 0.1),
        (np.array([-2.0, 0.5, 0.0, 1.5]), 0.3),
    ]
    for Z, leak in tries:
        if hint := function_hint(function(Z, leak), Z, leak):
            return hint
    for Z, leak in tries:
        if hint := derivative_hint(derivative(Z, leak), Z, leak):
            return f"The function is right. {hint}"


def function_hint(A, Z, leak):
    if close(A, np.where(Z > 0, Z, leak * Z)):
        return None
    if close(A, np.maximum(Z, 0)):
        return "The function is the plain ReLU: below 0 it must answer leak * Z, not 0."
    if close(A, np.where(Z > 0, Z, leak)):
        return "Below 0 the function answers leak. It must answer leak times Z."
    if close(A, np.where(Z > 0, Z, 0.2 * Z)) or close(A, np.where(Z > 0, Z, 0.1 * Z)):
        return "The function has a slope of its own below 0: use its argument, leak."
    if close(A, np.where(Z > 0, leak * Z, Z)):
        return "The leak belongs to the values below 0. Above 0 the function is Z."
    if close(A, np.where(Z > 0, Z, -leak * Z)) or close(A, np.abs(A)):
        return (
            "The function answers no negative value: below 0 it must answer leak * Z,"
            " which is negative."
        )
    return (
        "The function is not right yet: Z where Z > 0, else leak * Z (np.where"
        " takes whole arrays)."
    )


def derivative_hint(dA, Z, leak):
    if close(dA, np.where(Z > 0, 1, leak)):
        return None
    if close(dA, np.where(Z >= 0, 1, leak)):
        return "Its derivative at 0 is to be leak: 1 only where Z > 0."
    if close(dA, np.where(Z > 0, 1, np.where(Z < 0, leak, 0))):
        return "Its derivative at 0 is to be leak, not 0: leak wherever Z <= 0."
    if close(dA, np.where(Z > 0, Z, leak)) or close(dA, np.where(Z > 0, Z, leak * Z)):
        return "Its derivative above 0 is 1, not Z."
    if close(dA, np.where(Z > 0, 1, leak * Z)):
        return (
            "Below 0 it is a straight line of slope leak: the derivative has no Z in"
            " it."
        )
    if close(dA, np.where(Z > 0, 1, -leak)):
        return "Below 0 it still rises, with the slope leak: no minus."
    if close(dA, np.where(Z > 0, 1, 0)) or np.array_equal(dA, Z > 0):
        return (
            "But this is the derivative of the plain ReLU: below 0 the slope is leak."
        )
    return "Its derivative is 1 where Z > 0, else leak, in the shape of Z."


def bias_hint(b):
    if b < -2.5:
        return (
            "Such a unit is dead, but a larger b kills it too: the largest W . X is"
            " 2.5, since no input is above 1."
        )
    return (
        "Find the input in [0, 1]^3 that makes W . X largest; the unit is dead if"
        " even there W . X + b <= 0. At X = (1, 0, 1) it still fires with this b."
    )


exercise(
    "06-dead",
    "The largest possible Z is 2 + 0.5 + b, at X = (1, 0, 1). The unit never fires once"
    " this is 0 or less: b <= -2.5.",
)(
    Numbers(
        -2.5,
        {
            2.5: "Mind the sign: which b brings the largest Z down to 0?",
            -1.5: "This is for X = (1, 1, 1). Another input gives a larger Z: what"
            " should the second input be?",
            -2.0: "This is for X = (1, 0, 0). The third weight is positive, so the"
            " third input makes Z larger still.",
            -1.0: "This is for X = (1, 1, 0). Which input makes W . X largest?",
            -3.5: "Such a unit is dead, but a larger b kills it too: a negative weight"
            " cannot help Z, since no input is negative.",
            (0.0, 1.0): "At X = (1, 0, 1) the weights alone give Z = 2.5: with this b"
            " the unit still fires there.",
        },
        bias_hint,
    )
)
