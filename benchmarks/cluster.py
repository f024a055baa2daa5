"""The overhead of Ray: experiments on this machine with Ray, compared with DVC's own queue.

Run `python -m benchmarks.cluster` in the project's folder, with everything committed and up to
date. Both have their own clone, remotes and caches, so that neither reuses results of the other.
"""

import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.paired import Cost, measure, measure_command, ratios, spread
from benchmarks.project import PROJECT, clone, clone_with_results, run, run_dvc
from birnn.core.machine import usable_cores
from birnn.runtime.errors import InputError
from birnn_lab.launcher import environment

SEEDS = range(101, 105)
POLL = 0.5  # seconds


def main(
    times: Annotated[int, typer.Option(help="runs of each, alternating")] = 1,
    epochs: Annotated[int, typer.Option(help="epochs per experiment")] = 10,
) -> None:
    """Time four experiments, one at a time, with Ray and with DVC's queue, and print the ratio."""
    setting = f"train.epochs={epochs}"
    costs: dict[str, list[Cost]] = {"ray": [], "queue": []}
    for _ in range(times):
        for name, work in (("ray", run_on_ray), ("queue", run_in_queue)):
            with tempfile.TemporaryDirectory(prefix="bench-") as folder:
                costs[name].append(work(clone_project(Path(folder)), setting))
    for name, runs in costs.items():
        print(f"{name}: {spread([run.wall for run in runs], 0)} s for {len(SEEDS)} experiments")
    print(f"ratio: {ratios(costs['ray'], costs['queue'], 'wall')}")


def clone_project(folder: Path) -> Path:
    """Clone the project with its results, and with its own git remote and DVC remote."""
    origin, storage = folder / "origin.git", folder / "storage"
    clone(PROJECT, origin, "--bare")
    project = clone_with_results(origin, folder / "project")
    for command in (
        ["remote", "add", "--local", "--default", "storage", str(storage)],
        ["push", "--quiet"],
        ["config", "--local", "cache.dir", str(folder / "cache")],
        ["fetch", "--quiet"],
    ):
        run_dvc(project, *command)
    return project


def run_on_ray(clone: Path, setting: str) -> Cost:
    """Return the cost of the experiments with Ray, on one machine and one at a time."""
    cpus = str(usable_cores())
    command = [sys.executable, "-m", "birnn_apps", "sweep", "bench", "--on", "ray", "--cpus", cpus]
    seeds = f"train.seed={SEEDS[0]}..{SEEDS[-1]}"
    variables = environment() | {"BIRNN_WORKER": str(clone.parent / "worker")}
    variables.pop("RAY_ADDRESS", None)
    return measure_command([*command, "-S", setting, "-S", seeds], clone, variables)


def run_in_queue(clone: Path, setting: str) -> Cost:
    """Return the cost of the experiments with `dvc exp run --queue` and `dvc queue start`."""
    with measure() as cost:
        for seed in SEEDS:
            options = ["--queue", "-S", setting, "-S", f"train.seed={seed}"]
            run_dvc(clone, "exp", "run", *options)
        run_dvc(clone, "queue", "start")
        while (status := run_dvc(clone, "queue", "status")).count("Success") < len(SEEDS):
            if "Failed" in status:
                raise InputError(status)
            time.sleep(POLL)
    run_dvc(clone, "queue", "stop")
    return cost


if __name__ == "__main__":
    run(main)
