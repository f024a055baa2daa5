"""A cluster without Ray: what is checked before, sent, and reported."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from birnn.core import paths
from birnn.runtime.errors import InputError
from birnn_lab import cluster, grid, launcher, processes, worker
from birnn_lab.sweep import options_of
from tests.birnn_lab.repository import fake_dvc, git
from tests.projects import BIRNN, PROJECT, commit, error_line
from tests.projects import run as run_command

ORIGIN = worker.Origin("address", "commit", {"remote.a.url": "s3://a"})
TIMES = "times\n"
CONFIG = """
if arguments[:1] == ["config"]:
    print("core.remote=a\\nremote.a.url=s3://a\\nremote.a.secret_access_key=b\\nremote.a.region=c")
"""


class RayError(Exception):
    """An error of Ray."""


class TaskError(RayError):
    """A task that failed."""

    cause = RuntimeError("dvc exp run failed on a machine: no disk")


class Ray(SimpleNamespace):
    """Ray, whose tasks have prepared results."""

    exceptions = SimpleNamespace(RayError=RayError, AuthenticationError=LookupError)

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


def run(points: dict[str, grid.Point]) -> list[str]:
    return [*cluster.run(points, "origin", ORIGIN, num_cpus=2, num_gpus=1)]


def test_experiments_run_on_the_cluster(ray: Ray, capsys: pytest.CaptureFixture[str]) -> None:
    calls = fake_dvc("sys.exit('ERROR: lost' if 'seed-2' in arguments[-1] else 0)")
    assert calls() == []
    points = {f"some--{point.label}": point for point in grid.points(["train.seed=0..3"])}
    ray.results = [TIMES, TaskError(), TIMES, RayError("a machine\nis lost")]
    names = [*points]
    assert run(points) == names[1:]
    assert capsys.readouterr().out.splitlines() == [
        "4 experiments are waiting for machines",
        f"[1 of 4] {names[0]} is finished, about 1 min left",
        f"[2 of 4] {names[1]} failed: {TaskError.cause}, about 1 min left",
        f"[3 of 4] {names[2]} failed: dvc exp pull failed: ERROR: lost, about 1 min left",
        f"[4 of 4] {names[3]} failed: a machine",
    ]
    assert ray.tasks[1] == (ORIGIN, names[1], options_of(names[1], points[names[1]]))
    assert calls() == [f"exp pull --force origin {names[index]}" for index in (0, 2)]
    assert paths.times_file().read_text() == f"\n{TIMES}" * 2
    expected = {"num_cpus": 2, "num_gpus": 1, "max_retries": 3, "retry_exceptions": True}
    assert expected.items() <= ray.options.items()
    assert ray.options["is_shut"]
    assert ray.sent == [worker, launcher, processes]


@pytest.mark.usefixtures("ray")
def test_cluster_has_the_remotes_of_the_project(repository: Path) -> None:
    fake_dvc(CONFIG)
    git("init", "-q", "--bare", "origin.git")
    git("remote", "add", "origin", "origin.git")
    git("push", "-q", "--set-upstream", "origin", "main")
    address, head = f"{repository}/origin.git", git("rev-parse", "HEAD")
    # Without the secrets of this machine.
    shared = {"core.remote": "a", "remote.a.url": "s3://a", "remote.a.region": "c"}
    assert cluster.find_origin("origin") == worker.Origin(address, head, shared)
    set_address = ("remote", "set-url", "origin")
    git(*set_address, "ssh://git@example.com/a.git")
    assert cluster.find_origin("origin").git_remote == "ssh://git@example.com/a.git"
    # Each mistake hides the ones before.
    for mistake, expected in (
        (lambda: commit(Path()), "origin does not have this commit: run git push"),
        (lambda: git(*set_address, "https://token@a.b/c"), "remote origin contains credent"),
        (lambda: git(*set_address, "ssh://a:b@c/d"), "address of the git remote origin contains c"),
        (
            lambda: git("remote", "remove", "origin"),
            "git remote get-url failed: error: No such rem",
        ),
    ):
        mistake()
        with pytest.raises(InputError, match=expected):
            cluster.find_origin("origin")


@pytest.mark.usefixtures("repository")
def test_experiments_of_the_sweep_are_pulled() -> None:
    names = ["some--seed-0", "other--seed-0", "some--seed-1"]
    calls = fake_dvc()
    Path("dvc.py").write_text(
        f"import sys\nprint(*{names}) if 'list' in sys.argv else print(*sys.argv[1:], "
        "file=open('calls.txt', 'a'))"
    )
    cluster.pull("some", "origin")
    cluster.pull("none", "origin")
    assert calls() == ["exp pull --force origin some--seed-0 some--seed-1"]


@pytest.mark.parametrize(
    ("address", "failure", "expected"),
    [
        ("127.0.0.1:1", None, "cannot connect to Ray at 127.0.0.1:1: .*refused"),
        ("", OSError("no memory"), "cannot connect to Ray at this machine: no memory"),
        ("", RuntimeError("Version\n    mismatch"), "cannot connect to Ray .*: Version mismatch"),
        ("ray://a", LookupError("no token"), "cannot connect to Ray at ray://a: no token"),
    ],
)
def test_cluster_without_connection_is_named(
    ray: Ray, monkeypatch: pytest.MonkeyPatch, address: str, failure: Any, expected: str
) -> None:
    ray.failure = failure
    monkeypatch.setenv("RAY_ADDRESS", address)
    (point,) = grid.points(["train.seed=0"])
    with pytest.raises(InputError, match=expected):
        run({"some--seed-0": point})


def test_missing_package_is_named(tmp_path: Path) -> None:
    (tmp_path / "ray.py").write_text("raise ModuleNotFoundError(name='ray')")
    own = {"PYTHONPATH": f"{tmp_path}{os.pathsep}{PROJECT}"}
    result = run_command(
        *BIRNN, "sweep", "some", "--on", "ray", "-S", "train.seed=1", cwd=PROJECT, warm=False, **own
    )
    assert error_line(result.stderr).startswith("error: ray is not installed: run make setup")
