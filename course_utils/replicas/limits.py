"""What cannot be trained as replicas, and why: one sentence each, before anything is
trained."""

import numpy as np

from ..inputs import is_whole as _is_whole
from ..inputs import numbers, shown

SEEDS = 2**20  # seeds are below
UNLIKE_FIT = {
    "AugMix",
    "RandomElasticTransform",
}  # draw in ways that a replica cannot repeat (tried against `fit`)
BY_SHAPE = ("accuracy", "acc", "crossentropy", "ce")  # Keras looks at the labels


class ReplicaError(ValueError):
    """Something that cannot be trained as replicas; the message says what, and what to
    do."""


def check_seeds(seeds, rates):
    """The seeds as a list; ReplicaError unless they are whole numbers that tell the
    replicas apart."""
    try:
        seeds = list(seeds)
    except TypeError:
        raise ReplicaError(
            "seeds must be a sequence of whole numbers, such as range(5), not"
            f" {shown(seeds)}."
        ) from None
    if not seeds or not all(_is_whole(seed) and 0 <= seed < SEEDS for seed in seeds):
        raise ReplicaError(
            f"seeds must be whole numbers from 0 to {SEEDS - 1}, at least one."
        )
    rates = check_rates(rates, len(seeds))
    if len(set(zip(seeds, rates or [None] * len(seeds)))) != len(seeds):
        raise ReplicaError(
            "seeds must be different, or differ in their learning rate: two equal"
            " replicas would be counted twice."
        )
    return [int(seed) for seed in seeds], rates


def check_rates(rates, R):
    """The rates as a list of R floats, or None."""
    if rates is None:
        return None
    try:
        rates = np.asarray(rates, dtype=float)
    except (TypeError, ValueError):
        rates = np.zeros(0)
    if rates.shape != (R,) or not np.all((rates > 0) & np.isfinite(rates)):
        raise ReplicaError(
            f"learning_rates must have one rate above 0 for each of the {R} replicas."
        )
    return rates.tolist()


def check_counts(epochs, batch_size):
    """One batch size for each epoch."""
    if not _is_whole(epochs) or epochs < 1:
        raise ReplicaError(
            f"epochs must be a whole number of at least 1, not {shown(epochs)}."
        )
    sizes = [batch_size] * int(epochs) if np.ndim(batch_size) == 0 else list(batch_size)
    if not all(_is_whole(size) and size >= 1 for size in sizes):
        raise ReplicaError(
            "batch_size must be a whole number of at least 1 (or one for each epoch),"
            f" not {shown(batch_size)}."
        )
    if len(sizes) != epochs:
        raise ReplicaError(
            f"batch_size must be one number, or one for each of the {epochs} epochs,"
            f" not {len(sizes)}."
        )
    return [int(size) for size in sizes]


def check_model(model):
    """ReplicaError unless `model` is a built Sequential or functional model with one
    input, one output and something to learn."""
    import keras
    from keras.src.layers.rnn.dropout_rnn_cell import DropoutRNNCell
    from keras.src.models.functional import Functional

    if not isinstance(model, (keras.Sequential, Functional)) or not model.built:
        raise ReplicaError(
            "build_model must return a built Sequential or functional model (begin it"
            " with keras.Input)."
        )
    for kind, parts in (("input", model.inputs), ("output", model.outputs)):
        if len(parts) != 1:
            raise ReplicaError(
                "Replicas have one input and one output, but this model has"
                f" {len(parts)} {kind}s: fit it with `fit`."
            )
    if not model.trainable_variables:
        raise ReplicaError(
            "The model has no trainable weights, so there is nothing to train."
        )
    for layer in layers_of(model):
        if type(layer).__name__ in UNLIKE_FIT:
            raise ReplicaError(
                f"The layer {layer.name} ({type(layer).__name__}) draws in a way that"
                " replicas cannot repeat: take other random layers."
            )
        if layer.dtype_policy.compute_dtype == "float16":
            raise ReplicaError(
                f"The layer {layer.name} computes in float16, for which `fit` scales"
                " the loss step by step: replicas cannot. Use float32 or bfloat16."
            )
        if layer.dtype_policy.quantization_mode is not None:
            raise ReplicaError(
                f"The layer {layer.name} is quantized, which replicas cannot train: use"
                " a float dtype."
            )
        if isinstance(layer, DropoutRNNCell) and (
            layer.dropout or layer.recurrent_dropout
        ):
            raise ReplicaError(
                f"The layer {layer.name} draws its dropout inside its loop over time,"
                " where replicas would draw other numbers than `fit`: leave dropout"
                " and recurrent_dropout out, and put keras.layers.Dropout before it."
            )
        if getattr(layer, "stateful", False) and isinstance(layer, keras.layers.RNN):
            raise ReplicaError(
                f"The layer {layer.name} is stateful: replicas start every batch"
                " afresh. Leave out stateful=True."
            )


def check_build_model(build_model):
    """ReplicaError unless it is a function."""
    import keras

    if isinstance(build_model, keras.Model) or not callable(build_model):
        raise ReplicaError(
            "build_model must be a function that returns a new model each time it is"
            f" called, not a {type(build_model).__name__}: write `lambda:"
            " keras.Sequential([...])` or a def."
        )


def check_arrays(x, y, model, what=("x", "y")):
    """x and y as arrays that the model can take; floats as Keras's own
    (`keras.config.floatx`)."""
    x, y = (_array(part, name) for part, name in zip((x, y), what))
    if len(x) != len(y) or len(x) == 0:
        raise ReplicaError(
            f"{what[0]} and {what[1]} must have the same number of samples, at least"
            f" one: they have {len(x)} and {len(y)}."
        )
    return check_samples(x, model, what[0]), y


def check_samples(x, model, name="x"):
    """x as an array that the model can take."""
    x, wanted = _array(x, name), model.input_shape[1:]
    if len(wanted) != x.ndim - 1 or any(
        w not in (None, n) for w, n in zip(wanted, x.shape[1:])
    ):
        raise ReplicaError(
            f"{name} has samples of shape {x.shape[1:]}, but the model takes"
            f" {tuple(wanted)}."
        )
    return x


def check_held_out(validation_data, model):
    """The sets to watch: a dict from prefix to (x, y)."""
    if validation_data is None:
        return {}
    sets = (
        validation_data
        if isinstance(validation_data, dict)
        else {"val": validation_data}
    )
    checked = {}
    for name, data in sets.items():
        if not isinstance(data, (tuple, list)) or len(data) != 2:
            raise ReplicaError(
                "validation_data must be a pair (x, y), or a dict of pairs: "
                "sample weights and data sets of other kinds cannot be watched."
            )
        checked[name] = check_arrays(
            *data, model, (f"validation x ({name})", f"validation y ({name})")
        )
    return checked


def check_subsets(subsets, R, m):
    """Places of each replica's samples, (R, n), or None."""
    if subsets is None:
        return None
    try:
        subsets = np.asarray(subsets)
    except ValueError:  # rows of different lengths
        subsets = np.zeros(0)
    if (
        subsets.ndim != 2
        or len(subsets) != R
        or subsets.shape[1] == 0
        or not np.issubdtype(subsets.dtype, np.integer)
    ):
        raise ReplicaError(
            f"subsets must be whole numbers of shape ({R}, n): a row of places for each"
            f" seed, not {subsets.dtype} {subsets.shape}."
        )
    if subsets.min() < 0 or subsets.max() >= m:
        raise ReplicaError(
            f"subsets must be places from 0 to {m - 1}; they reach from {subsets.min()}"
            f" to {subsets.max()}."
        )
    return subsets.astype(np.int32)


def check_weights(weights, model, R):
    """Given start weights as arrays."""
    wanted = [(R, *v.shape) for v in model.weights]
    try:
        arrays = [numbers("weights", w, kinds="biuf") for w in weights]
    except (TypeError, ValueError):
        arrays = []
    if wanted != [array.shape for array in arrays]:
        raise ReplicaError(
            "weights must be arrays of numbers of the shapes"
            f" {wanted} (first axis: the replicas), not {shown(weights)}."
        )
    return arrays


def check_labels(y, loss, model, what="y"):
    """ReplicaError for class numbers that the output does not have (`fit` stops there,
    or computes NaN)."""
    import keras

    name = (
        loss
        if isinstance(loss, str)
        else getattr(loss, "__name__", None) or type(loss).__name__
    )
    if name.replace("_", "").lower() != "sparsecategoricalcrossentropy":
        return
    ignored, classes = getattr(loss, "ignore_class", None), model.output_shape[-1]
    if (
        getattr(loss, "axis", -1) not in (-1, len(model.output_shape) - 1)
        or keras.config.image_data_format() != "channels_last"
    ):
        return
    labels = y if ignored is None else y[y != ignored]
    if labels.size and (labels.min() < 0 or labels.max() >= classes):
        raise ReplicaError(
            f"{what} has labels from {labels.min()} to {labels.max()}, but the model's"
            f" {classes} outputs are the classes 0 to {classes - 1}."
        )


def check_loss(loss, find=None):
    """The loss that Keras knows by this name, or the function itself."""
    import keras

    try:
        found = (find or keras.losses.get)(loss)
    except (TypeError, ValueError, AttributeError):
        found = None
    if not callable(found):
        raise ReplicaError(
            "The loss and each of metrics must be a name that Keras knows, one of its"
            f" objects or a function, not {shown(loss)}."
        )
    return found


def check_metrics(metrics):
    """The metrics as a list."""
    import keras

    if not isinstance(metrics, (list, tuple)):
        raise ReplicaError(
            f"metrics must be a list, such as ['accuracy'], not {shown(metrics)}."
        )
    for metric in metrics:
        if not (isinstance(metric, str) and metric in BY_SHAPE):
            check_loss(metric, keras.metrics.get)
    return list(metrics)


def layers_of(layer):
    """A layer and all layers inside it."""
    return [layer, *layer._flatten_layers(include_self=False)]


def _array(part, name):
    import keras

    if type(part).__module__.startswith("tensorflow.python.data") or hasattr(
        part, "__next__"
    ):
        raise ReplicaError(
            f"{name} must be an array, not a {type(part).__name__}: every replica draws"
            " its own batches from it. Collect the set into arrays first."
        )
    if (
        part is None
        or isinstance(part, dict)
        or (
            isinstance(part, (list, tuple))
            and part
            and hasattr(part[0], "shape")
            and np.ndim(part[0])
        )
    ):
        raise ReplicaError(
            f"{name} must be one array: replicas have one input and one output."
        )
    try:
        part = np.asarray(part)
    except (ValueError, TypeError):
        part = np.zeros(0, object)
    if (
        part.ndim == 0
        or not (np.issubdtype(part.dtype, np.number) or part.dtype == bool)
        or np.iscomplexobj(part)
    ):
        raise ReplicaError(
            f"{name} must be an array of numbers, not of {part.dtype} {part.shape}:"
            " turn labels into numbers first."
        )
    if np.issubdtype(part.dtype, np.floating):
        if not np.all(np.isfinite(part)):
            raise ReplicaError(
                f"{name} has values that are NaN or infinite: every replica would learn"
                " NaN. Repair the data first."
            )
        part = part.astype(keras.config.floatx(), copy=False)
    return part
