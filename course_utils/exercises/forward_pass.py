"""Exercises of notebook 03."""

import re

import numpy as np

from ..answers import Hint, Numbers, Parts, read
from ..checks import close, exercise

exercise(
    "03-forward",
    "The second unit is silent: its Z is negative. The other two give Z[2] = 2 - 1 - 3"
    " = -2, and the sigmoid of -2 is 0.119.",
)(
    Parts(
        {
            "Z[1]": Numbers(
                (1, -1, 1),
                {
                    (1, 0, 1): "This is A[1]. Z[1] comes before the ReLU.",
                    (1, 0, 0): "The biases are missing: b[1] = (0, -1, 1).",
                    (-1, -1, 1): "The first unit has the weights 1 and -1, and -1 times"
                    " -1 is 1.",
                },
                "Each unit has a row of W[1]: row times x, and its bias.",
            ),
            "A[1]": Numbers(
                (1, 0, 1),
                {
                    (1, -1, 1): "ReLU leaves no negative value: it makes them 0.",
                    (1, 1, 1): "ReLU is not the absolute value: what is negative"
                    " becomes 0.",
                },
                "ReLU: max(0, z) for each of the three.",
            ),
            "Z[2]": Numbers(
                -2,
                {
                    1: "The bias is missing: b[2] = -3.",
                    -3: "Z[2] rests on A[1], after the ReLU: the second unit gives 0,"
                    " not -1.",
                    2: "Mind the sign: 2 - 1 - 3.",
                },
                "2 A_1 + 1 A_2 - 1 A_3 - 3, with the A[1] after the ReLU.",
            ),
            "y_hat": Numbers(
                1 / (1 + np.exp(2)),
                {
                    1 / (1 + np.exp(-2)): "This is the sigmoid of +2.",
                    -2.0: "This is Z[2]. The output has a sigmoid.",
                    0.0: "The output has a sigmoid, not a ReLU.",
                    np.exp(-2): "1 + is missing: 1 / (1 + exp(-Z)).",
                },
                "The sigmoid of Z[2]: 1 / (1 + exp(-Z)).",
            ),
        }
    )
)


@exercise(
    "03-layer",
    "Any layer and any number of samples: max(0, W A + b), with the column b added to"
    " every sample.",
    functions=1,
)
def _(layer):
    rng = np.random.default_rng(0)
    for n, k, m in ((5, 3, 4), (2, 6, 1), (4, 4, 4)):
        W, b, A = (rng.normal(size=shape) for shape in ((n, k), (n, 1), (k, m)))
        try:
            answer = layer(W, b, A)
        except Hint as hint:
            if "shapes do not fit" in str(hint):
                raise Hint(f"{hint} W stands on the left, W @ A_before.") from None
            raise
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
        if close(answer, np.abs(Z)):
            return "This is the absolute value. ReLU sets negative values to 0."
        if close(answer, Z > 0) or np.array_equal(answer, Z > 0):
            return "This is where the ReLU is on. It answers Z there: np.maximum(Z, 0)."
        if close(answer, Z.max()) or close(answer, Z.max(axis=0)):
            return (
                "np.max takes the largest of several values; np.maximum(Z, 0) works on"
                " each value."
            )
        if close(answer, np.maximum(W.T @ A + b, 0) if n == k else np.zeros(0)):
            return "W is not transposed: it has the shape (n_l, n_{l-1}) already."
        return (
            f"For W {W.shape}, b {b.shape} and A {A.shape} the answer must be max(0, W"
            f" A + b), of shape {Z.shape}. Yours has the shape {np.shape(answer)}."
        )


exercise(
    "03-cost",
    "J = -(log 0.8 + log 0.9) / 2 = 0.164: each sample pays -log of the probability"
    " that its true class got.",
)(
    Numbers(
        -(np.log(0.8) + np.log(0.9)) / 2,
        {
            -(np.log(0.8) + np.log(0.9)): "This is the sum over the samples: J is their"
            " mean.",
            -(np.log(0.8) + np.log(0.1)) / 2: "The second sample has y = 0: it pays"
            " -log(1 - 0.1), not -log(0.1).",
            -(np.log(0.2) + np.log(0.1)) / 2: "These are the logarithms of the wrong"
            " classes. What did each sample's true class get?",
            -(np.log(0.2) + np.log(0.9)) / 2: "The first sample has y = 1: it pays"
            " -log(0.8).",
            -(np.log10(0.8) + np.log10(0.9)) / 2: "This is the logarithm to base 10:"
            " the formula means the natural one, np.log.",
            -(np.log2(0.8) + np.log2(0.9)) / 2: "This is the logarithm to base 2: the"
            " formula means the natural one, np.log.",
            (-np.log(0.8) / 2, -np.log(0.9) / 2, -np.log(0.8), -np.log(0.9)): "This is"
            " only one of the two samples.",
            (0.025, 0.05): "This is the squared error. J takes logarithms.",
            (0.85, 0.15): "J is the mean of the logarithms, with a minus, not of the"
            " probabilities.",
        },
        "Which probability did each sample's true class get? Take -log of the two,"
        " then the mean.",
    )
)

LN = np.log([1, 2, 3])

exercise("03-softmax", "exp undoes the logarithm: (1, 2, 3), and the sum is 6.")(
    Numbers(
        (1 / 6, 2 / 6, 3 / 6),
        {
            (1.0, 2.0, 3.0): "These are the exponentials. Divide them by their sum.",
            tuple(LN / LN.sum()): "Exponentials first: this divides the scores"
            " themselves by their sum.",
            tuple(1 / (1 + np.exp(-LN))): "This is a sigmoid of each score alone; the"
            " three probabilities must sum to 1.",
            (0.0, 2 / 5, 3 / 5): "exp(0) is 1, not 0.",
            tuple(LN): "These are the scores themselves. Take exp of each first.",
            (1 / 3, 2 / 3, 3 / 3): "Divide by the sum of the exponentials, not by the"
            " largest one: the probabilities must sum to 1.",
            (1 / 3, 1 / 3, 1 / 3): "A higher score gets a higher probability.",
        },
        "exp(ln 2) = 2. Take exp of each score, then divide by the sum.",
    )
)

SCORES = np.array([3.0, 2.0, 1.0, 0.0, -1.0])


@exercise(
    "03-temperature",
    "At T = 1.5 the first class has 0.505, at 1.6 only 0.486. The other four share the"
    " other half, and the order is still the same.",
)
def _(*answer):
    (T,) = read(answer, 1.5)
    if T <= 0:
        return "A temperature is above 0: at 0 the division has no result."
    if 1.45 <= T < 1.56:
        return None
    E = np.exp((SCORES - 3) / T)
    first = 1 / E.sum()
    if 0.6 < T < 0.72:
        return "This is one over it: the scores are divided by T."
    if round(T, 2) == 0.5:
        return "This is the probability. The exercise asks for the temperature."
    where = (
        "cools down: take a smaller T" if first < 0.5 else "warms up: take a larger T"
    )
    return (
        f"At T = {T:g} the first class has {first:.3f}, not 0.5. It comes nearer if it"
        f" {where}."
    )


OUTPUTS = {"linear": "A", "squared": "A", "sigmoid": "B", "logistic": "B"} | {
    "softmax": "C",
    "cross-entropy": "C",
}


@exercise(
    "03-pairs",
    "A number without bounds: A. Yes or no: B. Exactly one of k classes: C. Several"
    " yes-or-no questions: B for each.",
)
def _(*answer):
    if len(answer) == 1 and isinstance(answer[0], dict):
        answer = answer[0].values()
    elif len(answer) == 1 and np.size(answer[0]) == 4:
        answer = np.ravel(answer[0])
    right = {"price": "A", "spam": "B", "letter": "C", "tags": "B"}
    if len(answer) != len(right):
        return "Give four letters, for price, spam, letter and tags, in this order."
    given = {}
    for task, text in zip(right, answer):
        word = re.split(r"[^a-z-]+", str(text).strip().lower())[0]
        given[task] = OUTPUTS.get(word, word.upper())
        if given[task] not in {"A", "B", "C"}:
            return f'Give "A", "B" or "C" for {task}, in quotation marks.'
    if given["tags"] == "C":
        return (
            "Tags: a picture can show a beach and a dog. Softmax would let them share"
            " one probability of 1."
        )
    if given["letter"] == "B":
        return "Letter: it is exactly one of 26, so the 26 probabilities must sum to 1."
    if given["spam"] == "C":
        return (
            "Spam: softmax over two units would do, but one yes-or-no question needs"
            " only one unit, with a sigmoid."
        )
    if given["price"] in ("B", "C"):
        return "Price: sigmoid and softmax cannot answer more than 1."
    wrong = [task for task, letter in right.items() if given[task] != letter]
    if wrong:
        return (
            f"Look again at: {', '.join(wrong)}. The answer there is no number without"
            " bounds, so linear and squared (A) do not fit: is it one probability, or"
            " several that sum to 1?"
        )


exercise(
    "03-update",
    "W . X = 0, so the factor is 0.5 (-1) / (1 + exp(0)) = -0.25, and W = -0.25 X.",
)(
    Numbers(
        (-0.5, -0.25),
        {
            (0.5, 0.25): "Mind the sign: y is -1.",
            (-1.0, -0.5): "1 + exp(0) is 2, not 1: half of this. (And alpha = 0.5 comes"
            " besides.) Or is it y - 0? The neuron answers sigmoid(0) = 0.5, not 0.",
            (-1.5, -0.75): "This is y - y_hat with y = -1 and y_hat = sigmoid(0) = 0.5."
            " That form is for labels 0 and 1: with y = 0 it is 0 - 0.5. For -1 and 1"
            " the factor is y / (1 + exp(y W . X)).",
            (
                1.5,
                0.75,
            ): "This is y_hat - y, and y = -1 where y_hat is made for labels 0"
            " and 1. The factor is y / (1 + exp(y W . X)).",
            (-2.0, -1.0): "This is y - y_hat with a step, the perceptron's rule on a"
            " mistake. The logistic rule has the factor y / (1 + exp(y W . X)).",
            (0, 0): "W does move: the neuron answers 0.5, and that is not sure enough"
            " for either class.",
            (-0.25, -0.25): "This is only the factor: multiply it by X.",
            (-0.25, -0.125): "This has alpha twice, or exp(0) + 1 twice: the factor is"
            " 0.5 (-1) / 2.",
        },
        "Compute y W . X first (here 0), then alpha y / (1 + exp(y W . X)), and"
        " multiply by X.",
    )
)
