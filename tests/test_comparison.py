"""The notebook comparison must turn red: each planted fault is run through pytest and
nbval for real, all of them in one run."""

import hashlib
import subprocess
import sys
import xml.etree.ElementTree as ET

import nbformat
import pytest

from course_utils.figures import image_tag
from course_utils.maintenance.comparison import (
    Tolerance,
    comparable,
    differences,
    picture_differences,
)
from course_utils.maintenance.record import execute

STREAM, RESULT = "stream", "execute_result"


def cell(source, *outputs, tags=(), count=1, **more):
    return nbformat.v4.new_code_cell(
        source,
        outputs=list(outputs),
        execution_count=count,
        metadata={"tags": list(tags)},
        **more,
    )


def printed(text, name="stdout"):
    return nbformat.v4.new_output(STREAM, name=name, text=text)


def value(text, html=None, **more):
    data = {"text/plain": text, **({"text/html": html} if html else {}), **more}
    return nbformat.v4.new_output(RESULT, data=data, execution_count=1)


def shown(text, **more):
    return nbformat.v4.new_output("display_data", data={"text/plain": text, **more})


def solution(*lines):
    fenced = "\n".join(("```python", *lines, "```"))
    return nbformat.v4.new_markdown_cell(
        f"<details><summary>A solution</summary>\n\n{fenced}\n\n</details>",
        metadata={"tags": ["solution"]},
    )


TABLE = "import pandas as pd; pd.DataFrame({'loss': [0.123456]})"
HTML = (
    '<div><style scoped></style><table border="1"'
    ' class="dataframe"><thead><tr><th></th><th>loss</th></tr></thead>'
    "<tbody><tr><th>0</th><td>0.123456</td></tr></tbody></table></div>"
)
JSON = (
    "from IPython.display import display; display({'application/vnd.x+json': {'loss':"
    " 0.5, 'n': 3}}, raw=True)"
)
BARS = r"""
from tqdm.auto import tqdm
for i in tqdm(range(3)):
    print(end=f"\b\b\r\x1b[1m{i}/2\x1b[0m \x1b[32m━━━━\x1b[0m {i}s - loss: 0.{i}")
print("\n2/2 - 0s - 18ms/step - loss: 0.07\ntrained")
"""
INTERACT = """
from ipywidgets import interact
interact(lambda a: print("alpha", a), a=(0, 1.0));
"""
PLAYER = """
from uuid import uuid4
from IPython.display import HTML
ids = [uuid4().hex, uuid4().hex]
frame = "data:image/png;base64," + ids[0]
HTML(f'<img id="_anim_{ids[0]}" src="{frame}"> {ids[1]} 0.5')
"""
STEADY = [hashlib.sha256(f"player {k}".encode()).hexdigest()[:32] for k in (0, 1)]


def stored(data):
    return nbformat.v4.new_output("display_data", data={"application/vnd.x+json": data})


GREEN = {
    "equal": cell(
        "print('loss', 0.123456, 'after', 10)", printed("loss 0.123456 after 10\n")
    ),
    "float_noise": cell("print('loss', 0.123456)", printed("loss 0.123461\n")),
    "exponent_noise": cell("print(1.00004e-7)", printed("1.0e-07\n")),
    "rounding": cell("print(f'{0.12501:.2f}')", printed("0.12\n")),
    "near_zero": cell("print(3.4e-17)", printed("1.2e-17\n")),
    "tagged_rtol": cell("print(0.52)", printed("0.51\n"), tags=["rtol-0.02"]),
    "tagged_atol": cell("print(0.912)", printed("0.913\n"), tags=["atol-0.001"]),
    "tagged_itol": cell("print(912)", printed("913\n"), tags=["itol-1"]),
    "spaces": cell("print('a   0.5')", printed("a 0.50\n")),
    "stderr_appears": cell("import sys; print('log', file=sys.stderr)"),
    "stderr_disappears": cell("1", value("1"), printed("log line\n", "stderr")),
    "device": cell(
        "print('Device: GPU (some card)')",
        printed("Device: CPU (2 cores), no GPU found\n"),
    ),
    "json_noise": cell(JSON, stored({"loss": 0.50001, "n": 3})),
    "no_bars_and_no_trace_of_pytest": cell(
        "import os; print(os.environ['TQDM_DISABLE'], 'PYTEST_CURRENT_TEST' in"
        " os.environ)",
        printed("1 False\n"),
    ),
    "allowed_exception": cell(
        "1 / 0",
        nbformat.v4.new_output(
            "error", ename="ZeroDivisionError", evalue="division by zero", traceback=[]
        ),
        tags=["raises-exception"],
    ),
    "semicolon": cell("7;"),
    "order_of_a_set": cell("hash('a') == 4644417185603328019", value("True")),
    "bars": cell(BARS, printed("\ntrained\n")),
    "interact": cell(INTERACT, printed("alpha 0.5\n")),
    "clear_output": cell(
        "from IPython.display import clear_output, display\n"
        "for i in range(3): clear_output(wait=True); print(i)",
        printed("2\n"),
    ),
    "update": cell(
        "handle = display('old', display_id=True)\nhandle.update('new')", shown("'new'")
    ),
    "late_update": cell("handle.update('newer')"),
    "player": cell(
        PLAYER,
        value(
            "<IPython.core.display.HTML object>",
            f'<img id="_anim_{STEADY[0]}" src="data:image/png;base64,x"> {STEADY[1]}'
            " 0.5",
        ),
        id="player",
    ),
    "exercise": cell(
        'from course_utils import check; W = b = ...\ncheck("01-nand", W, b)',
        printed(
            "… 01-nand: not tried yet. Put your answer in place of the dots and run the"
            " cell again.\n"
        ),
    ),
    "solution": solution("W, b = [-1, -1], 1.5", 'check("01-nand", W, b)'),
    "the_students_variables": cell("W, b", value("(Ellipsis, Ellipsis)")),
    "the_students_progress": cell(
        "from course_utils.checks import results; results()",
        value("{'01-nand': ('not tried', '')}"),
    ),
}
NONE_SOLVED = (
    "0 of 6 exercises solved. Still open: 01-nand, 01-alpha, 01-bound, 01-corners,"
    " 01-learn, 01-step."
)
RED = {
    "changed_float": cell("print('loss', 0.123456)", printed("loss 0.123490\n")),
    "changed_float_beyond_its_tag": cell(
        "print(0.55)", printed("0.51\n"), tags=["rtol-0.02"]
    ),
    "changed_integer": cell("print(1000)", printed("1001\n")),
    "large_integer": cell("print(1000000)", printed("1000001\n"), tags=["rtol-0.02"]),
    "integer_for_float": cell("print(1)", printed("1.0\n")),
    "changed_sign": cell("print(-0.5)", printed("0.5\n")),
    "not_a_number": cell("print(float('nan'))", printed("0.5\n")),
    "changed_word": cell("print('loss falls')", printed("loss rises\n")),
    "missing_number": cell("print(0.5)", printed("0.5 0.5\n")),
    "missing_output": cell("x = 0.5", value("0.5")),
    "semicolon": cell("0.5;", value("0.5")),
    "extra_output": cell("0.5"),
    "changed_table": cell(
        TABLE, value("       loss\n0  0.123456", HTML.replace("0.123456", "0.223456"))
    ),
    "changed_json": cell(JSON, stored({"loss": 0.5, "n": 4})),
    "changed_interact": cell(INTERACT, printed("alpha 0.6\n")),
    "unknown_magic": cell("%no_such_magic"),
    "exception": cell("1 / 0"),
    "never_run": cell("1", value("1"), count=None),
    "wrong_solution": solution(
        "from course_utils import check", 'check("01-nand", [1, 1], 1.5)'
    ),
    "untried_solution": solution(
        "from course_utils import check", 'check("01-nand", ...)'
    ),
    "failing_solution": solution(
        "from course_utils import check", 'check("01-nand", 1 / 0)'
    ),
    "empty_solution": solution("W = 1"),
    "dead_kernel": cell("import os; os._exit(1)"),
    "after_its_death": cell("1", value("1")),
}
PLANTED = {"green": GREEN, "red": RED}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("planted")


def compare(folder, notebooks, *options):
    """One pytest run over notebooks of these cells: its test cases, and what it
    printed."""
    for name, cells in notebooks.items():
        made = nbformat.v4.new_notebook(cells=list(cells))
        nbformat.write(made, folder / f"{name}.ipynb")
    command = (
        f"{sys.executable} -m pytest -p course_utils.maintenance.comparison --nbval"
        f" --nbval-current-env -c /dev/null --rootdir {folder} -p no:cacheprovider"
        f" --junitxml={folder}/report.xml {folder} --nbval-cell-timeout 100"
    )
    run = subprocess.run(
        [*command.split(), *options], capture_output=True, timeout=200, text=True
    )
    return list(ET.parse(folder / "report.xml").iter("testcase")), run.stdout


@pytest.fixture(scope="module")
def outcome(folder):
    """All planted cells; (notebook, cell) -> (passed, message, seconds)."""
    found, printed = compare(
        folder,
        {name: cells.values() for name, cells in PLANTED.items()},
        f"--keep-executed={folder}/executed",
    )
    cases = {name: [] for name in PLANTED}
    for case in found:
        faults = [*case.iter("failure"), *case.iter("error"), *case.iter("skipped")]
        text = "".join(fault.text or fault.get("message") for fault in faults)
        cases[case.get("classname").split(".")[0]].append(
            (not faults, text, float(case.get("time")))
        )
    assert all(len(cases[name]) == len(PLANTED[name]) for name in PLANTED), printed
    return {
        (name, cell): result
        for name in PLANTED
        for cell, result in zip(PLANTED[name], cases[name])
    }


def test_a_rerun_finds_what_a_cell_or_a_later_one_leaves_behind(tmp_path):
    """Which cells fail where every cell runs twice, and the notebook twice."""
    cells = {
        "says the same": cell("import random; print(random.Random(1).random() > 0)"),
        "counts on": cell("n = globals().get('n', 0) + 1; print(n)", printed("1\n")),
        "asks what comes later": cell("print('late' in globals())", printed("False\n")),
        "comes later": cell("late = 1"),
        "exercise": GREEN["exercise"],
        "solved": cell(
            "from course_utils import exercises_solved; exercises_solved('01')",
            shown(NONE_SOLVED, **{"text/markdown": NONE_SOLVED}),
        ),
    }
    cells["says the same"].outputs = [printed("True\n")]
    once, _ = compare(tmp_path, {"once": cells.values()})
    assert [case.get("name") for case in once if case.find("failure") is not None] == []
    again, _ = compare(tmp_path, {"once": cells.values()}, "--rerun")
    assert len(again) == 3 * len(once)
    assert [case.get("name") for case in again if case.find("failure") is not None] == [
        "Cell 1 again",
        "Cell 1 in a second pass",
        "Cell 2 in a second pass",
    ]


@pytest.mark.parametrize("name", GREEN)
def test_what_may_differ_stays_green(outcome, name):
    assert outcome["green", name][0], outcome["green", name][1]


@pytest.mark.parametrize("name", RED)
def test_a_planted_fault_turns_red(outcome, name):
    assert not outcome["red", name][0]


def test_a_report_says_what_stands_before_a_number():
    text = "<td>" + "word " * 100 + "the last forty characters before it are 0.{}"
    (line,) = differences(text.format(1234), text.format(5678), Tolerance())
    assert "the last forty characters before it are': stored 0.1234" in line


@pytest.mark.parametrize(
    "name, words",
    [
        ("dead_kernel", "kernel died"),
        ("unknown_magic", "no_such_magic"),
        ("exception", "ZeroDivisionError"),
        ("failing_solution", "ZeroDivisionError"),
        ("wrong_solution", "not right: 01-nand"),
        ("empty_solution", "no fenced Python code"),
        ("never_run", "without being run"),
        ("changed_word", "'loss': stored 'rises', new 'falls'"),
        (
            "changed_float",
            "after 'loss': stored 0.123490, new 0.123456, differs by 3.4e-05 (0.00028"
            " of it); allowed: rtol 0.0001",
        ),
        ("changed_integer", "stored 1001, new 1000, differs by 1 "),
        ("missing_output", "text/plain"),
    ],
)
def test_the_report_says_what_is_wrong(outcome, name, words):
    assert words in outcome["red", name][1]


def test_a_dead_kernel_is_noticed_long_before_the_timeout(outcome):
    assert outcome["red", "dead_kernel"][2] < 50  # the cell timeout is 100 s
    assert outcome["red", "after_its_death"][2] < 1


def test_what_failing_notebooks_put_out_is_kept(outcome, folder):
    assert [path.name for path in (folder / "executed").iterdir()] == ["red.ipynb"]
    kept = nbformat.read(folder / "executed" / "red.ipynb", as_version=4)
    nbformat.validate(kept)
    assert kept.cells[0].outputs[0].text == "loss 0.123456\n"
    assert [cell.cell_type for cell in kept.cells] == [
        cell.cell_type for cell in RED.values()
    ]


@pytest.mark.parametrize(
    "stored, new, tolerances, same",
    [
        ("C24: 0.25^10 = 9.54e-07", "C24: 0.25^10 = 9.5400001e-07", {}, True),
        ("C24", "C25", {}, False),
        ("784-128-10", "784-129-10", {}, False),
        ("[0. 1.]", "[-0. 1.00001]", {}, True),
        ("[0. 1.]", "[1. 1.]", {}, False),
        ("−0.5", "-0.5", {}, True),  # matplotlib's and pandas' minus signs
        ("0.0", "0.001", {"atol": 0.001}, True),
        ("0.0000", "0.0012", {"atol": 0.001}, False),
        ("100.0", "101.9", {"rtol": 0.02}, True),
        ("1.5 s", "1.5 ms", {}, False),
        ("7", "8", {"atol": 2, "rtol": 2}, False),
        ("7", "8", {"itol": 1}, True),
        ("7", "9", {"itol": 1}, False),
        ("100000000000000000", "100000000000000001", {}, False),
        # rounded numbers: one unit of the last place
        ("0.12", "0.13", {}, True),
        ("0.12", "0.14", {}, False),
        ("99.9 %", "100.0 %", {}, True),
        ("0.00", "0.01", {}, True),
        ("9.99e-05", "1.00e-04", {}, True),
        ("1.2e-07", "1.3e-07", {}, True),
        ("0.50", "0.53", {"atol": 0.02}, True),
        ("0.50", "0.54", {"atol": 0.02}, False),
        # of the finer one
        ("0.1", "0.12", {}, False),
        ("0.5", "0.49", {}, False),
        ("0.50", "0.499", {}, True),
        ("0.50", "0.51000", {}, False),
        # a single digit is rather a setting
        ("0.1", "0.2", {}, False),
        ("1e-07", "2e-07", {}, False),
        ("1e-07", "1e-05", {}, False),
        # near zero
        ("1.2e-17", "3.4e-17", {}, True),
        ("-1.2e-17", "0.0", {}, True),
        ("1.0e-9", "3.0e-9", {}, False),
    ],
)
def test_differences(stored, new, tolerances, same):
    assert (not differences(stored, new, Tolerance(**tolerances))) is same


def test_only_the_first_differing_numbers_are_named():
    lines = differences("0.25 " * 9, "0.75 " * 9, Tolerance())
    assert len(lines) == 6 and lines[-1] == "and 4 more numbers"


def test_an_interval_may_show_more_digits_where_a_tolerance_is_asked_for():
    stored, new = "lost: 47 [43, 51]", "lost: 43.3 [41.5, 45.1]"
    assert differences(stored, new, Tolerance())
    assert differences(stored, new, Tolerance(atol=5))  # 51 and 45.1
    assert not differences(stored, new, Tolerance(atol=6))


def test_of_a_picture_in_html_its_description_is_compared():
    def shown(code, number):
        tag = f'<img src="data:image/png;base64,{code}" alt="It falls to {number}.">'
        return comparable(tag)

    tolerance = Tolerance(rtol=0.01)
    assert not differences(shown("AA+/9==", 0.25), shown("Bc12", 0.2501), tolerance)
    assert differences(shown("AA+/9==", 0.25), shown("AA+/9==", 0.35), tolerance)


FIGURE = """
import matplotlib.pyplot as plt, numpy as np
from course_utils.figures import show
epochs = np.arange(1, 21)
loss = {"train": np.exp(-epochs / 5) + 0.1, "test": np.exp(-epochs / 7) + 0.2}
fig, (ax, bars, picture) = plt.subplots(1, 3, figsize=(9, 3))
for name, values in loss.items():
    ax.plot(epochs, values, label=name)
ax.set(xlabel="epoch", ylabel="loss", yscale="log", title="a run")
ax.legend()
bars.bar(["a", "b", "c", "d"], [1, 2, 4, 3])
picture.imshow(np.outer(epochs, loss["test"]))
show(fig, "It falls.")
"""
PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5"
    "ErkJggg=="
)
SAME_PICTURE = {  # (in the place of, new, tags)
    "as_it_was": ("", "", []),
    "noise": ("epochs, values", "epochs, values * (1 + 1e-4)", []),
    "tagged_ptol": ("epochs, values", "epochs + 0.3, values", ["ptol-0.02"]),
    "tagged_rtol": ("epochs, values", "epochs + 0.3, values", ["rtol-0.02"]),
}
ANOTHER_PICTURE = {
    "swapped_axes": ("epochs, values", "values, epochs"),
    "wrong_column": ("epochs, values", 'epochs, loss["test"]'),
    "the_other_arm": ("loss.items()", 'zip(["test", "train"], loss.values())'),
    "missing_series": ("loss.items()", "list(loss.items())[:1]"),
    "wrong_label": ('"epoch"', '"update"'),
    "linear_scale": ('yscale="log"', 'yscale="linear"'),
    "permuted_bars": ("[1, 2, 4, 3]", "[1, 4, 2, 3]"),
    "wrong_image": (
        'np.outer(epochs, loss["test"])',
        'np.outer(epochs, loss["train"])',
    ),
    "turned_image": (
        'np.outer(epochs, loss["test"])',
        'np.outer(loss["test"], epochs)',
    ),
    "beyond_noise": ("epochs, values", "epochs, values * 1.01"),
    "beyond_an_atol": ("epochs, values", "epochs + 0.3, values"),
    "nothing_is_said": ("show(fig", "fig.axes[0].cla(); show(fig"),
}


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """The figure as it is stored, and every changed one compared with it: name ->
    (passed, message)."""
    folder = tmp_path_factory.mktemp("pictures")
    right = nbformat.v4.new_notebook(cells=[cell(FIGURE)])
    execute(right, folder)
    stored = right.cells[0].outputs
    changes = {
        **SAME_PICTURE,
        **{name: (*change, ["atol-1"]) for name, change in ANOTHER_PICTURE.items()},
    }
    cells = []
    for old, new, tags in changes.values():
        assert old in FIGURE
        source = FIGURE.replace(old, new) if old else FIGURE
        cells.append(cell(source, *stored, tags=tags))
    found, printed = compare(folder, {"pictures": cells})
    assert len(found) == len(changes), printed
    return {
        name: (
            not (faults := list(case.iter("failure"))),
            "".join(f.text for f in faults),
        )
        for name, case in zip(changes, found)
    }


@pytest.mark.parametrize("name", SAME_PICTURE)
def test_a_figure_that_plots_the_same_stays_green(drawn, name):
    assert drawn[name][0], drawn[name][1]


@pytest.mark.parametrize("name", ANOTHER_PICTURE)
def test_a_figure_that_plots_something_else_turns_red(drawn, name):
    passed, message = drawn[name]
    assert not passed and "The pictures plot something else." in message
    assert "picture 1 (It falls.): after" in message


def test_a_picture_is_compared_only_if_it_was_stored_with_what_it_plots(tmp_path):
    right = nbformat.v4.new_notebook(cells=[cell(FIGURE)])
    execute(right, tmp_path)
    told = right.cells[0].outputs
    silent = [output.copy() for output in told]
    silent[0] = nbformat.from_dict(
        silent[0] | {"data": silent[0].data | {"image/png": PIXEL}}
    )
    assert not picture_differences(told, told, Tolerance())
    assert not picture_differences(silent, told, Tolerance())
    assert picture_differences(told, silent, Tolerance()) == [
        "picture 1 (It falls.): stored with what it plots, new without"
    ]
    assert picture_differences(told, [], Tolerance())


def test_a_pixel_more_is_the_same_picture():
    """The oldest and the newest matplotlib do not crop alike."""
    sizes = [
        comparable(image_tag("iVBO", (810, height), "A line 12 px long."))
        for height in (413, 414)
    ]
    assert sizes[0] == sizes[1] and "12 px" in sizes[0] and "413" not in sizes[0]


def test_a_damaged_notebook_is_one_sentence(tmp_path):
    (tmp_path / "cut.ipynb").write_text('{"cells": [')
    _, printed = compare(tmp_path, {}, "--tb=short")
    assert "cut.ipynb is no notebook, or a damaged one (NotJSONError)" in printed
    assert ".py:" not in printed
