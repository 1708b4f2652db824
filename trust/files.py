"""The repository's files."""

import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent


def tracked(root=ROOT):
    """The files that git has or would take, as paths in the repository.

    Parameters
    ----------
    root : pathlib.Path

    Returns
    -------
    list of str
        Sorted; only those that are there.
    """
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    )
    names = set(listed.stdout.split("\0")) - {""}
    return sorted(name for name in names if Path(root, name).is_file())
