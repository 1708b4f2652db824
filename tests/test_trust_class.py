"""A full class: the Hub's configuration lets nobody in who should not be, and the page
is what the table holds. `make class` starts the Hub itself, which needs root."""

import contextlib
import importlib
import os
import shutil
import struct
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pandas as pd
import pytest
from nbformat.sign import NotebookNotary
from traitlets.config import PyFileConfigLoader

from trust import full_class

ROOT = Path(__file__).resolve().parents[1]
HUB = ROOT / "lab" / "hub"
MISSING = "no JupyterHub here: make class installs it"


@pytest.fixture
def hub_config(tmp_path, monkeypatch):
    """Loads the Hub's configuration for two students."""
    (tmp_path / "students.txt").write_text("ada:one\nemmy:two\n\n")
    (tmp_path / "students.txt").chmod(0o600)
    monkeypatch.setenv("COURSE_HUB", str(tmp_path / "hub"))
    monkeypatch.setenv("COURSE_KERNELS", str(tmp_path / "kernels"))
    monkeypatch.setenv("COURSE_STUDENTS", str(tmp_path / "students.txt"))
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    return PyFileConfigLoader("jupyterhub_config.py", str(HUB)).load_config


def test_the_hub_is_reached_from_this_machine_only(hub_config):
    c = hub_config()
    for address in (
        c.JupyterHub.bind_url,
        c.JupyterHub.hub_bind_url,
        c.ConfigurableHTTPProxy.api_url,
    ):
        assert address.startswith("http://127.0.0.1:")


def test_only_listed_students_with_a_password_get_in(hub_config):
    auth = pytest.importorskip("jupyterhub.auth", reason=MISSING)
    c = hub_config()
    assert c.JupyterHub.authenticator_class == "pam"
    one = auth.PAMAuthenticator(config=c)
    assert one.allowed_users == {"ada", "emmy"}
    assert not (one.allow_all or one.allow_existing_users or one.admin_users)
    assert one.check_allowed("ada", {}) and not one.check_allowed("root", {})


def test_every_setting_of_the_hub_is_one(hub_config):
    for section, settings in hub_config().items():
        module = {
            "JupyterHub": "app",
            "PAMAuthenticator": "auth",
            "ConfigurableHTTPProxy": "proxy",
            "Spawner": "spawner",
        }[section]
        found = pytest.importorskip(f"jupyterhub.{module}", reason=MISSING)
        names = getattr(found, section).class_trait_names()
        assert set(settings) <= set(names), section


def test_the_hubs_own_files_are_its_own_and_nothing_in_the_file_is_secret(hub_config):
    c = hub_config()
    folder = Path(c.JupyterHub.cookie_secret_file).parent
    assert folder.stat().st_mode & 0o077 == 0
    text = (HUB / "jupyterhub_config.py").read_text()
    assert "token" not in text and "api_key" not in text


def test_it_says_what_is_missing(hub_config, tmp_path, monkeypatch):
    (tmp_path / "closed" / "course").mkdir(parents=True)
    for file in ("jupyterhub_config.py", "server_config.py"):
        target = tmp_path / "closed/course/lab/hub" / file
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(HUB / file, target)
    (tmp_path / "closed").chmod(0o700)
    copy = PyFileConfigLoader("jupyterhub_config.py", str(target.parent))
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    with pytest.raises(SystemExit, match="Students cannot enter"):
        copy.load_config()
    (tmp_path / "students.txt").chmod(0o644)
    with pytest.raises(SystemExit, match="Others can read .*: chmod 600"):
        hub_config()
    monkeypatch.setenv("COURSE_STUDENTS", str(tmp_path / "nobody.txt"))
    with pytest.raises(SystemExit, match="nobody.txt: write a line name:password"):
        hub_config()


def test_a_student_gets_the_notebooks_once_and_trusted(tmp_path, monkeypatch):
    for variable in ("JUPYTER_DATA_DIR", "JUPYTER_CONFIG_DIR", "XDG_DATA_HOME"):
        monkeypatch.delenv(variable, raising=False)
    source, home = tmp_path / "source", tmp_path / "home"
    for folder in (source, home):
        folder.mkdir()
    for name in ("00_start_here", "01_perceptron"):
        shutil.copy(ROOT / "notebooks" / f"{name}.ipynb", source)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("COURSE_NOTEBOOKS", str(source))
    load = PyFileConfigLoader("server_config.py", str(HUB)).load_config
    c = load()
    own = home / "course" / "notebooks" / "00_start_here.ipynb"
    assert c.ServerApp.root_dir == str(home / "course")
    assert c.KernelManager.transport == "ipc"
    (extensions,) = c.LabApp.extra_labextensions_path
    assert Path(extensions, "course-present").is_dir()
    notary = NotebookNotary(data_dir=str(home / ".local/share/jupyter"))
    assert notary.check_signature(nbformat.read(own, as_version=4))
    notary.store.close()
    own.write_text("my answer")
    (own.parent / "01_perceptron.ipynb").unlink()
    load()
    assert own.read_text() == "my answer"
    assert (own.parent / "01_perceptron.ipynb").is_file()
    assert len(list(own.parent.iterdir())) == 2


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux copies processes")
def test_without_a_process_to_copy_there_is_still_a_kernel(tmp_path, monkeypatch):
    from jupyter_client.manager import KernelManager

    monkeypatch.setenv("JUPYTER_PATH", str(HUB))
    monkeypatch.setenv("COURSE_KERNELS", str(tmp_path))
    manager = KernelManager(kernel_name="python3")
    manager.start_kernel(stderr=subprocess.DEVNULL)
    try:
        assert "shared_kernels.py" in " ".join(manager.kernel_spec.argv)
        client = manager.client()
        client.start_channels()
        client.wait_for_ready(timeout=60)
        client.stop_channels()
    finally:
        manager.shutdown_kernel(now=True)


@pytest.fixture
def rights(monkeypatch):
    """What :mod:`shared_kernels` does to its rights for somebody who asks."""
    monkeypatch.syspath_prepend(str(HUB))
    shared_kernels = importlib.import_module("shared_kernels")
    monkeypatch.setitem(sys.modules, "keras.src.backend.config", SimpleNamespace())
    monkeypatch.setattr(Path, "write_text", lambda *_: None)  # this process's own score
    monkeypatch.setattr(os, "dup2", lambda *_: None)  # nor its output
    taken = []
    for name in ("initgroups", "setgid", "setuid", "_exit"):

        def note(*to, name=name):
            taken.append((name, *to))
            if name == "_exit":
                raise SystemExit

        monkeypatch.setattr(os, name, note)

    def ask(uid):
        peer = SimpleNamespace(getsockopt=lambda *_: struct.pack("3i", 1, uid, 0))
        with contextlib.suppress(SystemExit):
            shared_kernels.become_the_asker(peer)
        return taken

    return ask


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux copies processes")
def test_a_copied_kernel_has_the_rights_of_who_asks_and_no_others(rights):
    import pwd

    nobody = pwd.getpwnam("nobody")
    uid, gid = nobody.pw_uid, nobody.pw_gid
    assert rights(uid) == [
        ("initgroups", "nobody", gid),
        ("setgid", gid),
        ("setuid", uid),
    ]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux copies processes")
def test_nobody_gets_a_kernel_with_the_rights_of_root(rights):
    assert rights(0) == [("_exit", 1)]


def test_the_page_is_what_the_tables_hold(tmp_path):
    written = full_class.write(folder=tmp_path)
    assert written.read_text() == (ROOT / "trust" / written.name).read_text()


def test_the_page_tells_what_went_wrong():
    frame = full_class.read()
    chosen = (frame["students"] == frame["students"].max()) & frame["who"].ne("machine")
    before = full_class.classes(frame)
    for what, value, column in (
        ("01 failed", "1", "failed"),
        ("ended early", "TimeoutError", "ended early"),
    ):
        changed = frame.copy()
        row = frame[chosen & (frame["what"] == what)].index[0]
        changed.loc[row, "value"] = value
        after = full_class.classes(changed)
        assert after[column].sum() == before[column].sum() + 1
    changed = frame.copy()
    row = frame[chosen & frame["what"].str.startswith("tries to")].index[0]
    changed.loc[row, "value"] = "done: ['answers']"
    assert "done: ['answers']" in set(full_class.attempts(changed)["outcome"])


def test_another_run_of_a_class_takes_the_place_of_the_first(tmp_path):
    columns = ["students", "kernels", "who", "what", "value"]
    table = tmp_path / "table.csv"
    for rows in (
        [[3, "shared", "a", "server ready (s)", 1.26]],
        [[3, "own", "a", "server ready (s)", 2.0]],
        [[3, "shared", "a", "ended early", "no"]],
    ):
        full_class.keep(pd.DataFrame(rows, columns=columns), table)
    assert full_class.read(table).values.tolist() == [
        [3, "own", "a", "server ready (s)", "2.0"],
        [3, "shared", "a", "ended early", "no"],
    ]
