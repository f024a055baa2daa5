"""The experiments that DVC keeps: which are of this code and data, and how the others are run."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dvc.api
from dvc.repo import Repo

from birnn.core.errors import InputError
from birnn.core.settings import flatten
from birnn.core.yaml_files import parse_yaml, read_yaml
from experiments import worker
from experiments.grid import PARAMS, Params, Point

LOCK = Path("dvc.lock")
CODE = ("birnn/", "stages/")
CORPUS = "data/corpus"
APART = ("fetch", "report")  # stages whose code does not change what is measured
KERNELS = Path(".dvc/tmp/kernels")

Lock = dict[str, Any]
"""The content of `dvc.lock`."""

Execute = Callable[[Sequence[Point]], Iterator[Point]]
"""Runs experiments, and yields those that failed."""


@dataclass(frozen=True)
class Run:
    """A finished experiment.

    Attributes:
        name: as DVC shows it.
        revision: its commit.
        params: its settings.
        metrics: numbers and words by section, as DVC shows them.
    """

    name: str
    revision: str
    params: Params
    metrics: dict[str, dict[str, Any]]


def finished() -> list[Run]:
    """Return the experiments of the code and corpus in this folder, on whatever commit they began.

    The newest comes first.
    """
    corpus = _made_of(read_lock(), CORPUS)
    with Repo() as repo:
        current = corpus | _code(repo)
        listed = repo.experiments.ls(all_commits=True)
    runs = []
    for name, revision in (entry for entries in listed.values() for entry in entries):
        lock = parse_yaml(dvc.api.read(str(LOCK), rev=revision))
        params = dvc.api.params_show(rev=revision)
        if _made_of(lock, CORPUS, *CODE) == current and _is_whole(lock, params):
            runs.append(Run(name, revision, params, dvc.api.metrics_show(rev=revision)))
    return runs


def match_points(points: Sequence[Point], runs: Sequence[Run]) -> dict[int, Run]:
    """Return for the place of each point of a grid the run of its settings, if there is one."""
    found = {}
    for place, point in enumerate(points):
        for run in runs:
            if run.params == point.params:
                found[place] = run
    return found


def run(points: Sequence[Point], execute: Execute) -> None:
    """Run the points of a grid that have not been run, as DVC experiments.

    Raises:
        InputError: an experiment failed; the others have been run all the same.
    """
    done = match_points(points, finished())
    print(f"{len(done)} of {len(points)} experiments are finished")
    failed = list(execute([point for place, point in enumerate(points) if place not in done]))
    if failed:
        raise InputError(f"failed, see above: {', '.join(point.name for point in failed)}")


def one_by_one(points: Sequence[Point]) -> Iterator[Point]:
    """Run experiments on this machine, one after the other, and yield those that failed.

    Each works in a temporary folder, takes what it can from DVC's caches, and then is listed by
    `dvc exp show`.
    """
    start = time.perf_counter()
    for count, point in enumerate(points):
        seconds = (time.perf_counter() - start) / max(1, count)
        left = f", about {minutes(seconds * (len(points) - count))} left" if count else ""
        print(f"[{count + 1} of {len(points)}] {point.name}{left}", flush=True)
        if _run(point) != 0:
            yield point


def read_lock(file: Path = LOCK) -> Lock:
    """Return the content of `dvc.lock`.

    Raises:
        InputError: there is none.
    """
    if not file.exists():
        raise InputError(f"{file} is missing: run dvc repro first")
    content: Lock = read_yaml(file)
    return content


def environment() -> dict[str, str]:
    """Return the variables with which `dvc` finds this Python, and experiments compile once."""
    return worker.environment(KERNELS)


def options_of(point: Point) -> list[str]:
    """Return the options with which `dvc exp run` runs a point."""
    return [part for key, value in point.changes.items() for part in ("-S", f"{key}={value}")]


def minutes(seconds: float) -> str:
    """Return a time for readers."""
    return f"{max(1, round(seconds / 60))} min"


def _run(point: Point) -> int:
    dvc_command = [sys.executable, "-m", "dvc", "exp"]
    # One of the same name, but of other code.
    remove = [*dvc_command, "remove", "--quiet", point.name]
    subprocess.run(remove, env=environment(), check=False, capture_output=True)
    command = [*dvc_command, "run", "--temp", "--name", point.name, *options_of(point)]
    return subprocess.run(command, env=environment(), check=False).returncode


def _made_of(lock: Lock, *paths: str) -> dict[tuple[str, str], str]:
    """Return the hashes of what the metrics are made of, of that which is in some paths."""
    return {
        (name, dependency["path"]): dependency["md5"]
        for name, stage in lock["stages"].items()
        for dependency in stage["deps"]
        if name not in APART and dependency["path"].startswith(paths)
    }


def _code(repo: Repo) -> dict[tuple[str, str], str]:
    """Return the hashes of the code as it stands in this folder, whatever the lock says of it."""
    return {
        (stage.name, dependency.def_path): dependency.get_hash().value
        for stage in repo.index.stages
        for dependency in stage.deps
        if stage.name not in APART and dependency.def_path.startswith(CODE)
    }


def _is_whole(lock: Lock, params: Params) -> bool:
    """Tell whether all stages ran: the last one has all settings, those of this experiment."""
    recorded = lock["stages"].get("report", {}).get("params", {}).get(PARAMS.name)
    return bool(recorded == flatten(params))
