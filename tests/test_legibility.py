"""Can everyone read the pictures: the course's colours under the three kinds of colour
blindness, the measuring itself, and what it found in the recorded notebooks."""

import base64
import io
import json
from itertools import combinations

import matplotlib

matplotlib.use("agg")
import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pytest
from colorspacious import cspace_convert
from matplotlib.colors import to_rgb
from PIL import Image

from course_utils import figures
from course_utils.claims import MARKS, NOTEBOOKS
from course_utils.legibility import contrast, merged, watched

PATHS = sorted(NOTEBOOKS.glob("*.ipynb"))
KINDS = ("protanomaly", "deuteranomaly", "tritanomaly")  # in full: the -opias
OKABE_ITO = "#0072B2 #E69F00 #009E73 #D55E00 #CC79A7 #56B4E9".split()
# At 1280 x 720 JupyterLab shows pictures unscaled, so these are pixels of the screen.
TYPE = 14  # 11 points; exponents, 0.7 of it, are excepted
TEXT, LARGE, LINE = 4.5, 3.0, 3.0  # WCAG 2.2: 1.4.3 and 1.4.11
# The least distance of two colours in CAM02-UCS, where 1 is just seen between areas.
# Thin lines need a multiple. Okabe and Ito's six, widely taken for safe, come to 11.
APART = 12


def seen_by(kind, colours):
    """What someone sees (Machado, Oliveira and Fernandes 2009), in sRGB."""
    space = {"name": "sRGB1+CVD", "cvd_type": kind, "severity": 100}
    rgb = np.array([to_rgb(colour) for colour in colours])
    return np.clip(cspace_convert(rgb, space, "sRGB1") if kind else rgb, 0, 1)


def nearest(colours):
    """The least distance of two of the colours, for any eyes."""
    places = [cspace_convert(seen_by(k, colours), "sRGB1", "CAM02-UCS") for k in KINDS]
    places.append(cspace_convert(seen_by(None, colours), "sRGB1", "CAM02-UCS"))
    return min(
        np.linalg.norm(a - b) for place in places for a, b in combinations(place, 2)
    )


def facts_of(fig):
    with watched(fig.canvas) as facts:
        fig.canvas.draw()
    plt.close(fig)
    return facts


def stored(picture):
    """The facts in a PNG in base64."""
    header = Image.open(io.BytesIO(base64.b64decode(picture))).info
    return json.loads(header["legibility"])


def test_the_simulation_is_the_published_one():
    """Pure red for deuteranopes: the first column of the paper's matrix."""
    linear = np.array([0.367322, 0.280085, 0.0])
    wanted = np.where(linear > 0.0031308, 1.055 * linear ** (1 / 2.4) - 0.055, 0)
    assert np.allclose(seen_by("deuteranomaly", ["red"])[0], wanted, atol=0.01)


def test_contrast_is_that_of_wcag():
    assert contrast("black") == pytest.approx(21)
    assert contrast("#777777") == pytest.approx(4.48, abs=0.005)
    assert contrast("blue") == pytest.approx(8.59, abs=0.005)
    assert contrast("white", "#0000FF") == contrast("blue")


def test_a_text_may_have_each_colour_of_the_course():
    for colour in (*figures.COLOURS, figures.GREY):
        assert contrast(colour) >= TEXT, colour


def test_the_colours_stay_apart_for_all_eyes():
    assert nearest(OKABE_ITO) < APART <= nearest(figures.COLOURS)


def test_verdicts_differ_in_colour_and_in_sign():
    fig, ax = plt.subplots()
    words = [word for word in MARKS if "mended" not in word and "shown" not in word]
    board = {"notebook": ["a"] * len(words), "verdict": words}
    figures.verdict_bars(ax, figures.pd.DataFrame(board))
    colours = [bars[0].get_facecolor() for bars in ax.containers]
    signs = {text.get_text()[0] for text in ax.texts}
    facts = facts_of(fig)
    assert len(colours) == len(words) == len(signs) and nearest(colours) >= APART
    assert facts["contrast"][0] >= TEXT and not facts["colour"]


def test_the_smallest_type_is_found():
    fig, ax = plt.subplots(dpi=90)
    ax.set_title("large", fontsize=20)
    ax.text(0.5, 0.5, "tiny", fontsize=8)
    ax.text(0.5, 0.3, "", fontsize=1)
    assert facts_of(fig)["type"] == (10, "tiny")


def test_contrast_is_with_what_lies_behind():
    def on(ground, ink, size=12):
        fig = plt.figure(facecolor="white", layout="none")
        fig.add_artist(plt.Rectangle((0, 0), 1, 1, color=ground))
        fig.text(0.5, 0.5, "word", color=ink, fontsize=size)
        return facts_of(fig)

    assert on("white", "#777777")["contrast"] == (4.48, "word")
    assert on("black", "white")["contrast"] == (21, "word")
    assert on("#0000FF", "black")["contrast"][0] == pytest.approx(21 / 8.59, abs=0.01)
    assert on("white", "#777777", 24)["large"] == (4.48, "word")
    assert "contrast" not in on("white", "#777777", 24)


def test_bold_is_large_from_14_points_on():
    for weight, large in ((500, False), (600, True), ("bold", True), (1000, True)):
        fig = plt.figure(layout="none", dpi=96)
        fig.text(0.5, 0.5, "word", fontsize=14, fontweight=weight)
        assert ("large" in facts_of(fig)) == large, weight


def test_half_transparent_type_is_mixed_with_its_ground():
    fig = plt.figure(layout="none")
    fig.add_artist(plt.Rectangle((0, 0), 1, 1, color="#400000"))
    fig.text(0.5, 0.5, "word", color="white", alpha=0.4)
    mixed = np.round(0.4 * 255 + 0.6 * np.array([64, 0, 0])).astype(int)
    wanted = contrast("#{:02x}{:02x}{:02x}".format(*mixed), "#400000")
    assert facts_of(fig)["contrast"][0] == pytest.approx(wanted, abs=0.1)


def test_what_lies_below_a_word_is_not_its_ground():
    for place, ground in ((0.8, (0, 0)), (0.2, (0, 0.5))):
        fig = plt.figure(layout="none")
        fig.add_artist(plt.Rectangle(ground, 1, 0.5, color="black"))
        fig.text(0.5, place, "word", color="black")
        assert facts_of(fig)["contrast"] == (21, "word")


def test_a_line_across_a_word_is_no_ground():
    fig = plt.figure(layout="none")
    fig.add_artist(plt.Line2D([0, 1], [0.51, 0.51], color="black", lw=1))
    fig.text(0.5, 0.5, "word", fontsize=40)
    assert facts_of(fig)["large"][0] == 21


def test_pale_text_and_pale_lines_are_found():
    fig, ax = plt.subplots()
    ax.plot([1, 2], color="black", alpha=0.2, label="pale")
    ax.plot([2, 1], "--", color="black", label="strong")
    ax.text(0.1, 1.1, "faint", alpha=0.3)
    ax.legend()
    facts = facts_of(fig)
    assert facts["line"][1] == "pale" and facts["line"][0] < 2
    assert facts["contrast"][1] == "faint" and facts["contrast"][0] < 3


@pytest.mark.parametrize(
    "other, named",
    [
        ({"ls": "-"}, False),
        ({"ls": "--"}, True),
        ({"marker": "o"}, True),
        ({"lw": 6}, True),
    ],
)
def test_lines_in_a_legend_differ_in_more_than_colour(other, named):
    fig, ax = plt.subplots()
    ax.plot([1, 2], color="red", ls="-", label="a")
    ax.plot([2, 1], color="blue", **{"ls": "-", **other}, label="b")
    ax.legend()
    assert facts_of(fig)["colour"] == ([] if named else [("a", "b")])


def test_a_text_in_the_lines_colour_or_a_sign_names_it():
    fig, ax = plt.subplots()
    ax.plot([1, 2], color="red", ls="-", label="a")
    ax.plot([2, 1], color="blue", ls="-", label="b")
    ax.axhline(1, color="grey", ls="-")
    ax.text(0, 1, "the red one", color="red")
    assert not facts_of(fig)["colour"]
    fig, ax = plt.subplots()
    ax.bar_label(ax.bar([0], [1], color="red", label="+ a"), ["+ 1"])
    ax.bar_label(ax.bar([1], [1], color="blue", label="- b"), ["- 1"])
    ax.legend()
    ax.bar([2, 3], [1, 1], color=["red", "blue"], hatch=["", "//"])
    assert not facts_of(fig)["colour"]


def test_points_and_bars_of_two_colours_are_found():
    fig, (left, right) = plt.subplots(1, 2)
    left.scatter([0, 1], [0, 1], color="red", label="a")
    left.scatter([0, 1], [1, 1], color="blue", label="b")
    right.bar([0, 1, 2], [1, 1, 1], color=["red", "blue", "black"])
    assert len(facts_of(fig)["colour"]) == 2


def test_the_courses_drawings_are_told_apart():
    fig, axes = plt.subplots(2, 2, figsize=(12, 9))
    X, y = np.random.default_rng(0).normal(size=(20, 2)), np.arange(20) % 3
    figures.points(axes[0, 0], X, y)
    figures.network(axes[0, 1], [["a", "b"], ["c"]], [[[1, -2]]], [[0]])
    figures.computation_graph(
        axes[1, 0], {"a": (0, 0, "a"), "b": (1, 0, "b")}, [("a", "b", 1, 2)]
    )
    for k in range(6):
        figures.band(axes[1, 1], [0, 1], [[k, 1], [0, k], [1, 1]], f"run {k}", k)
        figures.error_bars(axes[1, 1], [2, 3], [(k, 0, 9)] * 2, f"bar {k}", k)
    axes[1, 1].legend()
    facts = facts_of(fig)
    assert not facts["colour"] and facts["line"][0] >= LINE
    assert facts["contrast"][0] >= TEXT and facts["type"][0] >= TYPE


def test_of_several_frames_the_worst_is_kept():
    one = {"type": (20, "a"), "contrast": (5, "a"), "colour": [("a", "b")]}
    two = {"type": (16, "b"), "large": (9, "b"), "colour": []}
    assert merged([one, two]) == {
        "type": (16, "b"),
        "contrast": (5, "a"),
        "large": (9, "b"),
        "colour": [("a", "b")],
    }


def test_measuring_leaves_no_trace():
    fig, ax = plt.subplots()
    ax.text(0.5, 0.5, "word")
    fig.canvas.draw()
    before, canvas = np.array(fig.canvas.buffer_rgba()), fig.canvas
    facts_of(fig)
    assert np.array_equal(before, canvas.buffer_rgba())
    assert "draw_text" not in vars(canvas.get_renderer())


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_the_stored_pictures_can_be_read(path):
    offences = {}
    for cell in nbformat.read(path, as_version=4).cells:
        for output in cell.get("outputs", []):
            if picture := output.get("data", {}).get("image/png"):
                facts = stored(picture)
                limits = {"type": TYPE, "contrast": TEXT, "large": LARGE, "line": LINE}
                found = {
                    name: facts[name]
                    for name, least in limits.items()
                    if name in facts and facts[name][0] < least
                }
                if facts["colour"]:
                    found["colour"] = facts["colour"]
                if found:
                    offences[cell.id] = found
    assert not offences
