"""Pages of trust/: the table that was measured, in Markdown that every viewer reads."""

import re

import pandas as pd

from trust import page


def test_a_page_names_its_command_and_holds_the_table(tmp_path):
    frame = pd.DataFrame({"fault": ["a | b", "two\nlines"], "caught": [0.50, 1]})
    written = page.write("x", "Title", "make x", "A sentence.", frame, folder=tmp_path)
    lines = written.read_text().splitlines()
    assert lines[:5] == [
        "# Title",
        "",
        "Made by `make x`; do not edit.",
        "",
        "A sentence.",
    ]
    rows = [re.split(r"(?<!\\)\|", line)[1:-1] for line in lines[6:]]
    assert [[cell.strip() for cell in row] for row in (rows[0], *rows[2:])] == [
        ["fault", "caught"],
        [r"a \| b", "0.5"],
        ["two lines", "1.0"],
    ]
    assert set("".join(rows[1])) <= set(":-")
