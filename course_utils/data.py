"""The course's images: 5,000 MNIST digits that come with it, and the full sets by
`keras.datasets` or a folder.

Every loader returns ``(x_train, y_train), (x_test, y_test)`` in Keras's shapes: images
as uint8 from 0 to 255, labels as whole numbers from 0 to 9. Nothing here is pickled.
"""

import errno
import hashlib
import io
import os
import re
import ssl
import zipfile
import zlib
from pathlib import Path

import numpy as np

from . import inputs

DATA = Path(__file__).resolve().parents[1] / "data"
FOLDER_VARIABLE = (  # names a folder of pre-fetched mnist.npz and cifar10.npz
    "COURSE_DATA"
)
SHAPES = {  # file -> ((training images, test images), shape of one image)
    "mnist_5k.npz": ((4000, 1000), (28, 28)),
    "mnist.npz": ((60000, 10000), (28, 28)),
    "cifar10.npz": ((50000, 10000), (32, 32, 3)),
}


class DataError(RuntimeError):
    """A data set cannot be loaded; the message says what to do."""


def load_mnist(which="5k"):
    """MNIST's handwritten digits.

    Parameters
    ----------
    which : {"5k", "full"}
        "5k": 4,000 training and 1,000 test images, the same number of each class,
        shipped with the course (see ``data/README.md``). "full": the 60,000 and 10,000
        images, from the folder named by ``COURSE_DATA`` or by `keras.datasets.mnist`.

    Returns
    -------
    (x_train, y_train), (x_test, y_test)
        `x`: uint8, shape (m, 28, 28); `y`: uint8, shape (m,).

    Raises
    ------
    ValueError
        For an unknown `which`.
    DataError
        If the data is missing or damaged, or cannot be fetched.
    """
    if inputs.one_of("which", which, ("5k", "full")) == "5k":
        return _read(
            DATA / "mnist_5k.npz", "restore it with `git checkout data/mnist_5k.npz`"
        )
    return _from_folder("mnist.npz") or _from_keras("mnist")


def load_cifar10():
    """CIFAR-10: 50,000 training and 10,000 test photographs of ten kinds of things, 32
    by 32 pixels.

    They come from the folder named by ``COURSE_DATA`` or from `keras.datasets.cifar10`.

    Returns
    -------
    (x_train, y_train), (x_test, y_test)
        `x`: uint8, shape (m, 32, 32, 3); `y`: uint8, shape (m,) (flat, unlike Keras's
        (m, 1)).

    Raises
    ------
    DataError
        If the data is missing or damaged, or cannot be fetched.
    """
    return _from_folder("cifar10.npz") or _from_keras("cifar10")


def halved(images):
    """The mean of each block of 2 by 2 pixels, from 0 to 1, a row for each image: the
    small digits that most notebooks train on.

    Parameters
    ----------
    images : array, shape (m, height, width) or (m, height, width, 1)
        Whole numbers from 0 to 255, or floats from 0 to 1; height and width even.

    Returns
    -------
    array of float32, shape (m, height * width / 4)
        (m, 196) for digits of 28 by 28 pixels.

    Raises
    ------
    ValueError
        For another shape, or pixels outside their range.
    """
    images = inputs.numbers("images", images, least=0)
    if images.ndim == 4 and images.shape[-1] == 1:
        images = images[..., 0]
    if images.ndim != 3 or images.shape[1] % 2 or images.shape[2] % 2:
        raise ValueError(
            "images must be grey ones of even height and width, (m, 28, 28), not of the"
            f" shape {images.shape}."
        )
    whole = np.issubdtype(images.dtype, np.integer)
    low, high = (0, 255) if whole else (-0.01, 1.01)  # interpolation may overshoot
    if images.size and not low <= images.min() <= images.max() <= high:
        raise ValueError(
            "Pixels of images must be whole numbers from 0 to 255 or floats from 0 to"
            f" 1, not {images.dtype} from {images.min():g} to {images.max():g}."
        )
    m, height, width = images.shape
    blocks = images.reshape(m, height // 2, 2, width // 2, 2)
    means = blocks.mean(axis=(2, 4)).reshape(m, -1)
    return (means / 255 if whole else means).astype("float32")


def checksums(folder):
    """SHA-256 of files in `folder`, from the ``sha256sum`` lines of its README.md or
    SHA256SUMS.

    Returns
    -------
    dict
        File name -> 64 hexadecimal digits; empty where neither file is there.
    """
    found = {}
    for name in ("README.md", "SHA256SUMS"):
        if (Path(folder) / name).is_file():
            text = (Path(folder) / name).read_text(encoding="utf-8")
            found |= {
                file: digest
                for digest, file in re.findall(r"^([0-9a-f]{64})  (\S+)$", text, re.M)
            }
    return found


def whole_table(path, remedy, **options):
    """A CSV file, or one sentence if it cannot be read or ends within a line.

    Parameters
    ----------
    path : pathlib.Path
    remedy : str
        Ends the sentence.
    **options
        Of `pandas.read_csv`.

    Raises
    ------
    DataError
    """
    import pandas as pd

    try:
        text = Path(path).read_text(encoding="utf-8")
        frame = pd.read_csv(io.StringIO(text), **options)
        if not text.endswith("\n"):
            raise EOFError
    except (OSError, ValueError, EOFError) as error:
        raise DataError(
            f"{path} cannot be read ({type(error).__name__}), it may be truncated:"
            f" {remedy}."
        ) from error
    return frame


def _from_folder(name):
    folder = os.environ.get(FOLDER_VARIABLE)
    if not folder:
        return None
    return _read(
        Path(folder) / name,
        f"put a whole {name} there, or unset {FOLDER_VARIABLE} to download it",
    )


def _from_keras(name):
    from .environment import load_keras

    try:
        datasets = load_keras().datasets
        (x, y), (x_test, y_test) = getattr(datasets, name).load_data()
    except (
        Exception
    ) as error:  # Keras raises many kinds: no network, a broken download, a bad archive
        folder = (
            f"put {name}.npz in a folder and name the folder in the variable"
            f" {FOLDER_VARIABLE}"
        )
        if _by_certificate(error):
            raise DataError(
                f"The full {name} set cannot be downloaded, because the server's"
                " certificate cannot be checked: behind a proxy that reads along, name"
                " its certificate's file in the variable SSL_CERT_FILE; if Python has"
                " no certificates, name there what `python -m certifi` prints (after"
                " `pip install certifi`; on a Mac run Install Certificates.command"
                f" instead); or {folder}."
            ) from error
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            raise DataError(
                f"The full {name} set cannot be downloaded, because the disk is full:"
                f" make room and run this again, or {folder}."
            ) from error
        raise DataError(
            f"The full {name} set cannot be downloaded ({type(error).__name__})."
            f" Connect to the network and run this again, or {folder}."
        ) from error
    return (x, y.reshape(-1)), (x_test, y_test.reshape(-1))


def _by_certificate(error):
    """Whether a failed check of a certificate stands somewhere behind an error."""
    while error is not None:
        for found in (error, getattr(error, "reason", None)):
            if isinstance(found, ssl.SSLCertVerificationError) or (
                "CERTIFICATE_VERIFY_FAILED" in str(found)
            ):
                return True
        error = error.__cause__ or error.__context__
    return False


def _read(path, remedy):
    """Read and check one ``.npz``; `remedy` ends the sentence of every error."""
    if not path.is_file():
        raise DataError(f"{path} is not there: {remedy}.")
    expected = checksums(path.parent).get(path.name)
    if expected and hashlib.sha256(path.read_bytes()).hexdigest() != expected:
        raise DataError(
            f"{path} is damaged (its SHA-256 differs from the listed one): {remedy}."
        )
    try:
        with np.load(path, allow_pickle=False) as stored:
            x, y, x_test, y_test = (
                stored[key] for key in ("x_train", "y_train", "x_test", "y_test")
            )
    except (
        OSError,
        ValueError,
        EOFError,
        KeyError,
        zipfile.BadZipFile,
        zlib.error,
    ) as error:
        raise DataError(
            f"{path} cannot be read ({type(error).__name__}), it may be truncated:"
            f" {remedy}."
        ) from error
    sizes, shape = SHAPES[path.name]
    y, y_test = y.reshape(-1), y_test.reshape(-1)
    for images, labels, size in ((x, y, sizes[0]), (x_test, y_test, sizes[1])):
        if (
            images.shape != (size, *shape)
            or labels.shape != (size,)
            or images.dtype != np.uint8
        ):
            raise DataError(
                f"{path} holds {images.dtype} images of shape {images.shape} and labels"
                f" of shape {labels.shape}, not uint8 {(size, *shape)} and {(size,)}:"
                f" {remedy}."
            )
    return (x, y), (x_test, y_test)
