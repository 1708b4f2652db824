"""The lecture path on the screen: every screen of every notebook is whole and readable
from the back row, and what is shown is alive."""

import subprocess
import sys

import nbformat
import pytest
from driver import ROOT

from course_utils.maintenance.slides import slide_types, tags

NOTEBOOKS = [path.stem for path in sorted(ROOT.glob("notebooks/*.ipynb"))]
TEXT, CODE, PICTURE = 20, 16, 600  # pixels, at 1280 x 720: the smallest, and a width

LOOK = """() => {
  const now = [...document.querySelectorAll('.present-now')];
  const boxes = now.map(cell => cell.getBoundingClientRect());
  const parts = selector => now
    .flatMap(cell => [...cell.querySelectorAll(selector)])
    .filter(e => e.offsetParent);
  const view = document.querySelector('.present-on .jp-WindowedPanel-viewport');
  const zoom = parseFloat(getComputedStyle(view).zoom);
  const size = selector => Math.min(
    99, ...parts(selector).map(e => zoom * parseFloat(getComputedStyle(e).fontSize)));
  return {
    ids: now.map(e => course.n.widgets.find(cell => cell.node === e).model.id),
    top: Math.min(...boxes.map(box => box.top)),
    bottom: Math.max(...boxes.map(box => box.bottom)),
    right: Math.max(...boxes.map(box => box.right)),
    bar: document.querySelector('.present-bar').getBoundingClientRect().top,
    cut: parts('.cm-scroller, .jp-RenderedHTMLCommon, .jp-OutputArea-output')
      .filter(e => e.scrollWidth > e.clientWidth + 1).length,
    text: size('.jp-RenderedHTMLCommon p, .jp-RenderedHTMLCommon li'),
    code: size('.cm-content'),
    pictures: parts('.jp-OutputArea-output img')
      .map(e => e.getBoundingClientRect().width),
  };
}"""


def present(page, lab, name):
    """Open a notebook as `make present` does, and wait for its first screen."""
    path = f"notebooks/{name}.ipynb"
    subprocess.run(
        [sys.executable, "-m", "jupyter", "trust", path],
        cwd=lab.root,
        env=lab.environment,
        check=True,
        capture_output=True,
    )
    tree = (lab.root / path).relative_to(lab.top).as_posix()
    place = f"lab/workspaces/present-{name}/tree/{tree}"
    page.goto(f"{lab.address}{place}?token={lab.token}", timeout=120_000)
    page.wait_for_selector(".present-bar")
    lab.ready(page)


def press(page, key):
    """Press a key and wait until nothing moves; what is then on the screen."""
    page.keyboard.press(key)
    page.evaluate("() => course.still(100)")
    return page.evaluate(LOOK)


def screens(page):
    """All screens of the notebook, those below the path too."""
    seen = page.evaluate(LOOK)
    while True:
        yield seen
        below = press(page, "ArrowDown")
        while below["ids"] != seen["ids"]:
            yield below
            seen, below = below, press(page, "ArrowDown")
        following = press(page, "PageDown")
        if following["ids"] == seen["ids"]:
            return
        seen = following


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_every_screen_is_whole_and_readable(page, lab, kept, name):
    present(page, lab, name)
    (kept / "present").mkdir(exist_ok=True)
    shown, bad = set(), []
    for k, screen in enumerate(screens(page)):
        page.screenshot(path=kept / "present" / f"{name[:2]}-{k:02}.png")
        shown |= set(screen["ids"])
        fine = (
            screen["top"] >= 0
            and screen["bottom"] <= screen["bar"]
            and screen["right"] <= 1280
            and not screen["cut"]
            and screen["text"] >= TEXT
            and screen["code"] >= CODE
            and all(width >= PICTURE for width in screen["pictures"])
        )
        if not fine:
            bad.append(screen)
    assert not bad
    notebook = nbformat.read(ROOT / f"notebooks/{name}.ipynb", as_version=4)
    kinds = slide_types(notebook)
    assert shown == {
        cell.id for cell, kind in zip(notebook.cells, kinds) if kind != "skip"
    }
    assert shown >= {cell.id for cell in notebook.cells if "lecture" in tags(cell)}


def go_to(page, cell):
    """Go on until a cell is on the screen."""
    for _ in range(60):
        if cell in page.evaluate(LOOK)["ids"]:
            return
        press(page, "PageDown")
    raise AssertionError(f"{cell} is on no screen")


def picture(page):
    return page.evaluate("() => document.querySelector('.present-now img').src")


def test_what_is_shown_is_alive(page, lab):
    present(page, lab, "01_perceptron")
    cells = len(lab.cells(page))
    page.get_by_role("button", name="Run all cells", exact=True).click()
    page.wait_for_function(
        "() => course.n.widgets.every(w => w.model.type !== 'code' ||"
        " !w.model.sharedModel.source.trim() || w.model.executionCount > 0 &&"
        " w.model.executionState !== 'running') && course.kernel === 'idle'",
        timeout=300_000,
    )
    for key in "dxbam":  # would delete, cut, insert or change cells
        press(page, key)
    assert len(lab.cells(page)) == cells

    go_to(page, "neuron-sliders")
    before = picture(page)
    slider = page.locator(".present-now .noUi-handle").first
    slider.focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.wait_for_function(
        "before => document.querySelector('.present-now img').src !== before",
        arg=before,
    )
    assert "neuron-sliders" in page.evaluate(LOOK)["ids"]  # the arrow moved the slider

    press(page, "PageDown")
    go_to(page, "rule-player")
    before = picture(page)
    page.locator(".present-now .anim-buttons button[title=Play]").click()
    page.wait_for_function(
        "before => document.querySelector('.present-now img').src !== before",
        arg=before,
    )

    # matplotlib's player goes on, and fails, if its cell is run again meanwhile
    page.locator(".present-now .anim-buttons button[title=Pause]").click()

    count = "() => course.n.widgets.find(w => w.model.id === 'rule-player').model"
    count += ".executionCount"
    before = page.evaluate(count)
    press(page, "PageUp")
    press(page, "PageDown")
    page.keyboard.press("Shift+Enter")
    page.wait_for_function(f"before => ({count})() > before", arg=before)
    assert "rule-player" in page.evaluate(LOOK)["ids"]

    page.keyboard.press("Escape")
    page.wait_for_selector(".present-bar", state="detached")
    assert page.locator(".present-on, .present-now").count() == 0
    assert page.locator(".jp-NotebookPanel-toolbar").is_visible()


def test_one_click_presents_the_notebook_in_front(page, lab):
    lab.open(page, "03_forward_pass")
    page.get_by_role("button", name="Present", exact=True).click()
    page.wait_for_selector(".present-bar")
    assert press(page, "PageDown")["ids"] == ["forward-text"]
    closed = page.evaluate(LOOK)["bottom"]
    opened = press(page, "a")
    assert page.locator(".present-now details[open]").count() == 1
    assert closed != opened["bottom"] <= opened["bar"]
    press(page, "ArrowDown")
    page.locator(".present-now .cm-content").click()
    page.keyboard.type("#")
    assert "hand" in page.evaluate(LOOK)["ids"]  # typing is typing
    assert press(page, "PageDown")["ids"] == ["hand-play"]
