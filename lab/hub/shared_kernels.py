"""Kernels that share memory: one process loads the large libraries once, and each
student's kernel is a copy of it (fork), with that student's rights.

``shared_kernels.py`` is the process that is copied; the Hub runs it, as root. In the
folder that the variable COURSE_KERNELS names it has a socket that all may ask.
``shared_kernels.py FILE`` is what a student's server starts as a kernel: it asks for
one. If nobody answers, it becomes a kernel that shares nothing.
"""

import contextlib
import ctypes
import os
import pwd
import socket
import struct
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from course_utils.maintenance import forked

PR_SET_DUMPABLE = 4  # linux/prctl.h


def become_the_asker(connection):
    """Give up root's rights for those of whoever asks, before anything else."""
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
    _, uid, _ = struct.unpack("3i", credentials)
    if uid == 0:
        os._exit(1)  # a kernel with root's rights is nobody's
    with open(os.devnull, "r+b") as nowhere:
        for descriptor in (0, 1, 2):  # the Hub's
            os.dup2(nowhere.fileno(), descriptor)
    Path("/proc/self/oom_score_adj").write_text("500")  # ends before the Hub does
    user = pwd.getpwuid(uid)
    os.initgroups(user.pw_name, user.pw_gid)
    os.setgid(user.pw_gid)
    os.setuid(uid)
    ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 1)  # its entry in /proc is its user's
    keras = sys.modules["keras.src.backend.config"]
    keras._KERAS_DIR = os.path.join(user.pw_dir, ".keras")  # where downloads go


def offer():
    """Copy this process for whoever asks."""
    sys.path.remove(str(Path(__file__).resolve().parent))
    place = Path(os.environ[forked.VARIABLE], forked.SOCKET)
    place.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(place))
        place.chmod(0o666)
        listener.listen(128)
        with contextlib.suppress(KeyboardInterrupt):
            forked.serve(listener, become_the_asker, until=())  # the Hub ends it


def ask(connection):
    """Be the kernel of a connection file, by copy or else by oneself."""
    try:
        forked.ask(os.environ[forked.VARIABLE], connection)
    except (
        KeyError,
        FileNotFoundError,
        PermissionError,
        ConnectionRefusedError,
    ) as error:
        print(f"A kernel of its own, as none can be copied: {error}", file=sys.stderr)
        command = [sys.executable, "-m", "ipykernel_launcher", "-f", connection]
        os.execv(sys.executable, command)


if __name__ == "__main__":
    ask(sys.argv[1]) if len(sys.argv) > 1 else offer()
