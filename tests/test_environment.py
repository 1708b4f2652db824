"""The set-up call, and that the package is light to import."""

import json
import os
import random
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from course_utils import setup


def python(code, **variables):
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )


def test_importing_the_package_loads_neither_tensorflow_nor_matplotlib():
    heavy = python(
        "import sys, course_utils; print(*{'tensorflow', 'keras', 'matplotlib',"
        " 'pandas', 'scipy', 'sklearn'} & set(sys.modules))"
    )
    assert heavy.stdout.split() == []


def test_the_light_half_of_a_notebook_loads_no_tensorflow():
    light = python(
        "import sys\nfrom course_utils import *\nfrom course_utils import"
        " figures\nsetup(seed=1, tensorflow=False)\nload_mnist(); check('01-nand',"
        " ...); closing_table('01_perceptron')\nprint('tensorflow' in sys.modules,"
        " 'sklearn' in sys.modules)"
    )
    assert light.stdout.splitlines()[-1] == "False False"


def test_setup_seeds_everything_and_names_the_device(capsys):
    def draws():
        rng = setup(seed=7)
        import tensorflow as tf

        return (
            rng.random(),
            random.random(),
            np.random.random(),
            float(tf.random.uniform([])),
        )

    assert draws() == draws()
    assert all(
        line.startswith("Device: ") for line in capsys.readouterr().out.splitlines()
    )
    assert (
        setup(seed=7).random()
        == np.random.default_rng(7).random()
        != setup(seed=8).random()
    )


@pytest.mark.parametrize("in_use", [False, True])
def test_a_gpu_is_named_and_takes_memory_as_it_needs_it(monkeypatch, capsys, in_use):
    import tensorflow as tf

    grown, card = [], SimpleNamespace(name="/physical_device:GPU:0")

    def grow(gpu, on):
        grown.append((gpu, on))
        if in_use:
            raise RuntimeError(
                "Physical devices cannot be modified after being initialized"
            )

    monkeypatch.setattr(
        tf.config, "list_physical_devices", lambda kind: [card] if kind == "GPU" else []
    )
    monkeypatch.setattr(tf.config.experimental, "set_memory_growth", grow)
    monkeypatch.setattr(
        tf.config.experimental,
        "get_device_details",
        lambda gpu: {"device_name": "NVIDIA Test"},
    )
    setup()
    assert capsys.readouterr().out == "Device: GPU (NVIDIA Test)\n" and grown == [
        (card, True)
    ]


def test_setup_leaves_numpy_one_blas_thread():
    from threadpoolctl import threadpool_info

    setup(tensorflow=False)
    assert [
        library["num_threads"]
        for library in threadpool_info()
        if library["user_api"] == "blas" and "numpy" in library["filepath"]
    ] == [1]


@pytest.mark.parametrize(
    "code",
    [
        "from course_utils import setup; setup()",
        "import course_utils; from course_utils import CyclicalLearningRate;"
        " course_utils.setup()",
        "from course_utils.early_stopping import GeneralizationLoss",
    ],
)
def test_keras_is_loaded_quietly_wherever_it_is_first_needed(code):
    """Also the first use of the device says nothing, and stderr works afterwards."""
    code += (
        "\nimport os, sys, tensorflow as tf; tf.constant(1) + 1\n"
        "os.write(2, b'raw'); print('text', file=sys.stderr)"
    )
    assert python(code).stderr == "rawtext\n"


@pytest.mark.parametrize("seed", [-1, 2**32, 1.5, "1", None, True])
def test_a_bad_seed_is_named(seed):
    with pytest.raises(ValueError, match="whole number"):
        setup(seed=seed)


def test_a_missing_tensorflow_is_one_sentence():
    code = (
        "import sys; sys.modules['keras'] = None\nfrom course_utils import setup\ntry:"
        " setup()\nexcept RuntimeError as error: print(error)"
    )
    assert "make lab" in python(code).stdout


# Repetitions.


def test_another_repetition_has_other_numbers_and_says_so(monkeypatch, capsys):
    def draws(seed):
        rng = setup(seed, tensorflow=False)
        return rng.random(), random.random(), np.random.random()

    recorded = draws(5)
    assert "Repetition" not in capsys.readouterr().out
    monkeypatch.setenv("COURSE_REPETITION", "3")
    third = draws(5)
    device, line = capsys.readouterr().out.splitlines()
    assert device.startswith("Device: ") and line.startswith("Repetition 3: ")
    assert not set(third) & set(recorded) and third == draws(5)
    monkeypatch.setenv("COURSE_REPETITION", "0")
    assert draws(5) == recorded
    assert third[1:] == draws(3005)[1:]  # as documented: seed + 1000 k


def test_a_repetition_seeds_keras_too_and_the_largest_seed_wraps(monkeypatch):
    import keras

    monkeypatch.setenv("COURSE_REPETITION", "2")
    setup(2**32 - 1)
    found = float(keras.random.uniform(()))
    monkeypatch.delenv("COURSE_REPETITION")
    setup(1999)
    assert float(keras.random.uniform(())) == found


def test_a_bad_repetition_is_named(monkeypatch):
    monkeypatch.setenv("COURSE_REPETITION", "one")
    with pytest.raises(ValueError, match="COURSE_REPETITION"):
        setup(tensorflow=False)


# What setup refuses.


@pytest.fixture
def settings_file(monkeypatch, tmp_path):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    return tmp_path / "keras.json"


@pytest.mark.parametrize("loaded", [False, True])
@pytest.mark.parametrize("by", ["variable", "file"])
def test_another_backend_is_refused(monkeypatch, settings_file, by, loaded):
    """Stand-ins: JAX is not installed here, so no Keras can really run on it."""
    import keras

    if by == "variable":
        monkeypatch.setenv("KERAS_BACKEND", "jax")
        remedy = "unset the variable KERAS_BACKEND, then restart the kernel"
    else:
        settings_file.write_text(json.dumps({"backend": "jax"}))
        remedy = f'write "backend": "tensorflow" in {settings_file}, then restart the'
    if loaded:
        monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    else:
        monkeypatch.delitem(sys.modules, "keras")
    with pytest.raises(RuntimeError, match="notebooks need TensorFlow") as caught:
        setup()
    assert remedy in str(caught.value) and ("already" in str(caught.value)) == loaded
    assert "\n" not in str(caught.value)


def test_a_keras_that_was_loaded_before_the_settings_were_mended(
    monkeypatch, settings_file
):
    import keras

    monkeypatch.setattr(keras.backend, "backend", lambda: "torch")
    with pytest.raises(RuntimeError, match="TensorFlow: restart the kernel"):
        setup()


@pytest.mark.parametrize(
    "name, value", [("floatx", "float16"), ("image_data_format", "channels_first")]
)
def test_other_numbers_or_pictures_are_refused(settings_file, name, value):
    import keras

    before, change = getattr(keras.config, name)(), f"set_{name}"
    getattr(keras.config, change)(value)
    try:
        with pytest.raises(RuntimeError, match=f'write "{name}": "{before}" in .*json'):
            setup()
    finally:
        getattr(keras.config, change)(before)


@pytest.mark.parametrize("text", ["{", "[]", '{"backend": "tensorflow"}'])
def test_a_settings_file_that_chooses_nothing_else_is_no_hindrance(settings_file, text):
    settings_file.write_text(text)
    setup()


def test_the_backend_is_really_refused_before_keras_is_loaded():
    code = (
        "import sys\nfrom course_utils import setup\ntry: setup()\nexcept RuntimeError"
        " as error: print(error, 'keras' in sys.modules)"
    )
    done = python(code, KERAS_BACKEND="jax")
    assert "unset the variable KERAS_BACKEND" in done.stdout
    assert done.stdout.endswith("False\n") and done.stderr == ""


# An NVIDIA card that is there but not used.


@pytest.fixture
def no_gpu(monkeypatch, tmp_path):
    """No GPU for TensorFlow, no tool and no card; a call puts an `nvidia-smi` there."""
    import tensorflow as tf

    from course_utils import environment

    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind=None: [])
    monkeypatch.setattr(environment, "WSL_TOOL", tmp_path / "absent")
    monkeypatch.setattr(environment, "PCI", tmp_path / "pci")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    (tmp_path / "bin").mkdir()

    def tool(script):
        (tmp_path / "bin" / "nvidia-smi").write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / "bin" / "nvidia-smi").chmod(0o755)

    return tool


def device_line(capsys):
    setup()
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("Device: CPU (")
    return line


def test_without_a_card_the_line_says_no_more_than_that(no_gpu, capsys):
    assert device_line(capsys) == f"Device: CPU ({os.cpu_count()} cores), no GPU found"


@pytest.mark.parametrize(
    "built, libraries, hidden, reason",
    [
        (False, False, None, "built without CUDA: run `make gpu`, then restart"),
        (True, False, None, "libraries are not found: run `make gpu`, then restart"),
        (True, True, None, "update the driver to one for CUDA 12.5"),
        (True, True, "-1", "CUDA_VISIBLE_DEVICES hides it: unset it"),
        (True, True, "0", "update the driver"),
    ],
)
def test_an_unused_card_is_named_with_the_reason(
    no_gpu, capsys, monkeypatch, built, libraries, hidden, reason
):
    import tensorflow as tf

    from course_utils import environment

    no_gpu("echo NVIDIA Test; echo NVIDIA Other")
    about = {"is_cuda_build": built, "cuda_version": "12.5"}
    monkeypatch.setattr(tf.sysconfig, "get_build_info", lambda: about)
    monkeypatch.setattr(environment, "_has_cuda", lambda: libraries)
    if hidden is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", hidden)
    line = device_line(capsys)
    assert "NVIDIA Test, NVIDIA Other is not used" in line and reason in line


@pytest.mark.parametrize("script", ["echo broken; exit 9", "exit 0", "no_such_command"])
def test_a_driver_that_does_not_answer_is_named(no_gpu, capsys, script):
    no_gpu(script)
    assert "`nvidia-smi` fails" in device_line(capsys)


@pytest.mark.parametrize(
    "vendor, kind, found",
    [("0x10de", "0x030000", True), ("0x10de", "0x0c03", False), ("0x8086", "0x03", 0)],
)
def test_a_card_without_its_driver_is_found_on_the_bus(
    no_gpu, capsys, tmp_path, vendor, kind, found
):
    device = tmp_path / "pci" / "0000:01:00.0"
    device.mkdir(parents=True)
    (device / "vendor").write_text(f"{vendor}\n")
    (device / "class").write_text(f"{kind}\n")
    assert ("card is there without its driver" in device_line(capsys)) == bool(found)


def test_the_cuda_libraries_are_those_of_the_gpu_extra(monkeypatch):
    from importlib import metadata

    from course_utils import environment

    names = metadata.requires("tensorflow")
    assert any(name.startswith("nvidia-cudnn-cu12") for name in names)
    monkeypatch.setattr(metadata, "version", lambda name: "9")
    assert environment._has_cuda()


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(ImportError):
        from course_utils import load_imagenet  # noqa: F401
    import course_utils

    with pytest.raises(AttributeError, match="load_mnist"):
        _ = course_utils.load_imagenet
