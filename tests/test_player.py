"""The player: what it shows, without network, keyboard and still picture included."""

import base64
import io
import re

import matplotlib.pyplot as plt
import numpy as np
import pytest
from PIL import Image

from course_utils import figures, play

FRAME = re.compile(r'(frames\[\d+\] = "data:image/png;base64,)([^"]+)"')
CAPTION = "A line that rises & <turns>."


def picture(text):
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(text))).convert("RGB"))


@pytest.fixture
def shown(monkeypatch):
    """Makes a player of three frames (red, green and blue): what is displayed."""
    displayed = []
    monkeypatch.setattr(
        "IPython.display.display", lambda thing, **more: displayed.append((thing, more))
    )

    def make(**options):
        displayed.clear()
        fig = plt.figure(figsize=(2, 1))
        whole = fig.add_artist(plt.Rectangle((-1, -1), 3, 3))
        play(fig, whole.set_color, ["red", "#00ff00", "blue"], CAPTION, **options)
        assert not plt.fignum_exists(fig.number)
        return list(displayed)

    return make


@pytest.fixture
def html(shown):
    return shown()[0][0]["text/html"]


def test_the_frames_are_what_was_drawn(shown):
    html = shown(fps=2)[0][0]["text/html"]
    frames = [picture(text) for _, text in FRAME.findall(html)]
    assert [tuple(frame.mean(axis=(0, 1))) for frame in frames] == [
        (255, 0, 0),
        (0, 255, 0),
        (0, 0, 255),
    ]
    assert frames[0].shape == (90, 180, 3) and figures
    assert "slider_id, 500," in html


@pytest.mark.parametrize("still, colour", [(-1, (0, 0, 255)), (1, (0, 255, 0))])
def test_one_frame_stands_still_and_a_sentence_follows(shown, still, colour):
    (bundle, more), (sentence, _) = shown(still=still)
    assert more["raw"] and more["metadata"]["image/png"]["alt"] == CAPTION
    assert tuple(picture(bundle["image/png"])[0, 0]) == colour
    image = re.search(
        '<img src="data:image/png;base64,(.+?)" alt="(.+?)" id="_anim_',
        bundle["text/html"],
    )
    assert image[1] == bundle["image/png"]
    assert image[2] == "A line that rises &amp; &lt;turns&gt;."
    assert sentence.data == f"*{CAPTION}*"


def test_four_frames_a_second_are_usual(html):
    assert "slider_id, 250," in html


def test_nothing_comes_from_the_network_and_every_button_has_a_sign(html):
    html = FRAME.sub("", html)
    assert "http" not in html and "<link" not in html and "<i " not in html
    buttons = re.findall(r'<button [^>]*title="([^"]+)"[^>]*>\s*(\S*?)</button>', html)
    assert dict(buttons) == {
        "First frame": "|◀",
        "Previous frame": "◁",
        "Pause": "||",
        "Play": "▶",
        "Next frame": "▷",
        "Last frame": "▶|",
    }


def test_no_frame_jumps(monkeypatch):
    displayed = []
    monkeypatch.setattr(
        "IPython.display.display", lambda thing, **more: displayed.append(thing)
    )
    fig, ax = plt.subplots()  # with the layout that makes room for the labels
    places = []

    def draw(number):
        ax.set_ylabel("label\n" * number)
        places.append(ax.get_position().bounds)

    play(fig, draw, [1, 1, 5], CAPTION)
    assert places[0] != places[1] == places[2]


def test_jupyterlab_leaves_the_keys_to_it(html):
    controls = re.findall("<(?:input|button) [^>]*>", html)
    assert len(controls) == 10  # slider, six buttons, three modes
    assert 'aria-label="Frame"' in controls[0]
    assert all('data-lm-suppress-shortcuts="true"' in one for one in controls)


def test_play_at_the_end_begins_anew(html):
    (name,) = set(re.findall(r"(anim\w+)\.first_frame\(\); ", html))
    assert f"({name}.current_frame == {name}.frames.length - 1)" in html


def test_a_picture_that_is_gone_ends_the_play(html):
    """Its cell was run again; a test in a browser plays one so."""
    step = re.search(r"set_frame = function\(frame\)\{(.*?);", html)[1]
    assert step.split() == [
        "if",
        "(!document.getElementById(this.img_id))",
        "return",
        "this.pause_animation()",
    ]


@pytest.mark.parametrize("frames, still", [([1], 0), ([], 0), ([1, 2], 2)])
def test_too_few_frames_are_refused(frames, still):
    with pytest.raises(ValueError, match="at least two frames"):
        play(plt.figure(), print, frames, CAPTION, still=still)
    plt.close("all")
