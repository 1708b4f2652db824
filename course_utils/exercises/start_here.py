"""Exercises of notebook 00."""

from ..answers import Numbers, read
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


@exercise(
    "00-units",
    "One unit puts the ten digits on one line: about two in ten are right, twice as"
    " many as by guessing, where 32 units get nine of ten.",
)
def _(*answer):
    (share,) = read(answer, 0.22)
    if 0.14 <= share <= 0.35:
        return None
    if 14 <= share <= 35 or 140 <= share <= 350:
        return "Right as a count: give it as a share, from 0 to 1."
    if 0.65 <= share <= 0.86:
        return "This is the share that it gets wrong."
    if 0.86 < share <= 1:
        return "This is the network with 32 units: put 1 in their place, and run again."
    if 1.7 <= share <= 2.3:
        return "This is the loss. The share of right answers is the accuracy."
    if 0.05 <= share < 0.14:
        return "So many are right by guessing. Was the network trained (8 epochs)?"
    return "It is the number that the network's cell prints, with Dense(1) in it."


@exercise(
    "00-count",
    "A layer has a weight for each pair of units and a bias for each of its own: (units"
    " before + 1) x units, summed over the layers.",
    functions=1,
)
def _(count):
    for sizes in ([784, 32, 10], [3, 2], [5, 4, 3, 2]):
        pairs = list(zip(sizes, sizes[1:]))
        right = sum((before + 1) * units for before, units in pairs)
        weights = sum(before * units for before, units in pairs)
        (found,) = read([count(list(sizes))], right)
        if found == right:
            continue
        given = f"For {sizes} it gives {found:g}, and must give {right}."
        if found == weights:
            return f"{given} These are the weights: each unit has a bias, too."
        if found == weights + sum(sizes):
            return f"{given} The inputs are no units: they have no biases."
        if found == pairs[0][0] * pairs[0][1] + pairs[0][1]:
            return f"{given} This is the first layer: add up all of them."
        if found == sum(sizes) or found == sum(sizes[1:]):
            return f"{given} Each unit has a weight for every unit before it."
        if found == 25450:
            return f"{given} Use the sizes that the function is called with."
        if float(found).is_integer():
            return f"{given} Go through the pairs of neighbouring layers."
        return f"{given} Weights and biases are counted: whole numbers."
    return None
