"""What a figure plots, as text: the same for the same figure, another for another, and
there for every picture of the recorded notebooks."""

import base64
import io
import re

import matplotlib

matplotlib.use("agg")
import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pytest
from matplotlib.colors import ListedColormap
from mpl_toolkits.mplot3d.art3d import Poly3DCollection
from PIL import Image

from course_utils import figures, play
from course_utils.claims import NOTEBOOKS
from course_utils.maintenance.comparison import (
    Plotted,
    Tolerance,
    differences,
    pictures,
)
from course_utils.plotted import plotted

PATHS = sorted(NOTEBOOKS.glob("*.ipynb"))
NOISE = np.random.default_rng(0).normal(size=(2, 200))
STEPS = np.arange(40)
FALLS = np.exp(-STEPS / 9) + 0.1
SLOWLY = np.exp(-STEPS / 12) + 0.1
DIGITS = np.random.default_rng(1).random((10, 28, 28)) > 0.8
GRID = np.meshgrid(np.linspace(-1, 1, 60), np.linspace(-1, 1, 60))
VALUES = np.random.default_rng(2).random((3, 5))


def of(draw, *args, **options):
    """What is stored of a figure."""
    fig = plt.figure(figsize=(6, 3))
    ax = fig.add_subplot(projection=options.pop("projection", None))
    draw(ax, *args, **options)
    fig.canvas.draw()
    text = plotted(fig)
    plt.close(fig)
    return Plotted(text)


def curve(ax, x=STEPS, y=FALLS, label="a", other=SLOWLY, **axes):
    ax.plot(x, y, label=label)
    if other is not None:
        ax.plot(STEPS, other, label="b")
    ax.set(**{"xlabel": "epoch", "ylabel": "loss", "title": "a run", **axes})
    ax.legend()


def cloud(ax, x=NOISE[0], y=NOISE[1], **more):
    ax.scatter(x, y, **more)


def bars(ax, heights=(1, 2, 4, 3), names="abcd", **more):
    ax.bar_label(ax.bar(list(names), heights, **more))


def histogram(ax, heights):
    ax.bar(range(len(heights)), heights)


def errors(ax, lengths=(1, 2, 3)):
    ax.errorbar([0, 1, 2], [4, 5, 6], yerr=lengths, label="a")


def sheet(ax, order=range(10)):
    figures.images(ax, DIGITS[list(order)])


def shades(ax, values=VALUES, **more):
    ax.pcolormesh(values, **more)


def picture(ax, values=VALUES, **more):
    ax.imshow(values, **more)


def region(ax, slope=1.0, filled=True):
    draw = ax.contourf if filled else ax.contour
    draw(*GRID, GRID[0] + slope * GRID[1], levels=[-9, 0, 9])


def fill(ax, low=FALLS - 0.1):
    ax.fill_between(STEPS, low, FALLS + 0.1)


def surface(ax, height=1.0):
    ax.plot_surface(*GRID, height * GRID[0] ** 2)
    ax.plot([0, 1], [0, 1], [0, 1])


def words(ax, text="4.5 digits", at=(0.5, 0.5), point=(0.2, 0.2)):
    ax.text(*at, text)
    ax.annotate("here", point, xytext=(10, 10), textcoords="offset points")


def net(ax, weight=1.0):
    figures.network(ax, [["x", "y"], ["o"]], [[[1.0, weight]]], [[0.5]])


def guide(ax, height=1.0):
    cloud(ax)
    ax.axhline(height)


def two_scales(ax, values=SLOWLY):
    ax.plot(FALLS)
    ax.twinx().plot(values, color="red")


SWAPPED = [1, 0, *range(2, 10)]
HEIGHTS = np.linspace(1, 3, 30)
FAULTS = {
    "axes swapped": (curve, {"x": FALLS, "y": STEPS}),
    "another column": (curve, {"y": SLOWLY}),
    "another x": (curve, {"x": STEPS + 1}),
    "the arms exchanged": (curve, {"y": SLOWLY, "other": FALLS}),
    "a missing series": (curve, {"other": None}),
    "reversed": (curve, {"y": FALLS[::-1]}),
    "one point left out": (curve, {"x": STEPS[:-1], "y": FALLS[:-1]}),
    "two points exchanged": (
        curve,
        {"y": FALLS[[*range(9), 19, *range(10, 19), 9, *range(20, 40)]]},
    ),
    "twice as large": (curve, {"y": 2 * FALLS, "other": 2 * SLOWLY}),
    "another x label": (curve, {"xlabel": "update"}),
    "another y label": (curve, {"ylabel": "accuracy"}),
    "another title": (curve, {"title": "two runs"}),
    "another name": (curve, {"label": "c"}),
    "a logarithmic axis": (curve, {"yscale": "log"}),
    "other limits": (curve, {"ylim": (0, 2)}),
    "other ticks": (
        curve,
        {"xticks": [0, 10], "xticklabels": ["now", "then"]},
    ),
    "the y of other points": (cloud, {"y": NOISE[1][::-1]}),
    "points of another class": (cloud, {"c": NOISE[0] > 0}),
    "bars permuted": (bars, {"heights": (1, 4, 2, 3)}),
    "names permuted": (bars, {"names": "abdc"}),
    "bars of another colour": (bars, {"color": ["red", "blue"] * 2}),
    "errors permuted": (errors, {"lengths": (1, 3, 2)}),
    "digits exchanged": (sheet, {"order": SWAPPED}),
    "another map": (shades, {"cmap": "viridis"}),
    "another range": (shades, {"vmax": 3}),
    "turned upside down": (picture, {"values": VALUES[::-1]}),
    "transposed": (picture, {"values": VALUES.T}),
    "another boundary": (region, {"slope": 1.1}),
    "a boundary, not a region": (region, {"filled": False}),
    "another lower edge": (fill, {"low": FALLS - 0.2}),
    "another surface": (surface, {"height": 2.0}),
    "another number in a text": (words, {"text": "5.2 digits"}),
    "a text elsewhere": (words, {"at": (0.5, 0.6)}),
    "an arrow elsewhere": (words, {"point": (0.3, 0.2)}),
    "another weight": (net, {"weight": -1.0}),
    "a guide elsewhere": (guide, {"height": 1.1}),
    "on a second scale": (two_scales, {"values": SLOWLY[::-1]}),
}


@pytest.mark.parametrize("name", FAULTS)
def test_another_figure_is_another_text(name):
    draw, fault = FAULTS[name]
    where = {"projection": "3d"} if draw is surface else {}
    right = of(draw, **where)
    assert not differences(right, of(draw, **where), Tolerance())
    assert differences(right, of(draw, **fault, **where), Tolerance())
    assert "not measured" not in right and len(right) < 2000


def test_colours_without_a_name_are_the_same_in_old_matplotlib():
    new, old = ListedColormap(["white", "black"]), ListedColormap(["white", "black"])
    new.name, old.name = "unnamed", "from_list"
    assert of(shades, cmap=new) == of(shades, cmap=old)


def test_polygons_in_space_are_the_same_in_old_matplotlib():
    """New versions give all the number of corners of the largest."""
    corners = np.array([[0, 0, 0], [0, 1, 0], [1, 1, 0], [1, 0, 0]])

    def draw(ax):
        ax.add_collection3d(Poly3DCollection([corners, corners[:3]]))

    text = of(draw, projection="3d")
    assert "fill  9 points" in text and "without" not in text  # the first one's again


def row_of(text, name):
    """The numbers of a row of what is stored."""
    (row,) = re.findall(rf"^ *{name}\|(.*)$", text, re.MULTILINE)
    return [float(number) for number in row.split()]


def test_colours_are_stored_as_shares_of_their_range():
    text = of(picture, values=np.array([[0.0, 1.0], [2.0, 4.0]]))
    assert row_of(text, "values") == [0, 0.25, 0.5, 1]


def test_a_boundary_is_stored_by_its_length_and_middle():
    """Of a straight line across the frame, in shares of it: its length is 1, a quarter
    of which is stored, and its first moments are its middle."""
    x, y = np.meshgrid(np.linspace(0, 1, 41), np.linspace(0, 1, 41))
    text = of(lambda ax: ax.contour(x, y, x, levels=[0.25]))
    size, moments = row_of(text, "size"), (row_of(text, "x"), row_of(text, "y"))
    np.testing.assert_allclose(size, 0.25, atol=0.01)
    np.testing.assert_allclose(moments, [[0.25 / 4], [0.5 / 4]], atol=0.01)


def test_many_bars_in_another_order_are_noticed():
    order = [*range(10), 11, 10, *range(12, 30)]
    right, wrong = of(histogram, HEIGHTS), of(histogram, HEIGHTS[order])
    assert differences(right, wrong, Tolerance())


@pytest.mark.parametrize(
    "noisy",
    [
        lambda: (of(curve), of(curve, y=FALLS * (1 + 1e-4))),
        lambda: (
            of(curve, yscale="log"),
            of(curve, yscale="log", y=FALLS * (1 + 1e-3)),
        ),
        lambda: (of(cloud), of(cloud, y=NOISE[1] + 1e-3)),
        lambda: (of(region), of(region, slope=1 + 1e-4)),
        lambda: (of(picture), of(picture, values=VALUES + 1e-6 * VALUES[::-1])),
        lambda: (of(curve, y=np.where(STEPS > 9, 1e30, FALLS), ylim=(0, 1)),) * 2,
    ],
)
def test_what_nobody_sees_is_no_difference(noisy):
    assert not differences(*noisy(), Tolerance())


def test_a_difference_is_named_and_may_be_allowed():
    right, wrong = of(curve), of(curve, y=FALLS + 0.02)
    lines = differences(right, wrong, Tolerance())
    assert any("after \"axes 'a run', line 'b' 40 points: y\"" in l for l in lines)
    assert "of its axis); allowed: rtol 0.0001, ptol 0.001" in lines[0]
    for enough in Tolerance(ptol=0.03), Tolerance(rtol=0.03):
        assert not differences(right, wrong, enough)
    for no_help in Tolerance(ptol=0.01), Tolerance(atol=1.0, itol=1.0):
        assert differences(right, wrong, no_help)


def test_a_moved_end_of_an_axis_is_a_share_of_the_axis():
    right = of(curve, xlim=(1000, 1010))
    for end, same in ((1010.005, True), (1010.5, False)):
        found = differences(right, of(curve, xlim=(1000, end)), Tolerance())
        assert (not found) is same
    assert "x" in found[0] and "0.05 of its axis" in found[0]


def displayed(monkeypatch):
    shown = []
    monkeypatch.setattr(
        "IPython.display.display",
        lambda data, raw=False, metadata=None: shown.append({"data": data}),
    )
    return shown


def test_a_player_keeps_its_first_middle_last_and_still_frame(monkeypatch):
    shown = displayed(monkeypatch)
    fig, ax = plt.subplots()
    (line,) = ax.plot([0, 1], [0, 0])
    draw = lambda k: line.set_ydata([0, k / 10])
    play(fig, draw, range(10), "It rises.", still=3)
    ((_, text),) = pictures(shown[:1])
    frames = [row for row in text.split("\n") if row.startswith("frame")]
    assert frames == ["frame 1", "frame 4", "frame 6", "frame 10"]
    assert text.place(text.rindex("|") + 2)[0].startswith("frame 10, axes")


def test_what_cannot_be_measured_is_shown_all_the_same(monkeypatch):
    shown = displayed(monkeypatch)
    for part, stays in (("_points", "not measured"), ("_texts", None)):
        monkeypatch.setattr(f"course_utils.plotted.{part}", lambda *_: 1 / 0)
        fig = plt.figure()
        curve(fig.add_subplot())
        figures.show(fig, "It falls.")
        ((_, text),) = pictures(shown[-2:-1])
        assert stays in text if stays else text is None
        code = shown[-2]["data"]["image/png"]
        assert Image.open(io.BytesIO(base64.b64decode(code))).size == (720, 360)


@pytest.mark.parametrize(
    "draw",
    [
        lambda ax: ax.quiver(*GRID, *GRID),
        lambda ax: ax.pie([1, 2, 3], labels=list("abc")),
        lambda ax: ax.boxplot(NOISE.T),
        lambda ax: ax.violinplot(NOISE.T),
        lambda ax: ax.hexbin(*NOISE),
        lambda ax: ax.hist(NOISE[0], histtype="step"),
        lambda ax: ax.stem(FALLS),
        lambda ax: ax.stairs(FALLS),
        lambda ax: ax.eventplot(NOISE[0]),
        lambda ax: ax.streamplot(*GRID, *GRID),
        lambda ax: ax.arrow(0, 0, 1, 1),
        lambda ax: ax.plot([], []),
        lambda ax: ax.scatter([], []),
        lambda ax: ax.plot([np.nan, 1], [1, np.inf]),
        lambda ax: ax.imshow(np.full((3, 3), np.nan)),
        lambda ax: ax.imshow(np.zeros((3, 3, 4), np.uint8)),
        lambda ax: ax.inset_axes([0.5, 0.5, 0.4, 0.4]).plot([1, 2]),
        lambda ax: ax.set(xscale="symlog", yscale="logit"),
    ],
)
@pytest.mark.filterwarnings("ignore")
def test_any_drawing_can_be_measured(draw):
    text = of(draw)
    assert text.startswith("axes") and "not measured" not in text


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_every_stored_picture_says_what_it_plots(path):
    for cell in nbformat.read(path, as_version=4).cells:
        for name, text in pictures(cell.get("outputs", [])):
            assert text and "axes" in text, (cell.id, name)
            assert "not measured" not in text, (cell.id, name)


def test_axes_that_vary_keep_their_title_only():
    def draw(ax, times):
        ax.plot(times, label="a")
        ax.set(title="milliseconds", gid="varies")

    assert not differences(of(draw, [1, 2]), of(draw, [3, 9]), Tolerance())
    assert "milliseconds" in of(draw, [1, 2])
    assert differences(of(curve), of(curve, y=SLOWLY), Tolerance())
