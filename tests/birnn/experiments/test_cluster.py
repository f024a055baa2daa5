"""Experiments on a cluster, with a small fake of Ray."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from birnn.core import times
from birnn.core.errors import InputError
from birnn.experiments import cluster, grid, runs, worker
from birnn.experiments.cluster import Cluster
from tests.birnn.experiments.repository import fake_dvc, git
from tests.projects import commit

MACHINES = Cluster(2, 1, "origin", "address", "commit", {"url": "s3://a"})
TIMES = json.dumps({"md5": "a", "seconds": [1]}) + "\n"


class TaskFailure(Exception):  # noqa: N818  # in the place of an error of Ray
    """The failure of a task, which has a cause."""

    cause = "on machine: dvc exp run failed: no"


class Ray(SimpleNamespace):
    """A cluster of one machine. Its tasks return or raise `results`."""

    exceptions = SimpleNamespace(
        RayError=LookupError, RayTaskError=TaskFailure, AuthenticationError=LookupError
    )

    def init(self, **options: Any) -> None:
        """Connect."""
        self.options |= options

    def remote(self, **options: Any) -> Callable[[Any], Any]:
        """Return a decorator of functions that become tasks."""
        self.options |= options
        start = lambda task: self.tasks.append(task) or len(self.tasks) - 1  # noqa: E731
        return lambda _: SimpleNamespace(remote=start)

    def get(self, task: int) -> Any:
        """Return or raise the result of a task."""
        if isinstance(self.results[task], Exception):
            raise self.results[task]
        return self.results[task]


@pytest.fixture
def ray(repository: Path, monkeypatch: pytest.MonkeyPatch) -> Ray:  # noqa: ARG001
    sent: list[Any] = []
    fake = Ray(tasks=[], options={}, results=[""], sent=sent)
    fake.cloudpickle = SimpleNamespace(register_pickle_by_value=sent.append)
    fake.wait = lambda tasks: (tasks[:1], tasks[1:])
    fake.shutdown = lambda: fake.options.update(is_shut=True)
    monkeypatch.setitem(sys.modules, "ray", fake)  # not installed on most machines
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    return fake


def test_experiments_run_on_the_cluster(ray: Ray, capsys: pytest.CaptureFixture[str]) -> None:
    calls = fake_dvc("print('Missing cache files' * ('seed-2' in arguments[-1]), file=sys.stderr)")
    assert list(MACHINES.execute([])) == calls() == []
    points = grid.points(["train.seed=0..3"])
    ray.results = [TIMES, TaskFailure(), TIMES, LookupError("a machine\nis lost")]
    failed = [point.label for point in MACHINES.execute(points)]
    assert failed == ["seed-1", "seed-2", "seed-3"]
    names = runs.names(points)
    missing = f"the DVC remote lacks files of {names[2]}: run it again"
    assert capsys.readouterr().out.splitlines() == [
        "4 experiments are waiting for machines",
        f"[1 of 4] {names[0]} is finished, about 1 min left",
        f"[2 of 4] {names[1]} failed: {TaskFailure.cause}, about 1 min left",
        f"[3 of 4] {names[2]} failed: {missing}, about 1 min left",
        f"[4 of 4] {names[3]} failed: a machine",
    ]
    assert ray.tasks[1] == worker.Task(
        names[1], "address", "commit", {"url": "s3://a"}, ("-S", "train.seed=1"), 2
    )
    pulls = [f"exp pull --force origin {names[index]}" for index in (0, 2)]
    assert calls() == ["push --quiet --run-cache", *pulls]
    assert times.read().keys() == {"a"}
    resources = {"num_cpus": 2, "num_gpus": 1, "max_retries": 3}
    assert ray.options.items() >= (resources | {"is_shut": True}).items()
    assert ray.sent == list(cluster.SENT)


def configure(file: str, options: str) -> None:
    """Write a file of DVC with a default remote."""
    remote = f"['remote \"storage\"']\n    {options}\n"
    Path(".dvc", file).write_text(f"[core]\n    remote = storage\n{remote}", encoding="utf-8")


@pytest.mark.usefixtures("ray")
def test_cluster_has_the_remotes_of_the_project(repository: Path) -> None:
    configure("config", "url = s3://bucket")
    commit(repository)
    git("init", "-q", "--bare", "origin.git")
    git("remote", "add", "origin", "origin.git")
    git("push", "-q", "--set-upstream", "origin", "main")
    shared = {"url": "s3://bucket", "use_ssl": "True"}
    address, head = f"{repository}/origin.git", git("rev-parse", "HEAD")
    assert cluster.connect(1, 0, "origin") == Cluster(1, 0, "origin", address, head, shared)
    # Options of this machine count, but its secrets are not shared.
    configure("config.local", "url = s3://b\n    region = c\n    secret_access_key = d")
    git("remote", "set-url", "origin", "ssh://git@example.com/a.git")
    connected = cluster.connect(1, 0, "origin")
    assert connected.address == "ssh://git@example.com/a.git"
    assert connected.dvc_remote == shared | {"url": "s3://b", "region": "c"}
    for address in ("https://token@example.com/c", "ssh://a:b@c/d"):
        git("remote", "set-url", "origin", address)
        with pytest.raises(InputError, match="address of the git remote origin contains credent"):
            cluster.connect(1, 0, "origin")
