"""Make .venv and install the course into it; at once done if it is there and up to
date.

Called by the Makefile with whatever Python the machine has, so it is written such that
an old Python can still read it and say what is wrong. Standard library only.
"""

from __future__ import print_function

import hashlib
import os
import subprocess
import sys

VERSIONS = ((3, 13), (3, 12), (3, 11))
NEEDED_GB = 4.0  # a full environment takes about 2.7 GB, and pip unpacks beside it
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, ".venv")
STAMP = os.path.join(VENV, "course-ready")
BIN = os.path.join(VENV, "Scripts" if os.name == "nt" else "bin", "python")


def stop(sentence):
    """End with one sentence that says what to do."""
    sys.exit("\n" + sentence)


def fingerprint():
    """What an up-to-date environment was made from."""
    digest = hashlib.sha256()
    for name in ("pyproject.toml", "requirements.txt"):
        with open(os.path.join(ROOT, name), "rb") as file:
            digest.update(file.read())
    return digest.hexdigest()


def version_of(python):
    """(major, minor) of an interpreter, or None if it does not run."""
    try:
        out = subprocess.check_output(
            [
                python,
                "-c",
                "import sys; print(sys.version_info[0], sys.version_info[1])",
            ],
            stderr=subprocess.STDOUT,
        )
        return tuple(int(part) for part in out.split()[:2])
    except (OSError, ValueError, subprocess.CalledProcessError):
        return None


def find_python():
    """The first interpreter of a version the course supports: this one, or one on the
    PATH."""
    for python in [sys.executable] + ["python%d.%d" % version for version in VERSIONS]:
        if version_of(python) in VERSIONS:
            return python
    stop(
        "The course needs Python 3.11, 3.12 or 3.13, but this is Python %d.%d and no"
        " other was found. Install one of them, then run `make"
        " PYTHON=/path/to/python3.12 lab`." % sys.version_info[:2]
    )


def free_gb():
    """Free gigabytes where .venv goes."""
    info = os.statvfs(ROOT)
    return info.f_bavail * info.f_frsize / 1e9


def pip(*arguments):
    """Install with pip: its exit status, and its errors, which are shown as well."""
    command = [BIN, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    process = subprocess.Popen(
        command + list(arguments),
        cwd=ROOT,
        stderr=subprocess.PIPE,
        universal_newlines=True,
    )
    said = []
    for line in process.stderr:
        sys.stderr.write(line)
        said.append(line)
    return process.wait(), "".join(said)


def main():
    """Make the environment if it is missing or out of date."""
    wanted = fingerprint()
    if (
        os.path.exists(STAMP)
        and open(STAMP).read() == wanted
        and version_of(BIN) in VERSIONS
    ):
        return
    python = find_python()
    if (
        subprocess.call(
            [python, "-c", "import venv, ensurepip"], stderr=subprocess.DEVNULL
        )
        != 0
    ):
        stop(
            "%s has no `venv` module. On Debian or Ubuntu: `sudo apt install"
            " python3-venv`; then run make again." % python
        )
    if (
        version_of(BIN) not in VERSIONS
        or subprocess.call([BIN, "-c", "import pip"], stderr=subprocess.DEVNULL) != 0
    ):
        if free_gb() < NEEDED_GB:
            stop(
                "Too little disk space: %.1f GB are free in %s, the environment needs"
                " %.0f GB. Make room, then run make again."
                % (free_gb(), ROOT, NEEDED_GB)
            )
        if subprocess.call([python, "-m", "venv", "--clear", VENV]) != 0:
            stop(
                "The environment .venv could not be made (see above). On Debian or"
                " Ubuntu: `sudo apt install python3-venv`."
            )
    print(
        "Installing the course into .venv: 2.7 GB, some minutes. The next start takes"
        " seconds."
    )
    sys.stdout.flush()
    # What is installed is what requirements.txt names by its SHA-256, then the course,
    # built with the setuptools among it: nothing else is fetched.
    failed, said = pip("--require-hashes", "-r", "requirements.txt")
    if not failed:
        failed, said = pip("--no-deps", "--no-build-isolation", "-e", ".")
    if failed:
        if free_gb() < 0.3:
            stop(
                "The disk is full. Make %.0f GB of room, then run make again: it goes"
                " on where it stopped." % NEEDED_GB
            )
        if "DO NOT MATCH THE HASHES" in said:
            stop(
                "A downloaded package is not the one that the course was tested with"
                " (see above: its SHA-256 differs), so it was not installed. Run make"
                " again, or on another network; if it stays so, tell the authors of the"
                " course."
            )
        stop(
            "pip could not install the course (see above). Is there a network? Then run"
            " make again: it goes on where it stopped."
        )
    with open(STAMP, "w") as file:
        file.write(wanted)


if __name__ == "__main__":
    main()
