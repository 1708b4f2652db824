"""Execute the notebooks that changed and store their outputs: ``python -m
course_utils.maintenance.record``.

A notebook has changed if its code differs from what was recorded (a digest in its
metadata), or if a code cell was never run. Cell ids and tags are kept; all other
metadata of a cell is made from its tags (:func:`apply_roles`). What would differ from
machine to machine is dropped: stderr, progress bars, timing, widget state, random ids,
the Python version. A notebook that fails is left as it was.
"""

import argparse
import copy
import hashlib
import math
import os
import re
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import Empty
from subprocess import DEVNULL

import nbformat
from jupyter_client.asynchronous import AsyncKernelClient
from jupyter_client.channels import AsyncZMQSocketChannel
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbval.kernel import CURRENT_ENV_KERNEL_NAME, NbvalKernelspecManager
from traitlets import Type, default

from ..claims import (
    NOTEBOOKS,
    load_claims,
    load_errata,
    repeated,
    stored_verdicts,
)
from ..overview import lecture_path
from . import forked
from .slides import heading_level, slide_types, tags

METADATA = {
    "kernelspec": {
        "display_name": "Python 3 (ipykernel)",
        "language": "python",
        "name": "python3",
    },
    "language_info": {"name": "python"},
}
CELL_SECONDS = 180.0
LOOK_SECONDS = 1.0
COLOUR_CODES = re.compile(r"\x1b\[[0-9;]*m")
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
WIDGET = "IPY_MODEL_"  # before the name of a child
# What `model.fit` prints, with verbose=1 and verbose=2.
KERAS_PROGRESS = re.compile(
    r"Epoch \d+/\d+\n?|[\b\r ]*\d+/(\d+|Unknown) (━|- \d+m?s).*\n?"
)
ANIMATION_ID = re.compile(r"[0-9a-f]{32}")


def code_cells(notebook):
    """The code cells of a notebook, in order."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def write_whole(path, text):
    """Write a file whole or not at all; on a full disk nothing is left half written."""
    draft = Path(path).with_suffix(".part")
    try:
        draft.write_text(text, encoding="utf-8")
        os.replace(draft, path)
    except OSError as error:
        with suppress(OSError):  # where nothing may be written, nothing is there
            draft.unlink()
        raise type(error)(
            f"{path} cannot be written ({error.strerror or error}), and is as it was:"
            " make room or allow writing there, then run this again."
        ) from error


def apply_roles(notebook):
    """Give the cells, in place, the metadata that their tags ask for, and no other.

    On a code cell ``hide-input`` and ``hide-cell`` fold the code (JupyterLab opens
    folded outputs whenever a cell is run, so these are folded by a heading only).
    ``hide-cell`` on a heading folds all up to the next heading of the same or a higher
    level. With ``lecture`` cells in a notebook it has slides, see
    :func:`course_utils.maintenance.slides.slide_types`.
    """
    slides = slide_types(notebook)
    for cell, slide in zip(notebook.cells, slides):
        found = set(tags(cell))
        made = {"tags": tags(cell)} if found else {}
        if cell.cell_type == "code" and found & {"hide-input", "hide-cell"}:
            made["jupyter"] = {"source_hidden": True}
        if heading_level(cell) and "hide-cell" in found:
            made["jp-MarkdownHeadingCollapsed"] = True
        if "slide" in slides:
            made["slideshow"] = {"slide_type": slide}
        cell.metadata = nbformat.from_dict(made)
    return notebook


def kernel_environment():
    """The environment variables of a kernel that records or checks: no progress bars,
    no random order of sets, repetition 0, no trace of pytest or of a notebook from
    which it is started."""
    without = {
        name: value
        for name, value in os.environ.items()
        # ipykernel changes its capture if it sees pytest's variable
        if name not in {"COURSE_REPETITION", "PYTEST_CURRENT_TEST", "JPY_SESSION_NAME"}
    }
    return {**without, "TQDM_DISABLE": "1", "PYTHONHASHSEED": "0"}


class WakefulChannel(AsyncZMQSocketChannel):
    """A channel that looks for a message once a second, whether it is woken or not.

    nbclient answers an `interact` on the socket on which it waits for the cell's reply,
    and zmq may then not wake it: the cell would hang until its time is over.
    """

    async def get_msg(self, timeout=None):
        """As its parent's."""
        end = math.inf if timeout is None else time.monotonic() + timeout
        while True:
            left = max(0.0, end - time.monotonic())
            try:
                return await super().get_msg(timeout=min(LOOK_SECONDS, left))
            except Empty:
                if time.monotonic() >= end:
                    raise


class OwnClient(AsyncKernelClient):
    """A client whose waiting for replies cannot be forgotten."""

    shell_channel_class = Type(WakefulChannel)


class OwnKernel(AsyncKernelManager):
    """A kernel of this Python, whatever kernels the machine knows."""

    @default("kernel_spec_manager")
    def _kernels(self):
        return NbvalKernelspecManager(parent=self)

    @default("client_factory")
    def _client(self):
        return OwnClient


class CopiedKernel(OwnKernel):
    """A copy of a process that has the libraries loaded (:mod:`forked`)."""

    def format_kernel_cmd(self, extra_arguments=None):
        """What is run in the kernel's place."""
        folder = os.environ[forked.VARIABLE]
        return [sys.executable, "-IS", forked.__file__, folder, self.connection_file]


def kernel_class():
    """How a kernel is started: as a copy, where a run of tests offers that."""
    return CopiedKernel if forked.VARIABLE in os.environ else OwnKernel


@contextmanager
def running_kernel(
    notebook, folder, seconds=CELL_SECONDS, environment=None, kernels=OwnKernel
):
    """A kernel for the cells of a notebook, the same for recording and checking.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        Gets the raw outputs of the cells that are run.
    folder : pathlib.Path
        Where the kernel works.
    seconds : float
        The longest a cell may take.
    environment : dict of str to str, optional
        Further environment variables.
    kernels : type
        The class of its manager.

    Yields
    ------
    nbclient.NotebookClient
        For :func:`run_cell`.
    """
    client = NotebookClient(
        notebook,
        timeout=seconds,
        kernel_name=CURRENT_ENV_KERNEL_NAME,
        kernel_manager_class=kernels,
        record_timing=False,
        shutdown_kernel="immediate",
        coalesce_streams=True,
        resources={"metadata": {"path": str(folder)}},
    )
    client.reset_execution_trackers()
    variables = {**kernel_environment(), **(environment or {})}
    with client.setup_kernel(env=variables, stderr=DEVNULL):
        yield client


def run_cell(client, index):
    """Execute one code cell; return its outputs as they are stored.

    Later cells may still change what stands in ``client.nb``, but not these.
    """
    cell = client.execute_cell(
        client.nb.cells[index], index, execution_count=client.code_cells_executed + 1
    )
    return clean_outputs(cell, client)


def clean_outputs(cell, client):
    """A copy of the outputs of a cell, without what changes from one machine or run to
    another; in the place of an `interact` stands what it shows."""
    kept = [
        output
        for raw in copy.deepcopy(cell.outputs)
        for output in _without_widget(raw, client)
        if output.get("name") != "stderr"
    ]
    for output in kept:
        if "text" in output:
            output.text = _without_progress(output.text)
        if "text/html" in output.get("data", {}):
            html = output.data["text/html"]
            output.data["text/html"] = _steady_player(html, cell.id)
    return [output for output in kept if output.get("text", output.get("data", True))]


def _without_widget(output, client):
    """What is stored of an output: nothing of tqdm's bar, of other widgets what their
    output areas show, else the words for it."""
    view = output.get("data", {}).pop(WIDGET_VIEW, None)
    states = list(_widget_states(client, view["model_id"])) if view else []
    if any(state.get("_model_name") == "FloatProgressModel" for state in states):
        return []
    shown = [part for state in states for part in state.get("outputs", [])]
    return copy.deepcopy(shown) or [output]


def _widget_states(client, model):
    """The state of a widget and of all that it is made of."""
    state = client.widget_state.get(model, {})
    yield state
    for child in state.get("children", []):
        yield from _widget_states(client, child.removeprefix(WIDGET))


def _without_progress(text):
    """A printed text without the progress of `model.fit`."""
    lines = text.splitlines(keepends=True)
    return "".join(
        line
        for line in lines
        if not KERAS_PROGRESS.fullmatch(COLOUR_CODES.sub("", line))
    )


def _steady_player(html, name):
    """matplotlib's player with ids that are the same in every run."""
    found = dict.fromkeys(ANIMATION_ID.findall(html)) if "_anim_" in html else {}
    for k, old in enumerate(found):
        new = hashlib.sha256(f"{name} {k}".encode()).hexdigest()[:32]
        html = html.replace(old, new)
    return html


def digest(path):
    """SHA-256 of what a notebook's outputs depend on.

    These are its code cells, where it shows the scoreboard the verdicts stored in its
    neighbours, where it shows the lecture path their headings, and where it has a
    closing table how often its claims were repeated.

    Parameters
    ----------
    path : pathlib.Path
        An ``.ipynb`` file.

    Returns
    -------
    str
        64 hexadecimal digits.
    """
    path = Path(path)
    parts = [cell.source for cell in code_cells(nbformat.read(path, as_version=4))]
    if any("scoreboard(" in part for part in parts):
        parts += [
            repr(stored_verdicts(other))
            for other in sorted(path.parent.glob("*.ipynb"))
            if other != path
        ]
    if any("lecture_path(" in part for part in parts):
        parts.append(lecture_path(path.parent).to_csv())
    if any("closing_table(" in part for part in parts):
        own = {
            name
            for frame in (load_claims(), load_errata())
            for name in frame.loc[frame["notebook"] == path.stem, "id"]
        }
        parts += [f"{name} {text}" for name, text in repeated().items() if name in own]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def is_recorded(path):
    """Whether the stored outputs belong to the stored code."""
    notebook = nbformat.read(path, as_version=4)
    run = all(
        cell.execution_count is not None
        for cell in code_cells(notebook)
        if cell.source.strip()
    )
    return run and notebook.metadata.get("recorded") == digest(path)


def execute(notebook, folder, seconds=CELL_SECONDS):
    """Run all code cells of a notebook and put their outputs into it.

    Raises
    ------
    nbclient.exceptions.CellExecutionError
        If a cell fails.
    """
    for cell in code_cells(notebook):
        cell.outputs, cell.execution_count = [], None
    with running_kernel(notebook, folder, seconds) as client:
        outputs = {
            index: run_cell(client, index)
            for index, cell in enumerate(notebook.cells)
            if cell.cell_type == "code"
        }
    for index, new in outputs.items():
        notebook.cells[index].outputs = new


def as_stored(notebook):
    """The text of a notebook, with the course's metadata and no other."""
    recorded = {k: v for k, v in notebook.metadata.items() if k == "recorded"}
    notebook.metadata = nbformat.from_dict({**METADATA, **recorded})
    return nbformat.writes(apply_roles(notebook)) + "\n"


def store(notebook, path):
    """Write a notebook with the course's metadata, whole or not at all; whether
    anything changed."""
    path = Path(path)
    text = as_stored(notebook)
    if text == path.read_text(encoding="utf-8"):
        return False
    write_whole(path, text)
    return True


def record(path, seconds=CELL_SECONDS):
    """Execute one notebook and store it with its outputs.

    Parameters
    ----------
    path : pathlib.Path
        An ``.ipynb`` file.
    seconds : float
        The longest a cell may take.

    Raises
    ------
    nbclient.exceptions.CellExecutionError
        If a cell fails; the file is left as it was.
    """
    path = Path(path)
    notebook = nbformat.read(path, as_version=4)
    execute(notebook, path.parent, seconds)
    notebook.metadata["recorded"] = digest(path)
    store(notebook, path)


def refresh(path, again):
    """Record a notebook if it changed (or `again`), else only apply its tags; say what
    was done."""
    if again or not is_recorded(path):
        record(path)
        return "recorded"
    changed = store(nbformat.read(path, as_version=4), path)
    return "unchanged, its tags applied" if changed else "unchanged"


def main(arguments=None):
    """Record the changed notebooks (or all, or those named); return how many failed."""
    parser = argparse.ArgumentParser(
        prog="python -m course_utils.maintenance.record",
        description=__doc__,
    )
    parser.add_argument(
        "notebooks",
        nargs="*",
        type=Path,
        help="notebooks to record (default: all that changed)",
    )
    parser.add_argument(
        "--all", action="store_true", help="record every notebook, changed or not"
    )
    options = parser.parse_args(arguments)
    paths = options.notebooks or sorted(NOTEBOOKS.glob("*.ipynb"))
    paths.sort(
        key=lambda path: path.is_file() and b"scoreboard(" in path.read_bytes()
    )  # it reads the others: last
    failed = 0
    for path in paths:
        try:
            done = refresh(path, again=bool(options.all or options.notebooks))
            print(f"{path.name}: {done}")
        except KeyboardInterrupt:
            print(
                f"{path.name}: interrupted, the file is as it was; the same command"
                " goes on.",
                file=sys.stderr,
            )
            return failed + 1
        except Exception as error:  # whatever it is, the later notebooks are recorded
            failed += 1
            print(
                f"{path.name}: not recorded, the file is as it was\n"
                f"{type(error).__name__}: {COLOUR_CODES.sub('', str(error))}",
                file=sys.stderr,
            )
    return failed


if __name__ == "__main__":
    sys.exit(bool(main()))
