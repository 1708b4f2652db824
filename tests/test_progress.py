"""The progress bar: the work passes through it, and what it shows in a notebook goes
away."""

import pytest

from course_utils import progress as module
from course_utils.progress import progress


def test_the_pieces_come_one_after_the_other():
    assert list(progress(("a", "b", "c"), "letters", "letter")) == ["a", "b", "c"]


@pytest.mark.parametrize("work", [3, "abc"])
def test_in_a_notebook_one_line_shows_the_share_and_is_gone(work, monkeypatch):
    shown = []
    monkeypatch.delenv("TQDM_DISABLE", raising=False)
    monkeypatch.setattr(module, "DELAY", 0)
    monkeypatch.setattr(module, "_in_notebook", lambda: True)
    monkeypatch.setattr(
        "IPython.display.display", lambda bundle, **more: shown.append((bundle, more))
    )
    with progress(work, "letters", "letter") as bar:
        bar.mininterval = 0
        for _ in range(3) if isinstance(work, int) else bar:
            if isinstance(work, int):
                bar.update()
    texts = [bundle.get("text/plain", "") for bundle, _ in shown]
    assert texts[0].startswith("letters:   0%") and texts[-1] == ""
    assert any("67%" in text or "100%" in text for text in texts)
    assert len({more["display_id"] for _, more in shown}) == 1  # always the same line
    assert all(set(bundle) <= {"text/plain"} for bundle, _ in shown)  # no widget
    assert all(more["raw"] for _, more in shown)  # a bundle, not a dict to print
    assert [more["update"] for _, more in shown] == [False] + [True] * len(shown[1:])
    assert len(texts[0]) <= 88 < len(texts[0]) + 2


def test_a_bar_shows_after_a_second(monkeypatch):
    monkeypatch.delenv("TQDM_DISABLE", raising=False)
    assert progress(3, "letters", "letter").delay == 1
