"""The benchmark's table: one row a case, with ratios of what was measured."""

import keras
import numpy as np

from course_utils.maintenance import benchmark


def tiny():
    return keras.Sequential(
        [keras.Input((2,)), keras.layers.Dense(3), keras.layers.Dense(1)]
    )


CASE = (
    tiny,
    np.zeros((8, 2), "float32"),
    np.zeros(8, "float32"),
    "mean_squared_error",
    lambda: keras.optimizers.SGD(),
    2,
    4,
)
WATCHED = {"metrics": ["accuracy"], "validation_data": CASE[1:3]}


def test_the_table_has_a_row_with_the_ratio_of_each_case(monkeypatch, capsys):
    """From three measured calls the medians: 4 s the first, 0.5 s repeated."""
    seconds = iter([(1, 1), *[(3, 0.5), (9, 0.1), (4, 1)] * 2])
    asked = []
    monkeypatch.setattr(benchmark, "_cases", lambda: {"tiny": CASE, "XOR 2-8-1": CASE})
    monkeypatch.setattr(benchmark, "TARGETS", {"tiny": [(3, 2, 4)]})
    monkeypatch.setattr(benchmark, "matrix_rate", lambda: 50.0)
    monkeypatch.setattr(
        benchmark, "_fit", lambda *case, **watched: asked.append([*watched]) or 2.0
    )
    monkeypatch.setattr(benchmark, "_replicas", lambda *case, **watched: next(seconds))
    benchmark.main(["tiny"])
    lines = capsys.readouterr().out.splitlines()
    rows = [
        [part.strip() for part in line.strip("|").split("|")] for line in lines[-2:]
    ]
    assert not any("XOR" in line for line in lines) and not any(seconds)
    assert asked == [[], [], [*WATCHED]]
    assert [row[:3] for row in rows] == [["tiny", "3", "no"], ["tiny", "3", "yes"]]
    for row in rows:  # 3 seeds * 2 epochs * 2 updates in 0.5 s
        assert row[3:6] == ["2.00", "4.00", "0.500"]
        assert row[6] == f"{500 / 12:.4f}"
        assert row[7:] == ["1.5", "2", "12.0", "4", "50", "0.00"]


def test_the_cases_are_what_their_names_say():
    cases = benchmark._cases()
    build, x, y, *_ = cases["XOR 2-8-1"]
    assert set(x.ravel()) == {0, 1} and len(np.unique(x, axis=0)) == 4
    assert y.tolist() == [a != b for a, b in x]
    assert build().count_params() == 3 * 8 + 9 * 1
    build, x, y, *_ = cases["MNIST 784-128-10"]
    assert x.shape == (4000, 784) and (x.min(), x.max()) == (0, 1)
    assert build().count_params() == 785 * 128 + 129 * 10


def test_a_first_call_is_compiled_and_a_repeated_one_is_not():
    first, repeated = benchmark._replicas(3, *CASE, **WATCHED)
    assert 0 < repeated < first / 2
    assert benchmark._fit(*CASE, **WATCHED) > 0


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
