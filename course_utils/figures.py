"""Figures: one style, readable from the back row, and the drawings that several
notebooks need.

Importing this module sets matplotlib's style for the course. Every function draws on
axes it is given and returns them; :func:`show` displays a figure or a table with a
sentence under it.
"""

import base64
import io
import json
import re
from html import escape

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from . import inputs
from .legibility import watched
from .plotted import plotted

# Each stands out from white as text must (4.5 : 1): a text may have it, and white text
# may stand on it. Under the three kinds of colour blindness any two stay further apart
# than Okabe and Ito's do (tests/test_legibility.py measures both); line styles, markers
# and hatches repeat the message.
BLUE, ORANGE, GREEN, RED, PURPLE, SKY, GREY = (
    "#1030C8",
    "#C45400",
    "#0E5540",
    "#8A0010",
    "#9A4A80",
    "#007BC2",
    "#5C5C5C",
)
COLOURS = [BLUE, ORANGE, GREEN, RED, PURPLE, SKY]
STYLES = ["-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1, 1, 1))]
MARKERS = ["o", "s", "^", "D", "v", "P"]
# A stored picture gets few colours, a third of the bytes, unless it then differs by
# more than this, of 255, in the mean (root of squares).
FEW, COARSE = 256, 1.5
STEPS, WIDEST = (
    2000,
    1000,
)  # grid points of an axis, pixels of a gap: more shows nothing

mpl.rcParams.update(
    {
        "figure.dpi": 90,
        "figure.figsize": (8, 4),
        "figure.facecolor": "white",
        "savefig.facecolor": "white",
        "figure.constrained_layout.use": True,
        "font.size": 13,
        "axes.titlesize": 14,
        "axes.labelsize": 13,
        "legend.fontsize": 12,
        "legend.frameon": False,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": False,
        "lines.linewidth": 2.2,
        "axes.prop_cycle": mpl.cycler(color=COLOURS) + mpl.cycler(linestyle=STYLES),
        "image.cmap": "gray_r",
    }
)


def show(thing, caption):
    """Display a figure (and close it) or a table, with one sentence under it that says
    what it shows.

    Parameters
    ----------
    thing : matplotlib.figure.Figure or pandas.DataFrame
    caption : str
        Markdown. In plain words it is also the alternative text of the picture.

    Raises
    ------
    TypeError
        For anything else.
    """
    from IPython.display import HTML, Markdown, display

    from .claims import html_table

    inputs.text("caption", caption)
    if isinstance(thing, Figure):
        picture = few_colours(drawn(thing))
        picture.info["plotted"] = plotted(thing)
        code = png(picture)
        bundle = {
            "text/html": image_tag(code, picture.size, caption),
            "image/png": code,  # for readers that show no HTML
            "text/plain": repr(thing),
        }
        alt = {"image/png": {"alt": plain(caption)}}
        display(bundle, raw=True, metadata=alt)
        plt.close(thing)
    elif isinstance(thing, pd.DataFrame):
        display(HTML(html_table(thing)))
    else:
        raise TypeError(
            "show takes a matplotlib Figure or a pandas DataFrame as its thing, not a"
            f" {type(thing).__name__}."
        )
    display(Markdown(f"*{caption}*"))


def drawn(fig):
    """A figure as a picture (PIL.Image), drawn once: matplotlib's `savefig`, and with
    it IPython, draws every figure twice. What a reader can make out in it
    (:mod:`course_utils.legibility`) stands in its `info`."""
    from PIL import Image

    agg = isinstance(fig.canvas, FigureCanvasAgg)
    canvas = fig.canvas if agg else FigureCanvasAgg(fig)
    with watched(canvas) as facts:
        canvas.draw()
    picture = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
    picture.info["legibility"] = facts
    return picture


def few_colours(picture):
    """A picture (PIL.Image) with a palette, if nobody sees the difference; else itself:
    a photograph, or a map of many colours."""
    from PIL import Image

    how = {"method": Image.Quantize.MAXCOVERAGE, "dither": Image.Dither.NONE}
    few = picture.quantize(FEW, **how)
    change = np.subtract(few.convert("RGB"), picture, dtype=np.float32)
    return few if np.sqrt(np.mean(change**2)) <= COARSE else picture


def png(picture):
    """A picture (PIL.Image) as PNG in base64, as Jupyter wants it, with what stands in
    its `info` on legibility and on what it plots."""
    from PIL.PngImagePlugin import PngInfo

    more = PngInfo()
    if "legibility" in picture.info:
        more.add_text("legibility", json.dumps(picture.info["legibility"]))
    if picture.info.get("plotted"):
        more.add_text("plotted", picture.info["plotted"], zip=True)
    picture.save(out := io.BytesIO(), format="PNG", pnginfo=more)
    return base64.b64encode(out.getvalue()).decode()


def image_tag(code, size, caption):
    """A PNG in base64 as HTML: JupyterLab gives a PNG by itself no alternative text.
    Its size keeps the place until it is there."""
    width, height = size
    return (
        f'<img src="data:image/png;base64,{code}" alt="{escape(plain(caption))}"'
        f' width="{width}" height="{height}" style="max-width: 100%; height: auto">'
    )


def plain(caption):
    """A sentence in Markdown as words, for a reader who hears it."""
    words = re.sub(r"!?\[([^]]*)\]\([^)]*\)", r"\1", caption)  # links
    words = re.sub(r"\\(hat|bar|tilde) ?\{?(\w+)\}?", r"\2 \1", words)
    words = re.sub(r"\\(?:math\w+|text)\b", "", words)
    words = re.sub(r"(?<!\w)\*\*?(?=\S)|(?<=\S)\*\*?(?!\w)|[$`{}\\]", "", words)
    return " ".join(words.split())


def points(ax, X, y, size=90):
    """Points of two or more classes, each with its own colour and marker.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    X : array, shape (m, 2)
    y : array, shape (m,)
        Any labels; they are drawn in sorted order.
    size : float
        Marker area in points squared.
    """
    _check_look(ax, size=size)
    X, y = _plane(X), inputs.numbers("y", y, "a row of labels", kinds="biuf", least=0)
    if y.shape != (len(X),):
        raise ValueError(
            f"y must have one label for each of the {len(X)} points, not the shape"
            f" {y.shape}."
        )
    for k, label in enumerate(np.unique(y)):
        ax.scatter(
            *X[y == label].T,
            s=size,
            c=COLOURS[k % 6],
            marker=MARKERS[k % 6],
            edgecolors="white",
            label=f"{label:g}",
            zorder=3,
        )
    return ax


def decision_regions(ax, predict, X, y, margin=0.5, steps=200, size=90):
    """Colour the plane by a classifier's prediction and draw the points on it.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    predict : callable
        Takes points of shape (n, 2), returns n class labels that occur in `y` (or lie
        between them).
    X : array, shape (m, 2)
    y : array, shape (m,)
        Class labels as numbers.
    margin : float
        How far the picture reaches beyond the points.
    steps : int
        Grid points along each axis.
    size : float
        Marker area in points squared.
    """
    _check_look(ax, size=size)
    inputs.function("predict", predict)
    inputs.number("margin", margin, "a number of at least 0", lambda x: 0 <= x < 1e9)
    steps = inputs.whole("steps", steps, 2, STEPS)
    X, y = _plane(X), inputs.numbers("y", y, "a row of labels", ndim=1, kinds="biuf")
    labels = np.unique(y)
    (left, bottom), (right, top) = X.min(axis=0) - margin, X.max(axis=0) + margin
    grid = np.meshgrid(np.linspace(left, right, steps), np.linspace(bottom, top, steps))
    answer = predict(np.column_stack([g.ravel() for g in grid]))
    what = "What predict returns"
    answer = inputs.numbers(what, answer, "a label for each point", kinds="biuf")
    if answer.size != steps**2:
        raise ValueError(
            f"predict must return one label for each point, {steps**2} here, not the"
            f" shape {answer.shape}."
        )
    middles = (labels[1:] + labels[:-1]) / 2
    ax.contourf(
        *grid,
        answer.reshape(steps, steps).astype(float),
        levels=[labels[0] - 1e9, *middles, labels[-1] + 1e9],
        colors=COLOURS[: len(labels)],
        alpha=0.25,
    )
    points(ax, X, y, size)
    ax.set(
        xlim=(left, right),
        ylim=(bottom, top),
        xlabel="$x_1$",
        ylabel="$x_2$",
        aspect="equal",
    )
    return ax


def band(ax, x, runs, label, k=0, level=0.95):
    """The mean over runs as a line, with the t interval of the mean as a band.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    x : array, shape (n,)
    runs : array, shape (number of runs, n)
        One row for each seed; at least two.
    label : str
    k : int
        Which colour and line style.
    level : float
        Confidence level of the interval.
    """
    from scipy import stats

    _check_look(ax, label, k)
    x = inputs.numbers("x", x, "a row of numbers", ndim=1, kinds="biuf")
    needed = "an array of numbers, a row for each of at least two seeds"
    runs = inputs.numbers("runs", runs, needed, ndim=2, kinds="biuf").astype(float)
    level = inputs.level(level)
    if runs.ndim != 2 or len(runs) < 2 or runs.shape[1] != len(x):
        raise ValueError(
            f"runs must have the shape (at least 2 seeds, {len(x)}), not {runs.shape}."
        )
    mean, error = runs.mean(axis=0), runs.std(axis=0, ddof=1) / np.sqrt(len(runs))
    half = stats.t.ppf((1 + level) / 2, len(runs) - 1) * error
    ax.fill_between(
        x, mean - half, mean + half, color=COLOURS[k % 6], alpha=0.25, linewidth=0
    )
    ax.plot(x, mean, color=COLOURS[k % 6], linestyle=STYLES[k % 6], label=label)
    return ax


def error_bars(
    ax, x, intervals, label=None, k=0, *, line=False, horizontal=False, **style
):
    """A mean with its interval at each place, for intervals that are known already.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    x : float, or array, shape (n,)
        Places; a single number for a single interval.
    intervals : (mean, low, high), or a sequence of n of them
        Such as :func:`course_utils.mean_interval` returns.
    label : str, optional
    k : int
        Which colour and marker (and line style).
    line : bool
        Join the means by a line.
    horizontal : bool
        `x` are heights, the intervals lie.
    **style
        Of matplotlib's `errorbar`, instead of the course's: ms, color, marker, ...

    Raises
    ------
    ValueError
        If there are not as many intervals as places, or a mean lies outside its own.
    """
    _check_look(ax, label, k)
    needed = "a number, or a row of them"
    places = np.atleast_1d(inputs.numbers("x", x, needed, least=0))
    try:
        rows = [
            tuple(map(float, row))
            for row in ([intervals] if np.ndim(x) == 0 else intervals)
        ]
    except (TypeError, ValueError, OverflowError):
        rows = []
    fits = places.ndim == 1 and len(rows) == len(places)
    if not fits or any(len(row) != 3 for row in rows):
        raise ValueError(
            "Each place x needs one interval (mean, low, high): a single one for a"
            f" number, a sequence of {len(places)} for {len(places)} places."
        )
    mean, low, high = np.array(rows, dtype=float).reshape(-1, 3).T
    beyond = np.maximum(low - mean, mean - high)
    if np.any(beyond > 1e-9 * (1 + np.abs(mean))):
        raise ValueError(
            "Each of intervals is (mean, low, high) with low <= mean <= high, not"
            f" {rows[np.nanargmax(beyond)]}."
        )
    arms = np.maximum([mean - low, high - mean], 0)
    look = {
        "color": COLOURS[k % 6],
        "marker": MARKERS[k % 6],
        "linestyle": STYLES[k % 6] if line else "",
        "markersize": 10,
        "capsize": 6,
        "label": label,
    }
    look |= mpl.cbook.normalize_kwargs(style, mpl.lines.Line2D)  # ms is markersize
    if horizontal:
        ax.errorbar(mean, places, xerr=arms, **look)
    else:
        ax.errorbar(places, mean, yerr=arms, **look)
    return ax


def curves(ax, history, x, y, label, k=0, level=0.95):
    """:func:`band` of a tidy frame: the mean of column `y` over seeds against column
    `x`.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    history : pandas.DataFrame
        Columns seed, `x` and `y`, such as the history of `fit_replicas`.
    x, y : str
        Columns, such as "epoch" and "val_accuracy".
    label, k, level
        As for :func:`band`.
    """
    _check_look(ax, label, k)
    inputs.text("y", y, "a column's name")
    _check_steps("history", history, x, y)
    runs = history.pivot(index="seed", columns=x, values=y)
    ax.set(xlabel=x, ylabel=y.replace("val_", "validation "))
    return band(ax, runs.columns.to_numpy(), runs.to_numpy(), label, k, level)


def range_test(ax, table, label="loss of the batch", k=0):
    """A learning-rate range test: loss against the rising rate, smoothed over a
    twentieth of the run, as a :func:`band`.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    table : pandas.DataFrame
        From `course_utils.schedules.learning_rate_range_test`: seed, update,
        learning_rate, loss.
    label, k
        As for :func:`band`.
    """
    _check_look(ax, label, k)
    _check_steps("table", table, "update", "loss", "learning_rate")
    losses = table.pivot(index="update", columns="seed", values="loss")
    smooth = losses.rolling(max(1, len(losses) // 20), min_periods=1).mean()
    band(
        ax,
        table["learning_rate"].to_numpy()[: len(losses)],
        smooth.T.to_numpy(),
        label,
        k,
    )
    start = losses.iloc[0].mean()
    ax.set(
        xscale="log",
        ylim=(0, 1.5 * start),
        xlabel="learning rate",
        ylabel="training loss",
    )
    return ax


def network(ax, layers, weights=None, biases=None, size=900):
    """Draw a fully connected network from left to right.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    layers : list of list of str
        The text in each unit, one list a layer; the inputs first.
    weights : list of array, optional
        One array a layer, shape (n_l, n_{l-1}): written on the edges, negative ones
        dashed, in red.
    biases : list of array, optional
        One array a layer, shape (n_l,): written under the units.
    size : float
        Area of a unit in points squared.
    """
    _check_look(ax, size=size)
    layers = _check_layers(layers)
    for name, arrays in (("weights", weights), ("biases", biases)):
        _check_of_layers(name, arrays, layers)
    places = [
        [(l, (len(units) - 1) / 2 - i) for i in range(len(units))]
        for l, units in enumerate(layers)
    ]
    for l, (below, above) in enumerate(zip(places, places[1:])):
        for j, end in enumerate(above):
            for i, start in enumerate(below):
                w = None if weights is None else np.asarray(weights[l])[j, i]
                ax.plot(
                    *zip(start, end),
                    color=GREY if w is None else BLUE if w >= 0 else RED,
                    linestyle="-" if w is None or w >= 0 else "--",
                    linewidth=1.8,
                    zorder=1,
                )
                if w is not None:
                    (x, y), share = start, 0.3 if len(below) > 1 else 0.5
                    ax.text(
                        x + share * (end[0] - x),
                        y + share * (end[1] - y),
                        f"{w:g}",
                        ha="center",
                        va="center",
                        bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.5},
                        zorder=2,
                    )
    for l, units in enumerate(layers):
        for i, text in enumerate(units):
            ax.scatter(
                *places[l][i],
                s=size,
                facecolor="white",
                edgecolor=GREY if l == 0 else BLUE,
                linewidth=1 if l == 0 else 2.5,
                zorder=3,
            )
            ax.text(*places[l][i], text, ha="center", va="center", zorder=4)
            if biases is not None and l > 0:
                ax.annotate(
                    f"b = {np.ravel(biases[l - 1])[i]:g}",
                    places[l][i],
                    xytext=(0, -30),
                    textcoords="offset points",
                    ha="center",
                    color=GREY,
                )
    ax.set(
        xlim=(-0.3, len(layers) - 0.7),
        ylim=(-(max(map(len, layers)) / 2) - 0.2, max(map(len, layers)) / 2 + 0.1),
    )
    ax.axis("off")
    return ax


def computation_graph(ax, nodes, edges):
    """Draw a computation graph with a value above each edge and the gradient below it.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    nodes : dict of str to (float, float, str)
        Name -> (x, y, text in the node).
    edges : list of (str, str, float, float)
        From, to, the value that flows forward, the gradient that flows back.
    """
    _check_look(ax)
    _check_graph(nodes, edges)
    for x, y, text in nodes.values():
        ax.scatter(
            x, y, s=1500, facecolor="white", edgecolor=GREY, linewidth=2, zorder=3
        )
        ax.text(x, y, text, ha="center", va="center", fontsize=15, zorder=4)
    for start, end, value, gradient in edges:
        a, b = np.array(nodes[start][:2]), np.array(nodes[end][:2])
        arrow = {
            "arrowstyle": "-|>",
            "color": GREY,
            "shrinkA": 20,
            "shrinkB": 20,
            "linewidth": 1.5,
        }
        ax.annotate("", b, a, arrowprops=arrow, zorder=1)
        middle = (a + b) / 2
        for text, colour, up, va in (
            (f"{value:g}", BLUE, 4, "bottom"),
            (f"{gradient:g}", RED, -4, "top"),
        ):
            ax.annotate(
                text,
                middle,
                xytext=(0, up),
                textcoords="offset points",
                color=colour,
                fontsize=15,
                ha="center",
                va=va,
                weight="bold",
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 1},
                zorder=5,
            )
    ax.margins(0.12, 0.25)
    ax.axis("off")
    return ax


def images(ax, pictures, titles=None, columns=None, gap=2):
    """Pictures side by side on one axes, each with a title above it.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    pictures : array, shape (n, height, width)
        Grey values; larger is darker.
    titles : list of str, optional
        n titles.
    columns : int, optional
        Pictures in a row; all by default.
    gap : int
        White pixels between pictures (the titles need about 8).
    """
    _check_look(ax)
    needed = "an array of numbers of shape (n, height, width)"
    pictures = inputs.numbers("pictures", pictures, needed, ndim=3, kinds="biuf")
    gap = inputs.whole("gap", gap, most=WIDEST)
    if columns is not None:
        columns = min(inputs.whole("columns", columns, 1), len(pictures))
    if titles is not None:
        fits = isinstance(titles, (list, tuple)) and len(titles) == len(pictures)
        needed = f"a list of {len(pictures)} texts"
        inputs.need(fits, "titles", needed, titles)
    n, height, width = pictures.shape
    columns = columns or n
    top = 9 if titles is not None else gap
    sheet = np.zeros((-(-n // columns) * (height + top), columns * (width + gap) - gap))
    for i, picture in enumerate(pictures):
        y, x = i // columns * (height + top) + top, i % columns * (width + gap)
        sheet[y : y + height, x : x + width] = picture
        if titles is not None:
            ax.text(x + width / 2, y - 1.5, titles[i], ha="center", va="bottom")
    ax.imshow(sheet, cmap="gray_r")
    ax.axis("off")
    return ax


def verdict_bars(ax, board):
    """A bar for each notebook: how many of its claims came out with which verdict.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    board : pandas.DataFrame
        As from :func:`course_utils.scoreboard`: columns id, notebook, verdict.
    """
    from .claims import FAILS, HOLDS, IN_PART, MARKS, OPEN, UNDECIDED

    _check_look(ax)
    inputs.table("board", board, ["notebook", "verdict"])
    colours = {HOLDS: BLUE, IN_PART: ORANGE, UNDECIDED: SKY, FAILS: RED}
    colours[OPEN] = GREY
    counts = pd.crosstab(board["notebook"], board["verdict"]).reindex(
        columns=list(colours), fill_value=0
    )
    places, left = np.arange(len(counts)), np.zeros(len(counts))
    for word, colour in colours.items():
        number = counts[word].to_numpy()
        some = number > 0
        if not some.any():
            continue
        label = f"{MARKS[word]} {word} ({number.sum()})"
        where = {"width": number[some], "left": left[some]}
        bars = ax.barh(places[some], **where, color=colour, label=label)
        texts = [f"{MARKS[word]} {n}" for n in number[some]]
        ax.bar_label(bars, texts, label_type="center", color="white")
        left += number
    ax.set(yticks=places, yticklabels=counts.index, xlabel="claims")
    ax.invert_yaxis()
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.legend(loc="lower center", bbox_to_anchor=(0.4, 1), ncols=4, handlelength=1)
    return ax


def _plane(X):
    needed = "finite numbers of the shape (m, 2)"
    array = inputs.numbers("X", X, needed, ndim=2, kinds="biuf").astype(float)
    fits = array.shape[1] == 2 and np.isfinite(array).all()
    inputs.need(fits, "X", needed, X)
    return array


def _check_look(ax, label=None, k=0, size=1):
    """ValueError, unless axes, label, number of the colour and size are as they must
    be."""
    inputs.need(isinstance(ax, mpl.axes.Axes), "ax", "matplotlib's axes", ax)
    inputs.need(label is None or isinstance(label, str), "label", "a text", label)
    inputs.need(inputs.is_whole(k), "k", "a whole number", k)
    inputs.number("size", size, "a number above 0", lambda area: 0 < area < 1e9)


def _check_steps(name, frame, step, *measured):
    """ValueError, unless a frame has one row of numbers for each seed and step."""
    inputs.table(name, frame, ["seed", step, *measured], numeric=[step, *measured])
    if frame.duplicated(["seed", step]).any():
        raise ValueError(
            f"A seed has several rows of {name} for the same {step}: take one arm at a"
            " time."
        )


def _check_layers(layers):
    """The layers of a network, as lists of texts."""
    fits = isinstance(layers, (list, tuple)) and len(layers) > 0
    fits = fits and all(isinstance(one, (list, tuple)) and one for one in layers)
    fits = fits and all(isinstance(text, str) for units in layers for text in units)
    needed = "a list of texts for each layer, the inputs first"
    inputs.need(fits, "layers", needed, layers)
    return layers


def _check_of_layers(name, arrays, layers):
    """ValueError, unless there are weights, or biases, for each layer (or none)."""
    if arrays is None:
        return
    fits = isinstance(arrays, (list, tuple)) and len(arrays) == len(layers) - 1
    for l, array in enumerate(arrays if fits else (), start=1):
        array = inputs.numbers(f"Each of {name}", array, kinds="biuf")
        n, before = len(layers[l]), len(layers[l - 1])
        fits = fits and array.size == n * (before if name == "weights" else 1)
        fits = fits and (name == "biases" or array.shape == (n, before))
    inputs.need(fits, name, "an array that fits for each layer but the inputs", arrays)


def _check_graph(nodes, edges):
    """ValueError, unless nodes and edges make a graph."""
    try:
        for *place, text in nodes.values():
            (x, y), _ = map(float, place), inputs.text("text", text)
            inputs.need(np.isfinite([x, y]).all(), "x, y", "finite", place)
    except (AttributeError, TypeError, ValueError, OverflowError):
        inputs.need(False, "nodes", "a dict of name to (x, y, text)", nodes)
    try:
        for start, end, *flow in edges:
            inputs.need({start, end} <= {*nodes}, "edges", "between nodes", edges)
            inputs.numbers("edges", [*map(float, flow)], ndim=1, least=2)
            inputs.need(len(flow) == 2, "edges", "with two numbers", flow)
    except (TypeError, ValueError, OverflowError):
        needed = "a list of (from, to, value, gradient) between nodes"
        inputs.need(False, "edges", needed, edges)
