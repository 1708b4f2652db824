"""Ranges, lock, pinned requirements and conda's file agree, and the set-up script says
what is wrong."""

import ast
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
ADVICE = "pyproject.toml and the pinned files have drifted: run `make lock`"


PINNED = ["requirements.txt", "requirements.lock", "requirements-gpu.txt"]


def hashed(name):
    """(requirement, its hashes) of each pin of a requirements file."""
    lines = (ROOT / name).read_text().replace("\\\n", "").splitlines()
    for line in lines:
        if line and not line.startswith(("#", "--only-binary")):
            text, *hashes = line.split(" --hash=")
            yield Requirement(text.strip()), [found.strip() for found in hashes]


def pins(name):
    """Package -> list of (version, marker) of a requirements file."""
    found = {}
    for pin, _ in hashed(name):
        (specifier,) = pin.specifier
        assert specifier.operator == "==", pin
        found.setdefault(canonicalize_name(pin.name), []).append(
            (specifier.version, str(pin.marker or ""))
        )
    return found


@pytest.mark.parametrize("name", PINNED)
def test_every_pin_has_its_hashes(name):
    for pin, hashes in hashed(name):
        assert hashes, f"{pin}: {ADVICE}"
        assert all(re.fullmatch("sha256:[0-9a-f]{64}", found) for found in hashes), pin


def test_nothing_is_built_with_what_has_no_hash():
    """A source package fetches what builds it without one."""
    for name in ("requirements.txt", "requirements-gpu.txt"):
        assert "--only-binary :all:" in (ROOT / name).read_text().splitlines()
    makefile = (ROOT / "Makefile").read_text()
    assert "--only-binary :all: --no-binary yattag --no-build-isolation" in makefile


def test_a_package_has_the_same_hashes_in_each_file():
    lock = {str(pin.specifier) + pin.name: hashes for pin, hashes in hashed(PINNED[1])}
    for pin, hashes in hashed("requirements.txt"):
        assert hashes == lock[str(pin.specifier) + pin.name], f"{pin}: {ADVICE}"


def needed(requirements):
    """Names of everything that requirements bring, on any platform, as the installed
    packages say."""
    found, queue = set(), [Requirement(text) for text in requirements]
    seen = set()
    while queue:
        requirement = queue.pop()
        key = (canonicalize_name(requirement.name), frozenset(requirement.extras))
        if key in seen:
            continue
        seen.add(key)
        found.add(key[0])
        try:
            texts = metadata.requires(requirement.name) or []
        except metadata.PackageNotFoundError:  # not for this platform
            continue
        for child in map(Requirement, texts):
            extra = re.search(r"extra == ['\"]([^'\"]+)['\"]", str(child.marker or ""))
            if not extra or extra[1] in requirement.extras:
                queue.append(child)
    return found


@pytest.mark.parametrize(
    "name, requirements",
    [
        ("requirements.txt", PROJECT["dependencies"]),
        (
            "requirements.lock",
            PROJECT["dependencies"]
            + [
                text
                for extra in ("dev", "site", "browser", "trust")
                for text in PROJECT["optional-dependencies"][extra]
            ],
        ),
    ],
)
def test_every_range_has_a_pin_inside_it(name, requirements):
    pinned = pins(name)
    for requirement in map(Requirement, requirements):
        versions = pinned.get(canonicalize_name(requirement.name))
        assert versions and all(
            version in requirement.specifier for version, _ in versions
        ), f"{requirement}: {ADVICE}"


def test_the_pinned_requirements_are_the_locks():
    lock, course = pins("requirements.lock"), pins("requirements.txt")
    for name, versions in course.items():  # there may need it under more Pythons
        locked = [version for version, _ in lock.get(name, [])]
        assert [version for version, _ in versions] == locked, f"{name}: {ADVICE}"


def test_nothing_is_pinned_that_nothing_needs_and_nothing_needed_is_missing():
    pinned, closure = pins("requirements.txt"), needed(PROJECT["dependencies"])
    course = set(pinned)
    here = {
        name
        for name, versions in pinned.items()
        if any(not marker or Marker(marker).evaluate() for _, marker in versions)
    }
    assert here <= closure, (
        f"{here - closure}: {ADVICE}"
    )  # who needs the others is not installed here
    installed = {
        canonicalize_name(d.metadata["Name"]) for d in metadata.distributions()
    }
    # For older Pythons than ours; pip-audit, for maintainers, brings it.
    assert (closure & installed) - course <= {"pip", "tomli"}, ADVICE


def test_what_is_installed_is_what_is_pinned():
    for name, versions in pins("requirements.txt").items():
        try:
            assert metadata.version(name) in {version for version, _ in versions}, (
                f"{name}: run make again"
            )
        except metadata.PackageNotFoundError:
            assert any(marker for _, marker in versions), name


def test_the_libraries_for_a_gpu_are_those_of_tensorflow_and_not_of_the_course():
    wanted = {
        canonicalize_name(requirement.name)
        for requirement in map(Requirement, metadata.requires("tensorflow"))
        if "and-cuda" in str(requirement.marker)
    }
    libraries = pins("requirements-gpu.txt")
    assert wanted and wanted <= set(libraries), ADVICE
    assert not set(libraries) & set(pins("requirements.txt")), ADVICE


INSTALL = "--no-deps --no-build-isolation"


def test_the_course_is_built_with_what_is_pinned():
    """Without a build environment of its own, which would come without hashes."""
    backend = tomllib.loads((ROOT / "pyproject.toml").read_text())["build-system"]
    for requirement in map(Requirement, backend["requires"]):
        ((version, marker),) = pins("requirements.txt")[requirement.name]
        assert version in requirement.specifier and not marker
    assert INSTALL in (ROOT / "postBuild").read_text()
    assert os.access(ROOT / "postBuild", os.X_OK)
    ways = [
        line
        for line in (ROOT / "README.md").read_text().splitlines()
        if line.startswith(("| uv |", "| conda |", "| pip |", "- **Windows"))
    ]
    assert len(ways) == 4 and all(f"install {INSTALL} -e ." in line for line in ways)


def test_conda_takes_the_same_pins_and_a_supported_python():
    text = (ROOT / "environment.yml").read_text()
    assert "- -r requirements.txt" in text
    assert re.search(r"python=(\S+)", text)[1] + ".0" in SpecifierSet(
        PROJECT["requires-python"]
    )


def imported(path):
    """The top-level packages that a module imports."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module.split(".")[0]


def test_every_module_imports_only_declared_packages():
    declared = {
        canonicalize_name(Requirement(text).name) for text in PROJECT["dependencies"]
    }
    names = {
        "sklearn": "scikit-learn",
        "IPython": "jupyterlab",
        "jupyter_client": "nbclient",
        "ipykernel": "jupyterlab",
        "PIL": "pillow",
        "mpl_toolkits": "matplotlib",
        "bs4": "beautifulsoup4",
    }
    for path in [
        *(ROOT / "course_utils").rglob("*.py"),
        *(ROOT / "tests").glob("*.py"),
    ]:
        for module in imported(path):
            known = module in sys.stdlib_module_names | {"course_utils", "trust"}
            # nbval, pytest, distributed and nbclient bring the first ones; the last two
            # are Keras's other backends, for those who have them.
            transitive = {"nbconvert", "packaging", "dask", "traitlets", "yaml"}
            transitive |= {"jax", "torch"}
            assert (
                known
                or canonicalize_name(names.get(module, module)) in declared | transitive
            ), f"{path.name}: {module}"


@pytest.mark.parametrize(
    "name",
    [
        *PINNED,
        "environment.yml",
        "postBuild",
        "pyproject.toml",
        "Makefile",
        "README.md",
        ".ci/run",
    ],
)
def test_no_package_index_of_one_machine_is_named(name):
    assert not re.search(
        r"index-url|find-links|://\S+/(simple|wheels)\b|file://",
        (ROOT / name).read_text(),
    )


# The set-up script, run for real on a machine that lacks something.


def run_script(folder, path, python=sys.executable):
    return subprocess.run(
        [python, str(folder / ".ci" / "make_venv.py")],
        env={"PATH": str(path)},
        capture_output=True,
        text=True,
        timeout=60,
    )


BACKEND = """
import os, zipfile
def build_editable(folder, settings=None, metadata=None):
    return wheel("course", "print('the course')", folder)
def wheel(name, text, folder):
    about = {
        "METADATA": "Metadata-Version: 2.1\\nName: %s\\nVersion: 1" % name,
        "WHEEL": "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any",
        "RECORD": "",
    }
    path = os.path.join(folder, name + "-1-py3-none-any.whl")
    with zipfile.ZipFile(path, "w") as file:
        file.writestr(name + "_code.py", text)
        for key in about:
            file.writestr(name + "-1.dist-info/" + key, about[key])
    return os.path.basename(path)
"""


@pytest.fixture
def clone(tmp_path):
    """The set-up script with a course of one line, which needs no network."""
    (tmp_path / ".ci").mkdir()
    for name in (".ci/make_venv.py", "requirements.txt", "Makefile"):
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "backend.py").write_text(BACKEND)
    (tmp_path / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "backend"\n'
        'backend-path = ["."]\n[project]\nname = "course"\nversion = "1"\n'
    )
    (tmp_path / "bin").mkdir()
    return tmp_path


def make_wheel(clone, text):
    """A wheel of one line in the clone."""
    spec = importlib.util.spec_from_file_location("backend", clone / "backend.py")
    backend = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(backend)
    return clone / backend.wheel("tiny", text, clone)


def replace(clone, old, new):
    script = clone / ".ci" / "make_venv.py"
    assert old in script.read_text()
    script.write_text(script.read_text().replace(old, new))


def test_a_wrong_python_is_one_sentence(clone):
    replace(clone, "VERSIONS = ((3, 13), (3, 12), (3, 11))", "VERSIONS = ((4, 0),)")
    done = run_script(clone, clone / "bin")
    assert (
        done.returncode == 1
        and "needs Python 3.11, 3.12 or 3.13, but this is Python" in done.stderr
        and "Traceback" not in done.stderr
    )


def test_a_missing_venv_module_is_one_sentence(clone):
    replace(clone, "import venv, ensurepip", "import venv, no_such_module")
    done = run_script(clone, clone / "bin")
    assert (
        done.returncode == 1
        and "python3-venv" in done.stderr
        and not (clone / ".venv").exists()
    )


def test_a_full_disk_is_one_sentence(clone):
    replace(clone, "NEEDED_GB = 4.0", "NEEDED_GB = 1e9")
    done = run_script(clone, clone / "bin")
    assert (
        done.returncode == 1
        and "Too little disk space" in done.stderr
        and not (clone / ".venv").exists()
    )


def test_a_failed_install_is_one_sentence_and_leaves_no_stamp(clone):
    (clone / "requirements.txt").write_text("./no-such-package\n")
    done = run_script(clone, os.environ["PATH"])
    assert (
        done.returncode == 1
        and "pip could not install" in done.stderr
        and not (clone / ".venv" / "course-ready").exists()
    )


def installed(clone, name):
    """What a module of the clone's environment prints, or None without it."""
    python = clone / ".venv" / "bin" / "python"
    done = subprocess.run([python, "-m", name], capture_output=True, text=True)
    return None if done.returncode else done.stdout.strip()


def test_only_what_has_the_hash_is_installed_and_then_the_course(clone):
    """Another file under the same name and version, and one that was never hashed, are
    refused in one sentence."""

    def install(hash_):
        (clone / "requirements.txt").write_text(f"./tiny-1-py3-none-any.whl{hash_}\n")
        done = run_script(clone, os.environ["PATH"])
        assert "Traceback" not in done.stderr
        return done.returncode, done.stderr.splitlines()[-1:]

    ours = make_wheel(clone, "print(1)").read_bytes()
    hash_ = f" --hash=sha256:{hashlib.sha256(ours).hexdigest()}"
    make_wheel(clone, "print('tampered')")
    for given, sentence in ((hash_, "SHA-256 differs"), ("", "pip could not install")):
        status, (last,) = install(given)
        assert status == 1 and sentence in last
        assert installed(clone, "tiny_code") is installed(clone, "course_code") is None
        assert not (clone / ".venv" / "course-ready").exists()
    (clone / "tiny-1-py3-none-any.whl").write_bytes(ours)
    assert install(hash_) == (0, [])
    assert installed(clone, "tiny_code") == "1"
    assert installed(clone, "course_code") == "the course"


def test_the_second_call_does_nothing(clone):
    (clone / "requirements.txt").write_text("")
    assert run_script(clone, os.environ["PATH"]).returncode == 0
    (clone / ".venv" / "bin" / "pip").unlink()  # a second installation would need it
    again = run_script(clone, os.environ["PATH"])
    assert again.returncode == 0 and again.stdout == ""
    (clone / "requirements.txt").write_text("# changed\n")
    assert "Installing" in run_script(clone, os.environ["PATH"]).stdout


def test_make_without_any_python_is_one_sentence(clone):
    make = shutil.which("make")
    done = subprocess.run(
        [make, "PYTHON=no-such-python", "lab"],
        cwd=clone,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode != 0 and "install Python 3.12" in done.stdout


def test_the_readmes_map_names_every_notebook_with_its_claims():
    import pandas as pd

    rows = re.findall(
        r"^\| \[(\w+)\]\(notebooks/(\w+)\.ipynb\) \| .* \| (C\d\d) to (C\d\d) \|$",
        (ROOT / "README.md").read_text(),
        re.M,
    )
    claims = (
        pd.read_csv(ROOT / "data" / "claims.csv")
        .groupby("notebook")["id"]
        .agg(["min", "max"])
    )
    assert {shown for shown, *_ in rows} | {"00_start_here"} == {
        path.stem for path in (ROOT / "notebooks").glob("*.ipynb")
    }
    for shown, link, first, last in rows:
        assert shown == link and claims.loc[shown].tolist() == [first, last]


@pytest.mark.parametrize("command", [["check"], ["format", "--check"]])
def test_ruff_has_nothing_to_say(command):
    """Package, tests, tools and notebooks, at 88 characters."""
    done = subprocess.run(
        [sys.executable, "-m", "ruff", *command, "--no-cache", "."],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
