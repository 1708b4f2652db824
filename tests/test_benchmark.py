"""The benchmark's table: one row a case, with ratios of what was measured."""

import keras
import numpy as np

from course_utils import benchmark


def test_the_table_has_a_row_with_the_ratio_of_each_case(monkeypatch, capsys):
    def tiny():
        return keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])

    case = (tiny, np.zeros((8, 2), "float32"), np.zeros(8, "float32"), "mean_squared_error", lambda: keras.optimizers.SGD(), 2, 4)
    monkeypatch.setattr(benchmark, "_cases", lambda: {"tiny": (*case, 3, 2), "XOR 2-8-1": (*case, 3, 2)})
    monkeypatch.setattr(benchmark, "matrix_rate", lambda: 50.0)
    benchmark.main(["tiny"])
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("matrix products: 50") for line in lines)
    name, seeds, alone, together, each, faster, grouped, target = [part.strip() for part in lines[-1].strip("|").split("|")]
    assert (name, seeds, target) == ("tiny", "3", "2") and "XOR" not in "".join(lines)
    assert abs(float(faster) - 3 * float(alone) / float(together)) < 0.1 * float(faster) + 0.1
    assert abs(float(each) - 1000 * float(together) / (3 * 2 * 2)) < 10


def test_matrix_rate_is_a_positive_number():
    assert 0.1 < benchmark.matrix_rate(0.1) < 1e6
