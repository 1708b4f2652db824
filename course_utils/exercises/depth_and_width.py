"""Exercises of notebook 07."""

import numpy as np

from ..answers import Numbers, Parts
from ..checks import close, exercise

exercise(
    "07-slopes",
    "The slopes are 4 and -2. The second unit must change 4 into -2, so it gets -6; the"
    " bias is f(0).",
)(
    Parts(
        {
            "Output weights": Numbers(
                (4, -6),
                {
                    (4, -2): "These are the slopes. The first unit stays on after x ="
                    " 1/2: what must the second one add to its slope?",
                    ((2, -1), (2, -3)): "A slope is the rise divided by the distance of"
                    " the knots, which is 1/2.",
                    (4, 6): "Mind the sign: the slope falls, from 4 to -2.",
                    (4, 2): "The second slope is negative: f falls from 3 to 2.",
                    (1, 3): "These are values of f. The weights are slopes, and changes"
                    " of the slope.",
                },
                "First the two slopes; the first weight is the first slope, the second"
                " weight is the change of the slope.",
            ),
            "Output bias": Numbers(
                1,
                {
                    0: "At x = 0 both units are 0, and the network must give f(0) = 1.",
                    (3, 2): "This is f at another knot. Both units are 0 at x = 0.",
                    -0.5: "This is the bias of a hidden unit. The output bias is what"
                    " the network answers where both units are 0.",
                },
                "At x = 0 both units are 0, and the network must give f(0).",
            ),
        }
    )
)

exercise(
    "07-width",
    "The error is at most 8 h^2 / 8 = h^2, so h = 1/n must be at most 0.0316: n = 32.",
)(
    Numbers(
        32,
        {
            31: "With 31 units h^2 is still a little above 0.001: round up.",
            33: "33 is the number of knots, the two ends included: a unit for each but"
            " the last one.",
            1000**0.5: "A number of units is a whole number: round up.",
            (1000, 125): "The bound falls with the square of h = 1/n: take a square"
            " root.",
            (90, 89, 8000**0.5): "Almost: the bound is max|f''| h^2 / 8, do not forget"
            " the 8 below.",
            (11, 12, 125**0.5): "Almost: the bound is max|f''| h^2 / 8, and max|f''| ="
            " 8 is missing above.",
            0.001**0.5: "This is h. The number of units is 1/h, rounded up.",
        },
        "Set max|f''| h^2 / 8 = 0.001 with h = 1/n, and solve for n.",
    )
)

exercise(
    "07-pieces",
    "Each of the 6 layers doubles the pieces with two more units; n units in one layer"
    " have at most n kinks, n + 1 pieces.",
)(
    Parts(
        {
            "Pieces": Numbers(
                64,
                {
                    12: "The layers do not add their pieces: each one doubles what it"
                    " gets.",
                    (6, 7): "Each layer does not add a kink, it doubles the pieces.",
                    36: "2 to the power 6, not 6 squared: each layer doubles the"
                    " pieces.",
                    32: "t itself has 2 pieces already: 6 doublings, not 5.",
                    128: "t itself has 2 pieces: six of them make 6 doublings, not 7.",
                    (63, 65): "These are the kinks, or the knots. The pieces lie"
                    " between them.",
                },
                "t has 2 pieces, t(t(x)) has 4. Go on to six.",
            ),
            "Units, deep": Numbers(
                12,
                {
                    6: "Six layers, but how many units in each?",
                    13: "Without the output, which is not a hidden unit.",
                    64: "These are the pieces. How many units has each of the six"
                    " layers?",
                    (7, 14): "There are six hidden layers: the output is not one of"
                    " them.",
                },
                "The folding network has two units in each of its layers.",
            ),
            "Units, shallow": Numbers(
                63,
                {
                    (64, 65): "Almost: n units have at most n kinks, which make n + 1"
                    " pieces.",
                    62: "Almost: 62 units have at most 62 kinks, 63 pieces.",
                    (12, 7): "So few units have too few kinks: in one layer n units"
                    " make at most n + 1 pieces.",
                    128: "One unit of a single layer makes a kink, two are not needed:"
                    " n units have n + 1 pieces.",
                },
                "n ReLU units in one layer have at most n kinks. How many pieces is"
                " that?",
            ),
        }
    )
)


@exercise(
    "07-parameters",
    "6 k + 1 against 3 * 2^k + 1: for k = 20 that is 121 against more than three"
    " million.",
    functions=2,
)
def _(deep, shallow):
    answers = [np.array([count(k) for k in (1, 2, 5)]) for count in (deep, shallow)]
    if close(answers[0], [4, 8, 20]):
        return (
            "Deep: these are the weights alone. Every unit, the output too, also has a"
            " bias."
        )
    if close(answers[0], [6, 12, 30]) or close(answers[0], [4, 10, 28]):
        return "Deep: the output unit has parameters too, two weights and a bias."
    if close(answers[0], [9, 15, 33]) or close(answers[0], [6, 12, 30]):
        return "Deep: the first layer has one input, so 2 * 1 weights, not 2 * 2."
    if close(answers[0], [13, 19, 37]):
        return "Deep: k layers in all, the first one included: k - 1 further ones."
    if not close(answers[0], [7, 13, 31]):
        return (
            "Deep: the first layer has 2 * 1 weights and 2 biases, each further one 2 *"
            " 2 and 2, the output 2 and 1. For k = 1, 2, 5 yours are"
            f" {answers[0].tolist()}."
        )
    if close(answers[1], [4, 8, 64]):
        return (
            "Shallow: these are the weights alone. Every unit, the output too, also has"
            " a bias."
        )
    if close(answers[1], [6, 12, 96]):
        return "Shallow: the output unit has a bias too."
    if close(answers[1], [7, 13, 31]):
        return "Shallow: the hidden layer has 2**k units, not 2 * k."
    if close(answers[1], [5, 9, 65]):
        return "Shallow: each hidden unit has a bias too, besides its two weights."
    if not close(answers[1], [7, 13, 97]):
        return (
            "Shallow: each hidden unit has one weight in, one bias and one weight out;"
            " the output unit has a bias. For k = 1, 2, 5 yours are"
            f" {answers[1].tolist()}."
        )
