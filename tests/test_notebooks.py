"""Hygiene of the stored notebooks; nbval checks what they compute."""

import base64
import re
import statistics

import nbformat
import pytest

from course_utils.checks import exercise_names
from course_utils.claims import (
    FAILS,
    HOLDS,
    IN_PART,
    MENDED,
    NOTEBOOKS,
    load_claims,
    load_errata,
    stored_verdicts,
)
from course_utils.maintenance.record import METADATA, is_recorded

PATHS = sorted(NOTEBOOKS.glob("*.ipynb"))
LONGEST_CELL, LONGEST_LINE = 20, 140
IGNORED_AT_MOST = 2  # nbval-ignore-output, in the whole course
pytestmark = pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)


def code_cells(path):
    return [
        cell
        for cell in nbformat.read(path, as_version=4).cells
        if cell.cell_type == "code"
    ]


def tags(cell):
    return cell.metadata.get("tags", [])


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
    """What a reader sees: solutions are collapsed and do not count."""
    shown = [
        cell
        for cell in code_cells(path)
        if not cell.metadata.get("jupyter", {}).get("source_hidden")
    ]
    lengths = {
        cell.id: sum(bool(line.strip()) for line in cell.source.splitlines())
        for cell in shown
    }
    assert max(lengths.values()) <= LONGEST_CELL, lengths
    assert statistics.median(lengths.values()) <= 10
    assert (
        max(len(line) for cell in shown for line in cell.source.splitlines())
        <= LONGEST_LINE
    )


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
                assert output.metadata["image/png"]["alt"], cell.id
                assert "text/markdown" in following.get("data", {}), cell.id
                header = base64.b64decode(
                    output.data["image/png"][:64]
                )  # a PNG's width stands in bytes 16 to 19
                assert int.from_bytes(header[16:20], "big") <= 1300, cell.id
            assert not {"image/svg+xml", "image/jpeg"} & set(output.get("data", {})), (
                cell.id
            )


def test_every_exercise_has_a_stub_a_check_and_a_collapsed_solution(path):
    cells = code_cells(path)
    asked = {
        name: cell
        for cell in cells
        if "exercise" in tags(cell)
        for name in re.findall(r'check\("([^"]+)"', cell.source)
    }
    solved = {
        name: cell
        for cell in cells
        if "solution" in tags(cell)
        for name in re.findall(r'check\("([^"]+)"', cell.source)
    }
    assert (
        set(asked)
        == set(solved)
        == {name for name in exercise_names() if name.startswith(path.stem[:2] + "-")}
    )
    assert len(asked) >= 3 or path.stem == "00_start_here"
    for name in asked:
        assert f"… {name}: not tried yet" in "".join(stored_text(asked[name]))
        assert f"✓ {name}: right." in "".join(stored_text(solved[name]))
        assert solved[name].source.startswith("# a solution"), (
            "JupyterLab shows the first line of a collapsed cell"
        )
        assert solved[name].metadata["jupyter"] == {
            "source_hidden": True,
            "outputs_hidden": True,
        }


def test_every_claim_and_erratum_has_a_computed_verdict(path):
    wanted = {
        *load_claims().query("notebook == @path.stem")["id"],
        *load_errata().query("notebook == @path.stem")["id"],
    }
    found = {row["id"]: row for row in stored_verdicts(path)}
    assert set(found) == wanted
    for name, row in found.items():
        assert row["verdict"] in {HOLDS, IN_PART, FAILS, MENDED} and row["measured"], (
            name
        )
        calls = [
            cell for cell in code_cells(path) if f'verdict("{name}"' in cell.source
        ]
        assert len(calls) == 1 and not re.search(
            r":\s*(True|False)\s*[,}]", calls[0].source
        ), name


def test_ignored_outputs_are_rare_and_no_cell_is_skipped(path):
    ignored = [
        cell.id
        for other in PATHS
        for cell in code_cells(other)
        if "nbval-ignore-output" in tags(cell) or "NBVAL_" in cell.source
    ]
    assert len(ignored) <= IGNORED_AT_MOST
    assert not [cell.id for cell in code_cells(path) if "nbval-skip" in tags(cell)]


def test_the_hand_out_has_no_solutions(path, tmp_path):
    """As `make handout` does it, with nbconvert's tag filter."""
    from nbconvert.preprocessors import TagRemovePreprocessor

    notebook, _ = TagRemovePreprocessor(
        enabled=True, remove_cell_tags={"solution"}
    ).preprocess(nbformat.read(path, as_version=4), {})
    nbformat.validate(notebook)
    kept = [cell.id for cell in notebook.cells]
    assert kept == [
        cell.id
        for cell in nbformat.read(path, as_version=4).cells
        if "solution" not in tags(cell)
    ]
