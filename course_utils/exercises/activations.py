"""Exercises of notebook 06."""

import numpy as np

from ..answers import Numbers, read
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


@exercise(
    "06-silu",
    "The product rule: the derivative of z times S is S plus z times S', and S' = beta"
    " S (1 - S). Just left of 0 it is negative: the function is not monotone.",
    functions=2,
)
def _(function, derivative):
    tries = [
        (np.array([[-3.0, -0.5, 0.25], [2.0, -1.0, 4.0]]), 1.0),
        (np.array([-2.0, 0.5, 0.0, 1.5]), 1.702),
        (np.array([-1.0, 3.0]), 0.5),
    ]
    for Z, beta in tries:
        if hint := swish_hint(function(Z, beta), Z, beta):
            return hint
    for Z, beta in tries:
        if hint := swish_slope_hint(derivative(Z, beta), Z, beta):
            return f"The function is right. {hint}"


def swish_hint(A, Z, beta):
    S, plain = 1 / (1 + np.exp(-beta * Z)), 1 / (1 + np.exp(-Z))
    if close(A, Z * S):
        return None
    if close(A, S):
        return "This is the sigmoid alone: multiply it by Z."
    if close(A, Z * plain):
        return "The function leaves out its argument beta: the sigmoid of beta * Z."
    if close(A, beta * Z * S) or close(A, beta * Z * plain):
        return "beta belongs inside the sigmoid only: Z times the sigmoid of beta * Z."
    if close(A, np.maximum(Z, 0)):
        return "This is the ReLU. The function is Z times the sigmoid of beta * Z."
    return (
        "The function is not right yet: Z times the sigmoid of beta * Z (element by"
        " element, *, not @)."
    )


def swish_slope_hint(dA, Z, beta):
    S = 1 / (1 + np.exp(-beta * Z))
    if close(dA, S + beta * Z * S * (1 - S)):
        return None
    if close(dA, S):
        return "Its derivative has a second term: Z times the sigmoid's derivative."
    if close(dA, beta * Z * S * (1 - S)) or close(dA, Z * S * (1 - S)):
        return "Its derivative has a second term: the sigmoid itself (product rule)."
    if close(dA, S + Z * S * (1 - S)):
        return (
            "The chain rule brings out beta: the sigmoid of beta * Z has the slope"
            " beta S (1 - S)."
        )
    if close(dA, beta * S * (1 - S)) or close(dA, S * (1 - S)):
        return (
            "This is the derivative of the sigmoid alone. There is a factor Z, too:"
            " the product rule."
        )
    if close(dA, S + beta * Z * (1 - S)) or close(dA, S - beta * Z * S * (1 - S)):
        return "Nearly: the sigmoid's own derivative is beta S (1 - S), with a plus."
    return (
        "Its derivative is not right yet: the product rule, with S = sigmoid(beta Z)"
        " and S' = beta S (1 - S)."
    )


def scale_hint(scale):
    if scale < 0:
        return "A scale is positive: read it off the slider."
    if scale < 9:
        return (
            "With this scale the gradient still shrinks from layer to layer: move the"
            " slider up until the read-out passes 1."
        )
    return (
        "With this scale the gradient already grows from layer to layer: move the"
        " slider down until the read-out passes 1."
    )


@exercise(
    "06-keeps",
    "About ten: more than the single unit's 4, since units of large weights saturate,"
    " and their slope is then far below 0.25. Beyond it the sigmoid's gradient"
    " explodes.",
)
def _(*answer):
    (scale,) = read(answer, [9.75])
    known = {
        4.0: "This is the single unit that stays at h = 0.5, where its slope is 0.25."
        " In a layer most units are elsewhere: set the slider to 4 and read.",
        1.0: "With Glorot's weights (1) the gradient shrinks to a quarter at each step"
        " back. Which scale brings the read-out to 1?",
        0.25: "This is the slide's factor, or the read-out at scale 1. The question"
        " asks for the scale.",
    }
    if 8.75 <= scale <= 10.75:
        return None
    return known.get(round(float(scale), 2)) or scale_hint(scale)
