"""Which cells of a notebook are on which slide: made from tags and places alone."""

import re

LESSON_LINES = 12  # the longest visible lesson, as the house style has it
RESULT_WORDS = 40  # a longer text after a picture has no room beside it
TITLE_WORDS = 10  # a shorter text under a heading is no slide of its own
ANSWER = re.compile(r"<details>.*?</details>", re.DOTALL)


def tags(cell):
    """The tags of a cell."""
    return cell.metadata.get("tags", [])


def heading_level(cell):
    """Level of the heading that a Markdown cell begins with (0: none)."""
    match = re.match(r"\s*(#{1,6})\s", cell.source)
    return len(match[1]) if match and cell.cell_type == "markdown" else 0


def in_plain_sight(cells):
    """For each cell whether a reader sees it without opening a folded section."""
    level, shown = 0, []  # of the folded heading above
    for cell in cells:
        own = heading_level(cell)
        if own and (not level or own <= level):
            level = own if "hide-cell" in tags(cell) else 0
        shown.append(not level)
    return shown


def words(cell):
    """The number of words of a text, without what folds open."""
    return len(ANSWER.sub("", cell.source).split())


def slide_types(notebook):
    """The slide type of each cell, in Jupyter's terms.

    The title is a slide, and so is each cell tagged ``lecture``. On the way to it, from
    the last heading since the lecture cell before, the heading's text is a slide, and
    so is the last question to predict, or the last text. Other texts and the visible
    lessons lie below the path (``subslide``). A short text right after a lecture cell,
    its result, is added to it (``fragment``), and a lecture cell to a heading that says
    next to nothing (``-``).

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        With tags.

    Returns
    -------
    list of str
        "slide", "subslide", "fragment", "-" or "skip" for each cell.
    """
    cells = notebook.cells
    found = ["skip"] * len(cells)
    shown = in_plain_sight(cells)
    before = 0  # the lecture cell before; at first the title
    for end in (i for i, cell in enumerate(cells) if "lecture" in tags(cell)):
        first = 1 + before + (found[before + 1] == "fragment")
        seen = [i for i in range(first, end) if shown[i]]
        headings = [i for i in seen if heading_level(cells[i])]
        start = max(headings, default=first)
        way = [i for i in seen if i >= start and _leads_on(cells[i])]
        texts = [i for i in way if cells[i].cell_type == "markdown"]
        questions = [i for i in texts if "**Predict.**" in cells[i].source]
        for i in way:
            found[i] = "subslide"
        for i in [*headings[-1:], *(questions or texts)[-1:]]:
            found[i] = "slide"
        alone = end - 1 in headings and words(cells[end - 1]) < TITLE_WORDS
        found[end] = "-" if alone else "slide"
        if end + 1 < len(cells) and _is_result(cells[end + 1]):
            found[end + 1] = "fragment"
        before = end
    if before:
        found[0] = "slide"
    return found


def _leads_on(cell):
    """Whether a visible cell before a lecture cell is a text or a lesson of its own."""
    if "solution" in tags(cell) or "exercise" in tags(cell):
        return False
    if cell.cell_type == "markdown":
        return not cell.source.startswith("**Exercise")
    folded = {"hide-input", "hide-cell"} & set(tags(cell))
    return not folded and len(cell.source.splitlines()) <= LESSON_LINES


def _is_result(cell):
    """Whether a cell after a picture says in short what it shows."""
    return (
        cell.cell_type == "markdown"
        and not heading_level(cell)
        and not cell.source.startswith("**")  # a question, or the next topic
        and "**Exercise" not in cell.source
        and "<details>" not in cell.source
        and words(cell) <= RESULT_WORDS
    )
