"""A student at work in JupyterLab: answers typed into an exercise, training stopped."""

import shutil

import nbformat
import pytest
from driver import ROOT

WRONG = 'J = 0.5\ncheck("03-cost", J)'
RIGHT = 'J = -(np.log(0.8) + np.log(0.9)) / 2\ncheck("03-cost", J)'


@pytest.fixture
def number(lab):
    """The number of a cell, by its id, in the notebook in front of a page."""

    def find(page, cell_id):
        return next(c["i"] for c in lab.cells(page) if c["id"] == cell_id)

    yield find
    lab.shutdown_kernels()


def said(lab, page, cell):
    """What a cell has put out as text."""
    return "".join(
        "".join(output.get("text") or output.get("data", {}).get("text/plain", ""))
        for output in lab.cells(page)[cell]["outputs"]
    )


def run_cell(lab, page, cell):
    """Click into a cell (choose it, if its code is folded) and press Shift and Enter;
    wait until it has run."""
    place = lab.bring(page, cell)
    if lab.cells(page)[cell]["folded"]:
        choose = "n.activeCellIndex = i; n.mode = 'command'; n.node.focus();"
        page.evaluate(f"i => {{ const n = course.n; {choose} }}", cell)
    else:
        place.locator(".cm-content").click()
    with lab.until_it_has_ended(page):
        page.keyboard.press("Shift+Enter")
    return said(lab, page, cell)


def answer(lab, page, cell, text):
    """Type an answer over what stands in a cell, and run it."""
    lab.bring(page, cell).locator(".cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.type(text)
    assert lab.cells(page)[cell]["source"] == text
    return run_cell(lab, page, cell)


def test_a_wrong_and_a_right_answer(page, lab, number, kept):
    """The wrong one gets a hint, the right one its reason, and the last line of the
    notebook counts it; saved and opened again, all is there."""
    path = lab.root / "notebooks" / "answers.ipynb"
    shutil.copy(ROOT / "notebooks" / "03_forward_pass.ipynb", path)
    lab.open(page, "answers")
    setup, cell = number(page, "setup"), number(page, "ex-cost")
    last = len(lab.cells(page)) - 1
    run_cell(lab, page, setup)
    assert run_cell(lab, page, last).startswith("0 of 7 exercises solved.")
    assert "not tried yet" in run_cell(lab, page, cell)
    assert answer(lab, page, cell, WRONG).startswith("✗ 03-cost: not yet. ")
    lab.bring(page, cell - 1)
    page.screenshot(path=kept / "answer_wrong.png")
    right = answer(lab, page, cell, RIGHT)
    assert right.startswith("✓ 03-cost: right. ")
    assert said(lab, page, last).startswith("1 of 7 exercises solved.")
    lab.bring(page, cell - 1)
    page.screenshot(path=kept / "answer_right.png")
    lab.save(page)
    page.reload()
    lab.ready(page)
    assert lab.cells(page)[cell]["source"] == RIGHT
    assert said(lab, page, cell) == right
    assert said(lab, page, last).startswith("1 of 7 exercises solved.")
    path.unlink()


TRAINING = {  # what Keras does, and what the course's own loop does
    "fit": "network.fit(x, y, epochs=100000, verbose=0)",
    "fit_replicas": "fit_replicas(build, x, y, range(2), 'sgd', 'mse', epochs=100000)",
}
BEFORE = """\
import keras, numpy as np
from course_utils import fit_replicas, setup

setup()
x = np.random.default_rng(0).normal(size=(2000, 5)).astype("float32")
y = x[:, :1]
build = lambda: keras.Sequential([keras.Input((5,)), keras.layers.Dense(1)])
network = build()
network.compile("sgd", "mse")
"""


@pytest.mark.parametrize("training", TRAINING)
def test_the_stop_button_stops_the_training(page, lab, number, training):
    """And the cells that waited behind it, and nothing else: the next one runs."""
    cells = [BEFORE, "print('begun')\n" + TRAINING[training], "went_on = True"]
    last = "print('went_on' in globals())"
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source) for source in [*cells, last]],
        metadata=nbformat.read(ROOT / "notebooks/01_perceptron.ipynb", 4).metadata,
    )
    path = lab.root / "notebooks/scratch.ipynb"
    nbformat.write(notebook, path)
    lab.open(page, "scratch")
    page.locator(".lm-MenuBar-itemLabel:text-is('Run')").click()
    page.locator(".lm-Menu-itemLabel:text-is('Run All Cells')").click()
    page.wait_for_function(
        "() => course.cells()[1].outputs.some(o => `${o.text}`.includes('begun'))"
    )
    page.wait_for_timeout(3000)  # well into the training
    page.locator('[data-jp-item-name="interrupt"]').click()
    page.wait_for_function(
        "() => course.kernel === 'idle' && course.cells()[1].outputs.length > 1",
        timeout=30_000,
    )
    page.evaluate("() => course.still(1000)")  # what waits would run now
    stopped = lab.cells(page)
    error = next(o for o in stopped[1]["outputs"] if o["output_type"] == "error")
    assert error["ename"] in ("KeyboardInterrupt", "Interrupted")
    assert [cell["count"] for cell in stopped] == [1, 2, None, None]
    assert run_cell(lab, page, 3) == "False\n"
    path.unlink()
