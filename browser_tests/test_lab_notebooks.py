"""Every notebook in JupyterLab: opened, run, played with, saved, opened again.

The tests of one notebook share one page, in which they follow each other.
"""

import csv
import time
from types import SimpleNamespace

import nbformat
import pytest
from axe_playwright_python.sync_playwright import Axe
from driver import ROOT

NOTEBOOKS = [path.stem for path in sorted(ROOT.glob("notebooks/*.ipynb"))]
ERROR, WIDGET = "error", "application/vnd.jupyter.widget-view+json"
SLOW = 3  # seconds until a slider's picture must have changed
CONTRAST = {"runOnly": ["color-contrast"], "resultTypes": ["violations"]}
TEXT = ".jp-Notebook .jp-RenderedHTMLCommon"  # Markdown, tables, captions, verdicts
# axe takes for hidden what lies in JupyterLab's body of no height, or is not drawn yet.
WHOLE = """
body { height: 100vh; }
.jp-Notebook .jp-Cell { content-visibility: visible !important; }
"""

# What a reader sees of the notebook now, and what is wrong with it.
LOOK = """() => {
  const frame = course.scroller.getBoundingClientRect(), found = {wide: [], mute: []};
  const inside = e => {
    const b = e.getBoundingClientRect();
    return b.width && b.height && b.bottom > frame.top && b.top < frame.bottom;
  };
  const bar = e => e.scrollWidth > e.clientWidth + 1 && e.clientWidth &&
    ['auto', 'scroll'].includes(getComputedStyle(e).overflowX);
  if (bar(course.scroller)) found.wide.push('the notebook');
  for (const w of course.n.widgets) {
    if (w.isHidden || !w.node.isConnected || !inside(w.node)) continue;
    for (const e of w.node.querySelectorAll('*')) {
      if (!inside(e)) continue;
      const size = `${e.className || e.tagName} ${e.scrollWidth} > ${e.clientWidth}`;
      if (bar(e)) found.wide.push(`${w.model.id}: ${size}`);
      // "Image" is what JupyterLab puts in the place of a missing description
      if (e.tagName === 'IMG' && ['', 'Image'].includes(e.alt.trim())) {
        found.mute.push(w.model.id);
      }
    }
  }
  return found;
}"""

# Notes in `course.moved` after how many milliseconds the output of a slider changes,
# its own read-out not counted.
ARM = """e => {
  const area = e.closest('.jp-OutputArea');
  const look = () => {
    const copy = area.cloneNode(true);
    copy.querySelectorAll('.widget-slider').forEach(s => s.remove());
    return copy.textContent +
      [...copy.querySelectorAll('img')].map(i => i.src).join(' ');
  };
  const before = look();
  course.moved = null;
  e.addEventListener('keydown', () => {
    const pressed = performance.now(), wait = () => {
      if (look() !== before) course.moved = performance.now() - pressed;
      else if (performance.now() - pressed < 20000) setTimeout(wait, 15);
    };
    wait();
  }, {once: true, capture: true});
  e.focus();
}"""


@pytest.fixture(scope="module", params=NOTEBOOKS)
def ran(request, lab, shared_page, say):
    """A notebook that was opened and run, its page, and its cells before and after."""
    start = time.time()
    with shared_page() as page:
        seen = SimpleNamespace(name=request.param, page=page, lab=lab, say=say)
        lab.open(page, seen.name)
        seen.modified = modified(page)
        seen.before, opened = lab.cells(page), time.time()
        seen.after, end = lab.run_all(page), time.time()
        say(f"{seen.name}: opened in {opened - start:.0f} s, run in {end - opened:.0f}")
        yield seen
    lab.shutdown_kernels()
    say(f"  {time.time() - start:.0f} s in all")


@pytest.fixture(scope="session")
def sliders(kept):
    """Writes rows of the table build/browser/sliders.csv."""
    with (kept / "sliders.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["notebook", "cell", "slider", "seconds"])
        yield table


def modified(page):
    return page.evaluate("() => course.panel.context.model.dirty")


def stored(name):
    return nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4).cells


def level(cell):
    """Of the heading that a Markdown cell begins with; 0 for other cells."""
    first = cell["source"].partition(" ")[0]
    heading = (cell.get("cell_type") == "markdown") and set(first) == {"#"}
    return len(first) if heading else 0


def shown(cells):
    """Which cells of a file are not in a folded section, as its metadata say."""
    found, folded = [], 0
    for cell in cells:
        own = level(cell)
        if own and folded and own <= folded:
            folded = 0
        found.append(not folded)
        if not folded and cell.metadata.get("jp-MarkdownHeadingCollapsed"):
            folded = own
    return found


def look(cells, what):
    return {cell["id"]: cell[what] for cell in cells}


def lines(findings):
    return "\n".join(findings)


def examine(seen):
    """Scroll through the notebook; all that is wrong with what is to be seen."""
    found, start = {"wide": [], "mute": [], "pale": []}, time.time()
    for _ in seen.lab.walk(seen.page):
        for kind, cells in seen.page.evaluate(LOOK).items():
            found[kind] += cells
    # and for hidden, too, what is above the page's upper edge
    seen.page.evaluate("() => { course.scroller.scrollTop = 0; }")
    style = seen.page.add_style_tag(content=WHOLE)
    axe = Axe().run(seen.page, TEXT, CONTRAST).response
    assert axe["passes"] or axe["violations"], "axe has found no text"
    for finding in axe["violations"]:
        for node in finding["nodes"]:
            text = f"{node['html'][:100]} {node['any'][0]['message'][:120]}"
            found["pale"].append(text)
    style.evaluate("e => e.remove()")
    seen.say(f"  looked through in {time.time() - start:.0f} s")
    for kind, cells in found.items():
        found[kind] = sorted(set(cells))
        if cells:
            seen.say(f"  {kind}: {', '.join(found[kind])}")
    return found


def test_it_opens_with_its_folds(ran):
    file = stored(ran.name)
    assert look(ran.before, "shown") == {
        cell.id: is_shown for cell, is_shown in zip(file, shown(file))
    }
    assert look(ran.before, "folded") == {
        cell.id: bool(
            cell.metadata.get("jp-MarkdownHeadingCollapsed")
            or cell.metadata.get("jupyter", {}).get("source_hidden")
        )
        for cell in file
    }


def test_it_is_not_modified_by_opening(ran):
    assert ran.modified is False


def test_every_cell_runs_without_an_error(ran):
    code = [c for c in ran.after if c["type"] == "code" and c["source"].strip()]
    assert [cell["count"] for cell in code] == list(range(1, len(code) + 1))
    errors = [
        f"{cell['id']}: {output['ename']}: {output['evalue']}"
        for cell in code
        for output in cell["outputs"]
        if output["output_type"] == ERROR
    ]
    assert not errors, lines(errors)
    assert not ran.page.troubles, lines(ran.page.troubles)


def test_what_was_folded_stays_folded(ran):
    for what in ("folded", "shown"):
        assert look(ran.after, what) == look(ran.before, what)


def test_what_is_to_be_seen_is_readable(ran):
    ran.light = examine(ran)
    assert not ran.light["wide"], lines(ran.light["wide"])
    assert not ran.light["pale"], lines(ran.light["pale"])


def test_pictures_have_a_description(ran):
    assert not ran.light["mute"], lines(ran.light["mute"])


def test_sliders_move_their_pictures(ran, sliders):
    rows = []
    for cell in ran.after:
        if any(WIDGET in output.get("data", {}) for output in cell["outputs"]):
            place = ran.lab.bring(ran.page, cell["i"])
            for number in range(place.locator(".noUi-handle").count()):
                rows.append((cell["id"], *moved(ran, place, number)))
    sliders.writerows([ran.name, *row] for row in rows)
    ran.say("  sliders (s): " + ", ".join(f"{row[1]} {row[2]:.2f}" for row in rows))
    slow = [f"{cell}, {name}: {s:.1f} s" for cell, name, s in rows if s > SLOW]
    assert not slow, lines(slow)


def moved(seen, place, number):
    """Move a slider one step; its label, and after how many seconds its picture was
    another one."""
    page, handle = seen.page, place.locator(".noUi-handle").nth(number)
    label = place.locator(".widget-slider").nth(number).locator("label").inner_text()
    page.wait_for_function("() => course.kernel === 'idle'")
    handle.evaluate(ARM)
    last = handle.get_attribute("aria-valuenow") == handle.get_attribute(
        "aria-valuemax"
    )
    page.keyboard.press("ArrowLeft" if last else "ArrowRight")
    page.wait_for_function("() => course.moved !== null", timeout=20_000)
    return label, page.evaluate("() => course.moved") / 1000


def test_players_play(ran):
    for cell in ran.after:
        if any("anim-slider" in html(output) for output in cell["outputs"]):
            place = ran.lab.bring(ran.page, cell["i"])
            picture, slider = place.locator(".animation img"), place.locator("input")
            number = lambda slider=slider: int(slider.first.input_value())
            slider.first.focus()
            ran.page.keyboard.press("Home")
            assert number() == 0, cell["id"]
            ran.page.keyboard.press("ArrowRight")
            assert number() == 1, cell["id"]
            frame = picture.get_attribute("src")
            place.locator('button[title="Play"]').click()
            ran.page.wait_for_function(
                "([i, src]) => course.n.widgets[i].node"
                ".querySelector('.animation img').src !== src",
                arg=[cell["i"], frame],
                timeout=10_000,
            )
            place.locator('button[title="Pause"]').click()
            stopped = number()
            ran.page.wait_for_timeout(600)
            assert number() == stopped > 1, cell["id"]


def html(output):
    return "".join(output.get("data", {}).get("text/html", ""))


def test_saved_and_opened_again_it_is_the_same(ran):
    """Its outputs and folds are there, and it is not modified."""
    before = ran.lab.cells(ran.page)
    ran.lab.save(ran.page)
    ran.page.reload()
    ran.lab.ready(ran.page)
    after = ran.lab.cells(ran.page)
    for what in ("source", "folded", "shown", "count"):
        assert look(after, what) == look(before, what)
    assert {cell["id"]: len(cell["outputs"]) for cell in after} == {
        cell["id"]: len(cell["outputs"]) for cell in before
    }
    assert modified(ran.page) is False


def test_unfolded_and_dark_it_is_readable(ran):
    ran.lab.execute(ran.page, "notebook:expand-all-headings")
    ran.lab.theme(ran.page, "JupyterLab Dark")
    found = examine(ran)
    ran.lab.theme(ran.page, "JupyterLab Light")
    assert not found["wide"], lines(found["wide"])
    assert not found["pale"], lines(found["pale"])


def test_no_error_was_reported_by_the_page(ran):
    for trouble in ran.page.troubles:
        ran.say(f"  {trouble}")
    assert not ran.page.troubles, lines(ran.page.troubles)


BROKEN = """\
from IPython.display import HTML, display

display(HTML("<table><tr><td style='min-width: 3000px'>wide</td></tr></table>"))
display(HTML("<p style='color: #bbb; background: white'>pale</p>"))
GIF = "data:image/gif;base64,R0lGODlhAQABAAAAACw="
display(HTML(f"<img src='{GIF}' width='9' height='9'>"))
1 / 0
"""


def test_what_is_wrong_is_found(page, lab, say):
    """A wide table, pale letters, a picture that nobody describes, an error."""
    path = lab.root / "notebooks" / "broken.ipynb"
    cell = nbformat.v4.new_code_cell(BROKEN, id="broken")
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    nbformat.write(nbformat.v4.new_notebook(cells=[cell], metadata=metadata), path)
    try:
        lab.open(page, "broken")
        outputs = lab.run_all(page)[0]["outputs"]
        found = examine(SimpleNamespace(page=page, lab=lab, say=say))
    finally:
        lab.shutdown_kernels()
        path.unlink()
    assert outputs[-1]["output_type"] == ERROR
    assert [text.split(":")[0] for text in found["wide"]][:1] == ["broken"]
    assert len(found["pale"]) == 1 and "pale" in found["pale"][0]
    assert found["mute"] == ["broken"]
