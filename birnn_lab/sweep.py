"""Run the points of a grid as DVC experiments, each under its name, unless they exist."""

import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from birnn.core.paths import OWN, PARAMS, PIPELINE, STATE
from birnn.runtime.errors import InputError
from birnn.style.formatting import listed
from birnn_lab import experiments, launcher, private_apis, processes
from birnn_lab.grid import Point
from birnn_lab.processes import output
from birnn_lab.setting_text import as_text, differing, option
from birnn_lab.studies import store

INPUTS = ("birnn", "stages", PIPELINE.name, PARAMS.name, OWN.as_posix())
OWN_SOURCE = "csv"
PATIENCE = 60  # seconds

Execute = Callable[[Mapping[str, Point]], Iterator[str]]
"""A function that runs experiments, given by name, and yields the names of failed ones."""


@contextmanager
def exclusively() -> Iterator[None]:
    """Hold the lock of sweeps and searches."""
    try:
        lock = FileLock(STATE / "sweep.lock").acquire(0)
    except Timeout as error:
        raise InputError("a sweep or search already runs in this folder: wait for it") from error
    with lock:
        private_apis.drop_unstarted_experiments()
        try:
            yield
        except KeyboardInterrupt:
            print("interrupted: run the same command again to resume", file=sys.stderr)
            raise


def run(name: str, points: list[Point], execute: Execute) -> None:
    """Run those points that neither this commit nor the study with this name has."""
    store.check_name(name)
    with exclusively():
        check_inputs(points)
        missing = find_missing(name, points)
        print(f"{len(points) - len(missing)} of {len(points)} experiments are finished")
        failed = ", ".join(execute(missing) if missing else ())
    if failed:
        raise InputError(f"failed: {failed}. Fix the errors above, and run the same command again")


def find_missing(name: str, points: list[Point]) -> dict[str, Point]:
    """Return the points to run, by the names of their experiments.

    Those that exist must have the settings of the point and one corpus, and not the fallback if the
    working tree has the corpus.
    """
    runs, here = experiments.find(name), experiments.working_tree().metrics.get("corpus", {})
    folder, missing, corpora = store.FOLDER / name, {}, set()
    study = store.read(folder) if (folder / store.ABOUT).exists() else None
    rows = study.settings_by_run() if study else {}
    for point in points:
        wanted, label = point.settings, point.label
        if label in runs:
            stored, corpus = runs[label].settings, runs[label].metrics["corpus"]
        elif study and label in rows:
            stored, corpus = rows[label], study.about.corpus
        else:
            missing[point.name(name)] = point
            continue
        different = [
            f"{key} {as_text(stored[key])} instead of {as_text(wanted[key])}"
            for key in sorted(differing(stored, wanted))
            if not key.startswith("report.")
        ]
        requested = corpus.get("requested", corpus["name"])  # unknown in a study
        if corpus["name"] != requested and here.get("name") == requested:
            different.append(f"corpus {corpus['name']} instead of {requested}")
        if different:
            raise InputError(f"{label} of {name} has {listed(different)}: choose another name")
        corpora.add(f"{corpus['name']} ({corpus['digest']})")
    if len(corpora) > 1:
        raise InputError(f"runs of {name} are on {listed(sorted(corpora))}: choose another name")
    return missing


def check_inputs(points: Iterable[Point]) -> None:
    """Check that git or DVC has all that experiments read."""
    check_committed()
    if any(point.settings["fetch.source"] == OWN_SOURCE for point in points):
        check_own_files()


def check_committed() -> None:
    """Check that git has the code, settings and own files, which experiments start from."""
    changed = output("git", "status", "--porcelain", "--untracked-files=all", "--", *INPUTS)
    if changed:
        names = [line.split(maxsplit=1)[1] for line in changed.splitlines()]
        raise InputError(
            f"experiments belong to a commit, which lacks {listed(names)}: run git add and git "
            "commit, or git stash"
        )


def check_own_files() -> None:
    """Check that DVC or git tracks all files of the user, because experiments have no others."""
    in_dvc = {file.with_suffix("") for file in OWN.rglob("*.dvc")}
    ignored = ("--exclude-per-directory=.dvcignore", "--exclude=*.dvc", "--exclude=.gitignore")
    files = map(
        Path, output("git", "ls-files", "--others", *ignored, "--", OWN.as_posix()).splitlines()
    )
    # Git ignores .dvc files in a folder of data/own, so DVC adds the whole folder.
    entries = [
        OWN / file.relative_to(OWN).parts[0] for file in files if not in_dvc & {file, *file.parents}
    ]
    stale = [
        file
        for file in in_dvc
        if b"{}" not in processes.run("dvc", "status", "--json", f"{file}.dvc").stdout
    ]
    if names := shlex.join(dict.fromkeys(map(str, [*entries, *stale]))):
        raise InputError(
            f"experiments would not find {names}: run dvc add {names} && git add {OWN} && "
            "git commit, or move what is not needed elsewhere"
        )


def one_by_one(missing: Mapping[str, Point]) -> Iterator[str]:
    """Run experiments on this machine, one at a time, and yield the names of those that failed."""
    start = time.perf_counter()
    for count, (name, point) in enumerate(missing.items()):
        check_committed()  # the code may have been edited meanwhile
        left = time_left(start, count, len(missing) - count)
        print(f"[{count + 1} of {len(missing)}] {name}{left}", flush=True)
        if run_here(name, point) != 0:
            yield name


def run_here(name: str, point: Point) -> int:
    """Run a point as a DVC experiment in a temporary folder, and return DVC's exit status.

    Ctrl-C stops the experiment, too, and DVC removes its folder.
    """
    command = processes.arguments("dvc", "exp", "run", "--temp", *options_of(name, point))
    # In a process group of its own, which `_interrupt` signals.
    process = subprocess.Popen(
        [*launcher.command_prefix(), *command], env=launcher.environment(), process_group=0
    )
    try:
        return process.wait()
    except BaseException:
        _interrupt(process)
        raise


def options_of(name: str, point: Point) -> list[str]:
    """Return the options of `dvc exp run` for a point."""
    settings = [part for key, value in point.changes.items() for part in ("-S", option(key, value))]
    return ["--name", name, "--message", point.description, *settings]


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
