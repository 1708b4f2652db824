"""Exercises of notebook 01."""

import numpy as np

from ..answers import Numbers, Parts, read
from ..checks import close, exercise

CORNERS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])


@exercise(
    "01-nand",
    "The line lies between (1, 1) and the other three corners, and W points away from"
    " (1, 1).",
)
def _(*answer):
    W1, W2, b = read(answer, np.zeros(3), " (W has two, b is one)")
    Z = CORNERS @ [W1, W2] + b
    answers, wanted = Z > 0, np.array([True, True, True, False])
    if np.all(answers == wanted):
        return None
    if np.all(answers | (Z == 0) == wanted):
        corner = tuple(CORNERS[(Z == 0) & wanted][0].tolist())
        return (
            f"Nearly: at {corner} Z is 0, and from 0 down the neuron answers 0: raise b"
            " a little."
        )
    if np.all(answers == [0, 0, 0, 1]):
        return "This is AND: turn the signs of W and b around."
    if np.all(answers == [0, 1, 1, 1]):
        return "This is OR. NAND answers 0 only for (1, 1)."
    if np.all(answers == [1, 0, 0, 0]):
        return (
            "This is NOR: b must be large enough for one input of 1 to leave Z above 0."
        )
    wrong = [
        f"{tuple(corner)}, where Z = {z:g}"
        for corner, z, good in zip(CORNERS.tolist(), Z, answers == wanted)
        if not good
    ]
    return (
        f"The neuron is wrong at {'; '.join(wrong)}. Which sign must b have, for"
        " (0, 0) to give 1, and which signs must W have?"
    )


exercise(
    "01-corners",
    "A line can cut off one corner of class 0, and then one of the other three is on"
    " the wrong side. All four would need both diagonals on different sides.",
)(
    Numbers(
        3,
        {
            4: "Is it XOR that is chosen? Then the title never says 4 of 4.",
            2: "One more is possible: try w1 = w2 = 1 and move b.",
            (0, 1): "That is the worst of it. Which is the largest number?",
            (0.75, 75): "This is a share. How many corners is it?",
        },
        "Read the number above the picture, with XOR chosen.",
    )
)

exercise(
    "01-step",
    "W . X = 0 counts as -1, a mistake: W moves by 0.5 (1 - (-1)) X = X.",
)(
    Numbers(
        (3, -1, 1),
        {
            (1, -2, 0): "W did not move. W . X = 0, and a score of 0 counts as -1: is"
            " that the label?",
            (-1, -3, -1): "Mind the sign: y - y_hat is 1 - (-1) = 2.",
            (2.0, -1.5, 0.5): "This is half a step: y - y_hat is 2, not 1.",
            (2, 1, 1): "This is the change of W. Add it to the old W.",
            (5, 0, 2): "This is a step with alpha = 1. Here alpha is 0.5.",
        },
        "Compute W . X first, then y_hat, then 0.5 (y - y_hat) X, and add it to W.",
    )
)

exercise("01-bound", "(R / gamma)^2 = (3 / 0.1)^2 = 900, in any number of dimensions.")(
    Numbers(
        900,
        {
            30: "Almost: the ratio is squared.",
            90: "The margin is squared as well: (R / gamma)^2, not R^2 / gamma.",
            300: "The radius is squared as well: (R / gamma)^2, not R / gamma^2.",
            (0.09, 0.3): "Divide by the margin: a narrow corridor allows more mistakes,"
            " not fewer.",
            (800, 1000): "The appended 1 is already counted in R = 3.",
        },
        "The bound is (R / gamma)^2, with R = 3 and gamma = 0.1.",
    )
)

exercise(
    "01-alpha",
    "From W = 0 the learning rate only scales W, and sign does not see the scale: the"
    " same mistakes, in the same order.",
)(
    Parts(
        {
            "Mistakes": Numbers(
                10,
                {
                    6: "This is the number of epochs. The cell prints the mistakes"
                    " before it.",
                    (20, 24): "This is the number of samples. How many of them are"
                    " mistakes?",
                    (0, 2000): "The mistakes do not become fewer or more by the rate:"
                    " read the number that the cell prints.",
                },
                "Read it off what the cell prints with alpha = 100.",
            ),
            "Times longer": Numbers(
                200,
                {
                    0.005: "The other way round: how many times longer is the W of the"
                    " larger rate?",
                    100: "The rate was 0.5 before, not 1.",
                    400: "This is the first weight. How many times the old one is it?",
                    1: "The mistakes are the same, but W is not.",
                    (40000, 200**0.5): "The length of W, not its square or its root.",
                },
                "Divide a weight of the new W by the same weight of the old one.",
            ),
        }
    )
)


def rule(X, y, alpha=1, at_zero=0, epochs=1000):
    """W of the perceptron's rule for labels 0 and 1; `at_zero` answers a score of 0."""
    W = np.zeros(X.shape[1])
    for _ in range(epochs):
        before = W
        for X_i, y_i in zip(X, y):
            score = W @ X_i
            W = W + alpha * (y_i - (at_zero if score == 0 else int(score > 0))) * X_i
        if np.array_equal(W, before):
            break
    return W


def samples():
    """Sets for `learn`: name, X with the appended 1, y."""
    corners = np.column_stack([CORNERS, np.ones(4)])
    for name, y in (
        ("AND", [0, 0, 0, 1]),
        ("OR", [0, 1, 1, 1]),
        ("NAND", [1, 1, 1, 0]),
    ):
        yield name, corners, np.array(y)
    random = np.random.default_rng(0)
    X = np.column_stack([random.uniform(-1, 1, (80, 3)), np.ones(80)])
    Z = X @ [1.0, -2.0, 0.5, 0.3]
    far = np.abs(Z) > 0.4
    yield "a set in three dimensions", X[far], (Z[far] > 0).astype(int)


@exercise(
    "01-learn",
    "The same W as the reference, on AND, OR, NAND and a set in three dimensions: with"
    " a step from 0 to 1 the rule needs no labels of -1.",
    functions=1,
)
def _(learn):
    for name, X, y in samples():
        W, expected = learn(X, y), rule(X, y)
        if isinstance(W, tuple):
            return "Hand back W alone, not a tuple."
        if np.size(W) != len(expected):
            return f"W needs one number for each column of X, {len(expected)} here."
        W = np.ravel(W)
        if close(W, expected):
            continue
        for hint, other in (
            ("a score of 0 must count as 0: > 0, not >= 0", rule(X, y, at_zero=1)),
            ("one epoch is not enough: go on until one has no mistake", one(X, y)),
            ("this is alpha = 0.5. Here it is 1", rule(X, y, 0.5)),
            ("mind the sign: a mistake adds (y - y_hat) X", -expected),
        ):
            if close(W, other):
                return f"On {name} {hint}."
        if not W.any():
            return f"On {name} W is still 0: add (y - y_hat) X to it at each sample."
        return (
            f"On {name} W should be {np.round(expected, 3).tolist()}, not"
            f" {np.round(W.astype(float), 3).tolist()}. Are the answers 0 and 1, and"
            " does W start at 0?"
        )


def one(X, y):
    """W after a single epoch."""
    return rule(X, y, epochs=1)
