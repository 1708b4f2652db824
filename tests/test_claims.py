"""Verdicts decided by their statements; tables read from stored notebooks."""

import nbformat
import numpy as np
import pandas as pd
import pytest

from course_utils import claims
from course_utils.claims import (
    BrokenExperiment,
    closing_table,
    html_table,
    load_claims,
    load_errata,
    load_statements,
    scoreboard,
    verdict,
)
from course_utils.statistics import Interval

ROWS = """id,notebook,slide,statement,lecture,kind,criterion
C01,01_perceptron,Slide,A neuron,,claim,
C02,01_perceptron,Slide,The rule,,claim,
C02a,,,It ends,S011,exact,errors at the end: = 0
C02b,,,It is quick,S013,measured,epochs: < 10
C02c,,,It is exact,S013,exact,it agrees: yes
E14a,,,The constant 1 is a bias,,exact,with the constant it ends: yes
E14b,,,Nothing else is,,exact,without it it ends: no
"""
ERRATA = """id,notebook,lecture,correct
E14,01_perceptron,sign(W . X),append a constant 1
"""
QUICK, UNCLEAR, SLOW = (Interval(m, m - 2, m + 2, 10) for m in (5.0, 10.0, 15.0))


@pytest.fixture(autouse=True)
def folder(monkeypatch, tmp_path):
    (tmp_path / "claims.csv").write_text(ROWS)
    (tmp_path / "errata.csv").write_text(ERRATA)
    monkeypatch.setattr(claims, "DATA", tmp_path)
    monkeypatch.setattr(claims, "_recorded", {})
    monkeypatch.setattr(claims, "_values", {})
    return tmp_path


def judge(a, b, c, **more):
    verdict("C02", "measured", {"C02a": a, "C02b": b, "C02c": c}, **more)
    return claims._recorded["C02"]


def test_there_are_62_claims_and_errata_with_unique_ids(monkeypatch):
    monkeypatch.undo()
    assert load_claims()["id"].tolist() == [f"C{i:02}" for i in range(1, 63)]
    ids = load_errata()["id"].tolist()
    assert ids == [f"E{i:02}" for i in range(1, len(ids) + 1)]
    assert set(load_errata()["notebook"]) <= set(load_claims()["notebook"])
    assert load_claims().map(bool).all(axis=None)
    assert not load_errata().isna().any(axis=None)


@pytest.mark.parametrize(
    "values, word",
    [
        ((0, QUICK, True), "holds"),
        ((1, QUICK, True), "holds in part"),
        ((1, UNCLEAR, True), "holds in part"),
        ((0, UNCLEAR, True), "holds in part"),
        ((1, UNCLEAR, False), "undecided"),
        ((1, SLOW, np.False_), "does not hold here"),
    ],
)
def test_a_verdict_follows_from_its_statements(capsys, values, word):
    assert judge(*values)["verdict"] == word
    assert capsys.readouterr().out.splitlines()[0] == f"C02 {word}"


def test_what_is_printed_names_statement_value_and_criterion(capsys):
    judge(0, UNCLEAR, False, checks={"the baseline learned": True})
    assert capsys.readouterr().out.splitlines() == [
        "C02 holds in part",
        "  ✓ C02a It ends",
        "      errors at the end: 0 (asked: = 0)",
        "  ? C02b It is quick",
        "      epochs: 10.0 [8.0, 12.0] (asked: < 10)",
        "  ✗ C02c It is exact",
        "      it agrees: no (asked: yes)",
        "  checked: the baseline learned",
    ]
    assert claims.judgements() == {
        "C02a": (claims.HOLDS, 0.0),
        "C02b": (claims.UNDECIDED, 10.0),
        "C02c": (claims.FAILS, 0.0),
    }


@pytest.mark.parametrize(
    "quick, row, doubt",
    [  # id, repetitions, hold, undecided, broken
        (QUICK, "C02b,10,8,2,0", "holds in 8, does not in 0 of 10"),
        (QUICK, "C02b,10,9,1,0", ""),
        (QUICK, "C02b,5,4,1,0", ""),  # too few repetitions to say
        (QUICK, "C02a,10,8,2,0", ""),  # exact: repetitions change nothing
        (QUICK, "C02b,10,2,1,0", "holds in 2, does not in 7 of 10"),
        (SLOW, "C02b,10,1,1,0", "holds in 1, does not in 8 of 10"),
        (SLOW, "C02b,10,1,0,0", ""),
        (SLOW, "C02b,10,0,0,2", "holds in 0, does not in 8 of 10"),
    ],
)
def test_what_fresh_repetitions_do_not_confirm_is_undecided(
    folder, capsys, quick, row, doubt
):
    path = folder / "replication.csv"
    recorded_then = "id,repetitions,hold,undecided,broken,recorded,as_recorded\n"
    path.write_text(f"{recorded_then}{row},holds,5\n")
    recorded = judge(0, quick, True)
    of_this_run = claims.HOLDS if quick is QUICK else claims.FAILS
    wanted = claims.UNDECIDED if doubt else of_this_run
    assert recorded["doubts"].get("C02b", "") == doubt
    assert recorded["statements"]["C02b"] == wanted
    assert claims.judgements()["C02b"][0] == of_this_run  # for the next repetitions
    both = wanted == claims.HOLDS
    assert recorded["verdict"] == (claims.HOLDS if both else claims.IN_PART)
    assert (f"; fresh repetitions: {doubt}" in capsys.readouterr().out) == bool(doubt)
    shown = closing_table("01_perceptron").frame().loc[1, "Verdict"]
    assert ("C02b undecided" in shown) == bool(doubt)


def test_a_failing_check_breaks_the_experiment_and_records_nothing():
    with pytest.raises(BrokenExperiment, match="C02 is broken.*Not so: it learned"):
        judge(0, QUICK, True, checks={"it learned": False, "it ran": True})
    assert not claims._recorded


def test_a_check_of_a_number_prints_it_with_its_bound(capsys):
    checks = {"gap: < 1e-6": 1e-9, "share of the bound: <= 1": [0.5, 0.25], "ran": True}
    judge(0, QUICK, True, checks=checks)
    said = capsys.readouterr().out.splitlines()[-1]
    assert said == (
        "  checked: gap: < 1e-6; share of the bound: 0.25 to 0.5 (2 values)"
        " (asked: <= 1); ran"
    )


@pytest.mark.parametrize("value", [1e-3, [1e-9, 1e-3]])
def test_a_number_beyond_its_bound_breaks_the_experiment(value):
    with pytest.raises(BrokenExperiment, match="Not so: gap: .*0.001.*asked: < 1e-6"):
        judge(0, QUICK, True, checks={"gap: < 1e-6": value})


def test_a_number_without_a_criterion_is_no_check():
    with pytest.raises(TypeError, match="write its criterion into the name"):
        judge(0, QUICK, True, checks={"the gap is small": 1e-9})
    with pytest.raises(TypeError, match="asks for a number"):
        judge(0, QUICK, True, checks={"gap: < 1e-6": True})


def test_an_erratum_is_mended_only_if_all_is_shown(capsys):
    verdict("E14", "", {"E14a": True, "E14b": True})
    assert "not shown here" in capsys.readouterr().out
    verdict("E14", "", {"E14a": True, "E14b": False})
    assert "mended" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments, kind, message",
    [
        (("C99", "", {"C99a": True}), ValueError, "no claim 'C99'"),
        (("C01", "", {}), ValueError, "none yet"),
        (("C02", "", {"C02a": 0}), ValueError, "C02a, C02b, C02c"),
        (("E14", "", {"E14a": True, "E14b": 1}), TypeError, "True or False"),
        (
            ("E14", "", {"E14a": True, "E14b": False}, {"a": 1}),
            TypeError,
            "the check 'a'",
        ),
    ],
)
def test_bad_verdicts_are_refused(arguments, kind, message):
    with pytest.raises(kind, match=f"(?i){message}"):
        verdict(*arguments)


def test_the_closing_table_has_every_claim_and_erratum_of_its_notebook(folder):
    (folder / "replication.csv").write_text(
        "id,recorded,as_recorded,repetitions,hold,undecided,broken\n"
        "C02a,holds,10,10,10,0,0\nC02b,holds,8,10,8,0,0\nC02c,holds,9,10,9,0,0\n"
        "E14a,holds,10,10,10,0,0\nE14b,holds,10,10,10,0,0\n"
    )
    judge(1, UNCLEAR, True)
    verdict("E14", "cycles", {"E14a": True, "E14b": False})
    frame = closing_table("01_perceptron").frame()
    assert frame[""].tolist() == ["C01", "C02", "E14"]
    assert frame["Verdict"].tolist() == [
        "· not measured",
        "◐ holds in part; C02b undecided",
        "✎ mended: append a constant 1",
    ]
    assert frame["Repeated"].tolist() == ["", "8 of 10 (C02b)", "10 of 10"]
    with pytest.raises(ValueError, match="No claim belongs to '01'"):
        closing_table("01")


def test_the_scoreboard_reads_the_tables_stored_in_notebooks(tmp_path):
    judge(0, QUICK, True)
    bundle = closing_table("01_perceptron")._repr_mimebundle_()
    output = nbformat.v4.new_output("execute_result", bundle)
    cells = [
        nbformat.v4.new_markdown_cell("text"),
        nbformat.v4.new_code_cell("closing_table()", outputs=[output]),
    ]
    nbformat.write(
        nbformat.v4.new_notebook(cells=cells), tmp_path / "01_perceptron.ipynb"
    )
    board = scoreboard(tmp_path).set_index("id")
    assert board.loc["C02", ["measured", "verdict"]].tolist() == ["measured", "holds"]
    assert board.loc["C02", "statements"] == dict.fromkeys(
        ["C02a", "C02b", "C02c"], "holds"
    )
    assert set(board.drop("C02")["verdict"]) == {"not measured"}
    assert set(scoreboard(tmp_path / "nowhere")["verdict"]) == {"not measured"}


def test_statements_know_their_claim():
    table = load_statements().set_index("id")
    assert table.loc["C02b", ["claim", "kind"]].tolist() == ["C02", "measured"]
    assert len(table) == 5 and "C01" not in table.index


def test_html_tables_show_whole_texts_escaped():
    html = html_table(pd.DataFrame({"a": ["x" * 200 + " <b>"]}))
    assert "x" * 200 + " &lt;b&gt;" in html


def test_a_tables_headings_say_what_they_are_of():
    table = claims.html_table(pd.DataFrame({"a": ["<1>"], "b": ["c" * 99]}))
    assert table.count('<th scope="col" ') == 2 == table.count("<td ")
    assert "&lt;1&gt;" in table and "c" * 99 in table
