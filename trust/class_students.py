"""Students of a load test: each opens notebooks and runs them cell by cell through the
Hub, as JupyterLab does; some crash a kernel, one tries to get at another's files."""

import json
import pwd
import random
import threading
import time
import uuid
from pathlib import Path
from urllib.parse import quote

import pandas as pd

from trust.class_hub import ROOT, WAIT, NotPossible, processes_of

NOTEBOOKS = ("01_perceptron", "03_forward_pass")  # the second computes with TensorFlow
ARRIVE = 30  # seconds within which all students come
THINK = (1, 3)  # seconds between two cells

# A kernel that ends, one that is killed, one that takes ever more memory (untouched, so
# that it costs this machine nothing, if nothing stops it).
CRASHES = {
    "os._exit(1)": "import os; os._exit(1)",
    "kill -9": "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
    "all the memory": (
        "import numpy; hoard = [numpy.empty(2**28, 'u1') for _ in range(256)]"
    ),
}

# Run in one student's kernel: what it can get of another student.
INTRUDER = '''
import json, os, urllib.error, urllib.request, zmq

def attempt(what, action):
    try:
        found[what] = f"done: {action()!r}"[:120]
    except urllib.error.HTTPError as error:
        found[what] = f"refused: {error.code}"
    except OSError as error:
        found[what] = f"refused: {type(error).__name__}"

def ask(address, data=None):
    request = urllib.request.Request(
        address, data, {"Authorization": f"token {token}"}
    )
    return urllib.request.urlopen(request, timeout=30).status

def listen(uid, seconds=10):
    """What kernels say on ports that are open to all users of a machine."""
    with open("/proc/net/tcp") as table:
        rows = [line.split() for line in table][1:]
    ports = [int(r[1].split(":")[1], 16) for r in rows if r[3] == "0A" and r[7] == uid]
    ear = zmq.Context.instance().socket(zmq.SUB)
    ear.subscribe(b"")
    for port in ports:
        ear.connect(f"tcp://127.0.0.1:{port}")
    if not ear.poll(1000 * seconds):
        raise PermissionError
    return ear.recv_multipart()[-1]

found = {}
'''


class Died(Exception):
    """A kernel ended while a cell was running."""


class Kernel:
    """A notebook that a student opens: its cells, and a kernel through the Hub.

    Parameters
    ----------
    hub : Hub
    name, token : str
        The student, and what lets them in.
    notebook : str, optional
        Without it there is only a kernel.
    """

    def __init__(self, hub, name, token, notebook=None):
        import websocket

        self.hub, self.token = hub, token
        self.base = f"/user/{name}/api"
        if notebook:
            path = f"notebooks/{notebook}.ipynb"
            stored = self.ask("GET", f"/contents/{path}")["content"]
            self.cells = [
                "".join(cell["source"])
                for cell in stored["cells"]
                if cell["cell_type"] == "code"
            ]
            wanted = {"path": path, "name": path, "type": "notebook"}
            wanted["kernel"] = {"name": "python3"}
            self.id = self.ask("POST", "/sessions", json=wanted)["kernel"]["id"]
        else:
            self.id = self.ask("POST", "/kernels", json={"name": "python3"})["id"]
        self.session = uuid.uuid4().hex
        address = self.hub.address.replace("http", "ws", 1)
        self.socket = websocket.create_connection(
            f"{address}{self.base}/kernels/{self.id}/channels"
            f"?session_id={self.session}",
            header=[f"Authorization: token {token}"],
            timeout=WAIT,
        )

    def ask(self, method, path, **options):
        """Ask the student's server; its answer."""
        answer = self.hub.ask(method, self.base + quote(path), self.token, **options)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def run(self, code, stop=lambda: None):
        """Run a cell.

        Parameters
        ----------
        code : str
        stop : callable, optional
            Is called often, and may raise.

        Returns
        -------
        dict
            error (None, or its name), text (what was printed), picture (the seconds
            until the first, or None).
        """
        number, begin = uuid.uuid4().hex, time.monotonic()
        content = {"code": code, "silent": False, "store_history": True}
        content |= {"user_expressions": {}, "allow_stdin": False}
        header = {"msg_id": number, "username": "", "session": self.session}
        header |= {"msg_type": "execute_request", "version": "5.3"}
        message = {"header": header, "parent_header": {}, "metadata": {}}
        message |= {"content": content, "channel": "shell", "buffers": []}
        self.socket.send(json.dumps(message))
        text, picture, replied, idle = [], None, None, False
        while replied is None or not idle:
            stop()
            answer = self._receive()
            kind, content = answer["header"]["msg_type"], answer["content"]
            if kind == "status" and content["execution_state"] in (
                "restarting",
                "dead",
            ):
                raise Died
            if answer["parent_header"].get("msg_id") != number:
                continue
            if kind == "execute_reply":
                replied = content
            elif kind == "status":
                idle = content["execution_state"] == "idle"
            elif kind == "stream":
                text.append(content["text"])
            elif kind in ("display_data", "execute_result", "update_display_data"):
                if picture is None and "image/png" in content["data"]:
                    picture = time.monotonic() - begin
        text = "".join(text)
        error = None if replied["status"] == "ok" else replied.get("ename", "aborted")
        if "data rate exceeded" in text:
            error = error or "output was dropped"
        return {"error": error, "text": text, "picture": picture}

    def _receive(self):
        data = self.socket.recv()
        if isinstance(data, bytes):  # with binary parts: their offsets, then the parts
            count = int.from_bytes(data[:4], "big")
            begin, end = (
                int.from_bytes(data[at : at + 4], "big") if at <= 4 * count else None
                for at in (4, 8)
            )
            data = data[begin:end]
        return json.loads(data)

    def close(self):
        """Leave; the kernel goes on."""
        self.socket.close()


class Student(threading.Thread):
    """Somebody who starts a server, opens the notebooks and runs them cell by cell.

    `rows` are what was measured, `trouble` what ended it early.
    """

    def __init__(self, hub, number, stop):
        super().__init__(daemon=True)
        self.hub, self.stop = hub, stop
        self.login, self.random = hub.names[number], random.Random(number)
        self.crash = list(CRASHES)[number] if number < len(CRASHES) else None
        self.rows, self.kernels, self.trouble = {}, [], None

    def run(self):
        try:
            self._pause(self.random.uniform(0, min(ARRIVE, 3 * len(self.hub.names))))
            self._come_in()
            for notebook in NOTEBOOKS:
                self._work(notebook)
                if self.crash and notebook == NOTEBOOKS[0]:
                    self._crash()
        except Exception as error:
            self.trouble = f"{type(error).__name__}: {error}"
        self.rows["ended early"] = self.trouble or "no"

    def _check(self):
        if self.stop.is_set():
            raise NotPossible("stopped, because the machine's memory was running out")

    def _pause(self, seconds):
        if self.stop.wait(seconds):
            self._check()

    def _come_in(self):
        begin = time.monotonic()
        user = f"/hub/api/users/{self.login}"
        self.hub.ask("POST", f"{user}/server").raise_for_status()
        while True:
            self._pause(0.5)
            server = self.hub.ask("GET", user).json()["servers"].get("")
            if server is None:
                raise RuntimeError("the server did not start")
            if server["ready"]:
                break
        self.rows["server ready (s)"] = time.monotonic() - begin
        answer = self.hub.ask("POST", f"{user}/tokens", json={"expires_in": 7200})
        answer.raise_for_status()
        self.token = answer.json()["token"]
        lab = self.hub.ask("GET", f"/user/{self.login}/lab", self.token)
        lab.raise_for_status()
        if "course-present" not in lab.text:
            raise RuntimeError("JupyterLab comes without the course's extension")

    def _work(self, notebook):
        short, begin = notebook[:2], time.monotonic()
        kernel = Kernel(self.hub, self.login, self.token, notebook)
        self.kernels.append(kernel)
        waited = time.monotonic() - begin
        first, failed = None, []
        for number, code in enumerate(kernel.cells):
            if number:
                self._pause(self.random.uniform(*THINK))
            begin = time.monotonic()
            try:
                done = kernel.run(code, self._check)
            except Died:
                failed += [f"cell {i}: dead" for i in range(number, len(kernel.cells))]
                break
            if first is None and done["picture"] is not None:
                first = waited + done["picture"]
            waited += time.monotonic() - begin
            if done["error"]:
                failed.append(f"cell {number}: {done['error']}")
        self.rows |= {
            f"{short} first picture (s)": first,
            f"{short} waited in all (s)": waited,
            f"{short} cells": len(kernel.cells),
            f"{short} failed": len(failed),
        }
        if failed:
            self.rows[f"{short} what failed"] = "; ".join(failed)[:300]

    def _crash(self):
        """Crash another kernel, and see it work again."""
        kernel = Kernel(self.hub, self.login, self.token)
        begin = time.monotonic()
        try:
            end = kernel.run(CRASHES[self.crash], self._check)["error"] or "nothing"
        except Died:
            end = "kernel died"
            self._pause(1)
        works = kernel.run("print(6 * 7)", self._check)["text"].strip() == "42"
        seconds = time.monotonic() - begin
        self.rows[f"crash: {self.crash}"] = (
            f"{end}; works again after {seconds:.0f} s" if works else f"{end}; no more"
        )
        kernel.ask("DELETE", f"/kernels/{kernel.id}")
        kernel.close()


def isolation(hub, intruder, victim):
    """What one student can get of another: rows (intruder, attempt, outcome), where an
    outcome that begins with *refused* is right.

    Parameters
    ----------
    hub : Hub
    intruder, victim : Student
        With servers and kernels.
    """
    home = Path(pwd.getpwnam(victim.login).pw_dir)
    uid = pwd.getpwnam(victim.login).pw_uid
    running = processes_of({uid})
    server = next(p for p in running if any("singleuser" in a for a in p.cmdline()))
    (connection, *_) = home.glob(".runtime/kernel-*.json")
    notebook = home / f"course/notebooks/{NOTEBOOKS[0]}.ipynb"
    (door,) = [c for c in server.net_connections("tcp4") if c.status == "LISTEN"]
    local = f"http://127.0.0.1:{door.laddr.port}"
    theirs = f"/user/{victim.login}/api/contents/notebooks"
    api = f"{hub.address}/hub/api/users/{victim.login}"
    attempts = {
        "list another's home": f"os.listdir({str(home)!r})",
        "read another's notebook": f"open({str(notebook)!r}).read(20)",
        "write into another's notebook": f"open({str(notebook)!r}, 'a')",
        "read the key of another's kernel": f"open({str(connection)!r}).read()",
        "read the token of another's server": (
            f"open('/proc/{server.pid}/environ').read(20)"
        ),
        "end another's server": f"os.kill({server.pid}, 9)",
        "list another's files through the Hub": f"ask({hub.address + theirs!r})",
        "list another's files at their server": f"ask({local + theirs!r})",
        "ask the Hub for another's server": f"ask({api + '/server'!r}, b'')",
        "make a token for another": f"ask({api + '/tokens'!r}, b'{{}}')",
        "ask the proxy for its routes": (
            f"ask('http://127.0.0.1:{hub.api_port}/api/routes')"
        ),
        "read the Hub's files": f"os.listdir({hub.folder.name!r})",
        "read the passwords": "open('/etc/shadow').read(20)",
        "hear what another's kernel prints": f"listen('{uid}')",
        "change the course": f"open({str(ROOT / 'course_utils/data.py')!r}, 'a')",
        "change the environment": f"open({pd.__file__!r}, 'a')",
    }
    code = INTRUDER + f"token = {intruder.token!r}\n"
    code += "".join(
        f"attempt({what!r}, lambda: {action})\n" for what, action in attempts.items()
    )
    speaks = threading.Thread(
        target=victim.kernels[-1].run,
        args=["import time\nfor _ in range(60): print('mine'); time.sleep(0.5)"],
    )
    speaks.start()
    code += "print(json.dumps(found))"
    found = json.loads(intruder.kernels[-1].run(code)["text"])
    speaks.join()
    name, word = intruder.login, hub.passwords[intruder.login]
    for what, allowed in {
        "log in with a wrong password": hub.log_in(name, word + "x"),
        "log in without a password": hub.log_in(name, ""),
        "log in as another with one's own password": hub.log_in(victim.login, word),
        "log in as root": hub.log_in("root", word),
        "ask the Hub without a token": hub.ask("GET", "/hub/api/users", "none").ok,
        "list files without a token": hub.ask("GET", theirs, "none").ok,
    }.items():
        found[what] = "done" if allowed else "refused"
    rows = [(intruder.login, f"tries to {w}", f) for w, f in found.items()]
    right = "done" if hub.log_in(name, word) else "refused"
    return [*rows, (intruder.login, "logs in with the right password", right)]
