"""The experiments that a sweep runs, in which order, and its refusals."""

import signal
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from birnn.runtime.errors import InputError
from birnn_lab import collect, grid, sweep
from birnn_lab.grid import Point
from tests.birnn_lab.repository import CORPUS, METRICS, add, fake_dvc, git, write
from tests.projects import commit

pytestmark = pytest.mark.usefixtures("repository")
SEEDS = ["train.seed=0..2"]


def missing(name: str, *options: str) -> list[str]:
    return [*sweep.find_missing(name, grid.points(options or SEEDS))]


def test_sweep_runs_what_commit_and_study_lack() -> None:
    executed: list[str] = []

    def execute(points: Mapping[str, Point]) -> Iterator[str]:
        with pytest.raises(InputError, match="already runs in this folder"):
            sweep.run("some", [], sweep.one_by_one)
        for name, point in points.items():
            executed.append(name)
            if len(executed) == 2:
                yield name
            else:
                add(name, point)

    points = grid.points(SEEDS)
    with pytest.raises(InputError, match=r"^failed: some--seed-1\. Fix the errors above, and run"):
        sweep.run("some", points, execute)
    assert executed == ["some--seed-0", "some--seed-1", "some--seed-2"]
    sweep.run("some", points, execute)
    assert executed[3:] == ["some--seed-1"]
    collect.study("some")
    commit(Path())
    # The study has the rows, and other names are other experiments.
    assert missing("some") == []
    assert missing("some", "train.seed=1..3") == ["some--seed-3"]
    assert len(missing("other")) == 3


def test_experiments_run_one_by_one_from_what_is_committed() -> None:
    calls = fake_dvc("sys.exit(-int('train.seed=1' in arguments))")
    points = {f"some--{point.label}": point for point in grid.points(SEEDS, ["pooling"])}
    failed = sweep.one_by_one(points)
    assert next(failed) == "some--pooling--seed-1"
    Path("stages/train.py").write_text("print()")
    with pytest.raises(
        InputError, match=r"which lacks stages/train\.py: run git add and git commit"
    ):
        next(failed)
    first, second = calls()
    assert first.startswith(
        "exp run --temp --name some--pooling--seed-0 "
        '--message {"recipe": "pooling", "train.seed": 0} -S pad.validation=0.1 -S train.epochs=2 '
    )
    assert second.endswith(" -S pad.seed=1 -S word_vectors.seed=1 -S train.seed=1")


@pytest.mark.parametrize("name", ["stages/new.py", "data/own/a.csv.dvc", "params.yaml"])
def test_uncommitted_files_are_refused_before_anything_runs(name: str) -> None:
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    with Path(name).open("a") as file:
        file.write("\n")
    with pytest.raises(InputError, match=f"belong to a commit, which lacks {name}: run git add"):
        sweep.run("some", grid.points(SEEDS), sweep.one_by_one)


def test_untracked_and_changed_files_of_the_user_are_refused() -> None:
    points = grid.points(["fetch.source=csv", "csv.train=b.csv"])
    Path(".dvcignore").write_text("*~", encoding="utf-8")
    fake_dvc("print('{}' if 'c.dvc' in arguments[-1] else '{\"changed\": 1}')")
    Path(".gitignore").write_text("/data/own/?*\n!/data/own/*.dvc\ndvc.py\ncalls.txt\nstate\n")
    for name in ("b.csv", "c/d.csv", ".u", "b.csv~", "e.csv"):
        Path("data/own", name).parent.mkdir(parents=True, exist_ok=True)
        Path("data/own", name).touch()
    for name in ("c.dvc", "e.csv.dvc"):
        Path("data/own", name).touch()
    commit(Path())
    with pytest.raises(InputError, match=r"not find data/own/\.u data/own/b\.csv data/own/e\.csv:"):
        sweep.run("some", points, sweep.one_by_one)
    sweep.run("some", grid.points(SEEDS), lambda _: iter(()))


def test_names_with_other_settings_or_another_corpus_are_refused() -> None:
    (point,) = grid.points(["train.seed=0"])
    (other,) = grid.points(["train.seed=0", "train.epochs=3", "report.equivalence=1"])
    add("settings--seed-0", other)
    expected = "seed-0 of settings has train.epochs 3 instead of 10: choose another name"
    with pytest.raises(InputError, match=expected):
        missing("settings", "train.seed=0")
    fallback = {"corpus": CORPUS | {"name": "fallback"}}
    add("corpus--seed-0", point, METRICS | fallback)
    expected = "seed-0 of corpus has corpus fallback instead of mine: choose another name"
    with pytest.raises(InputError, match=expected):
        missing("corpus", "train.seed=0")
    # Without the corpus here, the fallback is all there is.
    write(point, fallback)
    assert missing("corpus", "train.seed=0") == []
    write(point)
    for seed in (0, 1):
        (each,) = grid.points([f"train.seed={seed}"])
        add(f"two--seed-{seed}", each, {"corpus": CORPUS | {"digest": f"{seed}"}})
    with pytest.raises(InputError, match=r"runs of two are on mine \(0\) and mine \(1\): choose"):
        missing("two", "train.seed=0..1")
    # The same in a study.
    add("study--seed-0", point)
    collect.study("study")
    commit(Path())
    assert missing("study", "train.seed=0") == []
    write(other)
    with pytest.raises(InputError, match=r"seed-0 of study has train\.epochs 10 instead of 3"):
        missing("study", "train.seed=0")


@pytest.mark.parametrize("option", ["pad.validation=test,0.1", "train.learning_rate=0.00123456789"])
def test_values_in_a_study_are_recognized(option: str) -> None:
    points = grid.points([option, "csv.positive=[4,5]", "train.seed=0,1"])
    for point in points:
        add(f"some--{point.label}", point)
    collect.study("some")
    commit(Path())
    assert sweep.find_missing("some", points) == {}


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
        sweep.run_here("some--seed-0", point)
    signal.signal(signal.SIGINT, before)
    assert Path("ended").exists()


def test_experiment_that_a_killed_command_left_does_not_run() -> None:
    for name in ("stash", "aa/bb/finished"):
        git("update-ref", f"refs/exps/{name}", "HEAD")
    with sweep.exclusively():
        assert "refs/exps/aa/bb/finished" in git("for-each-ref", "refs/exps")
        assert "stash" not in git("for-each-ref", "refs/exps")
