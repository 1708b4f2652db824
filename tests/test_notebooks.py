"""Hygiene of the stored notebooks; nbval checks what they compute."""

import base64
import re
import statistics

import nbformat
import pytest
from bs4 import BeautifulSoup

from course_utils.checks import exercise_names
from course_utils.claims import NOTEBOOKS, load_claims
from course_utils.figures import plain
from course_utils.maintenance import record
from course_utils.maintenance.comparison import CHECK, FENCE, solution_code
from course_utils.maintenance.record import (
    METADATA,
    apply_roles,
    heading_level,
    is_recorded,
    tags,
)

PATHS = sorted(NOTEBOOKS.glob("*.ipynb"))
LONGEST_CELL, LONGEST_LINE = 20, 88
# What a reader sees without opening a fold: code lines and cells (exercises not
# counted), median lines of a cell, words; for each claim beyond five a little more.
BUDGET = {"lines": 120, "cells": 20, "median": 5, "words": 1500}
FOR_A_CLAIM = {"lines": 15, "cells": 2, "median": 0, "words": 150}
LECTURE_CELLS = 5
NO_WORDS = {"", "here", "this", "link", "click here", "more"}
IGNORED_AT_MOST = 2  # nbval-ignore-output, in the whole course
pytestmark = pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)


def code_cells(path):
    return record.code_cells(nbformat.read(path, as_version=4))


def visible(path):
    """The cells that a reader sees without opening a fold."""
    level, shown = 0, []  # of the folded heading above
    for cell in nbformat.read(path, as_version=4).cells:
        own = heading_level(cell)
        begins = own and (not level or own <= level)
        if begins:
            level = own if "hide-cell" in tags(cell) else 0
        folded = {"hide-input", "hide-cell"} & set(tags(cell))
        if begins or not level and (cell.cell_type == "markdown" or not folded):
            shown.append(cell)
    return shown


def lines(cell):
    return sum(bool(line.strip()) for line in cell.source.splitlines())


def solutions(path):
    return [
        cell
        for cell in nbformat.read(path, as_version=4).cells
        if "solution" in tags(cell)
    ]


def stored_text(cell):
    for output in cell.outputs:
        yield output.get("text", "")
        yield from (
            text
            for mime, text in output.get("data", {}).items()
            if mime.startswith("text/")
        )


def test_it_is_a_valid_notebook_with_unique_ids(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    ids = [cell.id for cell in notebook.cells]
    assert len(set(ids)) == len(ids)
    assert {
        key: notebook.metadata.get(key) for key in METADATA
    } == METADATA and "widgets" not in notebook.metadata


def test_every_code_cell_was_run_in_order(path):
    assert [cell.execution_count for cell in code_cells(path)] == list(
        range(1, len(code_cells(path)) + 1)
    )


def test_the_outputs_belong_to_the_code(path):
    assert is_recorded(path), (
        "the notebook changed since it was recorded: run `make record`"
    )


def test_no_error_and_no_stderr_is_stored(path):
    for cell in code_cells(path):
        for output in cell.outputs:
            assert output.get("name") != "stderr", cell.id
            assert output.output_type != "error" or "raises-exception" in tags(cell), (
                cell.id
            )


def test_no_path_of_a_machine_is_stored(path):
    text = path.read_text(encoding="utf-8")
    assert (
        not re.search(r"(/home/|/Users/|/tmp/|site-packages|[A-Z]:\\\\)", text)
        and str(NOTEBOOKS.parent) not in text
    )
    assert " at 0x" not in text


def test_links_between_notebooks_lead_somewhere(path):
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "markdown":
            for target in re.findall(r"\]\(([^):]+\.ipynb)\)", cell.source):
                assert (path.parent / target).is_file(), target


def test_cells_are_short(path):
    lengths = {c.id: lines(c) for c in visible(path) if c.cell_type == "code"}
    assert max(lengths.values()) <= LONGEST_CELL, lengths


def test_the_lesson_is_in_plain_sight(path):
    """The budgets of a notebook that begins with the lesson."""
    shown = visible(path)
    lengths = [
        lines(cell)
        for cell in shown
        if cell.cell_type == "code" and "exercise" not in tags(cell)
    ]
    answers = re.compile("<details>.*?</details>", re.DOTALL)
    words = sum(
        len(answers.sub("", cell.source).split())
        for cell in shown
        if cell.cell_type == "markdown"
    )
    found = {
        "lines": sum(lengths),
        "cells": len(lengths),
        "median": statistics.median_low(lengths),
        "words": words,
    }
    more = max(0, len(load_claims().query("notebook == @path.stem")) - 5)
    allowed = {key: BUDGET[key] + more * FOR_A_CLAIM[key] for key in BUDGET}
    assert not {key: n for key, n in found.items() if n > allowed[key]}


def test_the_lecture_hour_is_five_cells_and_five_minutes(path):
    projected = [cell for cell in code_cells(path) if "lecture" in tags(cell)]
    assert 0 < len(projected) <= LECTURE_CELLS
    (title,) = nbformat.read(path, as_version=4).cells[:1]
    assert "5 minutes in the lecture" in title.source


def test_no_line_of_code_is_long(path):
    code = {cell.id: cell.source for cell in code_cells(path)}
    code |= {cell.id: solution_code(cell) for cell in solutions(path)}
    long = [
        (name, line)
        for name, source in code.items()
        for line in source.splitlines()
        if len(line) > LONGEST_LINE
    ]
    assert not long


def test_what_is_folded_follows_from_the_tags(path):
    stored = nbformat.read(path, as_version=4)
    wanted = apply_roles(nbformat.read(path, as_version=4))
    for cell, other in zip(stored.cells, wanted.cells):
        assert cell.metadata == other.metadata, f"{cell.id}: run `make record`"


def test_only_a_heading_folds_among_the_text(path):
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "markdown" and "hide-cell" in tags(cell):
            assert heading_level(cell), cell.id
        assert cell.cell_type == "code" or "hide-input" not in tags(cell), cell.id


def test_it_opens_with_one_title_and_one_setup_cell(path):
    notebook = nbformat.read(path, as_version=4)
    titles = [
        cell
        for cell in notebook.cells
        if cell.cell_type == "markdown" and re.match(r"# ", cell.source)
    ]
    assert titles == notebook.cells[:1] and "**Slides:**" in titles[0].source
    assert "setup(" in code_cells(path)[0].source


def test_every_picture_has_a_sentence_and_a_modest_size(path):
    for cell in code_cells(path):
        for output, following in zip(cell.outputs, [*cell.outputs[1:], {}]):
            if "image/png" in output.get("data", {}):
                alt = output.metadata["image/png"]["alt"]
                assert alt == plain(following["data"]["text/markdown"]), cell.id
                page = BeautifulSoup(output.data["text/html"], "html.parser")
                assert [image["alt"] for image in page("img")] == [alt], cell.id
                header = base64.b64decode(
                    output.data["image/png"][:64]
                )  # a PNG's width stands in bytes 16 to 19
                assert int.from_bytes(header[16:20], "big") <= 1300, cell.id
            assert not {"image/svg+xml", "image/jpeg"} & set(output.get("data", {})), (
                cell.id
            )


def test_pictures_are_small_files(path):
    assert path.stat().st_size < 2.5e6
    assert sum(other.stat().st_size for other in PATHS) < 16.5e6


def test_headings_go_down_one_level_at_a_time(path):
    markdown = [
        cell.source
        for cell in nbformat.read(path, as_version=4).cells
        if cell.cell_type == "markdown"
    ]
    text = re.sub(
        "^```.*?^```", "", "\n".join(markdown), flags=re.DOTALL | re.MULTILINE
    )
    levels = [len(marks) for marks in re.findall(r"^(#+) ", text, re.MULTILINE)]
    assert levels[0] == 1 and levels.count(1) == 1
    for above, below in zip(levels, levels[1:]):
        assert below <= above + 1, levels


def test_links_folds_and_tables_say_what_they_are(path):
    """For readers who jump from link to link, or hear a table cell by cell."""
    for cell in nbformat.read(path, as_version=4).cells:
        texts = [
            output.get("data", {}).get("text/html", "")
            for output in cell.get("outputs", [])
        ]
        if cell.cell_type == "markdown":
            texts = [cell.source]
            for words in re.findall(r"\[([^]]*)\]\([^)]*\)", cell.source):
                assert words.strip().lower() not in NO_WORDS, cell.id
            assert not re.search(r"!\[\s*\]", cell.source), cell.id
        for page in (BeautifulSoup(text, "html.parser") for text in texts):
            for fold in page("details"):
                assert fold.summary and fold.summary.get_text(strip=True), cell.id
            for table in page("table"):
                assert table.thead.find("th"), cell.id
            for image in page("img"):
                assert image.get("alt"), cell.id
            for link in page("a"):
                assert link.get_text(strip=True).lower() not in NO_WORDS, cell.id


def test_no_bar_is_a_widget(path):
    """After the notebook is opened again it would be an error in its place."""
    for cell in code_cells(path):
        assert "tqdm" not in cell.source, f"{cell.id}: use course_utils.progress"


def test_a_slider_leaves_something_to_see(path):
    """A picture or a line, for readers without a kernel."""
    for cell in code_cells(path):
        if re.search(r"\binteract\(", cell.source):
            kept = [out.get("data", {}).get("image/png") for out in cell.outputs]
            assert any(kept) or any(out.get("text") for out in cell.outputs), cell.id


def test_a_solution_is_folded_text_with_one_block_of_python(path):
    """nbval runs it."""
    for cell in solutions(path):
        assert cell.cell_type == "markdown", cell.id
        assert cell.source.startswith("<details><summary>A solution</summary>\n\n")
        assert cell.source.endswith("\n\n</details>"), cell.id
        assert len(FENCE.findall(cell.source)) == cell.source.count("```") // 2 == 1
        compile(solution_code(cell), cell.id, "exec")


def test_every_exercise_has_a_stub_a_check_and_a_solution(path):
    asked = {
        name: cell
        for cell in code_cells(path)
        if "exercise" in tags(cell)
        for name in CHECK.findall(cell.source)
    }
    solved = [
        name for cell in solutions(path) for name in CHECK.findall(solution_code(cell))
    ]
    known = [name for name in exercise_names() if name.startswith(path.stem[:2] + "-")]
    assert sorted(asked) == sorted(solved) == known
    assert len(asked) >= 3 or path.stem == "00_start_here"
    for name, cell in asked.items():
        printed = "".join(stored_text(cell))
        assert printed.startswith(f"… {name}: not tried yet"), name


def test_it_ends_with_the_exercises_solved(path):
    """None, as it is handed out."""
    last = nbformat.read(path, as_version=4).cells[-1]
    assert last.source.endswith(f'\n\nexercises_solved("{path.stem[:2]}")')
    known = [name for name in exercise_names() if name.startswith(path.stem[:2] + "-")]
    _, line, *_ = stored_text(last)
    start, names = line.removesuffix(".").split(". Still open: ")
    assert start == f"0 of {len(known)} exercises solved"
    assert sorted(names.split(", ")) == known


def test_ignored_outputs_are_rare_and_no_cell_is_skipped(path):
    ignored = [
        cell.id
        for other in PATHS
        for cell in code_cells(other)
        if "nbval-ignore-output" in tags(cell) or "NBVAL_" in cell.source
    ]
    assert len(ignored) <= IGNORED_AT_MOST
    assert not [cell.id for cell in code_cells(path) if "nbval-skip" in tags(cell)]
