"""Exercises of notebook 06."""

import numpy as np

from ..checks import close, exercise


@exercise(
    "06-slope",
    "phi(ln 3) = 1 / (1 + 1/3) = 3/4, so phi' = 3/4 (1 - 3/4) = 3/16: already below its"
    " maximum, 1/4.",
)
def _(value):
    if close(value, 0.75):
        return "This is phi(ln 3) itself. Its derivative is phi (1 - phi)."
    if close(value, 0.25):
        return (
            "This is the maximum, at z = 0 (or 1 - phi). Take phi (1 - phi) at z = ln"
            " 3, where exp(-z) = 1/3."
        )
    if close(value, -0.1875):
        return (
            "The size is right, but the sigmoid rises everywhere: its derivative is"
            " positive."
        )
    if close(value, 0.4375):
        return (
            "1 - phi^2 is the derivative of tanh. For the sigmoid it is phi (1 - phi)."
        )
    if not close(value, 0.1875):
        return "exp(-ln 3) = 1/3. Find phi = 1 / (1 + 1/3) first, then phi (1 - phi)."


@exercise(
    "06-bound",
    "Each layer's factor is at most 2 * 0.25 = 0.5, and 0.5^10 = 1/1024: a thousand"
    " times the slide's 0.25^10.",
)
def _(bound):
    if close(bound, 0.25**10, atol=0):
        return (
            "This is the slide's bound. It leaves out the weight: each factor is |w|"
            " phi', at most 2 * 0.25."
        )
    if close(bound, 2 * 0.25**10, atol=0):
        return "The weight comes in at every layer, not once."
    if close(bound, 20 * 0.25**10, atol=0) or close(bound, 5):
        return (
            "Factors of ten layers are multiplied, not added: a power of 10, not 10"
            " times."
        )
    if close(bound, 0.5):
        return "This is one layer. How about ten of them?"
    if close(bound, 2**10):
        return (
            "This is what the ten weights do. The ten derivatives shrink it: 0.25 each"
            " at most."
        )
    if close(bound, 0.5**10, rtol=0.05, atol=0) and not close(bound, 0.5**10, atol=0):
        return "Nearly. Give it exactly, as a power of 0.5."
    if not close(bound, 0.5**10, atol=0):
        return (
            "One layer's factor is |w| phi'(z), with |w| = 2 and phi' at most 0.25."
            " Then ten such factors are multiplied."
        )


@exercise(
    "06-leaky",
    "For Z <= 0 both the answer and its derivative are leak times those of a linear"
    " unit: small, but never 0.",
)
def _(function, derivative):
    Z, leak = np.array([[-3.0, -0.5, 0.25], [2.0, -1.0, 4.0]]), 0.1
    A, dA = function(Z, leak), derivative(Z, leak)
    if A is ... or dA is ...:
        return ...
    if close(A, np.maximum(Z, 0)):
        return "The function is the plain ReLU: below 0 it must answer leak * Z, not 0."
    if close(A, np.where(Z > 0, Z, leak)):
        return "Below 0 the function answers leak. It must answer leak times Z."
    if close(A, np.where(Z > 0, Z, -leak * Z)) or close(A, np.abs(A)):
        return (
            "The function answers no negative value: below 0 it must answer leak * Z,"
            " which is negative."
        )
    if not close(A, np.where(Z > 0, Z, leak * Z)):
        return (
            "The function is not right yet: Z where Z > 0, else leak * Z (np.where"
            " takes whole arrays)."
        )
    if close(dA, np.where(Z > 0, Z, leak)) or close(dA, A):
        return "The function is right. Its derivative above 0 is 1, not Z."
    if close(dA, np.where(Z > 0, 1, leak * Z)):
        return (
            "The function is right. Below 0 it is a straight line of slope leak: the"
            " derivative has no Z in it."
        )
    if close(dA, np.where(Z > 0, 1, 0)):
        return (
            "The function is right, but this is the derivative of the plain ReLU: below"
            " 0 the slope is leak."
        )
    if not close(dA, np.where(Z > 0, 1, leak)):
        return (
            "The function is right. Its derivative is 1 where Z > 0, else leak, in the"
            " shape of Z."
        )


@exercise(
    "06-dead",
    "The largest possible Z is 2 + 0.5 + b, at X = (1, 0, 1). The unit never fires once"
    " this is 0 or less: b <= -2.5.",
)
def _(b):
    if close(b, 2.5):
        return "Mind the sign: which b brings the largest Z down to 0?"
    if close(b, -1.5):
        return (
            "This is for X = (1, 1, 1). Another input gives a larger Z: what should the"
            " second input be?"
        )
    if close(b, -3.5):
        return (
            "Such a unit is dead, but a larger b kills it too: a negative weight cannot"
            " help Z, since no input is negative."
        )
    if close(b, 0) or close(b, 1):
        return (
            "At X = (1, 0, 1) the weights alone give Z = 2.5: with this b the unit"
            " still fires there."
        )
    if not close(b, -2.5):
        return (
            "Find the input in [0, 1]^3 that makes W . X largest; the unit is dead if"
            " even there W . X + b <= 0."
        )
