"""Replicas against `fit`: the same weights, the same batches, the same end; and nothing crosses between them."""

import keras
import numpy as np
import pytest

from course_utils import load_mnist
from course_utils.replicas import ReplicaError, data_order, fit_replicas, initial_weights

(X, Y), _ = load_mnist()
X, Y = (X[:420].reshape(420, -1) / 255).astype("float32"), Y[:420]
LOSS = "sparse_categorical_crossentropy"
COLUMNS = ["loss", "accuracy", "val_loss", "val_accuracy"]
SGD, Adam = keras.optimizers.SGD, keras.optimizers.Adam


def net(*extra, regularizer=None, units=10, output="softmax", **options):
    hidden = keras.layers.Dense(16, activation="relu", kernel_regularizer=regularizer, **options)
    return keras.Sequential([keras.Input((784,)), hidden, *extra, keras.layers.Dense(units, activation=output)])


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
    "schedule": lambda: Adam(keras.optimizers.schedules.ExponentialDecay(1e-3, 10, 0.9)),
    "clip by value": lambda: SGD(0.1, clipvalue=1e-3),
    "AdamW": lambda: keras.optimizers.AdamW(1e-3, weight_decay=0.1),
}


def fit_alone(build, seeds, optimizer, epochs, batch_size=32, loss=LOSS, labels=Y):
    """The same by `fit`, one replica after the other: history (seeds, epochs, 4) and weights."""
    weights, histories, ends = initial_weights(build, seeds), [], []
    for k, seed in enumerate(seeds):
        model = build()
        model.set_weights([stack[k] for stack in weights])
        model.compile(optimizer(), loss, metrics=["accuracy"])
        rows = []
        for epoch in range(epochs):
            order = data_order(seed, epoch, len(X))
            found = model.fit(X[order], labels[order], batch_size=batch_size, shuffle=False, verbose=0, validation_data=(X[:100], labels[:100])).history
            rows.append([found[name][0] for name in COLUMNS])
        histories.append(rows)
        ends.append(model.get_weights())
    return np.array(histories), ends


@pytest.mark.parametrize("build, optimizer", [*((name, "SGD") for name in MODELS), *(("plain", name) for name in OPTIMIZERS),
                                              ("batch normalization", "Adam"), ("L2", "momentum")])
def test_a_replica_follows_fit(build, optimizer):
    """56 updates, the last of each epoch on a smaller batch (420 = 13 * 32 + 4)."""
    seeds = [3, 7]
    runs = fit_replicas(MODELS[build], X, Y, seeds, OPTIMIZERS[optimizer](), LOSS, ["accuracy"], epochs=4, validation_data=(X[:100], Y[:100]))
    history, ends = fit_alone(MODELS[build], seeds, OPTIMIZERS[optimizer], 4)
    assert np.allclose(runs.history[COLUMNS].to_numpy().reshape(2, 4, 4), history, atol=1e-4)
    for k, weights in enumerate(ends):
        assert all(np.allclose(stack[k], w, atol=1e-4) for stack, w in zip(runs.weights, weights))
    assert np.allclose(runs.model(7).predict(X[:5], verbose=0), runs.predict(X[:5])[1], atol=1e-6)


@pytest.mark.parametrize("loss, units, output, labels", [
    ("binary_crossentropy", 1, "sigmoid", (Y >= 5).astype("float32")),
    ("mean_squared_error", 1, "linear", Y.astype("float32")),
    ("mse", 1, "linear", Y.astype("float32")),
    ("categorical_crossentropy", 10, "softmax", np.eye(10, dtype="float32")[Y]),
    (keras.losses.SparseCategoricalCrossentropy(from_logits=True), 10, "linear", Y),
])
def test_every_kind_of_loss_and_label_follows_fit(loss, units, output, labels):
    def build():
        return net(units=units, output=output)

    runs = fit_replicas(build, X, labels, [1, 2], SGD(0.01), loss, ["accuracy"], epochs=2, validation_data=(X[:100], labels[:100]))
    history, _ = fit_alone(build, [1, 2], lambda: SGD(0.01), 2, loss=loss, labels=labels)
    assert np.allclose(runs.history[COLUMNS].to_numpy().reshape(2, 2, 4), history, rtol=1e-4, atol=1e-4)


def dropout_net():
    return net(keras.layers.Dropout(0.5))


@pytest.mark.parametrize("build", [net, dropout_net])
def test_a_replica_alone_is_the_replica_among_others(build):
    alone, among = (fit_replicas(build, X, Y, seeds, SGD(0.1), LOSS, epochs=3) for seeds in ([5], [1, 5, 9]))
    assert np.allclose(alone.history["loss"], among.history.query("seed == 5")["loss"], atol=1e-5)
    assert all(np.allclose(a[0], b[1], atol=1e-5) for a, b in zip(alone.weights, among.weights))


@pytest.mark.parametrize("build", [net, dropout_net])
def test_the_same_seeds_repeat_to_the_bit_and_others_differ(build):
    one, two = (fit_replicas(build, X, Y, range(3), Adam(1e-3), LOSS, epochs=2) for _ in range(2))
    assert one.history.equals(two.history) and all(np.array_equal(a, b) for a, b in zip(one.weights, two.weights))
    assert one.history["loss"].nunique() == 6


def test_dropout_drops_its_share_with_masks_of_its_own_for_every_replica_and_update():
    """A network that hands its input through dropout: the loss |output| counts what was dropped."""
    def build():
        layer = keras.layers.Dense(1, use_bias=False, kernel_initializer="ones", trainable=False)
        return keras.Sequential([keras.Input((1000,)), keras.layers.Dropout(0.3), layer, keras.layers.Dense(1, use_bias=False, kernel_initializer="ones")])

    ones = np.ones((40, 1000), dtype="float32")
    runs = fit_replicas(build, ones, np.zeros(40), range(5), SGD(0.0), "mean_absolute_error", epochs=2, batch_size=1, per_update=True)
    sums = runs.updates["loss"].to_numpy()  # 1000 inputs, each 0 or 1 / 0.7
    assert len(sums) == 5 * 80 and len(np.unique(sums)) > 50
    assert abs(sums.mean() - 1000) < 4 * 1000 * np.sqrt(0.3 / 0.7 / 1000) / np.sqrt(400)
    assert sums.std() == pytest.approx(1000 * np.sqrt(0.3 / 0.7 / 1000), rel=0.15)
    table = runs.updates.pivot(index="update", columns="seed", values="loss")
    assert table.nunique(axis=1).mean() > 4 and table.nunique(axis=0).min() > 20  # every replica, every update
    assert np.all(runs.predict(ones[:1]) == 1000)  # no dropout when predicting


@pytest.mark.parametrize("kind", ["SGD", "Adam", "AdamW", "RMSprop", "Nadam", "Adagrad", "Adadelta", "Adamax", "Lion"])
def test_learning_rates_are_each_replicas_own(kind):
    def optimizer(rate):
        return getattr(keras.optimizers, kind)(rate, **(dict(momentum=0.5) if kind == "SGD" else dict(weight_decay=0.1)))

    rates = [0.001, 0.01, 0.03]
    runs = fit_replicas(net, X, Y, [4, 5, 5], optimizer(1.0), LOSS, epochs=2, learning_rates=rates)
    for seed, rate in zip([4, 5, 5], rates):
        alone = fit_replicas(net, X, Y, [seed], optimizer(rate), LOSS, epochs=2)
        assert np.allclose(alone.history["loss"], runs.history.query("seed == @seed and learning_rate == @rate")["loss"], atol=1e-3)
        assert np.allclose(alone.model(seed).get_weights()[0], runs.model(seed, rate).get_weights()[0], atol=1e-3)
    with pytest.raises(KeyError, match="several replicas with seed 5"):
        runs.model(5)


def test_given_weights_and_the_state_of_one_run_start_the_next():
    first = fit_replicas(net, X, Y, [0, 1], SGD(0.1), LOSS, epochs=1)
    second = fit_replicas(net, X, Y, [0, 1], SGD(0.1), LOSS, epochs=1, weights=first.weights)
    for k, seed in enumerate([0, 1]):
        model = first.model(seed)
        model.compile(SGD(0.1), LOSS)
        order = data_order(seed, 0, len(X))
        model.fit(X[order], Y[order], shuffle=False, verbose=0)
        assert all(np.allclose(stack[k], w, atol=1e-5) for stack, w in zip(second.weights, model.get_weights()))


def test_several_sets_can_be_watched():
    sets = {"val": (X[:100], Y[:100]), "test": (X[100:350], Y[100:350])}
    both = fit_replicas(net, X, Y, [0, 1], SGD(0.1), LOSS, ["accuracy"], epochs=2, validation_data=sets).history
    for name, data in sets.items():
        alone = fit_replicas(net, X, Y, [0, 1], SGD(0.1), LOSS, ["accuracy"], epochs=2, validation_data=data).history
        assert np.allclose(both[["loss", f"{name}_loss", f"{name}_accuracy"]], alone[["loss", "val_loss", "val_accuracy"]], atol=1e-6)


def test_subsets_are_each_replicas_own_samples():
    subsets = np.stack([np.random.default_rng(k).choice(len(X), 100, replace=False) for k in range(2)])
    runs = fit_replicas(net, X, Y, [3, 7], SGD(0.1), LOSS, ["accuracy"], epochs=3, subsets=subsets)
    for seed, rows in zip([3, 7], subsets):
        alone = fit_replicas(net, X[rows], Y[rows], [seed], SGD(0.1), LOSS, ["accuracy"], epochs=3)
        assert np.allclose(alone.history[["loss", "accuracy"]], runs.history.query("seed == @seed")[["loss", "accuracy"]], atol=1e-5)


@pytest.mark.parametrize("build", [net, dropout_net])
def test_each_epoch_may_have_its_own_batch_size_and_the_momentum_goes_on(build):
    sizes = [32, 32, 100, 420]
    runs = fit_replicas(build, X, Y, [3], SGD(0.05, momentum=0.9), LOSS, epochs=4, batch_size=sizes, per_update=True)
    assert len(runs.updates) == 14 + 14 + 5 + 1
    if build is net:
        model = net()
        model.set_weights([stack[0] for stack in initial_weights(net, [3])])
        model.compile(SGD(0.05, momentum=0.9), LOSS)
        for epoch, size in enumerate(sizes):
            order = data_order(3, epoch, len(X))
            found = model.fit(X[order], Y[order], batch_size=size, shuffle=False, verbose=0).history["loss"][0]
            assert runs.history["loss"][epoch] == pytest.approx(found, abs=1e-4)


def test_initial_weights_have_the_initializers_spread_and_hand_set_ones_stay():
    def build():
        model = net()
        model.layers[1].set_weights([np.ones((16, 10)), np.arange(10.0)])
        return model

    kernel, bias, second, by_hand = initial_weights(build, list(range(50)))
    assert kernel.shape == (50, 784, 16) and np.abs(kernel).max() <= (limit := np.sqrt(6 / 800)) and kernel.std() == pytest.approx(limit / 3**0.5, rel=0.01)
    assert len({k.tobytes() for k in kernel}) == 50 and not bias.any()
    assert np.all(second == 1) and np.all(by_hand == np.arange(10))


def test_weights_of_a_layer_that_hides_its_initializer_differ_too():
    class Own(keras.layers.Layer):
        def build(self, shape):
            self.w = self.add_weight(shape=(shape[-1], 10), initializer="glorot_uniform", name="w")

        def call(self, x):
            return x @ self.w

    def build():
        return keras.Sequential([keras.Input((784,)), Own()])

    one, two = (initial_weights(build, [1, 2, 3])[0] for _ in range(2))
    assert np.array_equal(one, two) and len({w.tobytes() for w in one}) == 3


def test_every_seed_and_epoch_has_an_order_of_its_own():
    orders = [data_order(seed, epoch, 50) for seed in range(5) for epoch in range(5)]
    assert all(sorted(order) == list(range(50)) for order in orders)
    assert len({order.tobytes() for order in orders}) == 25 and np.array_equal(orders[7], data_order(1, 2, 50))


def test_history_and_updates_are_tidy():
    runs = fit_replicas(net, X, Y, [8, 2], "sgd", LOSS, ["accuracy"], epochs=3, batch_size=100, per_update=True)
    assert runs.history.columns.tolist() == ["seed", "epoch", "loss", "accuracy"] and runs.updates.columns.tolist() == ["seed", "update", "loss"]
    assert runs.history["seed"].tolist() == [8] * 3 + [2] * 3 and runs.history["epoch"].tolist() == [1, 2, 3] * 2
    first = runs.updates.query("seed == 8 and update <= 5")["loss"].to_numpy()  # batches of 100, 100, 100, 100, 20
    assert runs.history["loss"][0] == pytest.approx(first @ [100, 100, 100, 100, 20] / 420, rel=1e-5)


def test_many_calls_say_nothing(capfd):
    for _ in range(6):  # TensorFlow warns of retracing from the fifth call of a tf.function on
        fit_replicas(lambda: keras.Sequential([keras.Input((784,)), keras.layers.Dense(10, activation="softmax")]), X, Y, [0, 1], "sgd", LOSS)
    assert "retracing" not in "".join(capfd.readouterr())


@pytest.mark.parametrize("metric", ["mae", "mean_absolute_error", "MeanAbsoluteError", keras.metrics.MeanAbsoluteError(name="mae")])
def test_metrics_go_by_name_or_object(metric):
    runs = fit_replicas(lambda: net(units=1, output="linear"), X, Y.astype("float32"), [1, 2], SGD(0.0), "mae", [metric])
    assert np.allclose(runs.history["loss"], runs.history.iloc[:, 3], rtol=1e-5)


def test_an_optimizer_object_is_left_untouched():
    optimizer = SGD(0.1, momentum=0.9)
    fit_replicas(net, X, Y, [0], optimizer, LOSS)
    assert not optimizer.variables or int(optimizer.iterations) == 0


def test_an_interruption_leaves_the_history_so_far(monkeypatch, capsys):
    monkeypatch.setattr("course_utils.replicas.CALL_UPDATES", 14)  # one epoch in a call

    def order(seed, epoch, m):
        if epoch == 2:
            raise KeyboardInterrupt
        return data_order(seed, epoch, m)

    monkeypatch.setattr("course_utils.replicas.data_order", order)
    runs = fit_replicas(net, X, Y, [0, 1], "sgd", LOSS, epochs=5)
    assert runs.history["epoch"].tolist() == [1, 2, 1, 2] and "after 2 of 5 epochs" in capsys.readouterr().out


@pytest.mark.parametrize("quiet", ["", "1"])
def test_a_long_run_shows_a_bar_unless_told_not_to(monkeypatch, capsys, quiet):
    monkeypatch.setenv("TQDM_DISABLE", quiet)
    monkeypatch.setattr("course_utils.replicas.BAR_SECONDS", 0)
    fit_replicas(net, X, Y, [0, 1], "sgd", LOSS, epochs=2)
    assert ("2 replicas" in capsys.readouterr().err) == (not quiet)


@pytest.mark.parametrize("change, message", [
    (dict(optimizer=keras.optimizers.Lamb()), "Lamb looks at more than one weight"),
    (dict(optimizer=SGD(clipnorm=1.0)), "use clipvalue"),
    (dict(optimizer=SGD(global_clipnorm=1.0)), "use clipvalue"),
    (dict(learning_rates=[0.1]), "one rate above 0 for each of the 2 replicas"),
    (dict(learning_rates=[0.1, 0.0]), "one rate above 0 for each of the 2 replicas"),
    (dict(learning_rates=[0.1, 0.2], optimizer=keras.optimizers.Ftrl(0.1)), "not Ftrl"),
    (dict(learning_rates=[0.1, 0.2], optimizer=SGD(keras.optimizers.schedules.CosineDecay(0.1, 5))), "constant rate"),
    (dict(learning_rates=[0.1, 0.1], seeds=[1, 1]), "counted twice"),
    (dict(subsets=[[0, 1]]), r"shape \(2, n\)"),
    (dict(subsets=[[0.5], [1.0]]), "whole numbers"),
    (dict(subsets=[[0], [420]]), "from 0 to 419"),
    (dict(weights=[np.zeros((1, 784, 16))]), "first axis: the replicas"),
    (dict(batch_size=[32, 64]), "one for each of the 1 epochs"),
    (dict(batch_size=0), "at least 1"),
    (dict(build_model=lambda: net(keras.layers.GaussianNoise(0.1))), "Dropout only"),
    (dict(build_model=lambda: net(keras.layers.GaussianDropout(0.1))), "Dropout only"),
    (dict(build_model=lambda: net(keras.layers.Dropout(0.1, noise_shape=(None, 1)))), "noise_shape"),
    (dict(build_model=lambda: keras.Sequential([keras.layers.Dense(10)])), "built Sequential or functional"),
    (dict(x=X[:, :700]), "samples of shape .700,."),
    (dict(y=Y[:400]), "420 and 400"),
    (dict(seeds=[1, 1]), "must be different"),
    (dict(seeds=[]), "at least one"),
    (dict(epochs=0), "at least 1"),
    (dict(loss="hinge_of_doom"), "no loss 'hinge_of_doom'"),
    (dict(loss=len), "no loss <built-in"),
    (dict(metrics=["acuracy"]), "no metric 'acuracy'"),
    (dict(validation_data=(X, Y[:3])), "validation_data"),
])
def test_what_cannot_be_trained_this_way_is_a_clear_error(change, message):
    with pytest.raises(ReplicaError, match=message):
        fit_replicas(**{**dict(build_model=net, x=X, y=Y, seeds=[0, 1], optimizer="sgd", loss=LOSS), **change})


def test_an_unknown_replica_is_named():
    runs = fit_replicas(net, X, Y, [0, 1], "sgd", LOSS)
    with pytest.raises(KeyError, match="no replica with seed 5"):
        runs.model(5)


def test_convolutions_follow_fit_too():
    images = X.reshape(-1, 28, 28, 1)[:64, ::2, ::2]

    def build():
        return keras.Sequential([keras.Input((14, 14, 1)), keras.layers.Conv2D(4, 3, activation="relu"), keras.layers.MaxPooling2D(),
                                 keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])

    runs = fit_replicas(build, images, Y[:64], [0, 1], SGD(0.1), LOSS, epochs=2, batch_size=16)
    model = build()
    model.set_weights([stack[1] for stack in initial_weights(build, [0, 1])])
    model.compile(SGD(0.1), LOSS)
    losses = [model.fit(images[o], Y[:64][o], batch_size=16, shuffle=False, verbose=0).history["loss"][0] for o in (data_order(1, e, 64) for e in (0, 1))]
    assert np.allclose(runs.history.query("seed == 1")["loss"], losses, atol=1e-4)
