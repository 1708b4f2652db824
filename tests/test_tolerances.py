"""Needed tolerances, from two texts and from a notebook on several kernels."""

import math

import pytest

from course_utils.maintenance import tolerances
from course_utils.maintenance.comparison import Plotted, Tolerance, differences
from course_utils.maintenance.tolerances import Needed, needed

KERNELS = {"other": {"NOISE": "1"}, "failing": {"NOISE": "x"}}
CELLS = {
    "noise": "import os; noise = int(os.environ.get('NOISE', 0))",
    "same": "print('loss', 0.25 + noise * 1e-6)",
    "tagged": "print('loss', 0.25 + 0.00123 * noise)",
    "untagged": "print('count', 7 + noise)",
    "words": "print('rises' if noise else 'falls')",
}


def test_what_two_texts_need():
    found = needed("loss 0.2500 of 10", "loss 0.2600 of 12")
    assert found.rtol == pytest.approx(0.0099 / 0.25)
    assert found.atol == pytest.approx(0.0099 - 0.25e-4)
    assert found.itol == 2 and not found.words


def test_what_is_needed_is_enough_and_the_smallest():
    texts = "0.2500 and 31.41592 and 10", "0.2600 and 31.40001 and 12"
    rtol, atol, itol, *_ = needed(*texts)
    for enough in Tolerance(rtol, 0, itol), Tolerance(atol=atol, itol=itol):
        assert not differences(*texts, enough)
    for less in (
        Tolerance(0.99 * rtol, 0, itol),
        Tolerance(atol=0.99 * atol, itol=itol),
        Tolerance(rtol, atol, itol - 1),
    ):
        assert differences(*texts, less)


@pytest.mark.parametrize(
    "stored, new, words",
    [
        ("equal 0.5", "equal 0.5", "none"),
        ("0.00000", "0.12345", "atol 0.13 or rtol inf"),
        ("2.0000", "2.1231", "atol 0.13 or rtol 0.062"),
        ("loss falls", "loss rises", "text differs after 'loss'"),
        ("1", "1.0", "atol 1e-12"),
        ("47", "43.3", "atol 3.8"),
        ("7", "9", "itol 2"),
    ],
)
def test_it_is_said_in_words(stored, new, words):
    assert words in str(needed(stored, new))


def test_what_a_picture_needs():
    stored = Plotted("axes ''\n y from 0.0 to 50.0\n line 'a' 2 points\n  y| 0.1 0.9")
    for new, words in (
        ("0.1005 0.9", "none"),
        ("0.1 0.8875", "ptol 0.013"),
        ("0.1", "text differs"),
    ):
        found = needed(stored, Plotted(stored.replace("0.1 0.9", new)))
        assert words in str(found) and found.beyond_default() is (words != "none")
    moved = needed(stored, Plotted(stored.replace("to 50.0", "to 51.0")))
    assert moved.ptol == pytest.approx(0.02)
    assert Needed(ptol=0.3).or_more(moved).ptol == 0.3


def test_a_picture_stored_without_what_it_plots_needs_nothing(monkeypatch):
    found = {("image", 1): "1", ("plotted", 1): "axes"}
    monkeypatch.setattr(tolerances, "output_texts", lambda outputs: dict(outputs))
    assert tolerances.needed_by_cell({("image", 1): "1"}, found) == Needed()
    words = tolerances.needed_by_cell({("plotted", 1): "axes"}, found).words
    assert words == "in the number of outputs of image"


def test_what_several_kernels_need():
    worst = Needed(0.1, 0.2).or_more(Needed(0.3, 0.1, 1.0))
    assert worst == Needed(0.3, 0.2, 1.0)
    assert worst.or_more(Needed(words="x")).words == "x"
    assert needed("0.0", "0.25").rtol == math.inf


@pytest.fixture(scope="module")
def path(tmp_path_factory, recorded):
    return recorded(
        tmp_path_factory.mktemp("tolerances") / "a.ipynb", CELLS, "atol-0.02"
    )


def test_a_notebook_on_other_kernels(path, monkeypatch, capsys):
    monkeypatch.setattr(tolerances, "KERNELS", KERNELS)
    before = path.read_bytes()
    tolerances.main([str(path)])
    title, noise, tagged, untagged, words = capsys.readouterr().out.splitlines()
    assert title == "a.ipynb"
    assert "noise: no tag" in noise and "ValueError" in noise and "(failing)" in noise
    assert "tagged: atol-0.02; needed: atol 0.0012 or rtol 0.0049" in tagged
    assert "untagged: no tag; needed: itol 1 (other)" in untagged
    assert "words: no tag; needed: no tolerance helps, the text differs" in words
    assert path.read_bytes() == before
