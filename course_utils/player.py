"""Pictures that play: frames made beforehand move in JupyterLab, in a hand-out and in
plain HTML, without a kernel and without a network."""

import re
from collections.abc import Iterable
from html import escape
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import matplotlib.pyplot as plt
from matplotlib.animation import HTMLWriter
from matplotlib.figure import Figure

from . import inputs
from .figures import drawn, plain, png
from .legibility import merged
from .plotted import plotted

MOST = 1000  # frames: each is a picture in the notebook
COLOURS = 64  # of a frame: a drawing needs no more
WHITE = 247  # of 255: what is lighter is made white, else the ground looks grey
ICON = re.compile(r'<i class="fa fa-([\w-]+)[^"]*"></i>')
SIGNS = {  # letters that every font has
    "fast-backward": "|◀",
    "step-backward": "◁",
    "play": "▶",
    "pause": "||",
    "step-forward": "▷",
    "fast-forward": "▶|",
}
STYLE = """<style>
.anim-state { display: none; }
.animation img { max-width: 100%; }
input[type=range].anim-slider { width: 90%; }
.anim-buttons button { width: 48px; font-size: 16px; }
</style>"""
STEP = "set_frame = function(frame){"  # of matplotlib's player
GONE = " if (!document.getElementById(this.img_id)) return this.pause_animation();"
OWN_KEYS = 'data-lm-suppress-shortcuts="true"'  # JupyterLab leaves them alone
EXTRA = ("Decrease speed", "Increase speed", "Play backwards")  # nobody needs them


def play(fig, draw, frames, caption, still=-1, fps=4):
    """Show a figure that moves, with one sentence under it (and close the figure).

    matplotlib's player (`HTMLWriter`) in a form that needs nothing from outside, that
    the keyboard reaches in JupyterLab, and with a still picture for readers where
    nothing moves.

    Parameters
    ----------
    fig : matplotlib.figure.Figure
    draw : callable
        ``draw(frame)`` brings `fig` into the state of one frame.
    frames : sequence
        What `draw` is called with, one after the other; at least two.
    caption : str
        Markdown; in plain words also the alternative text of the picture.
    still : int
        Which frame stands where nothing moves; the last by default.
    fps : float
        Frames per second.

    Raises
    ------
    ValueError
        If there are fewer than two frames, or no frame `still`.
    """
    from IPython.display import Markdown, display

    inputs.need(isinstance(fig, Figure), "fig", "a matplotlib Figure", fig)
    inputs.function("draw", draw)
    inputs.need(isinstance(frames, Iterable), "frames", "a sequence", frames)
    inputs.text("caption", caption)
    inputs.need(inputs.is_whole(still), "still", "a whole number", still)
    inputs.number("fps", fps, "a number above 0, at most 60", lambda x: 0 < x <= 60)
    frames = list(islice(frames, MOST + 1))
    inputs.need(len(frames) <= MOST, "frames", f"at most {MOST}", frames)
    if len(frames) < 2 or not -len(frames) <= still < len(frames):
        raise ValueError(
            "play needs at least two frames, and the number of one of them as `still`:"
            f" there are {len(frames)}, and still is {inputs.shown(still)}."
        )
    looks, seen = {0, len(frames) // 2, len(frames) - 1, still % len(frames)}, []
    with TemporaryDirectory() as folder:
        page = Path(folder, "player.html")
        writer = _Writer(fps, embed_frames=True, default_mode="once")
        with writer.saving(fig, page, fig.dpi):
            for k, frame in enumerate(frames):
                draw(frame)
                writer.grab_frame()
                if k in looks:
                    seen.append(f"frame {k + 1}\n{plotted(fig)}")
                fig.set_layout_engine("none")  # else a later frame might jump
        html = page.read_text(encoding="utf-8")
    plt.close(fig)
    stands = writer.drawn[still]
    stands.info["legibility"] = merged(writer.facts)
    stands.info["plotted"] = "\n".join(seen)
    picture = png(stands)
    bundle = {"text/html": _offline(html, picture, caption), "image/png": picture}
    bundle["text/plain"] = f"<player of {len(frames)} frames>"
    display(bundle, raw=True, metadata={"image/png": {"alt": plain(caption)}})
    display(Markdown(f"*{caption}*"))


class _Writer(HTMLWriter):
    """matplotlib's writer, with frames that are drawn once (`savefig` draws twice) and
    have few colours: a third of the size."""

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.drawn, self.facts = [], []  # a picture a frame, and its legibility

    def grab_frame(self):
        """Keep the figure as it is now as the next frame."""
        from PIL import Image

        picture = drawn(self.fig)
        self.facts.append(picture.info.pop("legibility"))
        how = {"method": Image.Quantize.FASTOCTREE, "dither": Image.Dither.NONE}
        few = picture.quantize(COLOURS, **how)
        few.putpalette([255 if part > WHITE else part for part in few.getpalette()])
        self.drawn.append(few)
        self._saved_frames.append(png(few))  # of matplotlib's writer


def _offline(html, picture, caption):
    """matplotlib's player with a still picture, letters in the place of signs from the
    network, keys that reach it in JupyterLab, a Play that begins anew at the end, and
    an end of the play when its cell is run again."""
    html = re.sub(r"<link[^>]*>", "", html)
    html = html.replace(STEP, STEP + GONE)
    html = ICON.sub(lambda match: SIGNS.get(match[1], ""), html)
    for title in EXTRA:
        html = re.sub(f'<button title="{title}".*?</button>', "", html, flags=re.DOTALL)
    html = html.replace(
        '<input id="_anim_slider', '<input aria-label="Frame" id="_anim_slider'
    )
    html = re.sub(
        r'"(anim\w+)\.play_animation\(\)"',
        r'"if (\1.current_frame == \1.frames.length - 1) \1.first_frame();'
        r' \1.play_animation()"',
        html,
    )
    source = f'src="data:image/png;base64,{picture}" alt="{escape(plain(caption))}"'
    html = html.replace('<img id="_anim_', f'<img {source} id="_anim_', 1)
    html = re.sub("<(input|button) ", rf"<\1 {OWN_KEYS} ", html)
    return html + STYLE
