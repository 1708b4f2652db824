"""What a figure plots, in a few lines of text: `show` and `play` store it in the
picture, and the comparison of notebooks (:mod:`course_utils.maintenance.comparison`)
compares it in the place of pixels.

A line with ``|`` says where things stand as shares of their axes, 0 to 1, on a
logarithmic scale as one sees it: of up to eight points all values, of more the first,
the last, the least, the largest, the mean, and two sums that notice another order, if
only of two points: the weights are the points of a circle that a golden angle parts.
"""

from contextlib import suppress

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.category import StrCategoryFormatter
from matplotlib.collections import (
    Collection,
    LineCollection,
    PathCollection,
    PolyCollection,
    QuadMesh,
)
from matplotlib.colors import BoundaryNorm, to_rgba_array
from matplotlib.container import BarContainer, ErrorbarContainer
from matplotlib.contour import ContourSet
from matplotlib.image import AxesImage
from matplotlib.legend import Legend
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle
from matplotlib.spines import Spine
from matplotlib.text import Annotation, Text
from matplotlib.ticker import FixedFormatter, FuncFormatter

ALL = 8  # so many values are stored as they are
PARTS = 4, 8  # of a picture: rows and columns
ALONE = 4  # so many artists of a kind without a label get a line each
GOLDEN_ANGLE = np.pi * (3 - np.sqrt(5))
COLOURFUL = np.array([1, 2, 4]) / 7  # one number for red, green and blue
VARIES = "varies"  # the gid of axes that plot something else in each run: seconds
KINDS = {
    Line2D: "line",
    ContourSet: "contour",
    PathCollection: "scatter",
    QuadMesh: "mesh",
    LineCollection: "lines",
    PolyCollection: "fill",
    Rectangle: "bars",
    Patch: "patch",
    AxesImage: "image",
}


def plotted(figure):
    """What a figure plots; to be asked after it has been drawn.

    Parameters
    ----------
    figure : matplotlib.figure.Figure

    Returns
    -------
    str
        Lines of text; "" for a figure that cannot be measured.
    """
    with suppress(Exception):
        lines = list(_texts(figure.texts, figure.transFigure))
        lines += [line for legend in figure.legends for line in _legend(legend)]
        for ax in _all_axes(figure.axes):
            lines += _axes(ax)
        return "\n".join(lines)
    return ""


def _all_axes(some):
    for ax in some:
        if ax.get_visible():
            yield ax
            yield from _all_axes(ax.child_axes)


def _axes(ax):
    titles = [ax.get_title(side) for side in ("left", "center", "right")]
    yield f"axes {_quoted(' '.join(filter(None, titles)))}"
    if ax.get_gid() == VARIES:
        return
    for name in "xyz":
        if axis := getattr(ax, f"{name}axis", None):
            yield from _axis(name, axis, ax.axison)
    if legend := ax.get_legend():
        yield from _legend(legend)
    for kind, label, artists in _entries(ax):
        try:
            yield from list(_entry(ax, kind, label, artists))
        except Exception:  # an artist of an unknown kind
            yield f" {kind} {label}: not measured"
    yield from _texts(ax.texts, ax.transAxes)


def _axis(name, axis, shown):
    scale, (low, high) = axis.get_scale(), axis.get_view_interval()
    ends = axis.get_transform().transform(np.array([low, high], dtype=float))
    words = f" {_quoted(axis.get_label_text())}" if shown else ""
    yield f" {name}{words} {scale}"
    yield f" {name} from {_number(ends[0])} to {_number(ends[1])}"
    own = (FixedFormatter, FuncFormatter, StrCategoryFormatter)
    if shown and isinstance(axis.get_major_formatter(), own):
        ticks = [tick.get_text() for tick in axis.get_ticklabels()]
        if any(ticks):
            yield f" {name} ticks: {_joined(ticks)}"


def _legend(legend):
    names = [legend.get_title().get_text()]
    names += [text.get_text() for text in legend.get_texts()]
    yield f" legend: {_joined(names)}"
    yield from _colours(legend.legend_handles)


def _entries(ax):
    """What stands on an axes, in the order of drawing: (kind, label, artists)."""
    owner = {one: group for group in ax.containers for one in group.get_children()}
    texts = (Text, Legend, Spine, Axis, Axes)
    own = [
        artist
        for artist in sorted(ax.get_children(), key=lambda one: one.get_zorder())
        if artist.get_visible() and artist is not ax.patch
    ]
    groups = {}
    for artist in (one for one in own if not isinstance(one, texts)):
        group = owner.get(artist, artist)
        kind = next(
            (name for cls, name in KINDS.items() if isinstance(artist, cls)),
            type(artist).__name__,
        )
        if isinstance(group, ErrorbarContainer):
            kind = "errorbar"
        label = str(group.get_label() or "_")
        label = "" if label.startswith("_") else _quoted(label)
        key = artist if label else (kind, label)
        if isinstance(group, BarContainer):
            key = group
        groups.setdefault(key, (kind, label, []))[2].append(artist)
    for kind, label, artists in groups.values():
        if kind not in ("bars", "errorbar") and len(artists) <= ALONE:
            yield from ((kind, label, [artist]) for artist in artists)
        else:
            yield kind, label, artists


def _entry(ax, kind, label, artists):
    first = artists[0]
    number = f" {len(artists)} times" if len(artists) > 1 else ""
    if isinstance(first, ContourSet):
        yield f" {'filled ' if first.filled else ''}contour {label}"
        yield from _row("levels", _between(first.levels, *first.levels[[0, -1]]))
        yield from _contours(ax, first)
        yield from _colours(artists)
        return
    if isinstance(first, (AxesImage, QuadMesh)):
        shape = " x ".join(map(str, np.shape(first.get_array())))
        yield f" {kind} {label}{number} {shape}"
    if isinstance(first, AxesImage):
        left, right, bottom, top = first.get_extent()
        points = [(left, bottom), (right, top)]
        yield from _places(ax.transAxes, ax.transData.transform(points))
    elif not isinstance(first, QuadMesh):
        points = np.concatenate([_points(artist) for artist in artists])
        yield f" {kind} {label}{number} {len(points)} points"
        yield from _places(ax.transAxes, points)
        yield from _colours(artists)
        yield from _sizes(artists)
    if len(artists) == 1 and getattr(first, "get_array", lambda: None)() is not None:
        yield from _mapped(first)


def _points(artist):
    """The vertices of an artist, on the screen."""
    if isinstance(artist, Line2D):
        return artist.get_transform().transform(artist.get_xydata())
    if isinstance(artist, PathCollection):
        return artist.get_offset_transform().transform(artist.get_offsets())
    if isinstance(artist, Rectangle):
        return artist.get_transform().transform([(0, 0), (1, 1)])
    if isinstance(artist, Patch):
        return artist.get_transform().transform(artist.get_path().vertices)
    paths = [path.vertices for path in artist.get_paths()]
    points = np.concatenate(paths or [np.empty((0, 2))])
    if hasattr(artist, "do_3d_projection"):  # new versions pad polygons with nan
        points = points[np.isfinite(points).all(axis=1)]
    return artist.get_transform().transform(points)


def _places(whole, points):
    """Rows of x and y of points on the screen, as shares of a whole."""
    points = np.ma.filled(np.ma.asarray(points, dtype=float), np.nan).reshape(-1, 2)
    shares = whole.inverted().transform(points)
    for name, values in zip("xy", shares.T):
        yield from _row(name, values)


def _contours(ax, contours):
    """Of each level the area, or of lines the length as a share of the axes' frame, and
    the first moments: the number of vertices is an accident."""
    to_shares = contours.get_transform() - ax.transAxes
    found = []
    for path in contours.get_paths():
        sums = np.zeros(3)
        for points in path.to_polygons(to_shares, closed_only=contours.filled):
            a, b = points[:-1], points[1:]
            if contours.filled:
                cross = (a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]) / 2
                sums += [cross.sum(), *(cross @ (a + b) / 3)]
            else:
                length = np.linalg.norm(b - a, axis=1)
                sums += [length.sum() / 4, *(length @ (a + b) / 8)]
        found.append(sums)
    for name, values in zip(("size", "x", "y"), np.transpose(found)):
        yield from _row(name, values)


def _mapped(artist):
    """The values that a colour map or grey values show; of a picture also the means of
    its parts."""
    array = artist.get_array()
    values = np.ma.filled(np.ma.asarray(array, dtype=float), np.nan)
    if values.ndim == 3:  # red, green and blue
        whole = 255 if array.dtype.kind in "iu" else 1
        values = values[..., :3] @ COLOURFUL / whole
    elif values.size and artist.norm.scaled():
        norm, name = artist.norm, artist.cmap.name
        name = "unnamed" if name == "from_list" else name  # as old versions call it
        yield f" {name} from {_number(norm.vmin)} to {_number(norm.vmax)}"
        whole = artist.cmap.N - 1 if isinstance(norm, BoundaryNorm) else 1
        values = np.ma.filled(np.ma.asarray(norm(values), dtype=float), np.nan) / whole
    yield from _row("values", values.ravel())
    if values.ndim == 2:
        parts = [
            np.nanmean(part) if np.isfinite(part).any() else np.nan
            for strip in np.array_split(values, min(PARTS[0], len(values)))
            for part in np.array_split(strip, min(PARTS[1], strip.shape[1]), axis=1)
        ]
        yield from _row("parts", np.array(parts), len(parts))


def _colours(artists):
    """One number for each colour, if they differ; else one for all."""
    found = np.round(np.concatenate([_ink(artist) for artist in artists] or [[]]), 2)
    if len(found):
        found = found[:1] if np.ptp(found) == 0 else found
        yield f"  colour: {' '.join(f'{one:.2f}' for one in _summary(found))}"


def _ink(artist):
    if isinstance(artist, Line2D):
        colours = artist.get_color()
    elif isinstance(artist, (Patch, Collection)):
        colours = to_rgba_array(artist.get_facecolor())
        if not len(colours) or not colours[:, 3].any():
            colours = artist.get_edgecolor()
    elif isinstance(artist, Text):
        colours = artist.get_color()
    else:
        return np.empty(0)
    colours = to_rgba_array(colours)
    return colours[:, :3] @ COLOURFUL * colours[:, 3]


def _sizes(artists):
    """Of lines of several widths, and of points of several sizes."""
    found = []
    for artist in artists:
        if isinstance(artist, PathCollection):
            found += list(np.sqrt(artist.get_sizes()))
        elif isinstance(artist, Line2D):
            found.append(artist.get_linewidth())
    if len(found) > 1 and np.ptp(found) > 0:
        yield from _row("sizes", np.divide(found, max(found)))


def _texts(texts, whole):
    texts = [one for one in texts if one.get_visible() and one.get_text().strip()]
    if not texts:
        return
    yield f" text: {_joined([text.get_text() for text in texts])}"
    places = []
    for text in texts:
        place = np.full(2, np.nan)  # so many points from something else
        if not isinstance(text, Annotation):
            place = text.get_transform().transform(text.get_unitless_position())
        elif text.xycoords == "data":
            x, y = text.convert_xunits(text.xy[0]), text.convert_yunits(text.xy[1])
            place = text.axes.transData.transform((x, y))
        places.append(place)
    yield from _places(whole, places)
    yield from _colours(texts)


def _between(values, low, high):
    return (np.asarray(values, dtype=float) - low) / ((high - low) or 1)


def _row(name, shares, whole=ALL):
    if not len(shares):
        return
    lost = int(np.sum(~np.isfinite(shares)))
    shares = np.clip(shares[np.isfinite(shares)], -1, 2)  # far beyond the edge
    text = " ".join(
        np.format_float_positional(x, 4, trim="0") for x in _summary(shares, whole)
    )
    yield f"  {name}{f' without {lost}' if lost else ''}| {text}"


def _summary(values, whole=ALL):
    """A few numbers that tell values and their order, or all, if they are few."""
    if len(values) <= whole:
        return values
    turns = GOLDEN_ANGLE * np.arange(len(values))
    order = values @ np.array([np.cos(turns), np.sin(turns)]).T / np.sqrt(len(values))
    ends = values[0], values[-1], values.min(), values.max()
    return np.array([*ends, values.mean(), *order])


def _number(x):
    text = f"{x:.6g}"
    return text if set(text) & set(".en") else f"{text}.0"


def _quoted(text):
    return f"'{' '.join(str(text).split())}'"


def _joined(texts):
    return " | ".join(" ".join(text.split()) for text in texts if text.strip())
