"""Experiments on a Ray cluster, which become ordinary DVC experiments on this machine.

Each experiment is a Ray task that needs only a git remote and a DVC remote (see `worker`). This
commit's experiments that the remotes already have are pulled first, so nothing runs twice.
"""

import os
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from birnn.core import paths
from birnn.runtime import times
from birnn.runtime.errors import InputError
from birnn_lab import launcher, processes, runs, worker
from birnn_lab.execution import options_of, time_left
from birnn_lab.grid import Point
from birnn_lab.processes import output
from birnn_lab.worker import Origin

# The options of a DVC remote that are not secret: each machine uses its own credentials.
SHARED_OPTIONS = ("url", "endpointurl", "region", "profile", "use_ssl", "version_aware")
SENT = (worker, launcher, processes)  # modules, with each task
PATIENCE = 10  # seconds
RETRIES = 3  # if a machine is lost, not if an experiment fails


@dataclass(frozen=True)
class Cluster:
    """A Ray cluster, the cores and GPUs per experiment, and the name of the git remote."""

    cpus: int
    gpus: int
    git_remote: str
    origin: Origin

    def pull(self, points: Sequence[Point]) -> None:
        """Pull the experiments that the remotes have and that are not finished in this clone."""
        remote = output("dvc", "exp", "list", "--name-only", self.git_remote).split()
        done = runs.finished(points)
        for index, name in enumerate(runs.names(points)):
            if name in remote and index not in done and (problem := self._pull(name)):
                print(problem, flush=True)

    def execute(self, points: Sequence[Point]) -> Iterator[str]:
        """Run experiments on the cluster, print how each ends, and yield the names of failed ones.

        Without `RAY_ADDRESS`, Ray starts on this machine.
        """
        if not points:
            return
        import ray  # noqa: PLC0415  # installed only for clusters

        output("dvc", "push", "--quiet", "--run-cache")
        start = time.perf_counter()
        with _connected(ray):
            as_task = ray.remote(num_cpus=self.cpus, num_gpus=self.gpus, max_retries=RETRIES)
            carry_out = as_task(worker.carry_out)
            tasks = {
                carry_out.remote(self.origin, self.cpus, name, options_of(point)): name
                for point, name in zip(points, runs.names(points), strict=True)
            }
            print(f"{len(tasks)} experiments are waiting for machines", flush=True)
            for count in range(1, len(points) + 1):
                (done,), _ = ray.wait(list(tasks))
                name = tasks.pop(done)
                problem = self._fetch(ray, done, name)
                left = time_left(start, count, len(tasks))
                outcome = f"failed: {problem}" if problem else "is finished"
                print(f"[{count} of {len(points)}] {name} {outcome}{left}", flush=True)
                if problem:
                    yield name

    def _fetch(self, ray: Any, done: Any, name: str) -> str:
        """Pull the experiment of a finished task; return its error, or an empty string."""
        try:
            times.append(paths.times_file(), ray.get(done))
            return self._pull(name)
        except ray.exceptions.RayTaskError as error:
            return str(error.cause)
        except (InputError, ray.exceptions.RayError) as error:
            return str(error).splitlines()[0]

    def _pull(self, name: str) -> str:
        """Pull an experiment, and return an empty string; if it lacks files, remove it."""
        done = processes.run("dvc", "exp", "pull", "--force", self.git_remote, name)
        if b"Missing cache files" not in done.stderr:
            return ""
        # DVC pulls its commit first, so it looks finished.
        processes.run("dvc", "exp", "remove", name)
        return f"the DVC remote lacks files of {name}: it must run again"


def connect(cpus: int, gpus: int, git_remote: str) -> Cluster:
    """Check this clone and its remotes, and return the cluster to run on."""
    import ray  # noqa: F401, PLC0415  # if it is not installed, fail before anything runs

    if output("git", "status", "--porcelain", "--untracked-files=no"):
        raise InputError("a cluster runs only what is committed: commit and push your changes")
    address = _address(git_remote)
    commit = runs.head()
    if not output("git", "branch", "--remotes", "--contains", commit, "--list", f"{git_remote}/*"):
        raise InputError(f"the git remote {git_remote} does not have this commit: run git push")
    return Cluster(cpus, gpus, git_remote, Origin(address, commit, _dvc_remote()))


def _address(git_remote: str) -> str:
    """Return the address of a git remote, as an absolute path if it is a folder."""
    if git_remote not in output("git", "remote").split():
        raise InputError(
            f"there is no git remote {git_remote}: run git remote add {git_remote} ADDRESS"
        )
    address = output("git", "remote", "get-url", git_remote)
    parts = urlsplit(address)
    # The user name in an SSH address is not a secret.
    if parts.password or (parts.username and parts.scheme != "ssh"):
        raise InputError(
            f"the address of the git remote {git_remote} contains credentials, which would be sent "
            "to every machine: remove them, and use a git credential helper on every machine"
        )
    return os.path.abspath(address) if os.path.isdir(address) else address  # noqa: PTH100, PTH112


def _dvc_remote() -> dict[str, str]:
    from dvc.config import Config  # noqa: PLC0415, TID251  # see private_apis

    config = Config.from_cwd()
    name = config["core"].get("remote")
    if name not in config["remote"]:
        raise InputError(
            "there is no default DVC remote: run dvc remote add --default NAME ADDRESS"
        )
    options = config["remote"][name]
    files = [file for file in config.files.values() if Path(file).exists()]
    written = [config.load_file(file).get("remote", {}).get(name, {}) for file in files]
    address = [remote["url"] for remote in written if "url" in remote][-1]
    if "://" not in address and not Path(address).is_absolute():
        # For other revisions, DVC 3.67 resolves the path against the repository root.
        raise InputError(
            f"the DVC remote {name} has a relative address, which fails for experiments: "
            f"run dvc remote modify {name} url {options['url']}"
        )
    return {option: str(options[option]) for option in SHARED_OPTIONS if option in options}


@contextmanager
def _connected(ray: Any) -> Iterator[None]:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    address = os.environ.get("RAY_ADDRESS", "")
    own = {} if address else {"include_dashboard": False}
    try:
        host, _, port = address.removeprefix("ray://").rpartition(":")
        if port.isdigit():  # if nothing listens there, Ray would retry for minutes
            socket.create_connection((host, int(port)), timeout=PATIENCE).close()
        ray.init(log_to_driver=False, logging_level="ERROR", **own)
    except (OSError, ValueError, RuntimeError, ray.exceptions.AuthenticationError) as error:
        raise InputError(
            f"cannot connect to Ray at {address or 'this machine'}: {' '.join(str(error).split())}"
        ) from error
    for module in SENT:
        ray.cloudpickle.register_pickle_by_value(module)
    try:
        yield
    finally:
        ray.shutdown()
