"""The benchmark's table: one row a case, with ratios of what was measured."""

import keras
import numpy as np

from course_utils.maintenance import benchmark


def test_the_table_has_a_row_with_the_ratio_of_each_case(monkeypatch, capsys):
    def tiny():
        return keras.Sequential(
            [keras.Input((2,)), keras.layers.Dense(3), keras.layers.Dense(1)]
        )

    case = (
        tiny,
        np.zeros((8, 2), "float32"),
        np.zeros(8, "float32"),
        "mean_squared_error",
        lambda: keras.optimizers.SGD(),
        2,
        4,
    )
    monkeypatch.setattr(benchmark, "_cases", lambda: {"tiny": case, "XOR 2-8-1": case})
    monkeypatch.setattr(benchmark, "TARGETS", {"tiny": [(3, 2, 4)]})
    monkeypatch.setattr(benchmark, "matrix_rate", lambda: 50.0)
    benchmark.main(["tiny"])
    lines = capsys.readouterr().out.splitlines()
    rows = [
        [part.strip() for part in line.strip("|").split("|")] for line in lines[-2:]
    ]
    assert [row[:3] for row in rows] == [
        ["tiny", "3", "no"],
        ["tiny", "3", "yes"],
    ] and not any("XOR" in line for line in lines)
    for (
        _,
        _,
        _,
        alone,
        first,
        repeated,
        each,
        faster,
        target,
        _,
        second,
        rate,
        share,
    ) in rows:
        assert (target, second, rate) == ("2", "4", "50") and float(repeated) < float(
            first
        )
        assert (
            abs(float(faster) - 3 * float(alone) / float(first))
            < 0.1 * float(faster) + 0.1
        )
        assert abs(float(each) - 1000 * float(repeated) / (3 * 2 * 2)) < 1
        assert 0 <= float(share) < 0.01


def test_multiply_adds_of_a_dense_network():
    """Two layers: 2 * 6 forward and dW of the first, 3 * 3 of the second, for each of 4
    samples."""
    model = keras.Sequential(
        [
            keras.Input((2,)),
            keras.layers.Dense(3),
            keras.layers.Dropout(0.5),
            keras.layers.Dense(1),
        ]
    )
    assert benchmark.multiply_adds(model, 4) == 4 * (2 * 6 + 3 * 3)


def test_matrix_rate_is_a_positive_number():
    assert 0.1 < benchmark.matrix_rate(0.1) < 1e6
