"""Jobs (arms x seeds): running them here or on a Dask cluster.

Only the process that was started with ``python -m course_utils.experiments`` writes the
results file; a job only writes its own state, so that it can go on after a kill, here
or on another worker.
"""

import hashlib
import importlib
import os
import platform
import re
import sys
import threading
import time
from pathlib import Path
from typing import NamedTuple

from ..environment import load_keras
from . import EXPERIMENTS, FAILED, FINISHED, RESULTS, settings_text

TOPIC = "course-experiments"  # of the workers' progress reports
MEASURED_SECONDS = 10  # a shorter training is not compared with the device's limit
RETRIES = 3  # a job whose worker died is started again so often
BAR = "{desc} {percentage:3.1f}%|{bar:30}| {elapsed} gone, {remaining} left"
_one_at_a_time = threading.Lock()  # jobs in one process would share Keras's device


class Job(NamedTuple):
    """One unit of work: an arm (or arms that need each other) with one seed."""

    experiment: str
    module: str
    name: str
    seed: int
    scale: str
    length: float | None  # None: the experiment's default
    folder: str | None  # of the results; None: the package's own, wherever it runs
    command: str
    state: str | None = None  # folder of unfinished trainings; None: beside the results


def make_jobs(name, seeds, scale, length, folder, arms, command, state=None):
    """All jobs of an experiment, one seed of every arm before the next seed.

    Raises
    ------
    ValueError
        If `arms` names none of the experiment's jobs; the message lists them.
    """
    module = EXPERIMENTS[name].module
    job = Job(name, module, "", 0, scale, length, folder, command, state)
    every = module_of(job).JOBS
    if not arms:
        apart = getattr(module_of(job), "NAMED_ONLY", ())
        arms = [arm for arm in every if arm not in apart]
    chosen = set()
    for part in map(str.lower, arms):
        chosen |= {arm for arm in every if arm.lower() == part} or {
            arm for arm in every if part in arm.lower()
        }
    names = [arm for arm in every if arm in chosen]
    if not names:
        raise ValueError(
            f"{name} has no arm with {' or '.join(map(repr, arms))} in its name; it has"
            f" {', '.join(every)}."
        )
    return [job._replace(name=arm, seed=seed) for seed in range(seeds) for arm in names]


def module_of(job):
    """The experiment's module; loading it loads Keras.

    On some processors TensorFlow leaves oneDNN's convolutions off; on one of them, a
    Zen 3, they save four tenths of `cyclical`'s time.
    """
    os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    load_keras()
    return importlib.import_module(job.module)


def find_data(jobs):
    """Load every data set that the jobs need, once: what is missing is said before the
    first of them runs.

    Raises
    ------
    DataError
        If one cannot be loaded; the message says what to do.
    """
    from .training import load_data

    for name in sorted({settings_of(job).get("data", "") for job in jobs} - {""}):
        load_data(name)


def settings_of(job):
    """Everything that a job's results depend on, apart from arm and seed."""
    module = module_of(job)
    default = module.DEFAULT_LENGTHS.get(job.name.split()[0], 1.0)
    return module.settings(
        job.name, job.scale, default if job.length is None else job.length
    )


def state_path(job):
    """Beginning of the paths of a job's state files: the settings are in the name, so
    that others never meet them."""
    made_with = settings_text(settings_of(job)) + os.environ.get("KERAS_BACKEND", "")
    digest = hashlib.sha256(made_with.encode()).hexdigest()[:10]
    name = f"{job.experiment}-{job.scale}-{job.name}-{job.seed}-{digest}".replace(
        " ", "_"
    )
    return Path(job.state or Path(job.folder or RESULTS) / ".state") / name


def perform(job, report=None):
    """Do one job, here; never raises.

    Parameters
    ----------
    job : Job
    report : callable, optional
        Is told the finished share of the job; without it, the scheduler is told.

    Returns
    -------
    list of dict
        Its rows; a single one with status "failed" and the error if it could not be
        done.
    """
    start = time.time()
    with _one_at_a_time:
        try:
            return _rows(job, report or _log_to_scheduler(job))
        # whatever a net, a device or a data set may raise: reported, not dropped
        except Exception as error:
            return [failure(job, error, time.time() - start)]


def _rows(job, report):
    module, settings = module_of(job), settings_of(job)
    import keras

    from .training import Run, matrix_rate

    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        tf.get_logger().setLevel("ERROR")  # it counts a tracing for each arm
    keras.backend.clear_session()
    run = Run(job.name, job.seed, settings, state_path(job), report)
    rows = module.run(run)
    about = {
        **_identity(job),
        "status": FINISHED,
        "seconds": round(run.total(), 1),
        "settings": settings_text(settings),
    }
    if run.seconds:
        about["samples_per_second"] = round(run.samples / run.seconds)
    if run.seconds > MEASURED_SECONDS:
        about["limit_share"] = round(run.flops / run.seconds / matrix_rate(), 3)
    return [{**about, "arm": job.name, **row} for row in rows]


def failure(job, error, seconds):
    """The row of a job that could not be done."""
    text = re.sub(
        r"(/[\w.+-]+)+/", "", " ".join(f"{type(error).__name__}: {error}".split())
    )  # no folders of this machine
    try:
        settings = settings_text(settings_of(job))
    except Exception:  # the settings themselves may be what failed
        settings = None
    return {
        **_identity(job),
        "arm": job.name,
        "status": FAILED,
        "error": text[:500],
        "seconds": round(seconds, 1),
        "settings": settings,
    }


def _identity(job):
    return {
        "experiment": job.experiment,
        "scale": job.scale,
        "job": job.name,
        "seed": job.seed,
        "command": job.command,
        "finished": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "python": platform.python_version(),
        **_device(),
    }


def _device():
    """What computes: device, backend and keras, as columns of the results."""
    keras = sys.modules.get("keras")
    if keras is None:
        return {}
    backend, name = keras.backend.backend(), None
    if backend == "tensorflow":
        import tensorflow as tf

        for gpu in tf.config.list_physical_devices("GPU"):
            name = tf.config.experimental.get_device_details(gpu).get(
                "device_name", "GPU"
            )
    elif backend == "jax":
        import jax

        name = None if jax.default_backend() == "cpu" else jax.devices()[0].device_kind
    elif backend == "torch":
        import torch

        name = torch.cuda.get_device_name() if torch.cuda.is_available() else None
    version = getattr(sys.modules.get(backend), "__version__", "")
    return {
        "device": name or f"CPU, {os.cpu_count()} cores",
        "backend": f"{backend} {version}".strip(),
        "keras": keras.__version__,
    }


def run_all(jobs, file, cluster=None):
    """Do all jobs and put each one's rows into the file as soon as it is finished.

    Parameters
    ----------
    jobs : list of Job
    file : ResultsFile
    cluster : str, optional
        Address of a Dask scheduler; without it, one job after another, here.

    Returns
    -------
    list of dict
        The rows of the jobs that failed.

    Raises
    ------
    OSError
        If the scheduler cannot be reached, or goes away.
    """
    progress, failed = Progress(jobs), []

    def finish(job, rows):
        file.put(rows)
        if rows[0]["status"] == FAILED:
            failed.append(rows[0])
            progress.bar.write(
                f"{job.name}, seed {job.seed} failed: {rows[0]['error']}",
                file=sys.stderr,
            )
        else:
            for path in state_path(job).parent.glob(f"{state_path(job).name}*"):
                path.unlink()
        progress.report(job, 1.0)

    with progress.bar:
        if cluster:
            _on_cluster(jobs, cluster, progress.report, finish)
        else:
            for job in jobs:
                finish(
                    job,
                    perform(job, lambda share, job=job: progress.report(job, share)),
                )
    return failed


class Progress:
    """One bar over all jobs, in the computations they take, with the time left."""

    def __init__(self, jobs):
        from tqdm import tqdm

        sizes = {
            job: (
                1.0
                if job.scale == "small"
                else module_of(job).work(job.name, settings_of(job))
            )
            for job in jobs
        }
        self.percent = {
            job: 100 * size / sum(sizes.values()) for job, size in sizes.items()
        }
        self.shares, self.before = dict.fromkeys(jobs, 0.0), {}
        pace = 0.5 if sys.stderr.isatty() else 30  # seconds between two lines of a log
        self.bar = tqdm(
            total=100,
            desc=jobs[0].experiment,
            mininterval=pace,
            smoothing=0,
            bar_format=BAR,
        )

    def report(self, job, share):
        """A job has done this share of its work."""
        self.before.setdefault(
            job, share if share < 1 else 0.0
        )  # by an earlier session: does not count for the time left
        self.shares[job] = share
        self.bar.initial = sum(
            self.percent[other] * before for other, before in self.before.items()
        )
        self.bar.set_description_str(
            f"{job.experiment}: {job.name}, seed {job.seed}", refresh=False
        )
        self.bar.update(
            min(
                100.0,
                sum(self.percent[other] * done for other, done in self.shares.items()),
            )
            - self.bar.n
        )


def _on_cluster(jobs, address, report, finish):
    """Send the jobs to a scheduler's workers; a job whose worker dies goes to another
    one."""
    from distributed import Client, as_completed
    from distributed.client import FutureCancelledError

    with Client(address, set_as_default=False) as client:
        client.subscribe_topic(
            TOPIC, lambda event: report(Job(*event[1]["job"]), event[1]["share"])
        )
        futures = {
            client.submit(
                perform, job, pure=False, retries=RETRIES, priority=-place
            ): job
            for place, job in enumerate(jobs)
        }
        for future in as_completed(futures, loop=client.loop):
            try:
                rows = future.result()
            except FutureCancelledError as error:
                raise ConnectionError(
                    "the scheduler is gone; finished arms are written, the same command"
                    " goes on."
                ) from error
            except (
                Exception
            ) as error:  # a job that took its worker down again and again
                rows = [failure(futures[future], error, 0.0)]
            finish(futures[future], rows)


def _log_to_scheduler(job):
    """Progress reports of a worker: events at the scheduler, to which the client
    listens."""
    try:
        from distributed import get_worker

        worker = get_worker()
    except (ImportError, ValueError):  # not on a worker
        return lambda share: None
    return lambda share: worker.log_event(TOPIC, {"job": list(job), "share": share})
