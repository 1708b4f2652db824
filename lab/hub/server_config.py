"""A student's server, as the Hub starts it: JupyterLab as `make lab` has it, on the
student's own copy of the notebooks.

It runs with the student's rights, so a copy can go nowhere else.
"""

import os
import shutil
from pathlib import Path

import nbformat
from nbformat.sign import NotebookNotary

here = Path(__file__).resolve().parent
folder = Path.home() / "course"


def hand_out(source, target):
    """Copy the notebooks that `target` lacks, and trust them (pictures play before a
    cell is run); what is there is the student's own and stays as it is."""
    target.mkdir(parents=True, exist_ok=True)
    missing = [
        p for p in sorted(source.glob("*.ipynb")) if not (target / p.name).exists()
    ]
    notary = NotebookNotary()
    for notebook in missing:
        part = target / f".{notebook.name}.part"
        shutil.copyfile(notebook, part)
        part.rename(target / notebook.name)  # whole, or not there
        notary.sign(nbformat.read(notebook, as_version=4))
    notary.store.close()


hand_out(Path(os.environ["COURSE_NOTEBOOKS"]), folder / "notebooks")

c = get_config()  # noqa: F821  (Jupyter's)
load_subconfig("config.py", path=str(here.parent))  # noqa: F821
c.ServerApp.root_dir = str(folder)

# Sockets in the student's home: a port is open to whoever is on this machine, and a
# kernel says there what it prints.
c.KernelManager.transport = "ipc"

# The course uses none of these.
c.ServerApp.jpserver_extensions = {"jupyter_lsp": False, "notebook_shim": False}

# What nobody uses gives its memory back: a kernel after an hour, a server after two.
c.MappingKernelManager.cull_idle_timeout = 3600
c.MappingKernelManager.cull_connected = True
c.ServerApp.shutdown_no_activity_timeout = 7200
