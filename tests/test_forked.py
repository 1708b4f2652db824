"""Kernels by copy: each its own folder, variables and life; nothing is left behind."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from jupyter_client.manager import KernelManager

from course_utils.maintenance.forked import SOCKET, VARIABLE, offer
from course_utils.maintenance.record import CopiedKernel

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="only Linux copies processes safely"
)


class Copied(KernelManager):
    """CopiedKernel for a client that waits."""

    format_kernel_cmd = CopiedKernel.format_kernel_cmd


class Kernel:
    """A kernel by copy and its client."""

    def __init__(self, folder, **variables):
        self.manager = Copied()
        self.manager.start_kernel(cwd=str(folder), env={**os.environ, **variables})
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=60)
        self.pid = int(self.says("import os; print(os.getpid())"))

    def says(self, code, **options):
        """What the code prints."""
        printed = []

        def note(message):
            printed.append(message["content"].get("text", ""))

        self.client.execute_interactive(code, output_hook=note, **options)
        return "".join(printed).strip()

    def end(self):
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)
        for _ in range(100):
            if not alive(self.pid):
                return
            time.sleep(0.1)
        raise AssertionError("the copy lives on")


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_each_copy_is_on_its_own_and_ends_with_its_client(tmp_path):
    (tmp_path / "other").mkdir()
    one, other = Kernel(tmp_path, MINE="1"), Kernel(tmp_path / "other")
    state = "import os, sys; print(os.getcwd(), os.environ.get('MINE'))"
    assert one.says(state) == f"{tmp_path} 1"
    assert other.says(state) == f"{tmp_path / 'other'} None"
    assert one.says("a = 1; print(a)") == "1"
    assert other.says("print('a' in globals())") == "False"
    loaded = "print([name in sys.modules for name in ('tensorflow', 'course_utils')])"
    assert one.says(loaded) == "[True, False]"
    folders = "print([path for path in sys.path if 'maintenance' in path])"
    assert one.says(folders) == "[]"
    one.end()
    assert other.says("print('here')") == "here"
    other.end()


def test_an_interrupt_reaches_the_copy(tmp_path):
    kernel = Kernel(tmp_path)
    before = time.monotonic()
    kernel.client.execute("import time\ntime.sleep(60)")
    time.sleep(1)
    kernel.manager.interrupt_kernel()
    reply = kernel.client.get_shell_msg(timeout=30)["content"]
    assert reply["ename"] == "KeyboardInterrupt"
    assert kernel.says("print('goes on')") == "goes on"
    assert time.monotonic() - before < 30
    kernel.end()


def test_the_copy_is_the_kernel_and_not_the_one_that_is_copied(tmp_path):
    parent = "import os; print(os.getppid())"
    one = Kernel(tmp_path)
    copied = int(one.says(parent))
    one.end()
    other = Kernel(tmp_path)
    assert int(other.says(parent)) == copied and copied not in (one.pid, other.pid)
    assert copied > 1  # or else it has ended, and its copies are orphans
    other.end()


def test_a_copy_ends_with_a_killed_asker(tmp_path):
    """Such as a worker of pytest that ran out of memory."""
    code = (
        "import sys, time\nsys.path.insert(0, 'tests')\n"
        "from test_forked import Kernel\n"
        f"print(Kernel({str(tmp_path)!r}).pid, flush=True); time.sleep(600)"
    )
    asker = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[1],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": "."},
        text=True,
    )
    with asker:
        pid = int(asker.stdout.readline())
        assert alive(pid)
        asker.kill()
    for _ in range(100):
        if not alive(pid):
            return
        time.sleep(0.1)
    raise AssertionError("the copy lives on")


def test_nothing_starts_before_it_is_asked_for_and_nothing_stays(tmp_path):
    stop = offer(tmp_path, dict(os.environ))
    stop()
    with pytest.raises(ConnectionRefusedError):
        socket.socket(socket.AF_UNIX).connect(str(tmp_path / SOCKET))


def test_a_run_of_tests_offers_them():
    assert Path(os.environ[VARIABLE], SOCKET).exists()
