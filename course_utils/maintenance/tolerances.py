"""Which tolerances the recorded notebooks need: ``python -m
course_utils.maintenance.tolerances notebooks/06*.ipynb``.

Each notebook is run again on kernels that compute as other machines do (other CPU
instructions, without oneDNN, with one thread). For every cell that differs or has a
tolerance tag, one line says what would have been enough, on all of these kernels.
"""

import argparse
import math
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

import nbformat
import numpy as np
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

from ..claims import NOTEBOOKS
from .comparison import (
    FLOOR,
    TOLERANCE_TAG,
    Tolerance,
    comparable,
    pairs,
    pictures,
    word_difference,
)
from .record import (
    CELL_SECONDS,
    COLOUR_CODES,
    OwnKernel,
    run_cell,
    running_kernel,
    tags,
)

DISPATCHED = np.show_config(mode="dicts")["SIMD Extensions"].get("found", [])
BEYOND_AVX2 = [name for name in DISPATCHED if "512" in name or name == "X86_V4"]
KERNELS = {
    "as here": {},
    "AVX2": {
        "ONEDNN_MAX_CPU_ISA": "AVX2",
        "XLA_FLAGS": "--xla_cpu_max_isa=AVX2",
        "OPENBLAS_CORETYPE": "Haswell",  # NumPy's products
        "NPY_DISABLE_CPU_FEATURES": " ".join(BEYOND_AVX2),  # its functions
    },
    "SSE4": {
        "ONEDNN_MAX_CPU_ISA": "SSE41",
        "XLA_FLAGS": "--xla_cpu_max_isa=SSE4_2",
        "OPENBLAS_CORETYPE": "Nehalem",
        "NPY_DISABLE_CPU_FEATURES": " ".join(DISPATCHED),
    },
    "no oneDNN": {"TF_ENABLE_ONEDNN_OPTS": "0"},
    "one thread": {"OMP_NUM_THREADS": "1", "TF_NUM_INTRAOP_THREADS": "1"},
}


class Needed(NamedTuple):
    """What a cell needs to pass."""

    rtol: float = 0.0  # with no atol
    atol: float = 0.0  # with the default rtol
    itol: float = 0.0  # for its integers
    ptol: float = 0.0  # for its pictures
    words: str = ""  # what differs and is no number

    def or_more(self, other):
        """What both need."""
        numbers = (max(pair) for pair in zip(self[:4], other[:4]))
        return Needed(*numbers, self.words or other.words)

    def __str__(self):
        if self.words:
            return f"no tolerance helps, the text differs {self.words}"
        parts = []
        if self.atol:
            parts.append(
                f"atol {_rounded_up(self.atol)} or rtol {_rounded_up(self.rtol)}"
            )
        if self.itol:
            parts.append(f"itol {self.itol:g}")
        if self.ptol > Tolerance().ptol:
            parts.append(f"ptol {_rounded_up(self.ptol)}")
        return ", ".join(parts) or "none"

    def beyond_default(self):
        """Whether a cell without a tag fails."""
        pictures = self.ptol > Tolerance().ptol
        return bool(self.words or self.atol or self.itol or pictures)


def _rounded_up(x):
    """Two digits that are not less than `x`."""
    if not 0 < x < math.inf:
        return f"{x:g}"
    unit = 10.0 ** (math.floor(math.log10(x)) - 1)
    return f"{math.ceil(x / unit) * unit:.2g}"


def needed(stored, new):
    """The smallest tolerances with which two texts say the same.

    Parameters
    ----------
    stored, new : str

    Returns
    -------
    Needed
        `rtol` is infinite where the stored number is 0.
    """
    if words := word_difference(stored, new):
        return Needed(words=words)
    found = Needed()
    for pair in pairs(stored, new):
        found = found.or_more(_needed_by(pair))
    return found


def _needed_by(pair):
    if pair.integers and pair.same_kind:
        return Needed(itol=pair.distance)
    if pair.integers:  # a whole number against a float: only an atol allows it
        return Needed(math.inf, max(float(pair.distance), FLOOR))
    beyond = pair.needs()
    if pair.axis is not None:
        return Needed(ptol=beyond / (pair.axis or 1))
    relative = beyond / pair.size if pair.size else math.inf if beyond else 0.0
    return Needed(relative, pair.needs(Tolerance().rtol))


def output_texts(outputs):
    """The parts of a cell's outputs that are compared, by kind and place."""
    found, count = {}, {}
    for k, (_, text) in enumerate(pictures(outputs)):
        if text is not None:
            found["plotted", k] = text
    for output in outputs:
        parts = dict(output.get("data", {}))
        if output.output_type == "stream":
            parts = {output.name: output.text}
        if output.output_type == "error":
            parts = {"error": f"{output.ename}: {output.evalue}"}
        for kind, text in parts.items():
            if kind not in {"stderr", "image/png", "image/jpeg"}:
                count[kind] = count.get(kind, 0) + 1
                found[kind, count[kind]] = comparable(text)
    return found


def needed_by_cell(stored, new):
    """What a cell needs whose outputs were `stored` and are `new`."""
    stored, new = output_texts(stored), output_texts(new)
    for key in [key for key in new.keys() - stored.keys() if key[0] == "plotted"]:
        del new[key]  # stored by something else than `show` or `play`
    if stored.keys() != new.keys():
        kinds = sorted({kind for kind, _ in stored.keys() ^ new.keys()})
        return Needed(words=f"in the number of outputs of {', '.join(kinds)}")
    found = Needed()
    for key, text in stored.items():
        found = found.or_more(needed(text, new[key]))
    return found


def share_by_cell(stored, new, tolerance):
    """The largest difference of a cell's numbers as a share of what is allowed;
    infinite where the text differs."""
    if needed_by_cell(stored, new).words:
        return math.inf
    stored, new = output_texts(stored), output_texts(new)
    found = [pair for key, text in stored.items() for pair in pairs(text, new[key])]
    return max((pair.share(tolerance) for pair in found), default=0.0)


def run_again(
    path, environment=None, kernels=OwnKernel, seconds=CELL_SECONDS, until=math.inf
):
    """Run the code cells of a notebook, up to the first one that fails.

    Parameters
    ----------
    path : pathlib.Path
    environment : dict of str to str, optional
        Further environment variables of its kernel.
    kernels : type
        The class of the kernel's manager.
    seconds : float
        The longest a cell may take.
    until : float
        When all has to end, on the clock of `time.monotonic`.

    Yields
    ------
    int, list, str
        The place of a cell, its new outputs, and why it stopped ("" if it did not).
    """
    path = Path(path)
    notebook = nbformat.read(path, as_version=4)
    with running_kernel(
        notebook, path.parent, environment=environment, kernels=kernels
    ) as client:
        for index, cell in enumerate(notebook.cells):
            if cell.cell_type != "code":
                continue
            left = max(1.0, until - time.monotonic())
            client.timeout = math.ceil(min(seconds, left))
            try:
                yield index, run_cell(client, index), ""
            except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
                lines = COLOUR_CODES.sub("", str(error)).strip().splitlines()
                raised = isinstance(error, CellExecutionError)
                yield index, [], lines[-1] if raised else lines[0]
                return


def measure(path, kernels=None):
    """Run a recorded notebook on every kernel.

    Parameters
    ----------
    path : pathlib.Path
    kernels : dict of str to dict, optional
        Name -> environment variables; default: `KERNELS`.

    Yields
    ------
    str, int, Needed
        The kernel, the place of a code cell and what it needs there.
    """
    stored = nbformat.read(path, as_version=4)
    for name, variables in (kernels or KERNELS).items():
        for index, new, stopped in run_again(path, variables):
            if stopped:
                yield name, index, Needed(words=f"and it stops: {stopped}")
            else:
                yield name, index, needed_by_cell(stored.cells[index].outputs, new)


def report(path, kernels=None):
    """Lines on the cells of a notebook that have a tolerance or differ."""
    cells = nbformat.read(path, as_version=4).cells
    found, where = defaultdict(Needed), defaultdict(list)
    for kernel, index, now in measure(path, kernels):
        found[index] = found[index].or_more(now)
        if now.beyond_default():
            where[index].append(kernel)
    lines = []
    for index, worst in sorted(found.items()):
        tagged = [tag for tag in tags(cells[index]) if TOLERANCE_TAG.fullmatch(tag)]
        if tagged or where[index]:
            names = f" ({', '.join(where[index])})" if where[index] else ""
            tag = " ".join(tagged) or "no tag"
            lines.append(f"  {cells[index].id}: {tag}; needed: {worst}{names}")
    return lines


def main(arguments=None):
    """Print what the named notebooks need (default: all)."""
    parser = argparse.ArgumentParser(
        prog="python -m course_utils.maintenance.tolerances", description=__doc__
    )
    parser.add_argument("notebooks", nargs="*", type=Path, help="default: all")
    paths = parser.parse_args(arguments).notebooks
    for path in paths or sorted(NOTEBOOKS.glob("*.ipynb")):
        print(path.name)
        lines = report(path)
        print("\n".join(lines) or "  nothing differs", flush=True)


if __name__ == "__main__":
    sys.exit(main())
