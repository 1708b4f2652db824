"""Where replicas start: weights and random layers' seeds from each replica's seed, and
its order of the data."""

import functools
import json
import random

import numpy as np

from .limits import layers_of


def data_order(seed, epoch, m):
    """The order in which the replica of `seed` sees the m samples in an epoch (from 0):
    shape (m,)."""
    return np.random.default_rng([seed, epoch]).permutation(m)


def initial_weights(build_model, seeds):
    """Initial values of a model's variables for every seed.

    Each variable is drawn again by its layer's own initializer, seeded by the replica's
    seed and the variable's place: far faster than building R models. Where the
    initializer cannot be found, or does not give the value that the model has, the
    model is built once for each seed after all.

    Parameters
    ----------
    build_model : callable
        Takes nothing, returns a built Keras model.
    seeds : list of int

    Returns
    -------
    list of array
        For ``model.weights``, each of shape (R, ...).
    """
    return weights_like(build_model(), build_model, seeds)


def weights_like(model, build_model, seeds):
    """`initial_weights`, with the model that `build_model` returned just now."""
    owners = {
        id(variable): layer for layer in layers_of(model) for variable in layer.weights
    }
    stacks, unexplained = [], []
    for place, variable in enumerate(model.weights):
        value = np.asarray(variable)
        initializer = getattr(
            owners[id(variable)], f"{variable.name}_initializer", None
        )
        if _is_random(initializer) and np.array_equal(
            np.asarray(initializer(variable.shape, variable.dtype)), value
        ):
            stacks.append(
                _draws(initializer, tuple(variable.shape), variable.dtype)(
                    _numbers(seeds, place)
                ).numpy()
            )
        else:
            stacks.append(np.repeat(value[None], len(seeds), axis=0))
            if value.size and np.any(
                value != value.flat[0]
            ):  # neither random by a known rule nor constant
                unexplained.append(place)
    if unexplained:
        built = [_built_with(build_model, seed) for seed in seeds]
        for place in unexplained:
            stacks[place] = np.stack([weights[place] for weights in built])
    return stacks


def random_states(model, seeds):
    """Initial states of the model's random layers (dropout, noise, random images) for
    every seed.

    Returns
    -------
    dict
        From a variable's id to an array of shape (R, 2): what ``SeedGenerator(number)``
        begins with.
    """
    weights = {id(v) for v in model.weights}
    states = [v for v in model.non_trainable_variables if id(v) not in weights]
    return {
        id(v): (
            np.stack(
                [_numbers(seeds, len(weights) + place), np.zeros(len(seeds))], axis=1
            ).astype(v.dtype)
        )
        for place, v in enumerate(states)
    }


def _numbers(seeds, place):
    """A whole number below 2**31 for every seed: the seed of what stands at this
    place."""
    return np.array(
        [
            np.random.SeedSequence([seed, place]).generate_state(1)[0] >> 1
            for seed in seeds
        ],
        dtype=np.int64,
    )


def _is_random(initializer):
    import keras

    return (
        isinstance(initializer, keras.initializers.Initializer)
        and "seed" in initializer.get_config()
    )


def _draws(initializer, shape, dtype):
    """The compiled function that draws this initializer's values for an array of seeds;
    made once for each kind."""
    config = {**initializer.get_config(), "seed": None}
    try:
        return _compiled_draws(
            type(initializer), json.dumps(config, sort_keys=True), shape, dtype
        )
    except TypeError:  # a configuration that JSON cannot hold
        return _compiled_draws.__wrapped__(type(initializer), config, shape, dtype)


@functools.lru_cache(256)
def _compiled_draws(kind, config, shape, dtype):
    import keras
    import tensorflow as tf

    class Number(keras.random.SeedGenerator):
        """A seed that is known only when the compiled function runs: one number, as in
        ``seed=number``."""

        def __init__(self):
            pass

        def next(self, ordered=True):
            return tf.stack([self.number, 0])

    initializer = kind.from_config(
        json.loads(config) if isinstance(config, str) else config
    )
    initializer.seed = seed = Number()

    def draw(number):
        seed.number = number
        return tf.convert_to_tensor(initializer(shape, dtype))

    return tf.function(
        lambda numbers: tf.map_fn(draw, numbers, fn_output_signature=dtype),
        input_signature=[tf.TensorSpec((None,), tf.int64)],
        autograph=False,
    )


def _built_with(build_model, seed):
    """The weights of a model built while Python's generator, from which Keras draws its
    seeds, starts at `seed`."""
    state = random.getstate()
    random.seed(seed)
    try:
        return build_model().get_weights()
    finally:
        random.setstate(state)
