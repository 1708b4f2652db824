"""Figures: the data they draw, checked against SciPy and by hand, and the sentences of
their errors."""

import base64
import io
import re

import matplotlib

matplotlib.use("agg")
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from PIL import Image
from scipy import stats

from course_utils import figures

X = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])


@pytest.fixture
def ax():
    fig, ax = plt.subplots()
    yield ax
    plt.close(fig)


def test_the_style_is_opaque_and_readable():
    assert (
        plt.rcParams["figure.facecolor"] == "white"
        and plt.rcParams["font.size"] >= 13
        and 72 <= plt.rcParams["figure.dpi"] <= 100
    )


def test_points_draws_each_class_with_its_own_marker_and_colour(ax):
    figures.points(ax, X, [0, 1, 1, 0])
    assert [c.get_offsets().data.tolist() for c in ax.collections] == [
        [[0, 0], [1, 1]],
        [[0, 1], [1, 0]],
    ]
    assert len({tuple(c.get_facecolor()[0]) for c in ax.collections}) == 2
    assert [text for text in ax.get_legend_handles_labels()[1]] == ["0", "1"]


def test_decision_regions_asks_for_the_whole_plane_and_shades_both_sides(ax):
    asked = []

    def predict(points):
        asked.append(points)
        return (points[:, 0] > 0.25).astype(int)

    figures.decision_regions(ax, predict, X, [0, 0, 1, 1], margin=0.5, steps=50)
    (grid,) = asked
    assert grid.shape == (2500, 2) and grid.min() == -0.5 and grid.max() == 1.5
    areas = [path.get_extents() for path in ax.collections[0].get_paths()]
    assert areas[0].xmax == pytest.approx(0.25, abs=0.03) and areas[
        1
    ].xmin == pytest.approx(0.25, abs=0.03)


def test_band_is_the_t_interval_of_the_mean(ax):
    runs = np.random.default_rng(0).normal(size=(12, 3)).cumsum(axis=1)
    figures.band(ax, [1, 2, 3], runs, "runs")
    assert np.allclose(ax.lines[0].get_ydata(), runs.mean(axis=0))
    low, high = stats.t.interval(0.95, 11, runs.mean(axis=0), stats.sem(runs))
    drawn = ax.collections[0].get_paths()[0].vertices
    for i, x in enumerate([1, 2, 3]):
        assert np.ptp(drawn[drawn[:, 0] == x, 1]) == pytest.approx(high[i] - low[i])
        assert drawn[drawn[:, 0] == x, 1].min() == pytest.approx(low[i])


class Unpacks:
    """Like `Interval`: it can be unpacked, and no more."""

    def __init__(self, *numbers):
        self.numbers = numbers

    def __iter__(self):
        return iter(self.numbers)


def test_error_bars_reach_from_low_to_high(ax):
    figures.error_bars(
        ax, [0, 1], [(2.0, 1.0, 5.0), Unpacks(3.0, 2.5, 3.5)], "arm", 1, line=True
    )
    line, (caps, *_) = ax.lines[0], ax.collections
    assert line.get_ydata().tolist() == [2, 3] and line.get_marker() == "s"
    assert line.get_color() == figures.ORANGE and line.get_linestyle() == "--"
    assert [s.tolist() for s in caps.get_segments()] == [
        [[0, 1], [0, 5]],
        [[1, 2.5], [1, 3.5]],
    ]
    assert ax.get_legend_handles_labels()[1] == ["arm"]


def test_error_bars_of_one_interval_and_lying_ones(ax):
    figures.error_bars(ax, 4, (0.5, 0.5, 1.0), horizontal=True, ms=3, color="black")
    assert ax.lines[0].get_xydata().tolist() == [[0.5, 4]]
    assert (ax.lines[0].get_color(), ax.lines[0].get_markersize()) == ("black", 3)
    assert ax.lines[0].get_linestyle() == "None"
    assert ax.collections[0].get_segments()[0].tolist() == [[0.5, 4], [1, 4]]
    assert ax.get_legend_handles_labels()[1] == []


def test_the_seventh_arm_looks_like_the_first():
    for k in (1, 7, 13):
        ax = plt.figure().gca()
        figures.error_bars(ax, 0, (0.5, 0.0, 1.0), k=k, line=True)
        figures.band(ax, [1, 2], [[1, 2], [2, 4]], "runs", k=k)
        for line, marker in ((ax.lines[0], "s"), (ax.lines[-1], "None")):
            look = line.get_color(), line.get_linestyle(), line.get_marker()
            assert look == (figures.ORANGE, "--", marker)


def test_error_bars_take_what_mean_interval_returns(ax):
    from course_utils import mean_interval

    values = np.random.default_rng(0).normal(size=9)
    low, high = stats.t.interval(0.95, 8, values.mean(), stats.sem(values))
    figures.error_bars(ax, 0, mean_interval(values))
    figures.error_bars(ax, 1, mean_interval(np.ones(4)), ls=":")
    segment = ax.collections[0].get_segments()[0]
    assert np.allclose(segment, [[0, low], [0, high]])


@pytest.mark.parametrize(
    "x, intervals, message",
    [
        ([0, 1], [(1, 0, 2)], "a sequence of 2 for 2 places"),
        ([0, 1], (1, 0, 2), "one interval"),
        (0, [(1, 0, 2)], "one interval"),
        (0, (1, 0), "mean, low, high"),
        ([0, 1], [(1, 0, 2), (5, 0, 2)], "not .5.0, 0.0, 2.0."),
    ],
)
def test_error_bars_say_what_is_wrong(ax, x, intervals, message):
    with pytest.raises(ValueError, match=message):
        figures.error_bars(ax, x, intervals)


def test_curves_is_the_band_of_a_tidy_frame(ax):
    runs = np.random.default_rng(0).normal(size=(5, 4))
    history = pd.DataFrame(
        {
            "seed": np.repeat(np.arange(5), 4),
            "epoch": np.tile([1, 2, 3, 4], 5),
            "val_loss": runs.ravel(),
        }
    )
    figures.curves(
        ax, history.sample(frac=1, random_state=0), "epoch", "val_loss", "runs"
    )
    assert np.allclose(ax.lines[0].get_ydata(), runs.mean(axis=0)) and ax.lines[
        0
    ].get_xdata().tolist() == [1, 2, 3, 4]
    assert ax.get_xlabel() == "epoch" and ax.get_ylabel() == "validation loss"


def test_network_writes_every_unit_weight_and_bias(ax):
    figures.network(
        ax,
        [["$x_1$", "$x_2$"], ["a", "b"], ["o"]],
        [[[1, -2], [3, 4]], [[5, 6]]],
        [[0.5, -1.5], [7]],
    )
    written = [text.get_text() for text in ax.texts]
    assert {
        "$x_1$",
        "$x_2$",
        "a",
        "b",
        "o",
        "1",
        "-2",
        "3",
        "4",
        "5",
        "6",
        "b = 0.5",
        "b = -1.5",
        "b = 7",
    } == set(written)
    assert len(ax.lines) == 6
    (left, right), (bottom, top) = ax.get_xlim(), ax.get_ylim()
    for text in ax.texts[:]:
        x, y = text.xy if hasattr(text, "xy") else text.get_position()
        assert left < x < right and bottom < y < top, text.get_text()


def test_computation_graph_writes_values_and_gradients(ax):
    figures.computation_graph(
        ax, {"x": (0, 0, "x"), "f": (1, 0, "+")}, [("x", "f", -2, -4)]
    )
    assert {"x", "+", "-2", "-4"} <= {text.get_text() for text in ax.texts}


def test_images_places_every_picture(ax):
    pictures = np.arange(1, 6)[:, None, None] * np.ones((5, 4, 3))
    figures.images(ax, pictures, titles=list("abcde"), columns=3)
    sheet = ax.images[0].get_array()
    assert [np.sum(sheet == i) for i in range(1, 6)] == [12] * 5
    assert [text.get_text() for text in ax.texts] == list("abcde")


def test_show_displays_the_picture_with_its_sentence_as_alternative_text(
    capsys, monkeypatch
):
    shown = []
    monkeypatch.setattr(
        "IPython.display.display", lambda thing, **kw: shown.append((thing, kw))
    )
    fig, ax = plt.subplots(layout="none")
    ax.plot([0, 1], [0, 1], label="a line")
    ax.legend()
    fig.savefig(saved := io.BytesIO(), format="png")
    saved.seek(0)
    fig.set_layout_engine("none")  # savefig leaves another one behind
    figures.show(fig, "It *rises* & falls.")
    figures.show(pd.DataFrame({"a": [1]}), "One.")
    bundle, more = shown[0]
    displayed = Image.open(io.BytesIO(base64.b64decode(bundle["image/png"])))
    change = np.asarray(displayed.convert("RGB")) - 255 * plt.imread(saved)[..., :3]
    assert np.abs(change).max() <= 16 and (np.abs(change) > 1).mean() < 0.01
    assert more == {
        "raw": True,
        "metadata": {"image/png": {"alt": "It rises & falls."}},
    }
    image = re.fullmatch(
        '<img src="data:image/png;base64,(.+?)" alt="It rises &amp; falls."'
        ' width="720" height="360" style=".+?">',
        bundle["text/html"],
    )
    assert image[1] == bundle["image/png"]
    assert not plt.fignum_exists(fig.number)
    assert (
        [thing.data for thing, _ in shown[1:]][0] == "*It *rises* & falls.*"
        and "<table" in shown[2][0].data
        and shown[3][0].data == "*One.*"
    )


@pytest.mark.parametrize(
    "caption, words",
    [
        ("A line that *rises*.", "A line that rises."),
        ("`fit(x, y)` is **slow**, 3 * 4 * 5.", "fit(x, y) is slow, 3 * 4 * 5."),
        (r"$W^{[1]}$, $\alpha = 0.1$ and $\hat{y}$", "W^[1], alpha = 0.1 and y hat"),
        ("*Slow (it has 0.9 s.)*", "Slow (it has 0.9 s.)"),
        ("See [the first](01.ipynb); glorot_normal", "See the first; glorot_normal"),
    ],
)
def test_a_listener_hears_words(caption, words):
    assert figures.plain(caption) == words


def test_what_cannot_be_measured_is_shown_all_the_same(monkeypatch):
    monkeypatch.setattr("course_utils.legibility._look", lambda artist: 1 / 0)
    monkeypatch.setattr("course_utils.legibility._stands_out", lambda *_: 1 / 0)
    fig, ax = plt.subplots()
    ax.plot([1, 2], label="a")
    ax.legend()
    picture = figures.drawn(fig)
    plt.close(fig)
    assert np.asarray(picture).min() < 100


def test_a_palette_is_taken_only_where_it_is_not_seen():
    few = np.zeros((40, 40, 3), np.uint8)
    few[:, 20:] = 0, 114, 178
    drawing = figures.few_colours(Image.fromarray(few))
    assert drawing.mode == "P" and np.array_equal(drawing.convert("RGB"), few)
    many = np.random.default_rng(0).integers(0, 256, (90, 90, 3), dtype=np.uint8)
    assert figures.few_colours(photo := Image.fromarray(many)) is photo


def test_verdict_bars_count_each_notebooks_verdicts(ax):
    words = ["holds", "holds in part", "holds", "does not hold here"]
    board = pd.DataFrame({"notebook": ["a", "a", "b", "b"], "verdict": words})
    figures.verdict_bars(ax, board)
    bars = {
        (bar.get_y() + 0.4, bar.get_x(), bar.get_width())
        for bar in ax.patches
        if bar.get_width()
    }
    assert bars == {(0, 0, 1), (0, 1, 1), (1, 0, 1), (1, 1, 1)}
    assert [label.get_text() for label in ax.get_yticklabels()] == ["a", "b"]
    assert {text.get_text() for text in ax.texts} == {"✓ 1", "✗ 1", "◐ 1"}
    assert ax.get_legend_handles_labels()[1] == [
        "✓ holds (2)",
        "◐ holds in part (1)",
        "✗ does not hold here (1)",
    ]


@pytest.mark.parametrize(
    "call, message",
    [
        (
            lambda ax: figures.points(ax, np.zeros(3), [0, 1, 2]),
            r"X must be .* of the shape \(m, 2\), not float64 of shape \(3,\)",
        ),
        (
            lambda ax: figures.points(ax, X, [0, 1]),
            "one label for each of the 4 points",
        ),
        (
            lambda ax: figures.decision_regions(ax, lambda p: p, X, [0, 0, 1, 1]),
            "one label for each point",
        ),
        (
            lambda ax: figures.band(ax, [1, 2], np.zeros((1, 2)), ""),
            "at least 2 seeds, 2",
        ),
        (
            lambda ax: figures.band(ax, [1, 2], np.zeros((5, 3)), ""),
            "at least 2 seeds, 2",
        ),
        (
            lambda ax: figures.band(ax, [1, 2], np.zeros((5, 2, 1)), ""),
            "a row for each of at least two seeds",
        ),
        (lambda ax: figures.images(ax, np.zeros((28, 28))), r"\(n, height, width\)"),
    ],
)
def test_wrong_shapes_are_named(ax, call, message):
    with pytest.raises(ValueError, match=message):
        call(ax)


def test_show_refuses_other_things():
    with pytest.raises(TypeError, match="not a str"):
        figures.show("text", "")
