"""Exercises of notebook 14."""

from ..checks import close, exercise


@exercise(
    "14-pieces",
    "Each sample counts the same in the large batch: (40 + 80 + 120) / 100 = 2.4. Keras"
    " takes the plain mean of the pieces, 3, so the 20 samples of the last piece count"
    " twice as much as the others.",
)
def _(of_100, of_keras):
    if close(of_100, 3.0) and close(of_keras, 2.4):
        return (
            "The other way round: which of the two knows how many samples a piece has?"
        )
    if close(of_100, 3.0):
        return (
            "(a) 3 is the plain mean of the pieces. The last piece has only 20 samples:"
            " weigh each piece by its number."
        )
    if close(of_100, 240.0):
        return "(a) 240 is the sum over all samples. The loss is a mean: divide by 100."
    if close(of_100, 9.0):
        return (
            "(a) 9 is the sum of the three means. Weigh each by its samples, and divide"
            " by 100."
        )
    if not close(of_100, 2.4):
        return (
            "(a) Each mean stands for 40, 40 and 20 samples: (40 * 1 + 40 * 2 + 20 * 6)"
            " / 100."
        )
    if close(of_keras, 2.4):
        return (
            "(b) Keras does not see how many samples were in a mini-batch: it adds up"
            " the three gradients and divides by 3."
        )
    if close(of_keras, 9.0):
        return "(b) 9 is the sum. Keras divides it by the number of mini-batches."
    if not close(of_keras, 3.0):
        return "(b) Keras takes the plain mean over the three mini-batches."


@exercise(
    "14-memory",
    "16 GB - 16 bytes * 100 million = 14.4 GB are left, and a sample takes 4 bytes * 50"
    " million = 0.2 GB: 72 samples. In practice less fits, since the library needs"
    " memory of its own.",
)
def _(batch):
    if close(batch, 80):
        return (
            "You left out the parameters: with Adam they take 16 bytes each, whatever"
            " the batch."
        )
    if close(batch, 78):
        return (
            "A parameter takes more than its own 4 bytes: its gradient, and Adam's two"
            " moments."
        )
    if close(batch, 76):
        return (
            "Adam keeps two moments for each parameter, besides the parameter and its"
            " gradient: 16 bytes."
        )
    if close(batch, 74):
        return (
            "12 bytes for a parameter: one of these is missing: itself, its gradient,"
            " Adam's two moments."
        )
    if close(batch, 288) or close(batch, 320):
        return "50 million activations are 200 MB: each takes 4 bytes."
    if close(batch, 64):
        return (
            "64 fits, and powers of two are a custom, not a law. How many samples fit"
            " at most?"
        )
    if not close(batch, 72):
        return (
            "First take 16 bytes for each parameter off the 16e9. Then divide the rest"
            " by the bytes of one sample's activations."
        )


@exercise(
    "14-noise",
    "g = 0.1 * 19 = 1.9. For the rate 0.3, N/B - 1 = 1.9/0.3 = 6.33, so B = 1000/7.33 ="
    " 136. Three times the batch, 150, is only what the approximation for B much"
    " smaller than N says.",
)
def _(g, batch):
    if close(g, 2.0):
        return "(a) 2 is the approximation epsilon N / B. The full formula has a -1."
    if close(g, 19.0):
        return "(a) N/B - 1 is 19. Multiply it by the rate."
    if not close(g, 1.9):
        return "(a) g = epsilon (N / B - 1), with epsilon = 0.1, N = 1000 and B = 50."
    if close(batch, 150):
        return (
            "(b) 150 keeps epsilon N / B. With the -1, solve 0.3 (1000 / B - 1) = 1.9."
        )
    if close(batch, 158):
        return (
            "(b) You solved 0.3 * 1000 / B = 1.9: the -1 is missing. 1000 / B = 1.9 /"
            " 0.3 + 1."
        )
    if close(batch, 17) or close(batch, 16):
        return (
            "(b) A larger rate makes more noise, so the batch has to grow, not to"
            " shrink."
        )
    if not close(batch, 136):
        return "(b) Solve 0.3 (1000 / B - 1) = 1.9 for B, and round."


@exercise(
    "14-updates",
    "400 updates a pass: 30 * 400 = 12,000 against 10 * (400 + 80 + 16) = 4,960.",
)
def _(rate, batch):
    if close(rate, 4960) and close(batch, 12000):
        return (
            "The other way round: lowering the rate does not change the number of"
            " updates."
        )
    if close(rate, 400):
        return "400 are the updates of one pass. There are 30 passes."
    if not close(rate, 12000):
        return (
            "With the rate divided, batches stay at 125: 30 passes of 50,000 / 125"
            " updates."
        )
    if close(batch, 2400):
        return (
            "2,400 would be batches of 625 all the time. The first ten passes have 125,"
            " the last ten 3,125."
        )
    if close(batch, 8800):
        return (
            "The batch is multiplied by 5 twice: the last ten passes have batches of"
            " 3,125."
        )
    if close(batch, 5600):
        return (
            "Multiplied by 5 at 10 passes, and by 5 again at 20: 125, 625, 3,125, ten"
            " passes each."
        )
    if close(batch, 496):
        return "400 + 80 + 16 is one pass of each. There are ten."
    if not close(batch, 4960):
        return (
            "Ten passes each with batches of 125, 625 and 3,125: how many updates does"
            " a pass make with each?"
        )
