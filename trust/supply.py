"""Where everything comes from: what is pinned and hashed, its licences, the licences of
the repository's files, what the linter forbids, the actions of the workflows, and
whether there are known weaknesses in it.

``python -m trust.supply`` writes ``supply.csv`` (a row for each fact) and the page.
"""

import ast
import datetime
import re
import subprocess
import sys
import tomllib
from fnmatch import fnmatchcase
from importlib import metadata
from pathlib import Path

import nbformat
import pandas as pd
from IPython.core.inputtransformer2 import TransformerManager
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from trust import audit, page
from trust.files import ROOT, tracked

CSV = Path(__file__).with_name("supply.csv")
LICENCES = Path(__file__).with_name("licences.toml")
WORKFLOWS = ROOT / ".github" / "workflows"
PINNED = ("requirements.txt", "requirements.lock", "requirements-gpu.txt")
COLUMNS = ["part", "name", "version", "value", "kind", "note"]

# The strictest first: of several licences that are named, it counts.
KINDS = {
    "copyleft": r"\bGPL|General Public|\bAGPL|Affero|CC-BY-SA|Artistic",
    "weak copyleft": r"\bLGPL|Lesser General|\bMPL|Mozilla",
    "proprietary": r"Proprietary",
    "permissive": r"\bMIT\b|BSD|Apache|\bISC|PSF|Python Software|CMU|Zlib|CC0|Kiwi",
}


def kind_of(licence):
    """A key of ``KINDS``, or "unknown"."""
    # A "lesser" licence is no general one.
    text = re.sub(r"GNU Library or Lesser General Public", "Lesser General", licence)
    return next(
        (kind for kind, words in KINDS.items() if re.search(words, text)), "unknown"
    )


def pins(name):
    """(requirement, number of its hashes) for each pin of a requirements file."""
    lines = (ROOT / name).read_text(encoding="utf-8").replace("\\\n", "").splitlines()
    for line in lines:
        if line and not line.startswith(("#", "--only-binary")):
            text, *hashes = line.split("--hash=sha256:")
            yield Requirement(text.strip()), len(hashes)


def licence_of(distribution):
    """What an installed package says about its licence, in one line; "" if nothing."""
    about = distribution.metadata
    if about.get("License-Expression"):
        return about["License-Expression"]
    classifiers = [
        text.split(" :: ")[-1]
        for text in about.get_all("Classifier") or []
        if text.startswith("License ::") and not text.endswith("OSI Approved")
    ]
    said = about.get("License", "").strip()
    if said and said != "UNKNOWN" and len(said) < 60 and "\n" not in said:
        return (
            said if not classifiers else "; ".join(dict.fromkeys([said, *classifiers]))
        )
    if classifiers:
        return "; ".join(classifiers)
    for text in licence_texts(distribution):
        if match := re.search(r"MIT License|Apache License, Version 2.0", text):
            return match[0]
    return ""


def licence_texts(distribution):
    """The texts of the licence files of an installed package."""
    for file in distribution.files or []:
        if re.search(r"licen[cs]e|copying|notice", file.name, re.I):
            path = Path(distribution.locate_file(file))
            if path.is_file():
                yield path.read_text(encoding="utf-8", errors="replace")


def bundled(distribution):
    """The GNU licences whose full text a package carries beside its own licence."""
    title = r"(?im)^\s*(GNU (?:\w+ )?GENERAL PUBLIC LICENSE)\s*$"
    texts = " \n".join(licence_texts(distribution))
    return sorted(set(match.upper() for match in re.findall(title, texts)))


def package_rows():
    """The licence of each pinned package, as the installed one states it."""
    installed = {
        canonicalize_name(found.metadata["Name"]): found
        for found in metadata.distributions()
    }
    by_hand = tomllib.loads(LICENCES.read_text(encoding="utf-8"))["packages"]
    where = {}
    for file, use in zip(PINNED, ("course", "maintainers", "gpu")):
        for pin, _ in pins(file):
            (version,) = pin.specifier
            where.setdefault((pin.name, version.version), use)
    for (name, version), use in sorted(where.items()):
        found = installed.get(name)
        licence, notes = "", []
        if found is not None:
            licence = licence_of(found)
            if found.version != version:
                notes.append(f"read from {found.version}")
            if texts := bundled(found):
                notes.append("carries the text of the " + ", ".join(texts))
        if not licence:
            match = (e for e in by_hand if fnmatchcase(name, e["pattern"]))
            licence = next(match, {}).get("licence", "")
            notes.append(
                "not installed here" if found is None else "its metadata are silent"
            )
        note = "; ".join([use, *notes])
        yield "package", name, version, licence or "unknown", kind_of(licence), note


def rule_for(name, rules):
    """The first rule of ``licences.toml`` that fits a file, or None."""
    return next((rule for rule in rules if fnmatchcase(name, rule["pattern"])), None)


def file_rows(names=None):
    """How many files each rule of ``licences.toml`` covers, and the files without."""
    rules = tomllib.loads(LICENCES.read_text(encoding="utf-8"))["files"]
    found = [(name, rule_for(name, rules)) for name in names or tracked()]
    for name, rule in found:
        if rule is None:
            yield "file", name, "1", "unknown", "unknown", "no rule fits"
    for rule in rules:
        count = sum(fits is rule for _, fits in found)
        kind = kind_of(rule["licence"])
        yield "file", rule["pattern"], str(count), rule["licence"], kind, rule["source"]


def action_rows(folder=WORKFLOWS):
    """Each action that the workflows use, with its commit."""
    used = {}
    for path in sorted(folder.glob("*.yml")):
        for text in re.findall(r"uses:\s*(.+)", path.read_text(encoding="utf-8")):
            used.setdefault(text.strip(), []).append(path.stem)
    for text, workflows in sorted(used.items()):
        match = re.fullmatch(r"([\w./-]+)@([0-9a-f]{40}) # (v[\d.]+)", text)
        name, commit, version = match.groups() if match else (text, "", "")
        kind = "pinned" if match else "not pinned"
        yield "action", name, version, commit, kind, ", ".join(sorted(set(workflows)))


def unread(source):
    """What a cell or a module does past the linter: magics and shell lines, which
    IPython turns into calls of methods of ``get_ipython()``, and ``allow_pickle``.

    Returns
    -------
    list of str
    """
    code = TransformerManager().transform_cell(source)
    found = []
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == SHELL:
            found.append("a magic or a shell line")
        elif isinstance(node, ast.keyword) and node.arg == "allow_pickle":
            if not (isinstance(node.value, ast.Constant) and node.value.value is False):
                found.append("allow_pickle")
    return found


def sources():
    """(file, source) of each notebook cell with code and each module of the course."""
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type == "code":
                yield path.name, cell.source
    for path in sorted((ROOT / "course_utils").rglob("*.py")):
        yield path.name, path.read_text(encoding="utf-8")


def rule_rows():
    """What the linter finds, and the exceptions in ``pyproject.toml`` with reasons."""
    done = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--no-cache", "--quiet"]
        + ["--output-format", "concise", "."],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    for line in done.stdout.splitlines():
        if re.search(r":\d+: (S\d+|TID251|invalid-syntax)", line):
            yield "rule", line, "", "", "found", "ruff"
    for name, source in sources():
        for what in unread(source):
            yield "rule", f"{name}: {what}", "", "", "found", "not ruff"
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    reason, new = [], True
    for line in text.partition("[tool.ruff.lint.per-file-ignores]\n")[2].splitlines():
        if line.startswith("#"):
            reason = [*reason[: 0 if new else None], line.strip("# ")]
            new = False
        elif match := re.match(r'"(.+)" = \[(.+)\]', line):
            codes = [
                code
                for code in re.findall(r'"(\w+)"', match[2])
                if re.match(r"S\d|TID", code)
            ]
            if codes:
                value = ", ".join(codes)
                yield "rule", match[1], "", value, "exception", " ".join(reason)
            new = True
        else:
            break


def pin_rows():
    """How many pins and hashes each file has."""
    for name in PINNED:
        counts = [count for _, count in pins(name)]
        kind = "hashed" if all(counts) else "not hashed"
        value = f"{len(counts)} pins, {sum(counts)} hashes"
        yield "pins", name, "", value, kind, f"{sum(not c for c in counts)} without"


def audit_rows():
    """What pip-audit says today; packages that it could not ask about in one row."""
    today = datetime.date.today()
    report = audit.ask()
    found = audit.judge(report, audit.accepted(), today)
    skipped = int((found["verdict"] == "not audited").sum())
    total = len(report["dependencies"])
    kind = "not audited" if skipped else "audited"
    value = f"{total - skipped} of {total} packages audited"
    yield "audit", "requirements.lock", "", value, kind, str(today)
    for row in found[found["verdict"] != "not audited"].itertuples():
        kind = row.verdict.split()[0].strip(",")
        yield "audit", row.package, row.version, row.weakness, kind, row.verdict


def measure():
    """All rows, as a table of strings."""
    made = (pin_rows, package_rows, file_rows, rule_rows, action_rows, audit_rows)
    return pd.DataFrame([row for rows in made for row in rows()], columns=COLUMNS)


SHELL = "get_ipython()"

# What a row must not say.
WRONG = ("not hashed", "unknown", "found", "not pinned", "open", "expired")


def write(rows, folder=page.HERE):
    """Write the page from the rows of ``supply.csv``."""

    def part(name, kinds=None):
        chosen = rows[rows["part"] == name]
        return chosen if kinds is None else chosen[chosen["kind"].isin(kinds)]

    packages = part("package")
    use = packages["note"].str.split(";").str[0]
    counts = pd.crosstab(packages["kind"], use).reset_index()
    named = packages[
        (packages["kind"] != "permissive") | packages["note"].str.contains("carries")
    ]
    (audited,) = part("audit").head(1).itertuples()
    weaknesses = part("audit").iloc[1:]
    wrong = rows[rows["kind"].isin(WRONG)]
    asked = (
        f"On {audited.note} pip-audit asked the package index of the machine that made"
        f" this page: {audited.value}."
    )
    if audited.kind == "not audited":
        asked += (
            " That index does not say what it knows about weaknesses, so nothing is"
            " said here about them. The workflows run `make audit` where it does, on"
            " each push and each week."
        )
    return page.write(
        "supply",
        "Supply chain",
        "make supply",
        f"Rows that should not be there: {len(wrong)}.",
        *([_table(wrong, "part name value kind")] if len(wrong) else []),
        "## What is installed is what is named",
        "Each pinned package names the SHA-256 of each of its files. `make` installs"
        " nothing without one, then the course itself, built with the pinned"
        " setuptools. pip and `uv pip` refuse another file; `uv run"
        " --with-requirements` does not look at the hashes. Without a hash come the"
        " Hub's proxy (npm, one version, its own dependencies free), conda's Python,"
        " and what Colab installs.",
        _table(part("pins"), "name value kind"),
        "## Known weaknesses",
        asked,
        *([_table(weaknesses, "name version value note")] if len(weaknesses) else []),
        "## Licences of the packages",
        f"As the packages' metadata state them: {len(packages)} pins, some for other"
        " machines or Pythons. The course installs only those in the column *course*.",
        counts,
        "Not permissive, or carrying the text of a GNU licence for a library inside"
        " (under numpy and scipy the compiler's runtime, with its exception). None of"
        " them is shipped with the repository. All others stand in `supply.csv`.",
        _table(named, "name version value kind note"),
        "## Licences of the repository's files",
        _table(part("file"), "name version value note", version="files"),
        "## What no code may do",
        "ruff's rules S and TID251 forbid `eval`, `exec`, pickles, shells, unsafe"
        " YAML, sockets and other downloads than `keras.datasets`, in notebooks,"
        " package and tools; magics, shell lines and `allow_pickle` in notebooks are"
        f" looked for beside it. Found: {len(part('rule', ['found']))}. Exceptions:",
        _table(part("rule", ["exception"]), "name value note"),
        "## Actions of the workflows",
        "Each by its full commit.",
        _table(part("action"), "name version value note"),
        folder=folder,
    )


HEADS = {"value": "what", "name": "name"}


def _table(rows, columns, **heads):
    return rows[columns.split()].rename(columns={**HEADS, **heads})


def main():
    rows = measure()
    rows.to_csv(CSV, index=False, lineterminator="\n")
    write(rows)
    wrong = rows[rows["kind"].isin(WRONG)]
    if len(wrong):
        print(wrong.to_string(index=False))
    return int(len(wrong) > 0)


if __name__ == "__main__":
    sys.exit(main())
