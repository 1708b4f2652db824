"""Pictures that play: frames made beforehand move in JupyterLab, in a hand-out and in
plain HTML, without a kernel and without a network."""

import base64
import io
import re
from html import escape
from pathlib import Path
from tempfile import TemporaryDirectory

import matplotlib.pyplot as plt
from matplotlib.animation import HTMLWriter

COLOURS = 64  # of a frame: a drawing needs no more
FRAME = re.compile(r'(frames\[\d+\] = "data:image/png;base64,)([^"]+)"')
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
.anim-state, .anim-extra { display: none; }
.animation img { max-width: 100%; }
input[type=range].anim-slider { width: 90%; }
.anim-buttons button { width: 48px; font-size: 16px; }
</style>"""
OWN_KEYS = 'data-lm-suppress-shortcuts="true"'  # JupyterLab leaves them alone
SETTINGS = {
    "savefig.bbox": None,
    "figure.constrained_layout.use": False,  # else a frame might jump
}
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
        Markdown; also the alternative text of the picture.
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

    frames = list(frames)
    if len(frames) < 2 or not -len(frames) <= still < len(frames):
        raise ValueError(
            "play needs at least two frames, and the number of one of them as `still`:"
            f" there are {len(frames)}, and still is {still}."
        )
    writer = HTMLWriter(fps, embed_frames=True, default_mode="once", embed_limit=20)
    with TemporaryDirectory() as folder, plt.rc_context(SETTINGS):
        page = Path(folder, "player.html")
        with writer.saving(fig, page, fig.dpi):
            for frame in frames:
                draw(frame)
                writer.grab_frame(pil_kwargs={"compress_level": 1})
        html = page.read_text(encoding="utf-8")
    plt.close(fig)
    html = FRAME.sub(lambda match: f'{match[1]}{_small(match[2])}"', html)
    picture = [match[2] for match in FRAME.finditer(html)][still]
    bundle = {"text/html": _offline(html, picture, caption), "image/png": picture}
    bundle["text/plain"] = f"<player of {len(frames)} frames>"
    display(bundle, raw=True, metadata={"image/png": {"alt": caption}})
    display(Markdown(f"*{caption}*"))


def _small(text):
    """A picture in base64 with few colours: a third of its size."""
    from PIL import Image

    picture = Image.open(io.BytesIO(base64.b64decode(re.sub(r"\\?\s", "", text))))
    how = {"method": Image.Quantize.FASTOCTREE, "dither": Image.Dither.NONE}
    few = picture.convert("RGB").quantize(COLOURS, **how)
    few.save(out := io.BytesIO(), format="PNG")
    return base64.b64encode(out.getvalue()).decode()


def _offline(html, picture, caption):
    """matplotlib's player with a still picture, letters in the place of signs from the
    network, keys that reach it in JupyterLab, and a Play that begins anew at the
    end."""
    html = re.sub(r"<link[^>]*>", "", html)
    html = ICON.sub(lambda match: SIGNS.get(match[1], ""), html)
    for title in EXTRA:
        html = html.replace(f'<button title="{title}"', '<button class="anim-extra"')
    html = re.sub(
        r'"(anim\w+)\.play_animation\(\)"',
        r'"if (\1.current_frame == \1.frames.length - 1) \1.first_frame();'
        r' \1.play_animation()"',
        html,
    )
    source = f'src="data:image/png;base64,{picture}" alt="{escape(caption)}"'
    html = html.replace('<img id="_anim_', f'<img {source} id="_anim_', 1)
    html = re.sub("<(input|button) ", rf"<\1 {OWN_KEYS} ", html)
    return html + STYLE
