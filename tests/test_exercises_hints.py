"""Every known mistake gets its own hint: ``exercises_hints.csv`` has a wrong answer for
each one, in decimals as one types it, and how its hint begins."""

from pathlib import Path

import pandas as pd
import pytest

from course_utils import checks
from course_utils.answers import Numbers, Parts

HINTS = pd.read_csv(Path(__file__).parent / "exercises_hints.csv", dtype=str)


def mistakes(exercise):
    """How many wrong answers the exercise knows."""
    parts = exercise.parts.values() if isinstance(exercise, Parts) else [exercise]
    known = [hint for part in parts for _, hint in part.known[1:]]
    known += [hint for _, hint in exercise.known] if isinstance(exercise, Parts) else []
    return sum(hint is not None for hint in known)


def test_every_known_mistake_is_here():
    checks.exercise_names()
    known = {
        name: mistakes(exercise)
        for name, (exercise, _) in checks._exercises.items()
        if isinstance(exercise, (Numbers, Parts)) and not name.startswith("99-")
    }
    assert HINTS["exercise"].value_counts().to_dict() == known


@pytest.mark.parametrize("name", sorted(set(HINTS["exercise"])))
def test_a_known_mistake_gets_its_hint(name, capsys):
    for row in HINTS[HINTS["exercise"] == name].itertuples():
        checks.check(name, [float(number) for number in row.answer.split()])
        said = capsys.readouterr().out
        assert said.startswith(f"✗ {name}: not yet. ") and row.hint in said, row.answer
