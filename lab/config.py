"""The course in JupyterLab: `jupyter lab --config=lab/config.py`, as `make lab` does.

Opens the first notebook (and prints that address), with this folder's settings and its
extension: settings/overrides.json and labextensions/course-present.
"""

from pathlib import Path

here = Path(__file__).resolve().parent
c = get_config()  # noqa: F821  (Jupyter's)
c.LabApp.default_url = "/lab/tree/notebooks/00_start_here.ipynb"
c.LabApp.app_settings_dir = str(here / "settings")
c.LabApp.extra_labextensions_path = [str(here / "labextensions")]
