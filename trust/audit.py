"""Are there known weaknesses in what is pinned? pip-audit asks the package index about
requirements.lock; ``audit.toml`` names those that are accepted until a date.

``python -m trust.audit`` ends with status 1 if a weakness is open, an exception has run
out or is incomplete, or a package could not be audited.
"""

import datetime
import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pandas as pd

from trust.files import ROOT

LOCK = ROOT / "requirements.lock"
ACCEPTED = Path(__file__).with_name("audit.toml")
COLUMNS = ["package", "version", "weakness", "verdict"]
RED = ("open", "expired", "not audited")


def accepted(path=ACCEPTED):
    """The exceptions of an ``audit.toml``: a list of {id, reason, until}."""
    entries = tomllib.loads(Path(path).read_text(encoding="utf-8"))["accepted"]
    for entry in entries:
        kinds = {"id": str, "reason": str, "until": datetime.date}
        if set(entry) != set(kinds) or not all(
            entry[key] and type(entry[key]) is kind for key, kind in kinds.items()
        ):
            raise SystemExit(
                f"{path}: an exception needs an id, a reason and a day (until ="
                f" 2026-12-31), and nothing else: {entry}"
            )
    return entries


def ask(lock=LOCK):
    """pip-audit's report on a requirements file, as it writes it in JSON.

    Returns
    -------
    dict
        ``dependencies``: for each package ``name``, and either ``version`` and
        ``vulns`` or a ``skip_reason``.
    """
    options = ["--disable-pip", "--progress-spinner", "off", "--format", "json"]
    command = [sys.executable, "-m", "pip_audit", *options, "--requirement", str(lock)]
    done = subprocess.run(command, capture_output=True, text=True)
    try:
        return json.loads(done.stdout)
    except json.JSONDecodeError:
        last = (done.stderr.strip().splitlines() or ["it says nothing"])[-1]
        raise SystemExit(f"pip-audit made no report: {last}") from None


def judge(report, exceptions, today):
    """What a report comes to.

    Parameters
    ----------
    report : dict
        As :func:`ask` returns it.
    exceptions : list of dict
        As :func:`accepted` returns them.
    today : datetime.date

    Returns
    -------
    pandas.DataFrame
        A row for each weakness (``open``, ``accepted``, ``expired``), for each package
        that was ``not audited`` and for each exception that is ``superfluous``.
    """
    rows, used, audited = [], set(), 0
    for package in report["dependencies"]:
        if "skip_reason" in package:
            rows.append((package["name"], "", "", "not audited"))
            continue
        audited += 1
        for found in package["vulns"]:
            names = {found["id"], *found["aliases"]}
            match = [entry for entry in exceptions if entry["id"] in names]
            used |= {entry["id"] for entry in match}
            if not match:
                fixed = ", ".join(found["fix_versions"])
                verdict = f"open, mended in {fixed}" if fixed else "open"
            else:
                until = max(entry["until"] for entry in match)
                word = "accepted until" if today <= until else "expired on"
                verdict = f"{word} {until}"
            rows.append((package["name"], package["version"], found["id"], verdict))
    if audited == len(report["dependencies"]):  # else it may be in one of the others
        unused = [entry["id"] for entry in exceptions if entry["id"] not in used]
        rows += [("", "", name, "superfluous") for name in unused]
    return pd.DataFrame(rows, columns=COLUMNS)


def main():
    report = ask()
    found = judge(report, accepted(), datetime.date.today())
    missing = found["verdict"] == "not audited"
    total = len(report["dependencies"])
    print(f"{total - missing.sum()} of {total} packages audited.")
    if missing.any():
        print(
            "The package index here did not say what it knows about the others: run it"
            " where PyPI itself can be reached."
        )
    if not found[~missing].empty:
        print(found[~missing].to_string(index=False))
    return int(found["verdict"].str.startswith(RED).any())


if __name__ == "__main__":
    sys.exit(main())
