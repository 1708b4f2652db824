"""A pytest plugin: nbval's comparison of a notebook with its stored outputs, with a
numeric tolerance, on the recorder's kernels.

A cell's new outputs must equal the stored ones: text outside numbers to the letter
(white space collapsed), integers exactly, floats within ``rtol`` 1e-4. A cell's tags
widen it where training is involved: ``rtol-0.02``, ``atol-0.001``, and ``itol-1`` for
integers. A cell also fails that was stored without being run. Not compared: stderr
(TensorFlow's log lines come and go), the line that names the device.

Of a picture what it plots is compared (:mod:`course_utils.plotted`), not its pixels:
words and texts as above, places to 0.001 of the length of their axis (a third of a
pixel), or to the cell's ``rtol``, or ``ptol-0.02``. A picture that was stored without
that (not by `show` or `play`) is not compared.

Every Markdown cell tagged ``solution`` is run too, on a copy of the variables: its
exercise must find it right, and the kernel's count of solved exercises stays as it was.

``--keep-executed FOLDER`` stores what a failing notebook put out. ``--rerun`` asks
more: every cell runs twice in a row, then the notebook once more in the same kernel,
and says the same each time.
"""

import base64
import copy
import io
import json
import math
import os
import re
import sys
from contextlib import ExitStack
from itertools import zip_longest
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import nbformat
import pytest
from nbclient.exceptions import (
    CellExecutionError,
    CellTimeoutError,
    DeadKernelError,
)
from nbval.plugin import IPyNbCell, IPyNbFile, NbCellError

from ..checks import CHECK
from . import forked
from .record import (
    CELL_SECONDS,
    COLOUR_CODES,
    kernel_class,
    kernel_environment,
    run_cell,
    running_kernel,
    tags,
)

FLOOR = 1e-12  # what is nearer to zero is rounding error
NAMED = 5  # differing numbers that a report names
SHOWN = 40  # characters of text before a difference

NUMBER = re.compile(r"(?<![\w.])[-+−]?(?:\d+\.\d*|\.\d+|\d+)(?:[eE][-+]?\d+)?(?![\w])")
TOLERANCE_TAG = re.compile(r"([raip]tol)-(\S+)")
DEVICE_LINE = re.compile(r"^Device: .+$", re.MULTILINE)
EMBEDDED_PICTURE = re.compile(r"data:image/[\w+]+;base64,[\w+/=\\\s]+")
# After its description: matplotlib's versions differ by a pixel.
PICTURE_SIZE = re.compile(r'(<img src="picture" .*?") width="\d+" height="\d+"')
# Rows of :mod:`course_utils.plotted`: the ends of an axis, and shares of it.
LIMITS = re.compile(r" \S+ from (\S+) to (\S+)$")
SHARES = re.compile(r"  \w+( without \d+)?\| ")
FENCE = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Tolerance(NamedTuple):
    """How far a new number may be from the stored one."""

    rtol: float = 1e-4
    atol: float = 0.0
    itol: float = 0.0  # of integers
    ptol: float = 1e-3  # in pictures, of the length of an axis, if `rtol` is not more

    @classmethod
    def of(cls, cell):
        """The tolerance that a cell's tags ask for."""
        found = [TOLERANCE_TAG.fullmatch(tag) for tag in tags(cell)]
        return cls(**{match[1]: float(match[2]) for match in found if match})


class Plotted(str):
    """What a picture plots: the text of :func:`course_utils.plotted.plotted`."""

    def place(self, start):
        """Where the number at `start` stands in the picture, in words, and the length
        of its axis (None for a number that belongs to no axis)."""
        *above, row = self[: (self + "\n").index("\n", start)].split("\n")
        where = {}
        for line in above:
            level = ("frame", "axes", "").index(line[: line.find(" ")])
            if not line.startswith("  "):
                where = {k: v for k, v in where.items() if k < level} | {level: line}
        if not row.startswith("  "):
            where.pop(2, None)
        words = ", ".join(" ".join(line.split()) for line in where.values())
        words += f": {row.split()[0].strip('|:')}"
        if limits := LIMITS.match(row):
            return words, abs(float(limits[2]) - float(limits[1]))
        return words, 1.0 if SHARES.match(row) else None


class Pair:
    """A stored number, the new one in its place, the text before them, and the length
    of their axis if they stand in a picture."""

    def __init__(self, stored, new, before="", axis=None):
        self.stored, self.new, self.before = stored, new, before
        a, b = (token.replace("−", "-").lower() for token in (stored, new))
        self.integers = not all(re.search("[.e]", token) for token in (a, b))
        self.same_kind = bool(re.search("[.e]", a)) == bool(re.search("[.e]", b))
        exact = int if self.integers and self.same_kind else float
        self.axis = axis
        self.size = abs(exact(a)) if axis is None else axis
        self.distance = abs(exact(b) - exact(a))
        exactly = self.integers or axis is not None
        self.rounding = 0.0 if exactly else _rounding(a, b)

    def needs(self, rtol=0.0):
        """The absolute tolerance that these floats need, beside `rtol`."""
        free = rtol * self.size + self.rounding + FLOOR
        return max(0.0, self.distance - free * (1 + 1e-9))

    def within(self, tolerance):
        """Whether the new number says the same."""
        return self.share(tolerance) <= 1 + 1e-9

    def share(self, tolerance):
        """The difference as a share of what is allowed; beyond 1 a test is red."""
        if self.integers and self.same_kind:
            used, allowed = self.distance, tolerance.itol
        elif self.integers:  # 47, 43.3: an interval shows the digits its width allows
            used, allowed = max(self.distance, FLOOR), tolerance.atol
        elif self.axis is not None:
            used = self.needs()
            allowed = max(tolerance.rtol, tolerance.ptol) * self.size
        else:
            used = self.needs()
            allowed = tolerance.rtol * self.size + tolerance.atol
        if not used:
            return 0.0
        return used / allowed if allowed else math.inf

    def line(self, tolerance):
        """What a report says of this difference."""
        names = ("itol",) if self.same_kind else ("atol",)
        names = names if self.integers else ("rtol", "atol")
        names = names if self.axis is None else ("rtol", "ptol")
        values = [(name, getattr(tolerance, name)) for name in names]
        allowed = ", ".join(f"{name} {value:g}" for name, value in values if value)
        whole = "it" if self.axis is None else "its axis"
        relative = f" ({self.distance / self.size:.2g} of {whole})" if self.size else ""
        return (
            f"after {self.before!r}: stored {self.stored}, new {self.new}, differs by "
            f"{self.distance:.2g}{relative}; allowed: {allowed or 'nothing'}"
        )


def _rounding(a, b):
    """How far two rounded floats may be apart that print as `a` and `b`.

    One unit of the last place (of the finer, if they differ): 0.12 and 0.13 may both
    be 0.125. A single digit (0.1, 0.2) is rather a setting, and exact; so is 1., whose
    decimals NumPy leaves out because they are zero.
    """
    units, rounded, fixed = [], [], []
    for token in (a, b):
        mantissa, _, exponent = token.partition("e")
        decimals = mantissa.partition(".")[2]
        if not decimals:
            return 0.0
        units.append(10.0 ** (int(exponent or 0) - len(decimals)))
        rounded.append(len(re.sub(r"[-+.]", "", mantissa).lstrip("0")) > 1)
        fixed.append(len(decimals) > 1 and decimals.endswith("0"))
    return min(units) if all(rounded) or any(fixed) else 0.0


def word_difference(stored, new):
    """Where two texts differ outside of their numbers, in words; "" if they do not."""
    a, b = ("".join(NUMBER.sub("#", text).split()) for text in (stored, new))
    if a == b:
        return ""
    at = next((k for k, (x, y) in enumerate(zip(a, b)) if x != y), min(len(a), len(b)))
    before, place = a[max(0, at - SHOWN) : at], slice(at, at + SHOWN)
    return f"after {before!r}: stored {a[place]!r}, new {b[place]!r} (# is a number)"


def pairs(stored, new):
    """The numbers of two texts, in pairs."""
    for a, b in zip(NUMBER.finditer(stored), NUMBER.finditer(new)):
        if isinstance(stored, Plotted):
            if a[0] != b[0]:  # hundreds are equal
                yield Pair(a[0], b[0], *stored.place(a.start()))
            continue
        before = re.sub(r"<[^>]*>", " ", stored[max(0, a.start() - 200) : a.start()])
        yield Pair(a[0], b[0], " ".join(before.split())[-SHOWN:])


def differences(stored, new, tolerance):
    """What differs between two outputs: one line for each of the first numbers, or the
    place where the words do.

    Parameters
    ----------
    stored, new : str
    tolerance : Tolerance

    Returns
    -------
    list of str
        Empty if they say the same.
    """
    if words := word_difference(stored, new):
        return [words]
    beyond = [pair for pair in pairs(stored, new) if not pair.within(tolerance)]
    lines = [pair.line(tolerance) for pair in beyond[:NAMED]]
    more = len(beyond) - NAMED
    return lines + ([f"and {more} more numbers"] if more > 0 else [])


def comparable(output):
    """The part of an output (text or JSON) that is compared."""
    if not isinstance(output, str):
        output = json.dumps(output, sort_keys=True, ensure_ascii=False)
    output = PICTURE_SIZE.sub(r"\1", EMBEDDED_PICTURE.sub("picture", output))
    return DEVICE_LINE.sub("Device: any", output)


def pictures(outputs):
    """Of each PNG among the outputs of a cell its name, and what it plots (None where
    that does not stand in it)."""
    found = []
    for output in outputs:
        if code := output.get("data", {}).get("image/png"):
            alt = output.get("metadata", {}).get("image/png", {}).get("alt", "")
            name = f"picture {len(found) + 1}" + (f" ({alt})" if alt else "")
            found.append((name, _plotted(code)))
    return found


def _plotted(code):
    from PIL import Image

    try:
        text = Image.open(io.BytesIO(base64.b64decode(code))).info.get("plotted")
    except (OSError, ValueError):  # no picture
        return None
    return text and Plotted(text)


def picture_differences(stored, new, tolerance):
    """What differs between what the pictures of two lists of outputs plot, as
    :func:`differences` says it."""
    lines = []
    for (name, a), (_, b) in zip_longest(
        pictures(stored), pictures(new), fillvalue=(None, None)
    ):
        if a is not None and b is None:
            lines += [f"{name}: stored with what it plots, new without"]
        elif a is not None:
            lines += [f"{name}: {line}" for line in differences(a, b, tolerance)]
    return lines


class TolerantText(str):
    """A stored or new output; unequal to another only beyond its tolerance."""

    tolerance = Tolerance()

    def __ne__(self, other):
        return bool(differences(self, other, self.tolerance))

    def __eq__(self, other):
        return not self != other

    __hash__ = str.__hash__


class _Item(IPyNbCell):
    """A cell that is run on the notebook's kernel."""

    def run(self):
        """Its new outputs; whatever keeps it from ending well is a failure."""
        if self.parent.timed_out:
            self.raise_cell_error("Not run: the kernel is gone.")
        try:
            return run_cell(self.parent.client, self.index)
        except CellExecutionError as error:
            self.fail("The cell raised an error.", COLOUR_CODES.sub("", str(error)))
        except DeadKernelError:
            self.parent.timed_out = True  # nbval's word: it expects the rest to fail
            self.fail("The kernel died while it ran this cell.")
        except CellTimeoutError as error:
            self.parent.timed_out = True
            self.fail(str(error))

    def fail(self, message, details=None):
        """Let the test fail, and the notebook be kept."""
        self.parent.failed = True
        self.raise_cell_error(message, details)

    def repr_failure(self, excinfo):
        """What failed, how, and in which code."""
        error = excinfo.value
        if not isinstance(error, NbCellError):
            return pytest.Item.repr_failure(self, excinfo)
        where = f"{self.path.name}, {self.name} ({self.cell.id}): {error}"
        parts = [where, error.inner_traceback, f"The code:\n{error.source}"]
        return "\n\n".join(part for part in parts if part)


class NumericCell(_Item):
    """A code cell whose outputs are compared with a tolerance."""

    def sanitize(self, s):
        """Wrap an output so that nbval's comparison tolerates float noise."""
        text = TolerantText(comparable(s))
        text.tolerance = Tolerance.of(self.cell)
        return text

    def format_output_compare(self, key, left, right):
        """Report what differs, in the place of nbval's dump."""
        lines = differences(left, right, left.tolerance)
        self.comparison_traceback += [f"in {key}:", *(f"  {line}" for line in lines)]

    def runtest(self):
        """Run and compare the cell; also fail if it was stored without being run."""
        if self.options["skip"]:
            pytest.skip()
        new = self.run()
        if self.cell.execution_count is None and self.cell.source.strip():
            self.fail(
                "The cell was stored without being run, so nothing would check it: run"
                " `make record`."
            )
        stored = [out for out in self.cell.outputs if out.get("name") != "stderr"]
        if self.options["check"] and not self.compare_outputs(new, stored):
            report = COLOUR_CODES.sub("", "\n".join(self.comparison_traceback))
            self.fail("The outputs differ.", report)
        if self.options["check"] and (
            lines := picture_differences(stored, new, Tolerance.of(self.cell))
        ):
            self.fail("The pictures plot something else.", "\n".join(lines))


class SolutionCell(_Item):
    """A Markdown cell tagged ``solution``: its code must solve its exercises."""

    def runtest(self):
        """Run the code on a copy of the variables; it counts for no one's progress."""
        wanted = CHECK.findall(self.cell.source)
        if not wanted:
            self.fail("The solution has no fenced Python code that calls check(...).")
        cells = self.parent.client.nb.cells
        markdown = cells[self.index]
        cells[self.index] = nbformat.v4.new_code_cell(
            "with __import__('course_utils.checks').checks.not_counted():\n"
            f"    exec(compile({self.cell.source!r}, '<solution>', 'exec'),"
            " dict(globals()))"
        )
        try:
            outputs = self.run()
        finally:
            cells[self.index] = markdown
        printed = "".join(output.get("text", "") for output in outputs)
        missed = [name for name in wanted if f"✓ {name}: right." not in printed]
        if missed or re.search("^[✗…]", printed, re.MULTILINE):
            self.fail(f"The solution is not right: {', '.join(missed)}", printed)


def solution_code(cell):
    """The fenced Python code of a Markdown cell."""
    return "\n".join(FENCE.findall(cell.source))


class NumericFile(IPyNbFile):
    """A notebook of :class:`NumericCell` and :class:`SolutionCell`."""

    failed = False

    def setup(self):
        """Start the kernel in the notebook's folder."""
        self.stack = ExitStack()
        self.client = self.stack.enter_context(
            running_kernel(
                copy.deepcopy(self.nb),
                self.path.parent,
                self.config.option.nbval_cell_timeout,
                kernels=kernel_class(),
            )
        )

    def teardown(self):
        """Stop the kernel; keep what it put out, if a cell failed and that is asked
        for."""
        self.stack.close()
        folder = self.config.option.keep_executed
        if folder and self.failed:
            Path(folder).mkdir(parents=True, exist_ok=True)
            nbformat.write(self.client.nb, Path(folder, self.path.name))

    def collect(self):
        """The cells; with ``--rerun`` each code cell twice, then all of them again."""
        if not self.config.option.rerun:
            yield from self._items()
            return
        for item, again in zip(self._items(), self._items(" again")):
            yield item
            if isinstance(item, NumericCell):
                yield again
        yield from self._items(" in a second pass")

    def _items(self, when=""):
        """nbval's cells, and the solutions between them."""
        try:
            of_nbval = {id(item.cell): item for item in super().collect()}
        except Exception as error:  # whatever a damaged file makes of it
            raise self.CollectError(
                f"{self.path.name} is no notebook, or a damaged one"
                f" ({type(error).__name__}): restore it with `git checkout`, or move it"
                " away."
            ) from None
        for index, cell in enumerate(self.nb.cells):
            if item := of_nbval.get(id(cell)):
                name = item.name + when
                yield self._item(NumericCell, name, index, cell, item.options)
            elif "solution" in tags(cell):
                code = nbformat.v4.new_code_cell(solution_code(cell), id=cell.id)
                names = ", ".join(CHECK.findall(code.source)) or cell.id
                name = f"Solution {names}{when}"
                yield self._item(SolutionCell, name, index, code, {})

    def _item(self, kind, name, index, cell, options):
        item = kind.from_parent(
            self, name=name, cell_num=index, cell=cell, options=options
        )
        item.index = index
        return item


def pytest_addoption(parser):
    """Add ``--keep-executed`` and ``--rerun``."""
    parser.addoption(
        "--keep-executed",
        metavar="FOLDER",
        help="store each failing notebook here, with its new outputs",
    )
    parser.addoption(
        "--rerun",
        action="store_true",
        help="run each cell twice, and then each notebook again in the same kernel",
    )


def pytest_configure(config):
    """Bring nbval's cell timeout of 2,000 s down, unless one is asked for, and offer
    kernels that start in a moment to all processes of this run (under Linux: elsewhere
    a copy of a process is not safe)."""
    if getattr(config.option, "nbval_cell_timeout", None) == 2000:
        config.option.nbval_cell_timeout = CELL_SECONDS
    if sys.platform == "linux" and forked.VARIABLE not in os.environ:
        folder = TemporaryDirectory(prefix="kernels-")
        config.add_cleanup(folder.cleanup)
        config.add_cleanup(forked.offer(Path(folder.name), kernel_environment()))
        os.environ[forked.VARIABLE] = folder.name
        config.add_cleanup(lambda: os.environ.pop(forked.VARIABLE))


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(file_path, parent):
    """Put :class:`NumericFile` in the place of nbval's file."""
    files = yield
    if not any(isinstance(file, IPyNbFile) for file in files):
        return files
    return [NumericFile.from_parent(parent, path=file_path)]
