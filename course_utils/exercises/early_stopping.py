"""Exercises of notebook 11."""

import numpy as np

from ..answers import Hint, Numbers, Parts
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


CURVES = (
    np.array([9.0, 7, 6, 6.5, 5.9, 5.95, 5.5, 5.4, 6, 5.3, 5.6, 5.7, 5.8]),
    np.array([3.0, 2, 2.5, 2.5, 2.5, 1, 4, 4, 4, 4]),
    np.array([5.0, 4, 3, 2, 1]),
    np.array([1.0, 2, 3, 4, 5, 6]),
)
SETTINGS = ((2, 0.0), (3, 0.2), (2, 0.5), (1, 0.0), (3, 1.5), (4, 0.5))


def waiting(counted=lambda t: t + 1, better=None, over=None, last=False):
    """Keras's patience with min_delta, right or wrong in the given parts."""
    better = better or (lambda E, best, t, delta: E[t] < E[best] - delta)
    over = over or (lambda waited, patience: waited >= patience)

    def stop(E, patience, min_delta):
        best = 0
        for t in range(1, len(E)):
            if better(E, t - 1 if last else best, t, min_delta):
                best = t
            if over(t - best, patience):
                return counted(t)
        return np.nan

    return stop


WRONG_WAITS = (
    (
        waiting(counted=lambda t: t),
        "All a place too early: the exercise counts epochs from 1, Python from 0.",
    ),
    (
        waiting(over=lambda waited, patience: waited > patience),
        "One epoch too late: stop when the best epoch is `patience` epochs old, not"
        " older.",
    ),
    (
        waiting(better=lambda E, best, t, delta: E[t] < E[best]),
        "`min_delta` is not used: a smaller gain than that does not make a new best.",
    ),
    (
        waiting(better=lambda E, best, t, delta: E[t] < E[best] + delta),
        "The sign of `min_delta`: the error must be lower than the best *minus*"
        " min_delta.",
    ),
    (
        waiting(last=True),
        "You compare with the epoch before. Patience counts from the best epoch of all"
        " so far.",
    ),
)


@exercise(
    "11-patience",
    "With a min_delta of 0 it is our `hindsight`; a larger one stops runs that creep.",
    functions=1,
)
def _(stop):
    cases = [(E, *setting) for E in CURVES for setting in SETTINGS]
    answers = [stop(E, patience, delta) for E, patience, delta in cases]
    if any(isinstance(answer, (list, tuple)) for answer in answers):
        raise Hint("Return the epoch of the stop alone, one number.")
    if any(np.size(answer) != 1 for answer in answers):
        raise Hint("Return one number for the curve.")
    try:
        answers = np.array([float(np.ravel(answer)[0]) for answer in answers])
    except (TypeError, ValueError):
        raise Hint(
            "Return a number: the epoch of the stop, or np.nan where it never comes."
        ) from None

    def agrees(rule):
        expected = [rule(E.copy(), patience, delta) for E, patience, delta in cases]
        return np.array_equal(answers, expected, equal_nan=True)

    if agrees(waiting()):
        return None
    for rule, hint in WRONG_WAITS:
        if agrees(rule):
            return hint
    expected = np.array([waiting()(*case) for case in cases])
    if not np.isnan(answers[np.isnan(expected)]).all():
        return "Where the stop never comes, return np.nan (5, 4, 3, 2, 1 never stops)."
    return (
        "For 3, 2, 2.5, 2.5, 2.5, 1, 4, 4, 4, 4 with patience 2 and min_delta 0 the"
        f" answer is 4; yours is {answers[6]:g}."
    )


exercise(
    "11-bump",
    "The best epoch is 10 and the next record comes with epoch 14, so a patience of 4"
    " is just enough. The bump is 0.67/0.60 - 1 = 11.7 % high.",
)(
    Parts(
        {
            "Patience": Numbers(
                4,
                {
                    3: "At epoch 13 the best one is 3 epochs old, so a patience of 3"
                    " still stops there. Move the slider one further.",
                    10: "10 survives it, but is it the smallest? Move the slider down"
                    " until the title names an epoch.",
                    5: "5 survives it. Does one less, too?",
                    14: "14 is the epoch of the next record. Patience counts epochs"
                    " since the best one, epoch 10.",
                    2: "2 is fooled: the title names the epoch of the stop.",
                },
                "Move the slider of the patience until the title says *never*; what is"
                " the smallest such value?",
            ),
            "Alpha": Numbers(
                12,
                {
                    11: "GL reaches 11.7 % at the top of the bump, which is above 11.",
                    (11.5, 11.7, 11.67): "Nearly: it is asked for a whole number. The"
                    " bump is 11.7 % high.",
                    13: "13 survives it. Does one less, too?",
                    20: "20 survives it, but is it the smallest?",
                    5: "GL 5 is fooled: the title names the epoch of the stop.",
                    10: "Not yet: the bump rises from 0.60 to 0.67, and that is more"
                    " than 10 %.",
                },
                "Move the slider of GL until the title says *never*; what is the"
                " smallest whole value?",
            ),
        }
    )
)


SAME_SHRINKAGE = Parts(
    {
        "Lambda": Numbers(
            0.1,
            {
                0.2: "1 / (tau alpha) belongs to a penalty lambda w^2 / 2. The"
                " lecture's is lambda w^2, and needs half of it.",
                (5.0, 10.0): "This is the product of steps and rate. Fewer steps are"
                " stronger regularization, so lambda is one over it.",
                (0.001, 0.01 / 500, 0.002): "Both the number of steps and the rate"
                " belong into the product: lambda = 1 / (2 tau alpha).",
                (50.0, 100.0): "Divide by the number of steps, too.",
                (25_000.0, 50_000.0): "This has tau above the line. lambda is 1 / (2"
                " tau alpha).",
                (2.0, 4.0): "The curvature h does not belong in it: lambda = 1 / (2 tau"
                " alpha).",
            },
            "lambda = 1 / (2 tau alpha), with tau = 500 and alpha = 0.01.",
        ),
        "Share": Numbers(
            0.2,
            {
                0.8: "2 lambda / (h + 2 lambda) is the share that is left; the share"
                " gone is h / (h + 2 lambda).",
                1 - (1 - 0.0005) ** 500: "This share is the one of early stopping:"
                " near, but L2 goes h / (h + 2 lambda).",
                (1 - 0.0005) ** 500: "This is what early stopping leaves. L2 goes h /"
                " (h + 2 lambda).",
                0.25: "h / (2 lambda) is the first order only: the share is h / (h + 2"
                " lambda).",
                1 / 3: "The penalty lambda w^2 pulls with 2 lambda w: the share is h /"
                " (h + 2 lambda).",
                0.5: "h / lambda is the first order of h / (h + lambda); and the share"
                " is h / (h + 2 lambda).",
                1 / 9: "h / (h + 2 lambda), with lambda = 0.1: have you taken 0.2 for"
                " it?",
            },
            "The share is h / (h + 2 lambda), with h = 0.05.",
        ),
    }
)


exercise(
    "11-lambda",
    "1/(2 * 500 * 0.01) = 0.1, and 0.05/0.25 = 0.2. Early stopping goes 1 - (1 -"
    " 0.0005)^500 = 0.22 of the way.",
)(SAME_SHRINKAGE)
