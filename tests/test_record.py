"""The recorder: only what changed, whole or not at all, and nothing that differs
between machines."""

import nbformat
import pytest

from course_utils.claims import MIME
from course_utils.maintenance import record as recorder


def notebook(path, *sources, **metadata):
    kept_and_dropped = {
        "tags": ["rtol-0.02"],
        "execution": {"iopub.status.idle": "2026-01-01T00:00:00Z"},
    }
    cells = [
        nbformat.v4.new_code_cell(source, id=f"cell-{i}", metadata=kept_and_dropped)
        for i, source in enumerate(sources)
    ]
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=metadata), path)
    return path


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    path = notebook(
        tmp_path_factory.mktemp("record") / "a.ipynb",
        "import sys; print('out'); print('log', file=sys.stderr); 1 + 1",
        "import ipywidgets, os; assert os.environ['TQDM_DISABLE'];"
        " ipywidgets.IntSlider()",
        widgets={"state": 1},
        kernelspec={"name": "mine", "display_name": "Mine"},
    )
    recorder.record(path)
    return path


def test_outputs_are_stored_and_ids_and_tags_kept(recorded):
    stored = nbformat.read(recorded, as_version=4)
    nbformat.validate(stored)
    assert [cell.id for cell in stored.cells] == ["cell-0", "cell-1"] and [
        cell.execution_count for cell in stored.cells
    ] == [1, 2]
    assert [
        output.get("text") or output.data["text/plain"]
        for output in stored.cells[0].outputs
    ] == ["out\n", "2"]
    assert stored.cells[0].metadata == {"tags": ["rtol-0.02"]}


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


def test_a_full_disk_leaves_the_notebook_whole(recorded, tmp_path, monkeypatch):
    path = tmp_path / "a.ipynb"
    path.write_bytes(recorded.read_bytes())

    def full(draft, target):
        raise OSError("No space left on device")

    monkeypatch.setattr(recorder.os, "replace", full)
    with pytest.raises(OSError, match="No space"):
        recorder.record(path)
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
