"""What goes wrong in the scenarios of :mod:`trust.bad_days`: programs that are killed
or interrupted, a proxy that reads along, and calls whose error is shown as a sentence.

A scenario runs in a process of its own, in an empty folder; all that it starts says
what it says on the same standard output.
"""

import hashlib
import inspect
import io
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from pathlib import Path

from trust.files import ROOT

PYTEST = ["-m", "pytest", "-c", str(ROOT / "pyproject.toml"), "--rootdir", "."]
PYTEST += ["-p", "no:cacheprovider"]
WAIT_SECONDS = 50
signal.signal(signal.SIGINT, signal.default_int_handler)  # a job of a shell ignores it


def python(*arguments, **variables):
    """Run Python with these arguments."""
    environment = {**os.environ, **variables}
    return subprocess.call([sys.executable, *map(str, arguments)], env=environment)


def says(call, *arguments):
    """Call a helper; show its error as the sentence that a reader sees last."""
    try:
        call(*arguments)
        print("no error")
    except Exception as error:
        print(error)


def struck(number, *arguments, when):
    """Start Python with these arguments, and send it a signal as soon as there is a
    file `when`: Ctrl+C goes to all that it started, a kill to it alone."""
    command = [sys.executable, *map(str, arguments)]
    program = subprocess.Popen(command, start_new_session=True)
    end = time.monotonic() + WAIT_SECONDS
    while not list(Path().glob(when)):
        if program.poll() is not None or time.monotonic() > end:
            program.kill()
            sys.exit(f"{when} never came")
        time.sleep(0.05)
    time.sleep(0.5)
    if number == signal.SIGINT:
        os.killpg(program.pid, number)
    else:
        program.send_signal(number)
    status = program.wait(30)
    print(f"killed by {signal.Signals(-status).name}" if status < 0 else "ended")


def interrupted_after(seconds, call):
    """Call something that takes long, and press Ctrl+C."""
    press = threading.Timer(seconds, os.kill, [os.getpid(), signal.SIGINT])
    press.start()
    try:
        call()
    except KeyboardInterrupt as error:
        print(error or "a bare KeyboardInterrupt")


def long_training():
    """Replicas that train for hours."""
    import keras
    import numpy as np

    from course_utils import fit_replicas

    x = np.zeros((200, 5), "float32")
    net = keras.Sequential
    layers = lambda: [keras.Input((5,)), keras.layers.Dense(1)]
    fit_replicas(
        lambda: net(layers()), x, x[:, :1], range(2), "sgd", "mse", epochs=10**6
    )


def repeated_in(folder):
    """`make replicate` with its files in a folder: one repetition of a notebook."""
    from course_utils.maintenance import replicate

    replicate.RUNS, replicate.TABLE = Path(folder, "runs"), Path(folder, "table.csv")
    replicate.main(["1", f"{folder}/a.ipynb"])


def installed_without(folder):
    """Make .venv in a copy of the course; say how long it took."""
    import shutil

    for name in ("pyproject.toml", "requirements.txt", "README.md"):
        shutil.copy(ROOT / name, folder)
    for name in (".ci", "course_utils"):
        shutil.copytree(ROOT / name, Path(folder, name))
    begun = time.monotonic()
    command = [sys.executable, str(Path(folder, ".ci", "make_venv.py"))]
    done = subprocess.run(command, capture_output=True, text=True)
    lines = (done.stdout + done.stderr).strip().splitlines()
    print(f"{lines[-1]} (after {time.monotonic() - begun:.0f} s)")


def proxy(answer):
    """A proxy that reads along, with a certificate of its own (``proxy.pem``), and
    answers every request with these bytes; https goes through it from now on."""
    from keras.src.datasets import mnist

    host = re.search('"https://([^/]+)/', inspect.getsource(mnist.load_data))[1]
    made = "openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out proxy.pem"
    made += f" -days 2 -subj /CN=proxy -addext subjectAltName=DNS:{host}"
    subprocess.run(made.split(), check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain("proxy.pem", "key.pem")
    listener = socket.create_server(("127.0.0.1", 0))
    head = f"HTTP/1.0 200 OK\r\nContent-Length: {len(answer)}\r\n\r\n"

    def serve():
        while True:
            connection, _ = listener.accept()
            try:
                connection.recv(65536)  # CONNECT
                connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                with context.wrap_socket(connection, server_side=True) as secure:
                    secure.recv(65536)  # GET
                    secure.sendall(head.encode() + answer)
            except OSError:  # the other side does not trust it, or has no room
                connection.close()

    threading.Thread(target=serve, daemon=True).start()
    os.environ["https_proxy"] = f"http://127.0.0.1:{listener.getsockname()[1]}"


def digits():
    """A file in the form of the full MNIST, all black."""
    import numpy as np

    made = io.BytesIO()
    np.savez_compressed(
        made,
        x_train=np.zeros((60000, 28, 28), np.uint8),
        y_train=np.zeros(60000, np.uint8),
        x_test=np.zeros((10000, 28, 28), np.uint8),
        y_test=np.zeros(10000, np.uint8),
    )
    return made.getvalue()


def through_proxy(answer, trusted=False, expected=False):
    """Load the full MNIST through it, with the certificate trusted or not, the bytes
    those that Keras expects or not."""
    from keras.src.datasets import mnist

    from course_utils import load_mnist

    proxy(answer)
    if trusted:
        os.environ["SSL_CERT_FILE"] = "proxy.pem"
    if expected:
        fetch, digest = mnist.get_file, hashlib.sha256(answer).hexdigest()
        mnist.get_file = lambda **options: fetch(**{**options, "file_hash": digest})

    def load():
        (x, _), _ = load_mnist("full")
        print(f"{len(x):,} digits were loaded.")

    says(load)
