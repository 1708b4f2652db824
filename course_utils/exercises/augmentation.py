"""Exercises of notebook 12."""

import numpy as np

from ..answers import Numbers, Parts, read
from ..checks import exercise

UNITS = Parts(
    {
        "Rotation": Numbers(
            1 / 8,
            {
                45.0: "45 is in degrees. The layer would read it as 45 full turns:"
                " divide by 360.",
                np.pi / 4: "That is in radians. The layer takes fractions of a full"
                " turn.",
                0.25: "Both tools go from -45 to 45 degrees: one number stands for plus"
                " and minus. So divide 45 by 360, not 90 by 360, nor 45 by 180.",
                (0.45, 0.5): "Divide 45 degrees by the 360 of a full turn.",
                8.0: "The other way round: 45 degrees are an eighth of a turn.",
            },
            "Which fraction of a full turn (360 degrees) are 45 degrees?",
        ),
        "Zoom": Numbers(
            -0.25,
            {
                0.75: "0.75 is the generator's factor. The layer takes the change of"
                " the factor: it would see 1.75 times as much.",
                0.25: "The right size, the wrong sign: a field of view below 1"
                " magnifies, and the layer magnifies for negative numbers.",
                -0.75: "The change of the field of view is 0.75 - 1.",
                1 / 3: "The field of view is 0.75 of the old one, not the picture 4/3"
                " times as large: the change is 0.75 - 1.",
                0.0: "0 leaves the picture as it is. The field of view becomes 0.75.",
            },
            "The layer takes the change of the field of view, 0.75 - 1.",
        ),
    }
)


def single(value):
    """One number for a range that has one: (v, v), and for a rotation also (-v, v)."""
    if isinstance(value, (tuple, list)) and len(value) == 2:
        low, high = value
        if isinstance(high, (int, float)) and (low == high or low == -high > -1):
            return high
    return value


@exercise(
    "12-units",
    "45 degrees are an eighth of a turn. A field of view of 0.75 is a change of -0.25,"
    " which magnifies.",
)
def _(*answer):
    if len(answer) == 1:
        (answer,) = answer
    if len(answer) == 2:
        answer = map(single, answer)
    return UNITS(*answer)


exercise(
    "12-brightness",
    "1.4 * 100 = 140, but 100 + 0.4 * 255 = 202: one multiplies, the other adds a part"
    " of the whole range.",
)(
    Parts(
        {
            "Generator": Numbers(
                140,
                {
                    240: "The generator multiplies by 1.4, not by 1 + 1.4.",
                    255: "The generator multiplies by 1.4: 255 would be white.",
                    101.4: "The generator does not add 1.4, it multiplies by it.",
                    (457, 202): "The generator multiplies the pixel. The layer adds a"
                    " part of the range.",
                    40: "This is the change. The pixel becomes 100 and that.",
                },
                "The generator multiplies the pixel by 1.4.",
            ),
            "Layer": Numbers(
                202,
                {
                    140: "The layer does not multiply. It adds 0.4 of the whole range,"
                    " 0 to 255.",
                    100.4: "0.4 counts in units of value_range: the layer adds 0.4 *"
                    " 255.",
                    102: "This is the change. The pixel becomes 100 and that.",
                    40: "The layer adds 0.4 * 255 to the 100, and does not multiply.",
                    (255, 242): "The layer adds 0.4 * 255 to the 100 itself: it stays"
                    " below white.",
                    202.4: "The range is from 0 to 255: 0.4 * 255, not 0.4 * 256.",
                },
                "The layer adds 0.4 of the range from 0 to 255.",
            ),
        },
        {(202, 140): "The other way round: the generator multiplies, the layer adds."},
    )
)


@exercise(
    "12-flip",
    "The axis of the width is the third one: batch[:, :, ::-1]. The pictures keep their"
    " order, and the channels theirs.",
    functions=1,
)
def _(flip):
    batch = np.arange(2 * 3 * 4 * 3, dtype=float).reshape(2, 3, 4, 3)
    answer = np.asarray(flip(batch))
    if answer.shape != batch.shape:
        return (
            f"The shape should stay (m, height, width, channels), here {batch.shape};"
            f" yours is {answer.shape}."
        )
    wrong = (
        (batch, "Nothing has moved. Run backwards along the width's axis with ::-1."),
        (
            batch[::-1],
            "This reverses the order of the pictures. The first axis counts the"
            " pictures; the width is the third.",
        ),
        (
            batch[:, ::-1],
            "This turns the pictures upside down: the second axis is the height. The"
            " width is the third.",
        ),
        (
            batch[..., ::-1],
            "This exchanges the colours: the last axis holds the channels. The width is"
            " the third.",
        ),
        (
            batch[:, ::-1, ::-1],
            "This is half a turn: both height and width run backwards. Only the width"
            " should.",
        ),
        (
            batch[:, :, ::-1, ::-1],
            "The width is right, but the channels run backwards too: the colours"
            " change.",
        ),
        (
            batch[::-1, :, ::-1],
            "The width is right, but the order of the pictures is reversed too.",
        ),
        (
            batch[::-1, ::-1, ::-1, ::-1],
            "Everything runs backwards here. Only the third axis, the width, should.",
        ),
        (
            np.roll(batch, 1, axis=2),
            "This shifts the columns in a circle. They should run backwards: ::-1.",
        ),
    )
    for mistake, hint in wrong:
        if np.array_equal(answer, mistake):
            return hint
    if not np.array_equal(answer, batch[:, :, ::-1]):
        return (
            "Let the third axis run backwards and leave the others alone: batch[:, :,"
            " ::-1]."
        )


exercise(
    "12-updates",
    "900 updates in both arms: 90 epochs of 10, or 10 epochs of 90. With 90 epochs it"
    " would have nine times the training.",
)(
    Numbers(
        10,
        {
            90: "With equal epochs the arm with copies makes nine times as many"
            " updates. Then you could not say what helped.",
            (90 / 8, 11): "The set has the originals and 8 copies of each: nine times"
            " as large, not eight times.",
            (810, 720): "The other way round: its epochs are longer, so it needs"
            " fewer.",
            900: "These are the updates of the plain arm. How many updates has one"
            " epoch of the arm with copies?",
            9: "9 is how many times larger the set is. How many of its epochs make 900"
            " updates?",
            80: "These are the updates of the copies in an epoch. The originals are in"
            " the set too, and epochs are asked for.",
        },
        "Plain: 90 epochs of 500/50 updates. With copies an epoch has 9 * 500/50"
        " updates. How many of those make the same sum?",
    )
)

exercise(
    "12-split",
    "1 - 0.2^5 = 0.9997: the five relatives would all have to land in validation too."
    " Split first, then copy.",
)(
    Numbers(
        1 - 0.2**5,
        {
            0.8: "This is the probability for one relative. There are five.",
            1 - 0.2**6: "Nearly: the picture itself is in validation. It has five"
            " relatives, not six.",
            1 - 0.2**4: "The family has six pictures, so the picture has five"
            " relatives, not four.",
            (0.8**5, 0.8**6): "This is the probability that all of them are in the"
            " training set. At least one is enough.",
            (0.2**5, 0.2**6): "This is the probability that none is in the training"
            " set. Take the opposite.",
            1 - 0.8**5: "0.8 is the probability of the training set: none of the five"
            " is in it with 0.2^5.",
            (4.0, 4.8): "This is the expected number of relatives in the training set."
            " A probability is at most 1.",
            100 * (1 - 0.2**5): "Right, in percent. Give a number between 0 and 1.",
            1.0: "It is not certain: all five may land in validation. Give four"
            " decimals, or the formula.",
        },
        "None of the five relatives in training: 0.2 to the fifth power. At least"
        " one: the opposite. Give all four decimals, or the formula.",
        digits=4,
    )
)


@exercise(
    "12-shift",
    "Each picture has its own two numbers, and nothing comes in again on the other"
    " side: this is RandomTranslation in whole pixels, with fill_mode='constant'.",
    functions=1,
)
def _(random_shift):
    for m, height, width, most in ((40, 9, 7, 2), (30, 6, 10, 3)):
        rng = np.random.default_rng(m)
        batch = rng.integers(1, 10, (m, height, width)).astype(float)
        before = batch.copy()
        moved = np.asarray(random_shift(batch, most, rng))
        if moved.shape != batch.shape:
            return (
                f"The shape should stay (m, height, width), here {batch.shape}; yours"
                f" is {moved.shape}."
            )
        if hint := shift_hint(before, moved, most):
            return hint


def slid(picture, down, right):
    """A picture moved by whole pixels, with 0 where nothing is left."""
    size = max(abs(down), abs(right))
    padded = np.pad(picture, size)
    rows, columns = (
        slice(size - step, size - step + n)
        for step, n in zip((down, right), picture.shape)
    )
    return padded[rows, columns]


def shift_hint(batch, moved, most):
    """What is wrong with pictures that should have been moved at random, or None."""
    steps = range(-most - 1, most + 2)
    every = [(down, right) for down in steps for right in steps]
    found = []
    for picture, result in zip(batch, moved):
        fits = [step for step in every if np.array_equal(slid(picture, *step), result)]
        if not fits:
            if any(
                np.array_equal(np.roll(picture, step, (0, 1)), result) for step in every
            ):
                return (
                    "What leaves a picture comes in again on its other side (np.roll"
                    " does so). It should be lost, and 0 come in."
                )
            return (
                "A picture came back that is not the old one, moved by whole pixels"
                f" from {-most} to {most} with 0 coming in."
            )
        found.append(fits[0])
    down, right = np.transpose(found)
    if not down.any() and not right.any():
        return "Nothing has moved: draw two numbers for each picture, and use them."
    if len(set(found)) == 1:
        return (
            "All pictures were moved in the same way: draw two numbers for each"
            " picture."
        )
    if not down.any() or not right.any():
        axis = "down" if right.any() else "right"
        return f"No picture was moved {axis}: there are two directions, each at random."
    if np.array_equal(down, right) or np.array_equal(down, -right):
        return "Both directions have the same number: draw two for each picture."
    low, high = (function([down, right]) for function in (np.min, np.max))
    if max(-low, high) > most:
        return f"Some pictures moved by more than {most} pixels, which was the most."
    if low >= 0 or high <= 0:
        return "Shifts should go both ways, up and down, left and right."
    if high < most or low > -most:
        return (
            f"No picture was moved by {most if high < most else -most}:"
            " rng.integers(a, b) leaves b out."
        )
    return None


@exercise(
    "12-turn",
    "Turned by 20 degrees a 7 is still a 7 for us, and hard for a net that has"
    " only seen upright ones: here augmentation can help.",
)
def _(*answer):
    angle = read(answer, [30])[0]
    if angle in (20, 30):  # on other machines the net may differ a little
        return None
    if angle in (0, 10):
        return (
            "There the net still reads most 7s. Put `which` at 7 and move the angle on"
            " until the first number in the title is below 50."
        )
    if 0 < angle < 1:
        return "Give the angle in degrees, as the slider does."
    if angle > 30:
        return (
            "There fewer than half are read as 7, but it was so before: look for the"
            " smallest such angle."
        )
    return "The slider goes in steps of 10 degrees: give one of them."
