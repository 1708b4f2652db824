"""`make clean-notebooks`: what only a run changed is taken back, and nothing else."""

import json
import subprocess

import nbformat
import pytest

from course_utils.maintenance import clean as cleaner
from course_utils.maintenance import record as recorder


def git(folder, *words):
    done = subprocess.run(
        ["git", "-c", "user.name=a", "-c", "user.email=a@b.c", *words],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


CELLS = [
    ("markdown", "title", "# A notebook", []),
    ("code", "numbers", "a = 3; a", []),
    ("code", "picture", "a", ["hide-input", "lecture"]),
    ("code", "answer", "my_answer = ...", ["exercise"]),
    ("markdown", "end", "The end.", []),
]


@pytest.fixture
def path(tmp_path):
    """A recorded notebook with two outputs, in a repository."""
    made = []
    for kind, name, source, tags in CELLS:
        cell = getattr(nbformat.v4, f"new_{kind}_cell")(source, id=name)
        cell.metadata["tags"] = tags
        if kind == "code":
            cell.execution_count = sum("outputs" in other for other in made) + 1
            cell.outputs = [
                nbformat.v4.new_output("stream", text=f"stored output of {name}\n")
            ]
        made.append(cell)
    path = tmp_path / "05_a.ipynb"
    path.write_text("")
    recorder.store(
        nbformat.v4.new_notebook(cells=made, metadata={"recorded": "0" * 64}), path
    )
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", path.name)
    git(tmp_path, "commit", "--quiet", "--message", "one")
    return path


def run_elsewhere(path, **answers):
    """As another program saves the notebook after running it, some cells changed."""
    notebook = nbformat.read(path, as_version=4)
    notebook.metadata["language_info"] = {"name": "python", "version": "3.99.1"}
    notebook.metadata["widgets"] = {"state": {"x": 1}}
    for k, cell in enumerate(notebook.cells):
        cell.source = answers.get(cell.id, cell.source)
        cell.metadata["execution"] = {"iopub.status.idle": "2026-01-01T00:00:00Z"}
        cell.metadata["jupyter"] = {"source_hidden": False}
        if cell.cell_type == "code":
            cell.execution_count = 40 + k
            view = {cleaner.WIDGET_VIEW: {"model_id": "1"}, "text/plain": "IntSlider()"}
            cell.outputs = [
                nbformat.v4.new_output("stream", text=f"new output of {cell.id}\n"),
                nbformat.v4.new_output("stream", name="stderr", text="a warning\n"),
                nbformat.v4.new_output("display_data", data=view),
            ]
    path.write_text(json.dumps(notebook, indent=4), encoding="utf-8")


def changed_lines(path):
    lines = git(path.parent, "diff", "--unified=0", path.name).splitlines()
    return [
        line for line in lines if line[0] in "+-" and line[:3] not in ("---", "+++")
    ]


def test_a_notebook_that_was_only_run_is_as_in_git_again(path, capsys):
    run_elsewhere(path)
    assert len(changed_lines(path)) > 50
    assert cleaner.main([str(path)]) == 0
    assert git(path.parent, "status", "--porcelain") == ""
    assert capsys.readouterr().out == "05_a.ipynb: as in git again\n"
    assert cleaner.main([str(path)]) == 0 and capsys.readouterr().out == ""


def test_an_answer_and_its_output_stay_and_the_diff_is_a_few_lines(path, capsys):
    run_elsewhere(path, answer="my_answer = 7")
    cleaner.main([str(path)])
    assert "yours and kept: answer; all else as in git" in capsys.readouterr().out
    lines = changed_lines(path)
    assert len(lines) <= 20, lines
    assert any("my_answer = 7" in line for line in lines)
    cells = {cell.id: cell for cell in nbformat.read(path, as_version=4).cells}
    shown = [out.get("text") or out.data for out in cells["answer"].outputs]
    assert shown == ["new output of answer\n", {"text/plain": "IntSlider()"}]
    assert cells["numbers"].outputs[0].text == "stored output of numbers\n"
    before = path.read_bytes()
    cleaner.main([str(path)])
    assert path.read_bytes() == before


def test_no_source_is_ever_touched(path):
    answers = {name: f"{source} # mine\n" for _, name, source, _ in CELLS}
    run_elsewhere(path, **answers)
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.append(nbformat.v4.new_code_cell("1 + 1"))
    del notebook.cells[0]
    notebook.cells.reverse()
    nbformat.write(notebook, path)
    wanted = [cell.source for cell in notebook.cells]
    cleaner.main([str(path)])
    found = nbformat.read(path, as_version=4)
    nbformat.validate(found)
    assert [cell.source for cell in found.cells] == wanted


def test_tags_of_your_own_stay(path):
    run_elsewhere(path)
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[1].metadata["tags"] = ["rtol-0.02"]
    nbformat.write(notebook, path)
    cleaner.main([str(path)])
    lines = changed_lines(path)
    assert any("rtol-0.02" in line for line in lines) and len(lines) <= 10


def test_what_was_recorded_anew_stays(path, capsys):
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[1].outputs[0].text = "another\n"
    recorder.store(notebook, path)
    before = path.read_bytes()
    cleaner.main([str(path)])
    assert path.read_bytes() == before
    assert "recorded anew: left as it is" in capsys.readouterr().out


def test_a_notebook_that_git_does_not_have_keeps_its_outputs(path, capsys):
    new = path.with_name("06_b.ipynb")
    new.write_bytes(path.read_bytes())
    run_elsewhere(new)
    cleaner.main([str(new)])
    outputs = nbformat.read(new, as_version=4).cells[1].outputs
    assert outputs[0].text == "new output of numbers\n" and len(outputs) == 2
    assert "not in git" in capsys.readouterr().out


def test_without_git_it_is_one_sentence_and_nothing_changes(path, tmp_path, capsys):
    lonely = tmp_path / "away"
    lonely.mkdir()
    copy = lonely / path.name
    run_elsewhere(path)
    copy.write_bytes(path.read_bytes())
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
        assert cleaner.main([str(copy)]) == 1
    assert "is no clone made with git" in capsys.readouterr().err
    assert copy.read_bytes() == path.read_bytes()


def test_a_broken_file_is_left_and_the_others_are_cleaned(path, capsys):
    broken = path.with_name("04_broken.ipynb")
    broken.write_text("no notebook")
    run_elsewhere(path)
    assert cleaner.main([str(broken), str(path)]) == 1
    assert broken.read_text() == "no notebook"
    assert "04_broken.ipynb: left as it is" in capsys.readouterr().err
    assert changed_lines(path) == []
