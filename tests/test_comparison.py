"""The notebook comparison must turn red: each planted fault is run through pytest and
nbval for real."""

import subprocess
import sys
import xml.etree.ElementTree as ET

import nbformat
import pytest

from course_utils.maintenance.comparison import same_text

STREAM, RESULT = "stream", "execute_result"


def cell(source, *outputs, tags=(), count=1):
    made = nbformat.v4.new_code_cell(
        source,
        outputs=list(outputs),
        execution_count=count,
        metadata={"tags": list(tags)},
    )
    return made


def printed(text, name="stdout"):
    return nbformat.v4.new_output(STREAM, name=name, text=text)


def value(text, html=None, **more):
    data = {"text/plain": text, **({"text/html": html} if html else {}), **more}
    return nbformat.v4.new_output(RESULT, data=data, execution_count=1)


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


def stored(data):
    return nbformat.v4.new_output("display_data", data={"application/vnd.x+json": data})


GREEN = {
    "equal": cell(
        "print('loss', 0.123456, 'after', 10)", printed("loss 0.123456 after 10\n")
    ),
    "float_noise": cell("print('loss', 0.123456)", printed("loss 0.123461\n")),
    "exponent_noise": cell("print(1.00004e-7)", printed("1.0e-07\n")),
    "tagged_rtol": cell("print(0.52)", printed("0.51\n"), tags=["rtol-0.02"]),
    "tagged_atol": cell("print(0.912)", printed("0.913\n"), tags=["atol-0.001"]),
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
}
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
    "extra_output": cell("0.5"),
    "changed_table": cell(
        TABLE, value("       loss\n0  0.123456", HTML.replace("0.123456", "0.223456"))
    ),
    "changed_json": cell(JSON, stored({"loss": 0.5, "n": 4})),
    "unknown_magic": cell("%no_such_magic"),
    "exception": cell("1 / 0"),
    "never_run": cell("1", count=None),
    "dead_kernel": cell("import os; os._exit(1)"),
}


@pytest.fixture(scope="module")
def outcome(tmp_path_factory):
    """One pytest run over all planted notebooks; name -> (passed, message)."""
    folder = tmp_path_factory.mktemp("planted")
    for name, planted in {**GREEN, **RED}.items():
        nbformat.write(
            nbformat.v4.new_notebook(
                cells=[planted, cell("print('next')", printed("next\n"))]
            ),
            folder / f"{name}.ipynb",
        )
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "course_utils.maintenance.comparison",
        "--nbval",
        "--nbval-current-env",
        "-c",
        "/dev/null",
        "--rootdir",
        str(folder),
        "-n",
        "2",
        "--dist",
        "loadscope",
        f"--junitxml={folder}/report.xml",
        str(folder),
        "--nbval-cell-timeout",
        "100",
    ]
    subprocess.run(command, capture_output=True, timeout=400)
    found = {}
    for case in ET.parse(folder / "report.xml").iter("testcase"):
        if case.get("name") == "Cell 0":
            fault = (
                case.find("failure")
                if case.find("failure") is not None
                else case.find("error")
            )
            found[case.get("classname").split(".")[0]] = (
                fault is None,
                "" if fault is None else fault.text,
                float(case.get("time")),
            )
    return found


@pytest.mark.parametrize("name", GREEN)
def test_what_may_differ_stays_green(outcome, name):
    assert outcome[name][0], outcome[name][1]


@pytest.mark.parametrize("name", RED)
def test_a_planted_fault_turns_red(outcome, name):
    assert not outcome[name][0]


@pytest.mark.parametrize(
    "name, words",
    [
        ("dead_kernel", "kernel died"),
        ("unknown_magic", "unknown magic"),
        ("never_run", "without being run"),
        ("changed_word", "outputs differ"),
    ],
)
def test_the_report_says_what_is_wrong(outcome, name, words):
    assert words in outcome[name][1]


def test_a_dead_kernel_is_noticed_long_before_the_timeout(outcome):
    assert outcome["dead_kernel"][2] < 50  # the cell timeout is 100 s


@pytest.mark.parametrize(
    "stored, new, tolerances, same",
    [
        ("C24: 0.25^10 = 9.54e-07", "C24: 0.25^10 = 9.5400001e-07", {}, True),
        ("C24", "C25", {}, False),
        ("784-128-10", "784-129-10", {}, False),
        ("[0. 1.]", "[-0. 1.00001]", {}, True),
        ("−0.5", "-0.5", {}, True),  # matplotlib's and pandas' minus signs
        ("0.0", "0.001", {"atol": 0.001}, True),
        ("0.0", "0.0011", {"atol": 0.001}, False),
        ("100.0", "101.9", {"rtol": 0.02}, True),
        ("1.5 s", "1.5 ms", {}, False),
    ],
)
def test_same_text(stored, new, tolerances, same):
    assert same_text(stored, new, **tolerances) is same
