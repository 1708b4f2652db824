"""What `make site` makes of notebooks and data, without Sphinx."""

import base64
import csv
import os
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from importlib.util import find_spec
from pathlib import Path

import nbformat
import pytest
from nbconvert.filters import markdown2html
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from course_utils.claims import MIME, scoreboard
from course_utils.maintenance import site

ROOT = Path(__file__).resolve().parents[1]
ADDRESS = "https://github.com/OWNER/NAME"
PNG = base64.b64encode(b"not really a picture").decode()


def rows(name):
    with (ROOT / "data" / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


CLAIMS = [row for row in rows("claims.csv") if row["kind"] == "claim"]


@pytest.fixture(scope="module")
def notebooks():
    return {
        path.stem: nbformat.read(path, as_version=4)
        for path in sorted((ROOT / "notebooks").glob("*.ipynb"))
    }


@pytest.fixture(scope="module")
def board():
    return scoreboard()


class _Text(HTMLParser):
    def __init__(self, html):
        super().__init__()
        self.text = ""
        self.feed(html)

    def handle_data(self, data):
        self.text += data


def seen(markdown):
    """What a reader sees of Markdown."""
    return " ".join(_Text(markdown2html(markdown)).text.split())


def web(cell):
    notebook = new_notebook(cells=[cell])
    return notebook.cells[0], site.for_web(notebook)


def shown(html, **data):
    bundle = {"text/html": html, **data}
    metadata = {"image/png": {"alt": "A rising line."}} if data else {}
    output = new_output("display_data", bundle, metadata=metadata)
    cell, files = web(new_code_cell("", outputs=[output]))
    return cell, cell.outputs[0].data, files


# Notebooks


def test_only_a_heading_that_jupyterlab_folds_is_folded():
    text = "### Evidence for C24\n\nTen seeds."
    folded, _ = web(new_markdown_cell(text, metadata={"tags": ["hide-cell"]}))
    assert folded.source == "{.fold}\n" + text
    assert web(new_markdown_cell(text))[0].source == text


def test_a_claim_named_in_a_text_leads_to_its_page():
    cell, _ = web(new_markdown_cell("It holds (**C24**), but (**E17**)."))
    assert cell.source == (
        "It holds ([**C24**](claims/C24.md)), but ([**E17**](errata.md#e17))."
    )


def test_a_claim_in_a_table_leads_to_its_page():
    _, data, _ = shown("<td>C24</td><td>C24b</td><td>E06</td><td>E06a</td><td>C2</td>")
    assert data["text/html"] == (
        '<td><a href="claims/C24.html">C24</a></td>'
        '<td><a href="claims/C24.html#c24b">C24b</a></td>'
        '<td><a href="errata.html#e06">E06</a></td>'
        '<td><a href="errata.html#e06a">E06a</a></td><td>C2</td>'
    )


def test_a_link_between_notebooks_leads_to_a_page_also_from_a_fold():
    _, data, _ = shown('<details><a href="02_xor.ipynb">Open 02_xor</a></details>')
    assert data["text/html"] == (
        '<details><a href="02_xor.html">Open 02_xor</a></details>'
    )


def test_a_picture_has_its_description_and_is_there_once():
    cell, data, files = shown(f'<img src="data:image/png;base64,{PNG}">', **picture())
    assert set(data) == {"image/png"} and not files
    assert cell.metadata["mystnb"] == {"image": {"alt": "A rising line."}}


def picture():
    return {"image/png": PNG}


def test_the_frames_of_a_player_are_files():
    broken = PNG[:8] + "\\\n" + PNG[8:]  # as matplotlib breaks its lines
    html = f'<script>f[0] = "data:image/png;base64,{broken}"'
    _, data, files = shown(html, **picture())
    ((name, content),) = files.items()
    assert content == b"not really a picture"
    assert data["text/html"] == f'<script>f[0] = "_static/frames/{name}"'


def test_stored_verdicts_are_not_for_readers():
    output = new_output("display_data", {MIME: "[]", "text/plain": "x"})
    cell, _ = web(new_code_cell("", outputs=[output]))
    assert set(cell.outputs[0].data) == {"text/plain"}


# Pages


def test_nothing_in_a_text_is_taken_for_markdown():
    everything = rows("claims.csv") + rows("errata.csv")
    texts = [row.get("statement") or row.get("lecture") for row in everything]
    shown_texts = seen("\n\n".join(map(site.words, texts)))
    assert shown_texts == " ".join(" ".join(texts).split())


def test_every_claim_and_erratum_is_judged_under_a_heading(notebooks):
    for row in CLAIMS + rows("errata.csv"):
        assert site.judged_under(notebooks[row["notebook"]]).get(row["id"]), row["id"]


def test_a_claims_page_says_all_of_it(notebooks, board):
    found = {row["id"]: row for row in board.to_dict("records")}
    replication = {row["id"]: row for row in rows("replication.csv")}
    for claim in CLAIMS:
        name, notebook = claim["id"], notebooks[claim["notebook"]]
        given = {**claim, "claim": claim["statement"]}
        page = site.claim_page(given, found[name], notebook)
        text = seen(page)
        for part in (claim["slide"], claim["statement"], found[name]["verdict"]):
            assert " ".join(part.split()) in text, name
        assert f"](../{claim['notebook']}.ipynb#" in page
        statements = [row for row in rows("claims.csv") if row["id"][:-1] == name]
        assert statements and len(re.findall(r"^\(c\d\d[a-z]\)=$", page, re.M)) == len(
            statements
        )
        for row in statements:
            block = page.split(f"({row['id'].lower()})=")[1].split("\n\n")[0]
            outcome = found[name]["statements"][row["id"]]
            assert f"**{row['id']}**" in block and outcome in block
            assert site.words(row["statement"]) in block
            asked = row["criterion"].rsplit(":", 1)[1].strip()
            assert site.words(asked) in block, row["id"]
            assert f"{replication[row['id']]['repetitions']} times" in block


def test_repetitions_add_up():
    row = {"repetitions": 10, "hold": 4, "undecided": 3, "broken": 1}
    assert site._repetitions(row) == (
        "10 times with fresh seeds and data: holds 4, undecided 3, does not hold here"
        " 2, the experiment broke 1"
    )
    row = {"repetitions": 10, "hold": 10, "undecided": 0, "broken": 0}
    assert site._repetitions(row).endswith("data: holds 10")


def test_the_scoreboard_has_every_claim_once_and_every_verdict(board):
    page = site.scoreboard_page(board)
    for row in board.to_dict("records"):
        (line,) = re.findall(rf"^\| \[{row['id']}\].*$", page, re.M)
        assert f"(claims/{row['id']}.md)" in line and row["verdict"] in line
        assert f"\n{row['id']} <claims/{row['id']}>\n" in page
    outcomes = [o for each in board["statements"] for o in each.values()]
    listed = re.findall(r"^- \[C\d\d[a-z]\]\(claims/C\d\d\.md#c\d\d[a-z]\)", page, re.M)
    assert len(listed) == sum(outcome != "holds" for outcome in outcomes) > 0


def test_every_erratum_has_an_anchor_and_both_sides(notebooks):
    page = site.errata_page(notebooks)
    text = seen(page)
    for row in rows("errata.csv"):
        assert f"({row['id'].lower()})=\n## {row['id']}\n" in page
        for side in ("lecture", "correct"):
            assert " ".join(row[side].split()) in text, row["id"]


def test_the_map_leads_from_every_slide_to_its_notebook_and_claims():
    lines = site.map_page().splitlines()
    for claim in CLAIMS:
        (line,) = [x for x in lines if f"(claims/{claim['id']}.md)" in x]
        assert seen(line.split(" | ")[0].strip("| ")) == claim["slide"]
        assert f"({claim['notebook']}.ipynb)" in line


def test_the_front_page_names_every_notebook(notebooks):
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    page = site.index_page(readme, "", "All hold.", "Bars.")
    assert list(notebooks) == re.findall(r"^(\d\d_\w+)$", page, re.M)
    assert all(f"({stem}.ipynb) | " in page for stem in notebooks)
    assert "Bars" in page and "Binder" not in page
    assert "Binder" in site.index_page(readme, ADDRESS, "All hold.", "Bars.")


def test_only_what_changed_is_written_and_what_is_over_goes(tmp_path):
    site.write(tmp_path, {"a.md": "one", "b/c.md": "two", "d.png": b"three"})
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.*")}
    site.write(tmp_path, {"a.md": "one", "b/c.md": "new"})
    assert (tmp_path / "a.md").stat().st_mtime_ns == before[tmp_path / "a.md"]
    assert (tmp_path / "b/c.md").read_text() == "new"
    assert not (tmp_path / "d.png").exists()


@pytest.mark.skipif(not find_spec("sphinx"), reason="the extra site is not installed")
def test_mathjax_comes_with_the_licence_that_it_names():
    files = {Path(name).name: content for name, content in site.mathjax().items()}
    assert b"Licensed under the Apache License, Version 2.0" in files[site.MATHJAX[0]]
    terms = " ".join(files["LICENSE"].decode().split())
    assert terms.startswith("Apache License Version 2.0, January 2004")
    assert all(f" {section}. " in terms for section in range(1, 10))


def test_an_address_that_cannot_be_opened_is_one_sentence(monkeypatch):
    monkeypatch.setenv("COURSE_REPOSITORY", ADDRESS + ".git/")
    assert site.course_address() == ADDRESS
    monkeypatch.setenv("COURSE_REPOSITORY", "git@github.com:OWNER/NAME.git")
    with pytest.raises(SystemExit, match="must be https://github.com/OWNER/NAME"):
        site.course_address()


# Copies for Google Colab


@pytest.mark.parametrize("stem", ["00_start_here", "10_regularization"])
def test_a_copy_for_colab_is_the_notebook_with_a_first_cell(notebooks, stem):
    original = notebooks[stem]
    copy = site.for_colab(nbformat.from_dict(original), ADDRESS)
    nbformat.validate(copy)
    first, *others = copy.cells
    assert f"git clone --quiet --depth 1 {ADDRESS} " in first.source
    assert [cell.source for cell in others] == [cell.source for cell in original.cells]
    assert not any(cell.get("outputs") for cell in copy.cells)
    folded = [c.id for c in others if c.metadata.get("jp-MarkdownHeadingCollapsed")]
    assert copy.metadata["colab"]["collapsed_sections"] == folded
    assert [c.id for c in others if c.metadata.get("id")] == folded


def test_the_first_cell_on_colab_finds_package_and_data(tmp_path):
    """Run by IPython in an empty folder, from a repository with package and data; only
    pip is left out."""
    origin = tmp_path / "origin" / "NAME"
    origin.mkdir(parents=True)
    for folder in ("course_utils", "data"):
        shutil.copytree(ROOT / folder, origin / folder)
    for words in ("init", "add .", "-c user.name=n -c user.email=e commit -m one"):
        subprocess.run(
            ["git", *words.split()], cwd=origin, check=True, stdout=subprocess.DEVNULL
        )
    copy = site.for_colab(new_notebook(), f"file://{origin}")
    lines = [x for x in copy.cells[0].source.splitlines() if not x.startswith("%pip")]
    assert len(lines) == len(copy.cells[0].source.splitlines()) - 1
    script = tmp_path / "first.ipy"
    script.write_text(
        "\n".join(lines)
        + "\nimport course_utils\nprint(course_utils.__file__)"
        + "\nprint(course_utils.load_mnist()[0][0].shape)"
        + "\nprint(len(course_utils.load_claims()), 'claims')"
    )
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-m", "IPython", "--no-banner", script.name],
        cwd=tmp_path,
        env=environment | {"IPYTHONDIR": str(tmp_path / "ipython")},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert str(tmp_path / "NAME" / "course_utils") in done.stdout, done.stderr
    assert "(4000, 28, 28)" in done.stdout and "62 claims" in done.stdout
