"""The order in which experiments run, and what killed ones leave."""

import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from birnn.experiments import execution, runs
from birnn.experiments.grid import Point
from tests.projects import commit, references


def test_one_by_one_prints_the_remaining_time(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = iter([100.0, 100.0, 700.0, 1300.0])
    monkeypatch.setattr(execution.time, "perf_counter", lambda: next(clock))
    monkeypatch.setattr(runs, "names", lambda points: [f"name-{point.label}" for point in points])
    monkeypatch.setattr(execution, "execute", lambda _, name: int(name == "name-b"))
    points = [SimpleNamespace(label=label) for label in "abc"]
    assert [point.label for point in execution.one_by_one(points)] == ["b"]
    assert capsys.readouterr().out.splitlines() == [
        "[1 of 3] name-a",
        "[2 of 3] name-b, about 20 min left",
        "[3 of 3] name-c, about 10 min left",
    ]


def test_equal_sweeps_at_once_run_each_experiment_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    subprocess.check_call(["git", "init", "-q"])
    executed: list[Point] = []

    def execute(points: list[Point]) -> list[Point]:
        time.sleep(0.3)
        executed.extend(points)
        return []

    def finished(points: list[Point]) -> dict[int, Point]:
        return {index: point for index, point in enumerate(points) if point in executed}

    monkeypatch.setattr(runs, "finished", finished)
    monkeypatch.setattr(execution.signals, "raise_on_signals", lambda: None)
    points = [Point({"train.seed": seed}, {}, {}) for seed in range(2)]
    sweeps = [threading.Thread(target=execution.run, args=(points, execute)) for _ in range(2)]
    for sweep in sweeps:
        sweep.start()
    for sweep in sweeps:
        sweep.join()
    assert executed == points


def make_leftovers(project: Path) -> Path:
    """Create what DVC leaves if it is killed, and return the folder of the experiment."""
    folder = project / ".dvc" / "tmp" / "exps" / "standalone" / "tmpabc"
    folder.mkdir(parents=True)
    for name in ("temp/head-1", "stash", "aa/bb/finished"):
        subprocess.check_call(["git", "update-ref", f"refs/exps/{name}", "HEAD"], cwd=project)
    return folder


def test_leftovers_of_killed_experiments_are_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    subprocess.check_call(["git", "init", "-q"])
    Path("file").touch()
    commit(tmp_path)
    folder = make_leftovers(tmp_path)
    # A process in the folder may be a stage that still runs.
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=-1, cwd=folder) as stage:
        execution.remove_leftovers()
        assert folder.exists()
        stage.communicate(b"\n")
    execution.remove_leftovers()
    assert not folder.exists()
    assert references(tmp_path) == ["refs/exps/aa/bb/finished"]
