"""Experiments: resumed equals uninterrupted, nothing lost or counted twice, settings
never mixed, failures shown."""

import os
import platform
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from course_utils import experiments
from course_utils.experiments import (
    EXPERIMENTS,
    Experiment,
    columns,
    published,
    results,
)

MEASURED = [
    "arm",
    "seed",
    "epoch",
    "updates",
    "test_accuracy",
    "test_errors",
    "train_loss",
    "test_loss",
]
EPOCHS = 8
TOY = f"""
import os, time
import keras
from pathlib import Path
from course_utils.experiments import training

JOBS, DEFAULT_LENGTHS = ("plain", "dropout"), {{}}
training.SAVE_SECONDS = 0


def settings(job, scale, length):
    return {{"net": "toy", "epochs": {EPOCHS}, "length": length}}


def work(job, settings):
    return 1.0


def run(run):
    if run.job == os.environ.get("TOY_BROKEN"):
        raise ArithmeticError("the toy is broken")
    told = run.report
    log = open(os.environ.get("TOY_LOG", os.devnull), "a", buffering=1)
    run.report = lambda share: (
        told(share),
        print(run.job, share, file=log),
        time.sleep(float(os.environ.get("TOY_PAUSE", 0))),
    )
    data = training.Data(*training.pictures(60, 40, 4))
    rows = keras.Input((), dtype="int32")
    start = lambda place: keras.initializers.HeNormal(
        seed=10 * run.seed + place
    )  # never the process's own generator: a worker uses it too
    h = keras.layers.Dense(8, activation="relu", kernel_initializer=start(0))(
        keras.layers.Flatten()(training.Lookup(data.x)(rows))
    )
    h = (
        keras.layers.Dropout(0.5, seed=10 * run.seed + 2)(h)
        if run.job == "dropout"
        else h
    )
    h = keras.layers.Dense(10, kernel_initializer=start(1))(h)
    model = training.compile_classifier(
        keras.Model(rows, h), keras.optimizers.Adam(0.01), 3
    )
    return training.train(run, model, data, [20] * {EPOCHS}, range(4, {EPOCHS + 1}, 4))
"""
DRIVER = """
import sys
from course_utils import experiments

experiments.EXPERIMENTS["toy"] = experiments.Experiment(
    "toy_experiment", "C00", "a toy", (), "none", "seconds"
)
from course_utils.experiments.__main__ import main

sys.exit(main(["toy", "--length", "1", *sys.argv[1:]]))
"""


TOY_ENTRY = Experiment("toy_experiment", "C00", "a toy", (), "none", "seconds")


@pytest.fixture(scope="module")
def toy_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("toy")
    (folder / "toy_experiment.py").write_text(TOY)
    (folder / "driver.py").write_text(DRIVER)
    return folder


@pytest.fixture
def toy(toy_folder, monkeypatch, tmp_path):
    """Call it with options: the exit status of the toy's command line, in this
    process."""
    from course_utils.experiments.__main__ import main

    monkeypatch.setitem(EXPERIMENTS, "toy", TOY_ENTRY)
    monkeypatch.setenv("PYTHONPATH", str(toy_folder))
    monkeypatch.setenv("TQDM_DISABLE", "1")
    monkeypatch.syspath_prepend(str(toy_folder))
    return lambda *options: main(
        ["toy", "--length", "1", "--results", str(tmp_path), *options]
    )


def table(folder, name="toy"):
    return pd.read_csv(folder / f"{name}.csv")


@pytest.fixture(scope="module")
def uninterrupted(toy_folder, tmp_path_factory):
    """The rows of a run of both arms that nothing disturbed."""
    from course_utils.experiments.__main__ import main

    folder = tmp_path_factory.mktemp("whole")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(EXPERIMENTS, "toy", TOY_ENTRY)
        patch.setenv("TQDM_DISABLE", "1")
        patch.syspath_prepend(str(toy_folder))
        assert (
            main(["toy", "--length", "1", "--results", str(folder), "--seeds", "1"])
            == 0
        )
    frame = table(folder)
    frame.attrs["lines"] = (folder / "toy.csv").read_text().splitlines(keepends=True)
    return frame


def already_there(folder, uninterrupted, arm):
    """Put an arm's rows into the results, as a run of it alone would."""
    header, *lines = uninterrupted.attrs["lines"]
    own = [line for line in lines if f",{arm},{arm},0," in line]
    assert len(own) == EPOCHS / 4
    (folder / "toy.csv").write_text("".join([header, *own]))


def command(toy_folder, results, *options):
    return [
        sys.executable,
        str(toy_folder / "driver.py"),
        "--results",
        str(results),
        *options,
    ]


def environment(toy_folder, **more):
    path = os.pathsep.join(map(str, (toy_folder, Path(__file__).parents[1])))
    return {**os.environ, "PYTHONPATH": path, **more}


def wait_for(condition, seconds=150):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def same(one, other):
    """Whether both measured the same, to the last digit, in whatever order."""
    one, other = (
        frame[MEASURED].sort_values(["arm", "seed", "epoch"], ignore_index=True)
        for frame in (one, other)
    )
    pd.testing.assert_frame_equal(one, other, check_exact=True, check_dtype=False)
    return True


def test_a_killed_run_goes_on_where_it_stopped_and_equals_an_uninterrupted_one(
    toy_folder, uninterrupted, tmp_path
):
    run = command(toy_folder, tmp_path, "--seeds", "1")
    killed = subprocess.Popen(
        run, env=environment(toy_folder, TOY_PAUSE="0.2"), stderr=subprocess.DEVNULL
    )
    try:
        wait_for(
            lambda: epochs_done(tmp_path, "toy-full-dropout-0") >= 3
        )  # in the middle of the second arm
    finally:
        killed.send_signal(signal.SIGKILL)
    assert killed.wait() == -signal.SIGKILL
    before = epochs_done(tmp_path, "toy-full-dropout-0")
    assert 3 <= before < EPOCHS and set(table(tmp_path)["arm"]) == {"plain"}
    again = subprocess.run(
        run, env=environment(toy_folder), capture_output=True, text=True, timeout=120
    )
    assert (
        again.returncode == 0 and "1 of 2 runs are in toy.csv, 1 to do" in again.stdout
    ), again.stderr
    assert "100.0%" in again.stderr and "left" in again.stderr
    assert "cuInit" not in again.stderr and "absl" not in again.stderr
    assert same(table(tmp_path), uninterrupted) and not list(
        (tmp_path / ".state").glob("toy-*")
    )


def test_a_run_goes_on_from_the_state_folder_on_another_machine(
    toy_folder, uninterrupted, tmp_path
):
    here, there, state = (tmp_path / name for name in ("here", "there", "state"))
    words = ["--seeds", "1", "--state", str(state)]
    killed = subprocess.Popen(
        command(toy_folder, here, *words),
        env=environment(toy_folder, TOY_PAUSE="0.2"),
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(lambda: epochs_done(state, "toy-full-dropout-0", "") >= 3)
    finally:
        killed.send_signal(signal.SIGKILL)
        killed.wait()
    before = epochs_done(state, "toy-full-dropout-0", "")
    there.mkdir()
    (there / "toy.csv").write_bytes((here / "toy.csv").read_bytes())
    again = subprocess.run(
        command(toy_folder, there, *words),
        env=environment(toy_folder, TOY_LOG=str(tmp_path / "log")),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert again.returncode == 0, again.stderr
    first, *_ = (tmp_path / "log").read_text().splitlines()
    assert first == f"dropout {(before + 1) / EPOCHS}"
    assert same(table(there), uninterrupted) and not list(state.glob("toy-*"))


def epochs_done(folder, beginning, place=".state"):
    import json

    for path in (folder / place).glob(f"{beginning}*.npz"):
        with np.load(path) as stored:
            return json.loads(str(stored["state"]))["epoch"]
    return 0


def test_results_are_tidy_with_their_origin(uninterrupted):
    assert (
        len(uninterrupted) == 2 * EPOCHS / 4
        and not uninterrupted.duplicated(["arm", "seed", "epoch"]).any()
    )
    row = uninterrupted.iloc[0]
    assert (
        row["updates"] == 12
        and row["status"] == "finished"
        and row["test_errors"] == round(40 * (1 - row["test_accuracy"]))
    )
    assert (
        row["command"]
        == "python -m course_utils.experiments toy --seeds 1 --scale full --length 1.0"
    )
    assert (
        row[
            [
                "seconds",
                "samples_per_second",
                "device",
                "backend",
                "keras",
                "python",
                "finished",
            ]
        ]
        .notna()
        .all()
    )
    assert uninterrupted.groupby("arm")["train_loss"].last().nunique() == 2


def test_a_lost_worker_loses_nothing_and_nothing_counts_twice(
    toy, toy_folder, uninterrupted, tmp_path
):
    from distributed import LocalCluster

    status, pause = [], environment(toy_folder, TOY_PAUSE="0.15")
    with LocalCluster(
        n_workers=0,
        protocol="tcp://",
        host="127.0.0.1",
        dashboard_address=None,
        silence_logs=50,
    ) as cluster:  # a scheduler
        worker = [
            sys.executable,
            "-m",
            "distributed.cli.dask_worker",
            cluster.scheduler_address,
            "--no-nanny",
            "--nthreads",
            "1",
            "--no-dashboard",
        ]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        workers = [
            subprocess.Popen(worker, env=pause, cwd=tmp_path, **quiet) for _ in range(2)
        ]
        try:
            wait_for(lambda: len(cluster.scheduler.workers) == 2)
            run = threading.Thread(
                target=lambda: status.append(
                    toy("--seeds", "1", "--cluster", cluster.scheduler_address)
                )
            )
            run.start()
            wait_for(
                lambda: (
                    min(
                        epochs_done(tmp_path, f"toy-full-{arm}-0")
                        for arm in ("plain", "dropout")
                    )
                    >= 2
                )
            )  # both are at work
            workers[0].send_signal(signal.SIGKILL)
            run.join(120)
        finally:
            for process in workers:
                process.kill()
                process.wait()
    assert status == [0]
    assert same(table(tmp_path), uninterrupted) and list(tmp_path.glob("*.part")) == []
    assert (
        "ADDRESS" in table(tmp_path)["command"][0]
        and "tcp" not in (tmp_path / "toy.csv").read_text()
    )


def test_a_failed_arm_is_reported_and_tried_again(
    toy, uninterrupted, tmp_path, monkeypatch, capsys
):
    already_there(tmp_path, uninterrupted, "dropout")
    monkeypatch.setenv("TOY_BROKEN", "plain")
    assert toy("--seeds", "1") == 1
    failed = table(tmp_path).query("status == 'failed'")
    assert failed["arm"].tolist() == ["plain"] and failed["error"].tolist() == [
        "ArithmeticError: the toy is broken"
    ]
    assert "plain, seed 0 failed" in capsys.readouterr().err
    monkeypatch.setattr(experiments, "RESULTS", tmp_path)
    assert (
        set(results("toy")["arm"]) == {"dropout"}
        and results("toy")["epoch"].dtype == int
    )  # only what is finished
    monkeypatch.delenv("TOY_BROKEN")
    assert toy("--seeds", "1") == 0 and "1 to do" in capsys.readouterr().out
    assert same(table(tmp_path), uninterrupted)
    before = (tmp_path / "toy.csv").read_bytes()
    assert (
        toy("--seeds", "1") == 0 and (tmp_path / "toy.csv").read_bytes() == before
    )  # nothing left to do


def test_other_settings_are_refused_in_one_sentence(
    toy, uninterrupted, tmp_path, capsys
):
    already_there(tmp_path, uninterrupted, "plain")
    assert toy("--seeds", "2", "--arms", "plain") == 0
    assert "1 of 2 runs are in toy.csv" in capsys.readouterr().out
    assert table(tmp_path).groupby("seed")["train_loss"].last().nunique() == 2
    before = (tmp_path / "toy.csv").read_bytes()
    capsys.readouterr()  # the first run's progress bar
    assert toy("--seeds", "2", "--length", "2") == 2
    message = capsys.readouterr().err
    assert (
        "other settings (length 1.0 there, 2.0 here)" in message
        and "--results" in message
        and message.count("\n") == 1
    )
    assert (tmp_path / "toy.csv").read_bytes() == before


def test_two_runs_at_once_are_refused(toy, tmp_path, capsys):
    pytest.importorskip("fcntl")
    from course_utils.experiments.store import ResultsFile

    other = ResultsFile("toy", tmp_path)
    other.lock()
    assert (
        toy("--seeds", "1") == 2
        and "another process is running this experiment" in capsys.readouterr().err
    )


def test_an_unknown_arm_and_an_absent_scheduler_are_one_sentence(
    toy, capsys, monkeypatch
):
    import dask

    assert (
        toy("--arms", "nothing") == 2
        and "it has plain, dropout" in capsys.readouterr().err
    )
    with dask.config.set({"distributed.comm.timeouts.connect": "0.2s"}):
        assert toy("--seeds", "1", "--cluster", "tcp://127.0.0.1:9") == 2
    assert "127.0.0.1:9" in capsys.readouterr().err


def test_missing_data_are_said_before_the_first_run(tmp_path, monkeypatch, capsys):
    from course_utils.experiments import runner
    from course_utils.experiments.__main__ import main

    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    monkeypatch.setattr(runner, "run_all", lambda *jobs: pytest.fail("a run began"))
    assert main(["dropout", "--seeds", "1", "--results", str(tmp_path)]) == 2
    message = capsys.readouterr().err
    assert message.startswith("dropout: ") and message.count("\n") == 1
    assert "mnist.npz is not there" in message
    assert not (tmp_path / "dropout.csv").exists()


def test_data_are_looked_for_once_each_and_on_a_cluster_by_its_workers(
    tmp_path, monkeypatch
):
    from course_utils.experiments import batch_increase, runner, training
    from course_utils.experiments.__main__ import main

    assert batch_increase.load_data is training.load_data  # its runs find the same
    loaded = []
    monkeypatch.setattr(training, "load_data", loaded.append)
    monkeypatch.setattr(runner, "run_all", lambda *jobs: [])
    small = ["--seeds", "2", "--scale", "small", "--results", str(tmp_path)]
    assert main(["batch-increase", *small]) == 0
    assert loaded == ["MNIST, 5,000 digits", "made-up pictures"]
    assert main(["batch-increase", *small, "--cluster", "tcp://x:1"]) == 0
    assert len(loaded) == 2


def test_arms_are_chosen_by_name_or_by_part_of_it():
    from course_utils.experiments.runner import make_jobs

    chosen = lambda *arms: [
        job.name for job in make_jobs("cyclical", 1, "full", None, None, arms, "")
    ]
    assert (
        chosen("fixed") == ["fixed"]
        and chosen("Tuned") == ["tuned fixed"]
        and chosen("exp", "decay") == ["decay", "exp"]
    )
    assert chosen("d f") == ["tuned fixed"] and len(chosen()) == 8


def test_errors_name_no_folder_of_this_machine():
    from course_utils.experiments import runner

    job = runner.Job("toy", "no_such_module", "plain", 0, "full", 1.0, None, "")
    row = runner.failure(
        job,
        OSError(
            "/home/someone/data/mnist.npz is not there: put a whole mnist.npz there"
        ),
        0.0,
    )
    assert (
        row["error"] == "OSError: mnist.npz is not there: put a whole mnist.npz there"
        and row["settings"] is None
    )


@pytest.mark.parametrize(
    "damage",
    [
        lambda whole: b"PK\x03\x04 half a file",
        lambda whole: b"",
        lambda whole: whole[: len(whole) // 2],
        lambda whole: whole[:-30],
        None,
    ],
)
def test_a_damaged_state_is_not_used(tmp_path, damage):
    """A run then begins anew, and its variables are as they were."""
    import keras

    from course_utils.experiments import training

    path, old, new = tmp_path / "state.npz", np.arange(500.0), np.zeros(500)
    variables = [keras.Variable(old), keras.Variable(old)]
    state = {"epoch": 3, "rows": []}
    training._save(path, variables, state)
    for variable in variables:
        variable.assign(new)
    if damage:
        path.write_bytes(damage(path.read_bytes()))
    else:  # whole, but of a smaller network
        training._save(path, variables[:1], state)
    assert training._load(path, variables) is None
    assert all(np.array_equal(variable, new) for variable in variables)
    training._save(path, [keras.Variable(old)] * 2, state)
    assert training._load(path, variables) == state
    assert all(np.array_equal(variable, old) for variable in variables)


# What the notebooks read.


def test_wrong_names_list_the_right_ones():
    for call in (results, published):
        with pytest.raises(
            ValueError, match="dropout, batch-increase, large-batch, cyclical"
        ):
            call("dropuot")
    with pytest.raises(ValueError, match="small, full"):
        results("dropout", scale="medium")


def test_missing_results_are_no_rows_with_the_same_columns(tmp_path, monkeypatch):
    monkeypatch.setattr(experiments, "RESULTS", tmp_path)
    frame = results("large-batch")
    assert (
        len(frame) == 0
        and list(frame) == columns("large-batch")
        and "sharpness_0.001" in frame
    )


def test_published_figures_have_a_source():
    frame = pd.concat([published(name).assign(name=name) for name in EXPERIMENTS])
    assert (
        list(published("dropout")) == ["arm", "measure", "value", "source"]
        and frame["source"].notna().all()
    )
    assert published("dropout").set_index("arm")["value"][
        ["none", "hidden", "hidden+input"]
    ].tolist() == [160, 130, 110]
    assert not frame.duplicated(["name", "arm", "measure"]).any()


def test_reading_and_listing_load_no_keras():
    code = (
        "import sys; from course_utils.experiments import results, published;"
        " results('dropout'); published('dropout')\nfrom"
        " course_utils.experiments.__main__ import main; main(['list']); assert not"
        " {'keras', 'tensorflow'} & set(sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0 and all(name in done.stdout for name in EXPERIMENTS), (
        done.stderr
    )


@pytest.mark.skipif(
    platform.machine() not in ("x86_64", "AMD64"), reason="oneDNN is another one there"
)
@pytest.mark.parametrize("given", [None, "0"])
def test_the_fast_convolutions_are_on_unless_the_user_says_no(given, monkeypatch):
    monkeypatch.delenv("TF_ENABLE_ONEDNN_OPTS", raising=False)
    if given:
        monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", given)
    code = """if True:
        from course_utils.experiments import runner
        runner.make_jobs("cyclical", 1, "small", None, None, ["fixed"], "")
        from tensorflow.python.util import _pywrap_util_port
        print(_pywrap_util_port.IsMklEnabled())"""
    run = [sys.executable, "-c", code]
    done = subprocess.run(run, capture_output=True, text=True, timeout=120)
    assert done.stdout.strip() == str(given is None), done.stderr


# The experiments themselves, small.


@pytest.mark.parametrize(
    "name, arms, known",
    [
        ("dropout", ["hidden+input"], 50),
        ("batch-increase", ["MNIST increase", "WRN increase"], 25),
        ("large-batch", ["F1"], 30),
        ("cyclical", ["triangular2"], 5),
    ],
)
def test_small_scale(name, arms, known, tmp_path, monkeypatch):
    from course_utils.experiments.__main__ import main

    monkeypatch.setenv("TQDM_DISABLE", "1")
    assert (
        main(
            [
                name,
                "--scale",
                "small",
                "--seeds",
                "1",
                "--results",
                str(tmp_path),
                "--arms",
                *arms,
            ]
        )
        == 0
    )
    monkeypatch.setattr(experiments, "RESULTS", tmp_path)
    frame = results(name, scale="small")
    assert list(frame) == columns(name) and frame["job"].nunique() == len(arms)
    assert (
        100 * frame["test_accuracy"].max() > known
        and frame[["train_loss", "test_loss", "seconds"]].notna().all().all()
    )
    if name == "large-batch":
        at = frame[frame["arm"] == "F1 line to large"].set_index("alpha")
        last = frame[frame["epoch"] == frame["epoch"].max()].set_index("arm")
        assert (
            last.loc[
                ["F1 small", "F1 large", "F1 large scaled"],
                ["sharpness_0.001", "plane_sharpness_0.001"],
            ]
            .gt(0)
            .all()
            .all()
        )
        other = frame[frame["arm"] == "F1 line to large scaled"].set_index("alpha")
        assert (
            at.loc[0, "test_loss"] == other.loc[0, "test_loss"]
        )  # both lines go through the small batch's minimum


def test_the_devices_limit_is_measured():
    import keras

    from course_utils.experiments.training import flops, matrix_rate

    layers = keras.layers
    net = keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            layers.Conv2D(4, 3, padding="same"),
            layers.Flatten(),
            layers.Dense(10),
        ]
    )
    assert flops(net) == 3 * 2 * (64 * 27 * 4 + 256 * 10)
    assert 1e8 < matrix_rate(windows=1, n=256) < 1e16


def test_momentum_rises_with_the_updates_however_many_one_call_executes():
    import keras

    from course_utils.experiments.dropout import RampedSGD

    g, found = 3.0, []
    for steps in (1, 5):
        w = keras.Variable(np.zeros((1, 1), "float32"))
        model = keras.Sequential(
            [
                keras.Input((1,)),
                keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros"),
            ]
        )
        model.compile(
            RampedSGD(0.1, 0.5, 0.9, ramp=8),
            loss=lambda y, output: output * g,
            steps_per_execution=steps,
        )  # a constant gradient
        model.fit(
            np.ones((20, 1)), np.zeros((20, 1)), batch_size=2, shuffle=False, verbose=0
        )
        found.append(float(np.asarray(model.layers[0].kernel)[0, 0]))
    w = v = 0.0
    for t in range(10):
        p = min(0.5 + 0.4 * t / 8, 0.9)
        v = p * v - (1 - p) * 0.1 * g
        w += v
    assert found[0] == pytest.approx(w, rel=1e-5) and found[1] == pytest.approx(
        w, rel=1e-5
    )


def test_batches_and_rates_keep_the_noise_scale():
    from course_utils.experiments.batch_increase import plan, rate_schedule, settings

    s = settings("WRN increase", "full", 1.0)
    plans = {
        kind: plan(f"WRN {kind}", s, 50000) for kind in ("decay", "hybrid", "increase")
    }
    assert [plans["increase"][e][0] for e in (0, 59, 60, 120, 160)] == [
        128,
        128,
        640,
        3200,
        5000,
    ]  # never above a tenth of the data
    for epochs in zip(*plans.values()):
        assert np.ptp([rate / batch for batch, rate in epochs]) < 1e-12
    schedule = rate_schedule([(50, 0.1), (50, 0.02), (25, 0.02), (25, 0.004)], 100)
    assert np.allclose(
        [float(schedule(t)) for t in range(12)], [0.1] * 2 + [0.02] * 6 + [0.004] * 4
    )


def test_every_policy_of_the_cyclical_experiment():
    from course_utils.experiments.cyclical import rate, settings

    s = settings("fixed", "full", 1.0)
    at = lambda job, t, **more: float(rate(job, s, 70000, **more)(t))
    assert [at("fixed", t) for t in (0, 60000, 60001, 65001)] == pytest.approx(
        [1e-3, 1e-3, 1e-4, 1e-5]
    )
    assert [
        at("triangular2 in one range", t) for t in (0, 2000, 4000, 6000)
    ] == pytest.approx([1e-3, 6e-3, 1e-3, 3.5e-3])
    table = {  # Smith's Table 2: each stage begins anew, at its base
        0: 1e-3,
        2000: 5e-3,
        6000: 3e-3,
        15999: 1e-3,
        16000: 1e-4,
        17000: 5e-4,
        19000: 3e-4,
        22000: 1e-5,
        22500: 5e-5,
        23500: 3e-5,
    }
    assert [at("triangular2", t) for t in table] == pytest.approx(
        list(table.values()), rel=1e-3
    )
    assert [at("exp_range", t) for t in (0, 2000, 4000)] == pytest.approx(
        [1e-3, 6e-3 * 0.99994**2000, 1e-3 * 0.99994**4000], rel=1e-3
    )
    assert [at("decay", t) for t in (0, 2000, 4000, 9000)] == pytest.approx(
        [7e-3, 4e-3, 1e-3, 1e-3]
    )
    assert [
        at("decay in one range", t) for t in (0, 1000, 2000, 9000)
    ] == pytest.approx([6e-3, 3.5e-3, 1e-3, 1e-3])
    assert at("exp", 10000) == pytest.approx(1e-3 * 0.99994**10000, rel=1e-3) and at(
        "tuned fixed", 0, fixed=4e-3
    ) == pytest.approx(4e-3)


def test_local_response_normalization_divides_by_its_equation():
    from course_utils.experiments.cyclical import LocalResponseNormalization

    x = np.random.default_rng(0).normal(0, 300, (2, 5, 5, 3)).astype("float32")
    found = np.asarray(LocalResponseNormalization()(x))
    for row, column in (
        (2, 3),
        (0, 4),
    ):  # inside, and in a corner, where the mean is over fewer neighbours
        around = x[:, max(0, row - 1) : row + 2, max(0, column - 1) : column + 2]
        expected = (
            x[:, row, column] / (1 + 5e-5 * (around**2).mean(axis=(1, 2))) ** 0.75
        )
        assert np.allclose(found[:, row, column], expected, rtol=1e-5)


def test_sharpness_finds_the_maximum_in_the_box():
    from course_utils.experiments.large_batch import sharpness

    curvature, x = np.array([1.0, 100.0, 0.0]), np.array([0.0, 1.0, 5.0])
    quadratic = lambda w: (
        0.5 * curvature @ (w - x) ** 2 + 1e-4 * (w - x).sum(),
        curvature * (w - x) + 1e-4,
    )
    bound = 1e-2 * (np.abs(x) + 1)
    assert sharpness(quadratic, x, 1e-2) == pytest.approx(
        100 * quadratic(x + bound)[0], rel=1e-6
    )
    flat = lambda w: tuple(
        1e-9 * part for part in quadratic(w)
    )  # a loss of nearly nothing has a sharpness, too
    assert sharpness(flat, x, 1e-2) == pytest.approx(
        100e-9 * quadratic(x + bound)[0], rel=1e-6
    )
    plane = np.array([[0.0], [2.0], [0.0]])  # along the second axis, where A+ x = 1/2
    assert sharpness(quadratic, x, 1e-2, plane) == pytest.approx(
        100 * quadratic(x + 2 * np.array([0, 1e-2 * 1.5, 0]))[0], rel=1e-6
    )


def test_the_gradient_at_a_minimum_is_the_losses():
    from course_utils.data import load_mnist
    from course_utils.experiments.large_batch import Loss, _vector, build, settings
    from course_utils.experiments.training import Data

    s = settings("F1", "small", 1.0)
    data = Data(*load_mnist())
    loss = Loss(
        build(s, data, 0, 0.0, 25, at_minimum=True),
        data,
        np.arange(2000, dtype="int32"),
    )
    w = _vector(loss.model.trainable_variables).astype("float64")
    value, gradient = loss.with_gradient(w)
    direction = gradient / np.linalg.norm(gradient)
    ahead, behind = loss.at(w + 0.002 * direction)[0], loss.at(w - 0.002 * direction)[0]
    assert loss.at(w)[0] == pytest.approx(value, rel=1e-5)
    assert (ahead - behind) / 0.004 == pytest.approx(np.linalg.norm(gradient), rel=0.02)
