"""Exercises of notebook 11."""

import numpy as np

from ..answers import Hint, Numbers, Parts, read
from ..checks import close, exercise

exercise(
    "11-gl",
    "GL(5) = 100 (0.40 / 0.38 - 1) = 5.26, but it is not asked any more: at epoch 3 GL"
    " is 100 (0.44 / 0.40 - 1) = 10.",
)(
    Parts(
        {
            "GL(5)": Numbers(
                100 * (0.40 / 0.38 - 1),
                {
                    0.40 / 0.38 - 1: "GL is in percent: multiply by 100.",
                    (0.40 / 0.38, 40 / 0.38): "This is the quotient. GL is how far it"
                    " lies above 1, in percent.",
                    (5.0, -5.0): "The error is measured against the best one: divide by"
                    " E_opt = 0.38, not by 0.40.",
                    (0.02, 2.0): "This is the difference, 0.40 - 0.38. GL is relative:"
                    " divide by E_opt = 0.38.",
                    0.0: "The best error so far is 0.38 (epoch 4), not 0.40: E_opt is"
                    " the smallest of all five.",
                    -20.0: "Not against the first epoch: E_opt(5) is the smallest error"
                    " so far, 0.38.",
                    10.0: "This is GL(3). At epoch 5 the best error is 0.38.",
                },
                "E_va(5) is 0.40, E_opt(5) the smallest of the five errors. GL = 100"
                " (E_va / E_opt - 1).",
            ),
            "Stop": Numbers(
                3,
                {
                    5: "GL(5) is above 4. But was GL above 4 before? At epoch 3 nobody"
                    " knows yet that 0.38 will come.",
                    2: "Keras counts epochs from 0; the formula counts them from 1.",
                    4: "Epoch 4 is the best one so far: GL(4) is 0. When was GL above 4"
                    " for the first time?",
                },
                "Compute GL at every epoch, each with the smallest error *so far*, and"
                " take the first one above 4.",
            ),
        }
    )
)


def strip_hint(stop):
    if stop % 3:
        return (
            "UP looks only at the ends of the strips, epochs 3, 6, 9 and 12. When have"
            " they risen twice in a row?"
        )
    return (
        "Write down the errors at epochs 3, 6, 9 and 12. When have they risen twice in"
        " a row?"
    )


exercise(
    "11-up",
    "The strips end with 6, 6.5, 7, 7.5. The second rise in a row is at the end of the"
    " third strip, epoch 9.",
)(
    Numbers(
        9,
        {
            6: "Epoch 6 is the first rise from strip to strip: UP_1 stops there. UP_2"
            " wants a second one.",
            11: "You have compared epochs. UP compares ends of strips: epochs 3, 6, 9,"
            " 12.",
            10: "That is a patience of 3: three epochs since the best one. UP compares"
            " the ends of strips, and knows no best one.",
            12: "One rise too many: 6 to 6.5 is the first, 6.5 to 7 is the second.",
            3: "The third strip, yes. Which epoch is its end?",
            4: "A strip of 3 epochs ends with epoch 3, 6, 9 or 12, and UP looks only"
            " there. (The fourth strip is one rise too many.)",
            2: "Two rises, yes. After which epoch is the second one known?",
            8: "Epochs count from 1 here: the third strip ends with epoch 9.",
        },
        strip_hint,
    )
)


def is_minimum(E, t):
    return 0 < t < len(E) - 1 and E[t] < E[t - 1] and E[t] < E[t + 1]


def is_record(E, t):
    return E[t] <= E[: t + 1].min()


WRONG_RULES = (
    (
        is_minimum,
        "These are all local minima. Count only those that are lower than everything"
        " before.",
    ),
    (
        lambda E, t: t > 0 and is_record(E, t),
        "These are all epochs with a new record. Those on the way down do not count:"
        " the next error must be higher.",
    ),
    (
        is_record,
        "These are all epochs with a new record. Those on the way down do not count:"
        " the next error must be higher.",
    ),
    (
        lambda E, t: is_minimum(E, t) and E[t] == E.min(),
        "Lower than everything *before*, not than the whole curve: nobody knows yet"
        " what will come.",
    ),
    (
        lambda E, t: is_record(E, t) and (t == len(E) - 1 or E[t] < E[t + 1]),
        "Nearly: the first and the last epoch have only one neighbour, and do not"
        " count.",
    ),
    (
        lambda E, t: t > 0 and is_record(E, t) and (t == len(E) - 1 or E[t] < E[t + 1]),
        "Nearly: the last epoch has only one neighbour, and does not count.",
    ),
    (
        lambda E, t: t < len(E) - 1 and is_record(E, t) and E[t] < E[t + 1],
        "Nearly: the first epoch has only one neighbour, and does not count.",
    ),
)


@exercise(
    "11-records",
    "Lower than its two neighbours, and lower than everything before: on noisy curves"
    " still far too many.",
    functions=1,
)
def _(count):
    rng = np.random.default_rng(0)
    curves = [
        np.array([5.0, 3, 4, 2, 3, 2.5, 6, 1]),
        np.array([1.0, 3, 2, 4, 0.5]),
        *(rng.random((20, 30)) - 0.02 * np.arange(30)),
    ]
    answers = [count(E) for E in curves]
    if any(isinstance(answer, (list, tuple)) for answer in answers):
        raise Hint("Return how many there are, one number, not a list of them.")
    answers = [np.ravel(answer) for answer in answers]
    if any(len(answer) != 1 for answer in answers):
        raise Hint("Return one number for the curve.")
    answers = np.concatenate(answers)

    def counted(rule):
        return [sum(bool(rule(E, t)) for t in range(len(E))) for E in curves]

    if close(answers, counted(lambda E, t: is_minimum(E, t) and is_record(E, t))):
        return None
    for rule, hint in WRONG_RULES:
        if close(answers, counted(rule)):
            return hint
    return (
        "For the curve 5, 3, 4, 2, 3, 2.5, 6, 1 the answer is 2 (the 3 and the 2);"
        f" yours is {answers[0]}."
    )


SAME_SHRINKAGE = Parts(
    {
        "Lambda": Numbers(
            0.2,
            {
                5.0: "5 is tau alpha. Fewer steps are stronger regularization, so"
                " lambda is one over it.",
                (0.002, 0.01 / 500): "Both the number of steps and the rate belong into"
                " the product: lambda = 1 / (tau alpha).",
                100.0: "This is 1/alpha. Divide by the number of steps, too.",
                50_000.0: "This is tau / alpha. lambda is 1 / (tau alpha).",
                4.0: "The curvature h does not belong in it: lambda = 1 / (tau alpha).",
            },
            "lambda = 1 / (tau alpha), with tau = 500 and alpha = 0.01.",
        ),
        "Share": Numbers(
            0.2,
            {
                0.8: "lambda / (h + lambda) is the share that is left; the share gone"
                " is h / (h + lambda).",
                1 - (1 - 0.0005) ** 500: "This share is the one of early stopping:"
                " near, but L2 goes h / (h + lambda).",
                (1 - 0.0005) ** 500: "This is what early stopping leaves. L2 goes h /"
                " (h + lambda).",
                0.25: "h / lambda is the first order only: the share is h / (h +"
                " lambda).",
                1 / 9: "With the penalty lambda W^2 / 2 of this section the share is h"
                " / (h + lambda), without a factor 2.",
                1 / 101: "lambda is 0.2, not 5: h / (h + lambda).",
            },
            "The share is h / (h + lambda), with h = 0.05.",
        ),
    }
)


@exercise(
    "11-lambda",
    "1/(500 * 0.01) = 0.2, and 0.05/0.25 = 0.2. Early stopping goes 1 - (1 -"
    " 0.0005)^500 = 0.22 of the way.",
)
def _(*answer):
    numbers = read(answer, SAME_SHRINKAGE.expected, " (lambda, share)")
    decay, share = numbers
    if np.isclose(decay, 0.1, rtol=1e-3):  # the lecture's penalty, lambda W^2
        if np.isclose(share, 0.2, rtol=1e-3):
            return None
        return (
            "lambda = 1 / (2 tau alpha) belongs to the penalty lambda W^2 of notebook"
            " 10. With it the share is h / (h + 2 lambda). With the penalty of this"
            " section, lambda W^2 / 2, lambda is 1 / (tau alpha)."
        )
    return SAME_SHRINKAGE(*numbers)
