"""Pictures of the course in JupyterLab, to look at: three for the README, and what a
reader sees in the light and in the dark theme. They are in build/browser."""

import io

import pytest
from PIL import Image

LARGEST = 200_000  # bytes of a picture for the README
THEMES = ("Light", "Dark")
PLACES = {  # in 01_perceptron: what is to be seen, and the cell that shows it
    "slider": "sliders-text",
    "player": "rule-player",
    "folded": "converge-claim",
    "verdict": "converge-verdict",
    "table": "closing",
}


@pytest.fixture(scope="module")
def perceptron(lab, shared_page):
    """The page of 01_perceptron after Run All."""
    with shared_page() as page:
        lab.open(page, "01_perceptron")
        lab.run_all(page)
        yield page
    lab.shutdown_kernels()


def small(page, path):
    """Keep the page as a picture of few bytes."""
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    picture.quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)
    assert path.stat().st_size < LARGEST


def go(lab, page, name):
    cells = lab.cells(page)
    return lab.bring(page, next(c["i"] for c in cells if c["id"] == PLACES[name]))


def test_the_readme_shows_the_first_notebook(page, lab, kept):
    lab.open(page, "00_start_here")
    small(page, kept / "readme_start.png")
    lab.shutdown_kernels()


def test_light_and_dark(perceptron, lab, kept):
    """The contrast of every notebook is measured in test_lab_notebooks."""
    for theme in THEMES:
        lab.theme(perceptron, f"JupyterLab {theme}")
        for name in ("slider", "player", "folded", "table"):
            go(lab, perceptron, name)
            small(perceptron, kept / f"{theme.lower()}_{name}.png")
    lab.theme(perceptron, f"JupyterLab {THEMES[0]}")


def test_the_readme_shows_a_moment_and_the_evidence(perceptron, lab, kept):
    go(lab, perceptron, "slider")
    small(perceptron, kept / "readme_moment.png")
    go(lab, perceptron, "folded").locator(".jp-collapseHeadingButton").click()
    go(lab, perceptron, "verdict")
    small(perceptron, kept / "readme_evidence.png")
    lab.theme(perceptron, f"JupyterLab {THEMES[1]}")
    small(perceptron, kept / "dark_verdict.png")
    lab.theme(perceptron, f"JupyterLab {THEMES[0]}")
    assert perceptron.troubles == []
