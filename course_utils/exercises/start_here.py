"""Exercises of notebook 00."""

from ..checks import close, exercise


@exercise(
    "00-parameters",
    "784 x 32 weights and 32 biases, then 32 x 10 weights and 10 biases: 25,450 numbers"
    " that training sets.",
)
def _(count):
    if close(count, 784 * 32 + 32 * 10):
        return "These are the weights. Each unit also has a bias."
    if close(count, 784 + 32 + 10):
        return (
            "You added the sizes of the layers. Each unit has one weight for every unit"
            " of the layer before it."
        )
    if not close(count, 25450):
        return (
            "Count layer by layer: inputs x units weights, and one bias for each unit."
            " Or ask network.count_params()."
        )
