"""Experiments on a cluster, with a small fake of Ray."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from birnn.core import paths
from birnn.runtime.errors import InputError
from birnn_lab import cluster, grid, runs, worker
from birnn_lab.cluster import Cluster
from birnn_lab.execution import options_of
from tests.birnn_lab.repository import add, fake_dvc, git, make_run
from tests.projects import commit

ORIGIN = worker.Origin("address", "commit", {"url": "s3://a"})
MACHINES = Cluster(2, 1, "origin", ORIGIN)
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
        self.options |= options
        if self.failure:
            raise self.failure

    def remote(self, **options: Any) -> Callable[[Any], Any]:
        self.options |= options
        start = lambda *task: self.tasks.append(task) or len(self.tasks) - 1  # noqa: E731
        return lambda _: SimpleNamespace(remote=start)

    def get(self, task: int) -> Any:
        if isinstance(self.results[task], Exception):
            raise self.results[task]
        return self.results[task]


@pytest.fixture
def ray(repository: Path, monkeypatch: pytest.MonkeyPatch) -> Ray:  # noqa: ARG001
    sent: list[Any] = []
    fake = Ray(tasks=[], options={}, results=[""], sent=sent, failure=None)
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
    names = runs.names(points)
    assert list(MACHINES.execute(points)) == names[1:]
    missing = f"the DVC remote lacks files of {names[2]}: it must run again"
    assert capsys.readouterr().out.splitlines() == [
        "4 experiments are waiting for machines",
        f"[1 of 4] {names[0]} is finished, about 1 min left",
        f"[2 of 4] {names[1]} failed: {TaskFailure.cause}, about 1 min left",
        f"[3 of 4] {names[2]} failed: {missing}, about 1 min left",
        f"[4 of 4] {names[3]} failed: a machine",
    ]
    assert ray.tasks[1] == (ORIGIN, 2, names[1], options_of(points[1]))
    pulls = [f"exp pull --force origin {names[index]}" for index in (0, 2)]
    assert calls() == ["push --quiet --run-cache", *pulls, f"exp remove {names[2]}"]
    assert paths.times_file().read_text() == f"\n{TIMES}" * 2
    resources = {"num_cpus": 2, "num_gpus": 1, "max_retries": 3}
    silent = {"log_to_driver": False, "logging_level": "ERROR", "include_dashboard": False}
    assert ray.options == resources | silent | {"is_shut": True}
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
    origin = worker.Origin(address, head, shared)
    assert cluster.connect(1, 0, "origin") == Cluster(1, 0, "origin", origin)
    # Options of this machine count, but its secrets are not shared.
    configure("config.local", "url = s3://b\n    region = c\n    secret_access_key = d")
    git("remote", "set-url", "origin", "ssh://git@example.com/a.git")
    origin = cluster.connect(1, 0, "origin").origin
    assert origin.git_remote == "ssh://git@example.com/a.git"
    assert origin.dvc_remote == shared | {"url": "s3://b", "region": "c"}
    # Each mistake hides the ones before.
    local, set_address = Path(".dvc", "config.local"), ("remote", "set-url", "origin")
    for mistake, expected in (
        (lambda: configure(local.name, "url = ../storage"), "storage has a relative address"),
        (lambda: local.write_text("[core]\n    remote = other\n"), "no default DVC remote"),
        (lambda: commit(Path()), "origin does not have this commit: run git push"),
        (lambda: git(*set_address, "https://token@a.b/c"), "remote origin contains credent"),
        (lambda: git(*set_address, "ssh://a:b@c/d"), "address of the git remote origin contains c"),
        (lambda: git("remote", "remove", "origin"), "there is no git remote origin: run git"),
        (Path("dvc.yaml").unlink, "a cluster runs only what is committed: commit and push"),
    ):
        mistake()
        with pytest.raises(InputError, match=expected):
            cluster.connect(1, 0, "origin")


@pytest.mark.usefixtures("ray")
def test_only_experiments_that_are_not_finished_are_pulled() -> None:
    points = grid.points(["train.seed=0..3"])
    names = runs.names(points)
    unfinished, finished = (make_run(points[seed], name=names[seed]) for seed in (1, 2))
    add(unfinished, {"dvc.lock": None})
    add(finished)
    commit(Path())  # experiments of any commit count
    calls = fake_dvc(
        f"if 'list' in arguments: print(*{names[:3]})\n"
        f"if arguments[-1] == {names[0]!r}: print('Missing cache files', file=sys.stderr)"
    )
    MACHINES.pull(points)
    pulls = [f"exp pull --force origin {name}" for name in names[:2]]
    assert calls()[1:] == [pulls[0], f"exp remove {names[0]}", pulls[1]]


@pytest.mark.parametrize(
    ("address", "failure", "expected"),
    [
        ("127.0.0.1:1", None, "cannot connect to Ray at 127.0.0.1:1: .*refused"),
        ("", OSError("no memory"), "cannot connect to Ray at this machine: no memory"),
        ("head", ValueError("no port"), "cannot connect to Ray at head: no port"),
        ("", RuntimeError("Version\n    mismatch"), "cannot connect to Ray .*: Version mismatch"),
        ("ray://a", LookupError("no token"), "cannot connect to Ray at ray://a: no token"),
    ],
)
def test_cluster_without_connection_is_named(
    ray: Ray, monkeypatch: pytest.MonkeyPatch, address: str, failure: Any, expected: str
) -> None:
    fake_dvc()
    ray.failure = failure
    monkeypatch.setenv("RAY_ADDRESS", address)
    with pytest.raises(InputError, match=expected):
        list(MACHINES.execute(grid.points(["train.seed=0"])))
