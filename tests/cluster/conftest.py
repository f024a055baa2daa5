"""A small project with both remotes, and Ray nodes that stand for machines."""

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

from tests.conftest import commit, run

EXPERIMENTS = (sys.executable, "-m", "experiments")
RAY = Path(sys.executable).parent / "ray"


class Machines:
    """Ray nodes on this machine, each with one core and a folder of its own."""

    def __init__(self) -> None:
        # In a short path, which sockets want.
        self.folder = Path(tempfile.mkdtemp(prefix="ray-"))
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.address = f"127.0.0.1:{free.getsockname()[1]}"
        # What finds and opens the cluster, whatever token is in the home folder.
        self.environment = {
            "RAY_ADDRESS": self.address,
            "RAY_AUTH_MODE": "token",
            "RAY_AUTH_TOKEN": secrets.token_hex(32),
        }
        self.nodes: list[psutil.Popen] = []

    def start(self, **environment: str) -> Path:
        """Start one more node; return the folder in which its experiments run."""
        worker = self.folder / f"worker-{len(self.nodes)}"
        if self.nodes:
            options = ["--address", self.address]
        else:
            port = self.address.partition(":")[2]
            options = ["--head", "--port", port, "--temp-dir", str(self.folder / "ray")]
            options += ["--include-dashboard=false", "--disable-usage-stats"]
        node = psutil.Popen(
            [RAY, "start", "--block", "--num-cpus=1", *options],
            env=os.environ | self.environment | {"BIRNN_WORKER": str(worker)} | environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self.nodes.append(node)
        self._wait_for(len(self.nodes))
        return worker

    def _wait_for(self, number: int) -> None:
        code = (
            "import ray, time; ray.init(log_to_driver=False)\n"
            f"while sum(node['Alive'] for node in ray.nodes()) < {number}: time.sleep(0.2)"
        )
        deadline = time.monotonic() + 120
        while True:
            result = run(sys.executable, "-c", code, cwd=self.folder, **self.environment)
            if result.returncode == 0:
                return
            if time.monotonic() > deadline:
                raise TimeoutError(result.stderr)

    def kill(self, number: int) -> None:
        """End a node at once with all of Ray on it, as when its machine is lost.

        What an experiment started has to end by itself.
        """
        node = self.nodes[number]
        every = [node, *node.children(recursive=True)]
        for process in every:
            with contextlib.suppress(psutil.NoSuchProcess):
                if not {"dvc", "stages"} & set(re.split(r"\W", " ".join(process.cmdline()))):
                    process.kill()

    def end(self) -> None:
        """End all nodes."""
        for node in self.nodes:
            with contextlib.suppress(psutil.NoSuchProcess):
                for process in [*node.children(recursive=True), node]:
                    with contextlib.suppress(psutil.NoSuchProcess):
                        process.kill()
            node.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


@pytest.fixture
def machines() -> Iterator[Machines]:
    """Nodes to be started."""
    machines = Machines()
    yield machines
    machines.end()


@pytest.fixture
def project(finished: Path, tmp_path: Path) -> Path:
    """A finished clone whose git remote and default DVC remote are folders beside it."""
    folder = Path(shutil.copytree(finished, tmp_path / "project", symlinks=True))
    for command in (
        ("git", "init", "-q", "--bare", "-b", "main", "../origin.git"),
        ("git", "remote", "add", "origin", "../origin.git"),
        ("dvc", "remote", "add", "--quiet", "--default", "storage", str(tmp_path / "storage")),
    ):
        done(folder, *command)
    publish(folder)
    return folder


BUCKET = "reviews"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "someone", "AWS_SECRET_ACCESS_KEY": "something"}


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Return the address of a server that speaks S3, and has a bucket."""
    boto3 = pytest.importorskip("boto3", reason="make cluster installs boto3")
    moto_server = pytest.importorskip("moto.server", reason="make cluster installs moto")
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    server = moto_server.ThreadedMotoServer(port=0)
    server.start()
    _, port = server.get_host_and_port()
    address = f"http://127.0.0.1:{port}"
    boto3.client("s3", endpoint_url=address, region_name="us-east-1").create_bucket(Bucket=BUCKET)
    yield address
    server.stop()


@pytest.fixture
def on_s3(project: Path, s3: str) -> Path:
    """Return the project with S3 for its DVC remote."""
    for command in (
        ("dvc", "remote", "remove", "storage"),
        ("dvc", "remote", "add", "--quiet", "--default", "storage", f"s3://{BUCKET}/birnn"),
        ("dvc", "remote", "modify", "storage", "endpointurl", s3),
        ("dvc", "remote", "modify", "storage", "region", "us-east-1"),
    ):
        done(project, *command)
    publish(project)
    return project


def publish(project: Path) -> None:
    """Commit all, and push it."""
    commit(project)
    done(project, "git", "push", "-q", "--set-upstream", "origin", "main")


def done(project: Path, *command: str, **environment: str) -> str:
    """Return what a command says that must not fail."""
    result = run(*command, cwd=project, **environment)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def run_on(machines: Machines, project: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run experiments on Ray's nodes."""
    command = (*EXPERIMENTS, "run", "--on", "ray", "--cpus", "1", *options)
    return run(*command, cwd=project, **machines.environment)
