"""Where the course's randomness comes from: seeds, generators and samples of the data.

Everything an effect rests on (initial weights, order of the samples, drawn data) is
drawn from :func:`seeds`, :func:`subsets` and the generator that `setup` returns. The
environment variable ``COURSE_REPETITION`` shifts all of it: with 1, 2, ... the same
notebook is an independent repetition of its experiments (``make replicate``).
"""

import os

import numpy as np

VARIABLE = "COURSE_REPETITION"
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
    if not (0 < n and 0 <= start and n + start <= STRIDE):
        raise ValueError(
            f"A repetition has {STRIDE} seeds: {n} of them after the first {start} "
            "cannot be given."
        )
    first = repetition() * STRIDE + start
    return list(range(first, first + n))


def generator(seed):
    """NumPy's generator of this seed and repetition."""
    k = repetition()
    return np.random.default_rng([seed, k] if k else seed)


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

    labels = np.asarray(labels)
    if labels.ndim != 1 or not len(np.unique(labels)) <= size <= len(labels):
        raise ValueError(
            f"{size} samples of {len(np.unique(labels))} classes cannot be drawn"
            f" without replacement from labels of shape {labels.shape}."
        )
    if not len(seeds):
        raise ValueError("subsets needs at least one seed: it draws a row for each.")
    places = np.arange(len(labels))
    drawn = [
        resample(
            places, replace=False, n_samples=size, stratify=labels, random_state=seed
        )
        for seed in seeds
    ]
    return np.stack(drawn)
