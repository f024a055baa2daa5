"""What Ray costs: experiments by it on this machine, beside DVC's own queue.

`python -m benchmarks.cluster`, in the project's folder, where all is committed and `dvc repro` has
nothing to do. Each has a clone, remotes and caches of its own, so that neither finds what the other
made.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.paired import Cost, measured, of_command, ratios, spread
from birnn.core.errors import InputError
from birnn.core.machine import usable_cores
from experiments.runs import environment

PROJECT = Path.cwd()
SEEDS = range(101, 105)
POLL = 0.5  # seconds


def main(
    times: Annotated[int, typer.Option(help="how often each way runs, in turn")] = 1,
    epochs: Annotated[int, typer.Option(help="of each experiment")] = 10,
) -> None:
    """Time four experiments, one at a time, by Ray and by DVC's queue; print the ratio."""
    setting = f"train.epochs={epochs}"
    found: dict[str, list[Cost]] = {"ray": [], "queue": []}
    for _ in range(times):
        for name, work in (("ray", by_ray), ("queue", by_queue)):
            with tempfile.TemporaryDirectory(prefix="bench-") as folder:
                found[name].append(work(project_in(Path(folder)), setting))
    for name, costs in found.items():
        print(f"{name}: {spread([cost.wall for cost in costs], 0)} s for {len(SEEDS)} experiments")
    print(f"ratio: {ratios(found['ray'], found['queue'], 'wall')}")


def project_in(folder: Path) -> Path:
    """Return a clone that has this folder's results, a git remote and a DVC remote."""
    clone = folder / "project"
    command = [sys.executable, "-m", "dvc"]
    for step, place in (
        (["git", "clone", "--quiet", "--bare", str(PROJECT), "origin.git"], folder),
        (["git", "clone", "--quiet", "origin.git", "project"], folder),
        (
            [*command, "remote", "add", "--local", "--default", "storage", str(folder / "storage")],
            clone,
        ),
        ([*command, "config", "--local", "cache.dir", str(PROJECT / ".dvc" / "cache")], clone),
        ([*command, "push", "--quiet"], clone),
        ([*command, "config", "--local", "cache.dir", str(folder / "cache")], clone),
        ([*command, "pull", "--quiet"], clone),
    ):
        of_command(step, place, environment())
    return clone


def by_ray(clone: Path, setting: str) -> Cost:
    """Return what the experiments cost by Ray, on one machine and one at a time."""
    cpus = str(usable_cores())
    command = [sys.executable, "-m", "experiments", "run", "--on", "ray", "--cpus", cpus]
    seeds = f"train.seed={SEEDS[0]}..{SEEDS[-1]}"
    variables = environment() | {"BIRNN_WORKER": str(clone.parent / "worker")}
    variables.pop("RAY_ADDRESS", None)
    return of_command([*command, "-S", setting, "-S", seeds], clone, variables)


def by_queue(clone: Path, setting: str) -> Cost:
    """Return what they cost by `dvc exp run --queue` and `dvc queue start`."""
    with measured() as cost:
        for seed in SEEDS:
            options = ["--queue", "-S", setting, "-S", f"train.seed={seed}"]
            _dvc(clone, "exp", "run", *options)
        _dvc(clone, "queue", "start")
        while (status := _dvc(clone, "queue", "status")).count("Success") < len(SEEDS):
            if "Failed" in status:
                raise InputError(status)
            time.sleep(POLL)
    _dvc(clone, "queue", "stop")
    return cost


def _dvc(clone: Path, *arguments: str) -> str:
    command = [sys.executable, "-m", "dvc", *arguments]
    done = subprocess.run(
        command, cwd=clone, env=environment(), capture_output=True, text=True, check=True
    )
    return done.stdout


if __name__ == "__main__":
    try:
        typer.run(main)
    except InputError as error:
        sys.exit(f"error: {error}")
