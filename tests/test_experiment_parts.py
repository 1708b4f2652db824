"""The parts of the experiments: networks and settings against the papers they are from,
what a training counts, what the results file keeps."""

import keras
import numpy as np
import pandas as pd
import pytest

from course_utils import experiments
from course_utils.experiments import (
    FAILED,
    FINISHED,
    batch_increase,
    cyclical,
    dropout,
    large_batch,
    runner,
    training,
)
from course_utils.experiments.store import ResultsFile, SettingsError
from course_utils.experiments.training import Data, Lookup, Run, pictures


@pytest.fixture(scope="module")
def data():
    return Data(*pictures(m=30, t=10, size=32))


def trained_numbers(model):
    return sum(int(np.prod(v.shape)) for v in model.trainable_variables)


def test_caffes_network_has_its_89578_weights(data):
    s = cyclical.settings("fixed", "full", 1.0)
    model = cyclical.build(s, data, 0, 0.001, 1)
    kernels = [(25 * 3, 32), (25 * 32, 32), (25 * 32, 64), (4 * 4 * 64, 10)]
    assert trained_numbers(model) == sum((n + 1) * m for n, m in kernels) == 89578


@pytest.mark.parametrize("depth, width", [(10, 2), (16, 1)])
def test_a_wide_residual_nets_weights(depth, width):
    """Zagoruyko and Komodakis (2016), Table 1: three groups of (depth - 4) / 6 blocks
    of two 3x3 convolutions; another shortcut only where the width changes."""
    inputs = keras.Input((32, 32, 3))
    outputs = batch_increase.wide_resnet(inputs, depth, width, 0.0, 0)
    blocks, before, wanted = (depth - 4) // 6, 16, 27 * 16
    for filters in (16 * width, 32 * width, 64 * width):
        for block in range(blocks):
            wanted += 9 * before * filters + 9 * filters**2  # convolutions
            wanted += 2 * before + 2 * filters  # batch normalization before each
            changes = before != filters or (block == 0 and filters > 16 * width)
            wanted += before * filters if changes else 0
            before = filters
    wanted += 2 * before + (before + 1) * 10
    model = keras.Model(inputs, outputs)
    assert trained_numbers(model) == wanted
    sizes = {layer.output.shape[1] for layer in model.layers if layer.output.ndim == 4}
    assert sizes == {32, 16, 8}


def test_pictures_are_shifted_by_up_to_four_pixels_and_mirrored():
    x = np.random.default_rng(0).random((300, 8, 8, 1), dtype="float32")
    layer = batch_increase.ShiftAndFlip(4, 0)
    assert np.array_equal(layer(x), x)
    found = np.asarray(layer(x, training=True))
    padded = np.pad(x, ((0, 0), (4, 4), (4, 4), (0, 0)))
    seen = set()
    for k, picture in enumerate(found):
        for row in range(9):
            for column in range(9):
                shifted = padded[k, row : row + 8, column : column + 8]
                for flipped in (False, True):
                    if np.array_equal(
                        picture, shifted[:, ::-1] if flipped else shifted
                    ):
                        seen.add((row, column, flipped))
                        break
    rows, columns, flips = (set(values) for values in zip(*seen))
    assert rows == columns == set(range(9)) and flips == {False, True}


def test_a_lookup_scales_to_0_to_1_and_takes_the_mean_off(data):
    rows = np.array([3, 35])
    assert np.allclose(Lookup(data.x)(rows), data.x[rows] / 255, atol=1e-6)
    assert np.allclose(
        Lookup(data.x, scale=1.0, mean=7.0)(rows), data.x[rows] - 7.0, atol=1e-4
    )


def inputs_of(model, data):
    (lookup,) = [layer for layer in model.layers if isinstance(layer, Lookup)]
    return np.asarray(lookup(data.rows("train")))


def test_the_networks_see_centred_pictures(data, monkeypatch):
    seen = {}
    monkeypatch.setattr(batch_increase, "load_data", lambda name: pictures(30, 10, 32))
    monkeypatch.setattr(
        batch_increase, "train", lambda run, model, *_: seen.update(model=model) or []
    )
    job = "WRN decay"
    s = batch_increase.settings(job, "small", 1.0)
    batch_increase.run(type("Run", (), {"settings": s, "job": job, "seed": 0}))
    x = pictures(30, 10, 32)[0][0] / 255
    expected = x - x.mean(axis=(0, 1, 2))
    assert np.allclose(inputs_of(seen["model"], data), expected, atol=1e-5)
    model = cyclical.build(cyclical.settings("fixed", "full", 1.0), data, 0, 0.001, 1)
    x = 255 * x
    assert np.allclose(inputs_of(model, data), x - x.mean(axis=0), atol=1e-3)


def dropouts(model):
    """The dropout layers of a model."""
    return [one for one in model.layers if isinstance(one, keras.layers.Dropout)]


@pytest.mark.parametrize(
    "arm, rates",
    [("none", []), ("hidden", [0.5, 0.5]), ("hidden+input", [0.2, 0.5, 0.5])],
)
def test_dropout_is_where_the_arm_says(arm, rates):
    pixels = np.zeros((40, 28, 28), "uint8")
    grey = Data((pixels[:30], np.zeros(30)), (pixels[30:], np.zeros(10)))
    s = {**dropout.settings(arm, "small", 1.0), "batch": 10}
    model = dropout.build(arm, s, grey, 0)
    assert [layer.rate for layer in dropouts(model)] == rates


def test_dropout_layers_draw_from_seeds_of_their_own():
    pixels = pictures(30, 10, 32)
    s = {**large_batch.settings("C1", "small", 1.0), "batch": 10}
    found = []
    for seed in range(10):
        model = large_batch.build(s, Data(*pixels), seed, 0.001, 10)
        found += [layer.seed for layer in dropouts(model)]
        inputs = keras.Input((6,))
        outputs = batch_increase.dense_net(inputs, [4, 4], 0.3, seed)
        model = keras.Model(inputs, outputs)
        found += [-layer.seed for layer in dropouts(model)]
    assert len(set(found)) == len(found) == 40
    assert max(map(abs, found)) < 2**31  # what every backend takes


def test_a_shorter_run_has_fewer_epochs():
    for module, job in ((dropout, "none"), (large_batch, "F1")):
        whole = module.settings(job, "full", 1.0)["epochs"]
        assert whole == module.PAPER_EPOCHS
        assert module.settings(job, "full", 0.1)["epochs"] == whole // 10
        assert module.settings(job, "full", 1e-9)["epochs"] == 1


def test_adam_has_its_papers_rate():
    rate = keras.optimizers.Adam().get_config()["learning_rate"]
    for scale in ("small", "full"):
        assert large_batch.settings("F1", scale, 1.0)["rate"] == pytest.approx(rate)


# -- What a training counts ------------------------------------------------------------


def job(name="plain", seed=0):
    return runner.Job("dropout", "dropout", name, seed, "small", None, None, "")


def test_a_training_counts_all_but_the_first_epoch_of_a_session(data, tmp_path):
    run = Run("plain", 0, {}, tmp_path / "state")
    assert run.total() < 1
    model = keras.Sequential(
        [keras.Input((), dtype="int32"), Lookup(data.x), keras.layers.Flatten()]
        + [keras.layers.Dense(10)]
    )
    training.compile_classifier(model, "sgd", 3)
    rows = training.train(run, model, data, [10, 10, 10, 15], [2, 4])
    assert [row["epoch"] for row in rows] == [2, 4]
    assert [row["updates"] for row in rows] == [6, 11]
    assert run.samples == 3 * 30 and run.seconds > 0
    assert run.flops == 3 * 30 * 3 * 2 * 3072 * 10
    assert [row["test_errors"] for row in rows] == pytest.approx(
        [10 * (1 - row["test_accuracy"]) for row in rows]
    )


def test_a_rows_rates_are_the_runs(monkeypatch):
    seconds = 2.0 * runner.MEASURED_SECONDS

    class Module:
        DEFAULT_LENGTHS = {}

        @staticmethod
        def settings(*_):
            return {}

        @staticmethod
        def run(run):
            run.seconds, run.samples, run.flops = seconds, 3 * seconds, 1e9 * seconds
            return [{"epoch": 1}]

    monkeypatch.setattr(runner, "module_of", lambda job: Module)
    monkeypatch.setattr(training, "matrix_rate", lambda: 4e9)
    (row,) = runner._rows(job(), lambda share: None)
    assert row["samples_per_second"] == 3 and row["limit_share"] == 0.25


def test_a_graphics_card_is_named(monkeypatch):
    import tensorflow as tf

    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: [kind])
    monkeypatch.setattr(
        tf.config.experimental, "get_device_details", lambda _: {"device_name": "H200"}
    )
    assert runner._device()["device"] == "H200"


def test_the_bar_counts_what_earlier_sessions_did_as_begun():
    one, two = job(seed=0), job(seed=1)
    progress = runner.Progress([one, two])
    with progress.bar as bar:
        progress.report(one, 0.5)  # found in its state file
        assert (bar.n, bar.initial) == (25, 25)
        progress.report(one, 0.75)
        assert (bar.n, bar.initial) == (37.5, 25)
        progress.report(one, 1.0)
        progress.report(two, 1.0)  # in one piece, in this session
        assert (bar.n, bar.initial) == (100, 25)


# -- The results file ------------------------------------------------------------------


def row(seed, status=FINISHED, **settings):
    text = experiments.settings_text({"net": "a", **settings})
    about = {"experiment": "dropout", "scale": "small", "job": "none", "seed": seed}
    return {**about, "arm": "none", "status": status, "settings": text}


def test_new_rows_take_the_place_of_the_same_jobs_only(tmp_path):
    file = ResultsFile("dropout", tmp_path)
    for seed, status in ((0, FINISHED), (2, FINISHED), (1, FAILED), (1, FINISHED)):
        file.put([row(seed, status)])
    frame = pd.read_csv(tmp_path / "dropout.csv")
    assert frame["seed"].tolist() == [0, 2, 1]
    assert set(frame["status"]) == {FINISHED}


@pytest.mark.parametrize("here", [{"rate": 2}, {"rate": 0.5}])
def test_settings_that_differ_either_way_are_named(tmp_path, here):
    file = ResultsFile("dropout", tmp_path)
    file.put([row(0, rate=1)])
    with pytest.raises(SettingsError, match=f"rate 1 there, {here['rate']} here"):
        file.missing([job("none", 1)], lambda job: {"net": "a", **here})
    jobs = [job("none", 0), job("none", 1)]
    assert file.missing(jobs, lambda job: {"net": "a", "rate": 1}) == jobs[1:]


def test_words_of_an_error_are_no_missing_values(tmp_path):
    file = ResultsFile("dropout", tmp_path)
    file.put([{**row(0, FAILED), "error": "None"}, {**row(1), "error": ""}])
    errors = experiments.read(tmp_path / "dropout.csv", "dropout")["error"]
    assert errors[0] == "None" and errors.isna().tolist() == [False, True]


def test_results_are_the_finished_rows_of_a_scale(tmp_path, monkeypatch):
    monkeypatch.setattr(experiments, "RESULTS", tmp_path)
    file = ResultsFile("dropout", tmp_path)
    for seed, status in ((0, FINISHED), (1, FAILED)):
        file.put([row(seed, status)])
    file.put([{**row(5), "scale": "full"}])
    assert experiments.results("dropout", "small")["seed"].tolist() == [0]
    assert experiments.results("dropout", "full")["seed"].tolist() == [5]
