"""Bad days: the page is what the table gives; what falls short is seen."""

import pandas as pd

from trust import bad_days, page
from trust.bad_days import FAILED, PASSED, SKIPPED, Scenario, run


def test_the_page_is_what_the_table_gives(tmp_path):
    frame = pd.read_csv(bad_days.TABLE, dtype=str, keep_default_na=False)
    written = bad_days.write_page(frame, tmp_path).read_text(encoding="utf-8")
    assert written == (page.HERE / "bad_days.md").read_text(encoding="utf-8")
    scenarios = frame.loc[frame["kind"] == "scenario", "scenario"].tolist()
    assert scenarios == [one.name for one in bad_days.SCENARIOS]


def outcome(code, **more):
    return run(Scenario("made up", code, "a sentence", {"a.txt": "kept"}, **more))


def test_what_falls_short_is_seen():
    says = "print('a sentence');"
    assert outcome(says)["outcome"] == PASSED
    assert outcome("print('silence')")["outcome"] == FAILED
    lost = outcome(says + "import os; os.remove('disk/a.txt')")
    assert lost["outcome"] == FAILED and "a.txt" in lost["lost"]
    half = outcome(says + "open('disk/b.part', 'w')")
    assert half["outcome"] == FAILED and half["half written"] == "b.part"
    left = "import subprocess as s; s.Popen(['sleep', '5'], stdout=-3, stderr=-3)"
    assert outcome(says + left)["left running"] != "nothing"


def test_what_is_not_allowed_is_skipped():
    assert outcome("1", around=["no-such-program"])["outcome"] == SKIPPED
