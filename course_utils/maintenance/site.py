"""What ``make site`` gives Sphinx: the executed notebooks as they are stored, and pages
for the map, the scoreboard, each claim and the errata, made from the data.

Nothing is run. ``python -m course_utils.maintenance.site`` writes build/site-source,
and Sphinx makes build/site from it with site/conf.py. Where the repository's address is
known (``COURSE_REPOSITORY=https://github.com/OWNER/NAME``), the pages have buttons for
Binder and Colab, and copies of the notebooks for Colab are written to build/colab.
"""

import base64
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import nbformat
from packaging.requirements import Requirement

from ..claims import (
    FAILS,
    MARKS,
    MIME,
    NOTEBOOKS,
    OUTCOMES,
    UNDECIDED,
    load_claims,
    load_errata,
    load_replication,
    load_statements,
    scoreboard,
)
from ..overview import VerdictsInWords, lecture_path

ROOT = NOTEBOOKS.parent
CONFIGURATION = ROOT / "site"
SOURCE = ROOT / "build" / "site-source"
SITE = ROOT / "build" / "site"
COLAB = ROOT / "build" / "colab"
ADDRESS = "COURSE_REPOSITORY"  # the variable
MATHJAX = ("tex-chtml-full.js", "output/chtml/fonts/woff-v2")
PNG_DATA = re.compile(r"data:image/png;base64,([A-Za-z0-9+/=\\\n]+)")
NOT_FOR_COLAB = {  # it has its own Jupyter, and nothing is tested there
    "jupyterlab",
    "ipywidgets",
    "nbclient",
    "nbformat",
    "nbval",
    "pytest",
    "pytest-xdist",
    "hypothesis",
    "ruff",
}


# Notebooks


def for_web(notebook):
    """Change a notebook so that its page shows what JupyterLab shows.

    A section that JupyterLab folds gets the class ``fold``; each picture its
    description; links between notebooks and from ids to claims lead to pages.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        Is changed.

    Returns
    -------
    dict of str to bytes
        The frames of playable pictures: file name -> content. They are files of their
        own, so that a page is small.
    """
    pictures = {}
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            if "hide-cell" in cell.metadata.get("tags", []):
                cell.source = re.sub(r"\A(?=#+ )", "{.fold}\n", cell.source)
            cell.source = re.sub(r"\*\*([CE]\d\d)\*\*", _to_claim, cell.source)
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            data.pop(MIME, None)
            alt = output.get("metadata", {}).get("image/png", {}).get("alt")
            if "image/png" in data:
                # myst-nb shows HTML first: only a player's is more than the picture.
                if "<script" not in data.get("text/html", ""):
                    data.pop("text/html", None)
                if alt:
                    cell.metadata["mystnb"] = {"image": {"alt": alt}}
            if "text/html" in data:
                data["text/html"] = _html_for_web(data["text/html"], pictures)
    return pictures


def _to_claim(match):
    page = f"claims/{match[1]}.md" if match[1][0] == "C" else "errata.md"
    anchor = "" if match[1][0] == "C" else f"#{match[1].lower()}"
    return f"[{match[0]}]({page}{anchor})"


def _html_for_web(html, pictures):
    def to_file(match):
        content = base64.b64decode(re.sub(r"\\?\n", "", match[1]))
        name = hashlib.sha256(content).hexdigest()[:20] + ".png"
        pictures[name] = content
        return f"_static/frames/{name}"

    def to_claim(match):
        return f">{_link_to(match[1])}<"

    html = PNG_DATA.sub(to_file, html)
    html = re.sub(r'(href="[\w/]*)\.ipynb(?=[#"])', r"\1.html", html)
    return re.sub(r">([CE]\d\d[a-z]?)<(?=/td>)", to_claim, html)


def _link_to(name):
    """An id of a claim, an erratum or a statement as a link, for a notebook's page."""
    page = f"claims/{name[:3]}.html" if name[0] == "C" else "errata.html"
    anchor = f"#{name.lower()}" if name[0] == "E" or len(name) > 3 else ""
    return f'<a href="{page}{anchor}">{name}</a>'


def judged_under(notebook):
    """Under which heading a notebook judges each claim or erratum: id -> heading."""
    found, heading = {}, ""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            prose = re.sub(r"^```.*?^```", "", cell.source, flags=re.M | re.S)
            headings = re.findall(r"^#+ +(.+?) *$", prose, re.M)
            heading = headings[-1] if headings else heading
        else:
            for name in re.findall(r'\bverdict\(\s*"([CE]\d\d)"', cell.source):
                found.setdefault(name, heading)
    return found


def measured(notebook):
    """What `verdict` printed of each statement: id -> criterion and value."""
    text = "".join(
        output.get("text", "")
        for cell in notebook.cells
        for output in cell.get("outputs", [])
    )
    return dict(re.findall(r"^  \S ([CE]\d\d[a-z]) .*\n      (.+)$", text, re.M))


# Pages in Markdown


def words(text):
    """A text in which nothing is Markdown."""
    return re.sub(r"([\\`*_{}\[\]<>()#$|&~^@:+!-])", r"\\\1", str(text))


def slug(heading):
    """A heading's anchor, as in GitHub's pages and in MyST."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def table(header, rows):
    """A Markdown table; its cells are Markdown."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def claim_page(claim, row, notebook):
    """A claim: the slide, what it says, the verdict, and each statement behind it.

    Parameters
    ----------
    claim : dict
        From :func:`course_utils.load_claims`.
    row : dict
        From :func:`course_utils.scoreboard`.
    notebook : nbformat.NotebookNode
        The one that judges it.
    """
    name, where = claim["id"], claim["notebook"]
    heading = judged_under(notebook).get(name)
    place = f"../{where}.ipynb" + (f"#{slug(heading)}" if heading else "")
    return f"""\
# {name} · {words(claim["slide"])}

> {words(claim["claim"])}

**{MARKS[row["verdict"]]} {row["verdict"]}.** {_sentence(row["measured"])}

{_repeated(row["repeated"])}The experiment: [{words(heading or where)}]({place}) in
[{where}](../{where}.ipynb).

## Its statements

{_statements(name, row["statements"], measured(notebook))}

How a verdict is found, and all the others: [the scoreboard](../scoreboard.md).
"""


def _sentence(text):
    return words(text[:1].upper() + text[1:] + ".") if text else ""


def _repeated(text):
    where = re.search(r" \((\w+)\)", text)
    of = f" (its least certain statement, {where[1]})" if where else ""
    count = text.split(" (")[0]
    return f"In fresh repetitions as recorded: {count}{of}. " if text else ""


def _statements(claim, outcomes, values):
    """A definition list: a statement, its outcome, its criterion, its repetitions."""
    repetitions = load_replication().set_index("id").to_dict("index")
    lines = []
    for row in load_statements().query("claim == @claim").to_dict("records"):
        name, outcome = row["id"], outcomes.get(row["id"], "not measured")
        lines += [
            f"({name.lower()})=",
            f"**{name}** {MARKS[outcome]} {outcome}",
            f": {words(row['statement'])}",
        ]
        value = values.get(name, row["criterion"])
        kind = "Measured" if "(asked: " in value else "Asked"
        lines.append(f": *{kind}:* {words(value)}")
        if name in repetitions:
            lines.append(f": *Repeated:* {_repetitions(repetitions[name])}")
        lines.append("")
    return "\n".join(lines)


def _repetitions(row):
    n, hold, undecided = row["repetitions"], row["hold"], row["undecided"]
    counts = {
        OUTCOMES[True]: hold,
        OUTCOMES[None]: undecided,
        OUTCOMES[False]: n - hold - undecided - row["broken"],
        "the experiment broke": row["broken"],
    }
    said = ", ".join(f"{word} {count}" for word, count in counts.items() if count)
    return f"{n} times with fresh seeds and data: {said}"


def errata_page(notebooks):
    """What the lecture says wrongly or loosely, each with an anchor."""
    parts = ["# Errata", "What the lecture says wrongly or loosely, and what is so."]
    stored = {
        row["id"]: row
        for notebook in notebooks.values()
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        for row in output.get("data", {}).get(MIME, [])
    }
    for row in load_errata().to_dict("records"):
        name, where = row["id"], row["notebook"]
        heading = judged_under(notebooks[where]).get(name)
        place = f"{where}.ipynb" + (f"#{slug(heading)}" if heading else "")
        found = stored.get(name, {"measured": "", "statements": {}})
        statements = _statements(name, found["statements"], measured(notebooks[where]))
        parts += [
            f"({name.lower()})=\n## {name}",
            f"**The lecture:** {words(row['lecture'])}",
            f"**Better:** {words(row['correct'])}",
            _sentence(found["measured"]),
            statements,
            f"In [{where}]({place}).",
        ]
    return "\n\n".join(part for part in parts if part) + "\n"


def scoreboard_page(board):
    """All claims by notebook, and the statements that do not hold or are undecided."""
    in_words = VerdictsInWords(board)
    parts = [
        "# How the lecture fared",
        in_words.summary(),
        "A claim *holds* if all its statements do, *holds in part* if some do, *does "
        "not hold here* if none does. A statement is *undecided* if its interval lies "
        "across its criterion, or if it came out otherwise in more than one of ten "
        "repetitions with fresh seeds and data. Each id leads to a page with the "
        "statements, their criteria and how each came out. What the slides have wrong "
        "stands under [errata](errata.md).",
    ]
    for notebook, rows in board.groupby("notebook", sort=True):
        parts += [
            f"## {words(notebook)}",
            f"[Open the notebook]({notebook}.ipynb)",
            table(
                ["Claim", "The lecture says", "We measured", "Verdict", "Repeated"],
                [
                    [
                        f"[{row['id']}](claims/{row['id']}.md)",
                        words(row["claim"]),
                        words(row["measured"]),
                        f"{MARKS[row['verdict']]} {row['verdict']}",
                        words(row["repeated"]),
                    ]
                    for row in rows.to_dict("records")
                ],
            ),
        ]
    for outcome, title in ((FAILS, "do not hold here"), (UNDECIDED, "are undecided")):
        rows = in_words.statements.query("outcome == @outcome")
        parts += [
            f"## {MARKS[outcome]} {len(rows)} statements {title}",
            "\n".join(
                f"- [{row['id']}](claims/{row['claim']}.md#{row['id'].lower()})"
                f" {words(row['statement'])} (of: {words(row['of the claim'])})"
                for row in rows.to_dict("records")
            ),
        ]
    names = "\n".join(f"{name} <claims/{name}>" for name in board["id"])
    parts.append(f"```{{toctree}}\n:hidden:\n\n{names}\n```")
    return "\n\n".join(parts) + "\n"


def _page_of(stem):
    return f"[{stem}]({stem}.ipynb)"


def map_page():
    """From slides to notebooks and claims, and the path through the lecture hour."""
    claims, path = load_claims(), lecture_path()
    slides = []
    for slide, rows in claims.groupby("slide", sort=False):
        ids = " ".join(f"[{name}](claims/{name}.md)" for name in rows["id"])
        where = ", ".join(map(_page_of, rows["notebook"].unique()))
        slides.append([words(slide), where, ids])
    hour = [
        [_page_of(row.notebook), str(row.minutes), words(row.moments)]
        for row in path.itertuples()
    ]
    return f"""\
# The map

## From a slide to its notebook

{table(["Slide", "Notebook", "Claims"], slides)}

## The lecture in {path["minutes"].sum()} minutes

At most five cells a notebook: these are the moments to project.

{table(["Notebook", "Minutes", "Moments"], hour)}
"""


def verdict_picture(notebook):
    """The stored picture of all verdicts in notebook 00, and its description."""
    for cell in notebook.cells:
        if "verdict_bars(" in cell.source:
            for output in cell.outputs:
                if "image/png" in output.get("data", {}):
                    picture = base64.b64decode(output.data["image/png"])
                    return picture, output.metadata["image/png"]["alt"]
    raise ValueError(
        "Notebook 00 stores no picture of the verdicts: run `make record`."
    )


def index_page(readme, repository, summary, alt):
    """The front page, from the README's first lines and its map of the notebooks, and
    the verdicts in words and in a picture."""
    title, about = re.match(r"# (.+)\n\n(.+)\n", readme).groups()
    rows = re.findall(
        r"^\| \[(\w+)\]\(notebooks/\w+\.ipynb\) \| (.+) \| (.+) \|$", readme, re.M
    )
    listed = table(
        ["Notebook", "What it runs", "Claims"],
        [[_page_of(stem), what, claims] for stem, what, claims in rows],
    )
    stems = "\n".join(stem for stem, *_ in rows)
    return f"""\
# {title}

{about}

Begin with [Start here](00_start_here.ipynb), look up a slide in [the map](map.md), or
read [how the lecture fared](scoreboard.md), claim by claim.

## The notebooks

{listed}

## How the lecture fared

{words(summary)}

![{words(alt)}](verdicts.png)

[All claims, one by one](scoreboard.md)

## Reading these pages

The pages show what the notebooks computed when they were last run; nothing is computed
in your browser. Code, evidence, answers and solutions are folded: click on a line with
a triangle. Pictures with ▶ play. Sliders and exercises need a running notebook.

## Running the notebooks

{RUNNING.format(repository=repository) if repository else OFFLINE}

```{{toctree}}
:hidden:
:caption: The course

map
scoreboard
errata
```

```{{toctree}}
:hidden:
:caption: Notebooks

{stems}
```
"""


OFFLINE = """\
On your own machine, with Python 3.11, 3.12 or 3.13: `make lab` in the course's
folder."""
RUNNING = """\
- **On your own machine,** with Python 3.11, 3.12 or 3.13: `git clone {repository}`,
  and `make lab` in its folder.
- **Binder** (the rocket above each notebook): JupyterLab in the browser, with the
  course's own versions. The first start takes minutes, and what you change is lost when
  you leave, unless you download it.
- **Colab** (the rocket, too): its first cell fetches the course and the versions of
  TensorFlow and Keras that it needs, in about two minutes. Colab brings its own Python
  and Jupyter, so numbers may differ in the last digits, JupyterLab's presentation is
  missing, folded code stands open, and TensorFlow may not find Colab's GPU."""


# Google Colab


def for_colab(notebook, repository):
    """Make a notebook's copy for Google Colab: no outputs, folded sections as Colab
    folds them, and a first cell that fetches the course and what it needs."""
    needs = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    ranges = [
        f'"{text}"'
        for text in needs["project"]["dependencies"]
        if Requirement(text).name not in NOT_FOR_COLAB
    ]
    first = FIRST_CELL.format(
        repository=repository, name=repository.split("/")[-1], ranges=" ".join(ranges)
    )
    notebook.cells.insert(0, nbformat.v4.new_code_cell(first, id="colab"))
    folded = []
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
        elif "hide-cell" in cell.metadata.get("tags", []):
            cell.metadata["id"] = cell.id
            folded.append(cell.id)
    notebook.metadata["colab"] = {"collapsed_sections": folded}
    return notebook


FIRST_CELL = """\
# Only on Google Colab: fetches the course and what it needs, in about two minutes.
import os
import sys

COURSE = os.path.abspath("{name}")
if not os.path.isdir(COURSE):
    !git clone --quiet --depth 1 {repository} "{{COURSE}}"
%pip install --quiet {ranges}
sys.path.insert(0, COURSE)
os.environ["PYTHONPATH"] = COURSE"""


# Files


def write(folder, files):
    """Make `folder` hold exactly `files` (path -> text or bytes); what has not changed
    is left alone, so that Sphinx builds only what has."""
    for path, content in files.items():
        path = folder / path
        content = content.encode() if isinstance(content, str) else content
        if not path.is_file() or path.read_bytes() != content:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    for path in folder.rglob("*"):
        if path.is_file() and str(path.relative_to(folder)) not in files:
            path.unlink()


def sources(repository=""):
    """All that Sphinx reads: path in build/site-source -> text or bytes."""
    paths = sorted(NOTEBOOKS.glob("*.ipynb"))
    notebooks = {path.stem: nbformat.read(path, as_version=4) for path in paths}
    board = scoreboard()
    rows = {row["id"]: row for row in board.to_dict("records")}
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    picture, alt = verdict_picture(notebooks["00_start_here"])
    summary = VerdictsInWords(board).summary()
    files = {
        "index.md": index_page(readme, repository, summary, alt),
        "verdicts.png": picture,
        "map.md": map_page(),
        "scoreboard.md": scoreboard_page(board),
        "errata.md": errata_page(notebooks),
    }
    for claim in load_claims().to_dict("records"):
        page = claim_page(claim, rows[claim["id"]], notebooks[claim["notebook"]])
        files[f"claims/{claim['id']}.md"] = page
    for stem, notebook in notebooks.items():
        for name, content in for_web(notebook).items():
            files[f"_static/frames/{name}"] = content
        files[f"{stem}.ipynb"] = nbformat.writes(notebook)
    for path in [CONFIGURATION / "conf.py", *(CONFIGURATION / "_static").iterdir()]:
        files[str(path.relative_to(CONFIGURATION))] = path.read_bytes()
    return files


def mathjax():
    """MathJax's files, from the package that brings them, and their licence, which it
    lacks: Apache 2.0, as that of Sphinx's requests."""
    folder = Path(
        metadata.distribution("sphinx-mathjax-offline").locate_file(
            "sphinx-mathjax-offline/static/mathjax"
        )
    )
    wanted = [folder / MATHJAX[0], *(folder / MATHJAX[1]).iterdir()]
    of_requests = metadata.distribution("requests").files
    (licence,) = (path for path in of_requests if path.name == "LICENSE")
    return {
        "_static/mathjax/LICENSE": licence.read_binary(),
        **{
            f"_static/mathjax/{path.relative_to(folder)}": path.read_bytes()
            for path in wanted
        },
    }


def course_address():
    """The repository's address as ``COURSE_REPOSITORY`` has it; "" if it is not set."""
    address = os.environ.get(ADDRESS, "").rstrip("/").removesuffix(".git")
    if address and not re.fullmatch(r"https://github\.com/[\w.-]+/[\w.-]+", address):
        raise SystemExit(
            f"{ADDRESS} must be https://github.com/OWNER/NAME, which Binder and Colab"
            f" can open, not {address}."
        )
    return address


def build():
    """Run Sphinx over build/site-source; only what has changed is made anew."""
    options = ["-q", "-W", "--keep-going", "-n", "-j", "auto", "-d", f"{SOURCE}-state"]
    done = subprocess.run([sys.executable, "-m", "sphinx", *options, SOURCE, SITE])
    if done.returncode:
        raise SystemExit("The site has mistakes: Sphinx names them above.")
    for path in NOTEBOOKS.glob("*.ipynb"):  # to download: as it is in the repository
        shutil.copy(path, SITE / "_sources" / path.name)


def main():
    address = course_address()
    write(SOURCE, {**sources(address), **mathjax()})
    copies = {}
    if address:
        for path in sorted(NOTEBOOKS.glob("*.ipynb")):
            copy = for_colab(nbformat.read(path, as_version=4), address)
            copies[path.name] = nbformat.writes(copy)
    else:
        print(
            f"No buttons for Binder and Colab: {ADDRESS} does not say where the course"
            f" is. With them: {ADDRESS}=https://github.com/OWNER/NAME make site"
        )
    write(COLAB, copies)
    build()
    size = sum(path.stat().st_size for path in SITE.rglob("*") if path.is_file())
    print(f"The site: {(SITE / 'index.html').relative_to(ROOT)} ({size / 1e6:.0f} MB)")


if __name__ == "__main__":
    main()
