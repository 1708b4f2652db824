"""Exercises of notebook 00."""

from ..answers import Numbers
from ..checks import exercise

exercise(
    "00-parameters",
    "784 x 32 weights and 32 biases, then 32 x 10 weights and 10 biases: 25,450 numbers"
    " that training sets.",
)(
    Numbers(
        25450,
        {
            25408: "These are the weights. Each unit also has a bias.",
            25440: "The 10 biases of the output layer are missing.",
            25418: "The 32 biases of the hidden layer are missing.",
            25130: "The weights of the output layer are missing: 32 x 10, besides its"
            " 10 biases.",
            25120: "This is the first layer. The output layer has weights and biases"
            " too.",
            330: "This is the output layer. The first layer has weights and biases"
            " too.",
            826: "You added the sizes of the layers. Each unit has one weight for every"
            " unit of the layer before it.",
            784 * 32 * 10: "You multiplied all sizes. Weights join two layers: 784 x 32"
            " and 32 x 10, added.",
            25450 + 784: "The inputs are data, not units: they have no biases.",
            42: "These are the biases. Each unit also has one weight for every unit of"
            " the layer before it.",
        },
        "Count layer by layer: inputs x units weights, and one bias for each unit."
        " Or ask network.count_params().",
    )
)
