"""Experiments on the machines of a Ray cluster, which come back as ordinary DVC experiments.

Each is a task that needs a git remote and a DVC remote alone (see `worker`). What both remotes have
of this commit's experiments is brought here before others are run, so nothing runs twice.
"""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from dvc.config import Config

from birnn.core.errors import InputError
from experiments import worker
from experiments.grid import Point
from experiments.runs import environment, minutes, options_of
from experiments.worker import Task

# Of a DVC remote, what is no secret: each machine has credentials of its own.
SHARED_OPTIONS = ("url", "endpointurl", "region", "profile", "use_ssl", "version_aware")
PATIENCE = 10  # seconds
RETRIES = 3  # where a machine is lost, not where an experiment fails


@dataclass(frozen=True)
class Needs:
    """What one experiment takes of a machine.

    Attributes:
        cpus: cores.
        gpus: graphics processors.
    """

    cpus: int
    gpus: int


@dataclass(frozen=True)
class Cluster:
    """The machines of a Ray cluster, and what they share with this folder.

    Attributes:
        needs: of each experiment.
        git_remote: name of the git remote.
        address: of it.
        commit: that the experiments start from.
        dvc_remote: options of the default DVC remote.
    """

    needs: Needs
    git_remote: str
    address: str
    commit: str
    dvc_remote: dict[str, str]

    def bring(self, points: Sequence[Point]) -> None:
        """Bring those experiments here that the remotes have and this folder does not."""
        there = _said("dvc", "exp", "list", "--name-only", self.git_remote).split()
        here = _said("dvc", "exp", "list", "--name-only").split()
        for point in points:
            if point.name in there and point.name not in here:
                self._pull(point)

    def execute(self, points: Sequence[Point]) -> Iterator[Point]:
        """Run experiments on the cluster, say how each ends, and yield those that failed.

        Where a machine is lost, its experiment runs on another. The cluster is that of the variable
        `RAY_ADDRESS`; without one, Ray starts on this machine.
        """
        if not points:
            return
        ray = _ray()
        _said("dvc", "push", "--quiet", "--run-cache")
        start = time.perf_counter()
        with _connected(ray):
            carry_out = ray.remote(
                num_cpus=self.needs.cpus, num_gpus=self.needs.gpus, max_retries=RETRIES
            )(worker.carry_out)
            tasks = {carry_out.remote(self._task(point)): point for point in points}
            print(f"{len(tasks)} experiments wait for machines", flush=True)
            for count in range(1, len(points) + 1):
                (done,), _ = ray.wait(list(tasks))
                point = tasks.pop(done)
                problem = self._problem(ray, done, point)
                seconds = (time.perf_counter() - start) / count
                left = f", about {minutes(seconds * len(tasks))} left" if tasks else ""
                ends = f"failed: {problem}" if problem else "is finished"
                print(f"[{count} of {len(points)}] {point.name} {ends}{left}", flush=True)
                if problem:
                    yield point

    def _task(self, point: Point) -> Task:
        return Task(
            point.name,
            self.address,
            self.commit,
            self.dvc_remote,
            tuple(options_of(point)),
            self.needs.cpus,
        )

    def _problem(self, ray: Any, done: Any, point: Point) -> str:
        """Bring a finished experiment here; return why that cannot be, or nothing."""
        try:
            ray.get(done)
            self._pull(point)
        except ray.exceptions.RayTaskError as error:
            return str(error.cause)
        except (InputError, ray.exceptions.RayError) as error:
            return str(error).splitlines()[0]
        return ""

    def _pull(self, point: Point) -> None:
        done = _run("dvc", "exp", "pull", "--force", self.git_remote, point.name)
        if "Missing cache files" in done.stderr:
            raise InputError(f"the DVC remote does not have all files of {point.name}")


def connect(needs: Needs, git_remote: str) -> Cluster:
    """Return what the machines of a cluster have to know of this folder.

    Raises:
        InputError: Ray is not installed, a remote is missing, or the git remote does not have all
            that is here.
    """
    _ray()
    if _said("git", "status", "--porcelain", "--untracked-files=no"):
        raise InputError("the machines of a cluster run what is committed: commit, and push")
    address = _address(git_remote)
    commit = _said("git", "rev-parse", "HEAD")
    if not _said("git", "branch", "--remotes", "--contains", commit, "--list", f"{git_remote}/*"):
        raise InputError(f"the git remote {git_remote} does not have this commit: git push first")
    return Cluster(needs, git_remote, address, commit, _dvc_remote())


def _address(git_remote: str) -> str:
    """Return the address of a git remote, whole where it is a folder."""
    if git_remote not in _said("git", "remote").split():
        raise InputError(
            f"there is no git remote {git_remote}: git remote add {git_remote} ADDRESS"
        )
    address = _said("git", "remote", "get-url", git_remote)
    parts = urlsplit(address)
    # Of an address by ssh, the name alone is no secret.
    if parts.password or (parts.username and parts.scheme != "ssh"):
        raise InputError(
            f"the address of the git remote {git_remote} has credentials, which would be sent to "
            "each machine: give git a credential helper, here and there"
        )
    return os.path.abspath(address) if os.path.isdir(address) else address  # noqa: PTH100, PTH112


def _dvc_remote() -> dict[str, str]:
    config = Config.from_cwd()
    name = config["core"].get("remote")
    if name not in config["remote"]:
        raise InputError("there is no default DVC remote: dvc remote add --default NAME ADDRESS")
    options = config["remote"][name]
    files = [file for file in config.files.values() if Path(file).exists()]
    written = [config.load_file(file).get("remote", {}).get(name, {}) for file in files]
    address = [remote["url"] for remote in written if "url" in remote][-1]
    if "://" not in address and not Path(address).is_absolute():
        # Of another commit than the one at work, DVC 3.67 takes it for relative to the root.
        raise InputError(
            f"the DVC remote {name} has a relative address, where DVC does not find experiments: "
            f"dvc remote modify {name} url {options['url']}"
        )
    return {option: str(options[option]) for option in SHARED_OPTIONS if option in options}


def _ray() -> Any:
    try:
        import ray  # noqa: PLC0415  # whoever stays on one machine has none
    except ImportError as error:
        raise InputError("Ray is not installed: make cluster") from error
    return ray


@contextmanager
def _connected(ray: Any) -> Iterator[None]:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    address = os.environ.get("RAY_ADDRESS", "")
    own = {} if address else {"include_dashboard": False}
    try:
        _knock(address)
        ray.init(log_to_driver=False, logging_level="ERROR", **own)
    except (OSError, ray.exceptions.AuthenticationError) as error:
        # Ray hands on the text of what led to an error.
        if "AuthenticationError" in f"{error!r} {error.__cause__}":
            raise InputError(
                f"the Ray at {address} wants its token: set RAY_AUTH_MODE=token, and have it in "
                "~/.ray/auth_token or in RAY_AUTH_TOKEN"
            ) from error
        raise InputError(f"there is no Ray at {address}: {error}") from error
    ray.cloudpickle.register_pickle_by_value(worker)
    try:
        yield
    finally:
        ray.shutdown()


def _knock(address: str) -> None:
    """Raise an OSError where nobody is: Ray itself tries for minutes."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if port.isdigit():
        socket.create_connection((host, int(port)), timeout=PATIENCE).close()


def _said(*command: str) -> str:
    """Return what a command says on standard output."""
    return _run(*command).stdout.strip()


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    """Run a command.

    Raises:
        InputError: it failed, with its last line.
    """
    if command[0] == "dvc":
        command = (sys.executable, "-m", *command)
    result = subprocess.run(
        command, env=environment(), check=False, capture_output=True, text=True, encoding="utf-8"
    )
    if result.returncode != 0:
        raise InputError(f"{' '.join(command[-3:])} failed: {worker.last_line(result.stderr)}")
    return result
