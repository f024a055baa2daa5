"""The order in which experiments run, and what killed ones leave."""

import itertools
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from birnn.core.errors import InputError
from birnn.core.locks import hold_lock
from birnn.experiments import execution, grid, runs
from birnn.experiments.grid import Point
from tests.birnn.experiments.repository import add, fake_dvc, git, make_run
from tests.projects import references


@pytest.fixture(autouse=True)
def project(repository: Path) -> Iterator[Path]:
    """Enter a repository, and restore the handlers of signals."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield repository
    for number, handler in handlers.items():
        signal.signal(number, handler)


def test_experiments_run_one_by_one_with_the_remaining_time(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    calls = fake_dvc("sys.exit(-int('train.seed=1' in arguments))")
    # Nothing else makes experiments of ten minutes.
    clock = itertools.count(100, 600)
    monkeypatch.setattr(time, "perf_counter", lambda: next(clock))
    points = grid.points(["train.seed=0..2"])
    first, second, third = names = runs.names(points)
    git("update-ref", f"refs/exps/aa/bb/{first}", "HEAD")
    # An unfinished experiment of this commit, whose name is needed.
    head = git("rev-parse", "HEAD")
    git("update-ref", f"refs/exps/{head[:2]}/{head[2:]}/{first}", "HEAD")
    assert [point.label for point in execution.one_by_one(points)] == ["seed-1"]
    assert capsys.readouterr().out.splitlines() == [
        f"[1 of 3] {first}",
        f"[2 of 3] {second}, about 40 min left",
        f"[3 of 3] {third}, about 15 min left",
    ]
    assert calls() == [
        f"exp run --temp --name {name} -S train.seed={seed}" for seed, name in enumerate(names)
    ]
    assert references(project) == [f"refs/exps/aa/bb/{first}"]
    shown = {0: "1 min", 29: "1 min", 95: "2 min", 3570: "60 min"}
    assert {seconds: execution.minutes(seconds) for seconds in shown} == shown


def test_interrupt_ends_an_experiment() -> None:
    # DVC removes the folder of an experiment that Ctrl-C ends.
    fake_dvc(
        """
        try:
            os.kill(os.getppid(), signal.SIGTERM)
            time.sleep(60)
        except KeyboardInterrupt:
            Path("is-interrupted").touch()
        """
    )
    with execution.exclusively(), pytest.raises(KeyboardInterrupt):
        execution.execute(grid.point({}), "name")
    assert Path("is-interrupted").exists()


def test_sweep_runs_each_experiment_once_and_alone(capsys: pytest.CaptureFixture[str]) -> None:
    points = grid.points(["train.seed=0..2"])
    executed: list[str] = []

    def execute(missing: Sequence[Point]) -> Iterator[Point]:
        with pytest.raises(InputError, match="sweep is already running"), hold_lock("sweep", 0):
            pass
        for point in missing:
            executed.append(point.label)
            if len(executed) == 2:
                yield point
            else:
                add(make_run(point))

    with pytest.raises(InputError, match=r"^failed: seed-1\. Fix the errors above, and run"):
        execution.run(points, execute)
    assert executed == ["seed-0", "seed-1", "seed-2"]
    execution.run(points, execute)
    assert executed[3:] == ["seed-1"]
    assert capsys.readouterr().out.splitlines() == [
        *("0 of 3 experiments are finished", "2 of 3 experiments are finished"),
    ]


def test_leftovers_of_killed_experiments_are_removed(project: Path) -> None:
    folder = project / ".dvc" / "tmp" / "exps" / "standalone" / "tmpabc"
    folder.mkdir(parents=True)
    for name in ("temp/head-1", "stash", "aa/bb/finished"):
        git("update-ref", f"refs/exps/{name}", "HEAD")
    left = ["refs/exps/aa/bb/finished", "refs/exps/stash", "refs/exps/temp/head-1"]
    Path("elsewhere").mkdir()
    # A process in the folder may be a stage that still runs; DVC may run anywhere in the project.
    for arguments, place in ((["-c", "input()"], folder), (["-c", "input()", "dvc"], "elsewhere")):
        with subprocess.Popen([sys.executable, *arguments], stdin=-1, cwd=place) as process:
            execution.remove_leftovers()
            assert folder.exists()
            assert references(project) == left
            process.communicate(b"\n")
    # Another program in the project, and DVC in another project.
    others = ((["-c", "input()"], project), (["-c", "input()", "dvc"], project.parent))
    with ExitStack() as running:
        for arguments, place in others:
            command = [sys.executable, *arguments]
            process = running.enter_context(subprocess.Popen(command, stdin=-1, cwd=place))
            running.callback(process.communicate, b"\n")
        execution.remove_leftovers()
    assert not folder.exists()
    assert references(project) == left[:1]
    # References without a folder.
    git("update-ref", "refs/exps/stash", "HEAD")
    execution.remove_leftovers()
    assert references(project) == left[:1]
