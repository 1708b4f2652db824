"""An experiment's arm on Keras's other backends, where they are installed: `pip install
jax`, or `pip install torch`."""

import json
import os
import subprocess
import sys
from importlib import util
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize("backend", ["jax", "torch"])
@pytest.mark.parametrize(
    "name, arm", [("cyclical", "triangular2"), ("dropout", "hidden")]
)
def test_an_arm_runs_on_another_backend(name, arm, backend, tmp_path):
    if not util.find_spec(backend):
        pytest.skip(f"{backend} is not installed")
    rows = {}
    for used in ("tensorflow", backend):
        run = subprocess.run(
            [sys.executable, "-m", "course_utils.experiments", name, "--arms", arm]
            + ["--scale", "small", "--seeds", "1", "--results", str(tmp_path / used)],
            env={**os.environ, "KERAS_BACKEND": used, "TQDM_DISABLE": "1"},
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=600,
        )
        assert run.returncode == 0, run.stderr
        rows[used] = pd.read_csv(tmp_path / used / f"{name}.csv").iloc[-1]
    mine, tensorflow = rows[backend], rows["tensorflow"]
    assert mine["backend"].startswith(backend)
    assert json.loads(mine["settings"]) == json.loads(tensorflow["settings"])
    assert mine["updates"] == tensorflow["updates"]
    assert np.isfinite([mine["train_loss"], mine["test_loss"]]).all()
    # Other initial weights: random numbers differ from backend to backend.
    assert mine["test_loss"] == pytest.approx(tensorflow["test_loss"], rel=0.5)
    print({used: row["samples_per_second"] for used, row in rows.items()})
