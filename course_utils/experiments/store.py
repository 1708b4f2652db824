"""The results file of an experiment: every job's rows once, whole or not at all, and
never of mixed settings."""

import json
import os
from contextlib import suppress
from pathlib import Path

import pandas as pd

from . import FINISHED, columns, read

try:
    import fcntl
except ImportError:  # Windows: nothing keeps two runs apart there
    fcntl = None


class SettingsError(RuntimeError):
    """The results file holds results made with other settings; the message says
    which."""


class BusyError(RuntimeError):
    """Another process writes the same results file."""


class ResultsFile:
    """``NAME.csv``.

    Parameters
    ----------
    name : str
    folder : str or pathlib.Path
    """

    def __init__(self, name, folder):
        self.name, self.path = name, Path(folder) / f"{name}.csv"

    def lock(self):
        """Keep the file to this process until it ends.

        Raises
        ------
        BusyError
            If another process is at it.
        """
        if fcntl is None:
            return
        path = self.path.parent / ".state" / f"{self.name}.lock"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._lock = open(path, "w")  # stays open; a killed process lets go of it
        except OSError as error:
            raise _not_written(self.path, error) from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise BusyError(
                f"another process is running this experiment into {self.path.name}; "
                "let it finish, or name another folder with --results."
            ) from None

    def missing(self, jobs, settings):
        """The jobs that are not finished yet.

        Parameters
        ----------
        jobs : list of Job
        settings : callable
            Job -> its settings.

        Raises
        ------
        SettingsError
            If finished rows of the same network were made with other settings.
        """
        frame = read(self.path, self.name)
        frame = frame[frame["status"] == FINISHED]
        for job in jobs:
            mine = settings(job)
            for text in frame.loc[frame["scale"] == job.scale, "settings"].unique():
                theirs = json.loads(text)
                differ = [
                    key
                    for key in {**theirs, **mine}
                    if theirs.get(key) != mine.get(key)
                ]
                if differ and "net" not in differ:
                    said = "; ".join(
                        f"{key} {theirs.get(key)} there, {mine.get(key)} here"
                        for key in differ
                    )
                    raise SettingsError(
                        f"{self.path.name} holds results made with other settings"
                        f" ({said}): name another folder with --results, or move that"
                        " file away."
                    )
        done = set(zip(frame["scale"], frame["job"], frame["seed"]))
        return [job for job in jobs if (job.scale, job.name, job.seed) not in done]

    def put(self, rows):
        """Replace a job's rows by new ones."""
        frame, first = (
            read(self.path, self.name, dtype=str),
            rows[0],
        )  # as text: what is there stays as it is
        same = (
            (frame["scale"] == first["scale"])
            & (frame["job"] == first["job"])
            & (frame["seed"] == str(first["seed"]))
        )
        new = (
            pd.DataFrame(rows, dtype=object)
            .reindex(columns=columns(self.name))
            .map(_short)
        )
        frame = pd.concat([part for part in (frame[~same], new) if len(part)])
        self.path.parent.mkdir(parents=True, exist_ok=True)
        draft = self.path.with_suffix(".part")
        try:
            frame.to_csv(draft, index=False)
            os.replace(draft, self.path)
        except OSError as error:
            with suppress(OSError):  # where nothing may be written, nothing is there
                draft.unlink()
            raise _not_written(self.path, error) from error


def _not_written(path, error):
    return type(error)(
        f"{path} cannot be written ({error.strerror}), and is as it was: make room or"
        " allow writing there, then run this again."
    )


def _short(value):
    """Floats with seven digits, as the networks compute."""
    return f"{value:.7g}" if isinstance(value, float) and value == value else value
