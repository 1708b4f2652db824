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


exercise(
    "07-power",
    "At (k/n)^4 every piece of the root has about the same error, 1/(2 n^2), and twice"
    " the units quarter it. With even knots they take off less than a third.",
)(
    Parts(
        {
            "Power": Numbers(
                4,
                {
                    1: "At power 1 the knots are even, and nearly all of the error sits"
                    " in the first piece. Move the slider on.",
                    2: "Better than even knots, but go on: the first piece still has"
                    " the largest error.",
                    3: "Close. One further: compare the largest errors in the title.",
                    5: "Too far: look where the largest error sits now. It is in the"
                    " last piece, which has become too long.",
                    (6, 7, 8): "Too far: the last piece has become too long, and has"
                    " the largest error.",
                },
                "Move the slider of the power with n = 8, and read the largest error in"
                " the title.",
            ),
            "Error with 16 units": Numbers(
                0.0019512,
                {
                    0.0077782: "This is the error with 8 units. Now move n to 16.",
                    0.0625: "This is the error at even knots. Leave the power where it"
                    " was best.",
                    0.0884: "This is the error of 8 units at even knots. Take the best"
                    " power, then 16 units.",
                    0.00391: "This is the error of 16 units at power 3.",
                    0.003: "This is the error of 16 units at power 5.",
                },
                "Put n to 16 at the best power, and read the largest error in the"
                " title.",
                digits=2,
            ),
        }
    )
)

exercise(
    "07-lower",
    "At height 0.5 the tent ends where the next fold would begin: nothing is folded any"
    " more. At 0.75 folds are lost from the fourth layer on. Only a full stretch"
    " doubles the pieces every time.",
)(
    Parts(
        {
            "Pieces at height 0.5": Numbers(
                2,
                {
                    64: "This is the count at height 1. Change `height` and run the"
                    " cell again.",
                    1: "Almost: up to the middle and down again, which are two pieces.",
                    32: "It does not halve. Run the cell with height = 0.5 and read the"
                    " last line.",
                },
                "Run the cell with height = 0.5, and read its last line.",
            ),
            "Pieces at height 0.75": Numbers(
                38,
                {
                    64: "This is the count at height 1. Change `height` and run the"
                    " cell again.",
                    48: "The count does not fall in proportion. Run the cell with"
                    " height = 0.75 and read the last line.",
                    24: "This is the count after five layers. Read the last line.",
                    (14, 8): "This is the count after fewer layers. Read the last"
                    " line.",
                    60: "This is the count after seven layers.",
                },
                "Run the cell with height = 0.75, and read its last line.",
            ),
        }
    )
)


@exercise(
    "07-hat",
    "The weights change the slope at each knot: from 0 up, from up to down, and from"
    " down back to 0.",
    functions=1,
)
def _(hat):
    x = np.linspace(-2, 5, 57)
    for knots in ((0, 1, 2), (1, 2, 4), (-1, 0.5, 1)):
        left, middle, right = knots
        answer, wanted = hat(x, *knots), np.interp(x, knots, [0, 1, 0])
        if close(answer, wanted):
            continue
        where = f"For left, middle, right = {left}, {middle}, {right}"
        if np.shape(answer) != x.shape:
            return (
                f"{where} and 57 values of x there must be 57 values of the hat, not"
                f" the shape {np.shape(answer)}."
            )
        answer = np.asarray(answer, dtype=float)
        inside = x <= right
        if close(answer[inside], wanted[inside]):
            return (
                f"{where} the hat is right up to its right end, and does not stay 0"
                " there: the third hinge must stop the fall."
            )
        if close(answer, -wanted):
            return f"{where} the hat stands on its head: mind the signs."
        if close(answer[x <= middle], wanted[x <= middle]):
            return (
                f"{where} it is right up to the middle, and the fall is not: the second"
                " weight is the slope down minus the slope up."
            )
        if np.abs(answer[x <= left]).max() > 1e-6:
            return f"{where} the hat must be 0 left of its left end."
        top = float(np.interp(middle, x, answer))
        if abs(top - 1) > 1e-6:
            return (
                f"{where} the top is {top:.3g} and must be 1: the slope up is one over"
                " the distance from left to middle."
            )
        return f"{where} it is no hat: 0, straight up, straight down, 0."
