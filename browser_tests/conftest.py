"""What every test in a browser uses: a browser, a page that keeps count of what went
wrong in it, and the course's JupyterLab.

`make browser` runs the tests in this folder; `make test` does not.
"""

import os
import re
import shutil
from contextlib import contextmanager
from pathlib import Path

import pytest
from driver import ROOT, Lab, watch

KEPT = ROOT / "build" / "browser"  # pictures, tables, what failing tests looked like
SIZE = {"width": 1280, "height": 720}
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
STAY_HERE = "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"


def pytest_configure(config):
    """A failing test leaves a picture in build/browser/failed."""
    config.option.output = str(KEPT / "failed")
    config.option.screenshot = "only-on-failure"


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args, playwright):
    """Playwright starts the Chromium of this machine, which reaches nothing else."""
    return {
        **browser_type_launch_args,
        "executable_path": chromium(playwright.chromium.executable_path),
        "args": [f"--host-resolver-rules={STAY_HERE}"],
    }


def chromium(own):
    """Where Chromium is: as COURSE_CHROMIUM says, on the PATH, or Playwright's own."""
    named = os.environ.get("COURSE_CHROMIUM")
    found = [named] if named else [*map(shutil.which, NAMES), own]
    for path in found:
        if path and Path(path).exists():
            return path
    pytest.exit(
        f"COURSE_CHROMIUM names {named}, which does not exist."
        if named
        else "There is no Chromium. Install it (Debian: `sudo apt install chromium`;"
        " elsewhere: `.venv/bin/playwright install chromium`), or name one in the"
        " variable COURSE_CHROMIUM.",
        returncode=1,
    )


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args):
    """Every page is as large as what a projector shows."""
    return {**browser_context_args, "viewport": SIZE}


@pytest.fixture
def page(page):
    """A page; the test fails at its end if the page reported an error or asked another
    machine for something. A test that expects that empties the list `page.troubles`."""
    watch(page)
    yield page
    assert not page.troubles, "\n".join(page.troubles)


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    """JupyterLab as `make lab` starts it, on a copy of the repository."""
    with Lab(tmp_path_factory.mktemp("course")) as lab:
        yield lab


@pytest.fixture(scope="session")
def kept():
    """The folder of what the tests leave to look at: build/browser."""
    KEPT.mkdir(parents=True, exist_ok=True)
    return KEPT


@pytest.fixture(scope="session")
def say(pytestconfig):
    """A function that writes a line at once, though pytest keeps what tests print."""
    reporter = pytestconfig.pluginmanager.getplugin("terminalreporter")
    capture = pytestconfig.pluginmanager.getplugin("capturemanager")

    def write(line):
        with capture.global_and_fixture_disabled():
            reporter.write_line(line)

    return write


@pytest.fixture(scope="session")
def shared_page(browser, browser_context_args):
    """A context manager: a page that several tests share. They look at its list
    `troubles` themselves."""

    @contextmanager
    def opened():
        page = browser.new_context(**browser_context_args).new_page()
        watch(page)
        shared.append(page)
        try:
            yield page
        finally:
            shared.remove(page)
            page.context.close()

    return opened


shared = []


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """A failing test leaves a picture of a shared page, too."""
    report = yield
    if report.failed:
        for page in shared:
            name = re.sub(r"\W+", "-", f"{item.name}-{call.when}")
            page.screenshot(path=KEPT / "failed" / f"{name}.png")
    return report
