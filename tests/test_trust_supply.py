"""The supply chain's page is what was measured and says what stands in the files today;
each of its checks can turn red."""

import datetime
import json
import re
import subprocess
import sys

import pandas as pd
import pytest
import yaml

from trust import audit, supply

TODAY = datetime.date(2026, 6, 1)
WORKFLOWS = sorted(supply.WORKFLOWS.glob("*.yml"))


@pytest.fixture(scope="module")
def rows():
    return pd.read_csv(supply.CSV, dtype=str, keep_default_na=False)


def today(found):
    return {row[:5] for row in found}


def stored(rows, part):
    chosen = rows[rows["part"] == part]
    return set(chosen[supply.COLUMNS[:5]].itertuples(index=False, name=None))


# The page.


def test_the_page_is_what_the_table_gives_and_nothing_in_it_is_wrong(rows, tmp_path):
    page = supply.write(rows, folder=tmp_path)
    assert page.read_text() == supply.CSV.with_suffix(".md").read_text()
    assert not set(rows["kind"]) & set(supply.WRONG)


def test_the_page_names_what_is_wrong(rows, tmp_path):
    bad = pd.DataFrame(
        [("package", "x", "1", "unknown", "unknown", "course")], columns=supply.COLUMNS
    )
    text = supply.write(pd.concat([rows, bad]), folder=tmp_path).read_text()
    assert "Rows that should not be there: 1." in text


def test_it_is_not_stale(rows):
    """Pins, actions and the linter's exceptions are those of today's files."""
    advice = "run `make supply`"
    assert today(supply.pin_rows()) == stored(rows, "pins"), advice
    assert today(supply.action_rows()) == stored(rows, "action"), advice
    assert today(supply.rule_rows()) == stored(rows, "rule"), advice
    pins = {
        (pin.name, str(pin.specifier).removeprefix("=="))
        for name in supply.PINNED
        for pin, _ in supply.pins(name)
    }
    packages = rows[rows["part"] == "package"]
    assert set(zip(packages["name"], packages["version"])) == pins, advice


# Licences.


def test_every_file_has_a_licence():
    if not (supply.ROOT / ".git").exists():
        pytest.skip("no git here, so no list of files")
    assert [row for row in supply.file_rows() if row[4] == "unknown"] == []


@pytest.mark.parametrize("name", ["site/_static/font.woff2", "lab/x.js", "data/x.npz"])
def test_a_file_from_elsewhere_needs_its_own_line(name):
    assert ("file", name, "1", "unknown", "unknown", "no rule fits") in list(
        supply.file_rows([name])
    )


@pytest.mark.parametrize(
    "licence, kind",
    [
        ("MIT", "permissive"),
        ("Apache-2.0 OR BSD-3-Clause", "permissive"),
        ("MPL-2.0 AND MIT", "weak copyleft"),
        ("GNU Library or Lesser General Public License (LGPL)", "weak copyleft"),
        ("BSD License; GNU General Public License (GPL)", "copyleft"),
        ("LicenseRef-NVIDIA-Proprietary", "proprietary"),
        ("", "unknown"),
        ("ask the author", "unknown"),
    ],
)
def test_the_strictest_licence_counts(licence, kind):
    assert supply.kind_of(licence) == kind


# What no code may do.


@pytest.mark.parametrize(
    "code, rule",
    [
        ("eval(input())", "S307"),
        ("exec(input())", "S102"),
        ("import os\n\nos.system(input())", "S605"),
        ("import subprocess\n\nsubprocess.run(input(), shell=True)", "S602"),
        ("import pickle\n\npickle.load(open(0))", "TID251"),
        ("import yaml\n\nyaml.load(input())", "S506"),
        ("import socket\n\nsocket.socket()", "TID251"),
        ("from urllib.request import urlopen\n\nurlopen(input())", "TID251"),
        ("import requests\n\nrequests.get(input())", "TID251"),
        ("import pandas as pd\n\npd.read_pickle('x')", "TID251"),
        ("import keras\n\nkeras.utils.get_file('x', 'y')", "TID251"),
    ],
)
@pytest.mark.parametrize("notebook", [True, False])
def test_the_linter_forbids_it(code, rule, notebook):
    name, text = "course_utils/x.py", code
    if notebook:
        cell = {"cell_type": "code", "source": code, "outputs": [], "metadata": {}}
        cell |= {"execution_count": None, "id": "a"}
        text = json.dumps(
            {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
        )
        name = "notebooks/x.ipynb"
    command = ["check", "--no-cache", "--output-format", "concise"]
    done = subprocess.run(
        [sys.executable, "-m", "ruff", *command, "--stdin-filename", name, "-"],
        input=text,
        cwd=supply.ROOT,
        capture_output=True,
        text=True,
    )
    assert rule in done.stdout, done.stdout + done.stderr


@pytest.mark.parametrize(
    "source, found",
    [
        ("!ls", 1),
        ("files = !ls", 1),
        ("%%bash\nls", 1),
        ("%pip install x", 1),
        ("np.load(path, allow_pickle=True)", 1),
        ("np.load(path, allow_pickle=anything)", 1),
        ("np.load(path, allow_pickle=False)", 0),
        ("print('!ls', 5 % 3)", 0),
    ],
)
def test_what_the_linter_does_not_see_is_seen(source, found):
    assert len(supply.unread(source)) == found


def test_each_exception_has_its_reason(rows):
    exceptions = rows[(rows["part"] == "rule") & (rows["kind"] == "exception")]
    assert len(exceptions) and exceptions["note"].all()


# Workflows.


def test_an_action_by_a_tag_is_not_pinned(tmp_path):
    commit = "a" * 40
    (tmp_path / "x.yml").write_text(
        f"uses: a/b@v4\nuses: a/b@{commit}\nuses: a/c@{commit} # v1.2.3\n"
    )
    kinds = [row[4] for row in supply.action_rows(tmp_path)]
    assert sorted(kinds) == ["not pinned", "not pinned", "pinned"]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_may_do_no_more_than_it_must(path):
    text = path.read_text()
    workflow = yaml.safe_load(text)
    triggers = workflow[True]  # `on`, to YAML
    assert not {"pull_request_target", "workflow_run"} & set(triggers)
    assert workflow["permissions"] in ({}, {"contents": "read"})
    for name, job in workflow["jobs"].items():
        assert set(job.get("permissions", {})) <= {"contents", "pages", "id-token"}
        assert job["timeout-minutes"]
        if job.get("permissions", {}).get("contents") == "write":
            assert (path.stem, name) == ("site", "colab")
        for step in job["steps"]:
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False
            # What a stranger may choose (a title, a branch) is never part of a script.
            assert not re.search(r"\$\{\{\s*(github|inputs)\b", step.get("run", ""))


def test_each_command_of_a_workflow_is_one_of_the_makefile():
    targets = re.findall(r"^([\w-]+):", (supply.ROOT / "Makefile").read_text(), re.M)
    for path in WORKFLOWS:
        called = re.findall(r"run: make ([\w-]+)", path.read_text())
        jobs = yaml.safe_load(path.read_text())["jobs"].values()
        matrices = [job.get("strategy", {}).get("matrix", {}) for job in jobs]
        commands = [text for matrix in matrices for text in matrix.get("command", [])]
        for target in called + [text.split()[0] for text in commands]:
            assert target in targets, f"{path.name}: make {target}"


def test_weaknesses_are_asked_for_on_each_push_and_each_week():
    for name in ("test", "weekly"):
        workflow = yaml.safe_load((supply.WORKFLOWS / f"{name}.yml").read_text())
        assert workflow["jobs"]["audit"]["steps"][-1] == {"run": "make audit"}
    assert workflow[True]["schedule"]


# Known weaknesses.


def package(name="tornado", *found):
    vulns = [
        {"id": id_, "aliases": aliases, "fix_versions": fixed}
        for id_, aliases, fixed in found
    ]
    return {"name": name, "version": "6.0", "vulns": vulns}


def verdicts(dependencies, *exceptions):
    found = audit.judge({"dependencies": dependencies}, list(exceptions), TODAY)
    return found["verdict"].tolist()


def until(day, id_="GHSA-1"):
    return {"id": id_, "reason": "not used", "until": day}


WEAK = package("tornado", ("GHSA-1", ["CVE-1"], ["6.1"]))


@pytest.mark.parametrize(
    "dependencies, exceptions, wanted",
    [
        ([package()], [], []),
        ([WEAK], [], ["open, mended in 6.1"]),
        ([WEAK], [until(TODAY)], ["accepted until 2026-06-01"]),
        ([WEAK], [until(TODAY, "CVE-1")], ["accepted until 2026-06-01"]),
        (
            [WEAK],
            [until(TODAY - datetime.timedelta(1))],
            ["expired on 2026-05-31"],
        ),
        ([package()], [until(TODAY)], ["superfluous"]),
        ([WEAK], [until(TODAY, "X")], ["open, mended in 6.1", "superfluous"]),
        # What could not be asked for is not green, and makes no exception superfluous.
        ([{"name": "x", "skip_reason": "?"}], [until(TODAY)], ["not audited"]),
    ],
)
def test_a_report_is_judged(dependencies, exceptions, wanted):
    assert verdicts(dependencies, *exceptions) == wanted


@pytest.mark.parametrize(
    "dependencies, exceptions, status",
    [
        ([package()], [], 0),
        ([WEAK], [], 1),
        ([WEAK], [until(datetime.date(9999, 1, 1))], 0),
        ([WEAK], [until(datetime.date(2020, 1, 1))], 1),
        ([package()], [until(TODAY)], 0),
        ([package(), {"name": "x", "skip_reason": "?"}], [], 1),
    ],
)
def test_the_command_is_red_when_it_must(
    monkeypatch, capsys, dependencies, exceptions, status
):
    monkeypatch.setattr(audit, "ask", lambda: {"dependencies": dependencies})
    monkeypatch.setattr(audit, "accepted", lambda: exceptions)
    assert audit.main() == status
    assert "packages audited" in capsys.readouterr().out


def test_the_exceptions_are_complete():
    audit.accepted()


@pytest.mark.parametrize(
    "text",
    [
        'id = "X"\nreason = "y"',
        'id = "X"\nreason = ""\nuntil = 2026-01-01',
        'id = "X"\nreason = "y"\nuntil = "2026-01-01"',
        'id = "X"\nreason = "y"\nuntil = 2026-01-01\nforever = true',
    ],
)
def test_an_incomplete_exception_is_one_sentence(tmp_path, text):
    path = tmp_path / "audit.toml"
    path.write_text(f"[[accepted]]\n{text}\n")
    with pytest.raises(SystemExit, match="needs an id, a reason and a day"):
        audit.accepted(path)


def test_a_report_that_cannot_be_had_is_one_sentence(monkeypatch):
    done = subprocess.CompletedProcess([], 1, stdout="", stderr="Traceback\nno network")
    monkeypatch.setattr(audit.subprocess, "run", lambda *args, **options: done)
    with pytest.raises(SystemExit, match="made no report: no network"):
        audit.ask()
