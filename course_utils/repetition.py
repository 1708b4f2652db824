"""Where the course's randomness comes from: seeds, generators and samples of the data.

Everything an effect rests on (initial weights, order of the samples, drawn data) is
drawn from :func:`seeds`, :func:`subsets` and the generator that `setup` returns. The
environment variable ``COURSE_REPETITION`` shifts all of it: with 1, 2, ... the same
notebook is an independent repetition of its experiments (``make replicate``).
"""

import os

import numpy as np

from . import inputs

VARIABLE = "COURSE_REPETITION"
SEEDS = 2**32  # NumPy's and Keras's global seeds are below
STRIDE = 1000  # seeds of a repetition: k * STRIDE up to (k + 1) * STRIDE - 1


def repetition():
    """Which repetition this is: 0, the recorded one, unless ``COURSE_REPETITION`` says.

    Raises
    ------
    ValueError
        If the variable is not a whole number from 0 to 9999.
    """
    text = os.environ.get(VARIABLE, "").strip() or "0"
    if not (text.isascii() and text.isdigit() and int(text) < 10_000):
        raise ValueError(
            f"{VARIABLE} must be a whole number from 0 to 9999, not {text!r}: unset it."
        )
    return int(text)


def seeds(n, start=0):
    """`n` seeds, one for each run: other ones in each repetition.

    Parameters
    ----------
    n : int
        How many.
    start : int
        How many to skip: what was chosen on ``seeds(10)`` is reported on
        ``seeds(10, start=10)``.

    Returns
    -------
    list of int

    Raises
    ------
    ValueError
        If there are not that many in a repetition.
    """
    inputs.need(inputs.is_whole(n), "n", "a whole number", n)
    inputs.need(inputs.is_whole(start), "start", "a whole number", start)
    if not (0 < n and 0 <= start and n + start <= STRIDE):
        raise ValueError(
            f"A repetition has {STRIDE} seeds: n = {inputs.shown(n)} of them after the"
            f" first {inputs.shown(start)} cannot be given."
        )
    first = repetition() * STRIDE + start
    return list(range(first, first + n))


def generator(seed):
    """NumPy's generator of this seed and repetition.

    Parameters
    ----------
    seed : int, or sequence of int
        As `numpy.random.default_rng` takes it: several for draws that are kept apart.

    Raises
    ------
    ValueError
        For another seed.
    """
    parts = seed if isinstance(seed, (list, tuple)) and seed else [seed]
    for part in parts:
        inputs.whole("seed", part, most=SEEDS - 1)
    k = repetition()
    return np.random.default_rng([*parts, k] if k else seed)


def subsets(labels, size, seeds):
    """A sample of the data for every seed, with each class in its share of the data.

    Parameters
    ----------
    labels : array, shape (m,)
        The classes.
    size : int
        Samples for each seed, drawn without replacement.
    seeds : sequence of int

    Returns
    -------
    array of int, shape (R, size)
        Places in the data, in random order: what `fit_replicas` takes as `subsets`.

    Raises
    ------
    ValueError
        If there are not that many samples, fewer than one for each class, or no seed.
    """
    from sklearn.utils import resample

    classes = _classes(labels)
    labels, size = np.asarray(labels), inputs.whole("size", size)
    if not len(classes) <= size <= len(labels):
        raise ValueError(
            f"{size} samples (size) of {len(classes)} classes cannot be drawn without"
            f" replacement from labels of shape {labels.shape}."
        )
    needed = "a row of whole numbers, at least one seed: subsets draws a row for each"
    seeds = inputs.numbers("seeds", seeds, needed, ndim=1, kinds="iu")
    for seed in seeds:
        inputs.whole("Each of seeds", seed, most=SEEDS - 1)
    places = np.arange(len(labels))
    drawn = [
        resample(
            places, replace=False, n_samples=size, stratify=labels, random_state=seed
        )
        for seed in seeds
    ]
    return np.stack(drawn)


def _classes(labels):
    """The different labels of a row."""
    try:
        array = np.asarray(labels)
        classes = np.unique(array) if array.ndim == 1 else ()
        fits = len(classes) and all(classes == classes)  # no NaN
    except (TypeError, ValueError):  # rows of unequal length, labels of several kinds
        fits = False
    inputs.need(fits, "labels", "a row with the class of each sample", labels)
    return classes
