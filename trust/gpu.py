"""How far the notebooks' outputs move on a machine with an NVIDIA card: ``python -m
trust.gpu``, after ``make gpu``.

Each notebook is run on the card and on the processors there, those with the most
trained numbers first, and compared with its stored outputs. All ends within
``--seconds``: what was not run, or not to its end, the page says.
"""

import argparse
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat

from course_utils.claims import NOTEBOOKS
from course_utils.maintenance.comparison import TOLERANCE_TAG
from course_utils.maintenance.record import code_cells, kernel_environment, tags

from . import machines, page

SECONDS = 450  # of the eight minutes; the rest is for starting and ending
CORES = 4  # for each of the kernels that run side by side
DEVICES = {"GPU": {}, "CPU": {"CUDA_VISIBLE_DEVICES": "-1"}}


def device():
    """What the notebooks say of the device that computes: "GPU (...)" or why not."""
    done = subprocess.run(
        [sys.executable, "-c", "from course_utils import setup; setup()"],
        cwd=machines.ROOT,
        env=kernel_environment(),
        capture_output=True,
        text=True,
    )
    if done.returncode:
        return (done.stderr.strip().splitlines() or ["Python ended"])[-1]
    return done.stdout.strip().removeprefix("Device: ")


def by_worth(paths):
    """Notebooks in order: first those with the most cells that train something."""

    def trained(path):
        cells = code_cells(nbformat.read(path, as_version=4))
        return sum(any(map(TOLERANCE_TAG.fullmatch, tags(cell))) for cell in cells)

    return sorted(paths, key=lambda path: (-trained(path), path.name))


def measure(paths, devices, seconds, folder=page.HERE):
    """Run notebooks on devices until the time is over; write the tables.

    Parameters
    ----------
    paths : list of pathlib.Path
    devices : list of str
        Among `DEVICES`.
    seconds : float
    folder : pathlib.Path
        Where ``gpu.csv`` and ``gpu_runs.csv`` are written; runs of before are dropped.

    Returns
    -------
    list of str
        What was not run to its end.
    """
    until = time.monotonic() + seconds
    for name in ("gpu", "gpu_runs"):
        Path(folder, f"{name}.csv").unlink(missing_ok=True)

    def run(task):
        path, name = task
        if time.monotonic() > until:
            return task, None
        return task, machines.run(path, DEVICES[name], until=until)

    missing = []
    tasks = [(path, name) for path in by_worth(paths) for name in devices]
    with ThreadPoolExecutor(max(1, (os.cpu_count() or 1) // CORES)) as pool:
        for (path, name), new in pool.map(run, tasks):
            late = new and new.metadata["stopped"] and time.monotonic() > until
            if new is None or late:
                missing.append(f"{path.stem} ({name})")
            else:
                said = machines.keep(name, path, new, folder, "gpu")
                print(f"{path.stem} on the {name}: {said}", flush=True)
    return missing


def write(found, paths, missing, folder=page.HERE):
    """Write the page of a measurement on the device that was `found`."""
    notebooks = [path.stem for path in by_worth(paths)]
    return page.write(
        "gpu",
        "On an NVIDIA card",
        "make gpu-check",
        f"Computed on: {found}.",
        f"Not run in the time: {', '.join(missing) or 'nothing'}.",
        *machines.parts("gpu", list(DEVICES), notebooks, folder),
        folder=folder,
    )


def main(arguments=None):
    """Measure and write; 2 if TensorFlow sees no card, 1 if nothing was run."""
    parser = argparse.ArgumentParser(
        prog="python -m trust.gpu",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--device",
        choices=["gpu", "cpu"],
        default="gpu",
        help="cpu: a rehearsal without a card, which needs another --folder",
    )
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--notebook", default="", help="its number; default: all")
    parser.add_argument("--folder", type=Path, default=page.HERE)
    options = parser.parse_args(arguments)
    start = time.monotonic()
    if options.device == "cpu" and options.folder.resolve() == page.HERE:
        parser.error("a rehearsal is no measurement: name a --folder for its page")
    found = device()
    if options.device == "gpu" and not found.startswith("GPU"):
        print(f"TensorFlow sees no NVIDIA card here: {found}.", file=sys.stderr)
        return 2
    known = {path.stem: path for path in sorted(NOTEBOOKS.glob("*.ipynb"))}
    paths = [known[n] for n in machines.chosen(options.notebook, known, "notebook")]
    devices = list(DEVICES) if options.device == "gpu" else ["CPU"]
    options.folder.mkdir(parents=True, exist_ok=True)
    left = options.seconds - (time.monotonic() - start)
    missing = measure(paths, devices, left, options.folder)
    if len(missing) == len(paths) * len(devices):
        print("No notebook was run to its end: give more --seconds.", file=sys.stderr)
        return 1
    print(write(found, paths, missing, options.folder))
    return 0


if __name__ == "__main__":
    sys.exit(main())
