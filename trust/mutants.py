"""Mutants of ``course_utils``: one small change of its code at a time (cosmic-ray's
operators), and whether the package's own tests turn red.

``make mutants`` draws the sample, runs what is not in ``mutants.csv`` yet, and writes
the page. A mutant is run in a copy of the repository, in a copy (fork) of a process
that has TensorFlow loaded and none of the course's code: first the tests that run the
changed function, then the other tests of its module, then two notebooks that call it.
Which test runs which line is measured once, into ``build/mutants``.
"""

import argparse
import ast
import contextlib
import csv
import difflib
import faulthandler
import hashlib
import importlib
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import pandas as pd
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.ast.ast_query import ASTQuery
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names

from trust import page
from trust.files import ROOT, tracked

ROWS = ROOT / "trust" / "mutants.csv"
REASONS = ROOT / "trust" / "mutants_equivalent.csv"
BUILD = ROOT / "build" / "mutants"
COLUMNS = ["id", "where", "operator", "before", "after", "outcome", "by", "seconds"]
SEED = "course"
LINES = 100  # of code for each mutant, in maintenance/ twice as many
FEWEST = {"": 5, "exercises": 2, "experiments": 4, "maintenance": 2, "replicas": 4}
OTHERS_SECONDS = 60  # for test files that do not run the changed function
PATIENCE = (
    20  # seconds of the processor that a test may take, beside three times its own
)
MEMORY = 12 * 2**30  # bytes that a mutant may ask for
NOT_RUN = ("test_packaging", "test_trust")  # they make environments; this folder's own
TIME_IS_UP = " (time limit)"
CAUGHT, SURVIVED, EQUIVALENT, DRAWN = "caught", "survived", "equivalent", "not run yet"
TO_REACH = 95  # percent of those that are not equivalent

# Keyword arguments that say how a picture looks, not what it shows.
LOOKS = set(
    "alpha bbox_to_anchor borderpad capsize color dpi ec edgecolor facecolor fc figsize"
    " fontsize framealpha handlelength height height_ratios hspace labelpad labelsize"
    " left linewidth linewidths lw margin markersize ms pad rotation s size steps top"
    " width width_ratios wspace zorder".split()
)
DRAWING = {"figures.py", "legibility.py", "player.py"}
TEXTS = {"annassign", "fstring", "raise_stmt", "tfpdef"}
BITS = re.compile("RShift|LShift|Bit|_Is")
LIBRARIES = [
    "hypothesis",
    "ipywidgets",
    "keras",
    "matplotlib.pyplot",
    "nbclient",
    "nbval.plugin",
    "pytest",
    "scipy.stats",
    "sklearn.linear_model",
    "tensorflow",
    "xdist.plugin",
]


class Mutant(NamedTuple):
    """A change of one place in a module."""

    module: str  # its path in the repository
    line: int
    body: tuple  # the first and the last line of the function around it, or ()
    operator: str
    occurrence: int
    before: str
    id: str

    def code(self, source):
        """The module's source with the change; None if Python refuses it."""
        changed = mutate_code(source, get_operator(self.operator)(), self.occurrence)
        with contextlib.suppress(SyntaxError):
            if ast.dump(ast.parse(changed)) != ast.dump(ast.parse(source)):
                return changed
        return None


def operators():
    """cosmic-ray's operators without arguments: name -> operator; none that puts a bit
    operator or ``is`` in the place of another operator, which nearly always raises."""
    found = {name: get_operator(name) for name in operator_names()}
    return {
        name: operator()
        for name, operator in found.items()
        if not operator.arguments() and not BITS.search(name.split("_", 1)[-1])
    }


def mutants(path, root=ROOT):
    """The possible mutants of a module, one for each place, in the order of a hash that
    depends on the place's own line only.

    Not changed: texts of errors and f-strings, annotations, and in the modules that
    draw the keyword arguments in ``LOOKS``.

    Parameters
    ----------
    path : pathlib.Path
    root : pathlib.Path
        The repository.

    Yields
    ------
    Mutant
        Only those that Python accepts.
    """
    source = path.read_text(encoding="utf-8")
    lines = source.splitlines()
    module = path.relative_to(root).as_posix()
    nodes = list(ast_nodes(get_ast(source)))
    places, seen = {}, {}
    for name, operator in operators().items():
        at = [(node, *p) for node in nodes for p in operator.mutation_positions(node)]
        for occurrence, (node, start, _) in enumerate(at):
            if _left_out(node, path.name in DRAWING):
                continue
            before = lines[start[0] - 1].strip()
            function = ASTQuery(node).get_definition_name() or ""
            key = (SEED, module, function, before, name)
            seen[key] = seen.get(key, 0) + 1  # the same line may be there twice
            drawn = hashlib.sha256(repr((*key, seen[key])).encode()).hexdigest()
            mutant = Mutant(
                module, start[0], _body(node), name, occurrence, before, drawn[:8]
            )
            places.setdefault(start, []).append((drawn, mutant))
    for _, mutant in sorted(min(place) for place in places.values()):
        if mutant.code(source):
            yield mutant


def _left_out(node, drawing):
    while node.parent is not None:
        if node.parent.type in TEXTS:
            return True
        if node.parent.type == "funcdef" and node.get_previous_sibling() == "->":
            return True
        if drawing and node.parent.type in ("argument", "param"):
            if getattr(node.parent.children[0], "value", "") in LOOKS:
                return True
        node = node.parent
    return False


def _body(node):
    """The lines of the innermost function around a node, its head left out."""
    while node is not None and node.type != "funcdef":
        node = node.parent
    return (node.children[-1].start_pos[0] + 1, node.end_pos[0]) if node else ()


def sample(root=ROOT, package="course_utils"):
    """The mutants to try: of each module in proportion to its lines, and not fewer than
    ``FEWEST``; of maintenance/ half as many.

    Parameters
    ----------
    root : pathlib.Path
    package : str

    Returns
    -------
    list of Mutant
    """
    drawn = []
    for path in sorted(Path(root, package).rglob("*.py")):
        folder = "" if path.parent.name == package else path.parent.name
        lines = LINES * (2 if folder == "maintenance" else 1)
        size = len(path.read_text(encoding="utf-8").splitlines())
        number = max(FEWEST[folder], round(size / lines))
        drawn += [mutant for mutant, _ in zip(mutants(path, root), range(number))]
    return drawn


def copy(folder, root=ROOT):
    """Copy the repository's files, those not committed yet too, and compile them."""
    for name in tracked(root):
        if not Path(root, name).is_symlink():
            Path(folder, name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(Path(root, name), Path(folder, name))
    subprocess.run([sys.executable, "-m", "compileall", "-q", "."], cwd=folder)
    return Path(folder)


class _Plugin:
    """A pytest plugin: the given tests in the given order, each with a time limit; what
    failed, or hung, is in a file."""

    def __init__(self, report, seconds=None, coverage=None):
        self.report, self.seconds, self.coverage = report, seconds, coverage

    def pytest_collection_modifyitems(self, config, items):
        if self.seconds is None:
            return
        rank = {test: k for k, test in enumerate(self.seconds)}
        chosen = [item for item in items if item.nodeid in rank or _is_notebook(item)]
        items[:] = sorted(chosen, key=lambda item: rank.get(item.nodeid, 0))

    def pytest_runtest_logstart(self, nodeid):
        self.started = time.monotonic()
        if self.seconds is not None:
            limit = PATIENCE + 3 * self.seconds.get(nodeid, PATIENCE)
            signal.setitimer(signal.ITIMER_PROF, limit)  # of the processor: loops
            faulthandler.dump_traceback_later(10 * limit, exit=True)  # waits
        self.write(test=nodeid, outcome="hung")
        if self.coverage:
            self.coverage.switch_context(nodeid)

    def pytest_runtest_logreport(self, report):
        if report.failed:
            self.write(test=report.nodeid, outcome="failed")

    def pytest_runtest_logfinish(self, nodeid):
        signal.setitimer(signal.ITIMER_PROF, 0)
        faulthandler.cancel_dump_traceback_later()
        seconds = time.monotonic() - self.started
        self.write(test=nodeid, outcome="ended", seconds=round(seconds, 3))

    def write(self, **entry):
        with open(self.report, "a") as file:
            print(json.dumps(entry), file=file)


def _is_notebook(item):
    return item.path.suffix == ".ipynb"


def pytest_in(folder, arguments, seconds=None, measure=None, limit=1800):
    """Run pytest in a copy of this process, in a copy of the repository.

    Parameters
    ----------
    folder : pathlib.Path
        The copy of the repository.
    arguments : list of str
        Of pytest.
    seconds : dict of str to float, optional
        The tests to run, in their order, and what each took; all, if not given.
    measure : pathlib.Path, optional
        Where to put which test runs which line.
    limit : float
        Seconds for all of it.

    Returns
    -------
    code : int
        0 for green, 5 for no test, else red.
    entries : list of dict
        What ran: test, outcome, seconds.
    """
    report = Path(folder, "report.jsonl")
    report.write_text("")
    process = os.fork()
    if process == 0:
        code = 70
        try:
            code = _become_pytest(folder, arguments, report, seconds, measure)
        finally:
            os._exit(code)
    end = time.monotonic() + limit
    while (ended := os.waitpid(process, os.WNOHANG))[0] == 0:
        time.sleep(0.02)
        if time.monotonic() > end:
            os.kill(process, signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process, signal.SIGKILL)  # what it started and did not end
    entries = [json.loads(line) for line in report.read_text().splitlines()]
    return os.waitstatus_to_exitcode(ended[1]), entries


def _become_pytest(folder, arguments, report, seconds, measure):
    os.setsid()
    os.chdir(folder)
    log = os.open("pytest.log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(log, 1)
    os.dup2(log, 2)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    sys.path[:] = [str(folder), *(p for p in sys.path if Path(p).resolve() != ROOT)]
    for name in [name for name in sys.modules if name.split(".")[0] == "trust"]:
        del sys.modules[name]
    os.environ["PYTHONPATH"] = str(folder)
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    sys.dont_write_bytecode = True
    tempfile.tempdir = None
    coverage = None
    if measure:
        from coverage import Coverage

        coverage = Coverage(data_file=str(measure), source=["course_utils"])
        coverage.start()
    import pytest

    common = ["-n", "0", "-p", "no:cacheprovider", "-p", "no:faulthandler"]
    plugin = _Plugin(report, seconds, coverage)
    code = pytest.main([*arguments, *common], plugins=[plugin])
    if coverage:
        coverage.stop()
        coverage.save()
    return int(code)


class Map:
    """Which test runs which line, and how long it takes."""

    def __init__(self, folder, original):
        from coverage import CoverageData

        self.original = original
        self.seconds, self.lines = {}, {}
        for entries in sorted(folder.glob("*.json")):
            for entry in json.loads(entries.read_text()):
                if entry["outcome"] == "ended":
                    self.seconds[entry["test"]] = entry["seconds"]
        for entries in sorted(folder.glob("*.json")):  # red without a change
            for entry in json.loads(entries.read_text()):
                if entry["outcome"] == "failed":
                    self.seconds.pop(entry["test"], None)
        self.costs = {}
        for test, seconds in self.seconds.items():
            self.costs[_file(test)] = self.costs.get(_file(test), 0.0) + seconds
        for file in folder.glob("*.coverage"):
            data = CoverageData(str(file))
            data.read()
            for path in data.measured_files():
                module = path[path.index("course_utils/") :]
                for line, tests in data.contexts_by_lineno(path).items():
                    known = self.lines.setdefault(module, {}).setdefault(line, set())
                    known.update(test for test in tests if test in self.seconds)

    def near(self, mutant):
        """The tests that run the changed function, those of the line first, the short
        ones first; for a change outside of one, the tests in the module's files."""
        if not mutant.body:  # whichever test was first has run these lines
            named = self._sorted(self._named(mutant.module))
            return dict(sorted(named.items(), key=lambda t: self.costs[_file(t[0])]))
        lines = self.lines.get(mutant.module, {})
        exact = lines.get(mutant.line, set())
        inside = range(mutant.body[0], mutant.body[1] + 1)
        around = set().union(*(lines.get(line, ()) for line in inside))
        return self._sorted(exact) | self._sorted(around - exact)

    def others(self, mutant):
        """Other tests of the module: of files that are named after it or import it, or
        that run any of it; whole files, its own first and then the short ones, as far
        as the time goes."""
        own = f"tests/test_{Path(mutant.module).stem}.py"
        tests = self._named(mutant.module)
        tests |= set().union(*self.lines.get(mutant.module, {}).values(), ())
        left, chosen = OTHERS_SECONDS, set()
        files = {_file(test) for test in tests}
        for file in sorted(files, key=lambda file: (file != own, self.costs[file])):
            if (left := left - self.costs[file]) > 0:
                chosen.add(file)
        near = self.near(mutant)
        tests = {test for test in tests if test not in near and _file(test) in chosen}
        return self._sorted(tests)

    def _named(self, module):
        files = test_files(module, self.original)
        return {test for test in self.seconds if _file(test) in files}

    def _sorted(self, tests):
        return {test: self.seconds[test] for test in sorted(tests, key=self._key)}

    def _key(self, test):
        return self.seconds[test], test


def _file(test):
    return test.split("::")[0]


def test_files(module, root):
    """The test files named after a module or its package, or that import it."""
    parts = Path(module).with_suffix("").parts
    names = {part for part in parts[1:] if not part.startswith("_")}
    dotted = ".".join(parts)
    found = set()
    for path in sorted(Path(root, "tests").glob("test_*.py")):
        text = path.read_text(encoding="utf-8")
        imported = dotted in text or f"from {'.'.join(parts[:-1])} import" in text
        imported = imported and re.search(rf"\b{parts[-1]}\b", text)
        if path.stem.removeprefix("test_").startswith(tuple(names)) or imported:
            found.add(f"tests/{path.name}")
    return found


def notebooks_of(mutant, root, number=2):
    """The notebooks that most often call the changed function or, if it is not for
    them, the module's functions; those of the exercises that are changed."""
    lines = Path(root, mutant.module).read_text(encoding="utf-8").splitlines()
    defined = [re.match(r"(?:def|class) (\w+)", line) for line in lines]
    names = {found[1] for found in defined if found and found[1][0] != "_"}
    before = [found[1] for found in defined[: mutant.line] if found]
    if mutant.body and before and before[-1][0] != "_":
        names = {before[-1]}
    calls = "|".join(rf"\b{name}\(" for name in names) or "(?!)"
    if number_of := re.search(r"Exercises of notebook (\d\d)", lines[0]):
        calls = rf"\bcheck\(\W{number_of[1]}-"
    counts = {}
    for path in sorted(Path(root, "notebooks").glob("*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        code = "\n".join(
            "".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"
        )
        counts[path.name] = len(re.findall(calls, code))
    most = sorted(counts, key=counts.get, reverse=True)[:number]
    return [f"notebooks/{name}" for name in most if counts[name]]


def measure_tests(original, folder=BUILD, tests=None):
    """Run each test file once, and keep which test runs which line."""
    folder.mkdir(parents=True, exist_ok=True)
    files = tests or sorted(
        path.name
        for path in (original / "tests").glob("test_*.py")
        if not path.name.startswith(NOT_RUN)
    )
    for number, name in enumerate(files, 1):
        digest = hashlib.sha256((original / "tests" / name).read_bytes()).hexdigest()
        done = folder / f"{name}.{digest[:8]}.json"
        if done.exists():
            continue
        for older in folder.glob(f"{name}.*"):
            older.unlink()
        print(f"{number} of {len(files)} test files: {name}", flush=True)
        measured = done.with_suffix(".coverage")
        _, entries = pytest_in(original, [f"tests/{name}"], measure=measured)
        done.write_text(json.dumps(entries))


def tried(mutants, root=ROOT, build=BUILD):
    """Run tests on mutants, each in a new copy of the repository.

    Parameters
    ----------
    mutants : list of Mutant
    root, build : pathlib.Path
        The repository, and where to keep which test runs which line.

    Yields
    ------
    dict
        A row of the table for each.
    """
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        original = copy(Path(folder, "original"), root)
        measure_tests(original, build)
        known = Map(build, original)
        for mutant in mutants:
            yield _row(mutant, known, original, Path(folder, "work"))


def _row(mutant, known, original, work):
    source = Path(original, mutant.module).read_text(encoding="utf-8")
    changed = mutant.code(source)
    started = time.monotonic()
    near = known.near(mutant)
    others = known.others(mutant)
    by = ""
    for tests in (near, others, notebooks_of(mutant, original)):
        if not tests:
            continue
        _plant(mutant.module, changed, original, work)
        by = _red(work, tests)
        test = by.removesuffix(TIME_IS_UP)
        if test in others and not _red(work, {test: others[test]}):  # by chance
            by = ""
        if by:
            break
    seconds = round(time.monotonic() - started, 1)
    outcome = CAUGHT if by else SURVIVED
    return {**_drawn(mutant, source), "outcome": outcome, "by": by, "seconds": seconds}


def _drawn(mutant, source):
    """The row of a mutant that was not run yet."""
    compared = difflib.ndiff(source.splitlines(), mutant.code(source).splitlines())
    return {
        "id": mutant.id,
        "where": f"{mutant.module.removeprefix('course_utils/')}:{mutant.line}",
        "operator": mutant.operator.removeprefix("core/"),
        "before": mutant.before,
        "after": " ".join(line[1:].strip() for line in compared if line[0] == "+"),
        "outcome": DRAWN,
        "by": "",
        "seconds": "",
    }


def _plant(module, changed, original, work):
    """A new copy of the repository with the changed module."""
    shutil.rmtree(work, ignore_errors=True)
    shutil.copytree(original, work)
    path = Path(work, module)
    path.write_text(changed, encoding="utf-8")
    for compiled in path.parent.glob(f"__pycache__/{path.stem}.*"):
        compiled.unlink()


def _red(folder, tests):
    """The first of the tests or notebooks that is red, "" if none is."""
    files = list(dict.fromkeys(map(_file, tests)))
    seconds = tests if isinstance(tests, dict) else None
    code, entries = pytest_in(folder, [*files, "-x"], seconds)
    return "" if code in (0, 5) else _culprit(entries)


def _culprit(entries):
    """The test that failed or hung; what is red before any test is the import."""
    for outcome in ("failed", "hung"):
        ended = {e["test"] for e in entries if e["outcome"] == "ended"}
        for entry in reversed(entries):
            if entry["outcome"] == outcome == "failed":
                return entry["test"]
            if entry["outcome"] == outcome and entry["test"] not in ended:
                return entry["test"] + TIME_IS_UP
    return "import"


def read(path=ROWS, reasons=REASONS):
    """The rows, with the reason where a mutant is equivalent."""
    rows = pd.read_csv(path, dtype=str, keep_default_na=False)
    given = pd.read_csv(reasons, dtype=str).set_index("id")["reason"]
    rows["reason"] = rows["id"].map(given).fillna("")
    survived = (rows["outcome"] == SURVIVED) & (rows["reason"] != "")
    rows.loc[survived, "outcome"] = EQUIVALENT
    return rows


def share(rows):
    """Percent caught of the mutants that were run and are not equivalent."""
    counts = rows["outcome"].value_counts()
    caught, survived = counts.get(CAUGHT, 0), counts.get(SURVIVED, 0)
    return 100 * caught / max(1, caught + survived)


def write_page(rows, folder=page.HERE):
    """Write ``mutants.md``."""
    counts = rows["outcome"].value_counts()
    outcomes = [CAUGHT, SURVIVED, EQUIVALENT, *([DRAWN] if DRAWN in counts else [])]
    package = rows["where"].str.extract(r"^(?:([a-z]+)/)?(\w+)\.py")
    kinds = rows["operator"].str.replace(r"_.*", "", regex=True)
    tables = []
    for name, groups in (
        ("module", package[0].fillna(package[1])),
        ("operator", kinds),
    ):
        table = pd.crosstab(groups.rename(name), rows["outcome"])
        table = table.reindex(columns=outcomes, fill_value=0)
        table.insert(0, "mutants", table.sum(axis=1))
        table.loc["all"] = table.sum()
        tables.append(table.reset_index())
    shown = rows[rows["outcome"].isin([SURVIVED, EQUIVALENT])]
    shown = shown[["where", "before", "after", "outcome", "reason"]]
    shown = shown.assign(**shown[["before", "after"]].map("`{}`".format))
    left = f" {counts[DRAWN]} were not run yet." if DRAWN in counts else ""
    return page.write(
        "mutants",
        "Mutants of course_utils",
        "make mutants",
        f"{len(rows)} mutants, drawn from all modules: {counts.get(CAUGHT, 0)} turn a"
        f" test red, {counts.get(EQUIVALENT, 0)} are equivalent (the change makes no"
        f" difference; the reason is below), {counts.get(SURVIVED, 0)} survive.{left}"
        f" Caught of those that were run and are not equivalent: {share(rows):.1f} %;"
        f" to reach: {TO_REACH} %. The rows are in [mutants.csv](mutants.csv).",
        "Left out by rule: texts of errors and f-strings, annotations, in the modules"
        " that draw the arguments for sizes and colours, and operators on bits or `is`"
        " in the place of others (they only raise). A mutant counts as caught when a"
        " test fails or takes far longer than usual: first the tests that run the"
        " changed function, then the others of its module, then two notebooks that"
        " call it.",
        *tables,
        "Not caught:",
        shown,
        folder=folder,
    )


def main(arguments=None):
    """Run the mutants that are missing, and those that survived without a reason."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--again", action="store_true", help="run all of them again")
    parser.add_argument("--page", action="store_true", help="only write the page")
    chosen = parser.parse_args(arguments)
    if not chosen.page:
        measure(chosen.again)
    print(write_page(read()))


def measure(again=False):
    """Bring ``mutants.csv`` up to date."""
    wanted = sample()
    rows = {}
    if ROWS.exists() and not again:
        rows = {row["id"]: row for row in read().to_dict("records")}
    ids = {mutant.id for mutant in wanted}
    rows = {
        k: row
        for k, row in rows.items()
        if k in ids and row["outcome"] not in (SURVIVED, DRAWN)
    }
    missing = [mutant for mutant in wanted if mutant.id not in rows]
    for mutant in wanted:  # lines of others may have moved
        source = Path(ROOT, mutant.module).read_text(encoding="utf-8")
        drawn = _drawn(mutant, source)
        rows[mutant.id] = {**rows.get(mutant.id, drawn), "where": drawn["where"]}
    _write(rows.values())
    if not missing:
        return
    for library in LIBRARIES:
        importlib.import_module(library)
    for number, row in enumerate(tried(missing), 1):
        _store(row)
        said = f"{row['where']} {row['outcome']} {row['by']}"
        print(f"{number} of {len(missing)} mutants: {said}", flush=True)


def _store(row):
    """Put a row in the place of an older one."""
    with open(ROWS, newline="", encoding="utf-8") as file:
        rows = [old for old in csv.DictReader(file) if old["id"] != row["id"]]
    _write([*rows, row])


def _write(rows):
    part = ROWS.with_suffix(".part")
    with open(part, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, "", "ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(sorted(rows, key=lambda row: (row["where"], row["id"])))
    part.replace(ROWS)


if __name__ == "__main__":
    main()
