"""`make lab` and `make present`: the address that is printed, and the settings."""

import json
import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from jupyterlab.commands import get_app_dir

ROOT = Path(__file__).resolve().parents[1]
FIRST = "notebooks/00_start_here.ipynb"


def command(*arguments):
    """The last command line that make would run, as a list of words."""
    done = subprocess.run(
        ["make", "--dry-run", "--no-print-directory", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    return done, done.stdout.strip().splitlines()[-1].split()


def wait_for(address, seconds=20):
    """The address is printed a moment before somebody answers there."""
    for _ in range(10 * seconds):
        try:
            return urllib.request.urlopen(address, timeout=20).close()
        except urllib.error.URLError:
            time.sleep(0.1)


@pytest.fixture(scope="module")
def started(tmp_path_factory):
    """The first address that the command line of `make lab` prints, while it runs."""
    _, (program, *words) = command("lab")
    assert program.endswith("/jupyter") and words[0] == "lab"
    home = tmp_path_factory.mktemp("home")
    server = subprocess.Popen(
        [sys.executable, "-m", "jupyterlab", *words[1:]]
        + ["--no-browser", "--allow-root", "--ServerApp.port=0"],
        cwd=ROOT,
        env={**os.environ, "HOME": str(home), "JUPYTER_PREFER_ENV_PATH": "1"},
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    printed = ""
    try:
        for line in server.stderr:
            printed += line
            if found := re.search(r"http://127\.0\.0\.1\S+", line):
                break
        assert found, printed
        wait_for(found[0])
        yield found[0]
    finally:
        server.terminate()
        server.wait(20)
        server.stderr.close()


def page_config(address):
    with urllib.request.urlopen(address, timeout=20) as answer:
        page = answer.read().decode()
    return json.loads(
        re.search(r'id="jupyter-config-data"[^>]*>(.*?)</script>', page, re.DOTALL)[1]
    )


def test_the_printed_address_is_the_first_notebooks(started):
    path, token = started.split("?token=")
    assert path.endswith(f"/lab/tree/{FIRST}") and len(token) > 20
    assert page_config(started)["treePath"] == FIRST


def test_the_page_loads_the_extension_that_presents(started):
    (ours,) = [
        extension
        for extension in page_config(started)["federated_extensions"]
        if extension["name"] == "course-present"
    ]
    root, token = re.match(r"(http://[^/]+).*(\?token=.*)", started).groups()
    for name in (ours["load"], "static/present.css"):
        address = f"{root}/lab/extensions/course-present/{name}{token}"
        with urllib.request.urlopen(address, timeout=20) as answer:
            assert answer.status == 200


def test_the_settings_are_ones_that_jupyterlab_knows(started):
    root, token = re.match(r"(http://[^/]+).*(\?token=.*)", started).groups()
    overrides = json.loads((ROOT / "lab/settings/overrides.json").read_text())
    for plugin, values in overrides.items():
        package, name = plugin.split(":")
        known = Path(get_app_dir(), "schemas", package, f"{name}.json")
        properties = json.loads(known.read_text())["properties"]
        assert values.keys() <= properties.keys(), plugin
        address = f"{root}/lab/api/settings/{plugin}{token}"
        with urllib.request.urlopen(address, timeout=20) as answer:
            served = json.loads(answer.read())["schema"]["properties"]
        assert {key: served[key]["default"] for key in values} == values


def test_make_present_opens_the_notebook_that_is_named():
    _, words = command("present", "NOTEBOOK=03")
    address = (
        "/lab/workspaces/present-03_forward_pass/tree/notebooks/03_forward_pass.ipynb"
    )
    assert f"--LabApp.default_url={address}" in words
    done, _ = command("present", "NOTEBOOK=")
    assert f"/present-00_start_here/tree/{FIRST}" in done.stdout


def test_make_present_of_no_notebook_is_one_sentence():
    done, _ = command("present", "NOTEBOOK=99")
    assert done.returncode and "No notebook begins with 99" in done.stderr
