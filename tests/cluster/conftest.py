"""A small project with both remotes, and Ray nodes in place of machines."""

import contextlib
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.projects import BIRNN, check_output, commit, copy, environment, run

RAY = Path(sys.executable).parent / "ray"

BUCKET = "reviews"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "someone", "AWS_SECRET_ACCESS_KEY": "something"}


class Machines:
    """Ray nodes on this machine, each with its own core and folder.

    Attributes:
        environment: address and token of the cluster, as environment variables.
        folders: folder of each node's experiments.
    """

    def __init__(self) -> None:
        # Sockets need a short path.
        self.folder = Path(tempfile.mkdtemp(prefix="ray-"))
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.address = f"127.0.0.1:{free.getsockname()[1]}"
        self.environment = {
            "RAY_ADDRESS": self.address,
            "RAY_AUTH_MODE": "token",
            "RAY_AUTH_TOKEN": secrets.token_hex(32),
        }
        self.nodes: list[psutil.Popen] = []
        self.folders: list[Path] = []

    def start(self) -> None:
        folder = self.folder / f"worker-{len(self.nodes)}"
        if self.nodes:
            options = ["--address", self.address]
        else:
            port = self.address.partition(":")[2]
            options = ["--head", "--port", port, "--temp-dir", str(self.folder / "ray")]
            options += ["--include-dashboard=false", "--disable-usage-stats"]
        # Nodes lock cores only in their own folders, so give each node another core.
        usable = sorted(os.sched_getaffinity(0))
        core = usable[len(self.nodes) % len(usable)]
        node = psutil.Popen(
            ["taskset", "-c", str(core), RAY, "start", "--block", "--num-cpus=1", *options],
            env=environment(warm=False, BIRNN_WORKER=str(folder), **self.environment) | CREDENTIALS,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self.nodes.append(node)
        self.folders.append(folder)
        self._wait_for(len(self.nodes))

    def _wait_for(self, number: int) -> None:
        code = (
            "import ray, time; ray.init(log_to_driver=False)\n"
            f"while sum(node['Alive'] for node in ray.nodes()) < {number}: time.sleep(0.2)"
        )
        deadline = time.monotonic() + 120
        while True:
            result = run("python", "-c", code, cwd=self.folder, **self.environment)
            if result.returncode == 0:
                return
            if time.monotonic() > deadline:
                raise TimeoutError(result.stderr)

    def kill_second_node(self) -> None:
        """Kill the second node and its Ray processes, as if its machine were lost.

        The processes that an experiment started must end by themselves.
        """
        node = self.nodes[1]
        for process in [node, *node.children(recursive=True)]:
            with contextlib.suppress(psutil.NoSuchProcess):
                if not {"dvc", "stages"} & set(re.split(r"\W", " ".join(process.cmdline()))):
                    process.kill()
        node.wait()

    def end(self) -> None:
        for node in self.nodes:
            with contextlib.suppress(psutil.NoSuchProcess):
                for process in [*node.children(recursive=True), node]:
                    with contextlib.suppress(psutil.NoSuchProcess):
                        process.kill()
            node.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


@pytest.fixture
def machines() -> Iterator[Machines]:
    """Yield two nodes."""
    machines = Machines()
    try:
        for _ in range(2):
            machines.start()
        yield machines
    finally:
        machines.end()


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
