"""Whatever Keras offers: a replica ends where `fit` ends, or is refused with a
sentence.

`make replicas EXAMPLES=500` draws more networks than CI does.
"""

import os

import keras
import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st
from keras import layers, optimizers

from course_utils.replicas import data_order, fit_replicas
from course_utils.replicas.starts import random_states, weights_like

EXAMPLES = int(os.environ.get("REPLICA_EXAMPLES", 3))
rng = np.random.default_rng(0)
X = rng.normal(size=(44, 6)).astype("float32")
TARGETS = {
    "number": X[:, :1] * X[:, 1:2],
    "class": rng.integers(0, 3, 44),
    "vector": np.eye(3, dtype="float32")[rng.integers(0, 3, 44)],
    "binary": (X[:, :1] > 0).astype("float32"),
}
WORDS = rng.integers(0, 20, (44, 2))
PICTURES = np.maximum(rng.normal(size=(44, 9, 8, 2)) - 1, 0).astype(
    "float32"
)  # mostly 0, so that poolings meet ties

rate = st.sampled_from([0.003, 0.02])
schedule = st.sampled_from(
    [
        optimizers.schedules.ExponentialDecay(0.02, 5, 0.9),
        optimizers.schedules.PiecewiseConstantDecay([3, 7], [0.02, 0.01, 0.005]),
        optimizers.schedules.CosineDecay(0.01, 15, warmup_target=0.02, warmup_steps=4),
        optimizers.schedules.CosineDecayRestarts(0.02, 5),
        optimizers.schedules.PolynomialDecay(0.02, 9, cycle=True),
        optimizers.schedules.InverseTimeDecay(0.02, 4, 0.5),
    ]
)
common = st.fixed_dictionaries(
    {},
    optional={
        "use_ema": st.just(True),
        "ema_momentum": st.just(0.8),
        "ema_overwrite_frequency": st.sampled_from([1, 4]),
        "weight_decay": st.just(0.05),
        "gradient_accumulation_steps": st.sampled_from([2, 3]),
        "loss_scale_factor": st.just(8.0),
    },
)
clipping = st.sampled_from(
    [{}, {"clipnorm": 0.1}, {"global_clipnorm": 0.1}, {"clipvalue": 0.01}]
)
kinds = st.sampled_from(
    [
        ("SGD", {}),
        ("SGD", {"momentum": 0.9, "nesterov": True}),
        ("Adam", {}),
        ("Adam", {"amsgrad": True}),
        ("AdamW", {}),
        ("RMSprop", {}),
        ("RMSprop", {"centered": True, "momentum": 0.5}),
        ("Adagrad", {}),
        ("Adadelta", {}),
        ("Adamax", {}),
        ("Nadam", {}),
        ("Ftrl", {}),
        ("Lion", {}),
        ("Lamb", {}),
        ("Adafactor", {}),
    ]
)


@st.composite
def optimizer_makers(draw):
    (name, own), options, clip = draw(kinds), draw(common), draw(clipping)
    alpha = draw(st.one_of(rate, schedule))
    chosen = {**own, **options, **clip}
    note(f"{name} {alpha} {chosen}")
    return lambda: getattr(optimizers, name)(alpha, **chosen)


regularizer = st.sampled_from(
    [
        None,
        keras.regularizers.L1L2(0.01, 0.01),
        keras.regularizers.OrthogonalRegularizer(0.1),
    ]
)
constraint = st.sampled_from([None, "max_norm", "unit_norm", "non_neg"])
between = st.sampled_from(
    [
        lambda: layers.BatchNormalization(momentum=0.8),
        lambda: layers.LayerNormalization(),
        lambda: layers.UnitNormalization(),
        lambda: layers.Dropout(0.4),
        lambda: layers.GaussianNoise(0.3),
        lambda: layers.GaussianDropout(0.3),
        lambda: layers.AlphaDropout(0.3),
        lambda: layers.PReLU(),
        lambda: layers.ActivityRegularization(0.01, 0.01),
        lambda: layers.Dense(4, trainable=False),
        lambda: layers.Softmax(),
        lambda: layers.Dropout(0.3, noise_shape=(None, 1)),
    ]
)
tasks = st.sampled_from(
    [
        ("number", 1, None, "mse", ["mae", "root_mean_squared_error"]),
        ("number", 1, None, "huber", [keras.losses.mean_squared_error]),
        ("number", 1, None, keras.losses.LogCosh(reduction="sum"), []),
        ("class", 3, "softmax", "sparse_categorical_crossentropy", ["accuracy"]),
        (
            "class",
            3,
            None,
            keras.losses.SparseCategoricalCrossentropy(
                from_logits=True, ignore_class=1
            ),
            ["sparse_top_k_categorical_accuracy"],
        ),
        (
            "vector",
            3,
            "softmax",
            "categorical_crossentropy",
            ["accuracy", "AUC", "Precision"],
        ),
        ("vector", 3, "softmax", "dice", ["cosine_similarity"]),
        (
            "vector",
            3,
            None,
            keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1),
            ["accuracy"],
        ),
        ("binary", 1, "sigmoid", "binary_crossentropy", ["accuracy", "Recall"]),
        ("binary", 1, None, "hinge", ["hinge"]),
        (
            "binary",
            1,
            None,
            lambda y, y_hat: keras.ops.mean(keras.ops.abs(y - y_hat)),
            [lambda y, y_hat: keras.ops.max(y_hat)],
        ),
    ]
)


@st.composite
def networks(draw, outputs, activation):
    options = {
        "kernel_regularizer": draw(regularizer),
        "kernel_constraint": draw(constraint),
        "activity_regularizer": draw(st.sampled_from([None, "l2"])),
        "kernel_initializer": draw(
            st.sampled_from(["glorot_uniform", "he_normal", "orthogonal"])
        ),
        "activation": draw(st.sampled_from(["tanh", "relu", "gelu", "sigmoid"])),
    }
    inner = draw(st.lists(between, max_size=2))
    if isinstance(
        options["kernel_regularizer"], keras.regularizers.OrthogonalRegularizer
    ):
        options["kernel_constraint"] = (
            # a row of zeros: its gradient is 0 times infinity, which XLA and TensorFlow
            # resolve differently
            None
        )
    note(f"{options} {[make().get_config() for make in inner]}")
    return lambda: keras.Sequential(
        [
            keras.Input((6,)),
            layers.Dense(5, **options),
            *(make() for make in inner),
            layers.Dense(outputs, activation),
        ]
    )


def fit_alone(
    build,
    x,
    y,
    seed,
    optimizer,
    loss,
    metrics,
    epochs,
    batch_size,
    validation_data,
    compiled,
):
    """One replica by `fit`: its history and its last weights. Weights, random layers'
    seeds and batches are the replica's. Compiling takes longer than the
    training."""
    model = build()
    model.set_weights([stack[0] for stack in weights_like(model, build, [seed])])
    states = random_states(model, [seed])
    for variable in model.non_trainable_variables:
        if id(variable) in states:
            variable.assign(states[id(variable)][0])
    model.compile(optimizer, loss, metrics=metrics, run_eagerly=not compiled)

    def batches():
        for epoch in range(epochs):
            order = data_order(seed, epoch, len(x))
            for i in range(0, len(x), batch_size):
                yield x[order[i : i + batch_size]], y[order[i : i + batch_size]]

    steps = -(-len(x) // batch_size)
    history = model.fit(
        batches(),
        epochs=epochs,
        steps_per_epoch=steps,
        verbose=0,
        validation_data=validation_data,
        validation_batch_size=batch_size,
    )
    return history.history, model.get_weights()


def assert_follows_fit(
    build,
    x,
    y,
    optimizer,
    loss,
    metrics=(),
    epochs=3,
    batch_size=11,
    seeds=(3, 7, 11),
    atol=2e-5,
    watched=True,
    compiled=False,
    compared=(0, 2),
):
    """Replicas against `fit`: every column of the history, and all weights; `optimizer`
    makes a new one. `compared` are the replicas' places."""
    held_out = (x[: len(x) // 3], y[: len(x) // 3]) if watched else None
    runs = fit_replicas(
        build, x, y, seeds, optimizer(), loss, metrics, epochs, batch_size, held_out
    )
    for k in compared:
        seed = seeds[k]
        history, weights = fit_alone(
            build,
            x,
            y,
            seed,
            optimizer(),
            loss,
            list(metrics),
            epochs,
            batch_size,
            held_out,
            compiled,
        )
        own = runs.history.query("seed == @seed")
        assert set(history) == set(own.columns) - {"seed", "epoch"}
        for name, values in history.items():
            np.testing.assert_allclose(
                own[name], values, rtol=1e-4, atol=atol, err_msg=f"{name}, seed {seed}"
            )
        for variable, stack, alone in zip(build().weights, runs.weights, weights):
            np.testing.assert_allclose(
                stack[k],
                alone,
                rtol=1e-4,
                atol=atol,
                err_msg=f"{variable.path}, seed {seed}",
            )
    np.testing.assert_allclose(
        runs.predict(x[:3])[-1],
        runs.model(seeds[-1]).predict_on_batch(x[:3]),
        rtol=1e-4,
        atol=atol,
    )
    return runs


@settings(
    max_examples=EXAMPLES,
    derandomize=EXAMPLES < 10,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(st.data())
def test_a_drawn_network_with_drawn_options_follows_fit(data):
    target, outputs, activation, loss, metrics = data.draw(tasks, "task")
    build = data.draw(networks(outputs, activation), "network")
    optimizer = data.draw(optimizer_makers(), "optimizer")
    batch_size, m = (
        data.draw(st.sampled_from([8, 11, 50]), "batch size"),
        data.draw(st.sampled_from([33, 44]), "samples"),
    )
    assert_follows_fit(
        build,
        X[:m],
        TARGETS[target][:m],
        optimizer,
        loss,
        metrics,
        batch_size=batch_size,
        compared=(0, 2) if EXAMPLES > 9 else (2,),
    )


def dense(*inner, **options):
    return lambda: keras.Sequential(
        [
            keras.Input((6,)),
            layers.Dense(5, "tanh", **options),
            *(make() for make in inner),
            layers.Dense(1),
        ]
    )


def words(*inner):
    return lambda: keras.Sequential(
        [
            keras.Input((2,), dtype="int32"),
            layers.Embedding(20, 4),
            *(make() for make in inner),
            layers.Dense(1),
        ]
    )


def pictures(*inner):
    return lambda: keras.Sequential(
        [
            keras.Input((9, 8, 2)),
            *(make() for make in inner),
            layers.Flatten(),
            layers.Dense(1),
        ]
    )


class Halved(optimizers.SGD):
    """An optimizer of one's own."""

    def update_step(self, gradient, variable, learning_rate):
        self.assign_sub(variable, gradient * learning_rate / 2)


SGD, Adam = (lambda: optimizers.SGD(0.05)), (lambda: optimizers.Adam(0.01))


@pytest.mark.parametrize(
    "build, x, optimizer, options",
    [  # each was wrong or refused once, or runs on arithmetic of the course's own
        pytest.param(
            dense(activity_regularizer=keras.regularizers.L2(0.1)),
            X,
            lambda: optimizers.SGD(
                0.1,
                momentum=0.9,
                use_ema=True,
                ema_momentum=0.8,
                gradient_accumulation_steps=3,
                loss_scale_factor=4.0,
            ),
            {"watched": False, "compared": [2]},
            id="activity regularizer, moving average of the weights, accumulation",
        ),
        pytest.param(
            dense(dtype="float64"),
            X,
            lambda: Halved(0.1),
            {"compared": [2]},
            id="float64, an optimizer of one's own",
        ),
        pytest.param(
            words(lambda: layers.SpatialDropout1D(0.3), lambda: layers.LSTM(3)),
            WORDS,
            Adam,
            {"watched": False, "compared": [2]},
            id="embedding, spatial dropout, LSTM",
        ),
        pytest.param(
            dense(lambda: layers.GaussianNoise(0.3), lambda: layers.Dropout(0.3)),
            X,
            SGD,
            {},
            id="noise and dropout",
        ),
        pytest.param(
            pictures(
                lambda: layers.RandomTranslation(0.2, 0.2), lambda: layers.RandomFlip()
            ),
            PICTURES,
            SGD,
            {"batch_size": 50},
            id="random images, a batch of all samples",
        ),
        pytest.param(
            pictures(
                lambda: layers.Conv2D(
                    4,
                    (3, 2),
                    strides=(2, 1),
                    padding="same",
                    bias_initializer="ones",
                    activation="relu",
                ),
                layers.MaxPooling2D,
                lambda: layers.Conv2D(4, 2, padding="same", groups=2, dilation_rate=2),
                lambda: layers.MaxPooling2D(2, 1),
            ),
            PICTURES,
            SGD,
            {"watched": False, "compiled": True, "compared": [2]},
            id="convolutions, largest entries",
        ),
        pytest.param(
            pictures(lambda: layers.AveragePooling2D(2), lambda: layers.Conv2D(3, 2)),
            PICTURES,
            SGD,
            {"watched": False, "compared": [2]},
            id="averages",
        ),
        pytest.param(
            dense(dtype="mixed_bfloat16"),
            X,
            SGD,
            {"atol": 2**-7, "compared": [2]},
            id="bfloat16",
        ),
    ],
)
def test_a_layer_or_option_of_its_own_kind_follows_fit(build, x, optimizer, options):
    """To bfloat16's precision, or to that of 32 bits."""
    assert_follows_fit(
        build, x, TARGETS["number"], optimizer, "mean_squared_error", **options
    )
