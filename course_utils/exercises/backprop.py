"""Exercises of notebook 04."""

import numpy as np

from ..answers import WORDS, Hint, Numbers, Parts, read
from ..checks import close, exercise

exercise(
    "04-graph",
    "The product gives each factor the other one, y = 5 and x = -2; the sum passes the"
    " 1 on to z.",
)(
    Numbers(
        (5, -2, 1),
        {
            (-2, 5, 1): "df/dx and df/dy are the wrong way round: in a product each"
            " factor gets the *other* factor.",
            (-4, -4, 3): "These are the derivatives of (x + y) z. Here the product"
            " comes first, then the sum.",
            ((5, -2, -4), (5, -2, 0)): "df/dx and df/dy are right. A sum passes on the"
            " gradient that reaches it (1 here), not the value of z.",
            (-2, 5, -4): "These are the values of x, y and z.",
            (-20, 8, -10): "These are the derivatives of x y z. Here z is added.",
            (1, 1, 1): "1 is what the sum passes on. The product passes on more: each"
            " factor gets the other one.",
        },
        "Write q = x y and f = q + z. First df/dq and df/dz, then multiply df/dq by"
        " dq/dx and by dq/dy.",
    )
)

exercise(
    "04-paths",
    "One gradient comes through the sum (x), one straight from the product (x + y):"
    " they add up to 2x + y.",
)(
    Parts(
        {
            "df/dx": Numbers(
                1,
                {
                    -2: "This is the direct path from x to the product. Another path"
                    " leads from x through the sum: add both.",
                    3: "This is the path of x through the sum. x is also a factor of"
                    " the product: add that path.",
                    -6: "Both paths are right, but their gradients are added, not"
                    " multiplied.",
                    (5, -5): "The two paths are added with their signs: 3 and -2.",
                },
                "With q = x + y and f = q x, df/dq = x, and the factor x itself gets q."
                " What reaches x in all?",
            ),
            "df/dy": Numbers(
                3,
                {
                    -2: "y reaches f through the sum, and the sum's gradient is the"
                    " product's other factor, x.",
                    1: "The sum passes on what reaches it. That is not 1, but the"
                    " product's other factor, x.",
                },
                "y reaches f through the sum q = x + y alone: df/dq = x.",
            ),
        }
    )
)


def sizes(shape):
    """The numbers of a shape, as a tuple."""
    shape = (
        tuple(shape) if np.iterable(shape) and not isinstance(shape, str) else (shape,)
    )
    return tuple(read(shape, np.zeros(len(shape))))


@exercise(
    "04-shape",
    "A gradient has the shape of what it belongs to: W[2] is (n_2, n_1), b[2] is (n_2,"
    " 1), whatever m is.",
)
def _(*answer):
    if len(answer) == 1:
        (answer,) = answer
    if len(answer) == 4:
        answer = answer[:2], answer[2:]
    if len(answer) != 2:
        return "Give two shapes, as tuples: that of dW[2], then that of db[2]."
    weights, bias = map(sizes, answer)
    if 50 in weights + bias:
        return (
            "m = 50 does not show in dW and db: the samples are summed over. Only dZ"
            " and dA have m columns."
        )
    if weights == (64, 20):
        return "This is how Keras stores it. In the lecture W[l] is (n_l, n_{l-1})."
    if weights in ((64, 784), (784, 64)):
        return (
            "This belongs to layer 1, which leads from 784 to 64. Layer 2 leads from 64"
            " to 20."
        )
    if weights in ((10, 20), (20, 10)):
        return "This belongs to layer 3. The input is layer 0: layer 2 leads to 20."
    if bias == (20,):
        return "Almost: in the lecture b is a column, with two axes."
    if bias == (1, 20):
        return "Almost: in the lecture b is a column, not a row."
    if weights == (20, 64) and bias == (64, 1):
        return "The layer has one bias for each unit that it leads to, n_2 = 20."
    if (weights, bias) != ((20, 64), (20, 1)):
        return (
            "dW[2] has the shape of W[2], db[2] that of b[2]: (n_2, n_1) and (n_2, 1)."
        )


@exercise(
    "04-bug",
    "dZ = dA (1 - A^2), the mean over m in dW as in db, and dZ, not dA, goes back"
    " through W.",
    functions=1,
)
def _(function):
    rng = np.random.default_rng(0)
    dA, Z, A_prev, W = (
        rng.normal(size=size) for size in ((3, 7), (3, 7), (4, 7), (3, 4))
    )
    A = np.tanh(Z)
    answer = function(dA, A, A_prev, W)
    if not isinstance(answer, (tuple, list)) or len(answer) != 3:
        raise Hint("Return three arrays: dW, db and dA_prev, in this order.")
    dW, db, dA_prev = answer
    dZ = dA * (1 - A**2)

    def mean(values):
        return values.mean(axis=1, keepdims=True)

    if any(close(db, mean(values)) for values in (dA * A, dA)):
        return (
            "dZ is still wrong: multiply dA by the derivative of tanh, which is 1 -"
            " A**2."
        )
    if close(db, mean(dA * (1 - np.tanh(A) ** 2))):
        return "A is tanh(Z) already: its derivative is 1 - A**2, without another tanh."
    if close(db, mean(dA * A * (1 - A))):
        return "A (1 - A) is the derivative of the sigmoid. That of tanh is 1 - A**2."
    if close(db, mean(1 - A**2)):
        return "dA is missing in dZ: what comes back from above times 1 - A**2."
    if close(db, 7 * mean(dZ)):
        return (
            "db is the sum over the samples. The line of db was right: the cost is a"
            " mean, in dW and in db."
        )
    if close(db, mean(dZ)[:, 0]):
        return "db is a column, (n_l, 1): keepdims=True, as in the line of db above."
    if not close(db, mean(dZ)):
        return (
            "db is not right yet: dZ = dA * (1 - A**2), and db is its mean over the"
            " samples (axis 1, keepdims=True). The line of db was right."
        )
    if close(dW, dZ @ A_prev.T):
        return (
            "dW is still the sum over the samples: the cost is a mean, so divide by m."
        )
    if close(dW, (dZ @ A_prev.T / 7).T):
        return "dW has the shape of W, (n_l, n_{l-1}): dZ stands on the left."
    if not close(dW, dZ @ A_prev.T / 7):
        return "dW is not right yet: it is dZ @ A_prev.T, divided by m."
    if close(dA_prev, W.T @ dA):
        return (
            "dW and db are right. dA_prev must come from dZ: the way back leads through"
            " the activation first."
        )
    # Some let dZ carry the 1/m: then dA_prev is the derivative of the cost, as dW is.
    if not close(dA_prev, W.T @ dZ) and not close(dA_prev, W.T @ dZ / 7):
        return "dW and db are right. dA_prev is W.T times dZ."


@exercise(
    "04-engine",
    "A piece of the engine is its value and its local derivatives; the chain rule does"
    " the rest. After sigmoid and -log, what reaches the score is a - y.",
    functions=3,
)
def _(sigmoid, log, divide):
    def parts(function, name, count, *inputs):
        found = function(*inputs)
        if not isinstance(found, (tuple, list)) or len(found) != count:
            raise Hint(
                f"{name} returns {WORDS[count]} numbers: its value, then its"
                f" derivative{'s' if count > 2 else ''}."
            )
        return found

    for x in (0.7, -1.3, 2.0):
        a = 1 / (1 + np.exp(-x))
        value, slope = parts(sigmoid, "sigmoid", 2, x)
        if not close(value, a):
            return "The value of sigmoid is not right: 1 / (1 + exp(-x))."
        if close(slope, x * (1 - x)):
            return (
                "sigmoid: the derivative is a (1 - a) with the *value* a = sigmoid(x),"
                " not with x."
            )
        if close(slope, 1 - a**2):
            return "sigmoid: 1 - a**2 is the derivative of tanh."
        if not close(slope, a * (1 - a)):
            return "sigmoid: the value is right, the derivative is not: a (1 - a)."
    for x in (0.2, 3.0):
        value, slope = parts(log, "log", 2, x)
        if close(value, np.log10(x)):
            return "log is the natural logarithm here: np.log."
        if close((value, slope), (-np.log(x), -1 / x)):
            return "log: the minus sign of the loss is not part of this piece."
        if not close(value, np.log(x)):
            return "The value of log is not right: np.log(x)."
        if not close(slope, 1 / x):
            return "log: the value is right, the derivative is not: 1 / x."
    for x, y in ((3.0, 2.0), (-1.0, 0.5), (2.0, -4.0)):
        value, by_x, by_y = parts(divide, "divide", 3, x, y)
        if not close(value, x / y):
            return "The value of divide is not right: x / y."
        if close((by_x, by_y), (-x / y**2, 1 / y)):
            return (
                "divide: the two derivatives are the wrong way round: first by x, then"
                " by y."
            )
        if not close(by_x, 1 / y):
            return "divide: the derivative by x is not right: 1 / y."
        if close(by_y, x / y**2):
            return "divide: a larger y makes x / y smaller. A minus is missing."
        if close(by_y, -1 / y**2):
            return "divide: the derivative by y keeps the factor x: -x / y**2."
        if not close(by_y, -x / y**2):
            return (
                "divide: the derivative by y is not right. x / y is x times 1 / y, and"
                " the derivative of 1 / y is -1 / y**2."
            )


@exercise(
    "04-step",
    "A larger step cuts off the curve's bend (an error like h**2), a smaller one"
    " divides the rounding of two nearly equal costs by 2 h.",
)
def _(*answer):
    (h,) = read(answer, [1e-5])
    if h < 0 and h == round(h):
        h = 10.0**h  # the exponent alone
    if h <= 0:
        return "A step is a positive number, such as 1e-3."
    if h > 1e-4 * 1.01:
        return (
            "Try smaller steps: down to some point the gap falls a hundredfold when h"
            " falls tenfold."
        )
    if h < 1e-7:
        return (
            "Too small: the two costs are nearly equal, and the rounding of their"
            " difference is divided by 2 h. Look at larger steps."
        )
    if not 3e-6 < h < 3e-5:
        return "Near: compare the gap with that of the next powers of ten."


exercise(
    "04-softmax",
    "exp(v) = (1, 2, 5) sums to 8, so o = (1/8, 2/8, 5/8); only the right class"
    " loses 1.",
)(
    Numbers(
        (1 / 8, -6 / 8, 5 / 8),
        {
            (1 / 8, 2 / 8, 5 / 8): "This is o. The gradient is o - y, with y = (0, 1,"
            " 0).",
            (-1 / 8, 6 / 8, -5 / 8): "This is y - o, the direction of the step. The"
            " gradient is o - y.",
            (1.0, 1.0, 5.0): "exp(v) = (1, 2, 5) must be divided by its sum before y is"
            " taken off.",
            ((-7 / 8, 2 / 8, 5 / 8), (1 / 8, 2 / 8, -3 / 8)): "The right class is the"
            " second one: y = (0, 1, 0).",
            (0.0, -4.0, 0.0): "-y / o is the gradient by o. By v it is o - y.",
            (0.0, -0.75, 0.0): "The wrong classes have a gradient too: o - 0.",
            tuple(np.log([1, 2, 5]) - [0, 1, 0]): "These are the scores less y. First"
            " turn the scores into o, with the softmax.",
        },
        "exp(ln 2) = 2: find exp(v), divide by the sum, then take off y. The three"
        " numbers of o - y sum to 0.",
    )
)
