"""Run points of a grid as DVC experiments on this machine."""

import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from birnn.core.paths import STATE
from birnn.runtime.errors import InputError
from birnn_lab import launcher, processes, runs
from birnn_lab.grid import Point
from birnn_lab.setting_text import option

STASH = "refs/exps/stash"  # reference of DVC to experiments that have not started yet
PATIENCE = 60  # seconds


@contextmanager
def exclusively() -> Iterator[None]:
    """Hold the lock of sweeps and searches."""
    check_code()
    try:
        lock = FileLock(STATE / "sweep.lock").acquire(0)
    except Timeout as error:
        raise InputError("a sweep or search already runs in this folder: wait for it") from error
    with lock:
        # DVC would run an experiment whose DVC was killed while it started, next to the new one.
        processes.run("git", "update-ref", "-d", STASH)
        try:
            yield
        except KeyboardInterrupt:
            print("interrupted: run the same command again to resume", file=sys.stderr)
            raise


def run(points: Sequence[Point], machines: Any) -> None:
    """Run the unfinished points of a grid on a cluster, or one by one here if it is None."""
    with exclusively():
        missing = find_unfinished(points, machines)
        print(f"{len(points) - len(missing)} of {len(points)} experiments are finished")
        failed = ", ".join(run_all(missing, machines))
    if failed:
        raise InputError(f"failed: {failed}. Fix the errors above, and run the same command again")


def find_unfinished(points: Sequence[Point], machines: Any) -> list[Point]:
    """Return the points without a finished experiment here or on the cluster's remotes."""
    if machines:
        machines.pull(points)
    done, names = runs.finished(points), runs.names(points)
    # Equal trials of a search are one experiment.
    missing = {names[index]: point for index, point in enumerate(points) if index not in done}
    check_own_files(missing.values())
    return [*missing.values()]


def run_all(points: Sequence[Point], machines: Any) -> list[str]:
    """Run experiments, and return the names of those that failed."""
    return [*(machines.execute if machines else one_by_one)(points)]


def check_code() -> None:
    """Check that git tracks all code, because experiments have no other."""
    untracked = ("git", "ls-files", "--others", "--exclude-standard", "--", *runs.PACKAGES)
    if files := processes.output(*untracked):
        names = ", ".join(files.splitlines())
        raise InputError(
            f"experiments would not find {names}: run git add {' '.join(runs.PACKAGES)}"
        )


def check_own_files(points: Iterable[Point]) -> None:
    """Check that git or DVC tracks all files of the user, because experiments have no others.

    DVC hashes the whole folder, so an experiment that lacks any of its files would never be found
    again.
    """
    if all(point.settings["fetch.source"] != runs.OWN for point in points):
        return

    def listed(*options: str) -> list[Path]:
        files = processes.output("git", "ls-files", "-z", runs.OWN_FILES, *options)
        return [Path(name) for name in files.split("\0") if name]

    in_dvc = {file.with_suffix("") for file in listed() if file.suffix == ".dvc"}
    ignored = ("--exclude-per-directory=.dvcignore", "--exclude=*.dvc", "--exclude=.gitignore")
    files = listed("--others", *ignored)
    untracked = [file for file in files if not in_dvc & {file, *file.parents}]
    if untracked:
        # Git ignores .dvc files in a folder of data/own, so DVC adds the whole folder.
        own = Path(runs.OWN_FILES)
        entries = (own / file.relative_to(own).parts[0] for file in untracked)
        names = shlex.join(dict.fromkeys(map(str, entries)))
        raise InputError(
            f"experiments would not find {names}, because neither git nor DVC tracks it: run "
            f"dvc add {names} && git add {runs.OWN_FILES}, or move what is not needed elsewhere"
        )


def one_by_one(points: Sequence[Point]) -> Iterator[str]:
    """Run experiments on this machine, one at a time, and yield the names of those that failed."""
    start = time.perf_counter()
    for count, point in enumerate(points):
        left = time_left(start, count, len(points) - count)
        # Only now, because the code may have been edited meanwhile.
        (name,) = runs.names([point])
        print(f"[{count + 1} of {len(points)}] {name}{left}", flush=True)
        if run_here(point, name) != 0:
            yield name


def run_here(point: Point, name: str) -> int:
    """Run a point as a DVC experiment in a temporary folder, and return DVC's exit status.

    Ctrl-C stops the experiment, too, and DVC removes its folder. `runs.names` gives its name.
    """
    # An unfinished experiment: its name would identify the same results if it were finished.
    head = runs.head()
    reference = f"refs/exps/{head[:2]}/{head[2:]}/{name}"
    processes.run("git", "update-ref", "-d", reference)
    command = processes.arguments("dvc", "exp", "run", "--temp", "--name", name, *options_of(point))
    # In a process group of its own, which `_interrupt` signals.
    process = subprocess.Popen(
        [*launcher.command_prefix(), *command], env=launcher.environment(), process_group=0
    )
    try:
        return process.wait()
    except BaseException:
        _interrupt(process)
        raise


def options_of(point: Point) -> list[str]:
    """Return the options of `dvc exp run` for a point: all settings, since files may be edited."""
    settings = point.settings.items()
    return [part for key, value in settings for part in ("-S", option(key, value))]


def time_left(start: float, done: int, remaining: int) -> str:
    """Return the end of a line such as `, about 3 min left`; empty if nothing is known or left."""
    if not (done and remaining):
        return ""
    seconds = (time.perf_counter() - start) / done * remaining
    return f", about {max(1, round(seconds / 60))} min left"


def _interrupt(process: subprocess.Popen[bytes]) -> None:
    """Interrupt DVC and its stage, and wait until DVC has removed the experiment's folder."""
    # Meanwhile, DVC may have ended.
    with suppress(ProcessLookupError, subprocess.TimeoutExpired):
        if sys.platform == "win32":
            process.terminate()
        else:
            os.killpg(process.pid, signal.SIGINT)
        process.wait(PATIENCE)
    process.kill()
