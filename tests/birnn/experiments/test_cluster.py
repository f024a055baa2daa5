"""Experiments on a cluster, with a small fake of Ray."""

import itertools
import json
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from birnn.core import times
from birnn.core.errors import InputError
from birnn.experiments import cluster, grid, runs, worker
from birnn.experiments.cluster import Cluster, Needs
from tests.birnn.experiments.repository import fake_dvc, git
from tests.projects import commit


class Failure(Exception):
    """An error in Ray, or of a task with a cause."""

    cause = "on machine: dvc exp run failed: no"


class Lost(Exception):
    """An error that names another one only in its text."""


class Ray:
    """A cluster of one machine, whose tasks return their times or fail."""

    exceptions = SimpleNamespace(RayError=Lost, RayTaskError=Failure, AuthenticationError=Lost)

    def __init__(self) -> None:
        """Start without tasks."""
        self.tasks: list[Any] = []
        self.options: dict[str, Any] = {}
        self.sent: list[Any] = []
        self.cloudpickle = SimpleNamespace(register_pickle_by_value=self.sent.append)
        self.refusal: Exception | None = None
        self.results: list[str | Exception] = []

    def init(self, **options: Any) -> None:
        """Connect."""
        if self.refusal:
            raise self.refusal
        self.options |= options

    def remote(self, **options: Any) -> Callable[[Any], Any]:
        """Return a decorator of functions that run on the cluster."""
        self.options |= options

        def start(task: Any) -> int:
            self.tasks.append(task)
            return len(self.tasks) - 1

        return lambda _: SimpleNamespace(remote=start)

    def wait(self, tasks: list[int]) -> tuple[list[int], list[int]]:
        """Return a finished task, and the others."""
        return tasks[:1], tasks[1:]

    def get(self, task: int) -> str:
        """Return or raise the result of a task."""
        result = self.results[task]
        if isinstance(result, Exception):
            raise result
        return result

    def shutdown(self) -> None:
        """Disconnect."""
        self.options["is_shut"] = True


@pytest.fixture
def ray(monkeypatch: pytest.MonkeyPatch) -> Ray:
    fake = Ray()
    monkeypatch.setitem(sys.modules, "ray", fake)  # not installed on most machines
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    return fake


@pytest.fixture
def remotes(repository: Path) -> Path:
    """Add a git remote that has all commits, and a DVC remote."""
    configure(Path(".dvc/config"), "url = s3://bucket")
    commit(repository)
    git("init", "-q", "--bare", "origin.git")
    git("remote", "add", "origin", "origin.git")
    git("push", "-q", "--set-upstream", "origin", "main")
    return repository


def configure(file: Path, options: str) -> None:
    file.write_text(
        f"[core]\n    remote = storage\n['remote \"storage\"']\n    {options}\n", encoding="utf-8"
    )


MACHINES = Cluster(Needs(2, 1), "origin", "address", "commit", {"url": "s3://a"})


@pytest.mark.usefixtures("repository")
def test_only_missing_experiments_are_pulled() -> None:
    points = grid.points(["train.seed=0..2"])
    first, second, _ = runs.names(points)
    calls = fake_dvc(f"print({first!r}, {second!r} if arguments[-1] == 'origin' else '')")
    MACHINES.pull(points)
    assert calls()[2:] == [f"exp pull --force origin {second}"]


@pytest.mark.usefixtures("repository")
def test_experiments_run_on_the_cluster(
    ray: Ray, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # Nothing else makes experiments of ten minutes.
    clock = itertools.count(100, 600)
    monkeypatch.setattr(time, "perf_counter", lambda: next(clock))
    calls = fake_dvc("print('Missing cache files' * ('seed-2' in arguments[-1]), file=sys.stderr)")
    assert list(MACHINES.execute([])) == calls() == []
    points = grid.points(["train.seed=0..3"])
    line = json.dumps({"md5": "a", "seconds": [1]}) + "\n"
    ray.results = [line, Failure(), line, Lost("a machine\nis lost")]
    failed = [point.label for point in MACHINES.execute(points)]
    assert failed == ["seed-1", "seed-2", "seed-3"]
    names = runs.names(points)
    missing = f"the DVC remote lacks files of {names[2]}: run it again"
    assert capsys.readouterr().out.splitlines() == [
        "4 experiments are waiting for machines",
        f"[1 of 4] {names[0]} is finished, about 30 min left",
        f"[2 of 4] {names[1]} failed: {Failure.cause}, about 20 min left",
        f"[3 of 4] {names[2]} failed: {missing}, about 10 min left",
        f"[4 of 4] {names[3]} failed: a machine",
    ]
    assert ray.tasks[1] == worker.Task(
        names[1], "address", "commit", {"url": "s3://a"}, ("-S", "train.seed=1"), 2
    )
    assert calls() == [
        "push --quiet --run-cache",
        *(f"exp pull --force origin {names[index]}" for index in (0, 2)),
    ]
    assert times.read().keys() == {"a"}
    resources = {"num_cpus": 2, "num_gpus": 1, "max_retries": 3}
    logs = {"log_to_driver": False, "logging_level": "ERROR", "include_dashboard": False}
    assert ray.options == resources | logs | {"is_shut": True}
    assert ray.sent == list(cluster.SENT)


@pytest.mark.usefixtures("repository")
def test_unreachable_clusters_are_errors(ray: Ray, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_dvc()
    points = grid.points(["train.seed=0"])
    ray.results = [""]
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"ray://127.0.0.1:{server.getsockname()[1]}"
        monkeypatch.setenv("RAY_ADDRESS", address)
        assert list(MACHINES.execute(points)) == []
        assert "include_dashboard" not in ray.options
        ray.refusal = Lost("AuthenticationError: no token")
        with pytest.raises(InputError, match=f"^Ray at {address} requires its token: set RAY_AUTH"):
            list(MACHINES.execute(points))
    # Nothing listens any more.
    with pytest.raises(InputError, match=f"^cannot connect to Ray at {address}: .*refused"):
        list(MACHINES.execute(points))
    monkeypatch.delenv("RAY_ADDRESS")
    ray.refusal = OSError("no memory")
    with pytest.raises(InputError, match="^cannot connect to Ray at this machine: no memory"):
        list(MACHINES.execute(points))


@pytest.mark.usefixtures("ray")
def test_cluster_has_the_remotes_of_the_project(remotes: Path) -> None:
    connected = cluster.connect(Needs(1, 0), "origin")
    shared = {"url": "s3://bucket", "use_ssl": "True"}
    commit, address = git("rev-parse", "HEAD"), f"{remotes}/origin.git"
    assert connected == Cluster(Needs(1, 0), "origin", address, commit, shared)
    # Options of this machine count, but its secrets are not shared.
    configure(
        Path(".dvc/config.local"),
        "url = s3://other\n    region = here\n    secret_access_key = secret",
    )
    git("remote", "set-url", "origin", "ssh://git@example.com/a.git")
    connected = cluster.connect(Needs(1, 0), "origin")
    assert connected.address == "ssh://git@example.com/a.git"
    assert connected.dvc_remote == shared | {"url": "s3://other", "region": "here"}


def commit_without_push() -> None:
    git("-c", "user.name=a", "-c", "user.email=a", "commit", "-q", "--allow-empty", "-m", ".")


@pytest.mark.parametrize(
    ("mistake", "message"),
    [
        (lambda: Path("dvc.yaml").write_text(""), "a cluster runs only what is committed: commit"),
        (lambda: git("remote", "remove", "origin"), "there is no git remote origin: run git rem"),
        (commit_without_push, "the git remote origin does not have this commit: run git push"),
        *(
            (
                lambda url=url: git("remote", "set-url", "origin", url),
                "the address of the git remote origin contains credentials",
            )
            for url in ("https://a:b@example.com/c", "https://token@example.com/c", "ssh://a:b@c/d")
        ),
        (
            lambda: configure(Path(".dvc/config.local"), "url = ../storage"),
            "the DVC remote storage has a relative address, which fails .* url /",
        ),
        (
            lambda: Path(".dvc/config.local").write_text("[core]\n    remote = other\n"),
            "there is no default DVC remote: run dvc remote add --default",
        ),
        (lambda: sys.modules.update(ray=None), "Ray is not installed: run make cluster"),  # type: ignore[call-overload]
    ],
)
@pytest.mark.usefixtures("ray", "remotes")
def test_invalid_setups_are_refused(mistake: Callable[[], Any], message: str) -> None:
    mistake()
    with pytest.raises(InputError, match=f"^{message}"):
        cluster.connect(Needs(1, 0), "origin")
