"""The web site that `make site` makes, as a reader meets it."""

import os
import subprocess
import sys
from functools import partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import unquote, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe

ROOT = Path(__file__).resolve().parents[1]
SITE = ROOT / "build" / "site"
STEMS = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))
OTHERS = ["index", "map", "scoreboard", "errata", "claims/C24", "search"]
PHONE, PROJECTOR = {"width": 390, "height": 844}, {"width": 1280, "height": 720}
READY = "() => !window.MathJax?.startup || MathJax.startup.promise.then(() => true)"


@pytest.fixture(scope="session")
def site():
    """The address of the site, made as `make site` makes it and served from here."""
    done = subprocess.run(
        [sys.executable, "-m", "course_utils.maintenance.site"],
        cwd=ROOT,
        env={**os.environ, "COURSE_REPOSITORY": "https://github.com/OWNER/NAME"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    handler = partial(_Silent, directory=SITE)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class _Silent(SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


def go(page, address):
    """Open a page and wait until its formulas are set."""
    page.goto(address)
    page.wait_for_function(READY)


class _Page(HTMLParser):
    """The ids and references of a page."""

    def __init__(self, path):
        super().__init__()
        self.ids, self.leads, self.loads = set(), [], []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.ids.add(attributes.get("id"))
        if tag == "a" and attributes.get("href"):
            self.leads.append(attributes["href"])
        loads = attributes.get("src") or (tag == "link" and attributes.get("href"))
        if loads:
            self.loads.append(loads)


def test_the_site_is_small(site):
    files = [path for path in SITE.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 60e6
    assert max(path.stat().st_size for path in SITE.glob("*.html")) < 2e6


def test_every_link_leads_somewhere_and_no_page_loads_from_elsewhere(site):
    pages = {path.resolve(): _Page(path) for path in SITE.rglob("*.html")}
    pages = {path: page for path, page in pages.items() if "_static" not in path.parts}
    assert len(pages) > 62 + len(STEMS)
    missing = []
    for path, page in pages.items():
        for address in page.leads + page.loads:
            parts = urlsplit(address)
            if parts.scheme or parts.netloc:
                if address in page.loads and parts.scheme != "data":
                    missing.append(f"{path.name} loads {address}")
                continue
            target = (path.parent / unquote(parts.path)).resolve()
            target = target if parts.path else path
            if not target.is_file():
                missing.append(f"{path.name}: {address}")
            elif parts.fragment and target.suffix == ".html":
                if unquote(parts.fragment) not in pages[target].ids:
                    missing.append(f"{path.name}: {address} has no such anchor")
    assert not missing, "\n".join(missing)


def test_nobody_is_led_to_a_notebook_file_but_to_download_it(site):
    for path in SITE.rglob("*.html"):
        if "_static" not in path.parts:
            for address in _Page(path).leads:
                if address.endswith(".ipynb"):
                    assert "_sources/" in address or urlsplit(address).netloc


def test_the_notebooks_to_download_are_the_repositorys(site):
    for stem in STEMS:
        name = f"{stem}.ipynb"
        stored = (ROOT / "notebooks" / name).read_bytes()
        assert (SITE / "_sources" / name).read_bytes() == stored


@pytest.mark.parametrize("name", [*STEMS, *OTHERS])
def test_a_page_on_a_phone_has_formulas_pictures_and_no_scroll_bar(site, page, name):
    """The page's own scroll bar: tables and code scroll in themselves. (`page` fails
    when something is asked from elsewhere, or the console reports an error.)"""
    page.set_viewport_size(PHONE)
    go(page, f"{site}/{name}.html")
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= PHONE["width"], f"{width} pixels wide"
    assert page.locator("mjx-merror").count() == 0
    assert page.locator("mjx-container").count() == page.locator("main .math").count()
    broken = """
        Promise.all([...document.querySelectorAll('main img')].map(async picture => {
          await picture.decode().catch(() => null);
          return picture.naturalWidth && picture.alt ? null : picture.outerHTML;
        })).then(found => found.filter(Boolean).map(html => html.slice(0, 200)))"""
    assert page.evaluate(broken) == []


def test_evidence_is_folded_and_a_link_into_it_opens_it(site, page):
    go(page, f"{site}/10_regularization.html")
    folds = page.locator("details.fold")
    assert folds.count() > 3 and not page.locator("details[open]").count()
    inside = page.locator("#evidence-for-c42 .highlight").first
    assert not inside.is_visible()
    page.locator("#evidence-for-c42 summary").first.click()
    assert inside.is_visible()
    go(page, f"{site}/claims/C42.html")
    page.get_by_role("link", name="Evidence for C42").click()
    page.wait_for_url("**/10_regularization.html#evidence-for-c42")
    inside.wait_for(state="visible")
    assert page.locator("details.fold[open]").count() == 1


def test_the_code_of_a_picture_is_folded_and_the_picture_is_not(site, page):
    go(page, f"{site}/10_regularization.html")
    cell = page.locator(".cell.tag_hide-input").first
    assert cell.locator("img").first.is_visible()
    assert not cell.locator(".highlight").first.is_visible()


def test_solutions_and_answers_open_with_highlighted_code_and_formulas(site, page):
    go(page, f"{site}/10_regularization.html")
    solution = page.locator("details", has_text="A solution").first
    code = solution.locator(".highlight-python span.n").first
    assert not code.is_visible()
    solution.locator("summary").click()
    assert code.is_visible()
    answer = page.locator("section > details:not(.fold):has(> p mjx-container)").first
    formula = answer.locator("mjx-container").first
    assert not formula.is_visible()
    answer.locator("summary").click()
    assert formula.is_visible()


def test_a_player_plays(site, page):
    go(page, f"{site}/05_gradient_descent.html")
    player = page.locator(".animation").first
    player.scroll_into_view_if_needed()
    picture = player.locator("img")
    player.get_by_label("First frame").click()
    first = picture.get_attribute("src")
    player.get_by_label("Next frame").click()
    second = picture.get_attribute("src")
    assert second != first
    player.get_by_label("First frame").click()
    player.get_by_label("Play", exact=True).click()
    page.wait_for_function(
        "([picture, seen]) => !seen.includes(picture.getAttribute('src'))",
        arg=[picture.element_handle(), [first, second]],
    )
    player.get_by_label("Pause").click()
    slider = player.locator("input[type=range]")
    slider.focus()
    before = picture.get_attribute("src")
    slider.press("Home")
    assert picture.get_attribute("src") == first != before


@pytest.mark.parametrize(
    "word, found", [("co-adapted", "10_regularization"), ("Sigmoid's", "claims/C24")]
)
def test_the_search_finds_pages(site, page, word, found):
    go(page, f"{site}/index.html")
    page.keyboard.press("Control+k")
    page.keyboard.type(word)
    page.keyboard.press("Enter")
    page.wait_for_url("**/search.html?q=*")
    page.locator(f"#search-results a[href^='{found}.html']").first.wait_for()


def test_the_switch_makes_the_page_dark_and_pictures_stay_white(site, page):
    go(page, f"{site}/00_start_here.html")
    ground = "getComputedStyle(document.body).backgroundColor"
    seen = {}
    for mode in ("light", "dark"):
        page.get_by_label("Color mode").locator("visible=true").first.click()
        page.locator(f".theme-change-button[data-mode={mode}]:visible").first.click()
        assert page.evaluate("document.documentElement.dataset.theme") == mode
        page.wait_for_timeout(500)  # the colours fade over
        seen[mode] = page.evaluate(ground)
    assert seen["light"] == "rgb(255, 255, 255)" != seen["dark"]
    white = "image => getComputedStyle(image).backgroundColor"
    assert page.locator("main img").first.evaluate(white) == "rgb(255, 255, 255)"


def test_a_notebooks_page_starts_binder_and_the_copy_for_colab(site):
    leads = _Page(SITE / "06_activations.html").leads
    assert (
        "https://mybinder.org/v2/gh/OWNER/NAME/main"
        "?urlpath=lab/tree/notebooks/06_activations.ipynb"
    ) in leads
    assert (
        "https://colab.research.google.com/github/OWNER/NAME/blob/colab/"
        "06_activations.ipynb"
    ) in leads
    copies = {path.name for path in (ROOT / "build" / "colab").iterdir()}
    assert copies == {f"{stem}.ipynb" for stem in STEMS}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    "name", [*OTHERS, "00_start_here", "03_forward_pass", "05_gradient_descent"]
)
def test_axe_finds_nothing_serious(site, page, name, scheme):
    """With everything unfolded."""
    page.emulate_media(color_scheme=scheme)
    assert serious(page, f"{site}/{name}.html") == []


@pytest.mark.parametrize(
    "name",
    sorted({*STEMS} - {"00_start_here", "03_forward_pass", "05_gradient_descent"}),
)
def test_axe_finds_nothing_serious_but_for_contrast(site, page, name):
    """The colours are those of the pages above, and take most of axe's time."""
    rules = {"color-contrast": {"enabled": False}}
    assert serious(page, f"{site}/{name}.html", rules) == []


def serious(page, address, rules=None):
    """What axe-core finds in a page, of the impacts serious and critical."""
    go(page, address)
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    options = {"resultTypes": ["violations"], "rules": rules or {}, "preload": False}
    found = Axe().run(page, options=options)
    return [
        (each["id"], each["nodes"][0]["html"], each["nodes"][0]["failureSummary"])
        for each in found.response["violations"]
        if each["impact"] in ("serious", "critical")
    ]
