"""Mutants of course_utils: the sample, the runner on a small repository, the page."""

import json
import os
import subprocess
import sys

import pytest

pytest.importorskip("cosmic_ray", reason="only for maintainers: pip install .[trust]")

from trust import mutants

CALC = '''"""A module to change."""


def capped(x):
    return 1 if x >= 1 else x


def double(x):
    return 2 * x


def emptied(n):
    while n > 0:
        n -= 1
    return n
'''
TESTS = """from course_utils.calc import capped, double, emptied


def test_capped():
    assert [capped(x) for x in (0, 1, 2)] == [0, 1, 1]


def test_double():
    assert double(3) == 6


def test_emptied():
    assert emptied(3) == 0
"""
RUN = """import json, sys
from pathlib import Path
import coverage, pytest, xdist.plugin
from trust import mutants

mutants.PATIENCE = 1
chosen = []
for name, operator, occurrence, line, body in (
    ("equivalent", "ReplaceComparisonOperator_GtE_Gt", 0, 5, (5, 6)),
    ("planted", "ReplaceBinaryOperator_Mul_Add", 0, 9, (9, 10)),
    ("endless", "NumberReplacer", 9, 14, (13, 16)),
):
    chosen.append(mutants.Mutant("course_utils/calc.py", line, body, f"core/{operator}",
                                 occurrence, "", name))
root = Path(sys.argv[1])
rows = list(mutants.tried(chosen, root, root / "build"))
print(json.dumps(rows))
"""


def repository(folder):
    for name, text in {
        "course_utils/__init__.py": "",
        "course_utils/calc.py": CALC,
        "tests/test_calc.py": TESTS,
        ".gitignore": "build/\n__pycache__/\n",
    }.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    subprocess.run(["git", "init", "--quiet", folder], check=True)
    return folder


@pytest.mark.skipif(sys.platform != "linux", reason="it copies processes")
def test_a_planted_fault_is_caught_and_an_equivalent_one_is_not(tmp_path):
    root = repository(tmp_path)
    run = subprocess.run(
        [sys.executable, "-c", RUN, root],
        capture_output=True,
        text=True,
        env={
            **os.environ,
            "PYTHONPATH": str(mutants.ROOT),
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "PYTEST_ADDOPTS": "-p xdist.plugin",
        },
    )
    assert run.returncode == 0, run.stderr
    rows = {row["id"]: row for row in json.loads(run.stdout.splitlines()[-1])}
    assert {name: (row["outcome"], row["by"]) for name, row in rows.items()} == {
        "equivalent": ("survived", ""),
        "planted": ("caught", "tests/test_calc.py::test_double"),
        "endless": ("caught", "tests/test_calc.py::test_emptied (time limit)"),
    }
    assert rows["planted"]["after"] == "return 2 + x"
    assert rows["planted"]["where"] == "calc.py:9"
    assert (root / "course_utils" / "calc.py").read_text() == CALC


def test_the_sample_is_the_same_each_time_and_follows_the_lines(tmp_path):
    root = repository(tmp_path)
    path = root / "course_utils" / "calc.py"
    first = mutants.sample(root)
    assert first == mutants.sample(root)
    assert len(first) == mutants.FEWEST[""]
    path.write_text(CALC.replace('"""A module', '"""\n\nA module'))  # lines move
    moved = mutants.sample(root)
    assert [one.id for one in moved] == [one.id for one in first]
    assert [one.line - 2 for one in moved] == [one.line for one in first]
    for one in first:
        assert CALC.splitlines()[one.line - 1].strip() == one.before
        compile(one.code(CALC), "calc", "exec")


def test_texts_annotations_and_looks_are_left_out(tmp_path):
    source = (
        "def f(a: 1 + 1, size=3) -> 1 - 1:\n"
        "    if a:\n"
        '        raise ValueError("no" + f"{a + 1}")\n'
        '    print(f"{a + 2}")\n'
        "    b: 2 * 3 = a\n"
        "    return draw(b * 5, size=7 * 9)\n"
    )
    found = {}
    for name in ("other.py", "figures.py"):
        (tmp_path / name).write_text(source)
        found[name] = list(mutants.mutants(tmp_path / name, tmp_path))
    assert {one.line for one in found["figures.py"]} == {2, 6}
    drawing, other = (found[name] for name in ("figures.py", "other.py"))
    assert len(other) == len(drawing) + 4  # size=3, and 7, * and 9
    bits = {"<<", ">>", "|", "&", "^", " is "}
    for one in other:
        after = one.code(source)
        assert not [mark for mark in bits if mark in after], after


def test_the_page_is_what_the_table_gives(tmp_path):
    written = mutants.write_page(mutants.read(), folder=tmp_path)
    assert written.read_text() == (mutants.page.HERE / "mutants.md").read_text()


def test_enough_are_caught():
    rows = mutants.read()
    assert len(rows) >= 200 and rows["id"].is_unique
    assert mutants.share(rows) >= mutants.TO_REACH
    assert ((rows["outcome"] == "caught") == (rows["by"] != "")).all()


def test_a_reason_is_given_for_what_survived():
    rows = mutants.read()
    given = mutants.pd.read_csv(mutants.REASONS, dtype=str)
    assert given["id"].is_unique and given["reason"].str.endswith(".").all()
    caught = rows.loc[rows["outcome"] == "caught", "id"]
    assert not set(given["id"]) & set(caught), "a reason for a mutant that is caught"
    assert set(given["id"]) <= set(rows["id"]), "a reason for no mutant of the sample"


def test_the_table_is_of_this_code():
    rows = mutants.read()
    modules = rows["where"].str.replace(r":\d+$", "", regex=True)
    gone = [
        where
        for where, module, before in zip(rows["where"], modules, rows["before"])
        if before not in (mutants.ROOT / "course_utils" / module).read_text()
    ]
    assert len(gone) <= len(rows) / 10, f"run `make mutants`: changed since, {gone}"
