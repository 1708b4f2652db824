"""The course for a class, on one Linux machine: `sudo make hub STUDENTS=students.txt`.

students.txt has a line `name:password` for each student; README.md beside this file
says the rest. Nothing here is secret, and the Hub is reached from this machine only.
"""

import os
import pwd
import sys
from pathlib import Path

here = Path(__file__).resolve().parent
course = here.parents[1]
hub = Path(os.environ.get("COURSE_HUB", course / "build" / "hub"))  # its own files
students = Path(os.environ.get("COURSE_STUDENTS", "students.txt"))
gigabytes = float(os.environ.get("COURSE_MEMORY_GB", 4))  # the most for one process

if not students.is_file():
    sys.exit(
        f"There is no {students}: write a line name:password for each student in it,"
        " and run make hub STUDENTS=students.txt."
    )
if students.stat().st_mode & 0o077:
    sys.exit(
        f"Others can read {students}, and passwords are in it: chmod 600 {students}"
    )
for place in (here, Path(sys.executable).resolve()):
    for folder in place.parents:
        if os.geteuid() == 0 and not folder.stat().st_mode & 0o001:
            sys.exit(
                f"Students cannot enter {folder}, and {place} lies in it: put the"
                " course, and a Python for it, where all may read, in /opt for example."
            )
hub.mkdir(mode=0o700, parents=True, exist_ok=True)
hub.chmod(0o700)

c = get_config()  # noqa: F821  (JupyterHub's)

# Reached through ssh or a web server with HTTPS on this machine, from nowhere else.
c.JupyterHub.bind_url = "http://127.0.0.1:8000"
c.JupyterHub.hub_bind_url = "http://127.0.0.1:8081"
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:8001"
c.ConfigurableHTTPProxy.pid_file = str(hub / "proxy.pid")
c.JupyterHub.cookie_secret_file = str(hub / "cookie_secret")
c.JupyterHub.db_url = f"sqlite:///{hub / 'hub.sqlite'}"
proxy = course / "build" / "proxy" / "node_modules" / ".bin"
c.ConfigurableHTTPProxy.command = [str(proxy / "configurable-http-proxy")]

# Each student is a user of this machine, with a password of their own (chpasswd reads
# students.txt, too). Whoever is not in that file does not get in.
lines = students.read_text(encoding="utf-8").splitlines()
c.JupyterHub.authenticator_class = "pam"
c.PAMAuthenticator.allowed_users = {line.split(":")[0] for line in lines if line}
c.PAMAuthenticator.allow_existing_users = False
c.PAMAuthenticator.create_system_users = True
c.PAMAuthenticator.add_user_cmd = [
    *("useradd", "--create-home", "--user-group"),
    *("--shell", "/bin/bash", "--comment", "student of the course"),
]


def home(spawner):
    """A student's home."""
    return pwd.getpwnam(spawner.user.name).pw_dir


def close_home(spawner):
    """Nobody else looks into a student's home."""
    os.chmod(home(spawner), 0o700)


def runtime(spawner):
    """Where kernels' sockets are: their paths may have 107 characters at most."""
    return f"{home(spawner)}/.runtime"


# A process that asks for more memory than it may have gets a MemoryError (this spawner
# does not enforce mem_limit).
limit = [
    *("prlimit", f"--data={int(gigabytes * 2**30)}", "--core=0", "--"),
    sys.executable,
]

# Kernels share the memory of what all load (shared_kernels.py); where that is not
# wanted, COURSE_SHARED_KERNELS=no.
shared = {}
if os.environ.get("COURSE_SHARED_KERNELS", "yes") != "no":
    sockets = Path(os.environ.get("COURSE_KERNELS", course / "build" / "kernels"))
    sockets.mkdir(parents=True, exist_ok=True)
    sockets.chmod(0o755)
    shared = {"COURSE_KERNELS": str(sockets), "JUPYTER_PATH": str(here)}
    passed = ("PATH", "LANG", "LC_ALL", "PYTHONPATH")
    variables = {name: os.environ[name] for name in passed if name in os.environ}
    variables |= {"COURSE_KERNELS": str(sockets), "HOME": str(hub)}
    variables |= {"OPENBLAS_NUM_THREADS": "1"}  # no threads before it is copied
    c.JupyterHub.services = [
        {
            "name": "kernels",
            "cwd": "/",
            "command": [
                *("setpriv", "--pdeathsig", "TERM", "env", "--ignore-environment"),
                *(f"{name}={value}" for name, value in variables.items()),
                *(*limit, str(here / "shared_kernels.py")),
            ],
        }
    ]

# If the machine is full, Linux ends a student's process before the Hub's.
c.JupyterHub.spawner_class = "localprocess"
c.Spawner.pre_spawn_hook = close_home
c.Spawner.cmd = [
    *("choom", "--adjust", "500", "--"),
    *(*limit, "-m", "jupyterhub.singleuser"),
]
c.Spawner.args = [f"--config={here / 'server_config.py'}"]
c.Spawner.default_url = "/lab/tree/notebooks/00_start_here.ipynb"
c.Spawner.env_keep = ["PATH", "LANG", "LC_ALL", "PYTHONPATH", "COURSE_DATA"]
c.Spawner.environment = shared | {
    "COURSE_NOTEBOOKS": os.environ.get("COURSE_NOTEBOOKS", str(course / "notebooks")),
    "JUPYTER_RUNTIME_DIR": runtime,
}

# A whole class starts at once, on a machine with few cores.
c.Spawner.start_timeout = 300
c.Spawner.http_timeout = 300
