"""Cyclical rates against the paper's formula in NumPy, under `fit` and as replicas; the
range test."""

import keras
import matplotlib.pyplot as plt
import numpy as np
import pytest

from course_utils import (
    CyclicalLearningRate,
    figures,
    fit_replicas,
    learning_rate_range_test,
)
from course_utils.replicas import data_order, initial_weights

RNG = np.random.default_rng(0)
X = RNG.normal(size=(80, 3)).astype("float32")
Y = (X @ [1, -2, 0.5] > 0).astype("float32")


def paper(t, base, top, s, policy, gamma):
    """Smith's formula, in float64."""
    cycle = np.floor(1 + t / (2 * s))
    x = np.abs(t / s - 2 * cycle + 1)
    scale = {
        "triangular": 1,
        "triangular2": 2.0 ** -(cycle - 1),
        "exp_range": gamma**t,
    }[policy]
    return base + (top - base) * np.maximum(0, 1 - x) * scale


def net():
    return keras.Sequential(
        [
            keras.Input((3,)),
            keras.layers.Dense(4, activation="tanh"),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )


@pytest.mark.parametrize(
    "policy, gamma", [("triangular", 1.0), ("triangular2", 1.0), ("exp_range", 0.99994)]
)
def test_every_update_has_the_papers_rate(policy, gamma):
    schedule = CyclicalLearningRate(0.001, 0.006, 2000, policy, gamma)
    t = np.arange(0, 70001)
    assert np.allclose(
        np.asarray(schedule(t)),
        paper(t, 0.001, 0.006, 2000, policy, gamma),
        rtol=1e-3,
        atol=1e-8,
    )
    assert float(schedule(2000)) == pytest.approx(
        paper(2000, 0.001, 0.006, 2000, policy, gamma), rel=1e-4
    )
    assert schedule(keras.ops.convert_to_tensor(3)).shape == ()


def test_corners_of_the_triangles():
    rate = CyclicalLearningRate(0.1, 0.5, 10, "triangular2")
    assert [round(float(rate(t)), 6) for t in (0, 5, 10, 20, 30, 40, 50)] == [
        0.1,
        0.3,
        0.5,
        0.1,
        0.3,
        0.1,
        0.2,
    ]
    late = CyclicalLearningRate(
        0.0, 1.0, 100
    )  # float32 has no digits left for t / s here
    assert float(late(20_000_050)) == pytest.approx(0.5)


def test_it_is_saved_with_the_optimizer(tmp_path):
    model = net()
    model.compile(
        keras.optimizers.SGD(CyclicalLearningRate(0.01, 0.1, 7, "exp_range", 0.9)),
        "mse",
    )
    model.fit(X, Y, verbose=0)
    model.save(tmp_path / "m.keras")
    loaded = keras.models.load_model(tmp_path / "m.keras").optimizer
    assert loaded.get_config() == model.optimizer.get_config()
    assert float(loaded.learning_rate) == pytest.approx(
        paper(3, 0.01, 0.1, 7, "exp_range", 0.9)
    )


@pytest.mark.parametrize("together", [1, 5])
def test_under_fit_each_update_uses_its_own_rate(together):
    """One weight, gradient 1: it falls by exactly the sum of the rates."""
    model = keras.Sequential(
        [
            keras.Input((1,)),
            keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros"),
        ]
    )
    model.compile(
        keras.optimizers.SGD(CyclicalLearningRate(0.1, 0.5, 4)),
        loss=lambda y, output: output,
        steps_per_execution=together,
    )
    model.fit(np.ones((30, 1)), np.ones(30), batch_size=1, verbose=0)
    assert model.get_weights()[0].item() == pytest.approx(
        -paper(np.arange(30), 0.1, 0.5, 4, "triangular", 1).sum(), rel=1e-5
    )


def test_under_gradient_accumulation_every_mini_batch_moves_the_rate():
    """20 mini-batches, 4 for each change of the weight: 5 changes, 20 steps of the
    rate; each change uses the rate of its last mini-batch."""
    model = keras.Sequential(
        [
            keras.Input((1,)),
            keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros"),
        ]
    )
    schedule = CyclicalLearningRate(0.1, 0.5, 40)
    optimizer = keras.optimizers.SGD(schedule, gradient_accumulation_steps=4)
    model.compile(optimizer, loss=lambda y, output: output)
    model.fit(np.ones((20, 1)), np.ones(20), batch_size=1, verbose=0)
    assert int(optimizer.iterations) == 5
    assert float(optimizer.learning_rate) == pytest.approx(0.1 + 0.4 * 20 / 40)
    used = paper(np.arange(3, 20, 4), 0.1, 0.5, 40, "triangular", 1)
    assert model.get_weights()[0].item() == pytest.approx(-used.sum(), rel=1e-5)


@pytest.mark.parametrize("step_size", [2000.0, np.int64(2000), np.float32(2000)])
def test_a_whole_step_size_may_be_of_any_type(step_size):
    schedule = CyclicalLearningRate(0.1, 0.5, step_size)
    assert schedule.get_config()["step_size"] == 2000
    assert type(schedule.step_size) is int


def test_a_replica_under_a_cycle_follows_fit():
    def optimizer():
        return keras.optimizers.SGD(
            CyclicalLearningRate(0.1, 1.0, 3, "triangular2"), momentum=0.9
        )

    runs = fit_replicas(net, X, Y, [0, 1], optimizer(), "mse", epochs=3, batch_size=20)
    model = net()
    model.set_weights([stack[1] for stack in initial_weights(net, [0, 1])])
    model.compile(optimizer(), "mse")
    for epoch in range(3):
        order = data_order(1, epoch, 80)
        model.fit(X[order], Y[order], batch_size=20, shuffle=False, verbose=0)
    assert all(
        np.allclose(stack[1], w, atol=1e-5)
        for stack, w in zip(runs.weights, model.get_weights())
    )


@pytest.mark.parametrize(
    "arguments, message",
    [
        ((0.1, 0.1, 5), "0 <= base_learning_rate < max"),
        ((-0.1, 0.1, 5), "0 <= base_learning_rate < max"),
        ((0.1, 0.2, 0), "whole and at least 1, not 0"),
        ((0.1, 0.2, 2.5), "whole and at least 1, not 2.5"),
        ((0.1, 0.2, True), "not True"),
        ((0.1, 0.2, float("nan")), "not nan"),
        ((0.1, 0.2, float("inf")), "not inf"),
        ((0.1, 0.2, "5"), "not '5'"),
        (
            (0.1, 0.2, 5, "triangle"),
            "'triangular' or 'triangular2' or 'exp_range', not 'triangle'",
        ),
        ((0.1, 0.2, 5, "exp_range", 1.5), "gamma"),
    ],
)
def test_a_wrong_parameter_is_one_sentence(arguments, message):
    with pytest.raises(ValueError, match=message):
        CyclicalLearningRate(*arguments)


@pytest.mark.parametrize("linear", [False, True])
def test_the_range_tests_rates_and_losses(linear):
    table = learning_rate_range_test(
        net, X, Y, [0, 1], "mse", 1e-3, 10.0, updates=30, batch_size=20, linear=linear
    )
    rates = np.linspace(1e-3, 10, 30) if linear else np.geomspace(1e-3, 10, 30)
    assert (
        table.columns.tolist() == ["seed", "update", "learning_rate", "loss"]
        and len(table) == 60
    )
    assert np.allclose(
        table.query("seed == 1")["learning_rate"], rates, rtol=1e-4, atol=2e-6
    )
    model = net()
    model.set_weights([stack[1] for stack in initial_weights(net, [0, 1])])
    model.compile(keras.optimizers.SGD(), "mse")
    order, found = data_order(1, 0, 80), []
    for rate, rows in zip(rates, np.split(order, 4)):
        model.optimizer.learning_rate = rate
        found.append(model.train_on_batch(X[rows], Y[rows]))
    assert np.allclose(table.query("seed == 1")["loss"][:4], found, rtol=1e-4)


def test_the_range_test_is_drawn_on_a_logarithmic_axis():
    axes = plt.figure().gca()
    table = learning_rate_range_test(
        net, X, Y, [0, 1], "mse", 1e-3, 1.0, updates=20, optimizer="adam"
    )
    figures.range_test(axes, table)
    (line,) = axes.lines
    assert axes.get_xscale() == "log" and np.allclose(
        line.get_xdata(), np.geomspace(1e-3, 1, 20), rtol=1e-4
    )
    assert np.allclose(line.get_ydata(), table.groupby("update")["loss"].mean())


@pytest.mark.parametrize("change", [dict(low=1.0), dict(low=0.0), dict(updates=1)])
def test_a_range_that_does_not_grow_is_an_error(change):
    with pytest.raises(ValueError, match="must grow"):
        learning_rate_range_test(
            net, X, Y, [0], "mse", **{**dict(low=0.1, high=1.0, updates=10), **change}
        )
