"""Replicas against `fit`: the same weights, the same batches, the same end; and nothing
crosses between them."""

import functools
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
    limits,
    training,
)

(X, Y), _ = load_mnist()
X, Y = (X[:420].reshape(420, -1) / 255).astype("float32"), Y[:420]
WATCHED = X[:100], Y[:100]
LOSS = "sparse_categorical_crossentropy"
COLUMNS = ["loss", "accuracy", "val_loss", "val_accuracy"]
SGD, Adam = keras.optimizers.SGD, keras.optimizers.Adam
AdamW = keras.optimizers.AdamW


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


def decayed(rate):
    optimizer = AdamW(rate, weight_decay=1.0)
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    return optimizer


# A first call costs seconds, a further one of the same kind and shapes nearly nothing:
# the tests below share these.
CASES = {
    "plain": dict(build=net),
    "max-norm, momentum, clipping": dict(
        build=lambda: net(
            units=1,
            output="sigmoid",
            kernel_constraint=keras.constraints.MaxNorm(0.5),
        ),
        optimizer=lambda: SGD(0.05, momentum=0.9, nesterov=True, clipvalue=1e-3),
        loss="binary_crossentropy",
        labels=(Y >= 5).astype("float32"),
        batch_size=105,
        epochs=3,
        watched=False,
    ),
    "batch normalization, L2, Adam with a schedule": dict(
        build=lambda: net(
            keras.layers.BatchNormalization(),
            output="linear",
            regularizer=keras.regularizers.L2(1e-2),
        ),
        optimizer=lambda: Adam(
            keras.optimizers.schedules.ExponentialDecay(1e-3, 10, 0.9)
        ),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        batch_size=105,
        epochs=3,
    ),
    "AdamW, each its rate and samples, changing batch sizes": dict(
        build=net,
        optimizer=decayed,
        rates=[1e-3, 1e-2],
        subsets=np.stack(
            [np.random.default_rng(k).permutation(420)[:100] for k in (0, 1)]
        ),
        seeds=[5, 5],
        loss="categorical_crossentropy",
        labels=np.eye(10, dtype="float32")[Y],
        batch_size=[50, 50, 100, 100],
        epochs=4,
        watched=False,
    ),
}


def train(
    build=net,
    optimizer=lambda: SGD(0.1),
    loss=LOSS,
    labels=Y,
    rates=None,
    seeds=(3, 7),
    batch_size=32,
    epochs=4,
    watched=True,
    **options,
):
    """A call of one kind for most tests here; 420 = 13 * 32 + 4."""
    given = optimizer() if rates is None else optimizer(1.0)
    runs = fit_replicas(
        build,
        X,
        labels,
        seeds,
        given,
        loss,
        ["accuracy"],
        epochs,
        batch_size,
        validation_data=(X[:100], labels[:100]) if watched else None,
        learning_rates=rates,
        per_update=True,
        **options,
    )
    assert not given.variables or int(given.iterations) == 0  # left untouched
    return runs


@functools.cache
def trained(case):
    return train(**CASES[case])


def fit_alone(model, seed, x, y, batch_sizes, watched=None):
    """One replica by `fit`, from the weights that the compiled model has: its
    history."""
    rows = []
    for epoch, batch_size in enumerate(batch_sizes):
        order = data_order(seed, epoch, len(x))
        found = model.fit(
            x[order],
            y[order],
            batch_size=batch_size,
            shuffle=False,
            verbose=0,
            validation_data=watched,
        ).history
        rows.append([found[name][0] for name in COLUMNS if name in found])
    return np.array(rows)


def same(stacks, k, model):
    return all(
        np.allclose(stack[k], w, atol=1e-4)
        for stack, w in zip(stacks, model.get_weights())
    )


@pytest.mark.parametrize("case", CASES)
def test_a_replica_follows_fit(case):
    options = {"labels": Y, "loss": LOSS, "batch_size": 32, "epochs": 4, **CASES[case]}
    build, rates, epochs = options["build"], options.get("rates"), options["epochs"]
    runs = trained(case)
    seeds = list(runs.seeds)
    starts, sizes = initial_weights(build, seeds), options["batch_size"]
    sizes = [sizes] * epochs if isinstance(sizes, int) else sizes
    for k, seed in enumerate(seeds):
        model = build()
        model.set_weights([stack[k] for stack in starts])
        make = options.get("optimizer", lambda: SGD(0.1))
        model.compile(
            make() if rates is None else make(rates[k]),
            options["loss"],
            metrics=["accuracy"],
            run_eagerly=True,  # compiling takes longer than the training
        )
        x, y = X, options["labels"]
        watched = (x[:100], y[:100]) if options.get("watched", True) else None
        if "subsets" in options:
            x, y = x[options["subsets"][k]], y[options["subsets"][k]]
        history = fit_alone(model, seed, x, y, sizes, watched)
        own = runs.history[[name for name in COLUMNS if name in runs.history]]
        own = np.split(own.to_numpy(), len(seeds))[k]
        assert np.allclose(own, history, rtol=1e-4, atol=1e-4)
        assert same(runs.weights, k, model)
    assert np.allclose(
        model.predict_on_batch(X[:5]), runs.predict(X[:5])[1], rtol=1e-4, atol=1e-4
    )


def test_one_of_the_replicas_is_asked_for_by_seed_and_rate():
    runs = trained("plain")
    assert np.allclose(
        runs.model(7).predict_on_batch(X[:5]), runs.predict(X[:5])[1], atol=1e-6
    )
    with pytest.raises(KeyError, match="no replica with seed 5"):
        runs.model(5)
    runs = trained("AdamW, each its rate and samples, changing batch sizes")
    assert np.array_equal(runs.model(5, 1e-2).get_weights()[0], runs.weights[0][1])
    with pytest.raises(KeyError, match="several replicas with seed 5"):
        runs.model(5)


def test_the_same_seeds_repeat_to_the_bit_and_others_differ():
    one, two = trained("plain"), train()
    assert one.history.equals(two.history) and all(
        np.array_equal(a, b) for a, b in zip(one.weights, two.weights)
    )
    assert one.history["loss"].nunique() == 8


def dropout_net():
    layer = keras.layers.Dense(1, use_bias=False, kernel_initializer="ones")
    return keras.Sequential([keras.Input((1000,)), keras.layers.Dropout(0.3), layer])


@pytest.fixture
def drop(monkeypatch):
    """Training with dropout on three cores: five replicas are then two groups side by
    side, the last one filled up with a copy."""
    monkeypatch.setattr("course_utils.replicas.training._cores", lambda: 3)
    return lambda x, y, rate, seeds=range(5), **options: fit_replicas(
        dropout_net,
        x,
        y,
        seeds,
        SGD(rate),
        "mean_absolute_error",
        epochs=2,
        batch_size=1,
        per_update=True,
        **options,
    )


def test_a_replica_alone_is_the_replica_among_others_in_groups(drop):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(40, 1000)).astype("float32"), rng.normal(size=40)
    weights = rng.normal(size=(5, 1000, 1)).astype("float32") / 30
    among, again = (drop(x, y, 1e-3, weights=[weights]) for _ in range(2))
    assert among.history.equals(again.history) and np.array_equal(
        among.weights[0], again.weights[0]
    )
    assert among.history["loss"].nunique() == 10
    for k in range(5):
        alone = drop(x, y, 1e-3, [k], weights=[weights[k : k + 1]])
        assert np.allclose(
            alone.history["loss"], among.history["loss"][2 * k : 2 * k + 2], atol=1e-5
        )
        assert np.allclose(alone.weights[0][0], among.weights[0][k], atol=1e-5)


def test_dropout_drops_its_share_with_masks_of_its_own_for_every_replica_and_update(
    drop,
):
    """A network that hands its input through dropout: the loss |output| counts what was
    dropped."""
    ones = np.ones((40, 1000), dtype="float32")
    runs = drop(ones, np.zeros(40), 0.0)
    sums = runs.updates["loss"].to_numpy()  # 1000 inputs, each 0 or 1 / 0.7
    assert len(sums) == 5 * 80 and len(np.unique(sums)) > 50
    assert abs(sums.mean() - 1000) < 4 * 1000 * np.sqrt(0.3 / 0.7 / 1000) / np.sqrt(400)
    assert sums.std() == pytest.approx(1000 * np.sqrt(0.3 / 0.7 / 1000), rel=0.15)
    table = runs.updates.pivot(index="update", columns="seed", values="loss")
    assert (
        table.nunique(axis=1).mean() > 4 and table.nunique(axis=0).min() > 20
    )  # every replica, every update
    assert np.all(runs.predict(ones[:1]) == 1000)  # no dropout when predicting


def test_given_weights_start_the_next_run():
    first = train(epochs=1)
    second = train(epochs=1, weights=first.weights)
    for k, seed in enumerate([3, 7]):
        model = first.model(seed)
        model.compile(SGD(0.1), LOSS, run_eagerly=True)
        fit_alone(model, seed, X, Y, [32])
        assert same(second.weights, k, model)


def test_several_sets_can_be_watched_and_large_ones_are_evaluated_in_parts(monkeypatch):
    monkeypatch.setattr("course_utils.replicas.training.PART", 50)
    sets = {"val": WATCHED, "test": (X[100:230], Y[100:230])}
    runs = fit_replicas(
        net,
        X,
        Y,
        [3, 7],
        SGD(0.1),
        LOSS,
        ["accuracy"],
        epochs=2,
        batch_size=105,
        validation_data=sets,
    )
    assert runs.history.columns[4:].tolist() == [
        "val_loss",
        "val_accuracy",
        "test_loss",
        "test_accuracy",
    ]
    for k, seed in enumerate([3, 7]):
        model = runs.model(seed)
        model.compile(SGD(0.1), LOSS, metrics=["accuracy"], run_eagerly=True)
        found = [
            number
            for data in sets.values()
            for number in model.evaluate(*data, batch_size=130, verbose=0)
        ]
        assert np.allclose(runs.history.iloc[2 * k + 1, 4:], found, atol=1e-5)


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


def test_constants_and_known_rules_need_one_model_for_all_seeds():
    made = []
    initial_weights(lambda: made.append(1) or net(), list(range(20)))
    assert len(made) == 1


def test_an_evaluation_is_whole_where_it_does_not_depend_on_its_batches():
    class Own(keras.layers.Layer):
        pass

    own = keras.Sequential([keras.Input((784,)), Own(), keras.layers.Dense(10)])
    assert not training._counts_by_batch(net(), LOSS, ["accuracy"])
    assert training._counts_by_batch(own, LOSS, ["accuracy"])
    assert training._counts_by_batch(net(), lambda y, output: output, ["accuracy"])


def test_samples_may_be_predicted_one_by_one():
    runs = trained("plain")
    one_by_one = runs.predict(X[:5], batch_size=1)
    np.testing.assert_allclose(one_by_one, runs.predict(X[:5]), rtol=1e-5, atol=1e-6)


def test_labels_of_sequences_are_looked_at_too():
    steps = keras.Sequential([keras.Input((4, 3)), keras.layers.Dense(5)])
    labels = np.full((2, 4), 5)
    with pytest.raises(ReplicaError, match="labels from 5 to 5"):
        limits.check_labels(labels, "sparse_categorical_crossentropy", steps)
    limits.check_labels(labels - 1, "sparse_categorical_crossentropy", steps)


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
    runs = train(seeds=[8, 2], epochs=3)
    assert runs.history.columns.tolist() == ["seed", "epoch", *COLUMNS]
    assert runs.updates.columns.tolist() == ["seed", "update", "loss"]
    assert (
        runs.history["seed"].tolist() == [8] * 3 + [2] * 3
        and runs.history["epoch"].tolist() == [1, 2, 3] * 2
    )
    first = runs.updates.query("seed == 8 and update <= 14")["loss"].to_numpy()
    assert runs.history["loss"][0] == pytest.approx(
        first @ [*[32] * 13, 4] / 420, rel=1e-5
    )


def test_many_calls_say_nothing(capfd):
    for _ in range(6):  # TensorFlow warns of retracing from the fifth call on
        train(epochs=1)
    assert "retracing" not in "".join(capfd.readouterr())


def test_metrics_go_by_name_or_object():
    x = X[:64, 300:310]
    runs = fit_replicas(
        lambda: keras.Sequential([keras.Input((10,)), keras.layers.Dense(1)]),
        x,
        Y[:64].astype("float32"),
        [1, 2],
        SGD(0.0),
        "mae",
        [
            "mae",
            "mean_absolute_error",
            "MeanAbsoluteError",
            keras.metrics.MeanAbsoluteError(name="own"),
        ],
    )
    metrics = runs.history.iloc[:, 3:]
    assert metrics.shape == (2, 4) and metrics.columns[-1] == "own"
    assert np.allclose(metrics.T, runs.history["loss"], rtol=1e-5)


def test_an_interruption_stops_and_leaves_what_was_learned(monkeypatch):
    def order(seed, epoch, m):
        if epoch == 2:
            raise KeyboardInterrupt
        return data_order(seed, epoch, m)

    two = train(epochs=2)
    monkeypatch.setattr("course_utils.replicas.fit.data_order", order)
    monkeypatch.setattr(
        "course_utils.replicas.training.CALL_SECONDS", 0
    )  # a call does one update
    with pytest.raises(Interrupted, match="after 2 of 5 epochs") as stopped:
        train(epochs=5)
    runs = stopped.value.runs
    assert isinstance(stopped.value, KeyboardInterrupt)
    assert runs.history["epoch"].tolist() == [1, 2, 1, 2]
    assert np.allclose(two.history, runs.history, atol=1e-5)
    assert np.allclose(two.updates, runs.updates, atol=1e-5)
    assert all(map(np.allclose, two.weights, runs.weights))


def test_short_calls_and_parts_of_epochs_give_the_same(monkeypatch):
    class Pace(dict):
        def get(self, key):
            return training.CALL_SECONDS / 3  # three updates a call

    case = "batch normalization, L2, Adam with a schedule"
    whole, calls, run = trained(case), [], training.Training.run
    for loop in training._loops.values():
        monkeypatch.setattr(loop, "pace", Pace())
    monkeypatch.setattr(
        training.Training,
        "run",
        lambda self, call, orders: calls.append(call) or run(self, call, orders),
    )
    parts = train(**CASES[case])
    assert [(c.start, c.stop) for c in calls[:3]] == [(0, 3), (3, 4), (0, 3)]
    assert np.allclose(whole.history, parts.history, atol=1e-5)
    assert np.allclose(whole.updates, parts.updates, atol=1e-5)
    assert all(map(np.allclose, whole.weights, parts.weights))


def test_a_second_call_traces_nothing(monkeypatch):
    first = trained("plain")
    monkeypatch.setattr("tensorflow.vectorized_map", None)
    options = dict(build_model=net, x=X, y=Y, seeds=[0, 1], optimizer=SGD(0.1))
    options |= dict(loss=LOSS, metrics=["accuracy"], validation_data=WATCHED)
    second = fit_replicas(
        **{**options, "x": X[::-1], "y": Y[::-1], "optimizer": SGD(0.2)}, epochs=9
    )
    assert second.history["loss"].iloc[-1] < first.history["loss"].min()
    monkeypatch.setattr(
        training, "_loops", OrderedDict(list(training._loops.items())[-1:])
    )
    for change in (
        dict(metrics=[]),
        dict(loss=keras.losses.SparseCategoricalCrossentropy()),
        dict(optimizer=SGD(0.1, momentum=0.5)),
        dict(build_model=lambda: net(keras.layers.Dense(10))),
        dict(metrics=["accuracy", lambda y, y_hat: y_hat]),
    ):
        with pytest.raises(
            TypeError, match="not callable"
        ):  # another training: compiled anew
            fit_replicas(**{**options, **change})


def test_functions_of_ones_own_are_asked_anew():
    """A loss that reads a global which changes between two calls."""
    factor = [1.0]

    def loss(y, y_hat):
        return factor[0] * keras.ops.mean((y - y_hat) ** 2)

    def first():
        runs = fit_replicas(
            lambda: keras.Sequential([keras.Input((784,)), keras.layers.Dense(1)]),
            X[:64],
            Y[:64].astype("float32"),
            [0],
            SGD(0.0),
            loss,
        )
        return runs.history["loss"][0]

    one = first()
    factor[0] = 3.0
    assert first() == pytest.approx(3 * one, rel=1e-5)


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


@pytest.fixture
def loop_for(monkeypatch):
    """What stands for the loop that a call would use; nothing is compiled."""
    monkeypatch.setattr(training, "_loops", OrderedDict())
    monkeypatch.setattr(training, "Loop", lambda *arguments: object())
    return lambda build, optimizer: training._loop_for(
        build(), build, optimizer, LOSS, [], X, Y
    )


@pytest.mark.parametrize("part", list(own_parts(1)))
def test_parts_of_ones_own_are_asked_anew(part, loop_for):
    """Classes and functions of the same name that do something else: no loop of an
    earlier call may be used."""
    one, two = (
        loop_for(lambda: net(*own_parts(size)[part]), SGD(0.1)) for size in (0.5, 0.9)
    )
    assert one is not two and loop_for(net, SGD(0.1)) is loop_for(net, SGD(0.2))


def test_weights_left_out_of_the_decay_are_no_setting_of_an_earlier_call(loop_for):
    """`exclude_from_weight_decay` is not in an optimizer's get_config."""
    loops = []
    for names in ([], ["bias"], ["kernel"], ["bias"]):
        optimizer = AdamW(1e-3, weight_decay=5.0)
        if names:
            optimizer.exclude_from_weight_decay(var_names=names)
        loops.append(loop_for(net, optimizer))
    assert len(set(loops)) == 3 and loops[1] is loops[3]


GROWTH = """
import gc, keras, numpy as np, psutil
from course_utils import fit_replicas

x = np.random.default_rng(0).normal(size=(40, 5)).astype("float32")
sizes = []
for k in range(61):
    runs = fit_replicas(
        lambda: keras.Sequential([keras.Input((5,)), keras.layers.Dense(1)]),
        x,
        x[:, :1],
        range(k, k + 2),
        keras.optimizers.Adam(0.001 * (1 + k % 3)),
        "mse",
        epochs=2,
        batch_size=20,
        validation_data=(x, x[:, :1]),
    )
    runs.predict(x)
    if k in (20, 60):
        gc.collect()
        sizes.append((len(gc.get_objects()), psutil.Process().memory_info().rss / 1e6))
print(*(after - before for before, after in zip(*sizes)))
"""


def test_many_calls_do_not_grow():
    """Forty calls leave no Python object behind, and what TensorFlow keeps of the new
    models is small."""
    found = subprocess.run(
        [sys.executable, "-c", GROWTH],
        capture_output=True,
        text=True,
        env={**os.environ, "TQDM_DISABLE": "1"},
    )
    assert found.returncode == 0, found.stderr[-2000:]
    objects, megabytes = map(float, found.stdout.split())
    assert objects < 100 and megabytes < 10


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
