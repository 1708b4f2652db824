"""The notebooks' verdicts: every value is measured, every threshold is in the file."""

import ast
import builtins
import re

import nbformat
import pytest

from course_utils.claims import (
    FAILS,
    HOLDS,
    IN_PART,
    MENDED,
    NOTEBOOKS,
    UNDECIDED,
    load_claims,
    load_errata,
    load_statements,
    stored_verdicts,
)

PATHS = sorted(NOTEBOOKS.glob("*.ipynb"))
PARAMETERS = ("claim", "measured", "says", "checks")
WORDS = {HOLDS, IN_PART, FAILS, UNDECIDED, MENDED}
LITERAL_CALLS = {"dict", "list", "tuple", "set", "float", "int", "bool", "str"}
LITERAL_CALLS |= {"np.array", "np.bool_", "np.full", "np.ones", "np.zeros", "Interval"}


def tree(path):
    """The syntax tree of all of a notebook's code (magics left out)."""
    cells = nbformat.read(path, as_version=4).cells
    code = "\n".join(cell.source for cell in cells if cell.cell_type == "code")
    return ast.parse(re.sub(r"^\s*[%!].*$", "", code, flags=re.M))


def verdicts(code):
    """The calls of verdict with their arguments by name."""
    for node in ast.walk(code):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "verdict":
            given = dict(zip(PARAMETERS, node.args))
            given |= {keyword.arg: keyword.value for keyword in node.keywords}
            yield node, given


def names(node):
    return {
        part.id
        for part in ast.walk(node)
        if isinstance(part, ast.Name) and part.id not in dir(builtins)
    }


def assignments(code):
    """Name -> the expressions that it gets its values from, anywhere in a notebook."""
    found = {}

    def note(target, value):
        for part in ast.walk(target):
            if isinstance(part, ast.Name):
                found.setdefault(part.id, []).append(value)

    for node in ast.walk(code):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                pair = (target, node.value)
                if all(isinstance(part, ast.Tuple) for part in pair) and len(
                    target.elts
                ) == len(node.value.elts):
                    for one, value in zip(target.elts, node.value.elts):
                        note(one, value)
                else:
                    note(*pair)
        elif isinstance(node, (ast.AugAssign, ast.AnnAssign, ast.NamedExpr)):
            note(node.target, node.value)
        elif isinstance(node, (ast.For, ast.comprehension)):
            note(node.target, node.iter)
        elif isinstance(node, (ast.With, ast.AsyncWith)):
            for item in node.items:
                if item.optional_vars:
                    note(item.optional_vars, item.context_expr)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            note(node.func.value, node)  # list.append(value) and the like
    return found


def is_measured(node, sources, seen=frozenset()):
    """Whether a value comes, directly or through names, from something computed."""
    for part in ast.walk(node):
        if isinstance(part, ast.Call) and ast.unparse(part.func) not in LITERAL_CALLS:
            return True
        if isinstance(part, ast.BinOp) and isinstance(part.op, ast.MatMult):
            return True
    fresh = names(node) - seen
    return any(
        is_measured(value, sources, seen | fresh)
        for name in fresh
        for value in sources.get(name, ())
    )


def complaints(code):
    """What is wrong with the verdicts of a notebook's code, one sentence each."""
    sources = assignments(code)
    for _, given in verdicts(code):
        claim = ast.literal_eval(given["claim"])
        measured, says = given["measured"], given.get("says")
        if not names(measured):
            yield f"{claim}: the measured text has no computed value"
        elif not is_measured(measured, sources):
            yield f"{claim}: nothing in the measured text is computed"
        if not isinstance(says, ast.Dict):
            yield f"{claim}: says must be written out in the call"
            continue
        for key, value in zip(says.keys, says.values):
            name = ast.literal_eval(key)
            if not is_measured(value, sources):
                yield f"{name}: its value depends on nothing that was measured"
            for part in ast.walk(value):
                numbers = isinstance(part, ast.Compare) and [
                    side.value
                    for side in (part.left, *part.comparators)
                    if isinstance(side, ast.Constant)
                    and isinstance(side.value, (int, float))
                ]
                if numbers:
                    yield f"{name}: a threshold ({numbers[0]}) stands in the notebook"


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_values_are_measured_and_thresholds_stand_in_the_file(path):
    assert list(complaints(tree(path))) == []


@pytest.mark.parametrize(
    "code, complaint",
    [
        ('verdict("C1", "all of them", says={"C1a": f(x)})', "no computed value"),
        (
            'n = 3\nverdict("C1", f"{n} of 3", says={"C1a": f(x)})',
            "nothing in the measur",
        ),
        ('verdict("C1", f"{f(x)}", says={"C1a": 0.5})', "depends on nothing"),
        ('a = 0.5\nb = [a]\nverdict("C1", f"{f(x)}", says={"C1a": b})', "depends on"),
        ('verdict("C1", f"{f(x)}", says={"C1a": f(x) < 3})', r"threshold \(3\)"),
        ('verdict("C1", f"{f(x)}", says=found)', "written out"),
    ],
)
def test_a_verdict_that_cannot_fail_is_noticed(code, complaint):
    (found,) = complaints(ast.parse(code))
    assert re.search(complaint, found)


def test_values_are_followed_through_names_loops_and_appends():
    code = """
runs = []
for seed in seeds(10):
    runs.append(train(seed))
gain = runs[0] - 1
verdict("C1", f"{gain}", says={"C1a": gain, "C1b": [r for r in runs]})
"""
    assert list(complaints(ast.parse(code))) == []


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_every_claim_and_erratum_has_a_computed_verdict(path):
    wanted = {
        *load_claims().query("notebook == @path.stem")["id"],
        *load_errata().query("notebook == @path.stem")["id"],
    }
    found = {row["id"]: row for row in stored_verdicts(path)}
    assert set(found) == wanted
    called = [ast.literal_eval(given["claim"]) for _, given in verdicts(tree(path))]
    assert sorted(called) == sorted(wanted)
    statements = load_statements()
    for name, row in found.items():
        assert row["verdict"] in WORDS and row["measured"], name
        judged = statements.query("claim == @name")["id"]
        assert list(row["statements"]) == judged.tolist(), name
