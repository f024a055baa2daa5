"""Experiments on a Ray cluster, which become ordinary DVC experiments on this machine.

Each experiment is a Ray task that needs only a git remote and a DVC remote (see `worker`).
"""

import logging
import os
import socket
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from birnn.core import paths
from birnn.runtime import times
from birnn.runtime.errors import InputError
from birnn_lab import launcher, processes, worker
from birnn_lab.grid import SEPARATOR, Point
from birnn_lab.processes import output
from birnn_lab.sweep import check_inputs, options_of, time_left

# The options of a DVC remote that are not secret: each machine uses its own credentials.
SHARED_OPTIONS = ("url", "endpointurl", "region", "profile", "use_ssl", "version_aware")


def find_origin(git_remote: str, points: Iterable[Point] = ()) -> worker.Origin:
    """Check this clone and its remotes, and return what a task starts from."""
    import_module("ray")  # if it is not installed, fail before anything else
    check_inputs(points)
    address = output("git", "remote", "get-url", git_remote)
    commit, parts = output("git", "rev-parse", "HEAD"), urlsplit(address)
    # The user name in an SSH address is not a secret.
    if parts.password or (parts.username and parts.scheme != "ssh"):
        raise InputError(
            f"the address of the git remote {git_remote} contains credentials, which would be sent "
            "to every machine: remove them, and use a git credential helper on every machine"
        )
    if not output("git", "branch", "--remotes", "--contains", commit, "--list", f"{git_remote}/*"):
        raise InputError(f"the git remote {git_remote} does not have this commit: run git push")
    output("dvc", "push", "--quiet", "--run-cache")
    settings = dict(line.split("=", 1) for line in output("dvc", "config", "--list").splitlines())
    names = [f"remote.{settings['core.remote']}.{option}" for option in SHARED_OPTIONS]
    shared = {name: settings[name] for name in ("core.remote", *names) if name in settings}
    local = Path(address)
    return worker.Origin(str(local.absolute()) if local.is_dir() else address, commit, shared)


def pull(sweep: str, git_remote: str) -> None:
    """Pull the experiments of a sweep on this commit that the remotes have."""
    listed = output("dvc", "exp", "list", "--name-only", git_remote).split()
    if names := [name for name in listed if name.startswith(sweep + SEPARATOR)]:
        output("dvc", "exp", "pull", "--force", git_remote, *names)


def run(
    missing: Mapping[str, Point], git_remote: str, origin: worker.Origin, **resources: int
) -> Iterator[str]:
    """Run experiments on the cluster, print how each ends, and yield the names of failed ones.

    Without `RAY_ADDRESS`, Ray starts on this machine. `resources` are options of Ray's tasks.
    """
    start = time.perf_counter()
    with _connected() as ray:
        options = {"max_retries": 3, "retry_exceptions": True} | resources
        carry_out = ray.remote(**options)(worker.carry_out)
        tasks = {
            carry_out.remote(origin, name, options_of(name, point)): name
            for name, point in missing.items()
        }
        print(f"{len(tasks)} experiments are waiting for machines", flush=True)
        for count in range(1, len(missing) + 1):
            (done,), _ = ray.wait(list(tasks))
            name, outcome = tasks.pop(done), "is finished"
            try:
                times.append(paths.times_file(), ray.get(done))
                output("dvc", "exp", "pull", "--force", git_remote, name)
            except (InputError, ray.exceptions.RayError) as error:
                outcome = f"failed: {str(getattr(error, 'cause', error)).splitlines()[0]}"
                yield name
            left = time_left(start, count, len(tasks))
            print(f"[{count} of {len(missing)}] {name} {outcome}{left}", flush=True)


@contextmanager
def _connected() -> Iterator[Any]:
    ray: Any = import_module("ray")

    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    address = os.environ.get("RAY_ADDRESS", "")
    try:
        host, _, port = address.removeprefix("ray://").rpartition(":")
        if port.isdigit():  # if nothing listens there, Ray would retry for minutes
            socket.create_connection((host, int(port)), timeout=10).close()
        ray.init(
            log_to_driver=False,
            logging_level=logging.ERROR,
            include_dashboard=None if address else False,
        )
    except (OSError, ValueError, RuntimeError, ray.exceptions.AuthenticationError) as error:
        raise InputError(
            f"cannot connect to Ray at {address or 'this machine'}: {' '.join(str(error).split())}"
        ) from error
    for module in (worker, launcher, processes):  # sent with each task
        ray.cloudpickle.register_pickle_by_value(module)
    try:
        yield ray
    finally:
        ray.shutdown()
