"""Loaders: what they return, and one clear sentence for everything that can go
wrong."""

import hashlib
import shutil
import subprocess
import sys

import numpy as np
import pytest

from course_utils import data
from course_utils.data import DATA, DataError, load_cifar10, load_mnist


def fake(path, n_train, n_test, shape, dtype=np.uint8):
    np.savez(
        path,
        x_train=np.zeros((n_train, *shape), dtype),
        y_train=np.zeros(n_train, np.uint8),
        x_test=np.zeros((n_test, *shape), dtype),
        y_test=np.zeros((n_test, 1), np.uint8),
    )


def test_the_5k_digits_are_balanced_images():
    (x, y), (x_test, y_test) = load_mnist()
    assert (
        x.shape == (4000, 28, 28)
        and x_test.shape == (1000, 28, 28)
        and x.dtype == x_test.dtype == np.uint8
    )
    assert (
        np.bincount(y).tolist() == [400] * 10
        and np.bincount(y_test).tolist() == [100] * 10
    )
    assert x.max() == 255 and 30 < x.mean() < 37  # MNIST's mean pixel is 33.3


def test_no_training_digit_is_a_test_digit():
    (x, _), (x_test, _) = load_mnist()
    assert not {image.tobytes() for image in x} & {image.tobytes() for image in x_test}


def test_a_linear_model_reads_the_digits():
    """The labels belong to the images: logistic regression on MNIST gets about 90 %."""
    from sklearn.linear_model import LogisticRegression

    (x, y), (x_test, y_test) = load_mnist()
    model = LogisticRegression(C=0.01, max_iter=200).fit(x.reshape(4000, -1) / 255, y)
    assert model.score(x_test.reshape(1000, -1) / 255, y_test) > 0.85


def test_the_checksum_in_the_readme_is_the_files():
    assert data.checksums(DATA) == {
        "mnist_5k.npz": hashlib.sha256((DATA / "mnist_5k.npz").read_bytes()).hexdigest()
    }


@pytest.mark.parametrize("size", [0, 1000, 800_000])
def test_a_truncated_file_is_named(tmp_path, monkeypatch, size):
    (tmp_path / "mnist_5k.npz").write_bytes((DATA / "mnist_5k.npz").read_bytes()[:size])
    monkeypatch.setattr(data, "DATA", tmp_path)
    with pytest.raises(DataError, match="truncated.*git checkout"):
        load_mnist()


def test_one_changed_byte_is_found_by_the_checksum(tmp_path, monkeypatch):
    content = bytearray((DATA / "mnist_5k.npz").read_bytes())
    content[400_000] ^= 1
    (tmp_path / "mnist_5k.npz").write_bytes(content)
    shutil.copy(DATA / "README.md", tmp_path)
    monkeypatch.setattr(data, "DATA", tmp_path)
    with pytest.raises(DataError, match="SHA-256"):
        load_mnist()


def test_a_missing_file_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(data, "DATA", tmp_path)
    with pytest.raises(DataError, match="is not there.*git checkout"):
        load_mnist()


def test_an_unknown_name_is_a_value_error():
    with pytest.raises(ValueError, match="'5k' or 'full', not 'fashion'"):
        load_mnist("fashion")


def test_the_full_sets_come_from_the_named_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    fake(tmp_path / "mnist.npz", 60000, 10000, (28, 28))
    fake(tmp_path / "cifar10.npz", 50000, 10000, (32, 32, 3))
    (x, _), (_, y_test) = load_mnist("full")
    assert x.shape == (60000, 28, 28) and y_test.shape == (10000,)
    (x, _), (_, y_test) = load_cifar10()
    assert x.shape == (50000, 32, 32, 3) and y_test.shape == (10000,)


@pytest.mark.parametrize(
    "change, message",
    [
        (lambda folder: None, "is not there.*unset COURSE_DATA"),
        (
            lambda folder: (folder / "mnist.npz").write_bytes(b"not an archive"),
            "cannot be read",
        ),
        (
            lambda folder: np.savez(folder / "mnist.npz", images=np.zeros(3)),
            "cannot be read",
        ),
        (
            lambda folder: np.savez(
                folder / "mnist.npz", x_train=np.array([{}], object)
            ),
            "cannot be read",
        ),  # a pickle
        (
            lambda folder: fake(folder / "mnist.npz", 100, 10, (28, 28)),
            "shape .100, 28, 28",
        ),
        (
            lambda folder: fake(folder / "mnist.npz", 60000, 10000, (2, 2), np.float32),
            "float32",
        ),
        (
            lambda folder: (
                fake(folder / "mnist.npz", 60000, 10000, (28, 28)),
                (folder / "SHA256SUMS").write_text("0" * 64 + "  mnist.npz\n"),
            ),
            "SHA-256",
        ),
    ],
)
def test_a_bad_folder_is_one_sentence(tmp_path, monkeypatch, change, message):
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    change(tmp_path)
    with pytest.raises(DataError, match=message) as caught:
        load_mnist("full")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("load", ["load_mnist('full')", "load_cifar10()"])
def test_without_a_network_the_sentence_names_the_remedy_and_leaves_no_file(
    tmp_path, load
):
    """In a process of its own: an unreachable proxy, and an empty Keras home."""
    code = (
        f"from course_utils.data import *\ntry:\n    {load}\nexcept DataError as"
        " error:\n    print('SENTENCE', error)"
    )
    environment = {
        "PATH": "",
        "HOME": str(tmp_path),
        "KERAS_HOME": str(tmp_path / "keras"),
        "https_proxy": "http://127.0.0.1:9",
    }
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    (sentence,) = [
        line for line in done.stdout.splitlines() if line.startswith("SENTENCE")
    ]
    assert "COURSE_DATA" in sentence and "network" in sentence
    assert not [
        path for path in tmp_path.rglob("*") if path.suffix in {".npz", ".gz", ".part"}
    ]
