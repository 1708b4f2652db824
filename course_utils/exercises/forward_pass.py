"""Exercises of notebook 03."""

import numpy as np

from ..checks import close, exercise


@exercise(
    "03-parameters",
    "Each layer has n_l n_{l-1} weights and n_l biases: 25,120 + 528 + 170 = 25,818. In"
    " Keras: count_params().",
)
def _(count):
    if count == 784 * 32 + 32 * 16 + 16 * 10:
        return "These are the weights only: every neuron also has a bias."
    if count == 784 * 32 + 32 + 32 * 16 + 16:
        return "The output layer is missing: it has parameters too."
    if count == 25818 + 784:
        return "Layer 0 is the input: it has no biases."
    if count == 784 * 32 + 32 + 32 * 16 + 16 + 16 * 1 + 1:
        return "This is the net with one output unit: here there are ten."
    if count != 25818:
        return "Add n_l n_{l-1} + n_l over the layers l = 1, 2, 3 (one number)."


@exercise(
    "03-layer",
    "Any layer and any number of samples: max(0, W A + b), with the column b added to"
    " every sample.",
)
def _(layer):
    rng = np.random.default_rng(0)
    for n, k, m in ((5, 3, 4), (2, 6, 1), (4, 4, 4)):
        W, b, A = (
            rng.normal(size=(n, k)),
            rng.normal(size=(n, 1)),
            rng.normal(size=(k, m)),
        )
        try:
            answer = layer(W, b, A.copy())
        except (
            ValueError
        ) as error:  # shapes that do not fit, or Python's max of an array
            if "truth value" in str(error):
                return (
                    "Python's max compares whole arrays; np.maximum(Z, 0) works on each"
                    " value."
                )
            return (
                "The shapes do not fit. W is (n_l, n_(l-1)) and stands on the left, W @"
                " A; b is a column, (n_l, 1)."
            )
        if answer is ...:
            return ...
        Z = W @ A + b
        if close(answer, np.maximum(Z, 0)):
            continue
        if close(answer, Z):
            return (
                "This is Z. The activation is missing: ReLU sets every negative value"
                " to 0."
            )
        if close(answer, np.maximum(W @ A, 0)):
            return "The bias is missing."
        if close(answer, np.maximum(W @ A, 0) + b):
            return "The bias comes before the activation: g(W A + b), not g(W A) + b."
        if close(answer, 1 / (1 + np.exp(-Z))):
            return "This is the sigmoid; the exercise asks for ReLU."
        if close(answer, Z.max()) or close(answer, Z.max(axis=0)):
            return (
                "np.max takes the largest of several values; np.maximum(Z, 0) works on"
                " each value."
            )
        return (
            f"For W {W.shape}, b {b.shape} and A {A.shape} the answer must be max(0, W"
            f" A + b), of shape {Z.shape}."
        )


@exercise(
    "03-cost",
    "J = -(log 0.8 + log 0.9) / 2 = 0.164: each sample pays -log of the probability"
    " that its true class got.",
)
def _(J):
    right = -(np.log(0.8) + np.log(0.9)) / 2
    if close(J, 2 * right, rtol=0.01):
        return "This is the sum over the samples: J is their mean."
    if close(J, -right, rtol=0.01):
        return "Mind the sign: a logarithm of a probability is negative, a cost is not."
    if close(J, -(np.log(0.8) + np.log(0.1)) / 2, rtol=0.01):
        return "The second sample has y = 0: it pays -log(1 - 0.1), not -log(0.1)."
    if close(J, right / np.log(10), rtol=0.01):
        return (
            "This is the logarithm to base 10: the formula means the natural one,"
            " np.log."
        )
    if not close(J, right, rtol=0.01):
        return (
            "Which probability did each sample's true class get? Take -log of the two,"
            " then the mean (one number)."
        )


@exercise("03-softmax", "exp undoes the logarithm: (1, 2, 3), and the sum is 6.")
def _(o):
    v = np.log([1, 2, 3])
    if close(o, [1, 2, 3], rtol=0.03):
        return "These are the exponentials. Divide them by their sum."
    if close(o, v / v.sum(), rtol=0.01):
        return "Exponentials first: this divides the scores themselves by their sum."
    if close(o, 1 / (1 + np.exp(-v)), rtol=0.01):
        return (
            "This is a sigmoid of each score alone; the three probabilities must sum"
            " to 1."
        )
    if close(o, [0, 2 / 5, 3 / 5], rtol=0.01):
        return "exp(0) is 1, not 0."
    if not close(o, np.array([1, 2, 3]) / 6, rtol=0.03):
        return (
            "exp(ln 2) = 2. Take exp of each score, then divide by the sum (three"
            " numbers)."
        )


@exercise(
    "03-pairs",
    "A number without bounds: A. Yes or no: B. Exactly one of k classes: C. Several"
    " yes-or-no questions: B for each.",
)
def _(*letters):
    given = {
        task: str(letter).strip().upper()
        for task, letter in zip(("price", "spam", "letter", "tags"), letters)
    }
    right = {"price": "A", "spam": "B", "letter": "C", "tags": "B"}
    if given.get("tags") == "C":
        return (
            "Tags: a picture can show a beach and a dog. Softmax would let them share"
            " one probability of 1."
        )
    if given.get("letter") == "B":
        return "Letter: it is exactly one of 26, so the 26 probabilities must sum to 1."
    if given.get("spam") == "C":
        return (
            "Spam: softmax over two units would do, but one yes-or-no question needs"
            " only one unit, with a sigmoid."
        )
    if given.get("price") in ("B", "C"):
        return "Price: sigmoid and softmax cannot answer more than 1."
    wrong = [task for task, letter in right.items() if given.get(task) != letter]
    if wrong:
        return (
            f"Look again at: {', '.join(wrong)}. Is the answer a number, one"
            " probability, or probabilities that sum to 1?"
        )


@exercise(
    "03-update",
    "W . X = 0, so the factor is 0.5 (-1) / (1 + exp(0)) = -0.25, and W = -0.25 X.",
)
def _(W):
    if close(W, [0.5, 0.25]):
        return "Mind the sign: y is -1."
    if close(W, [-1, -0.5]):
        return "1 + exp(0) is 2, not 1: half of this."
    if close(W, [0, 0]):
        return (
            "W does move: the neuron answers 0.5, and that is not sure enough for"
            " either class."
        )
    if close(W, -0.25) or close(W, [-0.25, -0.25]):
        return "This is only the factor: multiply it by X."
    if not close(W, [-0.5, -0.25]):
        return (
            "Compute y W . X first (here 0), then alpha y / (1 + exp(y W . X)), and"
            " multiply by X (two numbers)."
        )
