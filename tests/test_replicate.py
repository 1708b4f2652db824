"""Repetitions: other seeds, kept whole, made again only when the notebook changed."""

import json

import nbformat
import pandas as pd
import pytest

from course_utils.claims import MIME
from course_utils.maintenance import replicate

CODE = """from course_utils import claims, seeds
claims._recorded["C01"] = {"statements": {"C01a": "holds", "C01b": "holds"}}
seed = float(seeds(3)[0])
claims._values.update(C01a=("holds", seed), C01b=("holds", 1.0))
assert seeds(1) != [2000], "the check fails"
claims._recorded["C02"] = {"statements": {"C02a": "undecided"}}
claims._values["C02a"] = ("undecided", 0.5)"""
STORED = [
    {"id": "C01", "statements": {"C01a": "holds", "C01b": "undecided"}},
    {"id": "C02", "statements": {"C02a": "undecided"}},
]


def notebook(path, code=CODE):
    output = nbformat.v4.new_output("display_data", data={MIME: STORED})
    cells = [
        nbformat.v4.new_code_cell(code, outputs=[output]),
        nbformat.v4.new_code_cell("1"),
    ]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    return path


@pytest.fixture(scope="module")
def replicated(tmp_path_factory):
    """Two repetitions of a notebook, of which the second has a check that fails."""
    folder = tmp_path_factory.mktemp("replicate")
    path = notebook(folder / "01_perceptron.ipynb")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(replicate, "NOTEBOOKS", folder)
        patch.setattr(replicate, "RUNS", folder / "runs")
        patch.setattr(replicate, "TABLE", folder / "replication.csv")
        before = path.read_bytes()
        failed = replicate.main(["2"])
        assert path.read_bytes() == before
        yield path, failed


def test_every_repetition_has_its_own_seeds_and_its_errors(replicated):
    path, failed = replicated
    first, second = (
        json.loads(replicate.run_file(path, k).read_text()) for k in (1, 2)
    )
    assert first["judged"] == {
        "C01a": ["holds", 1000.0],
        "C01b": ["holds", 1.0],
        "C02a": ["undecided", 0.5],
    }
    assert second["judged"] == {"C01a": ["holds", 2000.0], "C01b": ["holds", 1.0]}
    assert first["errors"] == [] and failed == 1
    assert second["errors"] == ["AssertionError: the check fails"]


def test_the_table_says_how_often_a_statement_came_out_as_recorded(replicated):
    path, _ = replicated
    table = replicate.table([path]).set_index("id")
    assert table["as_recorded"].to_dict() == {"C01a": 2, "C01b": 0, "C02a": 1}
    assert table.loc["C02a", ["repetitions", "undecided", "broken"]].tolist() == [
        2,
        1,
        1,
    ]
    assert table.loc["C01a", ["mean", "smallest", "largest"]].tolist() == [
        1500,
        1000,
        2000,
    ]
    assert table.loc["C01a", "sd"] == pytest.approx(500 * 2**0.5)


def test_only_what_is_missing_or_out_of_date_is_run(replicated, monkeypatch, capsys):
    path, _ = replicated
    assert replicate.main(["2"]) == 0
    assert "0 of 2 repetitions" in capsys.readouterr().out
    monkeypatch.setattr(replicate, "code_digest", lambda path: "of other code")
    assert replicate.kept(path) == {} and replicate.table([path]).empty


def test_what_another_machine_repeated_stays_in_the_table(
    replicated, tmp_path, monkeypatch
):
    """A notebook without repetitions here keeps its rows; a statement that no notebook
    makes any more loses its own."""
    path, _ = replicated
    other = [{"id": "C40", "statements": {"C40a": "holds"}}]
    output = nbformat.v4.new_output("display_data", data={MIME: other})
    cell = nbformat.v4.new_code_cell("1", outputs=[output])
    file = path.with_name("10_regularization.ipynb")
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), file)
    monkeypatch.setattr(replicate, "TABLE", tmp_path / "replication.csv")
    old = replicate.table([path]).set_index("id").loc[["C01a"]]
    old = old.rename(index={"C01a": "C40a"}).reset_index()
    gone = old.assign(id="C99a")
    old.merge(gone, how="outer").to_csv(replicate.TABLE, index=False)
    try:
        frame = replicate.write_table()
    finally:
        file.unlink()
    assert [*frame["id"]] == ["C01a", "C01b", "C02a", "C40a"]
    assert frame.set_index("id").loc["C40a", "mean"] == 1500
    assert pd.read_csv(replicate.TABLE)["id"].tolist() == [*frame["id"]]
