"""The hand-out, made by `make handout`: everything but the solutions, no sentence that
promises them, no link that leads nowhere; and one is run in a folder of its own."""

import os
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import nbformat
import pytest

from course_utils import claims
from course_utils.checks import CHECK, exercise_names
from course_utils.claims import NOTEBOOKS, notebooks_folder, scoreboard
from course_utils.maintenance.comparison import EMBEDDED_PICTURE
from course_utils.maintenance.record import code_cells, tags
from course_utils.overview import lecture_path

ROOT = NOTEBOOKS.parent
PATHS = sorted(NOTEBOOKS.glob("*.ipynb"))
LEFT_OUT = {"solution", "not-in-handout"}
PROMISE = re.compile(
    r"\bsolutions?\b|\bsolved (below|above|for you)|\b(worked|model|sample)[ -]answer"
    r"|\banswer key|\banswers? (is|are|stands?|follows?|opens?) (below|above|at the end"
    r"|behind|with a click)|\bone click away|\b(click|unfold|uncover|reveal)\w* [^.]*"
    r"\b(answer|result) to (this|the) exercise|\bCI\b|\bcontinuous integration",
    re.IGNORECASE,
)
OF_INEQUALITIES = {("02_xor", "program-text")}  # "has a solution": no exercise's

pytestmark = pytest.mark.skipif(not shutil.which("make"), reason="there is no make")
each = pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("handout")
    command = ["make", "-o", "environment", f"BIN={Path(sys.executable).parent}"]
    subprocess.run(
        [*command, f"HANDOUT={folder}", "handout"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        timeout=300,
    )
    return folder


@cache
def read(path):
    return nbformat.read(path, as_version=4)


def texts(cell):
    """All that a reader sees of a cell."""
    yield cell.source
    for output in cell.get("outputs", []):
        yield output.get("text", "")
        for mime, text in output.get("data", {}).items():
            if mime.startswith("text/"):
                yield EMBEDDED_PICTURE.sub("picture", text)
        for about in output.get("metadata", {}).values():
            yield about.get("alt", "") if isinstance(about, dict) else ""


def test_every_notebook_is_handed_out(folder):
    assert sorted(path.name for path in folder.iterdir()) == [p.name for p in PATHS]


@each
def test_only_what_is_tagged_is_missing(folder, path):
    given = read(folder / path.name)
    nbformat.validate(given)
    whole = read(path)
    assert given.cells == [c for c in whole.cells if not LEFT_OUT & set(tags(c))]
    assert code_cells(given) == code_cells(whole)


@each
def test_every_exercise_is_there_and_not_tried(folder, path):
    said = {
        name: "".join(texts(cell))
        for cell in code_cells(read(folder / path.name))
        for name in CHECK.findall(cell.source)
    }
    assert sorted(said) == [n for n in exercise_names() if n[:2] == path.stem[:2]]
    for name, text in said.items():
        assert f"… {name}: not tried yet" in text and "✓" not in text, name


@each
def test_nothing_in_it_promises_a_solution_or_is_one(folder, path):
    for cell in read(folder / path.name).cells:
        found = [text for text in texts(cell) if PROMISE.search(text)]
        assert not found or (path.stem, cell.id) in OF_INEQUALITIES, (
            f"{cell.id}: reword it, or tag it not-in-handout"
        )
        assert cell.cell_type == "code" or not CHECK.search(cell.source), cell.id


def test_no_check_promises_a_solution():
    package = ROOT / "course_utils"
    for path in [*(package / "exercises").glob("*.py"), package / "solved.py"]:
        assert not PROMISE.search(path.read_text(encoding="utf-8")), path.name
    printed = re.findall(r'f?"(.*)"', (package / "checks.py").read_text("utf-8"))
    assert not [text for text in printed if PROMISE.search(text)]


@pytest.mark.parametrize(
    "promise",
    [
        "*A solution* opens with a click; copy it into a cell to run it.",
        "Compare with the solution.",
        "The solutions fold open.",
        "It is one click away.",
        "The answer is below.",
        "Answers follow at the end.",
        "Click to see the answer to this exercise.",
        "A worked answer stands in the next cell.",
        "CI runs its code.",
    ],
)
def test_what_is_taken_for_a_promise(promise):
    assert PROMISE.search(promise)


@pytest.mark.parametrize(
    "text",
    [
        "Answer it (aloud, or on paper), then open *Answer*, then run.",
        "Now all answers are 1, and three of the four are wrong.",
        "Put your answer in place of the dots and run the cell again.",
        "A network has **solved** XOR if its loss is below.",
        "0 of 7 exercises solved. Still open: 03-layer.",
    ],
)
def test_what_is_none(text):
    assert not PROMISE.search(text)


@each
def test_its_links_and_pictures_are_there(folder, path):
    notebook = read(folder / path.name)
    for cell in notebook.cells:
        found = re.findall(r'\b(?:href|src)="([^"#]+)"', "\n".join(texts(cell)))
        if cell.cell_type == "markdown":
            found += re.findall(r"\]\(([^)\s]+\.\w+)\)", cell.source)
        for target in found:
            inside = re.match("https?:|data:|picture$", target)
            assert inside or (folder / target).is_file(), f"{cell.id}: {target}"


def test_where_only_the_hand_outs_are_the_scoreboard_is_theirs(folder, monkeypatch):
    whole, path = scoreboard(), lecture_path()
    assert notebooks_folder() == NOTEBOOKS
    monkeypatch.setattr(claims, "NOTEBOOKS", folder.parent / "not given away")
    monkeypatch.chdir(folder)
    assert scoreboard().equals(whole) and lecture_path().equals(path)
    assert "not measured" not in set(whole["verdict"])


def test_a_hand_out_runs_in_a_folder_elsewhere(folder, tmp_path):
    """Each cell says what is stored. (`make handout-test` runs all of them.)"""
    shutil.copy(folder / "01_perceptron.ipynb", tmp_path)
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-c", os.devnull, "--rootdir", tmp_path),
            *("-p", "course_utils.maintenance.comparison", "-p", "no:cacheprovider"),
            *("--nbval", "--nbval-current-env", tmp_path),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
    )
    cells = code_cells(nbformat.read(tmp_path / "01_perceptron.ipynb", as_version=4))
    assert f" {len(cells)} passed" in done.stdout, done.stdout
