"""Replicas against `fit`: the same weights, the same batches, the same end; and nothing
crosses between them."""

import os
import subprocess
import sys
from collections import OrderedDict

import keras
import numpy as np
import pytest
import tensorflow as tf

from course_utils import load_mnist
from course_utils.replicas import (
    Interrupted,
    ReplicaError,
    data_order,
    fit_replicas,
    initial_weights,
)

(X, Y), _ = load_mnist()
X, Y = (X[:420].reshape(420, -1) / 255).astype("float32"), Y[:420]
LOSS = "sparse_categorical_crossentropy"
COLUMNS = ["loss", "accuracy", "val_loss", "val_accuracy"]
SGD, Adam = keras.optimizers.SGD, keras.optimizers.Adam


def net(*extra, regularizer=None, units=10, output="softmax", **options):
    hidden = keras.layers.Dense(
        16, activation="relu", kernel_regularizer=regularizer, **options
    )
    return keras.Sequential(
        [
            keras.Input((784,)),
            hidden,
            *extra,
            keras.layers.Dense(units, activation=output),
        ]
    )


MODELS = {
    "plain": net,
    "L2": lambda: net(regularizer=keras.regularizers.L2(1e-2)),
    "batch normalization": lambda: net(keras.layers.BatchNormalization()),
    "max-norm": lambda: net(kernel_constraint=keras.constraints.MaxNorm(0.5)),
}
OPTIMIZERS = {
    "SGD": lambda: SGD(0.1),
    "momentum": lambda: SGD(0.05, momentum=0.9, nesterov=True),
    "Adam": lambda: Adam(1e-3),
    "schedule": lambda: Adam(
        keras.optimizers.schedules.ExponentialDecay(1e-3, 10, 0.9)
    ),
    "clip by value": lambda: SGD(0.1, clipvalue=1e-3),
    "AdamW": lambda: keras.optimizers.AdamW(1e-3, weight_decay=0.1),
}


def fit_alone(build, seeds, optimizer, epochs, batch_size=32, loss=LOSS, labels=Y):
    """The same by `fit`, one replica after the other: history (seeds, epochs, 4) and
    weights."""
    weights, histories, ends = initial_weights(build, seeds), [], []
    for k, seed in enumerate(seeds):
        model = build()
        model.set_weights([stack[k] for stack in weights])
        model.compile(optimizer(), loss, metrics=["accuracy"])
        rows = []
        for epoch in range(epochs):
            order = data_order(seed, epoch, len(X))
            found = model.fit(
                X[order],
                labels[order],
                batch_size=batch_size,
                shuffle=False,
                verbose=0,
                validation_data=(X[:100], labels[:100]),
            ).history
            rows.append([found[name][0] for name in COLUMNS])
        histories.append(rows)
        ends.append(model.get_weights())
    return np.array(histories), ends


@pytest.mark.parametrize(
    "build, optimizer",
    [
        *((name, "SGD") for name in MODELS),
        *(("plain", name) for name in OPTIMIZERS),
        ("batch normalization", "Adam"),
        ("L2", "momentum"),
    ],
)
def test_a_replica_follows_fit(build, optimizer):
    """56 updates, the last of each epoch on a smaller batch (420 = 13 * 32 + 4)."""
    seeds = [3, 7]
    runs = fit_replicas(
        MODELS[build],
        X,
        Y,
        seeds,
        OPTIMIZERS[optimizer](),
        LOSS,
        ["accuracy"],
        epochs=4,
        validation_data=(X[:100], Y[:100]),
    )
    history, ends = fit_alone(MODELS[build], seeds, OPTIMIZERS[optimizer], 4)
    assert np.allclose(
        runs.history[COLUMNS].to_numpy().reshape(2, 4, 4), history, atol=1e-4
    )
    for k, weights in enumerate(ends):
        assert all(
            np.allclose(stack[k], w, atol=1e-4)
            for stack, w in zip(runs.weights, weights)
        )
    assert np.allclose(
        runs.model(7).predict(X[:5], verbose=0), runs.predict(X[:5])[1], atol=1e-6
    )


@pytest.mark.parametrize(
    "loss, units, output, labels",
    [
        ("binary_crossentropy", 1, "sigmoid", (Y >= 5).astype("float32")),
        ("mean_squared_error", 1, "linear", Y.astype("float32")),
        ("mse", 1, "linear", Y.astype("float32")),
        ("categorical_crossentropy", 10, "softmax", np.eye(10, dtype="float32")[Y]),
        (keras.losses.SparseCategoricalCrossentropy(from_logits=True), 10, "linear", Y),
    ],
)
def test_every_kind_of_loss_and_label_follows_fit(loss, units, output, labels):
    def build():
        return net(units=units, output=output)

    runs = fit_replicas(
        build,
        X,
        labels,
        [1, 2],
        SGD(0.01),
        loss,
        ["accuracy"],
        epochs=2,
        validation_data=(X[:100], labels[:100]),
    )
    history, _ = fit_alone(
        build, [1, 2], lambda: SGD(0.01), 2, loss=loss, labels=labels
    )
    assert np.allclose(
        runs.history[COLUMNS].to_numpy().reshape(2, 2, 4), history, rtol=1e-4, atol=1e-4
    )


def dropout_net():
    return net(keras.layers.Dropout(0.5))


@pytest.mark.parametrize("build", [net, dropout_net])
def test_a_replica_alone_is_the_replica_among_others(build):
    alone, among = (
        fit_replicas(build, X, Y, seeds, SGD(0.1), LOSS, epochs=3)
        for seeds in ([5], [1, 5, 9])
    )
    assert np.allclose(
        alone.history["loss"], among.history.query("seed == 5")["loss"], atol=1e-5
    )
    assert all(
        np.allclose(a[0], b[1], atol=1e-5) for a, b in zip(alone.weights, among.weights)
    )


@pytest.mark.parametrize("build", [net, dropout_net])
def test_the_same_seeds_repeat_to_the_bit_and_others_differ(build):
    one, two = (
        fit_replicas(build, X, Y, range(3), Adam(1e-3), LOSS, epochs=2)
        for _ in range(2)
    )
    assert one.history.equals(two.history) and all(
        np.array_equal(a, b) for a, b in zip(one.weights, two.weights)
    )
    assert one.history["loss"].nunique() == 6


def test_dropout_drops_its_share_with_masks_of_its_own_for_every_replica_and_update():
    """A network that hands its input through dropout: the loss |output| counts what was
    dropped."""

    def build():
        layer = keras.layers.Dense(
            1, use_bias=False, kernel_initializer="ones", trainable=False
        )
        return keras.Sequential(
            [
                keras.Input((1000,)),
                keras.layers.Dropout(0.3),
                layer,
                keras.layers.Dense(1, use_bias=False, kernel_initializer="ones"),
            ]
        )

    ones = np.ones((40, 1000), dtype="float32")
    runs = fit_replicas(
        build,
        ones,
        np.zeros(40),
        range(5),
        SGD(0.0),
        "mean_absolute_error",
        epochs=2,
        batch_size=1,
        per_update=True,
    )
    sums = runs.updates["loss"].to_numpy()  # 1000 inputs, each 0 or 1 / 0.7
    assert len(sums) == 5 * 80 and len(np.unique(sums)) > 50
    assert abs(sums.mean() - 1000) < 4 * 1000 * np.sqrt(0.3 / 0.7 / 1000) / np.sqrt(400)
    assert sums.std() == pytest.approx(1000 * np.sqrt(0.3 / 0.7 / 1000), rel=0.15)
    table = runs.updates.pivot(index="update", columns="seed", values="loss")
    assert (
        table.nunique(axis=1).mean() > 4 and table.nunique(axis=0).min() > 20
    )  # every replica, every update
    assert np.all(runs.predict(ones[:1]) == 1000)  # no dropout when predicting


@pytest.mark.parametrize("kind", ["SGD", "Adam", "AdamW", "Ftrl"])
def test_learning_rates_are_each_replicas_own(kind):
    def optimizer(rate):
        return getattr(keras.optimizers, kind)(
            rate,
            **(
                dict(momentum=0.5)
                if kind == "SGD"
                else {}
                if kind == "Ftrl"
                else dict(weight_decay=0.1)
            ),
        )

    rates = [0.001, 0.01, 0.03]
    runs = fit_replicas(
        net, X, Y, [4, 5, 5], optimizer(1.0), LOSS, epochs=2, learning_rates=rates
    )
    for seed, rate in zip([4, 5, 5], rates):
        alone = fit_replicas(net, X, Y, [seed], optimizer(rate), LOSS, epochs=2)
        assert np.allclose(
            alone.history["loss"],
            runs.history.query("seed == @seed and learning_rate == @rate")["loss"],
            atol=1e-3,
        )
        assert np.allclose(
            alone.model(seed).get_weights()[0],
            runs.model(seed, rate).get_weights()[0],
            atol=1e-3,
        )
    with pytest.raises(KeyError, match="several replicas with seed 5"):
        runs.model(5)


def test_given_weights_and_the_state_of_one_run_start_the_next():
    first = fit_replicas(net, X, Y, [0, 1], SGD(0.1), LOSS, epochs=1)
    second = fit_replicas(
        net, X, Y, [0, 1], SGD(0.1), LOSS, epochs=1, weights=first.weights
    )
    for k, seed in enumerate([0, 1]):
        model = first.model(seed)
        model.compile(SGD(0.1), LOSS)
        order = data_order(seed, 0, len(X))
        model.fit(X[order], Y[order], shuffle=False, verbose=0)
        assert all(
            np.allclose(stack[k], w, atol=1e-5)
            for stack, w in zip(second.weights, model.get_weights())
        )


def test_several_sets_can_be_watched():
    sets = {"val": (X[:100], Y[:100]), "test": (X[100:350], Y[100:350])}
    both = fit_replicas(
        net, X, Y, [0, 1], SGD(0.1), LOSS, ["accuracy"], epochs=2, validation_data=sets
    ).history
    for name, data in sets.items():
        alone = fit_replicas(
            net,
            X,
            Y,
            [0, 1],
            SGD(0.1),
            LOSS,
            ["accuracy"],
            epochs=2,
            validation_data=data,
        ).history
        assert np.allclose(
            both[["loss", f"{name}_loss", f"{name}_accuracy"]],
            alone[["loss", "val_loss", "val_accuracy"]],
            atol=1e-6,
        )


def test_subsets_are_each_replicas_own_samples():
    subsets = np.stack(
        [np.random.default_rng(k).choice(len(X), 100, replace=False) for k in range(2)]
    )
    runs = fit_replicas(
        net, X, Y, [3, 7], SGD(0.1), LOSS, ["accuracy"], epochs=3, subsets=subsets
    )
    for seed, rows in zip([3, 7], subsets):
        alone = fit_replicas(
            net, X[rows], Y[rows], [seed], SGD(0.1), LOSS, ["accuracy"], epochs=3
        )
        assert np.allclose(
            alone.history[["loss", "accuracy"]],
            runs.history.query("seed == @seed")[["loss", "accuracy"]],
            atol=1e-5,
        )


@pytest.mark.parametrize("build", [net, dropout_net])
def test_each_epoch_may_have_its_own_batch_size_and_the_momentum_goes_on(build):
    sizes = [32, 32, 100, 420]
    runs = fit_replicas(
        build,
        X,
        Y,
        [3],
        SGD(0.05, momentum=0.9),
        LOSS,
        epochs=4,
        batch_size=sizes,
        per_update=True,
    )
    assert len(runs.updates) == 14 + 14 + 5 + 1
    if build is net:
        model = net()
        model.set_weights([stack[0] for stack in initial_weights(net, [3])])
        model.compile(SGD(0.05, momentum=0.9), LOSS)
        for epoch, size in enumerate(sizes):
            order = data_order(3, epoch, len(X))
            found = model.fit(
                X[order], Y[order], batch_size=size, shuffle=False, verbose=0
            ).history["loss"][0]
            assert runs.history["loss"][epoch] == pytest.approx(found, abs=1e-4)


def test_initial_weights_have_the_initializers_spread_and_hand_set_ones_stay():
    def build():
        model = net()
        model.layers[1].set_weights([np.ones((16, 10)), np.arange(10.0)])
        return model

    kernel, bias, second, by_hand = initial_weights(build, list(range(50)))
    assert (
        kernel.shape == (50, 784, 16)
        and np.abs(kernel).max() <= (limit := np.sqrt(6 / 800))
        and kernel.std() == pytest.approx(limit / 3**0.5, rel=0.01)
    )
    assert len({k.tobytes() for k in kernel}) == 50 and not bias.any()
    assert np.all(second == 1) and np.all(by_hand == np.arange(10))


def test_weights_of_a_layer_that_hides_its_initializer_differ_too():
    class Own(keras.layers.Layer):
        def build(self, shape):
            self.w = self.add_weight(
                shape=(shape[-1], 10), initializer="glorot_uniform", name="w"
            )

        def call(self, x):
            return x @ self.w

    def build():
        return keras.Sequential([keras.Input((784,)), Own()])

    one, two = (initial_weights(build, [1, 2, 3])[0] for _ in range(2))
    assert np.array_equal(one, two) and len({w.tobytes() for w in one}) == 3


def test_every_seed_and_epoch_has_an_order_of_its_own():
    orders = [data_order(seed, epoch, 50) for seed in range(5) for epoch in range(5)]
    assert all(sorted(order) == list(range(50)) for order in orders)
    assert len({order.tobytes() for order in orders}) == 25 and np.array_equal(
        orders[7], data_order(1, 2, 50)
    )


def test_history_and_updates_are_tidy():
    runs = fit_replicas(
        net,
        X,
        Y,
        [8, 2],
        "sgd",
        LOSS,
        ["accuracy"],
        epochs=3,
        batch_size=100,
        per_update=True,
    )
    assert runs.history.columns.tolist() == [
        "seed",
        "epoch",
        "loss",
        "accuracy",
    ] and runs.updates.columns.tolist() == ["seed", "update", "loss"]
    assert (
        runs.history["seed"].tolist() == [8] * 3 + [2] * 3
        and runs.history["epoch"].tolist() == [1, 2, 3] * 2
    )
    first = runs.updates.query("seed == 8 and update <= 5")[
        "loss"
    ].to_numpy()  # batches of 100, 100, 100, 100, 20
    assert runs.history["loss"][0] == pytest.approx(
        first @ [100, 100, 100, 100, 20] / 420, rel=1e-5
    )


def test_many_calls_say_nothing(capfd):
    for _ in range(
        6
    ):  # TensorFlow warns of retracing from the fifth call of a tf.function on
        fit_replicas(
            lambda: keras.Sequential(
                [keras.Input((784,)), keras.layers.Dense(10, activation="softmax")]
            ),
            X,
            Y,
            [0, 1],
            "sgd",
            LOSS,
        )
    assert "retracing" not in "".join(capfd.readouterr())


@pytest.mark.parametrize(
    "metric",
    [
        "mae",
        "mean_absolute_error",
        "MeanAbsoluteError",
        keras.metrics.MeanAbsoluteError(name="mae"),
    ],
)
def test_metrics_go_by_name_or_object(metric):
    runs = fit_replicas(
        lambda: net(units=1, output="linear"),
        X,
        Y.astype("float32"),
        [1, 2],
        SGD(0.0),
        "mae",
        [metric],
    )
    assert np.allclose(runs.history["loss"], runs.history.iloc[:, 3], rtol=1e-5)


def test_an_optimizer_object_is_left_untouched():
    optimizer = SGD(0.1, momentum=0.9)
    fit_replicas(net, X, Y, [0], optimizer, LOSS)
    assert not optimizer.variables or int(optimizer.iterations) == 0


def test_an_interruption_stops_and_leaves_what_was_learned(monkeypatch):
    monkeypatch.setattr(
        "course_utils.replicas.training.FIRST_UPDATES", 14
    )  # one epoch in a call

    def order(seed, epoch, m):
        if epoch == 2:
            raise KeyboardInterrupt
        return data_order(seed, epoch, m)

    monkeypatch.setattr("course_utils.replicas.fit.data_order", order)
    monkeypatch.setattr(
        "course_utils.replicas.training.CALL_SECONDS", 0
    )  # the next calls do one update
    with pytest.raises(
        Interrupted, match="after 1 of 5 epochs|after 2 of 5 epochs"
    ) as stopped:
        fit_replicas(net, X, Y, [0, 1], "sgd", LOSS, epochs=5, per_update=True)
    runs, done = stopped.value.runs, int(str(stopped.value).split()[2])
    assert (
        isinstance(stopped.value, KeyboardInterrupt)
        and runs.history["epoch"].tolist() == [*range(1, done + 1)] * 2
    )
    again = fit_replicas(net, X, Y, [0, 1], "sgd", LOSS, epochs=2)
    assert np.allclose(
        again.history["loss"][:done], runs.history["loss"][:done]
    ) and all(map(np.allclose, again.weights, runs.weights))


def test_short_calls_and_parts_of_epochs_give_the_same(monkeypatch):
    whole = fit_replicas(
        net,
        X,
        Y,
        [0, 1],
        Adam(1e-3),
        LOSS,
        ["accuracy"],
        epochs=3,
        validation_data=(X[:100], Y[:100]),
        per_update=True,
    )
    monkeypatch.setattr("course_utils.replicas.training.FIRST_UPDATES", 5)
    monkeypatch.setattr(
        "course_utils.replicas.training._loops", OrderedDict()
    )  # the pace is not known
    parts = fit_replicas(
        net,
        X,
        Y,
        [0, 1],
        Adam(1e-3),
        LOSS,
        ["accuracy"],
        epochs=3,
        validation_data=(X[:100], Y[:100]),
        per_update=True,
    )
    assert np.allclose(whole.history, parts.history, atol=1e-5) and np.allclose(
        whole.updates, parts.updates, atol=1e-5
    )


def test_replicas_on_one_core_are_those_on_three(monkeypatch):
    """Groups side by side, the last one filled up with a copy."""
    runs = []
    for cores in (1, 3):
        monkeypatch.setattr("course_utils.replicas.training._cores", lambda: cores)
        runs.append(
            fit_replicas(
                dropout_net, X, Y, range(4), SGD(0.1), LOSS, ["accuracy"], epochs=2
            )
        )
    assert np.allclose(runs[0].history, runs[1].history, atol=1e-5) and all(
        map(np.allclose, runs[0].weights, runs[1].weights)
    )


def test_a_second_call_traces_nothing(monkeypatch):
    def build():
        return keras.Sequential(
            [
                keras.Input((784,)),
                keras.layers.Dense(7, "relu"),
                keras.layers.Dense(10, "softmax"),
            ]
        )

    first = fit_replicas(build, X, Y, [0, 1], Adam(1e-3), LOSS, ["accuracy"], epochs=2)
    monkeypatch.setattr("tensorflow.vectorized_map", None)
    second = fit_replicas(
        build, X[::-1], Y[::-1], [7, 8], Adam(1e-2), LOSS, ["accuracy"], epochs=3
    )
    assert second.history["loss"].iloc[-1] < first.history["loss"].min()
    for change in (
        dict(metrics=[]),
        dict(loss=keras.losses.SparseCategoricalCrossentropy()),
        dict(optimizer=Adam(1e-3, beta_1=0.5)),
        dict(build_model=lambda: net(units=10)),
        dict(metrics=["accuracy", lambda y, y_hat: y_hat]),
    ):
        with pytest.raises(
            TypeError, match="not callable"
        ):  # another training: compiled anew
            fit_replicas(
                **{
                    **dict(
                        build_model=build,
                        x=X,
                        y=Y,
                        seeds=[0, 1],
                        optimizer=Adam(1e-3),
                        loss=LOSS,
                        metrics=["accuracy"],
                    ),
                    **change,
                }
            )


def test_functions_of_ones_own_are_asked_anew():
    """A loss that reads a global which changes between two calls."""
    factor = [1.0]

    def loss(y, y_hat):
        return factor[0] * keras.ops.mean((y - y_hat) ** 2)

    def build():
        return net(units=1, output="linear")

    one = fit_replicas(build, X, Y.astype("float32"), [0], SGD(0.0), loss).history[
        "loss"
    ][0]
    factor[0] = 3.0
    assert fit_replicas(build, X, Y.astype("float32"), [0], SGD(0.0), loss).history[
        "loss"
    ][0] == pytest.approx(3 * one, rel=1e-5)


def own_parts(size):
    """Layers that hold something of one's own, which their configuration does not
    tell."""

    class Layer(keras.layers.Layer):
        def call(self, x):
            return size * x

    class Constraint(keras.constraints.Constraint):
        def __call__(self, w):
            return w * size

    class Regularizer(keras.regularizers.Regularizer):
        def __call__(self, w):
            return size * keras.ops.sum(w * w)

    return {
        "layer": [Layer()],
        "lambda": [keras.layers.Lambda(lambda x: size * x)],
        "activation": [keras.layers.Dense(10, activation=lambda x: size * x)],
        "constraint": [keras.layers.Dense(10, kernel_constraint=Constraint())],
        "regularizer": [keras.layers.Dense(10, kernel_regularizer=Regularizer())],
    }


@pytest.mark.parametrize("part", list(own_parts(1)))
def test_parts_of_ones_own_are_asked_anew(part):
    """Classes and functions of the same name that do something else: no loop of an
    earlier call may be used."""
    losses = {
        fit_replicas(
            lambda: net(*own_parts(size)[part]),
            X[:64],
            Y[:64],
            [0, 1],
            SGD(0.1),
            LOSS,
            epochs=2,
        )
        .history["loss"]
        .iloc[1]
        for size in (0.5, 0.9)
    }
    assert len(losses) == 2


def test_weights_left_out_of_the_decay_are_no_setting_of_an_earlier_call():
    """`exclude_from_weight_decay` is not in an optimizer's get_config."""
    ends = []
    for names in ([], ["bias"], ["kernel"]):
        optimizer = keras.optimizers.AdamW(1e-3, weight_decay=5.0)
        if names:
            optimizer.exclude_from_weight_decay(var_names=names)
        ends.append(
            fit_replicas(net, X[:64], Y[:64], [0, 1], optimizer, LOSS).weights[0]
        )
    assert np.allclose(ends[0], ends[1], atol=1e-3) and not np.allclose(
        ends[0], ends[2], atol=1e-3
    )


GROWTH = """
import os, keras, numpy as np, psutil
from course_utils import fit_replicas

x = np.random.default_rng(0).normal(size=(40, 5)).astype("float32")
sizes = []
for k in range(200):
    build = lambda: keras.Sequential(
        [keras.Input((5,)), keras.layers.Dense(4, "relu"), keras.layers.Dense(1)]
    )
    runs = fit_replicas(
        build,
        x,
        x[:, :1],
        range(k, k + 4),
        keras.optimizers.Adam(0.001 * (1 + k % 3)),
        "mse",
        ["mae"],
        epochs=2,
        validation_data=(x, x[:, :1]),
    )
    runs.predict(x)
    sizes.append(psutil.Process().memory_info().rss / 1e6)
print(max(sizes[50:]) - sizes[49])
"""


def test_two_hundred_calls_do_not_grow():
    found = subprocess.run(
        [sys.executable, "-c", GROWTH],
        capture_output=True,
        text=True,
        env={**os.environ, "TQDM_DISABLE": "1"},
    )
    assert float(found.stdout) < 20, found.stderr[-2000:]


class Forgetful(keras.optimizers.SGD):
    """One whose get_config leaves something out."""

    def __init__(self, factor=1.0, **options):
        super().__init__(**options)
        self.factor = factor


@pytest.mark.parametrize(
    "change, message",
    [
        (dict(learning_rates=[0.1]), "one rate above 0 for each of the 2 replicas"),
        (
            dict(learning_rates=[0.1, 0.0]),
            "one rate above 0 for each of the 2 replicas",
        ),
        (
            dict(
                learning_rates=[0.1, 0.2],
                optimizer=SGD(keras.optimizers.schedules.CosineDecay(0.1, 5)),
            ),
            "constant rate",
        ),
        (dict(learning_rates=[0.1, 0.1], seeds=[1, 1]), "counted twice"),
        (dict(subsets=[[0, 1]]), r"shape \(2, n\)"),
        (dict(subsets=[[0.5], [1.0]]), "whole numbers"),
        (dict(subsets=[[0], [420]]), "from 0 to 419"),
        (dict(weights=[np.zeros((1, 784, 16))]), "first axis: the replicas"),
        (dict(batch_size=[32, 64]), "one for each of the 1 epochs"),
        (dict(batch_size=0), "at least 1"),
        (
            dict(build_model=lambda: keras.Sequential([keras.layers.Dense(10)])),
            "built Sequential or functional",
        ),
        (dict(x=X[:, :700]), "samples of shape .700,."),
        (dict(y=Y[:400]), "420 and 400"),
        (dict(seeds=[1, 1]), "must be different"),
        (dict(seeds=[]), "at least one"),
        (dict(epochs=0), "at least 1"),
        (dict(loss="hinge_of_doom"), "hinge_of_doom"),
        (dict(loss=len), "do not fit"),
        (dict(metrics=["acuracy"]), "acuracy"),
        (
            dict(
                metrics=[keras.metrics.F1Score()],
                y=np.eye(10)[Y],
                loss="categorical_crossentropy",
            ),
            "average it",
        ),
        (
            dict(loss=keras.losses.SparseCategoricalCrossentropy(reduction=None)),
            "average it",
        ),
        (
            dict(validation_data=(X, Y[:3])),
            r"validation x \(val\) and validation y \(val\)",
        ),
        (dict(validation_data=(X[:0], Y[:0])), "at least one"),
        (
            dict(validation_data=(X[:, :5], Y)),
            r"validation x \(val\) has samples of shape \(5,\)",
        ),
        (dict(validation_data=(X, Y, np.ones(420))), "sample weights"),
        (
            dict(validation_data=(X, Y + 10)),
            r"validation y \(val\) has labels from 10 to 19",
        ),
        (dict(seeds=5), r"such as range\(5\)"),
        (dict(seeds=[0.5, 1]), "whole numbers"),
        (dict(epochs=2.0), "epochs must be a whole number"),
        (dict(batch_size=32.0), "batch_size must be a whole number"),
        (dict(batch_size=[32.0]), "batch_size must be a whole number"),
        (dict(y=Y.astype(str)), "turn labels into numbers"),
        (dict(y=Y.astype("float32") * np.nan), "NaN"),
        (dict(x=X * np.inf), "NaN or infinite"),
        (dict(y=Y + 1), "labels from 1 to 10, but the model's 10 outputs"),
        (dict(y=Y.astype(int) - 1), "labels from -1 to 8"),
        (dict(y=None), "y must be one array"),
        (dict(x=[X, X]), "one input"),
        (dict(x={"a": X}), "one input"),
        (dict(x=tf.data.Dataset.from_tensors(X)), "Collect the set into arrays"),
        (dict(build_model=net()), "must be a function"),
        (
            dict(build_model=lambda: keras.Model((i := keras.Input((784,))), [i, i])),
            "2 outputs",
        ),
        (
            dict(
                build_model=lambda: keras.Model(
                    [(i := keras.Input((784,))), keras.Input((3,))],
                    keras.layers.Dense(10)(i),
                )
            ),
            "2 inputs",
        ),
        (
            dict(
                build_model=lambda: keras.Sequential(
                    [keras.Input((784,)), keras.layers.Softmax()]
                )
            ),
            "no trainable weights",
        ),
        (dict(build_model=lambda: net(dtype="mixed_float16")), "computes in float16"),
        (
            dict(
                build_model=lambda: keras.Sequential(
                    [
                        keras.Input((784,)),
                        keras.layers.Reshape((28, 28)),
                        keras.layers.LSTM(3, dropout=0.1),
                        keras.layers.Dense(10),
                    ]
                )
            ),
            "The layer lstm.* draws its dropout",
        ),
        (
            dict(
                build_model=lambda: keras.Sequential(
                    [
                        keras.Input(batch_shape=(32, 784)),
                        keras.layers.Reshape((28, 28)),
                        keras.layers.LSTM(3, stateful=True),
                    ]
                )
            ),
            "stateful",
        ),
        (
            dict(
                build_model=lambda: keras.Sequential(
                    [
                        keras.Input((784,)),
                        keras.layers.SpectralNormalization(keras.layers.Dense(10)),
                    ]
                )
            ),
            "rewrites",
        ),
        (dict(optimizer="adamm"), "no optimizer 'adamm'"),
        (dict(optimizer=3), "no optimizer 3"),
        (
            dict(optimizer=keras.optimizers.LossScaleOptimizer(SGD())),
            "give the inner optimizer",
        ),
        (dict(optimizer=SGD(lambda: 0.1)), "use a LearningRateSchedule"),
        (dict(optimizer=Forgetful(3.0)), "leaves out factor"),
    ],
)
def test_what_cannot_be_trained_this_way_is_a_clear_error(change, message):
    with pytest.raises(ReplicaError, match=message):
        fit_replicas(
            **{
                **dict(
                    build_model=net, x=X, y=Y, seeds=[0, 1], optimizer="sgd", loss=LOSS
                ),
                **change,
            }
        )


def test_an_unknown_replica_is_named():
    runs = fit_replicas(net, X, Y, [0, 1], "sgd", LOSS)
    with pytest.raises(KeyError, match="no replica with seed 5"):
        runs.model(5)


def test_convolutions_follow_fit_too():
    images = X.reshape(-1, 28, 28, 1)[:64, ::2, ::2]

    def build():
        return keras.Sequential(
            [
                keras.Input((14, 14, 1)),
                keras.layers.Conv2D(4, 3, activation="relu"),
                keras.layers.MaxPooling2D(),
                keras.layers.Flatten(),
                keras.layers.Dense(10, activation="softmax"),
            ]
        )

    runs = fit_replicas(
        build, images, Y[:64], [0, 1], SGD(0.1), LOSS, epochs=2, batch_size=16
    )
    model = build()
    model.set_weights([stack[1] for stack in initial_weights(build, [0, 1])])
    model.compile(SGD(0.1), LOSS)
    losses = [
        model.fit(
            images[o], Y[:64][o], batch_size=16, shuffle=False, verbose=0
        ).history["loss"][0]
        for o in (data_order(1, e, 64) for e in (0, 1))
    ]
    assert np.allclose(runs.history.query("seed == 1")["loss"], losses, atol=1e-4)
