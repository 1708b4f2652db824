"""The command line: ``python -m course_utils.experiments NAME`` or ``list``."""

import argparse
import shlex
import sys
from pathlib import Path

from . import EXPERIMENTS, RESULTS, SCALES


def main(arguments=None):
    """Run an experiment, or list them; the exit status: 0 if all is done, 1 if an arm
    failed, 2 if it cannot run."""
    parser = argparse.ArgumentParser(
        prog="python -m course_utils.experiments", description=__doc__
    )
    parser.add_argument(
        "name",
        choices=[*EXPERIMENTS, "list"],
        metavar="NAME",
        help=f"{', '.join(EXPERIMENTS)}, or list: what there is and what it takes",
    )
    parser.add_argument(
        "--seeds",
        type=int,
        default=3,
        metavar="N",
        help="run the seeds 0 to N - 1 (default 3)",
    )
    parser.add_argument(
        "--scale",
        choices=SCALES,
        default="full",
        help=(
            "small: the course's 5,000 digits or made-up pictures, seconds (default"
            " full)"
        ),
    )
    parser.add_argument(
        "--length",
        type=float,
        metavar="F",
        help=(
            "length of the trainings as a share of the paper's; schedules are"
            " compressed with it"
        ),
    )
    parser.add_argument(
        "--arms",
        nargs="+",
        metavar="PART",
        help=(
            "only the arms with one of these names, or with one of these in their names"
        ),
    )
    parser.add_argument(
        "--cluster",
        metavar="ADDRESS",
        help="address of a Dask scheduler, as tcp://host:8786",
    )
    parser.add_argument(
        "--results",
        metavar="FOLDER",
        help="where to write NAME.csv (default data/results)",
    )
    parser.add_argument(
        "--state",
        metavar="FOLDER",
        help=(
            "where unfinished trainings are kept, to go on from another machine"
            " (default: .state beside NAME.csv)"
        ),
    )
    options = parser.parse_args(arguments)
    if options.name == "list":
        print(catalogue())
        return 0
    if options.seeds < 1 or (options.length is not None and not options.length > 0):
        parser.error("--seeds must be at least 1, and --length above 0")
    from ..data import DataError
    from . import runner
    from .store import BusyError, ResultsFile, SettingsError

    folder, state = (
        chosen and str(Path(chosen).resolve())
        for chosen in (options.results, options.state)
    )
    file = ResultsFile(options.name, folder or RESULTS)
    try:
        file.lock()
        jobs = runner.make_jobs(
            options.name,
            options.seeds,
            options.scale,
            options.length,
            folder,
            options.arms,
            _command(options),
            state,
        )
        missing = file.missing(jobs, runner.settings_of)
        print(
            f"{options.name}: {len(jobs) - len(missing)} of {len(jobs)} runs are in"
            f" {file.path.name}, {len(missing)} to do.",
            flush=True,
        )
        if missing and not options.cluster:  # there it must be on the workers
            runner.find_data(missing)
        failed = runner.run_all(missing, file, options.cluster) if missing else []
    except (SettingsError, BusyError, DataError, ValueError, OSError) as error:
        print(f"{options.name}: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(
            f"{options.name}: interrupted; the same command goes on from here.",
            file=sys.stderr,
        )
        return 130
    if failed:
        print(
            f"{options.name}: {len(failed)} runs failed (column error of"
            f" {file.path.name}); the same command tries them again.",
            file=sys.stderr,
        )
    return int(bool(failed))


def _command(options):
    """The command as the results keep it: without this machine's folders and
    addresses."""
    parts = [options.name, "--seeds", options.seeds, "--scale", options.scale]
    parts += ["--length", options.length] if options.length is not None else []
    parts += ["--arms", *options.arms] if options.arms else []
    parts += ["--cluster", "ADDRESS"] if options.cluster else []
    return shlex.join(["python", "-m", "course_utils.experiments", *map(str, parts)])


def catalogue():
    """What experiments there are, as text."""
    lines = []
    for name, experiment in EXPERIMENTS.items():
        lines += [
            f"{name} ({experiment.claim}): {experiment.title}",
            f"    data: {experiment.data}",
            f"    cost: {experiment.cost}",
        ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
