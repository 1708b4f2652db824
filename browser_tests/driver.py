"""Drives the course's JupyterLab in a browser, on a copy of the repository."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from urllib.parse import quote, urlsplit

ROOT = Path(__file__).resolve().parents[1]
LEFT_OUT = (".git", ".venv", "build", "__pycache__", ".state", "*.egg-info", ".*_cache")
START = 120  # seconds that a start or a page may take on a busy machine
RUN = 300  # seconds that a notebook may run

# Console errors that are nobody's fault: a pattern, and why it is allowed.
ALLOWED = {
    r"favicon\.ico": "a browser asks for it; a page without one works",
}

# In the page: the notebook in front (`n`), its scrolling part, what its cells hold.
HELPERS = """() => { window.course = {
  get panel() { return window.jupyterapp?.shell.currentWidget; },
  get n() { return this.panel?.content; },
  get scroller() { return this.n.node.querySelector('.jp-WindowedPanel-outer'); },
  get kernel() { return this.panel.sessionContext.session?.kernel?.status; },
  // The part of the page that shows cell `i`, scrolled into view.
  async bring(i) {
    await this.n.scrollToItem(i, 'start');
    this.n.widgets[i].node.scrollIntoView({block: 'start'});
    await this.still(200);
    this.n.widgets[i].node.scrollIntoView({block: 'start'});
    await this.still(100);
  },
  cells() {
    return this.n.widgets.map((w, i) => ({
      i, id: w.model.id, type: w.model.type, source: w.model.sharedModel.source,
      count: w.model.executionCount ?? null,
      state: w.model.executionState ?? null,
      outputs: w.model.outputs?.toJSON() ?? [],
      folded: w.model.type === 'markdown' ? !!w.headingCollapsed : !!w.inputHidden,
      shown: !w.isHidden,
      tags: w.model.getMetadata('tags') ?? [],
    }));
  },
  // Resolves when nothing in the notebook has moved for `ms` milliseconds.
  async still(ms) {
    const s = this.scroller, now = () => `${s.scrollTop} ${s.scrollHeight} ` +
      [...s.querySelectorAll('.jp-Cell')].map(c => c.offsetHeight);
    let seen = now(), since = performance.now();
    const end = since + 20000;
    while (performance.now() - since < ms && performance.now() < end) {
      await new Promise(r => setTimeout(r, 40));
      const next = now();
      if (next !== seen) { seen = next; since = performance.now(); }
    }
  },
}; }
"""


def watch(page):
    """Note in the list `page.troubles` what goes wrong in a page: errors in its
    console, uncaught exceptions, requests to other machines."""
    page.troubles = []
    page.set_default_timeout(60_000)

    def note(kind, text):
        if not any(re.search(pattern, text) for pattern in ALLOWED):
            page.troubles.append(f"{kind}: {text}")

    def console(message):
        if message.type == "error":
            place = (message.location or {}).get("url", "")
            note("console", f"{message.text} ({place})")

    def request(sent):
        where = urlsplit(sent.url)
        if where.scheme in ("http", "https", "ws", "wss") and where.hostname not in (
            "127.0.0.1",
            "localhost",
        ):
            note("asked another machine", sent.url)

    page.on("console", console)
    page.on("pageerror", lambda error: note("exception", str(error)))
    page.on("request", request)


def command(target):
    """The last command that `make TARGET` runs, with its variables filled in."""
    lines = subprocess.run(
        ["make", "--dry-run", "--no-print-directory", target],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return lines.replace("\\\n", " ").strip().splitlines()[-1]


def copy_of_the_course(folder):
    """A copy of the repository in `folder`, with this environment as its .venv."""
    shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(*LEFT_OUT))
    (folder / ".venv").symlink_to(sys.prefix)
    return folder


class Lab:
    """JupyterLab as `make lab` starts it, with settings, workspaces and trust of its
    own, on a copy of the repository.

    Parameters
    ----------
    folder : pathlib.Path
        An empty folder for all that.
    *options : str
        More options for the command line.

    Attributes
    ----------
    root : pathlib.Path
        The copy of the repository.
    address, token : str
        Where the server listens, with a slash at the end, and its token.
    top : pathlib.Path
        The folder that the server shows.
    log : pathlib.Path
        What the server prints.
    """

    def __init__(self, folder, *options):
        self.folder, self.options = Path(folder), options
        self.log = self.folder / "server.log"
        self._workspaces = count(1)

    def __enter__(self):
        self.root = copy_of_the_course(self.folder / "repository")
        places = {
            name: str(self.folder / name.lower())
            for name in (
                "JUPYTER_CONFIG_DIR",
                "JUPYTER_DATA_DIR",
                "JUPYTER_RUNTIME_DIR",
                "JUPYTERLAB_SETTINGS_DIR",
                "JUPYTERLAB_WORKSPACES_DIR",
                "IPYTHONDIR",
            )
        }
        self.environment = {**os.environ, **places, "PYTHONPATH": str(self.root)}
        options = [
            "--no-browser",
            "--allow-root",
            f"--ServerApp.port={_free_port()}",
            "--LabApp.expose_app_in_browser=True",  # tests look into its models
            *self.options,
        ]
        with self.log.open("w") as log:
            self._process = subprocess.Popen(
                " ".join([command("lab"), *options]),
                shell=True,
                cwd=self.root,
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._wait_for_server(Path(places["JUPYTER_RUNTIME_DIR"]))
        return self

    def __exit__(self, *exception):
        self.shutdown_kernels()
        os.killpg(self._process.pid, signal.SIGTERM)
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)

    def _wait_for_server(self, runtime):
        for _ in range(10 * START):
            for file in runtime.glob("jpserver-*.json"):
                try:
                    server = json.loads(file.read_text())
                    self.address, self.token = server["url"], server["token"]
                    self.top = Path(server["root_dir"])
                    self.api("GET", "api/status")
                    return
                except (OSError, ValueError):
                    pass  # half written, or not listening yet
            if self._process.poll() is not None:
                break
            time.sleep(0.1)
        raise RuntimeError(f"JupyterLab did not start:\n{self.log.read_text()}")

    def api(self, method, path):
        """What the server answers to a request of its REST interface."""
        request = urllib.request.Request(
            self.address + path,
            method=method,
            headers={"Authorization": f"token {self.token}"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read() or "null")

    def shutdown_kernels(self):
        """End all kernels."""
        for session in self.api("GET", "api/sessions"):
            self.api("DELETE", f"api/sessions/{session['id']}")
        for kernel in self.api("GET", "api/kernels"):
            self.api("DELETE", f"api/kernels/{kernel['id']}")

    def url(self, path):
        """The address of a file of the copy, in a workspace that nobody used."""
        workspace = f"course-{next(self._workspaces)}"
        tree = quote((self.root / path).relative_to(self.top).as_posix())
        return (
            f"{self.address}lab/workspaces/{workspace}/tree/{tree}?token={self.token}"
        )

    def open(self, page, notebook):
        """Open a notebook ("03_forward_pass", or a path) in a fresh workspace; wait
        until it is rendered and its kernel is idle."""
        path = notebook if "/" in notebook else f"notebooks/{notebook}.ipynb"
        page.goto(self.url(path), timeout=1000 * START)
        self.ready(page)

    def ready(self, page):
        """Wait until the notebook in front is rendered and its kernel is idle."""
        page.wait_for_selector(
            ".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Notebook .jp-Cell",
            timeout=1000 * START,
        )
        page.evaluate(HELPERS)
        page.wait_for_function(
            "() => course.n?.widgets?.length && course.kernel === 'idle'",
            timeout=1000 * START,
        )
        page.evaluate("() => course.still(500)")

    def cells(self, page):
        """The notebook's cells as JupyterLab holds them: a list of dictionaries with
        `i, id, type, source, count, state, outputs, tags`, and how they look: `folded`
        (a heading's section, a code cell's code), `shown` (not in a folded section).
        """
        return page.evaluate("() => course.cells()")

    def run_all(self, page, limit=RUN):
        """Run > Run All Cells; wait until every cell has run and the kernel is idle,
        and give the cells (see `cells`)."""
        self.menu(page, "Run", "Run All Cells", limit)
        return self.cells(page)

    def menu(self, page, menu, entry, limit=60):
        """Click an entry of a menu; wait until what it does has ended."""
        with self.until_it_has_ended(page, limit):
            page.locator(f".lm-MenuBar-itemLabel:text-is('{menu}')").click()
            page.locator(f".lm-Menu-itemLabel:text-is('{entry}')").click()

    @contextmanager
    def until_it_has_ended(self, page, limit=60):
        """Do something that executes commands of JupyterLab; then this waits until
        they have ended and the kernel is idle."""
        page.evaluate(
            """() => {
              const commands = jupyterapp.commands, listen = (_, command) => {
                course.left = (course.left ?? 0) + 1;
                command.result.catch(() => {}).finally(() => { course.left -= 1; });
              };
              course.left = null;
              course.deafen?.();
              course.deafen = () => commands.commandExecuted.disconnect(listen);
              commands.commandExecuted.connect(listen);
            }"""
        )
        yield
        page.wait_for_function(
            "() => course.left === 0 && course.kernel === 'idle'",
            timeout=1000 * limit,
        )
        page.evaluate("() => { course.deafen(); return course.still(300); }")

    def walk(self, page, overlap=60):
        """Scroll through the notebook in front, from its first line to its last, and
        yield the number of each screenful when it is drawn: JupyterLab draws only what
        is near."""
        page.evaluate("() => { course.scroller.scrollTop = 0; }")
        for screen in count():
            page.evaluate("() => course.still(250)")
            yield screen
            before, after, end = page.evaluate(
                """overlap => {
                  const s = course.scroller, before = s.scrollTop;
                  s.scrollTop = before + s.clientHeight - overlap;
                  return [before, s.scrollTop,
                          s.scrollTop + s.clientHeight >= s.scrollHeight - 2];
                }""",
                overlap,
            )
            if after <= before + 2 and end:
                return

    def bring(self, page, cell):
        """Scroll to a cell, given by its number, and give it as a locator."""
        page.evaluate("i => course.bring(i)", cell)
        return page.locator(
            ".jp-NotebookPanel:not(.lm-mod-hidden)"
            f' .jp-Cell[data-windowed-list-index="{cell}"]'
        )

    def execute(self, page, command, **options):
        """Execute a command of JupyterLab, by its id, and wait until it has ended."""
        page.evaluate(
            "async ([id, options]) => {"
            " await jupyterapp.commands.execute(id, options); }",
            [command, options],
        )

    def theme(self, page, name):
        """Choose a theme, "JupyterLab Light" or "JupyterLab Dark"."""
        self.execute(page, "apputils:change-theme", theme=name)
        page.wait_for_selector(f'body[data-jp-theme-name="{name}"]', state="attached")
        page.evaluate("() => course.still(300)")

    def save(self, page):
        """Press Ctrl+S; wait until the notebook is saved."""
        page.keyboard.press("Control+s")
        page.wait_for_function("() => !course.panel.context.model.dirty")


def _free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]
