"""Prechelt's criteria against a slow, literal reading of the definitions, and as
callbacks against the functions."""

import re
import warnings

import keras
import numpy as np
import pytest

from course_utils.early_stopping import (
    GeneralizationLoss,
    ProgressQuotient,
    SuccessiveIncreases,
    generalization_loss,
    stop_generalization_loss,
    stop_progress_quotient,
    stop_successive_increases,
    training_progress,
)

RNG = np.random.default_rng(3)
VALIDATION = 1 + 0.3 * RNG.random((200, 40)) - 0.01 * np.arange(40)  # ragged curves
TRAINING = 1 + 0.1 * RNG.random((200, 40)) - 0.01 * np.arange(40)
NEVER = np.nan


def GL(E, t):
    return 100 * (E[t - 1] / min(E[:t]) - 1)


def PQ(E, T, t, k):
    strip = T[t - k : t]
    return GL(E, t) / (1000 * (sum(strip) / (k * min(strip)) - 1))


def UP(E, t, s, k):
    return t > k and E[t - 1] > E[t - k - 1] and (s == 1 or UP(E, t - k, s - 1, k))


def first(condition, epochs):
    return next((t for t in epochs if condition(t)), NEVER)


@pytest.mark.parametrize("alpha", [0, 1, 5, 20, 1000])
def test_generalization_loss_is_the_definition(alpha):
    expected = [first(lambda t: GL(E, t) > alpha, range(1, 41)) for E in VALIDATION]
    assert np.array_equal(
        stop_generalization_loss(VALIDATION, alpha), expected, equal_nan=True
    )


@pytest.mark.parametrize("alpha, k", [(0.1, 5), (0.3, 5), (0.3, 4), (1e9, 5)])
def test_progress_quotient_is_the_definition(alpha, k):
    expected = [
        first(lambda t: PQ(E, T, t, k) > alpha, range(k, 41, k))
        for E, T in zip(VALIDATION, TRAINING)
    ]
    assert np.array_equal(
        stop_progress_quotient(VALIDATION, TRAINING, alpha, k), expected, equal_nan=True
    )


@pytest.mark.parametrize("s, k", [(1, 5), (2, 5), (3, 5), (2, 3), (4, 2), (8, 5)])
def test_successive_increases_is_the_definition(s, k):
    expected = [first(lambda t: UP(E, t, s, k), range(k, 41, k)) for E in VALIDATION]
    found = stop_successive_increases(VALIDATION, s, k)
    assert np.array_equal(found, expected, equal_nan=True) and (
        s == 8 or np.isfinite(found).any()
    )


@pytest.mark.parametrize("epochs", [1, 4, 5, 9, 10, 11])
def test_curves_shorter_than_the_strips_are_judged_too(epochs):
    """A callback judges the curve after every epoch, from the first."""
    E, T = VALIDATION[:20, :epochs], TRAINING[:20, :epochs]
    ends = range(5, epochs + 1, 5)
    for s in (1, 2, 3):
        assert np.array_equal(
            stop_successive_increases(E, s),
            [first(lambda t: UP(e, t, s, 5), ends) for e in E],
            equal_nan=True,
        )
    assert np.array_equal(
        stop_progress_quotient(E, T, 0.1),
        [first(lambda t: PQ(e, tr, t, 5) > 0.1, ends) for e, tr in zip(E, T)],
        equal_nan=True,
    )


def test_curves_computed_by_hand():
    E = [4.0, 2.0, 2.1, 3.0]
    assert generalization_loss(E) == pytest.approx([0, 0, 5, 50])
    assert (
        float(stop_generalization_loss(E, 4)),
        float(stop_generalization_loss(E, 5.1)),
    ) == (3, 4)
    assert training_progress([2.0, 1.0, 1.0, 4.0], strip=2) == pytest.approx(
        [NEVER, 500, 0, 1500], nan_ok=True
    )
    assert float(stop_successive_increases([1, 2, 2, 3, 3, 2, 1, 4], 1, strip=2)) == 4
    assert float(stop_successive_increases([1, 2, 2, 3, 3, 4, 1, 4], 2, strip=2)) == 6


def test_a_falling_curve_never_stops_and_a_perfect_one_neither():
    falling = np.linspace(1, 0, 30)
    flat = np.zeros(30)
    for curve in (falling, flat):
        assert np.isnan(stop_generalization_loss(curve, 0)) and np.isnan(
            stop_successive_increases(curve, 1)
        )
        assert np.isnan(stop_progress_quotient(curve, curve, 0))


def test_a_network_that_diverged_is_stopped():
    E = np.r_[np.linspace(1, 0.5, 12), np.full(20, np.nan)]
    assert (
        stop_generalization_loss(E, 5) == 13 and stop_progress_quotient(E, E, 0.5) == 15
    )
    assert stop_successive_increases(E, 2) == 20


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: stop_generalization_loss(VALIDATION, -1), "alpha must be at least 0"),
        (lambda: stop_generalization_loss([], 1), "at least one epoch"),
        (lambda: stop_generalization_loss(np.zeros((3, 0)), 1), "at least one epoch"),
        (lambda: stop_generalization_loss([-1.0, 2], 1), "not negative"),
        (lambda: stop_progress_quotient(VALIDATION, TRAINING[:3], 1), "one shape"),
        (lambda: stop_successive_increases(VALIDATION, 0), "at least 1"),
        (lambda: stop_successive_increases(VALIDATION, 1, strip=0), "at least 1 epoch"),
        (lambda: GeneralizationLoss(-1), "alpha"),
        (lambda: ProgressQuotient(1, strip=0), "at least 1 epoch"),
        (lambda: SuccessiveIncreases(0), "at least 1"),
        (lambda: GeneralizationLoss(1, start_from_epoch=-1), "start_from_epoch"),
    ],
)
def test_bad_input_is_one_sentence(call, message):
    with pytest.raises(ValueError, match=message):
        call()


# As callbacks: a model whose weight is the number of the epoch, and logs that are
# given.


class Trainee:
    """Stands for a model: its weights are the epoch that just ended."""

    stop_training, weights = False, None

    def get_weights(self):
        return self.weights

    def set_weights(self, weights):
        self.weights = weights


def run(callback, *curves, names=("val_loss", "loss")):
    trainee = Trainee()
    callback.set_model(trainee)
    callback.on_train_begin()
    for epoch, values in enumerate(zip(*curves)):
        trainee.weights = epoch
        callback.on_epoch_end(
            epoch,
            {name: value for name, value in zip(names, values) if value is not None},
        )
        if trainee.stop_training:
            break
    callback.on_train_end()
    return trainee.stop_training, trainee.weights


@pytest.mark.parametrize(
    "make, judge",
    [
        (
            lambda **o: GeneralizationLoss(15, **o),
            lambda E, T: stop_generalization_loss(E, 15),
        ),
        (
            lambda **o: ProgressQuotient(0.3, strip=4, **o),
            lambda E, T: stop_progress_quotient(E, T, 0.3, 4),
        ),
        (
            lambda **o: SuccessiveIncreases(2, strip=3, **o),
            lambda E, T: stop_successive_increases(E, 2, 3),
        ),
        (
            lambda **o: SuccessiveIncreases(2, **o),
            lambda E, T: stop_successive_increases(E, 2),
        ),
    ],
)
def test_a_callback_stops_where_the_function_says(make, judge):
    callback, outcomes = make(), set()
    for E, T in zip(VALIDATION[:60], TRAINING[:60]):  # one callback for many fits
        expected = judge(E, T)
        stopped, weights = run(callback, E, T)
        outcomes.add(stopped)
        last = 39 if np.isnan(expected) else int(expected) - 1
        assert (
            stopped == np.isfinite(expected)
            and weights == last
            and callback.stopped_epoch == (last if stopped else 0)
        )
        assert callback.best_epoch == np.argmin(E[: last + 1])
        assert run(make(restore_best_weights=True), E, T) == (
            stopped,
            callback.best_epoch,
        )
    assert outcomes >= {True}


@pytest.mark.parametrize(
    "odd, sentence",
    [
        (None, "needs `val_loss`, which is not among loss: such an epoch does not"),
        (-0.1, "needs errors, but `val_loss` is negative .-0.1.: such an epoch does"),
    ],
)
def test_an_epoch_without_a_usable_error_does_not_count_and_is_told_once(odd, sentence):
    callback = GeneralizationLoss(10, restore_best_weights=True)
    with pytest.warns(UserWarning) as told:
        outcome = run(callback, [2.0, 1.0, odd, 1.05, odd, 1.2], [1.0] * 6)
    assert outcome == (True, 1) and callback.stopped_epoch == 5
    (warning,) = told
    assert re.match(f"GeneralizationLoss {sentence}", str(warning.message))
    with pytest.warns(UserWarning):  # told again in the next training
        run(callback, [odd, 1.0])


def test_a_training_error_that_is_missing_is_told_once():
    with pytest.warns(UserWarning, match="needs `loss`, .* among val_loss") as told:
        assert run(ProgressQuotient(0.1), [1.0] * 4 + [9.0]) == (False, 4)
    assert len(told) == 1


def test_a_nan_counts_as_an_increase_is_told_once_and_is_never_the_best():
    callback = GeneralizationLoss(10, restore_best_weights=True)
    with pytest.warns(UserWarning, match="`val_loss` is NaN: it counts as an increase"):
        assert run(callback, [2.0, 1.0, np.nan]) == (True, 1)
    up = SuccessiveIncreases(1, strip=3, restore_best_weights=True)
    with pytest.warns(UserWarning) as told:
        assert run(up, [np.nan, 1.0, 0.5, np.nan, np.nan, 0.7]) == (True, 2)
    assert len(told) == 1


@pytest.mark.parametrize(
    "make, judge",
    [
        (
            lambda start: GeneralizationLoss(15, start_from_epoch=start),
            lambda E, T: stop_generalization_loss(E, 15),
        ),
        (
            lambda start: ProgressQuotient(0.3, strip=4, start_from_epoch=start),
            lambda E, T: stop_progress_quotient(E, T, 0.3, 4),
        ),
        (
            lambda start: SuccessiveIncreases(2, strip=3, start_from_epoch=start),
            lambda E, T: stop_successive_increases(E, 2, 3),
        ),
    ],
)
def test_the_criterion_counts_from_the_epoch_it_starts_at(make, judge):
    callback, outcomes = make(7), set()
    for E, T in zip(VALIDATION[:30], TRAINING[:30]):
        late = judge(E[7:], T[7:])
        outcomes.add((bool(np.isfinite(late)), bool(late + 7 == judge(E, T))))
        last = 39 if np.isnan(late) else 7 + int(late) - 1
        assert run(callback, E, T) == (np.isfinite(late), last)
        assert callback.best_epoch == 7 + np.argmin(E[7 : last + 1])
    assert (True, False) in outcomes


@pytest.mark.parametrize(
    "make",
    [
        lambda: GeneralizationLoss(1, monitor="val_accuracy"),
        lambda: SuccessiveIncreases(1, monitor="val_auc"),
        lambda: ProgressQuotient(1, training="accuracy"),
    ],
)
def test_a_monitor_that_grows_with_quality_is_refused(make):
    """A new model has no metrics when its first training begins."""
    x, y = np.ones((8, 2), "float32"), np.tile([0.0, 1.0], 4)
    model = keras.Sequential([keras.layers.Dense(1, "sigmoid")])
    metrics = ["accuracy", keras.metrics.AUC(name="auc")]
    model.compile("sgd", "binary_crossentropy", metrics=metrics)
    with pytest.raises(ValueError, match="grows as the network improves.*val_loss"):
        model.fit(x, y, validation_data=(x, y), callbacks=[make()], verbose=0)


def test_every_monitor_that_falls_or_is_unknown_is_taken():
    misses = lambda y, output: keras.ops.cast(keras.ops.abs(y - output) > 1, "float32")
    misses.__name__ = "misses"
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse", metrics=["mae", misses])
    x = RNG.normal(size=(8, 2)).astype("float32")
    own = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: logs.update(own=1.0)
    )
    names = ("val_loss", "val_mae", "val_misses", "own")
    stops = [GeneralizationLoss(1e9, monitor=name) for name in names]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.fit(
            x,
            x[:, :1],
            validation_data=(x, x[:, :1]),
            callbacks=[own, *stops],
            verbose=0,
        )
    assert [len(stop.curves[stop.monitor]) for stop in stops] == [1] * 4


def test_under_fit_it_stops_and_restores_the_best_weights(capsys):
    x = RNG.normal(size=(20, 2))
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(1.2), "mse")  # diverges
    callback = GeneralizationLoss(50, restore_best_weights=True, verbose=1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        history = model.fit(
            x,
            x.sum(1),
            epochs=50,
            validation_data=(x, x.sum(1)),
            callbacks=[callback],
            verbose=0,
        ).history["val_loss"]
    assert (
        len(history)
        == stop_generalization_loss(history, 50)
        == callback.stopped_epoch + 1
        < 50
    )
    assert (
        model.evaluate(x, x.sum(1), verbose=0) == pytest.approx(min(history), rel=1e-4)
        and "early stopping" in capsys.readouterr().out
    )
