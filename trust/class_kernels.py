"""What settings do to a kernel's memory: ``python -m trust.class_kernels`` (a quarter
of an hour on two cores). Its table is part of trust/full_class.md."""

from pathlib import Path

import nbformat
import pandas as pd
import psutil

from trust.files import HERE, ROOT

RAW = HERE / "class_kernels.csv"
NOTEBOOKS = (
    "01_perceptron",
    "03_forward_pass",
    "06_activations",
    "13_learning_rate_schedules",
)
ONE_THREAD = {
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}
SETTINGS = {
    "as it is": {},
    "two malloc arenas": {"MALLOC_ARENA_MAX": "2"},
    "one malloc arena, trimmed": {
        "MALLOC_ARENA_MAX": "1",
        "MALLOC_TRIM_THRESHOLD_": "100000",
    },
    "one thread": ONE_THREAD,
}


def measured(notebook, environment):
    """Run a notebook; the kernel's own and mapped memory in MB, its processor seconds.

    Parameters
    ----------
    notebook : str
    environment : dict of str to str

    Returns
    -------
    dict
    """
    from course_utils.maintenance.record import running_kernel

    path = ROOT / "notebooks" / f"{notebook}.ipynb"
    cells = nbformat.read(path, as_version=4)
    with running_kernel(cells, path.parent, environment=environment) as client:
        for number, cell in enumerate(cells.cells):
            if cell.cell_type == "code":
                client.execute_cell(cell, number)
        kernel = psutil.Process(client.km.provisioner.pid)
        taken = {}
        for line in Path(f"/proc/{kernel.pid}/smaps_rollup").read_text().splitlines():
            name, _, size = line.partition(":")
            taken[name] = size
        own, resident = (
            int(taken[name].split()[0]) / 1024 for name in ("Anonymous", "Rss")
        )
        return {
            "own (MB)": round(own),
            "files (MB)": round(resident - own),
            "threads": kernel.num_threads(),
            "processor (s)": round(sum(kernel.cpu_times()[:2]), 1),
        }


def table(frame=None):
    """A row for each setting: what its kernels take, and how much longer they compute,
    all notebooks together.

    Returns
    -------
    pandas.DataFrame
    """
    frame = pd.read_csv(RAW) if frame is None else frame
    wide = frame.pivot(index="setting", columns="notebook", values="own (MB)")
    wide = wide.loc[frame["setting"].unique()]
    files = frame.groupby("setting")["files (MB)"].mean().round().astype(int)
    seconds = frame.groupby("setting")["processor (s)"].sum().round().astype(int)
    wide.columns = [f"{name[:2]} (MB)" for name in wide.columns]
    wide["mapped files (MB)"] = files
    wide["processor, all four (s)"] = seconds
    return wide.reset_index()


def main():
    """Measure what is not in the table yet."""
    rows = pd.read_csv(RAW).to_dict("records") if RAW.is_file() else []
    there = {(row["setting"], row["notebook"]) for row in rows}
    for setting, environment in SETTINGS.items():
        for notebook in NOTEBOOKS:
            if (setting, notebook) not in there:
                found = measured(notebook, environment)
                rows.append({"setting": setting, "notebook": notebook} | found)
                pd.DataFrame(rows).to_csv(RAW, index=False)
                print(rows[-1], flush=True)


if __name__ == "__main__":
    main()
