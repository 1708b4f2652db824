"""The recorder: only what changed, whole or not at all, and nothing that differs
between machines."""

import asyncio
import errno
from queue import Empty
from unittest.mock import Mock

import nbformat
import pytest

from course_utils.claims import MIME
from course_utils.maintenance import record as recorder

CELLS = {
    "out": "import sys; print('out'); print('log', file=sys.stderr); 1 + 1",
    "variables": "import os; print(*map(os.environ.get, ['TQDM_DISABLE',"
    " 'COURSE_REPETITION', 'PYTHONHASHSEED', 'PYTEST_CURRENT_TEST',"
    " 'JPY_SESSION_NAME']))",
    "slider": "import ipywidgets; ipywidgets.IntSlider()",
    "interact": """
from ipywidgets import interact
@interact(a=(0, 1.0))
def picture(a=0.25):
    display({"text/plain": f"a picture of {a}", "image/png": "AA=="}, raw=True)""",
    "bars": r"""
from tqdm.auto import tqdm
for _ in tqdm(range(3), leave=True):
    print("1/3 \x1b[32m━━━━ 2s - loss: 0.5", end="\b\b\r")
print("Epoch 1/2\n3/3 \x1b[1m\x1b[32m━━━━ 0s - loss: 0.25\n2/2 - 0s - 18ms/step")""",
    "cleared": "from IPython.display import clear_output\n"
    "for i in range(3): clear_output(); print(i)",
    "update": "handle = display('old', display_id=True)\nhandle.update('new')",
    "late": "handle.update('newer');",
    "semicolon": "1 + 1;",
    "player": """
import matplotlib.pyplot as plt
from course_utils import play
fig, ax = plt.subplots(figsize=(1, 1))
play(fig, ax.set_title, ["a", "b"], "Words.")""",
}


def notebook(path, *sources, ids=None, **metadata):
    kept_and_dropped = {
        "tags": ["rtol-0.02"],
        "execution": {"iopub.status.idle": "2026-01-01T00:00:00Z"},
        "jupyter": {"source_hidden": True},
    }
    cells = [
        nbformat.v4.new_code_cell(source, id=name, metadata=kept_and_dropped)
        for name, source in zip(ids or (f"cell-{i}" for i in range(99)), sources)
    ]
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=metadata), path)
    return path


def texts(cell):
    return [out.get("text") or out.data["text/plain"] for out in cell.outputs]


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    path = notebook(
        tmp_path_factory.mktemp("record") / "a.ipynb",
        *CELLS.values(),
        ids=CELLS,
        widgets={"state": 1},
        kernelspec={"name": "mine", "display_name": "Mine"},
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COURSE_REPETITION", "3")
        patch.setenv("JPY_SESSION_NAME", "the notebook that started this.ipynb")
        recorder.record(path)
    return path


@pytest.fixture(scope="module")
def cells(recorded):
    stored = nbformat.read(recorded, as_version=4)
    nbformat.validate(stored)
    return {cell.id: cell for cell in stored.cells}


def test_outputs_are_stored_and_ids_and_tags_kept(cells):
    assert list(cells) == list(CELLS)
    assert [cell.execution_count for cell in cells.values()] == list(
        range(1, len(CELLS) + 1)
    )
    assert texts(cells["out"]) == ["out\n", "2"]
    assert cells["out"].metadata == {"tags": ["rtol-0.02"]}


def test_every_recording_has_the_same_variables(cells):
    assert texts(cells["variables"]) == ["1 None 0 None None\n"]


@pytest.mark.parametrize(
    "name, left",
    [
        ("slider", ["IntSlider(value=0)"]),
        ("interact", ["a picture of 0.25"]),
        ("bars", []),
        ("cleared", ["2\n"]),
        ("update", ["'new'"]),
        ("late", []),
        ("semicolon", []),
        ("player", ["<player of 2 frames>", "<IPython.core.display.Markdown object>"]),
    ],
)
def test_what_is_left_of_a_lively_output(cells, name, left):
    assert texts(cells[name]) == left


def test_a_still_picture_is_stored(cells):
    assert cells["interact"].outputs[0].data["image/png"].strip() == "AA=="
    player = cells["player"].outputs[0].data
    assert player["image/png"] in player["text/html"]


def test_nothing_of_this_machine_is_stored(recorded):
    text = recorded.read_text()
    assert (
        "log" not in text.replace("'log'", "")
        and "widget-view" not in text
        and '"widgets"' not in text
        and '"Mine"' not in text
    )
    assert nbformat.read(recorded, as_version=4).metadata.language_info == {
        "name": "python"
    }


def test_a_second_run_stores_the_same_bytes(recorded):
    before = recorded.read_bytes()
    recorder.record(recorded)
    assert recorded.read_bytes() == before


def test_only_changed_notebooks_are_run(recorded, tmp_path, monkeypatch, capsys):
    same, changed = tmp_path / "a.ipynb", tmp_path / "b.ipynb"
    same.write_bytes(recorded.read_bytes())
    changed.write_text(recorded.read_text().replace("1 + 1", "1 + 2"))
    new = notebook(tmp_path / "c.ipynb", "1")
    ran = []
    monkeypatch.setattr(recorder, "NOTEBOOKS", tmp_path)
    monkeypatch.setattr(recorder, "record", ran.append)
    assert recorder.main([]) == 0 and ran == [changed, new]
    assert recorder.main(["--all"]) == 0 and ran[2:] == [same, changed, new]
    assert recorder.main([str(same)]) == 0 and ran[5:] == [same]
    assert "a.ipynb: unchanged" in capsys.readouterr().out


def test_a_failing_notebook_is_left_as_it_was(tmp_path, capsys):
    path = notebook(tmp_path / "bad.ipynb", "1 / 0")
    before = path.read_bytes()
    assert recorder.main([str(path)]) == 1
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]
    assert "ZeroDivisionError" in capsys.readouterr().err


@pytest.mark.parametrize("error", [KeyError("widget"), RuntimeError("kernel"), OSError])
def test_a_failing_notebook_does_not_keep_later_ones(
    error, tmp_path, monkeypatch, capsys
):
    paths = [notebook(tmp_path / f"{name}.ipynb", "1") for name in "abc"]
    ran = []

    def failing(path):
        ran.append(path)
        if path == paths[1]:
            raise error

    monkeypatch.setattr(recorder, "record", failing)
    assert recorder.main([str(path) for path in paths]) == 1 and ran == paths
    assert "b.ipynb: not recorded" in capsys.readouterr().err


def test_ctrl_c_says_that_the_file_is_as_it_was(tmp_path, monkeypatch, capsys):
    paths = [notebook(tmp_path / f"{name}.ipynb", "1") for name in "ab"]

    def interrupted(path):
        raise KeyboardInterrupt

    monkeypatch.setattr(recorder, "record", interrupted)
    assert recorder.main([str(path) for path in paths]) == 1
    said = capsys.readouterr().err
    assert "a.ipynb: interrupted, the file is as it was; the same command" in said


def test_where_nothing_may_be_written_the_sentence_says_so(tmp_path, monkeypatch):
    """On a read-only file system a file that is not there cannot be removed, too."""

    def refuse(*_, **__):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(recorder.Path, "write_text", refuse)
    monkeypatch.setattr(recorder.Path, "unlink", refuse)
    with pytest.raises(OSError, match="cannot be written .Read-only.*allow writing"):
        recorder.write_whole(tmp_path / "a.txt", "text")


def test_tags_are_applied_without_a_run(recorded, tmp_path, monkeypatch, capsys):
    path = tmp_path / "a.ipynb"
    changed = nbformat.read(recorded, as_version=4)
    changed.cells[0].metadata.tags = ["hide-input"]
    nbformat.write(changed, path)
    monkeypatch.setattr(recorder, "record", None)
    monkeypatch.setattr(recorder, "NOTEBOOKS", tmp_path)
    assert recorder.main([]) == 0
    assert "unchanged, its tags applied" in capsys.readouterr().out
    cell = nbformat.read(path, as_version=4).cells[0]
    assert cell.metadata.jupyter == {"source_hidden": True} and texts(cell)


def metadata(*cells):
    """What the tags ask for: (kind, text, tags) -> metadata without the tags."""
    made = [
        getattr(nbformat.v4, f"new_{kind}_cell")(
            text, metadata={"tags": tags, "collapsed": True, "jupyter": {"x": 1}}
        )
        for kind, text, *tags in cells
    ]
    notebook = recorder.apply_roles(nbformat.v4.new_notebook(cells=made))
    once = [dict(cell.metadata) for cell in notebook.cells]
    assert once == [cell.metadata for cell in recorder.apply_roles(notebook).cells]
    assert [found.pop("tags", []) for found in once] == [tags for _, _, *tags in cells]
    return once


CODE_FOLDED = {"jupyter": {"source_hidden": True}}
SECTION_FOLDED = {"jp-MarkdownHeadingCollapsed": True}


def test_tags_fold_code_and_sections():
    assert metadata(
        ("markdown", "# Title"),
        ("code", "1"),
        ("code", "2", "hide-input", "rtol-0.02"),
        ("code", "3", "hide-cell"),
        ("markdown", "### Evidence", "hide-cell"),
        ("markdown", "text", "hide-cell"),
        ("code", "4", "remove-input"),
    ) == [{}, {}, CODE_FOLDED, CODE_FOLDED, SECTION_FOLDED, {}, {}]


def test_a_notebook_with_lecture_cells_has_slides():
    skip, slide = ({"slideshow": {"slide_type": kind}} for kind in ("skip", "slide"))
    assert metadata(
        ("markdown", "# Title"),
        ("code", "1"),
        ("markdown", "## C24\n\nA statement of the lecture, with ten words or more."),
        ("code", "2", "lecture", "hide-input"),
        ("code", "3"),
    ) == [slide, skip, slide, {**slide, **CODE_FOLDED}, skip]


def test_a_full_disk_leaves_the_notebook_whole(recorded, tmp_path, monkeypatch):
    path = tmp_path / "a.ipynb"
    path.write_bytes(recorded.read_bytes())
    changed = nbformat.read(path, as_version=4)
    changed.cells[0].source = "2"

    def full(draft, target):
        raise OSError("No space left on device")

    monkeypatch.setattr(recorder.os, "replace", full)
    with pytest.raises(OSError, match="No space"):
        recorder.store(changed, path)
    assert path.read_bytes() == recorded.read_bytes()


def test_the_scoreboard_is_out_of_date_when_a_neighbours_verdict_changes(tmp_path):
    board = notebook(tmp_path / "00.ipynb", "scoreboard()")
    before = recorder.digest(board)
    output = nbformat.v4.new_output(
        "display_data", data={MIME: [{"id": "C01", "verdict": "holds"}]}
    )
    nbformat.write(
        nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell("1", outputs=[output])]
        ),
        tmp_path / "01.ipynb",
    )
    assert recorder.digest(board) != before


def test_a_notebook_is_out_of_date_when_its_claims_were_repeated(tmp_path, monkeypatch):
    path = notebook(tmp_path / "01_perceptron.ipynb", "closing_table()")
    other = notebook(tmp_path / "02_xor.ipynb", "closing_table()")
    monkeypatch.setattr(recorder, "repeated", dict)
    before = recorder.digest(path), recorder.digest(other)
    monkeypatch.setattr(recorder, "repeated", lambda: {"C02": "9 of 10 (C02b)"})
    assert recorder.digest(path) != before[0] and recorder.digest(other) == before[1]


class SleepySocket:
    """A socket that has a message, but says so only when it is asked again."""

    def __init__(self, polls):
        self.polls = iter(polls)

    async def poll(self, timeout):
        await asyncio.sleep(timeout / 1000)
        return next(self.polls, 0)

    async def recv_multipart(self):
        return ["a reply"]


def channel(polls):
    made = recorder.WakefulChannel.__new__(recorder.WakefulChannel)
    made.socket, made.session = SleepySocket(polls), Mock()
    made.session.feed_identities = lambda message: (None, message)
    made.session.deserialize = lambda message: message[0]
    return made


@pytest.mark.parametrize("timeout", [None, 60])
def test_a_reply_that_wakes_nobody_is_found(monkeypatch, timeout):
    monkeypatch.setattr(recorder, "LOOK_SECONDS", 0.01)
    waiting = channel([0, 0, 1]).get_msg(timeout=timeout)
    assert asyncio.run(asyncio.wait_for(waiting, 5)) == "a reply"


def test_waiting_for_a_reply_ends_in_time(monkeypatch):
    monkeypatch.setattr(recorder, "LOOK_SECONDS", 0.01)
    with pytest.raises(Empty):
        asyncio.run(channel([]).get_msg(timeout=0.05))


def test_the_recorders_kernel_waits_so():
    client = recorder.OwnKernel().client()
    assert client.shell_channel_class is recorder.WakefulChannel
