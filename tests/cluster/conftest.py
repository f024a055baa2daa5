"""A small project with both remotes, and Ray nodes in place of machines."""

import itertools
import os
import secrets
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.projects import BIRNN, check_output, commit, copy, run

BUCKET = "reviews"
TOKEN = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "someone", "AWS_SECRET_ACCESS_KEY": "something"}


@dataclass
class Machines:
    """Two Ray nodes on this machine, each with its own core and folder."""

    cluster: Any
    environment: dict[str, str]  # address and token of the cluster
    folders: list[Path]  # of each node's experiments

    def kill_second_node(self) -> None:
        """Kill the second node, as if its machine were lost.

        The processes that an experiment started must end by themselves.
        """
        (node,) = self.cluster.worker_nodes
        self.cluster.remove_node(node, allow_graceful=False)


@pytest.fixture
def machines(monkeypatch: pytest.MonkeyPatch) -> Iterator[Machines]:
    for name, value in (TOKEN | CREDENTIALS).items():
        monkeypatch.setenv(name, value)  # Ray reads the token when it is imported
    cluster_utils = pytest.importorskip("ray.cluster_utils", reason="make cluster installs Ray")
    usable, handler = os.sched_getaffinity(0), signal.getsignal(signal.SIGTERM)
    # Sockets need a short path.
    with tempfile.TemporaryDirectory(prefix="ray-", ignore_cleanup_errors=True) as folder:
        monkeypatch.setenv("RAY_TMPDIR", folder)
        folders = [Path(folder, f"worker-{number}") for number in range(2)]
        cluster = cluster_utils.Cluster()
        try:
            # Nodes lock cores only in their own folders, so give each node another core.
            for worker, core in zip(folders, itertools.cycle(sorted(usable)), strict=False):
                os.sched_setaffinity(0, [core])
                monkeypatch.setenv("BIRNN_WORKER", str(worker))
                cluster.add_node(include_dashboard=False)
            os.sched_setaffinity(0, usable)
            variables = TOKEN | {"RAY_ADDRESS": cluster.address}
            yield Machines(cluster, variables, folders)
        finally:
            os.sched_setaffinity(0, usable)
            cluster.shutdown()
            signal.signal(signal.SIGTERM, handler)  # Ray installs its own


@pytest.fixture
def project(finished: Path, tmp_path: Path) -> Path:
    """Return a finished clone whose git remote and default DVC remote are adjacent folders."""
    folder = copy(finished, tmp_path / "project")
    for command in (
        ("git", "init", "-q", "--bare", "-b", "main", "../origin.git"),
        ("git", "remote", "add", "origin", "../origin.git"),
        ("dvc", "remote", "add", "--quiet", "--default", "storage", str(tmp_path / "storage")),
    ):
        check_output(folder, *command)
    publish(folder)
    return folder


@pytest.fixture
def on_s3(project: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Yield the project with a bucket of an S3 server as its default DVC remote."""
    moto_server = pytest.importorskip("moto.server", reason="make cluster installs moto")
    boto3 = pytest.importorskip("boto3", reason="make cluster installs boto3")
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    server = moto_server.ThreadedMotoServer(port=0)
    server.start()
    _, port = server.get_host_and_port()
    address = f"http://127.0.0.1:{port}"
    client = boto3.client("s3", endpoint_url=address, region_name="us-east-1")
    client.create_bucket(Bucket=BUCKET)
    for command in (
        ("dvc", "remote", "remove", "storage"),
        ("dvc", "remote", "add", "--quiet", "--default", "storage", f"s3://{BUCKET}/birnn"),
        ("dvc", "remote", "modify", "storage", "endpointurl", address),
        ("dvc", "remote", "modify", "storage", "region", "us-east-1"),
    ):
        check_output(project, *command)
    publish(project)
    yield project
    server.stop()


def publish(project: Path) -> None:
    commit(project)
    check_output(project, "git", "push", "-q", "--set-upstream", "origin", "main")


def run_on(
    machines: Machines, project: Path, *options: str, **variables: str
) -> subprocess.CompletedProcess[str]:
    command = (*BIRNN, "sweep", "--on", "ray", "--cpus", "1", *options)
    return run(*command, cwd=project, **(machines.environment | variables))
