"""Exercises of notebook 13."""

import numpy as np

from ..checks import close, exercise


@exercise(
    "13-gamma",
    "0.5 = exp(-500 gamma), so gamma = ln 2 / 500: the rate is halved every 500"
    " updates.",
)
def _(gamma):
    if close(gamma, 0.5):
        return (
            "decay_rate is the factor for 500 updates. gamma belongs to one update,"
            " inside exp(-gamma t)."
        )
    if close(gamma, 0.5 / 500):
        return (
            "Dividing 0.5 by 500 is for straight lines. Solve exp(-500 gamma) = 0.5 for"
            " gamma."
        )
    if close(gamma, np.log(2)) or close(gamma, -np.log(2)):
        return "That is for all 500 updates together: divide by 500."
    if close(gamma, -np.log(2) / 500):
        return "Mind the sign: the formula already has the minus, exp(-gamma t)."
    if close(gamma, 0.5 ** (1 / 500)):
        return (
            "This is the factor of one update, exp(-gamma). Take its logarithm, and"
            " change the sign."
        )
    if not close(gamma, np.log(2) / 500):
        return "After 500 updates the rate is halved: exp(-500 gamma) = 0.5."


@exercise(
    "13-warmup",
    "A straight line up, then a cosine that counts from the end of the warm-up and has"
    " max_t - warmup updates left.",
)
def _(rate):
    t = np.arange(1201)
    try:
        answer = rate(t.copy(), 0.1, 100, 1000)
    except ValueError as error:
        if "truth value" in str(error):
            return (
                "t is an array, and `if` wants one True or False: np.where(t < warmup,"
                " ..., ...) chooses element by element."
            )
        raise
    if answer is ...:
        return ...
    answer = np.asarray(answer, dtype=float)
    if answer.shape != t.shape:
        return (
            f"For an array t of {t.size} updates return {t.size} rates (np.where"
            f" chooses element by element); yours has the shape {answer.shape}."
        )
    up, late = 0.1 * t[:100] / 100, np.minimum((t - 100) / 900, 1)
    if not close(answer[:100], up):
        if close(answer[:100], 0.1 * (t[:100] + 1) / 100):
            return (
                "Nearly: the rate is 0 at t = 0 and alpha_0 at t = warmup, so it is"
                " alpha_0 t / warmup."
            )
        return (
            "Before the warm-up ends the rate should be alpha_0 * t / warmup: 0 at"
            " first, half of alpha_0 at half time."
        )
    if close(answer[100], 0.05 * (1 + np.cos(np.pi / 10))):
        return (
            "At t = warmup the rate jumps down: let the cosine count from there, with t"
            " - warmup."
        )
    if close(answer[1000], 0.05 * (1 + np.cos(0.9 * np.pi))):
        return (
            "At t = max_t the rate is not 0 yet: only max_t - warmup updates are left"
            " for the cosine."
        )
    if close(
        answer[:1001], np.concatenate([up, 0.05 * (1 + np.cos(np.pi * late[100:1001]))])
    ) and not close(answer[1001:], np.zeros(200)):
        return (
            "After max_t the rate rises again: cut the fraction off at 1, as in"
            " cosine() above."
        )
    if not close(answer[100:], 0.05 * (1 + np.cos(np.pi * late[100:]))):
        return (
            "From t = warmup on it is alpha_0 (1 + cos(pi u)) / 2, where u runs from 0"
            " at warmup to 1 at max_t."
        )


@exercise(
    "13-floor",
    "0.4 / 1.6 = 0.25 and 0.04 / 1.96 = 0.0204: a little more than tenfold, because the"
    " high rate also adds to its own noise.",
)
def _(times):
    if close(times, 10):
        return (
            "Nearly: proportional to alpha it is only for small rates. Use alpha / (2"
            " (2 - alpha)) for both."
        )
    if close(times, 1 / 12.25):
        return "The right ratio, upside down: how many times lower is the new floor?"
    if close(times, 100):
        return (
            "The step's noise has variance alpha^2, but a small rate also forgets more"
            " slowly. Use alpha / (2 (2 - alpha))."
        )
    if close(times, 3.5):
        return (
            "This is the factor of the distance |w|. The floor of f goes with its"
            " square."
        )
    if not close(times, 12.25):
        return (
            "The floor is alpha / (2 (2 - alpha)). Divide the one at 0.4 by the one at"
            " 0.04."
        )


@exercise(
    "13-triangular2",
    "Half way up the first triangle; the peak of the second one, half as high above the"
    " base; and a corner below.",
)
def _(first, second, third):
    if close(first, 0.002):
        return (
            "t = 1000: half way up from the base, so base + (max - base) / 2, not (max"
            " - base) / 2."
        )
    if not close(first, 0.003):
        return "t = 1000 is half way up the first triangle, from 0.001 to 0.005."
    if close(second, 0.005):
        return (
            "t = 6000 is the peak of the second cycle. With triangular2 it is only half"
            " as high above the base."
        )
    if close(second, 0.0025):
        return "Halve the height above the base (max - base), not the rate itself."
    if close(second, 0.002):
        return (
            "In the second cycle the scale is 1/2, in the third 1/4: 2 ** -(cycle - 1)."
            " And t = 6000 is in the second."
        )
    if close(second, 0.001):
        return (
            "A cycle has 2 s = 4000 updates: where is t = 6000 in the second cycle,"
            " from 4000 to 8000?"
        )
    if not close(second, 0.003):
        return (
            "t = 6000: cycle = floor(1 + 6000 / 4000) = 2 and x = |3 - 4 + 1| = 0, the"
            " peak of the second cycle."
        )
    if not close(third, 0.001):
        return (
            "At t = 8000 the second cycle ends and the third begins: what is the rate"
            " between two triangles?"
        )
