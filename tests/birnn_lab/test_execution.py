"""The order in which experiments run, and what killed ones leave."""

import signal
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace

import pytest

from birnn.core.yaml_files import read_yaml
from birnn.runtime.errors import InputError
from birnn_lab import execution, grid, runs
from birnn_lab.files_in_git import write_yaml
from birnn_lab.grid import Point
from tests.birnn_lab.repository import add, fake_dvc, git, make_run
from tests.projects import references

pytestmark = pytest.mark.usefixtures("repository")


def test_experiments_run_one_by_one() -> None:
    calls = fake_dvc("sys.exit(-int('train.seed=1' in arguments))")
    points = grid.points(["train.seed=0..2"])
    names = runs.names(points)
    git("update-ref", f"refs/exps/aa/bb/{names[0]}", "HEAD")
    # An unfinished experiment of this commit, whose name is needed.
    head = git("rev-parse", "HEAD")
    git("update-ref", f"refs/exps/{head[:2]}/{head[2:]}/{names[0]}", "HEAD")
    assert [name[:6] for name in execution.one_by_one(points)] == ["seed-1"]
    assert calls() == [
        " ".join(["exp run --temp --name", name, *execution.options_of(point)])
        for name, point in zip(names, points, strict=True)
    ]
    assert references(Path()) == [f"refs/exps/aa/bb/{names[0]}"]


def test_edit_of_the_settings_does_not_change_an_experiment() -> None:
    # DVC takes half a second to import.
    from dvc.utils.hydra import apply_overrides  # noqa: PLC0415

    (point,), (edited,) = grid.points(["train.seed=1"]), grid.points(["csv.train=b"])
    write_yaml(Path("params.yaml"), edited.params)
    apply_overrides("params.yaml", execution.options_of(point)[1::2])
    assert read_yaml(Path("params.yaml")) == point.params


@pytest.mark.skipif(sys.platform != "linux", reason="the parent of dvc is another process")
def test_interrupted_sweep_waits_until_its_experiment_has_ended() -> None:
    fake_dvc("""
        try:
            os.kill(os.getppid(), signal.SIGINT)
            time.sleep(20)
        except KeyboardInterrupt:
            Path("ended").touch()
    """)
    (point,) = grid.points(["train.seed=0"])
    # A shell may start its background jobs with SIGINT ignored.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    with pytest.raises(KeyboardInterrupt):
        execution.run_here(point, "seed-0")
    signal.signal(signal.SIGINT, before)
    assert Path("ended").exists()


def test_sweep_runs_each_experiment_once_and_alone() -> None:
    points = grid.points(["train.seed=0..2"])
    executed: list[str] = []

    def execute(missing: Sequence[Point]) -> Iterator[Point]:
        with pytest.raises(InputError, match="already runs in this folder"):
            execution.run(points, None)
        for point in missing:
            executed.append(point.label)
            if len(executed) == 2:
                yield point.label
            else:
                add(make_run(point))

    machines = SimpleNamespace(pull=len, execute=execute)
    with pytest.raises(InputError, match=r"^failed: seed-1\. Fix the errors above, and run"):
        execution.run(points, machines)
    assert executed == ["seed-0", "seed-1", "seed-2"]
    execution.run(points, machines)
    assert executed[3:] == ["seed-1"]


def test_untracked_files_of_the_user_are_named_before_anything_runs() -> None:
    points = grid.points(["fetch.source=csv", "csv.train=b.csv", "csv.unlabelled=c"])
    Path(".dvcignore").write_text("*~", encoding="utf-8")
    for name in ("b.csv", "c/d.csv", ".u", "b.csv~"):
        Path("data/own", name).parent.mkdir(exist_ok=True)
        Path("data/own", name).touch()
    with pytest.raises(InputError, match=r"add data/own/\.u data/own/b\.csv data/own/c "):
        execution.run(points, None)
    Path("data/own/c.dvc").touch()
    git("add", "data/own/b.csv", "data/own/c.dvc", "data/own/.u")
    execution.check_own_files([*points, *grid.points(["train.seed=0"])])
    Path("stages/new.py").touch()
    expected = r"would not find stages/new\.py: run git add birnn stages"
    with pytest.raises(InputError, match=expected), execution.exclusively():
        pytest.fail("an experiment ran")


def test_experiment_that_a_killed_command_left_does_not_run() -> None:
    for name in ("stash", "aa/bb/finished"):
        git("update-ref", f"refs/exps/{name}", "HEAD")
    with execution.exclusively():
        assert references(Path()) == ["refs/exps/aa/bb/finished"]
