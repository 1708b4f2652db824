"""Which cells come on which slide: by tags and places alone."""

import nbformat
import pytest

from course_utils.maintenance.slides import slide_types

TEXT, CODE = "markdown", "code"
TITLE = (TEXT, "# A title")
CLAIM = (TEXT, "## 1 · A claim\n\nThe lecture says something about it, in ten words.")
LESSON = (CODE, "a = 1")
QUESTION = (TEXT, "**Predict.** And now?\n\n<details>\n\nThis.\n\n</details>")
PICTURE = (CODE, "show()", "lecture", "hide-input")
RESULT = (TEXT, "So it is.")


def slides(*cells):
    made = [
        getattr(nbformat.v4, f"new_{kind}_cell")(source, metadata={"tags": tags})
        for kind, source, *tags in cells
    ]
    return slide_types(nbformat.v4.new_notebook(cells=made))


def test_a_moment_is_statement_question_picture_and_result():
    assert slides(TITLE, LESSON, CLAIM, LESSON, QUESTION, LESSON, PICTURE, RESULT) == [
        "slide",  # the title
        "skip",  # before the moment
        "slide",
        "subslide",
        "slide",
        "subslide",
        "slide",
        "fragment",
    ]


def test_without_lecture_cells_there_are_no_slides():
    assert slides(TITLE, CLAIM, LESSON) == ["skip"] * 3


def test_the_result_of_one_moment_is_not_the_way_to_the_next():
    assert slides(TITLE, CLAIM, PICTURE, RESULT, QUESTION, PICTURE) == [
        *("slide", "slide", "slide"),
        *("fragment", "slide", "slide"),
    ]


def test_only_the_last_heading_and_question_lie_on_the_path():
    more = (TEXT, "More about it, in a few words.")
    found = slides(TITLE, CLAIM, RESULT, CLAIM, more, QUESTION, QUESTION, PICTURE)
    assert found == [
        *("slide", "skip", "skip"),
        *("slide", "subslide", "subslide", "slide", "slide"),
    ]


def test_without_a_question_the_last_text_leads_to_the_picture():
    more = (TEXT, "More about it, in a few words.")
    assert slides(TITLE, CLAIM, more, LESSON, more, PICTURE)[1:] == [
        *("slide", "subslide", "subslide", "slide", "slide"),
    ]


@pytest.mark.parametrize(
    "left_out",
    [
        (TEXT, "**Exercise 1.** Do it."),
        (CODE, "check()", "exercise"),
        (TEXT, "<details>A solution</details>", "solution"),
        (CODE, "machinery()", "hide-cell"),
        (CODE, "picture()", "hide-input"),
        (CODE, "\n".join("abcdefghijklm")),  # thirteen lines
    ],
)
def test_exercises_machinery_and_long_code_are_no_slides(left_out):
    assert slides(TITLE, CLAIM, left_out, PICTURE)[2] == "skip"


@pytest.mark.parametrize("level", [2, 3])
def test_folded_evidence_is_no_slide_and_its_end_is_seen(level):
    fold = (TEXT, f"{'#' * level} Evidence for C01", "hide-cell")
    detail = (TEXT, "#### A detail of it, in a text of some more words")
    found = slides(TITLE, CLAIM, PICTURE, fold, detail, LESSON, CLAIM, PICTURE)
    assert found[3:] == ["skip", "skip", "skip", "slide", "slide"]


def test_a_heading_alone_shares_its_slide():
    assert slides(TITLE, (TEXT, "### Surprises"), PICTURE) == ["slide", "slide", "-"]


@pytest.mark.parametrize(
    "after",
    [
        QUESTION,
        CLAIM,
        (TEXT, "word " * 41),
        (TEXT, "So it is. **Exercise 1.**"),
        LESSON,
    ],
)
def test_only_a_short_plain_text_is_a_result(after):
    assert slides(TITLE, CLAIM, PICTURE, after)[3] == "skip"
