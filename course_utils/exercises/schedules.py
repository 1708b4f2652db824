"""Exercises of notebook 13."""

import re

import numpy as np

from ..answers import Hint, Numbers, Parts, read
from ..checks import close, exercise

exercise(
    "13-gamma",
    "0.5 = exp(-500 gamma), so gamma = ln 2 / 500: the rate is halved every 500"
    " updates.",
)(
    Numbers(
        np.log(2) / 500,
        {
            0.5: "decay_rate is the factor for 500 updates. gamma belongs to one"
            " update, inside exp(-gamma t).",
            0.5 / 500: "Dividing 0.5 by 500 is for straight lines. Solve exp(-500"
            " gamma) = 0.5 for gamma.",
            1 / 500: "1/500 would leave exp(-1) = 0.37 after 500 updates, not 0.5.",
            (np.log(2), -np.log(2)): "That is for all 500 updates together: divide by"
            " 500.",
            -np.log(2) / 500: "Mind the sign: the formula already has the minus,"
            " exp(-gamma t).",
            0.5 ** (1 / 500): "This is the factor of one update, exp(-gamma). Take its"
            " logarithm, and change the sign.",
            (np.log10(2) / 500, np.log10(2)): "The natural logarithm belongs to exp:"
            " np.log, not np.log10.",
            1 / 500 / np.log(2): "ln 2 stands above the line: gamma = ln 2 / 500.",
            0.1 * np.log(2) / 500: "The first rate, 0.1, has no part in gamma: it"
            " cancels.",
        },
        "After 500 updates the rate is halved: exp(-500 gamma) = 0.5.",
    )
)


@exercise(
    "13-warmup",
    "A straight line up, then a cosine that counts from the end of the warm-up and has"
    " max_t - warmup updates left.",
    functions=1,
)
def _(rate):
    t = np.arange(1201)
    try:
        given = np.asarray(rate(t, 0.1, 100, 1000))
        answer = given.astype(float)
    except (TypeError, ValueError):
        raise Hint("Return an array of rates, one for each t.") from None
    if answer.shape != t.shape:
        return (
            f"For an array t of {t.size} updates return {t.size} rates (np.where"
            f" chooses element by element); yours has the shape {answer.shape}."
        )
    if given.dtype.kind == "i":
        return (
            "Your array holds whole numbers, as t does, so each rate was cut off. Start"
            " from np.zeros(len(t)) instead of np.zeros_like(t)."
        )
    up, left = 0.1 * t[:100] / 100, np.minimum((t[100:] - 100) / 900, 1)
    down = 0.05 * (1 + np.cos(np.pi * left))
    if close(answer[:100], 0.1 * (t[:100] + 1) / 100):
        return (
            "Nearly: the rate is 0 at t = 0 and alpha_0 at t = warmup, so it is"
            " alpha_0 t / warmup."
        )
    if close(answer[:100], np.full(100, 0.1)):
        return "There is no warm-up yet: before t = warmup, alpha_0 t / warmup."
    if not close(answer[:100], up):
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
    if close(answer[100:1001], down[:901]) and not close(answer[1001:], down[901:]):
        return (
            "After max_t the rate rises again: cut the fraction off at 1, as in"
            " cosine() above."
        )
    if close(answer[100:], 0.1 * (1 - left)):
        return "The fall is a straight line. It should be half a cosine."
    if close(answer[100:], 2 * down):
        return "Twice the cosine: at t = warmup it should be alpha_0, so divide by 2."
    if not close(answer[100:], down):
        return (
            "From t = warmup on it is alpha_0 (1 + cos(pi u)) / 2, where u runs from 0"
            " at warmup to 1 at max_t."
        )


exercise(
    "13-floor",
    "0.4 / 1.6 = 0.25 and 0.04 / 1.96 = 0.0204: a little more than tenfold, because the"
    " high rate also adds to its own noise.",
)(
    Numbers(
        12.25,
        {
            10.0: "Nearly: proportional to alpha it is only for small rates. Use alpha"
            " / (2 (2 - alpha)) for both.",
            1 / 12.25: "The right ratio, upside down: how many times lower is the new"
            " floor?",
            100.0: "The step's noise has variance alpha^2, but a small rate also"
            " forgets more slowly. Use alpha / (2 (2 - alpha)).",
            3.5: "This is the factor of the distance |w|. The floor of f goes with its"
            " square.",
            (0.125, 0.0102, 0.125 - 0.02 / 1.96): "This is a floor, or a difference of"
            " floors. Divide the old floor by the new one.",
            (12.5, 12.0): "Nearly: did you round the floors? Keep 0.04 / 1.96 as it"
            " is.",
            1.96 / 1.6: "This is the quotient of the denominators. The rates stand"
            " above them.",
            1.6 / 0.196: "The denominators are the wrong way round: alpha / (2 (2 -"
            " alpha)).",
        },
        "The floor is alpha / (2 (2 - alpha)). Divide the one at 0.4 by the one at"
        " 0.04.",
    )
)

exercise(
    "13-triangular2",
    "Half way up the first triangle; the peak of the second one, half as high above the"
    " base; and a corner below.",
)(
    Parts(
        {
            "t = 1000": Numbers(
                0.003,
                {
                    0.002: "Half way up from the base, so base + (max - base) / 2, not"
                    " (max - base) / 2.",
                    0.0025: "Half of the height above the base, not half of the"
                    " maximum.",
                    0.005: "s = 2000 updates lead up to the peak: 1000 is half way.",
                    0.001: "This is the base. After 1000 of the 2000 updates up it is"
                    " higher.",
                },
                "Half way up the first triangle, from 0.001 to 0.005.",
            ),
            "t = 6000": Numbers(
                0.003,
                {
                    0.005: "This is the peak of the second cycle. With triangular2 it"
                    " is only half as high above the base.",
                    0.0025: "Halve the height above the base (max - base), not the rate"
                    " itself.",
                    0.002: "In the second cycle the scale is 1/2, in the third 1/4: 2"
                    " ** -(cycle - 1). And t = 6000 is in the second.",
                    0.001: "A cycle has 2 s = 4000 updates: where is t = 6000 in the"
                    " second cycle, from 4000 to 8000?",
                },
                "cycle = floor(1 + 6000 / 4000) = 2 and x = |3 - 4 + 1| = 0, the peak"
                " of the second cycle.",
            ),
            "t = 8000": Numbers(
                0.001,
                {
                    0.002: "0.002 is the peak of the third cycle, at t = 10,000. At"
                    " 8000 this cycle only begins, at the base.",
                    (0.003, 0.005): "8000 = 2 * 4000 is the end of a cycle, not a peak:"
                    " the rate is at the base.",
                    0.0: "The triangles stand on the base, 0.001, not on 0.",
                    (0.0005, 0.00025): "The base is not halved: only the height above"
                    " it is.",
                },
                "At t = 8000 the second cycle ends and the third begins: what is the"
                " rate between two triangles?",
            ),
        }
    )
)

BEST_CONSTANT = 0.00406  # E[f] after 400 updates, at the rate 0.0148


@exercise(
    "13-babysit",
    "Large first, to get there, then smaller and smaller: no rate is the best one for"
    " all of the run.",
)
def _(*answer):
    if len(answer) == 1:
        (answer,) = answer
    rates = read(answer, np.zeros(8), ", the rates of the eight stages")
    if np.any(rates < 0):
        return "A negative rate walks uphill."
    second_moment, left = 100.0, []
    for alpha in np.repeat(rates, 50):
        second_moment = (1 - alpha) ** 2 * second_moment + alpha**2
        left.append(min(second_moment, 1e9) / 2)
    stages = ", ".join(f"{f:.2g}" for f in left[49::50])
    if left[-1] < BEST_CONSTANT / 2:
        return None
    shown = f"E[f] after each stage: {stages}. The goal is {BEST_CONSTANT / 2:.3f}."
    if np.any(rates >= 2):
        return f"{shown} A rate of 2 or more throws the ball out of the bowl."
    if np.ptp(rates) == 0:
        return (
            f"{shown} A constant rate leaves {BEST_CONSTANT:.4f} at best: begin with a"
            " larger one and lower it when E[f] no longer falls."
        )
    if left[49] > 0.5:
        return f"{shown} The first rates are too small: the ball is not there yet."
    ends = np.array(left[49::50])
    stuck = np.flatnonzero(ends[1:] > 0.95 * ends[:-1])
    if stuck.size:
        return (
            f"{shown} In stage {stuck[0] + 2} it no longer falls: there the rate must"
            " be lower."
        )
    return (
        f"{shown} Lower the rate when E[f] stands at its floor, and not much earlier:"
        " after t updates a rate of about 1/t does most."
    )


@exercise(
    "13-limits",
    "The base hardly matters, since the rate spends little time there. Too high a"
    " maximum ruins the run, and no later cycle mends it.",
)
def _(*answer):
    if len(answer) == 1:
        (answer,) = answer
    if not isinstance(answer, (list, tuple)) or len(answer) != 2:
        return 'Give two things: "base" or "maximum", and a number from the slider.'
    word, maximum = answer
    if not isinstance(word, str):
        return 'First give "base" or "maximum", in quotation marks.'
    if re.search(r"\b(base|lower|min\w*)\b", word.lower()):
        return (
            "Compare: base from 0.0003 to 0.03 with maximum 0.3, then maximum from 0.03"
            " to 3 with base 0.01. Which changes the number in the title more?"
        )
    if not re.search(r"\b(max\w*|top|upper)\b", word.lower()):
        return 'Which limit: "base" or "maximum"?'
    return FIRST_BAD(maximum)


FIRST_BAD = Numbers(
    3.0,
    {
        0.3: "The limit is right. With 0.3 nine in ten are right: go on.",
        1.0: "The limit is right. With 1 about three in four are still right: go on.",
        (0.003, 0.01, 0.03, 0.1): "The limit is right. The maximum that is asked for"
        " lies above 0.3.",
    },
    "The limit is right. Then give the number at the slider `top`.",
)
