"""The set-up call of every notebook: seeds, GPU memory, and one line that says which
device runs. And the one place that loads Keras quietly."""

import json
import os
import random
import shutil
import subprocess
import sys
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from . import inputs
from .early import explain_missing_names
from .repetition import SEEDS, STRIDE, VARIABLE, generator, repetition

RESTART = "then restart the kernel"
WSL_TOOL = Path("/usr/lib/wsl/lib/nvidia-smi")  # often not on PATH
PCI = Path("/sys/bus/pci/devices")  # Linux lists every device here
NVIDIA, DISPLAY = "0x10de", "0x03"  # vendor, and beginning of the class


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


def load_keras():
    """Import Keras and what computes for it, without TensorFlow's lines on stderr.

    Every module of the course that needs Keras at its top calls this instead of
    ``import keras``. The devices are looked up here, too: the first look-up is what
    complains of a missing card (cuInit).

    Returns
    -------
    module
        keras.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    with _quiet_stderr():
        import keras

        if keras.backend.backend() == "tensorflow":
            import tensorflow as tf

            tf.config.list_physical_devices("GPU")
    return keras


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
        one machine. In repetition k (see :mod:`course_utils.repetition`) it is
        `seed` + 1000 k.
    tensorflow : bool
        False leaves TensorFlow unloaded (saves about three seconds); call `setup` again
        before the first use of Keras.

    Returns
    -------
    numpy.random.Generator
        A generator of `seed` and the repetition, for the notebook's own random numbers.

    Raises
    ------
    ValueError
        If `seed` is not an integer from 0 to 2**32 - 1, or ``COURSE_REPETITION`` no
        repetition.
    RuntimeError
        If TensorFlow is not installed, or Keras is set to compute with something else.
    """
    seed = inputs.whole("seed", seed, most=SEEDS - 1)
    tensorflow = inputs.truth("tensorflow", tensorflow)
    shifted = (seed + STRIDE * repetition()) % SEEDS
    if (ipython := sys.modules.get("IPython")) and (shell := ipython.get_ipython()):
        explain_missing_names(shell)
    random.seed(shifted)
    np.random.seed(shifted)
    threadpool_limits(1, user_api="blas")
    if tensorflow:
        print(f"Device: {_start_tensorflow(shifted)}")
    else:
        print(
            "Device: CPU with NumPy; Keras is loaded further down, where it is first"
            " needed"
        )
    if repetition():
        print(
            f"Repetition {repetition()}: other seeds and samples than the recorded"
            f" ones; unset {VARIABLE} to go back"
        )
    return generator(seed)


def _start_tensorflow(seed):
    """Load, seed and configure TensorFlow; what computes, in words."""
    _check_backend()
    try:
        keras = load_keras()
        import tensorflow as tf
    except ImportError as error:
        raise RuntimeError(
            f"TensorFlow or Keras cannot be loaded ({error}): run `make lab`, or"
            " `pip install -r requirements.txt`."
        ) from error
    _check_numbers(keras)
    tf.get_logger().setLevel("ERROR")
    keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_tensor_float_32_execution(False)
    gpus = tf.config.list_physical_devices("GPU")
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
    if names:
        return f"GPU ({', '.join(names)})"
    return f"CPU ({os.cpu_count()} cores), {_unused_card(tf) or 'no GPU found'}"


def _check_backend():
    """Refuse a Keras that is set to compute with something else than TensorFlow."""
    keras, variable = sys.modules.get("keras"), os.environ.get("KERAS_BACKEND")
    chosen = variable or _settings().get("backend", "tensorflow")
    if keras is not None:  # its settings were read when it was imported
        loaded = keras.backend.backend()
        if loaded != "tensorflow":
            remedy = (
                "restart the kernel"  # mended since
                if chosen == "tensorflow"
                else f"{_named(variable)}, {RESTART}"
            )
            raise RuntimeError(
                f"Keras already computes with {loaded} here, and the notebooks need"
                f" TensorFlow: {remedy}."
            )
    elif chosen != "tensorflow":
        raise RuntimeError(
            f"Keras is set to compute with {chosen!r}, and the notebooks need"
            f" TensorFlow: {_named(variable)}, {RESTART}."
        )


def _named(variable):
    """What to change so that Keras computes with TensorFlow."""
    if variable:
        return "unset the variable KERAS_BACKEND"
    return f'write "backend": "tensorflow" in {_settings_file()}'


def _check_numbers(keras):
    """Refuse numbers or pictures of another form than the notebooks' (keras.json)."""
    for name, found, needed in (
        ("floatx", keras.config.floatx(), "float32"),
        ("image_data_format", keras.config.image_data_format(), "channels_last"),
    ):
        if found != needed:
            raise RuntimeError(
                f"Keras is set to {found}, and the notebooks need {needed}: write"
                f' "{name}": "{needed}" in {_settings_file()}, {RESTART}.'
            )


def _settings_file():
    home = os.environ.get("KERAS_HOME")
    return (Path(home) if home else Path.home() / ".keras") / "keras.json"


def _settings():
    """What keras.json says; nothing where it is missing or no JSON, as for Keras."""
    try:
        found = json.loads(_settings_file().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _unused_card(tf):
    """Why an NVIDIA card that is there is not used, and what to do; None without
    card."""
    tool = shutil.which("nvidia-smi") or (WSL_TOOL.is_file() and str(WSL_TOOL))
    if not tool:
        if not _nvidia_on_the_bus():
            return None
        return (
            "an NVIDIA card is there without its driver: install it until"
            f" `nvidia-smi` names the card, run `make gpu`, {RESTART}"
        )
    try:
        answer = subprocess.run(
            [tool, "--query-gpu=name", "--format=csv,noheader"],
            capture_output=True,
            text=True,
            timeout=10,
        )
    except (OSError, subprocess.TimeoutExpired):
        answer = None
    cards = answer.stdout.strip().splitlines() if answer else []
    if answer is None or answer.returncode or not cards:
        return (
            "the NVIDIA driver does not answer (`nvidia-smi` fails): install or update"
            f" the driver, {RESTART}"
        )
    unused = f"{', '.join(cards)} is not used because"
    hidden = os.environ.get("CUDA_VISIBLE_DEVICES")
    if hidden is not None and hidden.strip() in ("", "-1", "NoDevFiles"):
        return f"{unused} CUDA_VISIBLE_DEVICES hides it: unset it, {RESTART}"
    if sys.platform == "win32":
        return f"{unused} Windows itself has no TensorFlow for GPUs: use WSL2"
    build = tf.sysconfig.get_build_info()
    if not build.get("is_cuda_build"):
        return f"{unused} TensorFlow is built without CUDA: run `make gpu`, {RESTART}"
    if not _has_cuda():
        return f"{unused} CUDA's libraries are not found: run `make gpu`, {RESTART}"
    return (
        f"{unused} CUDA does not start: update the driver to one for CUDA"
        f" {build.get('cuda_version', '12')}, {RESTART}"
    )


def _nvidia_on_the_bus():
    """Whether Linux sees a display device by NVIDIA."""
    try:
        return any(
            (device / "vendor").read_text().strip() == NVIDIA
            and (device / "class").read_text().startswith(DISPLAY)
            for device in PCI.iterdir()
        )
    except OSError:
        return False


def _has_cuda():
    """Whether the CUDA libraries that `make gpu` installs are there."""
    try:
        metadata.version("nvidia-cudnn-cu12")
    except metadata.PackageNotFoundError:
        return False
    return True
