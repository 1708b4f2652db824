"""Claims, verdicts computed from conditions, and the scoreboard read from stored
notebooks."""

import nbformat
import numpy as np
import pandas as pd
import pytest

from course_utils import claims
from course_utils.claims import (
    closing_table,
    html_table,
    load_claims,
    load_errata,
    scoreboard,
    verdict,
)


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    monkeypatch.setattr(claims, "_recorded", {})


def test_there_are_62_claims_and_errata_with_unique_ids():
    assert load_claims()["id"].tolist() == [f"C{i:02}" for i in range(1, 63)]
    assert load_errata()["id"].tolist() == [
        f"E{i:02}" for i in range(1, len(load_errata()) + 1)
    ]
    assert set(load_errata()["notebook"]) <= set(load_claims()["notebook"])
    assert not load_claims().isna().any().any() and not load_errata().isna().any().any()


@pytest.mark.parametrize(
    "values, word",
    [
        ([True, np.True_], "holds"),
        ([True, False], "holds in part"),
        ([False, np.False_], "does not hold here"),
    ],
)
def test_a_verdict_follows_from_its_conditions(capsys, values, word):
    verdict("C02", "measured", {str(i): value for i, value in enumerate(values)})
    assert capsys.readouterr().out.splitlines()[0] == f"C02 {word}"
    assert claims._recorded["C02"]["verdict"] == word


def test_an_erratum_is_mended_only_if_all_is_shown(capsys):
    verdict("E14", "", {"a": True, "b": False})
    assert "not shown here" in capsys.readouterr().out
    verdict("E14", "", {"a": True, "b": True})
    assert "mended" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments, kind, message",
    [
        (("C99", "", {"a": True}), ValueError, "no claim 'C99'"),
        (("C02", "", {}), ValueError, "at least one condition"),
        (("C02", "", {"a": 1}), TypeError, "one True or False"),
        (("C02", "", {"a": np.array([True, False])}), TypeError, "one True or False"),
    ],
)
def test_bad_verdicts_are_refused(arguments, kind, message):
    with pytest.raises(kind, match=message):
        verdict(*arguments)


def test_the_closing_table_has_every_claim_and_erratum_of_its_notebook():
    verdict("C02", "100 of 100", {"all": True})
    verdict("E14", "cycles", {"it does": True})
    frame = closing_table("01_perceptron").frame()
    assert frame[""].tolist() == ["C01", "C02", "C03", "E14", "E15"]
    assert frame["Verdict"].tolist()[:3] == [
        "· not measured",
        "✓ holds",
        "· not measured",
    ]
    assert (
        frame["Verdict"][3]
        == "✎ mended: append a constant 1 to X: its weight is the bias"
    )
    with pytest.raises(ValueError, match="No claim belongs to '01'"):
        closing_table("01")


def test_the_scoreboard_reads_the_tables_stored_in_notebooks(tmp_path):
    verdict("C02", "100 of 100", {"all": True})
    bundle = closing_table("01_perceptron")._repr_mimebundle_()
    cell = nbformat.v4.new_code_cell(
        "closing_table()",
        outputs=[nbformat.v4.new_output("execute_result", bundle)],
        execution_count=1,
    )
    nbformat.write(
        nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("text"), cell]),
        tmp_path / "01_perceptron.ipynb",
    )
    board = scoreboard(tmp_path).set_index("id")
    assert len(board) == 62
    assert board.loc["C02", ["measured", "verdict"]].tolist() == ["100 of 100", "holds"]
    assert set(board.drop("C02")["verdict"]) == {"not measured"}
    assert set(scoreboard(tmp_path / "nowhere")["verdict"]) == {"not measured"}


def test_html_tables_show_whole_texts_escaped():
    html = html_table(pd.DataFrame({"a": ["x" * 200 + " <b>"]}))
    assert "x" * 200 + " &lt;b&gt;" in html
