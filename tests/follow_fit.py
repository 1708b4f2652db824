"""The reference for replicas: the same networks, one after the other, by `fit` itself."""

import keras
import numpy as np

from course_utils.replicas import data_order, fit_replicas
from course_utils.replicas.starts import random_states, weights_like


def fit_alone(build, x, y, seed, optimizer, loss, metrics, epochs, batch_size, validation_data):
    """One replica by `fit`: its history and its last weights. Weights, random layers' seeds and batches are the replica's."""
    model = build()
    model.set_weights([stack[0] for stack in weights_like(model, build, [seed])])
    states = random_states(model, [seed])
    for variable in model.non_trainable_variables:
        if id(variable) in states:
            variable.assign(states[id(variable)][0])
    model.compile(optimizer, loss, metrics=metrics)

    def batches():
        for epoch in range(epochs):
            order = data_order(seed, epoch, len(x))
            for i in range(0, len(x), batch_size):
                yield x[order[i : i + batch_size]], y[order[i : i + batch_size]]

    steps = -(-len(x) // batch_size)
    history = model.fit(batches(), epochs=epochs, steps_per_epoch=steps, verbose=0, validation_data=validation_data, validation_batch_size=batch_size)
    return history.history, model.get_weights()


def assert_follows_fit(build, x, y, optimizer, loss, metrics=(), epochs=3, batch_size=8, seeds=(3, 7, 11), atol=2e-5):
    """Replicas against `fit`: every column of the history, and all weights; `optimizer` makes a new one."""
    held_out = x[: len(x) // 3], y[: len(x) // 3]
    runs = fit_replicas(build, x, y, seeds, optimizer(), loss, metrics, epochs, batch_size, held_out)
    for k, seed in [(0, seeds[0]), (len(seeds) - 1, seeds[-1])]:
        history, weights = fit_alone(build, x, y, seed, optimizer(), loss, list(metrics), epochs, batch_size, held_out)
        own = runs.history.query("seed == @seed")
        assert set(history) == set(own.columns) - {"seed", "epoch"}
        for name, values in history.items():
            np.testing.assert_allclose(own[name], values, rtol=1e-4, atol=atol, err_msg=f"{name}, seed {seed}")
        for variable, stack, alone in zip(build().weights, runs.weights, weights):
            np.testing.assert_allclose(stack[k], alone, rtol=1e-4, atol=atol, err_msg=f"{variable.path}, seed {seed}")
    np.testing.assert_allclose(runs.predict(x[:3])[-1], runs.model(seeds[-1]).predict(x[:3], verbose=0), rtol=1e-4, atol=atol)
    return runs
