"""Exercises of notebook 11."""

import numpy as np

from ..checks import close, exercise


@exercise(
    "11-gl",
    "GL(5) = 100 (0.40 / 0.38 - 1) = 5.26, but it is not asked any more: at epoch 3 GL"
    " is 100 (0.44 / 0.40 - 1) = 10.",
)
def _(gl, stop):
    if close(gl, 0.40 / 0.38 - 1, rtol=5e-3):
        return "GL is in percent: multiply by 100."
    if close(gl, 0.40 / 0.38, rtol=2e-3) or close(gl, 40 / 0.38, rtol=2e-3):
        return "This is the quotient. GL is how far it lies above 1, in percent."
    if close(gl, -5) or close(gl, 5, rtol=2e-3):
        return (
            "The error is measured against the best one: divide by E_opt = 0.38, not by"
            " 0.40."
        )
    if close(gl, 0):
        return (
            "The best error so far is 0.38 (epoch 4), not 0.40: E_opt is the smallest"
            " of all five."
        )
    if close(gl, -20):
        return (
            "Not against the first epoch: E_opt(5) is the smallest error so far, 0.38."
        )
    if not close(gl, 100 * (0.40 / 0.38 - 1), rtol=5e-3):
        return (
            "E_va(5) is 0.40, E_opt(5) the smallest of the five errors. GL = 100 (E_va"
            " / E_opt - 1)."
        )
    if close(stop, 5):
        return (
            "GL(5) is right and above 4. But was GL above 4 before? At epoch 3 nobody"
            " knows yet that 0.38 will come."
        )
    if close(stop, 2):
        return (
            "GL(5) is right. Keras counts epochs from 0; the formula counts them"
            " from 1."
        )
    if not close(stop, 3):
        return (
            "GL(5) is right. Now compute GL at every epoch, each with the smallest"
            " error *so far*, and take the first one above 4."
        )


@exercise(
    "11-up",
    "The strips end with 6, 6.5, 7, 7.5. The second rise in a row is at the end of the"
    " third strip, epoch 9.",
)
def _(stop):
    if close(stop, 6):
        return (
            "Epoch 6 is the first rise from strip to strip: UP_1 stops there. UP_2"
            " wants a second one."
        )
    if close(stop, 11):
        return (
            "You have compared epochs. UP compares ends of strips: epochs 3, 6, 9, 12."
        )
    if close(stop, 10):
        return (
            "That is a patience of 3: three epochs since the best one. UP compares the"
            " ends of strips, and knows no best one."
        )
    if close(stop, 12):
        return "One rise too many: 6 to 6.5 is the first, 6.5 to 7 is the second."
    if close(stop, 3):
        return "The third strip, yes. Which epoch is its end?"
    if close(stop, 8):
        return "Epochs count from 1 here: the third strip ends with epoch 9."
    if not close(stop, 9):
        return (
            "Write down the errors at epochs 3, 6, 9 and 12. When have they risen twice"
            " in a row?"
        )


@exercise(
    "11-records",
    "Lower than its two neighbours, and lower than everything before: on noisy curves"
    " still far too many.",
)
def _(count):
    rng = np.random.default_rng(0)
    curves = [
        np.array([5.0, 3, 4, 2, 3, 2.5, 6, 1]),
        np.array([1.0, 3, 2, 4, 0.5]),
        *(rng.random((20, 30)) - 0.02 * np.arange(30)),
    ]
    answers = [count(E.copy()) for E in curves]
    if any(answer is ... for answer in answers):
        return ...
    if any(np.shape(answer) != () for answer in answers):
        return "Return one number for the curve."

    def counted(rule):
        return [sum(bool(rule(E, t)) for t in range(len(E))) for E in curves]

    def minimum(E, t):
        return 0 < t < len(E) - 1 and E[t] < E[t - 1] and E[t] < E[t + 1]

    if close(answers, counted(minimum)):
        return (
            "These are all local minima. Count only those that are lower than"
            " everything before."
        )
    if close(answers, counted(lambda E, t: t > 0 and E[t] < E[:t].min())) or close(
        answers, counted(lambda E, t: E[t] <= E[: t + 1].min())
    ):
        return (
            "These are all epochs with a new record. Those on the way down do not"
            " count: the next error must be higher."
        )
    if close(answers, counted(lambda E, t: minimum(E, t) and E[t] == E.min())):
        return (
            "Lower than everything *before*, not than the whole curve: nobody knows yet"
            " what will come."
        )
    if close(
        answers,
        counted(
            lambda E, t: (
                E[t] <= E[: t + 1].min() and (t == len(E) - 1 or E[t] < E[t + 1])
            )
        ),
    ) or close(
        answers,
        counted(
            lambda E, t: (
                t > 0
                and E[t] <= E[: t + 1].min()
                and (t == len(E) - 1 or E[t] < E[t + 1])
            )
        ),
    ):
        return (
            "Nearly: the first and the last epoch have only one neighbour, and do not"
            " count."
        )
    if not close(answers, counted(lambda E, t: minimum(E, t) and E[t] < E[:t].min())):
        return (
            "For the curve 5, 3, 4, 2, 3, 2.5, 6, 1 the answer is 2 (the 3 and the 2);"
            f" yours is {answers[0]}."
        )


@exercise(
    "11-lambda",
    "1/(500 * 0.01) = 0.2, and 0.05/0.25 = 0.2. Early stopping goes 1 - (1 -"
    " 0.0005)^500 = 0.22 of the way.",
)
def _(decay, share):
    if close(decay, 5):
        return (
            "5 is tau alpha. Fewer steps are stronger regularization, so lambda is one"
            " over it."
        )
    if close(decay, 0.002) or close(decay, 0.01 / 500):
        return (
            "Both the number of steps and the rate belong into the product: lambda = 1"
            " / (tau alpha)."
        )
    if close(decay, 100):
        return "This is 1/alpha. Divide by the number of steps, too."
    if not close(decay, 0.2):
        return "lambda = 1 / (tau alpha), with tau = 500 and alpha = 0.01."
    if close(share, 0.8):
        return (
            "lambda is right. lambda / (h + lambda) is the share that is left; the"
            " share gone is h / (h + lambda)."
        )
    if close(share, 1 - (1 - 0.0005) ** 500, rtol=5e-3):
        return (
            "lambda is right. This share is the one of early stopping: near, but L2"
            " goes h / (h + lambda)."
        )
    if close(share, 0.25):
        return (
            "lambda is right. h / lambda is the first order only: the share is h / (h +"
            " lambda)."
        )
    if not close(share, 0.2):
        return "lambda is right. The share is h / (h + lambda), with h = 0.05."
