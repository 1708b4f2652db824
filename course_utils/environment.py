"""The set-up call of every notebook: seeds, GPU memory, and one line that says which
device runs."""

import os
import random
import sys
from contextlib import contextmanager

import numpy as np
from threadpoolctl import threadpool_limits


@contextmanager
def _quiet_stderr():
    """Silence what C++ libraries write to file descriptor 2 while they load (Python
    cannot catch it)."""
    sys.stderr.flush()
    saved = os.dup(2)
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)


def setup(seed=0, tensorflow=True):
    """Seed everything, load TensorFlow quietly, let it take GPU memory as it needs it,
    name the device.

    NumPy's matrix products run in one thread (the course's matrices are small, and
    processes side by side do not get in each other's way), and a GPU computes with
    whole 32-bit numbers.

    Parameters
    ----------
    seed : int
        Seed of Python, NumPy and (if loaded) Keras; the same seed repeats to the bit on
        one machine.
    tensorflow : bool
        False leaves TensorFlow unloaded (saves about three seconds); call `setup` again
        before the first use of Keras.

    Returns
    -------
    numpy.random.Generator
        A generator seeded with `seed`, for the notebook's own random numbers.

    Raises
    ------
    ValueError
        If `seed` is not an integer from 0 to 2**32 - 1.
    RuntimeError
        If TensorFlow is not installed.
    """
    if (
        isinstance(seed, bool)
        or not isinstance(seed, (int, np.integer))
        or not 0 <= seed < 2**32
    ):
        raise ValueError(
            f"seed must be a whole number from 0 to {2**32 - 1}, not {seed!r}."
        )
    random.seed(int(seed))
    np.random.seed(int(seed))
    threadpool_limits(1, user_api="blas")
    if not tensorflow:
        print(
            "Device: CPU with NumPy; Keras is loaded further down, where it is first"
            " needed"
        )
        return np.random.default_rng(seed)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    with _quiet_stderr():
        try:
            import keras
            import tensorflow as tf
        except ImportError as error:
            raise RuntimeError(
                f"TensorFlow or Keras cannot be loaded ({error}): run `make lab`, or"
                " `pip install -r requirements.txt`."
            ) from error
        gpus = tf.config.list_physical_devices("GPU")
    tf.get_logger().setLevel("ERROR")
    keras.utils.set_random_seed(int(seed))
    tf.config.experimental.enable_tensor_float_32_execution(False)
    for gpu in gpus:
        try:
            tf.config.experimental.set_memory_growth(gpu, True)
        except (
            RuntimeError
        ):  # the GPU is already in use by this kernel: too late to change, and harmless
            pass
    names = [
        tf.config.experimental.get_device_details(gpu).get("device_name", gpu.name)
        for gpu in gpus
    ]
    where = (
        f"GPU ({', '.join(names)})"
        if names
        else f"CPU ({os.cpu_count()} cores), no GPU found"
    )
    print(f"Device: {where}")
    return np.random.default_rng(seed)
