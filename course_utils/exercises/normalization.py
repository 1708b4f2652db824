"""Exercises of notebook 09."""

import numpy as np

from ..answers import Hint, Numbers, Parts, read
from ..checks import close, exercise

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
    "09-valley",
    "The condition number is s^2 = 900, and a step leaves 899/901 of the error. Twice"
    " the ratio means four times the condition number, and four times the steps.",
)(
    Parts(
        {
            "Steps": Numbers(
                1037.0,
                {
                    (35.0, 34.0): "The steps grow with the square of the ratio. Call"
                    " steps_needed(30).",
                    116.0: "This is the number for the ratio 10.",
                    260.0: "This is the number for the ratio 15.",
                    900.0: "This is the condition number, 30^2. Count the steps:"
                    " steps_needed(30).",
                    0.0: "It has not arrived within the steps that are counted: let"
                    " descend_bowl take more.",
                },
                "Call steps_needed(30).",
            ),
            "Growth": Numbers(
                1037 / 260,
                {
                    4.0: None,  # right, too: the rule for large ratios
                    2.0: "The ratio grows by 2. By which factor does the number of"
                    " steps grow?",
                    (0.25, 260 / 1037): "The other way round: steps at 30 over steps at"
                    " 15.",
                    777.0: "This is the difference. By which *factor* do they grow?",
                },
                "steps_needed(30) / steps_needed(15).",
            ),
        }
    )
)

exercise(
    "09-moving",
    "Each call leaves 0.99 of what is missing, and 0.99^230 = 0.099; with 0.9 it is"
    " 0.9^22 = 0.098. In a short training, or with few batches, Keras's default has not"
    " forgotten its start: lower the momentum.",
)(
    Parts(
        {
            "Default": Numbers(
                230,
                {
                    229: "Nearly: after 229 calls 10.01 % are still missing.",
                    (10, 11): "This is how long it takes to come 10 % of the way. It is"
                    " to come within 10 %.",
                    (90, 91): "It does not go by 1 % of the whole each time, but by 1 %"
                    " of what is still missing.",
                    459: "This is within 1 %. It is to come within 10 %.",
                    22: "This is the number with the momentum 0.9. Keras's default is"
                    " 0.99.",
                    1: "The layer answers with the batch's own mean at once. Look at"
                    " layer.moving_mean.",
                },
                "Call the layer in a loop and look at layer.moving_mean after each"
                " call, or solve 0.99^n <= 0.1.",
            ),
            "With 0.9": Numbers(
                22,
                {
                    21: "Nearly: after 21 calls 10.9 % are still missing.",
                    9: "It does not go by 10 % of the whole each time, but by 10 % of"
                    " what is still missing.",
                    23: "Nearly: after 22 calls 9.8 % are missing, which is enough.",
                    230: "This is the number with the default, 0.99.",
                },
                "A new layer, keras.layers.BatchNormalization(momentum=0.9), and the"
                " same count; or solve 0.9^n <= 0.1.",
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


@exercise(
    "09-layer",
    "Each sample is normalized by its own units, so a batch of one is no problem, and"
    " training and inference are the same.",
    functions=1,
)
def _(layer_norm):
    rng = np.random.default_rng(9)
    for shape in ((4, 3), (3, 5), (2, 4, 3)):
        Z = rng.normal(2, 3, shape)
        gamma, beta = rng.normal(1, 0.5, (2, shape[-2], 1))
        for epsilon in (0.5, 1e-3):
            answer = layer_norm(Z, gamma, beta, epsilon)
            if hint := layer_norm_hint(answer, Z, gamma, beta, epsilon):
                return hint


def normalized(Z, axis, epsilon, ddof=0):
    """Z with mean 0 and variance 1 (nearly) over an axis."""
    var = Z.var(axis=axis, keepdims=True, ddof=ddof)
    return (Z - Z.mean(axis=axis, keepdims=True)) / np.sqrt(var + epsilon)


def layer_norm_hint(answer, Z, gamma, beta, epsilon):
    right = normalized(Z, -2, epsilon)
    var = Z.var(axis=-2, keepdims=True)
    centred = Z - Z.mean(axis=-2, keepdims=True)
    if close(answer, gamma * right + beta):
        return None
    if close(answer, gamma * normalized(Z, -1, epsilon) + beta):
        return (
            "This is batch normalization: mean and variance over the samples. Take them"
            " over the units, axis=-2."
        )
    if close(answer, gamma * normalized(Z, None, epsilon) + beta):
        return (
            "One mean and one variance for the whole array: each sample (column) needs"
            " its own, so give axis=-2 and keepdims=True."
        )
    if close(answer, gamma * normalized(Z, 0, epsilon) + beta):
        return (
            "Right for an array (n_l, m). With a leading axis the units stand on the"
            " last axis but one: axis=-2."
        )
    if close(answer, right):
        return "Normalized rightly. Now scale by gamma and shift by beta."
    if close(answer, gamma * right):
        return "Scaled, but not shifted: add beta."
    if close(answer, right + beta):
        return "Shifted, but not scaled: multiply the normalized Z by gamma."
    if close(answer, gamma * (right + beta)):
        return "Scale first, then shift: gamma Z_hat + beta, not gamma (Z_hat + beta)."
    if close(answer, gamma * normalized(Z, -2, 0) + beta):
        return "Where is epsilon? Add it to the variance, inside the root."
    if close(answer, gamma * centred / (np.sqrt(var) + epsilon) + beta):
        return "epsilon belongs inside the root: sqrt(variance + epsilon)."
    if close(answer, gamma * centred / (var + epsilon) + beta):
        return "Divide by the root of the variance (plus epsilon), not by the variance."
    if close(answer, gamma * normalized(Z, -2, epsilon, ddof=1) + beta):
        return "The variance is the mean of the squared deviations: 1/n, not 1/(n - 1)."
    if np.shape(answer) != np.shape(Z):
        return (
            f"The answer must have the shape of Z, {np.shape(Z)}, not"
            f" {np.shape(answer)}."
        )
    return (
        "Take mean and variance of each column, axis=-2 with keepdims=True; then"
        " (Z - mean) / sqrt(variance + epsilon), times gamma, plus beta."
    )
