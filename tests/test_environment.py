"""The set-up call, and that the package is light to import."""

import random
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from course_utils import setup


def python(code):
    return subprocess.run(
        [sys.executable, "-c", code],
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


def test_setup_is_quiet_on_stderr():
    assert python("from course_utils import setup; setup()").stderr == ""


def test_stderr_works_again_afterwards():
    assert (
        python(
            "import os, sys\nfrom course_utils import setup; setup()\nos.write(2,"
            " b'raw'); print('text', file=sys.stderr)"
        ).stderr
        == "rawtext\n"
    )


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


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(ImportError):
        from course_utils import load_imagenet  # noqa: F401
    import course_utils

    with pytest.raises(AttributeError, match="load_mnist"):
        _ = course_utils.load_imagenet
