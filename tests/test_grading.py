"""Grading: made-up submissions of every kind are run for real, in one folder; nothing
runs twice, nothing is lost, nothing outside is touched."""

import csv
import errno
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest

from course_utils import grading
from course_utils.checks import CHECK
from course_utils.claims import NOTEBOOKS
from course_utils.grading import (
    COLUMNS,
    NotGraded,
    Row,
    asked_of,
    code_of,
    grade,
    grade_folder,
    main,
    read_table,
    submissions,
    write_table,
)
from course_utils.maintenance.comparison import solution_code
from course_utils.maintenance.slides import in_plain_sight, tags

IMPORT = "from course_utils import check"
RIGHT = 'check("01-corners", 3)'
WRONG = 'check("01-corners", 4)'
NOTE = "import os; print(os.getcwd(), file=open(os.environ['RAN'], 'a'))"


def text_of(*sources, **metadata):
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    made = nbformat.v4.new_notebook(cells=cells, metadata=metadata)
    return nbformat.writes(made)


OLD = {  # as IPython 2 wrote it
    "nbformat": 3,
    "nbformat_minor": 0,
    "metadata": {"name": ""},
    "worksheets": [
        {
            "metadata": {},
            "cells": [
                {
                    "cell_type": "code",
                    "input": [IMPORT + "\n", RIGHT],
                    "language": "python",
                    "metadata": {},
                    "outputs": [],
                    "collapsed": False,
                    "prompt_number": 1,
                }
            ],
        }
    ],
}

SUBMITTED = {
    "anna/03_forward_pass.ipynb": text_of(  # its name is wrong
        IMPORT,
        WRONG,
        'check("01-step", ...)',
        'bound = no_such_name\ncheck("01-bound", bound)',
        "check('01-alpha', (0.5",
        "1 / 0",
        'check("01-nand", -1, -1, 1.5)',
        NOTE,
        kernelspec={"name": "conda-env-hers", "display_name": "", "language": ""},
    ),
    "ben/export (1)/01-ben_4711.ipynb": text_of(
        IMPORT,
        WRONG,
        RIGHT,  # the last answer counts,
        'check("01-corners", ...)',  # and dots are none
        RIGHT.replace("01-corners", "01-step").replace("3", "input()"),
        "%time\n!true\nfor _ in range(30): print('x' * 1_000_000)",
        'for name in ["01-nand"]:\n    check(name, -1, -1, 1.5)',
        'assert "✓ 01-nand: right." in open("from a neighbour.txt").read()',
    ),
    "forger.ipynb": text_of(
        'def check(*answer):\n    print("✓ 01-corners: right. Yes.")',
        WRONG,
        'print("✓ 01-step: right.")  # check("01-step", 1)',
    ),
    "endless.ipynb": text_of(
        IMPORT,
        'import time\nwhile True:\n    time.sleep(0.1)\ncheck("01-step", 1)',
        RIGHT,
    ),
    "stubborn.ipynb": text_of(
        IMPORT,
        RIGHT,
        "import time\nwhile True:\n    try:\n        time.sleep(0.01)\n"
        "    except KeyboardInterrupt:\n        pass",
        'check("01-step", 1)',
    ),
    "killed.ipynb": text_of(
        IMPORT, RIGHT, 'import os\nos._exit(1)\ncheck("01-step", 1)', 'check("01-nand")'
    ),
    "left.ipynb": text_of(IMPORT, RIGHT, "exit()", 'check("01-step", 1)'),
    "tampered.ipynb": text_of(
        IMPORT,
        "import course_utils.checks\ncourse_utils.checks.results = lambda: object()",
        RIGHT,
    ),
    "old.ipynb": json.dumps(OLD),
    "no ids.ipynb": json.dumps(
        {
            "nbformat": 4,
            "nbformat_minor": 5,
            "metadata": {},
            "cells": [
                {"cell_type": "code", "source": [IMPORT, "\n", RIGHT], "metadata": {}},
                {"cell_type": "code", "source": NOTE, "metadata": {}, "outputs": []},
            ],
        }
    ),
    "other course.ipynb": text_of("print(1)", 'check("99-other", 1)'),
    "empty.ipynb": text_of(),
    "cut.ipynb": text_of(IMPORT, RIGHT)[:-40],
    "list.ipynb": "[1, 2]",
    "nothing.ipynb": "",
    "picture.ipynb": b"\x89PNG\r\n\xff\xfe",
    "home.ipynb": text_of(
        IMPORT,
        "import json, os, tempfile\nfrom pathlib import Path\n"
        "import matplotlib\n"
        "history = get_ipython().history_manager\n"
        "places = [os.getcwd(), Path.home(), tempfile.gettempdir(),\n"
        "    get_ipython().ipython_dir, os.environ['KERAS_HOME'],\n"
        "    os.environ['JUPYTER_RUNTIME_DIR'], os.environ['MPLCONFIGDIR']]\n"
        "Path('mine.txt').write_text('here')\n"
        "with open(os.environ['PLACES'], 'w') as file:\n"
        "    print(json.dumps([*map(str, places)]), file=file)",
        RIGHT,
    ),
}
SUBMITTED["copied/no ids too.ipynb"] = SUBMITTED["no ids.ipynb"]
HIDDEN = (".ipynb_checkpoints/a-checkpoint.ipynb", "__MACOSX/._a.ipynb", "a.txt")


def listing(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in Path(folder).rglob("*")
        if path.is_file()
    }


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """All submissions, graded once: the rows of each file, and the folder."""
    folder = tmp_path_factory.mktemp("submitted")
    for name, text in {**SUBMITTED, **dict.fromkeys(HIDDEN, "[]")}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        text = text if isinstance(text, bytes) else text.encode()
        (folder / name).write_bytes(text)
    before = listing(folder)
    outside = tmp_path_factory.mktemp("outside")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(grading, "ANSWER_SECONDS", 3)
        patch.setenv("RAN", str(outside / "ran.txt"))
        patch.setenv("PLACES", str(outside / "places.json"))
        patch.setenv("JPY_SESSION_NAME", "the lecturer's.ipynb")
        rows = [row for rows in grade_folder(folder, cell_seconds=8) for row in rows]
        found = {}
        for row in rows:
            found.setdefault(row.file, {})[row.exercise] = (row.verdict, row.hint)
        yield found, folder, outside, before, rows


@pytest.mark.parametrize(
    "file, exercise, verdict, hint",
    [
        ("anna/03_forward_pass.ipynb", "01-corners", "not yet", "Is it XOR"),
        ("anna/03_forward_pass.ipynb", "01-step", "not tried", ""),
        (
            "anna/03_forward_pass.ipynb",
            "01-bound",
            "not yet",
            "Its cell raised NameError: name 'no_such_name'",
        ),
        (
            "anna/03_forward_pass.ipynb",
            "01-alpha",
            "not yet",
            "Its cell raised SyntaxError: incomplete input (line 1)",
        ),
        ("anna/03_forward_pass.ipynb", "01-nand", "right", ""),  # after an error
        ("anna/03_forward_pass.ipynb", "01-learn", "missing", "No cell"),
        ("ben/export (1)/01-ben_4711.ipynb", "01-corners", "right", ""),
        ("ben/export (1)/01-ben_4711.ipynb", "01-step", "not yet", "StdinNotImpl"),
        ("ben/export (1)/01-ben_4711.ipynb", "01-nand", "right", ""),
        ("forger.ipynb", "01-corners", "not yet", "was not asked"),
        ("forger.ipynb", "01-step", "not yet", "was not asked"),
        ("endless.ipynb", "01-step", "time limit", "stopped after 8 seconds"),
        ("endless.ipynb", "01-corners", "right", ""),
        ("stubborn.ipynb", "01-corners", "right", ""),
        ("stubborn.ipynb", "01-step", "not reached", "ended or hung in `import time`"),
        ("killed.ipynb", "01-corners", "right", ""),
        ("killed.ipynb", "01-step", "not yet", "Its cell ended the kernel."),
        ("killed.ipynb", "01-nand", "not reached", "ended or hung in `import os`"),
        ("left.ipynb", "01-corners", "right", ""),
        ("tampered.ipynb", "01-corners", "not reached", "hung in `import course_utils"),
        ("old.ipynb", "01-corners", "right", ""),
        ("no ids.ipynb", "01-corners", "right", ""),
        ("copied/no ids too.ipynb", "01-corners", "right", ""),
        ("other course.ipynb", "", "not graded", "No cell of this notebook checks"),
        ("empty.ipynb", "", "not graded", "No cell of this notebook checks"),
        ("cut.ipynb", "", "not graded", "no notebook, or a damaged one"),
        ("list.ipynb", "", "not graded", "no notebook, or a damaged one"),
        ("nothing.ipynb", "", "not graded", "no notebook, or a damaged one"),
        ("picture.ipynb", "", "not graded", "no notebook, or a damaged one"),
        ("home.ipynb", "01-corners", "right", ""),
    ],
)
def test_the_verdict(graded, file, exercise, verdict, hint):
    found = graded[0][file][exercise]
    assert found[0] == verdict and hint in found[1], found
    assert bool(found[1]) == bool(hint)


def test_every_notebook_has_all_exercises_once_and_hidden_files_none(graded):
    found, _, _, _, rows = graded
    assert list(found) == sorted(SUBMITTED)
    for file, exercises in found.items():
        assert len(exercises) in (1, 6), file
        assert len(exercises) == 6 or list(exercises) == [""]
    assert len({(row.file, row.exercise) for row in rows}) == len(rows)


def test_only_the_table_is_new_and_no_submission_changed(graded):
    _, folder, _, before, _ = graded
    after = listing(folder)
    assert set(after) - set(before) == {"grades.csv"}
    assert all(after[name] == before[name] for name in before)
    assert not [path for path in folder.rglob(".grading-*")]


def test_a_kernel_is_at_home_in_the_folder_only(graded):
    _, folder, outside, _, _ = graded
    places = json.loads((outside / "places.json").read_text())
    assert len(places) == 7 and len(set(places)) == 7
    for place in places:
        assert Path(place).is_relative_to(folder) and not Path(place).exists()


def test_the_table_says_the_same(graded):
    _, folder, _, _, rows = graded
    text = (folder / "grades.csv").read_text(encoding="utf-8-sig")
    assert list(csv.reader(io.StringIO(text))) == [COLUMNS, *map(list, rows)]
    assert [row for of in read_table(folder / "grades.csv").values() for row in of]


def test_nothing_runs_twice(graded, monkeypatch, capsys):
    """Equal files run once, a second call runs what is new, --again runs everything."""
    _, folder, outside, _, rows = graded
    ran = outside / "ran.txt"
    assert len(ran.read_text().splitlines()) == 2  # anna's, and one of two equal files
    first = (folder / "grades.csv").read_bytes()
    assert main([str(folder)]) == 0
    assert (folder / "grades.csv").read_bytes() == first
    assert len(ran.read_text().splitlines()) == 2
    capsys.readouterr()
    only = outside / "only"
    (only / "moved").mkdir(parents=True)
    (only / "moved" / "hers.ipynb").write_text(SUBMITTED["no ids.ipynb"])
    write_table(only / "grades.csv", rows)
    assert main([str(only)]) == 0
    assert len(ran.read_text().splitlines()) == 2
    assert main([str(only), "--again"]) == 0
    assert len(ran.read_text().splitlines()) == 3
    printed = capsys.readouterr().out
    assert printed.count("moved/hers.ipynb\n  right       01-corners") == 2
    assert f"{only / 'grades.csv'}: 5 missing, 1 right" in printed


def test_the_notebooks_time_ends_it(tmp_path):
    path = tmp_path / "slow.ipynb"
    sleep = "import time\ntime.sleep(3)"
    path.write_text(text_of(IMPORT, RIGHT, *[sleep] * 3, 'check("01-step", 1)'))
    found = {name: what for name, *what in grade(path, notebook_seconds=8)}
    assert found["01-corners"][0] == "right"
    assert found["01-step"] == ["not reached", "The notebook's 8 seconds were over."]


# -- Real notebooks --------------------------------------------------------------------


def solved(path):
    """The code cells of a course notebook, the solutions in place of the stubs."""
    notebook = nbformat.read(path, as_version=4)
    solutions = {
        name: solution_code(cell)
        for cell in notebook.cells
        if "solution" in tags(cell)
        for name in CHECK.findall(cell.source)
    }
    for cell in notebook.cells:
        names = CHECK.findall(cell.source)
        if cell.cell_type == "code" and "exercise" in tags(cell) and names:
            cell.source = solutions.pop(names[0])
    assert not solutions
    return notebook


def test_a_solved_notebook_is_right_and_an_untouched_one_not_tried(tmp_path):
    path = NOTEBOOKS / "01_perceptron.ipynb"
    nbformat.write(solved(path), tmp_path / "solved.ipynb")
    (tmp_path / "untouched.ipynb").write_bytes(path.read_bytes())
    right, untried = grade_folder(tmp_path)
    assert {row.verdict for row in right} == {"right"} and len(right) == 6
    assert {row.verdict for row in untried} == {"not tried"} and len(untried) == 6


@pytest.mark.parametrize(
    "path", sorted(NOTEBOOKS.glob("*.ipynb")), ids=lambda path: path.stem
)
def test_no_exercise_needs_the_evidence(path):
    """So that it can be left out: no stub or solution takes a name from it."""
    made = {}  # name -> whether evidence made it last
    cells = solved(path).cells
    for cell, seen in zip(cells, in_plain_sight(cells)):
        if cell.cell_type == "code":
            needs, makes = grading._names(cell.source)
            if "exercise" in tags(cell):
                assert not [name for name in needs if made.get(name)], cell.id
            made |= dict.fromkeys(makes, not seen)


# -- What is left out ------------------------------------------------------------------


@pytest.fixture
def course(tmp_path):
    """A course notebook with a folded section and a folded drawing."""
    cells = [
        nbformat.v4.new_markdown_cell("# 01"),
        nbformat.v4.new_code_cell("W = 1"),
        nbformat.v4.new_code_cell("plot(W)", metadata={"tags": ["hide-input"]}),
        nbformat.v4.new_markdown_cell("## Evi", metadata={"tags": ["hide-cell"]}),
        nbformat.v4.new_code_cell("%time\nseeds = W + 1"),
        nbformat.v4.new_markdown_cell("### Inside"),
        nbformat.v4.new_code_cell("def tune():\n    return seeds"),
        nbformat.v4.new_markdown_cell("## Next"),
        nbformat.v4.new_code_cell("b = 2"),
    ]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "01.ipynb")
    return tmp_path


LESSON = [
    "W = 1",
    "plot(W)",
    "%time\nseeds = W + 1",
    "def tune():\n    return seeds",
    "b = 2",
]


@pytest.mark.parametrize(
    "last, left_out",
    [
        ("check(b)", {1, 2, 3}),
        ("check(seeds)", {1, 3}),
        ("check(tune())", {1}),
        ("seeds = 5\ncheck(seeds)", {1, 2, 3}),
        ("[seeds for _ in [1]]", {1, 3}),
        ("def mine():\n    return lambda: tune", {1}),
        ("no python", {1, 2, 3}),
        ("tune = 1\nb = tune", {1, 2, 3}),
    ],
)
def test_the_courses_folds_run_where_a_cell_needs_them(course, last, left_out):
    assert grading._left_out([*LESSON, last], course) == left_out


def test_changed_folds_run(course):
    changed = [source.replace("plot(W)", "plot(2 * W)") for source in LESSON]
    assert grading._left_out(changed, course) == {2, 3}
    assert grading._left_out([], course) == set()


def test_a_function_may_use_what_comes_later(course):
    before = ["def early():\n    return tune()", *LESSON]
    assert grading._left_out(before, course) == {2}


# -- The table -------------------------------------------------------------------------


def test_which_notebook_it_is_follows_from_most_exercises():
    sources = ['check("02-abc", 1)', 'check("01-nand")\ncheck( "01-step", 2)']
    asked = asked_of(sources)
    assert asked[:3] == ["02-abc", "01-nand", "01-step"]
    assert {name[:3] for name in asked[3:]} == {"01-"} and len(asked) == 7
    with pytest.raises(NotGraded):
        asked_of(["check('99-none')"])
    with pytest.raises(NotGraded):
        code_of("{}")


ROWS = [Row("a.ipynb", "01-step", "right", "", "c0ffee")]


def test_a_table_with_other_columns_is_left_alone(tmp_path, capsys):
    (tmp_path / "a.ipynb").write_text(text_of(RIGHT))
    table = tmp_path / "grades.csv"
    for text in ("name;points\nAnna;3\n", ",".join([*COLUMNS, "remark"]) + "\n", ""):
        table.write_text(text)
        assert main([str(tmp_path)]) == 1
        assert table.read_text() == text
        assert "has other columns" in capsys.readouterr().err
    table.write_bytes(b"\xff\xfe")
    assert main([str(tmp_path)]) == 1


def test_the_table_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    table = tmp_path / "grades.csv"
    write_table(table, ROWS)
    before = table.read_bytes()

    def full(*_):
        raise OSError("No space left on device")

    monkeypatch.setattr("course_utils.maintenance.record.os.replace", full)
    with pytest.raises(OSError):
        write_table(table, ROWS * 2)
    assert table.read_bytes() == before


def test_a_name_is_no_formula(tmp_path):
    table = tmp_path / "grades.csv"
    write_table(table, [ROWS[0]._replace(file='=HYPERLINK("http://a")')])
    assert "\n\"'=HYPERLINK" in table.read_text(encoding="utf-8-sig")


@pytest.mark.parametrize("name", ["nothing", "no such folder"])
def test_a_folder_without_notebooks_is_one_sentence(tmp_path, capsys, name):
    (tmp_path / "nothing").mkdir()
    assert main([str(tmp_path / name)]) == 1
    assert "has no notebooks (.ipynb), or is no folder." in capsys.readouterr().err
    assert submissions(tmp_path / "nothing") == []


def test_a_kernel_that_does_not_start_is_one_sentence(tmp_path, monkeypatch, capsys):
    (tmp_path / "a.ipynb").write_text(text_of(RIGHT))

    def no_kernel(*_):
        raise RuntimeError("Kernel died before replying to kernel_info")

    monkeypatch.setattr(grading, "run", no_kernel)
    assert main([str(tmp_path)]) == 1
    assert "A kernel could not be started: Kernel died" in capsys.readouterr().err
    assert not (tmp_path / "grades.csv").exists()


def test_a_folder_without_room_is_one_sentence(tmp_path, monkeypatch, capsys):
    (tmp_path / "a.ipynb").write_text(text_of(RIGHT))

    def no_room(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(grading, "run", no_room)
    assert main([str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert "cannot be written (No space left on device): make room" in said


@pytest.mark.skipif(not shutil.which("make"), reason="there is no make")
@pytest.mark.parametrize(
    "given, says",
    [
        ([], "Say which folder: make grade FOLDER=submissions"),
        (["FOLDER=a b", "OPTIONS=--again"], '-m course_utils.grading --again "a b"'),
    ],
)
def test_make_grade_asks_for_a_folder(given, says):
    done = subprocess.run(
        ["make", "-n", "-o", "environment", "grade", *given],
        cwd=NOTEBOOKS.parent,
        capture_output=True,
        text=True,
    )
    assert says in done.stdout + done.stderr and bool(done.returncode) == (not given)


def test_an_interrupted_run_keeps_what_is_done_and_goes_on(
    tmp_path, monkeypatch, capsys
):
    for k, name in enumerate("abc"):
        (tmp_path / f"{name}.ipynb").write_text(text_of(RIGHT, f"{k}"))
    asked = []

    def interrupted(path, **_):
        asked.append(path.stem)
        if asked == ["a", "b"]:
            raise KeyboardInterrupt
        return [("01-corners", "right", "")]

    monkeypatch.setattr(grading, "grade", interrupted)
    assert main([str(tmp_path)]) == 1
    assert "the same command goes on" in capsys.readouterr().out
    table = tmp_path / "grades.csv"
    assert [row.file for (row,) in read_table(table).values()] == ["a.ipynb"]
    assert main([str(tmp_path)]) == 0
    assert asked == ["a", "b", "b", "c"]
    assert len(read_table(table)) == 3
    asked.clear()  # interrupted while everything is done again
    assert main([str(tmp_path), "--again"]) == 1
    assert len(read_table(table)) == 3


PROGRAM = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a job of a shell ignores it
from course_utils.grading import main
sys.exit(main())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there Ctrl+C is no signal")
def test_ctrl_c_ends_the_command_and_its_kernel(tmp_path):
    """As a program of its own: nothing of it stays, and nothing comes into its home."""
    folder, home = tmp_path / "submitted", tmp_path / "home"
    folder.mkdir(), home.mkdir()
    (folder / "a.ipynb").write_text(text_of(IMPORT, RIGHT))
    pid = tmp_path / "pid"
    wait = f"import os, time\nopen({str(pid)!r}, 'w').write(str(os.getpid()))"
    (folder / "b.ipynb").write_text(text_of(f"{wait}\ntime.sleep(99)", RIGHT))
    program = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(folder)],
        env={**os.environ, "HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    for _ in range(600):
        if pid.exists() and pid.read_text():
            break
        time.sleep(0.1)
    program.send_signal(signal.SIGINT)
    out, err = program.communicate(timeout=60)
    assert program.returncode == 1 and err == ""
    assert "right       01-corners" in out and "the same command goes on" in out
    assert set(listing(folder)) == {"a.ipynb", "b.ipynb", "grades.csv"}
    assert listing(home) == {}
    for _ in range(100):
        try:
            os.kill(int(pid.read_text()), 0)
        except ProcessLookupError:
            break
        time.sleep(0.1)
    else:
        raise AssertionError("the kernel lives on")
