"""The Hub of lab/hub for a load test: users made for it, ports and a token of its own,
and nothing of it left behind."""

import contextlib
import os
import pwd
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from trust.files import ROOT

NAME = "classtest"  # and two digits
WAIT = 600  # seconds that an answer may take

# What the test adds to the Hub's configuration: ports of its own, and a token that may
# start servers.
CONFIG = """
load_subconfig("jupyterhub_config.py", path={folder!r})
c.JupyterHub.bind_url = "http://127.0.0.1:{port}"
c.JupyterHub.hub_bind_url = "http://127.0.0.1:{hub_port}"
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{api_port}"
c.JupyterHub.services.append({{"name": "class", "api_token": {token!r}}})
c.JupyterHub.load_roles = [
    {{
        "name": "class",
        "services": ["class"],
        "scopes": ["admin:users", "servers", "tokens"],
    }}
]
"""


class NotPossible(Exception):
    """The load test cannot go on; the message says what to do."""


def free_ports(count):
    """Ports that nobody listens on."""
    taken = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in taken]
    for one in taken:
        one.close()
    return ports


def made_users():
    """The users of this machine that a load test made."""
    return [
        user.pw_name
        for user in pwd.getpwall()
        if user.pw_name[: len(NAME)] == NAME and user.pw_name[len(NAME) :].isdigit()
    ]


def remove_users():
    """Remove the load test's users, their homes and what still runs for them."""
    for name in made_users():
        uid = pwd.getpwnam(name).pw_uid
        for process in processes_of({uid}):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
                process.wait(10)
        subprocess.run(
            ["userdel", "--remove", name], check=True, stderr=subprocess.DEVNULL
        )


def processes_of(uids):
    """Processes of some users, zombies left out."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.NoSuchProcess):
            if process.uids().real in uids and process.status() != "zombie":
                found.append(process)
    return found


def memory(pid):
    """Proportional memory of a process in MB: its own, and its share of what several
    have mapped."""
    with open(f"/proc/{pid}/smaps_rollup") as lines:
        for line in lines:
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
    return 0.0


class Hub:
    """The Hub of lab/hub and its students, for the duration of a ``with``.

    Parameters
    ----------
    students : int
    shared : bool
        Whether their kernels share memory.
    """

    def __init__(self, students, shared=True):
        self.shared = shared
        self.names = [f"{NAME}{number:02}" for number in range(1, students + 1)]

    def __enter__(self):
        import requests

        if os.geteuid() != 0 or sys.platform != "linux":
            raise NotPossible("The load test makes users: run it as root, on Linux.")
        if made_users():
            raise NotPossible(
                f"There are users {NAME}NN already: if no load test is running, remove"
                " them with python -m trust.full_class --remove."
            )
        self.session = requests.Session()
        self.token = secrets.token_hex(32)
        self.folder = tempfile.TemporaryDirectory(prefix="class-")
        self.sockets = tempfile.TemporaryDirectory(prefix="class-")
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _start(self):
        home = Path(self.folder.name)
        sockets = Path(self.sockets.name)
        sockets.chmod(0o755)
        self.passwords = {name: secrets.token_urlsafe(12) for name in self.names}
        accounts = "".join(f"{n}:{word}\n" for n, word in self.passwords.items())
        (home / "students.txt").write_text(accounts)
        (home / "students.txt").chmod(0o600)
        port, hub_port, api_port = free_ports(3)
        self.api_port, self.hub_port = api_port, hub_port
        self.address = f"http://127.0.0.1:{port}"
        (home / "config.py").write_text(
            CONFIG.format(
                folder=str(ROOT / "lab" / "hub"),
                token=self.token,
                port=port,
                hub_port=hub_port,
                api_port=api_port,
            )
        )
        self.log = open(home / "hub.log", "wb")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "jupyterhub", f"--config={home / 'config.py'}"],
            cwd=ROOT,
            stdout=self.log,
            stderr=self.log,
            env={
                **os.environ,
                "COURSE_HUB": str(home / "hub"),
                "COURSE_SHARED_KERNELS": "yes" if self.shared else "no",
                "COURSE_KERNELS": str(sockets),
                "COURSE_STUDENTS": str(home / "students.txt"),
            },
        )
        for _ in range(240):
            time.sleep(0.5)
            if self.process.poll() is not None:
                break
            with contextlib.suppress(OSError):
                if self.ask("GET", "/hub/api/users").ok:
                    subprocess.run(["chpasswd"], input=accounts, text=True, check=True)
                    return
        text = (home / "hub.log").read_text(errors="replace").strip()
        raise NotPossible(f"The Hub does not start: {text[-1500:]}")

    def ask(self, method, path, token=None, **options):
        """A request to the Hub or, through it, to a student's server."""
        import requests

        return requests.request(
            method,
            self.address + path,
            headers={"Authorization": f"token {token or self.token}"},
            timeout=WAIT,
            **options,
        )

    def log_in(self, name, word):
        """Whether the log-in page lets somebody in."""
        import requests

        with requests.Session() as browser:
            browser.get(f"{self.address}/hub/login", timeout=60)
            browser.post(
                f"{self.address}/hub/login?next=%2Fhub%2Ftoken",
                data={
                    "username": name,
                    "password": word,
                    "_xsrf": browser.cookies.get("_xsrf", path="/hub/"),
                },
                timeout=60,
            )
            shown = browser.get(f"{self.address}/hub/token", timeout=60)
            return shown.url.endswith("/hub/token")

    @property
    def uids(self):
        """The students' numbers on this machine."""
        return {pwd.getpwnam(name).pw_uid for name in made_users()}

    def __exit__(self, *_):
        """Stop the Hub, and with it the servers; remove the users."""
        process = getattr(self, "process", None)
        if process and process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(120)
            except subprocess.TimeoutExpired:
                for child in psutil.Process(process.pid).children(recursive=True):
                    child.kill()
                process.kill()
                process.wait()
        self.left = [p.name() for p in processes_of(self.uids)]
        remove_users()
        if hasattr(self, "log"):
            self.log.close()
            keep = os.environ.get("COURSE_HUB_LOG")
            if keep:
                Path(keep).write_bytes(Path(self.log.name).read_bytes())
        self.folder.cleanup()
        self.sockets.cleanup()
