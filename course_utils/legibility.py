"""What a reader can make out in a figure: its smallest type, its weakest contrasts, and
what nothing but a colour tells apart.

:func:`watched` measures while a figure is drawn and refuses nothing. `show` and `play`
store what it found in the picture; a test reads it from the recorded notebooks.
"""

from contextlib import contextmanager, suppress
from itertools import combinations

import matplotlib as mpl
import numpy as np
from matplotlib.collections import Collection, PathCollection
from matplotlib.colors import same_color, to_rgb, to_rgba
from matplotlib.container import BarContainer, ErrorbarContainer
from matplotlib.legend import Legend
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.text import Text

LARGE, LARGE_BOLD = 24, 18.5  # pixels: WCAG's large type, 18 points, bold 14
BEHIND = 0.1  # this share of a text's ground may be worse: a line that crosses a word
_BYTE = np.arange(256) / 255
_LINEAR = np.where(_BYTE <= 0.04045, _BYTE / 12.92, ((_BYTE + 0.055) / 1.055) ** 2.4)


def contrast(one, other="white"):
    """WCAG's contrast ratio, 1 to 21, of two colours.

    Parameters
    ----------
    one, other : colour of matplotlib, or array of uint8, shape (..., 3)
    """
    a, b = _luminance(one), _luminance(other)
    return (np.maximum(a, b) + 0.05) / (np.minimum(a, b) + 0.05)


def _luminance(colour):
    if not isinstance(colour, np.ndarray):
        colour = np.round(np.multiply(to_rgb(colour), 255)).astype(np.uint8)
    return _LINEAR[colour] @ [0.2126, 0.7152, 0.0722]


@contextmanager
def watched(canvas):
    """Measure what is drawn on `canvas` meanwhile.

    Parameters
    ----------
    canvas : matplotlib.backends.backend_agg.FigureCanvasAgg

    Yields
    ------
    dict
        Filled when the drawing is over:

        - type: (pixels, text) of the smallest text (exponents are not looked at);
        - contrast, large: (ratio, text) of the text that stands out least from what
          was drawn behind it, among ordinary and among large type;
        - line: (ratio, name) of the faintest of what the legends name, on white;
        - colour: pairs of names that only a colour tells apart.
    """
    facts, seen, renderer = {}, [], canvas.get_renderer()
    # Any figure is shown, one that cannot be measured as well.
    whatever_it_is = suppress(Exception)
    draw_text = renderer.draw_text

    def watching(gc, x, y, text, font, angle, ismath=False, mtext=None):
        with whatever_it_is:
            if mtext is not None and text.strip():
                size = renderer.points_to_pixels(font.get_size_in_points())
                large = size >= (LARGE_BOLD if _bold(font) else LARGE)
                seen.append((size, _stands_out(renderer, mtext, gc), large, text))
        draw_text(gc, x, y, text, font, angle, ismath, mtext)

    renderer.draw_text = watching
    try:
        yield facts
    finally:
        del renderer.draw_text
    with whatever_it_is:
        facts |= _summed_up(canvas.figure, seen)


def _summed_up(figure, seen):
    keys = [_key(legend) for legend in figure.findobj(Legend)]
    found = {
        "type": [(size, text) for size, _, _, text in seen],
        "contrast": [(ratio, text) for _, ratio, large, text in seen if not large],
        "large": [(ratio, text) for _, ratio, large, text in seen if large],
        "line": [(contrast(ink), name) for key in keys for name, ink, _ in key],
    }
    worst = {name: min(values) for name, values in found.items() if values}
    facts = {name: (round(float(n), 2), text) for name, (n, text) in worst.items()}
    return {**facts, "colour": _by_colour_only(figure, keys)}


def merged(several):
    """The worst of several pictures' facts: of a player's frames."""
    pairs = {pair for facts in several for pair in facts.get("colour", ())}
    worst = {"colour": sorted(pairs)}
    for name in ("type", "contrast", "large", "line"):
        if values := [facts[name] for facts in several if name in facts]:
            worst[name] = min(values)
    return worst


def _bold(font):
    weight = font.get_weight()
    return mpl.font_manager.weight_dict.get(weight, weight) in range(600, 1001)


def _stands_out(renderer, text, gc):
    """The contrast of a text with what is drawn in its place already."""
    box, height = text.get_window_extent(renderer), int(renderer.height)
    rows = slice(max(0, int(height - box.y1)), max(0, int(np.ceil(height - box.y0))))
    columns = slice(max(0, int(box.x0)), max(0, int(np.ceil(box.x1))))
    ground = np.asarray(renderer.buffer_rgba())[rows, columns, :3]
    if ground.size == 0:  # beyond the edge
        return np.inf
    *ink, alpha = gc.get_rgb()
    shown = alpha * 255 * np.array(ink) + (1 - alpha) * ground
    return np.quantile(contrast(np.round(shown).astype(np.uint8), ground), BEHIND)


def _key(legend):
    """What a legend names: (name, colour on white, look) of each entry."""
    names = [text.get_text() for text in legend.get_texts()]
    handles = dict(zip(names, legend.legend_handles))
    for ax in [legend.axes] if legend.axes else legend.figure.axes:
        for handle, name in zip(*ax.get_legend_handles_labels()):
            if name in handles and isinstance(handle, ErrorbarContainer):
                handles[name] = handle[0] or handles[name]  # the line with its marker
    looks = [(name, _look(handle)) for name, handle in handles.items()]
    return [(name, *look) for name, look in looks if look]


def _look(artist):
    """An artist's colour on white, and what tells it apart besides; None if it shows
    nothing."""
    if isinstance(artist, Line2D):
        joined, marker = artist.get_linestyle() != "None", artist.get_marker()
        if not joined and marker in ("None", "", " ", None):
            return None
        inks = [to_rgba(artist.get_color(), artist.get_alpha())]
        look = [artist._unscaled_dash_pattern, _width(artist.get_linewidth())]
        hollow = same_color(artist.get_markerfacecolor(), "white")
        size = round(artist.get_markersize() / 3)
        look = [look if joined else None, (marker, size) if marker else "", hollow]
    elif isinstance(artist, Patch):
        inks = [artist.get_facecolor(), artist.get_edgecolor()]
        look = [artist.get_hatch(), artist.get_fill()]
    elif isinstance(artist, Collection):
        inks = [*artist.get_facecolor(), *artist.get_edgecolor()]
        look = [artist.get_hatch(), [_width(w) for w in artist.get_linewidth()[:1]]]
        if isinstance(artist, PathCollection):  # of scatter
            look += [path.vertices.round(3).tolist() for path in artist.get_paths()]
    else:
        return None
    inks = [_on_white(ink) for ink in inks]
    return (max(inks, key=contrast), str(look)) if inks else None


def _on_white(colour):
    *rgb, alpha = to_rgba(colour)
    return tuple((alpha * np.array(rgb) + 1 - alpha).clip(0, 1).round(3).tolist())


def _width(points):
    """Widths that differ by less than a half count as one."""
    return round(float(np.log2(max(points, 0.1))))


def _by_colour_only(figure, keys):
    """Entries of a legend, and lines, points or bars of one axes, that look alike but
    for their colour, where no text tells them apart: one of the same colour, or the
    sign that an entry of the legend begins with. (Light and dark, 3 : 1, are told
    apart.)"""
    entries = {text for legend in figure.findobj(Legend) for text in legend.get_texts()}
    texts = [text for text in figure.findobj(Text) if text.get_text().strip()]
    texts = [text for text in texts if text not in entries]
    free = [text for ax in (figure, *figure.axes) for text in ax.texts]
    signs = {text.get_text().split()[0] for text in free if text.get_text().strip()}
    inks = {_on_white(text.get_color()) for text in texts}
    groups = [
        [one for one in key if one[0].strip() and one[0].split()[0] not in signs]
        for key in keys
    ]
    for group in (group for ax in figure.axes for group in _groups(ax)):
        looks = {
            look: str(artist.get_label()) for artist in group if (look := _look(artist))
        }
        groups.append(
            [
                (name, *look)
                for look, name in looks.items()
                if not any(same_color(look[0], ink) for ink in inks)
            ]
        )
    return sorted(
        {
            (a, b)
            for group in groups
            for (a, ink, look), (b, other, same) in combinations(group, 2)
            if look == same and ink != other and contrast(ink, other) < 3
        }
    )


def _groups(ax):
    """What one axes shows side by side: its lines (without guides from edge to edge)
    and points, and the bars of each call."""
    caps = {
        cap
        for bars in ax.containers
        if isinstance(bars, ErrorbarContainer)
        for cap in bars[1]
    }
    lines = [line for line in ax.lines if line.get_visible() and line not in caps]
    lines = [line for line in lines if len(line.get_xdata()) and _of_data(line, ax)]
    yield lines + [one for one in ax.collections if isinstance(one, PathCollection)]
    yield from (bars for bars in ax.containers if isinstance(bars, BarContainer))


def _of_data(line, ax):
    return all(line.get_transform().contains_branch_seperately(ax.transData))
