"""Kernels that start in a moment: one process loads the large libraries once, and every
notebook of a test run gets a copy of it (fork).

Loading TensorFlow, pandas and matplotlib takes five seconds of a processor, for each of
15 notebooks. A copy is a process of its own, with its own folder, variables and seeds,
and none of the course's code in it; recording and repeating start kernels afresh.

As a program, ``forked.py FD`` is the process that is copied: it takes requests from
the socket with this number, until its standard input ends. ``forked.py FOLDER FILE`` is
what Jupyter starts, watches and stops in the kernel's place: it asks for a copy that
serves the connection in FILE, passes interrupts on, and ends with the copy, or the copy
with it.
"""

import gc
import importlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading

VARIABLE = "COURSE_KERNELS"  # the folder of the socket, for all workers of a test run
SOCKET = "kernels"
LIBRARIES = [
    "ipykernel.kernelapp",
    "ipywidgets",
    "keras",
    "matplotlib.pyplot",
    "pandas",
    "scipy.stats",
    "tensorflow",
]


def offer(folder, environment):
    """Open a socket in `folder`; whoever first asks there for a kernel has the process
    started that is copied.

    Parameters
    ----------
    folder : pathlib.Path
        Empty, with a short path.
    environment : dict of str to str
        That process's environment variables.

    Returns
    -------
    callable
        Ends it all.
    """
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(folder / SOCKET))
    listener.listen(16)
    ended, end = os.pipe()

    def start_when_asked():
        with listener:
            ready, _, _ = select.select([listener, ended], [], [])
            if listener in ready:
                subprocess.run(
                    [sys.executable, __file__, str(listener.fileno())],
                    pass_fds=[listener.fileno()],
                    stdin=ended,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    env={**environment, "OPENBLAS_NUM_THREADS": "1"},  # no threads yet
                )

    starter = threading.Thread(target=start_when_asked, daemon=True)
    starter.start()

    def stop():
        os.close(end)
        starter.join()
        os.close(ended)

    return stop


def serve(listener, become=lambda connection: None, until=(sys.stdin,)):
    """Load the libraries, and answer each request with a copy of this process.

    Parameters
    ----------
    listener : socket.socket
    become : callable, optional
        What a copy does first, with the connection.
    until : sequence of files, optional
        It ends when one of them does.
    """
    for library in LIBRARIES:
        importlib.import_module(library)
    gc.collect()
    gc.freeze()  # what is loaded stays in memory that copies share
    signal.signal(signal.SIGCHLD, _count_the_ended)
    while True:
        ready, _, _ = select.select([listener, *until], [], [])
        if listener not in ready:
            return
        connection, _ = listener.accept()
        if os.fork() == 0:
            listener.close()
            become(connection)
            _become_kernel(connection)
        connection.close()


def _count_the_ended(*_):
    """Take note of copies that ended: none stays as a zombie, and their processor time
    belongs to this process's."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:  # all have ended
        pass


def _become_kernel(connection):
    """Serve one notebook, until it or the one who asked for it ends."""
    from ipykernel.kernelapp import IPKernelApp

    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    with connection.makefile("rw") as lines:
        wanted = json.loads(lines.readline())
        print(os.getpid(), file=lines, flush=True)
    os.environ.clear()
    os.environ.update(wanted["environment"])
    os.environ.pop("JPY_PARENT_PID", None)  # another process than this one's parent
    tempfile.tempdir = None  # not the one of the process that was copied
    os.chdir(wanted["folder"])

    def end_with_the_other_side():
        connection.recv(1)
        os._exit(1)

    threading.Thread(target=end_with_the_other_side, daemon=True).start()
    IPKernelApp.launch_instance(argv=["-f", wanted["connection"]])
    os._exit(0)


def ask(folder, connection):
    """Have a kernel made, and live as long as it and the process that asks.

    Parameters
    ----------
    folder : str
        Where the socket is.
    connection : str
        The file that says where the kernel listens.

    Raises
    ------
    OSError
        If nobody answers at the socket.
    """
    parent = os.getppid()
    with socket.socket(socket.AF_UNIX) as server:
        server.connect(os.path.join(folder, SOCKET))
        wanted = {"connection": connection, "folder": os.getcwd()}
        wanted["environment"] = dict(os.environ)
        with server.makefile("rw") as lines:
            print(json.dumps(wanted), file=lines, flush=True)
            kernel = int(lines.readline())
        signal.signal(signal.SIGINT, lambda *_: os.kill(kernel, signal.SIGINT))
        while os.getppid() == parent:  # or else nobody could stop it
            if select.select([server], [], [], 1)[0]:  # ends with the kernel
                return


if __name__ == "__main__":
    if len(sys.argv) == 2:
        del sys.path[0]  # the folder of this file
        serve(socket.socket(fileno=int(sys.argv[1])))
    else:
        ask(*sys.argv[1:])
