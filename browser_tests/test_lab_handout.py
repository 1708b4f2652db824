"""The hand-out, as `make handout` writes it, in JupyterLab."""

import shutil
import subprocess

from driver import command

NAME = "03_forward_pass"


def test_the_handout_runs_with_nothing_tried(page, lab):
    subprocess.run(
        command("handout"), shell=True, cwd=lab.root, env=lab.environment, check=True
    )
    path = lab.root / "notebooks" / "handout.ipynb"
    shutil.copy(lab.root / "build" / "handout" / f"{NAME}.ipynb", path)
    lab.open(page, "handout")
    cells = lab.run_all(page)
    lab.shutdown_kernels()
    path.unlink()
    assert not any("A solution" in cell["source"] for cell in cells)
    outputs = [output for cell in cells for output in cell["outputs"]]
    assert not [output for output in outputs if output["output_type"] == "error"]
    exercises = [cell for cell in cells if "exercise" in cell["tags"]]
    said = {
        cell["id"]: "".join(output.get("text", "") for output in cell["outputs"])
        for cell in exercises
    }
    assert said and all("not tried yet" in text for text in said.values()), said
