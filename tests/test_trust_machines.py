"""Other machines: shares of a tolerance, runs that are kept, tables and page."""

import math
import sys

import nbformat
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_utils.claims import NOTEBOOKS
from course_utils.maintenance.comparison import Tolerance, differences, pairs
from course_utils.maintenance.tolerances import share_by_cell
from trust import gpu, machines, page

CELLS = {
    "noise": "import os; noise = int(os.environ.get('NOISE', 0))",
    "same": "print('loss', 0.25 + noise * 1e-6)",
    "tagged": "print('loss', 0.25 + 0.00123 * noise)",
    "count": "print('count', 7 + noise)",
    "words": "print('rises' if noise else 'falls')",
    "late": "import time; time.sleep(float(os.environ.get('SLEEP', 0)))",
    "end": "print(1 / (2 - noise))",
}
numbers = st.one_of(
    st.integers(-99, 99).map(str), st.floats(-9, 9).map(lambda x: f"{x:.4f}")
)
widths = st.sampled_from([0.0, 1e-4, 0.3, 2.0])


@given(numbers, numbers, st.builds(Tolerance, widths, widths, widths))
def test_a_share_beyond_one_is_red(stored, new, tolerance):
    (pair,) = pairs(stored, new)
    assert (pair.share(tolerance) > 1 + 1e-9) == bool(
        differences(stored, new, tolerance)
    )


@pytest.mark.parametrize(
    "stored, new, share",
    [
        ("0.5000", "0.5000", 0),
        ("2.0000", "2.0101", 0.5),
        ("2.0000", "2.0401", 2),
        ("10", "13", 1.5),
        ("falls", "rises", math.inf),
        ("x1", "1.0", math.inf),
    ],
)
def test_the_share_of_a_cell(stored, new, share):
    texts = [[nbformat.v4.new_output("stream", text=text)] for text in (stored, new)]
    found = share_by_cell(*texts, Tolerance(rtol=0.01, itol=2))
    assert found == pytest.approx(share, rel=1e-6)


@pytest.fixture(scope="module")
def path(tmp_path_factory, recorded):
    path = tmp_path_factory.mktemp("machines") / "01_a.ipynb"
    return recorded(path, CELLS, "rtol-0.01")


@pytest.fixture
def command(path, tmp_path, monkeypatch):
    """The command, on one notebook and two variants, in a folder of its own."""
    monkeypatch.setattr(machines, "NOTEBOOKS", path.parent)
    monkeypatch.setattr(machines, "BUILD", tmp_path / "build")
    monkeypatch.setattr(
        machines, "VARIANTS", {f"x{n}": machines.Variant({"NOISE": n}) for n in "12"}
    )
    for name in ("table", "keep", "_put", "write"):
        old = getattr(machines, name).__defaults__
        new = tuple(tmp_path if value == page.HERE else value for value in old or ())
        monkeypatch.setattr(getattr(machines, name), "__defaults__", new or None)
    monkeypatch.setattr(machines, "ROOT", tmp_path)
    return lambda *arguments: machines.main(list(arguments))


def test_what_differs_on_a_variant_is_in_the_table_once(
    command, path, tmp_path, monkeypatch
):
    assert command() == 0
    cells = pd.read_csv(tmp_path / "machines.csv", keep_default_na=False)
    found = {(str(v), c): s for v, c, s in zip(cells.variant, cells.cell, cells.share)}
    assert found["x1", "tagged"] == pytest.approx(0.00122 / 0.0025)
    for key in ("x1", "count"), ("x1", "words"), ("x2", "end"):
        assert found[key] == math.inf
    assert ("x1", "same") not in found and ("x1", "noise") not in found
    assert "it stops: ZeroDivisionError" in cells.iloc[-1]["text"]
    text = (tmp_path / "machines.md").read_text()
    assert "stops" in text and "2 of 2 runs" in text and "rtol-0.01" in text
    before = (tmp_path / "machines.csv").read_text()

    def again(*_):
        raise AssertionError("it was run already")

    monkeypatch.setattr(machines, "run", again)
    assert command("--variant", "x1", "--notebook", "01") == 0
    assert (tmp_path / "machines.csv").read_text() == before


def test_a_missing_python_is_one_sentence_and_the_others_are_measured(
    command, tmp_path, monkeypatch, capsys
):
    variants = {"9": machines.Variant({}, "9.9", machines.PINNED)}
    variants["here"] = machines.Variant({})
    monkeypatch.setattr(machines, "VARIANTS", variants)
    (tmp_path / "pyproject.toml").write_text("")
    (tmp_path / "requirements.txt").write_text("")
    monkeypatch.setattr(
        machines.subprocess, "run", _without_uv(machines.subprocess.run)
    )
    assert command() == 1
    printed = capsys.readouterr()
    assert "9: left out. There is no environment of python9.9: put" in printed.err
    assert "here 01_a" in printed.out and "nothing differs" in printed.out


def _without_uv(run):
    """As if uv found no Python, whether it is installed or not."""

    def fake(command, **options):
        if "uv" in command:
            command = [sys.executable, "-c", "raise SystemExit('No interpreter found')"]
        return run(command, **options)

    return fake


def test_an_unknown_variant_is_one_sentence(command):
    with pytest.raises(SystemExit, match="no variant 'SSE9': choose x1, x2"):
        command("--variant", "SSE9")


def test_the_kernels_run_on_the_variants_python(path):
    manager = machines.kernel_of("/some/python")()
    assert manager.format_kernel_cmd()[:3] == [
        "/some/python",
        "-m",
        "ipykernel_launcher",
    ]


# The stored table.

CELL_ROWS = machines.table("machines", machines.CELL_COLUMNS)
RUN_ROWS = machines.table("machines_runs", machines.RUN_COLUMNS)


def test_the_page_is_what_the_tables_give(tmp_path):
    for name in ("machines", "machines_runs"):
        text = (page.HERE / f"{name}.csv").read_text()
        (tmp_path / f"{name}.csv").write_text(text)
    stored = (page.HERE / "machines.md").read_text()
    assert machines.write(tmp_path).read_text() == stored, "run `make machines`"


def test_the_tables_belong_to_the_notebooks():
    """The tags of the cells, at least: a share is a share of what they allow."""
    for name, rows in CELL_ROWS.groupby("notebook"):
        notebook = nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)
        tags = {cell.id: machines.allowed(cell) for cell in notebook.cells}
        for row in rows.itertuples():
            assert tags.get(row.cell) == row.allowed, f"{row.cell}: run `make machines`"


def test_what_is_beyond_its_tolerance_is_known_with_a_reason():
    beyond = CELL_ROWS[CELL_ROWS["share"] > 1]
    assert set(zip(beyond["variant"], beyond["cell"])) == set(machines.KNOWN)
    assert all(machines.KNOWN.values())


def test_every_row_is_of_a_run():
    runs = set(zip(RUN_ROWS["variant"], RUN_ROWS["notebook"]))
    assert set(zip(CELL_ROWS["variant"], CELL_ROWS["notebook"])) <= runs
    assert len(runs) == len(RUN_ROWS)
    assert {variant for variant, _ in runs} <= set(machines.VARIANTS)


# The check on an NVIDIA card, rehearsed on the processor.


@pytest.fixture
def rehearse(path, tmp_path, monkeypatch):
    monkeypatch.setattr(gpu, "NOTEBOOKS", path.parent)
    monkeypatch.setattr(gpu, "device", lambda: "CPU (2 cores), no GPU found")
    return lambda *arguments: gpu.main(["--folder", str(tmp_path), *arguments])


def test_a_rehearsal_writes_tables_and_page(rehearse, tmp_path):
    assert rehearse("--device", "cpu", "--seconds", "60") == 0
    text = (tmp_path / "gpu.md").read_text()
    assert (
        "Computed on: CPU (2 cores)" in text and "Not run in the time: nothing" in text
    )
    assert len(pd.read_csv(tmp_path / "gpu_runs.csv")) == 1


def test_it_ends_in_time_and_says_what_was_not_run(
    rehearse, tmp_path, monkeypatch, capsys
):
    monkeypatch.setitem(gpu.DEVICES, "CPU", {"SLEEP": "60"})
    start = gpu.time.monotonic()
    assert rehearse("--device", "cpu", "--seconds", "10") == 1
    assert gpu.time.monotonic() - start < 45
    assert "No notebook was run to its end" in capsys.readouterr().err
    assert not (tmp_path / "gpu.md").exists()


def test_without_a_card_it_says_so(rehearse, tmp_path, capsys):
    assert rehearse() == 2
    assert "no NVIDIA card here: CPU (2 cores), no GPU" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_rehearsal_is_no_page_of_the_course():
    with pytest.raises(SystemExit):
        gpu.main(["--device", "cpu"])


def test_those_that_train_come_first():
    order = [path.stem[:2] for path in gpu.by_worth(NOTEBOOKS.glob("*.ipynb"))]
    assert sorted(order) == [f"{k:02}" for k in range(15)]
    assert order.index("14") < order.index("01")
