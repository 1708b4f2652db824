"""Loaders: what they return, and one clear sentence for everything that can go
wrong."""

import errno
import hashlib
import shutil
import ssl
import subprocess
import sys
from urllib.error import URLError

import numpy as np
import pytest

from course_utils import data
from course_utils.data import (
    DATA,
    DataError,
    halved,
    load_cifar10,
    load_mnist,
    whole_table,
)


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
    """The labels belong to the images: ridge regression on MNIST gets above 80 %."""
    from sklearn.linear_model import RidgeClassifier

    (x, y), (x_test, y_test) = load_mnist()
    model = RidgeClassifier(alpha=10).fit(halved(x), y)
    assert model.score(halved(x_test), y_test) > 0.8


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


@pytest.mark.parametrize(
    "size, kind", [((4, 3), "float32"), ((3, 3), "uint8"), ((4, 4), "uint8")]
)
def test_each_part_of_a_set_is_looked_at(tmp_path, monkeypatch, size, kind):
    """Pictures of another kind, and too few or too many labels for them."""
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    monkeypatch.setitem(data.SHAPES, "mnist.npz", ((4, 3), (2, 2)))
    parts = dict(x_train=np.zeros((4, 2, 2)), x_test=np.zeros((3, 2, 2)))
    parts = {name: x.astype(kind) for name, x in parts.items()}
    labels = dict(y_train=np.zeros(size[0]), y_test=np.zeros(size[1]))
    np.savez(tmp_path / "mnist.npz", **parts, **labels)
    with pytest.raises(DataError, match=f"holds {kind} images"):
        load_mnist("full")


def test_without_a_network_the_sentence_names_the_remedy_and_leaves_no_file(tmp_path):
    """In a process of its own: an unreachable proxy, and an empty Keras home."""
    code = (
        "from course_utils.data import *\n"
        "for load in (lambda: load_mnist('full'), load_cifar10):\n"
        "    try: load()\n"
        "    except DataError as error: print('SENTENCE', error)"
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
    sentences = [
        line for line in done.stdout.splitlines() if line.startswith("SENTENCE")
    ]
    for sentence, name in zip(sentences, ("mnist", "cifar10"), strict=True):
        assert f"put {name}.npz" in sentence and "COURSE_DATA" in sentence
        assert "network" in sentence and "certificate" not in sentence
    assert done.stderr == ""
    assert not [
        path for path in tmp_path.rglob("*") if path.suffix in {".npz", ".gz", ".part"}
    ]


@pytest.mark.parametrize("kind", ["chain", "reason", "text"])
def test_a_certificate_that_cannot_be_checked_is_named(monkeypatch, kind):
    """As Keras reports it: a plain Exception, raised while handling urllib's error."""
    import keras

    refused = ssl.SSLCertVerificationError(1, "certificate verify failed")

    def load():
        try:
            if kind == "chain":
                raise refused
            raise URLError(refused if kind == "reason" else "CERTIFICATE_VERIFY_FAILED")
        except OSError:
            raise Exception("URL fetch failure") from None

    monkeypatch.delenv("COURSE_DATA", raising=False)
    monkeypatch.setattr(keras.datasets.mnist, "load_data", load)
    with pytest.raises(DataError, match="certificate cannot be checked") as caught:
        load_mnist("full")
    message = str(caught.value)
    assert "SSL_CERT_FILE" in message and "COURSE_DATA" in message
    assert "proxy" in message and "\n" not in message


def test_a_full_disk_is_named(monkeypatch):
    import keras

    def load():
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.delenv("COURSE_DATA", raising=False)
    monkeypatch.setattr(keras.datasets.mnist, "load_data", load)
    with pytest.raises(DataError, match="because the disk is full: make room"):
        load_mnist("full")


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n3", 'a,b\n1,"2', "a\n1,2\n1,2,3\n"])
def test_a_cut_table_is_one_sentence(tmp_path, text):
    path = tmp_path / "table.csv"
    path.write_text("a,b\n1,2\n")
    assert len(whole_table(path, "do this")) == 1
    path.write_text(text)
    with pytest.raises(DataError, match=r"table.csv cannot be read .* do this\.$"):
        whole_table(path, "do this")


def test_halved_is_the_mean_of_two_by_two_pixels():
    x = np.random.default_rng(0).integers(0, 256, (3, 28, 28)).astype(np.uint8)
    half = halved(x)
    assert half.shape == (3, 196) and half.dtype == np.float32
    for i, row, column in ((0, 0, 0), (1, 5, 9), (2, 13, 13)):
        block = x[i, 2 * row : 2 * row + 2, 2 * column : 2 * column + 2]
        expected = np.float32(block.astype(int).sum() / 4 / 255)
        assert half[i, 14 * row + column] == expected


def test_halved_gives_the_same_bits_in_every_order_of_the_steps():
    """The notebooks wrote it in three ways: all gave the same numbers."""
    (x, _), _ = load_mnist()
    means = x.reshape(-1, 14, 2, 14, 2).mean(axis=(2, 4)).reshape(-1, 196)
    assert np.array_equal(halved(x), means.astype("float32") / 255)
    assert np.array_equal(halved(x), (means / 255).astype("float32"))


def test_halved_takes_floats_and_one_channel_as_they_are():
    x = np.random.default_rng(0).random((2, 6, 4, 1), dtype="float32")
    half = halved(x)
    assert half.shape == (2, 6)
    assert half[1, 2] == pytest.approx(x[1, 2:4, 0:2, 0].mean())


@pytest.mark.parametrize(
    "images, message",
    [
        (np.zeros((28, 28)), "shape .28, 28"),
        (np.zeros((3, 27, 28)), "even"),
        (np.zeros((2, 32, 32, 3)), "grey"),
        (np.full((1, 2, 2), 255.0), "float64 from 255 to 255"),
        (np.full((1, 2, 2), 256), "from 0 to 255"),
        (np.full((1, 2, 2), np.nan), "Pixels"),
    ],
)
def test_halved_says_what_it_cannot_take(images, message):
    with pytest.raises(ValueError, match=message):
        halved(images)
