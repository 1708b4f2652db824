"""Bad days: the page is what the table gives; what falls short is seen."""

import pandas as pd
import pytest

from trust import bad_days, page
from trust.bad_days import FAILED, PASSED, SKIPPED, Scenario, notebook, run
from trust.malformed import helpers


def test_the_page_is_what_the_table_gives(tmp_path):
    written = bad_days.write_page(bad_days.read(), tmp_path).read_text(encoding="utf-8")
    assert written == (page.HERE / "bad_days.md").read_text(encoding="utf-8")


def test_every_scenario_and_every_helper_was_measured():
    frame = bad_days.read()
    scenarios = frame[frame["kind"] == "scenario"]
    drawn = frame[frame["kind"] == "malformed"]
    assert scenarios["scenario"].tolist() == [one.name for one in bad_days.SCENARIOS]
    assert drawn["helper"].tolist() == [one.name for one in helpers()]
    assert (drawn["calls"].astype(int) >= 200).all()


def test_what_falls_short_is_known():
    frame = bad_days.read()
    assert set(frame.loc[frame["outcome"] == FAILED, "scenario"]) == set(bad_days.KNOWN)
    assert set(frame.loc[frame["wrong"] != "", "wrong"]) == {"0"}


def outcome(code, **more):
    files = {"a.txt": "kept"}
    return run(Scenario("made up", code, "a sentence", files, **more))


SAYS = "print('a sentence')\n"


def test_a_sentence_and_nothing_else_passes():
    row = outcome(SAYS)
    assert row["outcome"] == PASSED and row["what the user sees"] == "a sentence"
    assert {row[name] for name in bad_days.COLUMNS[2:5]} == {"nothing"}


@pytest.mark.parametrize(
    "code, column, seen",
    [
        ("print('silence')", "what the user sees", "silence"),
        (SAYS + "raise OSError", "what the user sees", "below a traceback"),
        (SAYS + "os.remove('disk/a.txt')", "lost", "a.txt"),
        (SAYS + "open('disk/a.txt', 'w').close()", "lost", "a.txt"),
        (SAYS + "open('disk/b.part', 'w').close()", "half written", "b.part"),
        (
            SAYS + "subprocess.Popen(['sleep', '9'], start_new_session=True)",
            "left running",
            "sleep 9",
        ),
        (SAYS + "time.sleep(9)", "what the user sees", "Nothing within 1 s"),
    ],
)
def test_what_falls_short_is_seen(monkeypatch, code, column, seen):
    monkeypatch.setattr(bad_days, "GRACE_SECONDS", 0.5)
    row = outcome(code, seconds=1 if "time.sleep" in code else 30)
    assert row["outcome"] == FAILED and seen in row[column]


def test_what_may_be_left_is_named():
    assert outcome(SAYS + "open('disk/b', 'w')", leaves=["b"])["outcome"] == PASSED


def test_what_is_not_allowed_is_skipped():
    assert outcome("1", around=["no-such-program"])["outcome"] == SKIPPED


def test_rows_are_kept_in_order_and_measured_anew(monkeypatch, tmp_path):
    monkeypatch.setattr(bad_days, "TABLE", tmp_path / "table.csv")
    second, first = bad_days.SCENARIOS[1].name, bad_days.SCENARIOS[0].name
    for name, word in [(second, "x"), ("gone", "x"), (first, "x"), (second, "y")]:
        bad_days.keep({"kind": "scenario", "scenario": name, "outcome": word})
    bad_days.keep({"kind": "malformed", "helper": "b", "calls": "3", "wrong": "0"})
    frame = bad_days.read()
    assert frame["scenario"].tolist() == [first, second, ""]
    assert frame["outcome"].tolist() == ["x", "y", ""]


def test_made_up_notebooks_are_notebooks():
    import nbformat

    nbformat.validate(nbformat.reads(notebook("1", verdict=[{}]), as_version=4))
    assert isinstance(bad_days.read(), pd.DataFrame)
