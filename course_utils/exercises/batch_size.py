"""Exercises of notebook 14."""

import numpy as np

from ..answers import Numbers, Parts, read
from ..checks import close, exercise

exercise(
    "14-pieces",
    "Each sample counts the same in the large batch: (40 + 80 + 120) / 100 = 2.4. Keras"
    " takes the plain mean of the pieces, 3, so the 20 samples of the last piece count"
    " twice as much as the others.",
)(
    Parts(
        {
            "(a)": Numbers(
                2.4,
                {
                    3.0: "3 is the plain mean of the pieces. The last piece has only 20"
                    " samples: weigh each piece by its number.",
                    240.0: "240 is the sum over all samples. The loss is a mean: divide"
                    " by 100.",
                    9.0: "9 is the sum of the three means. Weigh each by its samples,"
                    " and divide by 100.",
                    (80.0, 2.0): "Divide the sum over all samples, 240, by the 100"
                    " samples.",
                    0.09: "The pieces are means already: multiply each by its number of"
                    " samples before you divide by 100.",
                },
                "Each mean stands for 40, 40 and 20 samples: (40 * 1 + 40 * 2 + 20 * 6)"
                " / 100.",
            ),
            "(b)": Numbers(
                3.0,
                {
                    2.4: "Keras does not see how many samples were in a mini-batch: it"
                    " adds up the three gradients and divides by 3.",
                    9.0: "9 is the sum. Keras divides it by the number of pieces.",
                    6.0: "6 is the last piece alone. Keras adds up all three and"
                    " divides by 3.",
                    (80.0, 0.8): "Keras takes the three means as they are: it does not"
                    " weigh them.",
                },
                "Keras takes the plain mean over the three mini-batches.",
            ),
        },
        {
            (3.0, 2.4): "The other way round: which of the two knows how many samples a"
            " piece has?"
        },
    )
)


@exercise(
    "14-accumulate",
    "Each piece's mean counts as often as it has columns; the sum over all columns is"
    " divided once, at the end. Only one piece has to be in memory at a time.",
    functions=1,
)
def _(function):
    rng = np.random.default_rng(0)
    for m, size in ((12, 4), (10, 4), (5, 8), (7, 1)):
        W, widths = rng.normal(size=(2, 3)), []
        X, Y = rng.normal(size=(3, m)), rng.normal(size=(2, m))

        def mean_gradient(part, targets, W=W, widths=widths):
            widths.append(part.shape[1])
            return (W @ part - targets) @ part.T / part.shape[1]

        expected = (W @ X - Y) @ X.T / m
        answer = function(mean_gradient, X, Y, size)
        if hint := accumulate_hint(answer, expected, mean_gradient, X, Y, size):
            return hint
        if max(widths, default=0) > size:
            return (
                f"Right, but a piece of more than {size} columns was asked for: then"
                " it need not fit into memory."
            )


def accumulate_hint(answer, expected, mean_gradient, X, Y, size):
    if close(answer, expected):
        return None
    m = X.shape[1]
    starts = range(0, m, size)
    means = [
        mean_gradient(X[:, i : i + size], Y[:, i : i + size]).copy() for i in starts
    ]
    sizes = [min(size, m - i) for i in starts]
    whole = [mean for mean, own in zip(means, sizes) if own == size]
    for wrong, hint in (
        (sum(means), "This is the sum of the pieces' means: divide."),
        (
            sum(n * mean for n, mean in zip(sizes, means)),
            "This is the sum over all samples. The loss is a mean: divide by their"
            " number.",
        ),
        (
            np.mean(means, axis=0),
            f"With {m} columns in pieces of {size} the last piece is smaller: this is"
            " the plain mean. Weigh each piece by its columns.",
        ),
        (
            sum(size * mean for mean in means) / m,
            "The last piece is smaller: it counts with its own number of columns.",
        ),
        (
            np.mean(whole, axis=0) if whole else np.nan,
            f"With {m} columns in pieces of {size} the last, smaller piece is missing.",
        ),
        (means[-1], "This is the last piece alone: add the pieces up."),
        (means[0], "This is the first piece alone: add the pieces up."),
    ):
        if close(answer, wrong):
            return hint
    return (
        f"With {m} columns in pieces of at most {size} it is not the gradient of the"
        " whole batch. Sum the means of the pieces, each times its columns, and divide"
        " by all columns."
    )


exercise(
    "14-memory",
    "16 GB - 16 bytes * 100 million = 14.4 GB are left, and a sample takes 4 bytes * 50"
    " million = 0.2 GB: 72 samples. In practice less fits, since the library needs"
    " memory of its own.",
)(
    Numbers(
        72,
        {
            80: "You left out the parameters: with Adam they take 16 bytes each,"
            " whatever the batch.",
            78: "A parameter takes more than its own 4 bytes: its gradient, and Adam's"
            " two moments.",
            76: "Adam keeps two moments for each parameter, besides the parameter and"
            " its gradient: 16 bytes.",
            74: "12 bytes for a parameter: one of these is missing: itself, its"
            " gradient, Adam's two moments.",
            36: "The count has 4 bytes for an activation: you took 8, with a gradient"
            " besides. Only the parameters take 16 bytes.",
            (77, 77.9, 85, 85.9): "You took 2^30 bytes for a GB. Here 16 GB are 16 *"
            " 10^9 bytes.",
            18: "An activation takes 4 bytes, not 16: it has no moments.",
            (288, 320): "50 million activations are 200 MB: each takes 4 bytes.",
            (8, 8.9): "The parameters are there once, not once for each sample: take"
            " them off first, then divide.",
            64: "64 fits, and powers of two are a custom, not a law. How many samples"
            " fit at most?",
        },
        "First take 16 bytes for each parameter off the 16e9. Then divide the rest"
        " by the bytes of one sample's activations.",
    )
)

exercise(
    "14-sketch",
    "At 0.35 the sharp minimum's test loss is 0.49, at 0.4 it is 0.59. The flat one has"
    " 0.08 there: it pays a seventh for the same shift. All of it is a drawing: whether"
    " the two curves of a network are shifted so is another question.",
)(
    Parts(
        {
            "(a)": Numbers(
                0.4,
                {
                    0.35: "At 0.35 the sharp minimum's test loss is 0.49: not yet one"
                    " half.",
                    (0.45, 0.5, 0.55, 0.6): "It is above one half there, but it was so"
                    " before: move the slider back.",
                    0.59: "This is the test loss. The question is for the shift.",
                    0.3: "At 0.3 it is 0.39.",
                },
                "Move the slider step by step until the title says more than 0.50 for"
                " the sharp one.",
                digits=2,
            ),
            "(b)": Numbers(
                0.08,
                {
                    0.59: "This is the sharp minimum's test loss. The title has the"
                    " flat one's, too.",
                    0.06: "This is at a shift of 0.35.",
                    0.1: "This is at a shift of 0.45.",
                    0.04: "This is at a shift of 0.3.",
                    0.51: "This is the difference of the two.",
                },
                "Read the first number of the title at the shift of (a).",
                digits=1,
            ),
        }
    )
)


@exercise(
    "14-spread",
    "By g the rate is 0.04 * 31 / 3 = 0.41. That holds for small rates: at larger ones"
    " the cloud is a little wider than g says, so that about 0.35 is enough.",
)
def _(*answer):
    rate = float(read(answer, [0.35])[0])
    if 0.3 <= rate <= 0.45:
        return None
    for wrong, hint in (
        (0.04, "At the same rate the cloud is much smaller."),
        (0.09, "This is the spread. The question is for the rate."),
        (1.24, "This is g. The question is for the rate."),
    ):
        if abs(rate - wrong) < 0.005:
            return hint
    if rate < 0.3:
        return "With this rate the cloud of B = 16 is narrower: move the slider up."
    return "With this rate the cloud of B = 16 is wider: move the slider down."


exercise(
    "14-noise",
    "g = 0.1 * 19 = 1.9. For the rate 0.3, N/B - 1 = 1.9/0.3 = 6.33, so B = 1000/7.33 ="
    " 136. Three times the batch, 150, is only what the approximation for B much"
    " smaller than N says.",
)(
    Parts(
        {
            "(a)": Numbers(
                1.9,
                {
                    2.0: "2 is the approximation epsilon N / B. The full formula has a"
                    " -1.",
                    (19.0, 20.0): "N/B - 1 is 19. Multiply it by the rate.",
                    (190.0, 0.19): "g is epsilon times 19: 0.1 * 19.",
                },
                "g = epsilon (N / B - 1), with epsilon = 0.1, N = 1000 and B = 50.",
            ),
            "(b)": Numbers(
                136,
                {
                    150: "150 keeps epsilon N / B. With the -1, solve 0.3 (1000 / B -"
                    " 1) = 1.9.",
                    (158, 157): "You solved 0.3 * 1000 / B = 1.9: the -1 is missing."
                    " 1000 / B = 1.9 / 0.3 + 1.",
                    (16, 17): "A larger rate makes more noise, so the batch has to"
                    " grow, not to shrink.",
                    3000 / 22: "The formula is right. Round to the nearest whole"
                    " number.",
                    137: "Nearly: 136.36 is nearer to 136.",
                    130: "g is 1.9, not 2: 1000 / B = 1.9 / 0.3 + 1.",
                    (188, 187): "1000 / B - 1 = 1.9 / 0.3, so 1 is added to it, not"
                    " taken off.",
                    50: "The rate has grown, so the noise would grow too with the old"
                    " batch.",
                },
                "Solve 0.3 (1000 / B - 1) = 1.9 for B, and round.",
            ),
        }
    )
)

exercise(
    "14-updates",
    "400 updates a pass: 30 * 400 = 12,000 against 10 * (400 + 80 + 16) = 4,960.",
)(
    Parts(
        {
            "Rate divided": Numbers(
                12000,
                {
                    400: "400 are the updates of one pass. There are 30 passes.",
                    4000: "4,000 are ten passes. There are 30.",
                    3750: "30 passes of 50,000 / 125 updates: 125 are the samples of a"
                    " batch, not the updates.",
                    1_500_000: "These are samples. An update takes 125 of them.",
                },
                "With the rate divided, batches stay at 125: 30 passes of 50,000 / 125"
                " updates.",
            ),
            "Batch multiplied": Numbers(
                4960,
                {
                    2400: "2,400 would be batches of 625 all the time. The first ten"
                    " passes have 125, the last ten 3,125.",
                    (8800, 5600): "The batch is multiplied by 5 twice: 125, 625 and"
                    " 3,125, ten passes each.",
                    5200: "The third batch is 5 times the second one, 3,125, not 1,250"
                    " or 1,875.",
                    496: "400 + 80 + 16 is one pass of each. There are ten.",
                    12000: "Larger batches make fewer updates in a pass.",
                    480: "These are the updates of the last batch. The first ten passes"
                    " make 400 each.",
                    4800: "The last ten passes make updates too: 10 * 50,000 / 3,125.",
                },
                "Ten passes each with batches of 125, 625 and 3,125: how many updates"
                " does a pass make with each?",
            ),
        },
        {
            (4960, 12000): "The other way round: lowering the rate does not change the"
            " number of updates."
        },
    )
)
