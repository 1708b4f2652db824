"""What a reader meets first: the first notebook, whole file names, no question, and
nothing "modified" that nobody touched."""

import re

from driver import ROOT

NOTEBOOKS = [path.stem for path in sorted(ROOT.glob("notebooks/*.ipynb"))]


def printed(lab):
    """The address that the server printed, with its token."""
    return re.search(r"http://127\.0\.0\.1\S+", lab.log.read_text())[0]


def test_the_printed_address_shows_the_first_notebook(page, lab):
    page.goto(printed(lab), timeout=120_000)
    lab.ready(page)
    assert page.evaluate("() => course.panel.context.path").endswith(
        "notebooks/00_start_here.ipynb"
    )
    assert page.locator(".jp-Launcher").count() == 0


def test_the_file_names_are_whole_and_nobody_asks_for_news(page, lab):
    page.goto(printed(lab), timeout=120_000)
    lab.ready(page)
    page.wait_for_timeout(3000)  # the question came after a moment
    names = page.locator(".jp-DirListing-itemText")
    cut = names.evaluate_all(
        "all => all.filter(e => e.scrollWidth > e.clientWidth).map(e => e.innerText)"
    )
    assert names.count() == len(NOTEBOOKS) and not cut
    assert page.get_by_text("Jupyter news").count() == 0
    assert page.locator(".Toastify__toast").count() == 0


def test_opening_does_not_modify_and_a_change_does(page, lab):
    """The first half for every notebook: test_lab_notebooks."""
    lab.open(page, "05_gradient_descent")
    page.wait_for_function(
        "() => course.panel.model.getMetadata('language_info').version"
    )  # the kernel has said what it is
    page.wait_for_timeout(300)
    dirty = page.locator(".lm-TabBar-tab.jp-mod-dirty")
    assert dirty.count() == 0
    page.evaluate(
        "() => { course.n.model.sharedModel.insertCell(0, {cell_type: 'raw'}); }"
    )
    dirty.wait_for()  # a change of the reader's does


def test_what_is_typed_while_the_kernel_starts_is_not_forgotten(page, lab):
    page.goto(lab.url("notebooks/02_xor.ipynb"), timeout=120_000)
    page.wait_for_function(
        "() => window.jupyterapp?.shell.currentWidget?.context?.isReady"
    )
    page.evaluate(
        "() => { jupyterapp.shell.currentWidget.content.model.sharedModel"
        ".insertCell(0, {cell_type: 'raw'}); }"
    )
    lab.ready(page)
    page.wait_for_function(
        "() => course.panel.model.getMetadata('language_info').version"
    )
    page.wait_for_timeout(300)
    assert page.evaluate("() => course.panel.model.dirty")
