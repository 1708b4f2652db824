"""Exercises of notebook 12."""

import numpy as np

from ..checks import close, exercise


@exercise(
    "12-units",
    "45 degrees are an eighth of a turn. A field of view of 0.75 is a change of -0.25,"
    " which magnifies.",
)
def _(rotation, zoom):
    rotation, zoom = float(np.squeeze(rotation)), float(np.squeeze(zoom))
    if close(rotation, 45):
        return (
            "45 is in degrees. The layer would read it as 45 full turns: divide by 360."
        )
    if close(rotation, np.pi / 4):
        return "That is in radians. The layer takes fractions of a full turn."
    if close(rotation, 0.25):
        return (
            "The range is from -45 to 45 in both tools: one number stands for plus and"
            " minus. So 45/360, not 90/360."
        )
    if close(rotation, 45 / 180):
        return "Divide by 360: the layer counts in full turns."
    if not close(rotation, 0.125):
        return (
            "For the rotation: which fraction of a full turn (360 degrees) are 45"
            " degrees?"
        )
    if close(zoom, 0.75):
        return (
            "0.75 is the generator's factor. The layer takes the change of the factor:"
            " it would see 1.75 times as much."
        )
    if close(zoom, 0.25):
        return (
            "The right size, the wrong sign: a field of view below 1 magnifies, and the"
            " layer magnifies for negative numbers."
        )
    if not close(zoom, -0.25):
        return (
            "For the zoom: the layer takes the change of the field of view, 0.75 - 1."
        )


@exercise(
    "12-brightness",
    "1.4 * 100 = 140, but 100 + 0.4 * 255 = 202: one multiplies, the other adds a part"
    " of the whole range.",
)
def _(generator, layer):
    generator, layer = float(np.squeeze(generator)), float(np.squeeze(layer))
    if close(generator, 202) and close(layer, 140):
        return "The other way round: the generator multiplies, the layer adds."
    if close(generator, 240) or close(generator, 255):
        return "The generator multiplies by 1.4, not by 1 + 1.4."
    if not close(generator, 140):
        return "The first number: the generator multiplies the pixel by 1.4."
    if close(layer, 140):
        return "The layer does not multiply. It adds 0.4 of the whole range, 0 to 255."
    if close(layer, 100.4):
        return "0.4 counts in units of value_range: the layer adds 0.4 * 255."
    if not close(layer, 202):
        return "The second number: the layer adds 0.4 of the range from 0 to 255."


@exercise(
    "12-flip",
    "The axis of the width is the third one: batch[:, :, ::-1]. The pictures keep their"
    " order, and the channels theirs.",
)
def _(flip):
    batch = np.arange(2 * 3 * 4 * 3, dtype=float).reshape(2, 3, 4, 3)
    answer = flip(batch.copy())
    if answer is ... or answer is None:
        return ...
    answer = np.asarray(answer)
    if answer.shape != batch.shape:
        return (
            f"The shape should stay (m, height, width, channels), here {batch.shape};"
            f" yours is {answer.shape}."
        )
    if np.array_equal(answer, batch):
        return "Nothing has moved. Run backwards along the axis of the width with ::-1."
    if np.array_equal(answer, batch[::-1]):
        return (
            "This reverses the order of the pictures. The first axis counts the"
            " pictures; the width is the third."
        )
    if np.array_equal(answer, batch[:, ::-1]):
        return (
            "This turns the pictures upside down: the second axis is the height. The"
            " width is the third."
        )
    if np.array_equal(answer, batch[..., ::-1]):
        return (
            "This exchanges the colours: the last axis holds the channels. The width is"
            " the third."
        )
    if np.array_equal(answer, batch[:, ::-1, ::-1]):
        return (
            "This is half a turn: both height and width run backwards. Only the width"
            " should."
        )
    if not np.array_equal(answer, batch[:, :, ::-1]):
        return (
            "Let the third axis run backwards and leave the others alone: batch[:, :,"
            " ::-1]."
        )


@exercise(
    "12-updates",
    "900 updates in both arms: 90 epochs of 10, or 10 epochs of 90. With 90 epochs it"
    " would have nine times the training.",
)
def _(epochs):
    if close(epochs, 90):
        return (
            "With equal epochs the arm with copies makes nine times as many updates."
            " Then you could not say what helped."
        )
    if close(epochs, 90 / 8):
        return (
            "The set has the originals and 8 copies of each: nine times as large, not"
            " eight times."
        )
    if close(epochs, 810):
        return "The other way round: its epochs are longer, so it needs fewer."
    if close(epochs, 900):
        return (
            "These are the updates of the plain arm. How many updates has one epoch of"
            " the arm with copies?"
        )
    if not close(epochs, 10):
        return (
            "Plain: 90 epochs of 500/50 updates. With copies an epoch has 9 * 500/50"
            " updates. How many of those make the same sum?"
        )


@exercise(
    "12-split",
    "1 - 0.2^5 = 0.9997: the five relatives would all have to land in validation too."
    " Split first, then copy.",
)
def _(p):
    if close(p, 0.8):
        return "This is the probability for one relative. There are five."
    if close(p, 1 - 0.2**6, rtol=1e-5):
        return (
            "Nearly: the picture itself is in validation. It has five relatives, not"
            " six."
        )
    if close(p, 0.8**5):
        return (
            "This is the probability that all five are in the training set. At least"
            " one is enough."
        )
    if close(p, 0.2**5) or close(p, 0.2**6):
        return (
            "This is the probability that none is in the training set. Take the"
            " opposite."
        )
    if close(p, 4):
        return (
            "4 is the expected number of relatives in the training set. A probability"
            " is at most 1."
        )
    if close(p, 100 * (1 - 0.2**5)):
        return "Right, in percent. Give a number between 0 and 1."
    if not close(p, 1 - 0.2**5, rtol=3e-5):
        return (
            "None of the five relatives in training: 0.2 to the fifth power. At least"
            " one: the opposite. Give all four decimals, or the formula."
        )
