"""Seeds, generators and samples of a repetition: recorded as they are, others apart."""

import numpy as np
import pytest

from course_utils.repetition import STRIDE, generator, repetition, seeds, subsets

LABELS = np.repeat(np.arange(10), 40)


def test_without_the_variable_it_is_the_recorded_one(monkeypatch):
    monkeypatch.delenv("COURSE_REPETITION", raising=False)
    assert (
        repetition() == 0 and seeds(3) == [0, 1, 2] and seeds(2, start=10) == [10, 11]
    )
    assert generator(7).random() == np.random.default_rng(7).random()


@pytest.mark.parametrize("text, k", [("", 0), (" 0 ", 0), ("12", 12), ("9999", 9999)])
def test_the_variable_says_which(monkeypatch, text, k):
    monkeypatch.setenv("COURSE_REPETITION", text)
    assert repetition() == k
    assert seeds(STRIDE)[-1] < 2**32


@pytest.mark.parametrize("text", ["-1", "1.0", "one", "10000", "²", "٣", "1 2"])
def test_anything_else_is_refused(monkeypatch, text):
    monkeypatch.setenv("COURSE_REPETITION", text)
    with pytest.raises(ValueError, match="COURSE_REPETITION must be a whole number"):
        repetition()


def test_repetitions_share_no_seed_and_no_random_number(monkeypatch):
    found, numbers = [], []
    for k in range(4):
        monkeypatch.setenv("COURSE_REPETITION", str(k))
        found += seeds(STRIDE)
        numbers += [generator(s).random() for s in (0, 1, 1000, 2001)]
    assert len(set(found)) == 4 * STRIDE == len(found)
    assert len(set(numbers)) == 16


@pytest.mark.parametrize("n, start", [(0, 0), (-1, 0), (1, -1), (1001, 0), (1, 1000)])
def test_more_seeds_than_there_are_cannot_be_had(n, start):
    with pytest.raises(ValueError, match="A repetition has 1000 seeds"):
        seeds(n, start)


def test_subsets_hold_each_class_in_its_share_without_repeats():
    picks = subsets(LABELS, 100, [0, 1, 2])
    assert picks.shape == (3, 100)
    for row in picks:
        assert np.bincount(LABELS[row]).tolist() == [10] * 10
        assert len(set(row.tolist())) == 100
        assert not np.array_equal(row, np.sort(row))
    assert not np.array_equal(np.sort(picks[0]), np.sort(picks[1]))
    uneven = np.repeat([0, 1], [300, 100])
    assert np.bincount(uneven[subsets(uneven, 40, [5])[0]]).tolist() == [30, 10]


def test_a_subset_depends_on_its_seed_alone():
    assert np.array_equal(subsets(LABELS, 50, [3, 8])[1], subsets(LABELS, 50, [8])[0])
    everything = subsets(LABELS, len(LABELS), [0])[0]
    assert np.array_equal(np.sort(everything), np.arange(len(LABELS)))


@pytest.mark.parametrize(
    "labels, size, message",
    [
        (LABELS, 9, "cannot be drawn"),
        (LABELS, 401, "cannot be drawn"),
        (LABELS.reshape(2, -1), 20, "labels must be a row"),
    ],
)
def test_a_sample_that_cannot_be_drawn_is_named(labels, size, message):
    with pytest.raises(ValueError, match=message):
        subsets(labels, size, [0])


def test_no_seed_is_no_sample():
    with pytest.raises(ValueError, match="at least one seed"):
        subsets(LABELS, 20, [])


def test_a_generator_of_several_numbers(monkeypatch):
    assert generator([22, 7]).random() == np.random.default_rng([22, 7]).random()
    monkeypatch.setenv("COURSE_REPETITION", "3")
    assert generator([22, 7]).random() == np.random.default_rng([22, 7, 3]).random()
    with pytest.raises(ValueError, match="seed must be a whole number"):
        generator([22, -1])
