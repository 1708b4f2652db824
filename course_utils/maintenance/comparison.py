"""A pytest plugin: nbval, with a numeric tolerance and without its blind spots.

A cell's new outputs must equal the stored ones: text outside numbers to the letter
(white space collapsed), integers exactly, floats within ``rtol`` 1e-4. A cell's tags
widen it where training is involved: ``rtol-0.02``, ``atol-0.001``. Beyond nbval, a cell
fails that was stored without being run, that calls an unknown magic, or whose kernel
dies (at once, not at the timeout). Not compared: stderr (TensorFlow's log lines come
and go), pictures, the line that names the device.
"""

import json
import math
import os
import re
import time
from queue import Empty

import pytest
from nbval.kernel import CURRENT_ENV_KERNEL_NAME, RunningKernel, start_new_kernel
from nbval.plugin import IPyNbCell, IPyNbFile

from .record import kernel_environment

RTOL = 1e-4
CELL_SECONDS = 180.0
POLL_SECONDS = 0.5

NUMBER = re.compile(r"(?<![\w.])[-+−]?(?:\d+\.\d*|\.\d+|\d+)(?:[eE][-+]?\d+)?(?![\w])")
TOLERANCE_TAG = re.compile(r"([ra]tol)-(\S+)")
DEVICE_LINE = re.compile(r"^Device: .+$", re.MULTILINE)


def same_text(stored, new, rtol=RTOL, atol=0.0):
    """Whether two outputs say the same: equal words and integers, floats within ``atol
    + rtol * |stored|``.

    Parameters
    ----------
    stored, new : str
    rtol, atol : float
        Relative and absolute tolerance.
    """
    if "".join(NUMBER.sub("#", stored).split()) != "".join(
        NUMBER.sub("#", new).split()
    ):
        return False
    return all(
        _same_number(a, b, rtol, atol)
        for a, b in zip(NUMBER.findall(stored), NUMBER.findall(new), strict=True)
    )


def _same_number(stored, new, rtol, atol):
    stored, new = stored.replace("−", "-"), new.replace("−", "-")
    if not all(re.search(r"[.eE]", token) for token in (stored, new)):
        return stored.lstrip("+") == new.lstrip("+")
    a, b = float(stored), float(new)
    return math.isclose(a, b, rel_tol=0, abs_tol=(atol + rtol * abs(a)) * (1 + 1e-9))


class TolerantText(str):
    """A stored or new output; unequal to another only beyond its tolerance."""

    rtol, atol = RTOL, 0.0

    def __ne__(self, other):
        return not same_text(self, other, self.rtol, self.atol)

    def __eq__(self, other):
        return not self != other

    __hash__ = str.__hash__


class WatchedKernel(RunningKernel):
    """nbval's kernel, of this environment; it notices its own death and remembers how
    the last cell ended."""

    status = "ok"

    def __init__(self, cwd, startup_timeout):
        with open(os.devnull, "w") as nowhere:
            self.km, self.kc = start_new_kernel(
                startup_timeout,
                CURRENT_ENV_KERNEL_NAME,
                stderr=nowhere,
                cwd=cwd,
                env=kernel_environment(),
            )
        self._ensure_iopub_up()

    def await_reply(self, msg_id, timeout=None):
        """As in nbval, but raise RuntimeError soon after the kernel has died."""
        end = time.monotonic() + (math.inf if timeout is None else timeout)
        while time.monotonic() < end:
            try:
                message = self.get_message("shell", timeout=POLL_SECONDS)
            except Empty:
                if not self.is_alive():
                    raise RuntimeError(
                        "The kernel died while it ran this cell."
                    ) from None
                continue
            if message["parent_header"].get("msg_id") == msg_id:
                self.status = message["content"]["status"]
                return
        raise Empty


class NumericCell(IPyNbCell):
    """A code cell whose outputs are compared with a tolerance."""

    def sanitize(self, s):
        """Wrap an output (text or JSON) so that nbval's comparison tolerates float
        noise."""
        text = TolerantText(
            DEVICE_LINE.sub(
                "Device: any",
                (
                    s
                    if isinstance(s, str)
                    else json.dumps(s, sort_keys=True, ensure_ascii=False)
                ),
            )
        )
        text.rtol, text.atol = self.tolerances()
        return text

    def tolerances(self):
        """(rtol, atol) of this cell, from its tags."""
        found = {"rtol": RTOL, "atol": 0.0}
        for tag in self.cell.metadata.get("tags", []):
            if match := TOLERANCE_TAG.fullmatch(tag):
                found[match[1]] = float(match[2])
        return found["rtol"], found["atol"]

    def runtest(self):
        """Run and compare the cell; also fail on an unexecuted cell and on an error
        that only the reply tells."""
        if (
            self.cell.execution_count is None
            and self.cell.source.strip()
            and not self.options["skip"]
        ):
            self.raise_cell_error(
                "The cell was stored without being run, so nothing would check it: run"
                " `make record`."
            )
        super().runtest()
        if self.parent.kernel.status != "ok" and not self.options["check_exception"]:
            self.raise_cell_error(
                "The kernel reports an error for this cell (an unknown magic?)."
            )


class NumericFile(IPyNbFile):
    """A notebook of :class:`NumericCell`."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.skip_compare += ("stderr",)

    def setup(self):
        """Start the kernel in the notebook's folder."""
        self.kernel = WatchedKernel(
            str(self.path.parent), self.config.option.nbval_kernel_startup_timeout
        )
        self.setup_sanitize_files()

    def collect(self):
        """nbval's cells, as :class:`NumericCell`."""
        for cell in super().collect():
            yield NumericCell.from_parent(
                self,
                name=cell.name,
                cell_num=cell.cell_num,
                cell=cell.cell,
                options=cell.options,
            )


def pytest_configure(config):
    """Bring nbval's cell timeout of 2,000 s down, unless one is asked for."""
    if getattr(config.option, "nbval_cell_timeout", None) == 2000:
        config.option.nbval_cell_timeout = CELL_SECONDS


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(file_path, parent):
    """Put :class:`NumericFile` in the place of nbval's file."""
    files = yield
    if not any(isinstance(file, IPyNbFile) for file in files):
        return files
    return [NumericFile.from_parent(parent, path=file_path)]
