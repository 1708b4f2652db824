"""Exercises of notebook 07."""

from ..checks import close, exercise


@exercise(
    "07-slopes",
    "The slopes are 4 and -2. The second unit must change 4 into -2, so it gets -6; the"
    " bias is f(0).",
)
def _(weights, bias):
    if close(weights, [4, -2]):
        return (
            "These are the slopes. The first unit stays on after x = 1/2: what must the"
            " second one add to its slope?"
        )
    if close(weights, [2, -1]) or close(weights, [2, -3]):
        return "A slope is the rise divided by the distance of the knots, which is 1/2."
    if close(weights, [4, -6]) and not close(bias, 1):
        return (
            "The weights are right. At x = 0 both units are 0, and the network must"
            " give f(0)."
        )
    if not close(weights, [4, -6]) or not close(bias, 1):
        return (
            "First the two slopes; the first weight is the first slope, the second"
            " weight is the change of the slope."
        )


@exercise(
    "07-width",
    "The error is at most 8 h^2 / 8 = h^2, so h = 1/n must be at most 0.0316: n = 32.",
)
def _(n):
    if close(n, 31):
        return "With 31 units h^2 is still a little above 0.001: round up."
    if close(n, 1000) or close(n, 125):
        return "The bound falls with the square of h = 1/n: take a square root."
    if close(n, 90) or close(n, 89):
        return "Almost: the bound is max|f''| h^2 / 8, do not forget the 8 below."
    if close(n, 1000**0.5, rtol=2e-2) and not close(n, 32):
        return "A number of units is a whole number."
    if not close(n, 32):
        return "Set max|f''| h^2 / 8 = 0.001 with h = 1/n, and solve for n."


@exercise(
    "07-pieces",
    "Each of the 6 layers doubles the pieces with two more units; n units in one layer"
    " have at most n kinks, n + 1 pieces.",
)
def _(pieces, deep, shallow):
    if close(pieces, 12):
        return "The layers do not add their pieces: each one doubles what it gets."
    if not close(pieces, 64):
        return "t has 2 pieces, t(t(x)) has 4. Go on to six."
    if close(deep, 6):
        return "Six layers, but how many units in each?"
    if not close(deep, 12):
        return "The folding network has two units in each of its layers."
    if close(shallow, 64):
        return "Almost: 64 units are enough, but n units can have n + 1 pieces."
    if not close(shallow, 63):
        return (
            "n ReLU units in one layer have at most n kinks. How many pieces is that?"
        )


@exercise(
    "07-parameters",
    "6 k + 1 against 3 * 2^k + 1: for k = 20 that is 121 against more than three"
    " million.",
)
def _(deep, shallow):
    answers = [deep(k) for k in (1, 2, 5)], [shallow(k) for k in (1, 2, 5)]
    if ... in answers[0] or ... in answers[1]:
        return ...
    if close(answers[0], [4, 8, 20]):
        return (
            "Deep: these are the weights alone. Every unit, the output too, also has a"
            " bias."
        )
    if close(answers[0], [6, 12, 30]) or close(answers[0], [4, 10, 28]):
        return "Deep: the output unit has parameters too, two weights and a bias."
    if not close(answers[0], [7, 13, 31]):
        return (
            "Deep: the first layer has 2 * 1 weights and 2 biases, each further one 2 *"
            " 2 and 2, the output 2 and 1."
        )
    if close(answers[1], [4, 8, 64]):
        return (
            "Shallow: these are the weights alone. Every unit, the output too, also has"
            " a bias."
        )
    if close(answers[1], [7, 13, 31]):
        return "Shallow: the hidden layer has 2**k units, not 2 * k."
    if not close(answers[1], [7, 13, 97]):
        return (
            "Shallow: each hidden unit has one weight in, one bias and one weight out;"
            " the output unit has a bias."
        )
