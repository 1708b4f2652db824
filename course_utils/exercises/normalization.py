"""Exercises of notebook 09."""

import numpy as np

from ..answers import Hint, Numbers, Parts, read
from ..checks import exercise

TRAINING = [2, 4, 4, 4, 5, 5, 7, 9]
ZEROS_AND_ONE = np.array([0] * 100 + [1000])

exercise(
    "09-scale",
    "(11 - 2) / (9 - 2) = 9/7 and (11 - 5) / 2 = 3. New data may leave the interval"
    " from 0 to 1.",
)(
    Parts(
        {
            "Min-max": Numbers(
                9 / 7,
                {
                    1.0: "11 is larger than the training maximum 9, so it lands above"
                    " 1. Do not clip it, and do not count it in: it belongs to the test"
                    " set.",
                    (11 / 9, 11 / 7): "Take the minimum off first: (x - min) / (max -"
                    " min).",
                    6 / 7: "The minimum is taken off, 2, not the mean.",
                },
                "(x - min) / (max - min), with the minimum 2 and the maximum 9 of the"
                " training values.",
            ),
            "Standardization": Numbers(
                3.0,
                {
                    6 / np.std(TRAINING, ddof=1): "Almost: divide by the root of the"
                    " mean squared deviation, as NumPy does (1/m, not 1/(m - 1)).",
                    6 / 4: "4 is the variance. Divide by the standard deviation, its"
                    " root.",
                    6.0: "Now divide by the standard deviation, 2.",
                    (11 - np.mean([*TRAINING, 11])) / np.std([*TRAINING, 11]): "11"
                    " belongs to the test set: mean and standard deviation come from"
                    " the training values only.",
                    6 / np.std([*TRAINING, 11]): "11 belongs to the test set: the"
                    " standard deviation comes from the training values only.",
                    5.5: "Take the mean of the training values off first, 5.",
                    3.5: "The mean of the training values is 5. 4 is the median.",
                },
                "(x - mean) / standard deviation, with the mean 5 and the deviation 2"
                " of the training values.",
            ),
        }
    )
)

exercise(
    "09-stores",
    "The mean is 3 and the squared deviations are 9, 1, 1, 9: their mean is 5. The"
    " layer takes the root when it is called.",
)(
    Parts(
        {
            "Mean": Numbers(
                3.0,
                {
                    12.0: "12 is the sum. Divide it by the four values.",
                    4.0: "There are four values, 0 is one of them: 12 / 4.",
                },
                "The mean of 0, 2, 4, 6.",
            ),
            "Variance": Numbers(
                5.0,
                {
                    np.sqrt(5): "This is the standard deviation. The layer keeps its"
                    " square, the variance.",
                    (20 / 3, np.sqrt(20 / 3)): "Keras divides by m = 4, not by m - 1 ="
                    " 3, and keeps the variance.",
                    20.0: "This is the sum of the squared deviations. Divide it by m ="
                    " 4.",
                    14.0: "This is the mean of the squares. Take the squared mean off.",
                    2.0: "This is the mean of the absolute deviations. The variance"
                    " takes squares.",
                    3.0: "This is the mean. The variance is the mean of (x - 3)^2.",
                },
                "The mean of (x - 3)^2 over the four values.",
            ),
        }
    )
)

exercise(
    "09-outlier",
    "0.001 and 10, the root of m - 1: however large one value is, its standardized"
    " value stays below the root of m.",
)(
    Parts(
        {
            "A value of 1": Numbers(
                0.001,
                {
                    (1.0, 0.1): "It is a value of 1 among values from 0 to 1000. Divide"
                    " by max - min.",
                    0.0: "It is small, but not 0: (x - min) / (max - min) with x = 1.",
                    1000.0: "The other way round: 1 / 1000.",
                },
                "(x - min) / (max - min) with x = 1, min = 0 and max = 1000.",
            ),
            "The outlier": Numbers(
                10.0,
                {
                    (1000.0, 990.0, 990.099): "The outlier is part of the data: it"
                    " moves the mean to 1000/101, and it enlarges the standard"
                    " deviation too.",
                    0.101: "You have divided by the variance. The standard deviation is"
                    " its root.",
                    1000 * (100 / 101) / np.std(ZEROS_AND_ONE, ddof=1): "Almost: with"
                    " 1/m in the variance, as on the slide of batch normalization, it"
                    " is a whole number.",
                    1000 / np.std(ZEROS_AND_ONE): "Take the mean off first: the outlier"
                    " has moved it to 1000/101.",
                    1.0: "1 is the result of min-max. Standardization takes the mean"
                    " off and divides by the standard deviation.",
                },
                "Let NumPy help: x = np.array([0] * 100 + [1000]), then (1000 -"
                " x.mean()) / x.std().",
            ),
        }
    )
)

BATCH_NORM = Numbers(
    (-1.0, 3.0),
    {
        (-1.0, 1.0): "That is the normalized batch. Now scale it by gamma and shift it"
        " by beta.",
        (0.0, 2.0): "You have shifted by beta, but not scaled by gamma.",
        (-2.0, 2.0): "You have scaled by gamma, but not shifted by beta.",
        (0.0, 4.0): "Scale first, then shift: gamma Z_hat + beta, not gamma (Z_hat +"
        " beta).",
        (1 - np.sqrt(2), 1 + np.sqrt(2)): "The variance of (1, 3) is the mean of 1 and"
        " 1 (1/m, not 1/(m - 1)).",
        (3.0, 7.0): "You have scaled and shifted the raw batch. Normalize it first:"
        " mean 0, variance 1.",
        (1.0, 3.0): "gamma and beta are exchanged, or this is the raw batch: first"
        " normalize, then 2 Z_hat + 1.",
    },
    "First the mean and the variance of the two numbers, then (Z - mean) / std, then"
    " gamma times that plus beta.",
)


@exercise(
    "09-bn",
    "Mean 2, standard deviation 1: normalized (-1, 1), then 2 (-1) + 1 = -1 and 2 (1) +"
    " 1 = 3.",
)
def _(*answer):
    parts = answer[0] if len(answer) == 1 else answer
    if isinstance(parts, tuple) and len(parts) == 3:
        raise Hint("batch_norm answers three things. The first is Z_tilde.")
    numbers = read(answer, BATCH_NORM.expected)
    kept = 1 / np.sqrt(1 + 1e-3)  # what the notebook's epsilon leaves of Z_hat
    if np.allclose(numbers, [1 - 2 * kept, 1 + 2 * kept], atol=1e-4):
        return None
    return BATCH_NORM.judge(numbers)


exercise(
    "09-double",
    "The statistics of the batch cancel the 2. The loss is the same, at weights twice"
    " as large, so its slope is halved.",
)(
    Parts(
        {
            "Output": Numbers(
                1.0,
                {
                    2.0: "That is so without batch normalization. With it, the mean and"
                    " the standard deviation of the batch double as well.",
                    0.5: "The mean and the standard deviation of the batch double, but"
                    " so does Z: what is left after normalizing?",
                    0.0: "A factor of 1 is no change. 0 would make the output vanish.",
                },
                "Z becomes 2 Z. What are the mean and the standard deviation of 2 Z,"
                " and what is left after normalizing?",
            ),
            "Gradient": Numbers(
                0.5,
                {
                    1.0: "The loss is the same as before, but each weight is twice as"
                    " large: the same relative change is twice the step.",
                    2.0: "The other way round: to change the output by as much, a"
                    " weight twice as large must move twice as far.",
                    0.25: "One factor of 1/2, not two: L(W) = L(2 W) for every W;"
                    " differentiate both sides.",
                    0.0: "The gradient does not vanish: the direction of the weights"
                    " still counts. Only its size changes.",
                },
                "Write L(2 W) = L(W) and differentiate both sides by W: 2 L'(2 W) ="
                " L'(W).",
            ),
        }
    )
)
