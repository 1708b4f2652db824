"""How far the notebooks' outputs move on other machines: ``python -m trust.machines``.

Each notebook is run as other machines would: with other numbers of threads, other CPU
instructions, without oneDNN, on other Pythons, with the oldest and the newest versions
that pyproject.toml allows. For each cell the table says which tolerance it would need,
and the difference as a share of the tolerance that it has: beyond 1, ``make test`` is
red there.

A variant's environment is made with uv in ``build/machines/``, where what was put out
is kept, too: what was run once is only compared again, until the notebook's code
changes (``--again`` runs it again). The Pythons are looked for on the PATH.
"""

import argparse
import hashlib
import math
import os
import platform
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import nbformat
import pandas as pd

from course_utils.claims import NOTEBOOKS
from course_utils.maintenance.comparison import TOLERANCE_TAG, Tolerance
from course_utils.maintenance.record import (
    OwnKernel,
    code_cells,
    digest,
    tags,
    write_whole,
)
from course_utils.maintenance.tolerances import (
    KERNELS,
    Needed,
    needed_by_cell,
    run_again,
    share_by_cell,
)
from trust.files import ROOT

from . import page

BUILD = ROOT / "build" / "machines"
CELL_SECONDS = 600.0  # old instructions, on a machine with other things to do
WORST = 20  # cells that the page names
PACKAGES = (
    "tensorflow keras numpy pandas scipy scikit-learn matplotlib pillow ipykernel"
).split()
VERSIONS = f"""
import platform
from importlib.metadata import version
names = {PACKAGES}
print("Python", platform.python_version(), *(f", {{n}} {{version(n)}}" for n in names))
"""
NEEDED = "rtol atol itol ptol text".split()
CELL_COLUMNS = ["variant", "notebook", "cell", *NEEDED, "allowed", "share"]
RUN_COLUMNS = "variant notebook recorded cells seconds machine versions".split()
KNOWN = {}  # (variant, cell) beyond its tolerance -> why that is left so


class Variant(NamedTuple):
    """A machine that is not this one."""

    variables: dict = {}  # environment variables of its kernels
    python: str = ""  # "3.12"; "" is the Python that runs this
    install: tuple = ()  # arguments of `uv pip install`


def _threads(n):
    names = ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")
    return Variant(dict.fromkeys(names, str(n)))


PINNED = ("--requirement", "requirements.txt", "--editable", ".")
OLDEST = ("--resolution", "lowest-direct", "--editable", ".")
NEWEST = ("--resolution", "highest", "--upgrade", "--editable", ".")
VARIANTS = {
    "1-thread": _threads(1),
    "2-threads": _threads(2),
    "4-threads": _threads(4),
    "no-oneDNN": Variant(KERNELS["no oneDNN"]),
    "AVX2": Variant(KERNELS["AVX2"]),
    "SSE4": Variant(KERNELS["SSE4"]),
    "python3.11": Variant({}, "3.11", PINNED),
    "python3.12": Variant({}, "3.12", PINNED),
    "python3.13": Variant({}, "3.13", PINNED),
    "oldest": Variant({}, "3.11", OLDEST),
    "newest": Variant({}, "3.13", NEWEST),
}


class EnvironmentMissing(RuntimeError):
    """An environment could not be made."""


def interpreter(name, variant):
    """The Python of a variant; its environment is made if it is not there.

    Parameters
    ----------
    name : str
    variant : Variant

    Returns
    -------
    str

    Raises
    ------
    EnvironmentMissing
        In one sentence.
    """
    if not variant.python:
        return sys.executable
    folder = BUILD / name
    python, stamp = folder / "bin" / "python", folder / "made-from"
    texts = [(ROOT / file).read_text() for file in ("pyproject.toml", PINNED[1])]
    wanted = hashlib.sha256(repr([*texts, variant]).encode()).hexdigest()
    if stamp.is_file() and stamp.read_text() == wanted:
        return str(python)
    version = f"python{variant.python}"
    print(f"{name}: making its environment in {folder.relative_to(ROOT)}", flush=True)
    _uv(
        f"There is no environment of {version}: put this Python on the PATH",
        *["venv", "--clear", "--no-python-downloads", "--python", version, folder],
    )
    _uv(
        f"What {name} needs could not be installed",
        *["pip", "install", "--python", folder, *variant.install],
    )
    stamp.write_text(wanted)
    return str(python)


def _uv(message, command, *arguments):
    done = subprocess.run(
        [sys.executable, "-m", "uv", command, "--quiet", *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["uv says nothing"]
        raise EnvironmentMissing(f"{message} ({lines[-1].strip()}).")


def versions(python):
    """The versions that an interpreter has, in words."""
    done = subprocess.run(
        [python, "-c", VERSIONS], capture_output=True, text=True, check=True
    )
    return done.stdout.strip().replace(" ,", ",")


def kernel_of(python):
    """The class of a manager whose kernels run on this interpreter."""

    class Kernel(OwnKernel):
        def format_kernel_cmd(self, extra_arguments=None):
            return [python, *super().format_kernel_cmd(extra_arguments)[1:]]

    return Kernel


def run(path, variables, python=sys.executable, until=math.inf):
    """A notebook with the outputs of another kernel.

    Parameters
    ----------
    path : pathlib.Path
    variables : dict of str to str
    python : str
    until : float
        When it has to end, on the clock of `time.monotonic`.

    Returns
    -------
    nbformat.NotebookNode
        Its metadata say which cell failed and how (`stopped`), and what was run where
        (`about`).
    """
    notebook = nbformat.read(path, as_version=4)
    start = time.monotonic()
    found, stopped = {}, None
    for index, new, error in run_again(
        path, variables, kernel_of(python), CELL_SECONDS, until
    ):
        found[index] = new
        if error:
            stopped = {"cell": notebook.cells[index].id, "error": error}
    for index, new in found.items():
        notebook.cells[index].outputs = new
    about = {
        "recorded": digest(path)[:12],
        "cells": len(found),
        "seconds": round(time.monotonic() - start),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "versions": versions(python),
    }
    notebook.metadata = nbformat.from_dict({"stopped": stopped, "about": about})
    return notebook


def compare(path, new):
    """What the cells of a notebook need whose outputs are `new`.

    Parameters
    ----------
    path : pathlib.Path
    new : nbformat.NotebookNode
        Of :func:`run`.

    Returns
    -------
    list of dict
        For each cell that is not as it is stored: what it needs, what is allowed, and
        its share of that. The cell that stopped is the last one.
    """
    stored, found = nbformat.read(path, as_version=4), []
    stopped = new.metadata["stopped"] or {"cell": None}
    for cell, other in zip(code_cells(stored), code_cells(new)):
        if cell.id == stopped["cell"]:
            needs = Needed(words=f"it stops: {stopped['error']}")
            share = math.inf
        elif "nbval-ignore-output" in tags(cell):
            continue
        else:
            needs = needed_by_cell(cell.outputs, other.outputs)
            share = share_by_cell(cell.outputs, other.outputs, Tolerance.of(cell))
        if needs != Needed():
            row = {"cell": cell.id, "rtol": needs.rtol, "atol": needs.atol}
            row |= {"itol": needs.itol, "ptol": needs.ptol, "text": needs.words}
            found.append({**row, "allowed": allowed(cell), "share": share})
        if cell.id == stopped["cell"]:
            break
    return found


def allowed(cell):
    """The tags that widen a cell's tolerance, in one text."""
    return " ".join(sorted(tag for tag in tags(cell) if TOLERANCE_TAG.fullmatch(tag)))


def table(name, columns, folder=page.HERE):
    """A table of this folder; empty if it is not there."""
    path = Path(folder, f"{name}.csv")
    if not path.is_file():
        return pd.DataFrame(columns=columns)
    return pd.read_csv(path, dtype={"recorded": str}, keep_default_na=False)


def _put(name, columns, mine, rows, folder):
    """Write the rows of one run in the place of its old ones."""
    old = table(name, columns, folder).to_dict("records")
    kept = [row for row in old if not mine.items() <= row.items()]
    both = pd.DataFrame([*kept, *({**mine, **row} for row in rows)], columns=columns)
    both = both.sort_values(["variant", "notebook"], kind="stable")
    write_whole(
        Path(folder, f"{name}.csv"), both.to_csv(index=False, float_format="%.6g")
    )


def keep(variant, path, new, folder=page.HERE, name="machines"):
    """Write what a run needs into the tables.

    Parameters
    ----------
    variant : str
    path : pathlib.Path
        The recorded notebook.
    new : nbformat.NotebookNode
        Of :func:`run`.
    folder : pathlib.Path
    name : str
        ``NAME.csv`` gets the cells, ``NAME_runs.csv`` the run.

    Returns
    -------
    str
        The largest share, and where it is.
    """
    rows = compare(path, new)
    mine = {"variant": variant, "notebook": path.stem}
    _put(name, CELL_COLUMNS, mine, rows, folder)
    _put(f"{name}_runs", RUN_COLUMNS, mine, [new.metadata["about"]], folder)
    if not rows:
        return "nothing differs"
    worst = max(rows, key=lambda row: row["share"])
    return f"{len(rows)} cells differ, at most {in_words(worst)} ({worst['cell']})"


def in_words(row):
    """The share of a cell's row: a number, or what no tolerance allows."""
    if row["text"]:
        return "stops" if row["text"].startswith("it stops") else "text"
    return f"{row['share']:.2g}"


def largest(cells):
    """The row of the largest share, or None."""
    return cells.loc[cells["share"].idxmax()] if len(cells) else None


def parts(name, order, notebooks, folder=page.HERE):
    """The sentences and tables of a page, from the CSV files.

    Parameters
    ----------
    name : str
    order : sequence of str
        The variants.
    notebooks : sequence of str
    folder : pathlib.Path

    Returns
    -------
    list of str or pandas.DataFrame
    """
    cells = table(name, CELL_COLUMNS, folder)
    runs = table(f"{name}_runs", RUN_COLUMNS, folder)
    shares, variants = [], []
    for notebook in notebooks:
        row = {"Notebook": notebook}
        for variant in order:
            here = "variant == @variant and notebook == @notebook"
            worst = largest(cells.query(here))
            row[variant] = in_words(worst) if worst is not None else "0"
            row[variant] = row[variant] if len(runs.query(here)) else "not run"
        shares.append(row)
    for variant in order:
        own, ran = cells.query("variant == @variant"), runs.query("variant == @variant")
        worst = largest(own)
        variants.append(
            {
                "Variant": variant,
                "Notebooks": len(ran),
                "Cells": ran["cells"].sum(),
                "Differ": len(own),
                "Beyond": (own["share"] > 1).sum(),
                "Largest share": in_words(worst) if worst is not None else "0",
                "Seconds": ran["seconds"].sum(),
                "Versions": "; ".join(sorted(set(ran["versions"]))),
            }
        )
    top = cells.sort_values("share", ascending=False, kind="stable")
    top = top.drop_duplicates(["notebook", "cell"]).head(WORST)
    worst = [
        {
            "Notebook": row["notebook"],
            "Cell": row["cell"],
            "Variant": row["variant"],
            "Share": in_words(row),
            "Needed": str(Needed(*(row[key] for key in NEEDED))),
            "Allowed": row["allowed"] or "the default",
            "Known because": KNOWN.get((row["variant"], row["cell"]), ""),
        }
        for row in top.to_dict("records")
    ]
    beyond = (cells["share"] > 1).sum()
    return [
        "Each notebook was run as other machines would run it, and each number that a"
        " cell puts out compared with the stored one. A share is a cell's largest"
        " difference, divided by what the cell's tolerance allows: beyond 1 `make test`"
        " is red there, and `inf` is a number that must be equal. `text`"
        " is a difference that no tolerance allows, `stops` a cell that fails. A"
        " notebook that was not run is no good news.",
        f"{len(runs)} of {len(order) * len(notebooks)} runs were made. Of their"
        f" {runs['cells'].sum()} cells {len(cells)} differ by"
        f" more than rounding, and {beyond} are beyond their tolerance. Measured on"
        f" {'; '.join(sorted(set(runs['machine'])))}.",
        "## The largest share of each notebook",
        pd.DataFrame(shares),
        "## The variants",
        pd.DataFrame(variants),
        "## The worst cells, each on its worst variant",
        pd.DataFrame(worst),
    ]


def write(folder=page.HERE):
    """Write the page."""
    notebooks = sorted(path.stem for path in NOTEBOOKS.glob("*.ipynb"))
    found = parts("machines", list(VARIANTS), notebooks, folder)
    return page.write(
        "machines", "Other machines", "make machines", *found, folder=folder
    )


def chosen(wanted, known, what):
    """The names that begin with what is wanted; all if nothing is."""
    found = [name for name in known if name.lower().startswith(wanted.lower())]
    if not found:
        raise SystemExit(f"There is no {what} {wanted!r}: choose {', '.join(known)}.")
    return found


def main(arguments=None):
    """Measure what is missing, and write tables and page; 1 if a variant was left
    out."""
    parser = argparse.ArgumentParser(
        prog="python -m trust.machines",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--variant", default="", help=", ".join(VARIANTS))
    parser.add_argument("--notebook", default="", help="its number; default: all")
    parser.add_argument("--again", action="store_true", help="run what was run, too")
    options = parser.parse_args(arguments)
    known = {path.stem: path for path in sorted(NOTEBOOKS.glob("*.ipynb"))}
    paths = [known[name] for name in chosen(options.notebook, known, "notebook")]
    names = chosen(options.variant, VARIANTS, "variant")
    left_out = 0
    for number, (name, path) in enumerate((n, p) for n in names for p in paths):
        variant = VARIANTS[name]
        kept = BUILD / "runs" / name / path.name
        new = nbformat.read(kept, as_version=4) if kept.is_file() else None
        if (
            options.again
            or not new
            or new.metadata["about"]["recorded"] != digest(path)[:12]
        ):
            try:
                python = interpreter(name, variant)
            except EnvironmentMissing as error:
                print(f"{name}: left out. {error}", file=sys.stderr)
                left_out = 1
                continue
            new = run(path, variant.variables, python)
            kept.parent.mkdir(parents=True, exist_ok=True)
            write_whole(kept, nbformat.writes(new))
        said = keep(name, path, new)
        about = new.metadata["about"]
        print(
            f"{number + 1} of {len(names) * len(paths)}: {name} {path.stem},"
            f" {about['seconds']} s: {said}",
            flush=True,
        )
    print(write().relative_to(ROOT))
    return left_out


if __name__ == "__main__":
    sys.exit(main())
