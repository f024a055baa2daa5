"""Experiments of a commit, and the runs in commits and in the working tree."""

import json
from pathlib import Path

import numpy as np
import pytest

from birnn.core import paths
from birnn.evaluation.model_names import NETWORKS
from birnn.runtime import times
from birnn.runtime.errors import InputError
from birnn_lab import experiments, grid, private_apis, training_times
from birnn_lab.training_times import NGRAMS, TIMED, WORD_VECTORS
from tests.birnn_lab.repository import METRICS, add, git, write
from tests.projects import commit

pytestmark = pytest.mark.usefixtures("repository")


def test_experiments_of_a_sweep_are_those_of_this_commit() -> None:
    (point,) = grid.points(["train.seed=1", "train.epochs=3"])
    run = add("some--seed-1", point, {"bigru": {"accuracy": 0.8}}, {"a/b": "1"})
    add("other--seed-1", point)
    add("some", point)
    by_hand = add("some--mine", point, message="a message")
    found = experiments.find("some")
    assert [*found] == ["mine", "seed-1"]
    assert run.revision.startswith(found["seed-1"].revision)
    for same in (run, found["seed-1"]):
        assert same.settings == point.settings
        assert same.metrics["bigru"] == {"accuracy": 0.8}
        assert same.hashes == {"a/b": "1"}
        assert same.chosen == {"train.seed": 1, "train.epochs": 3}
    assert by_hand.chosen == {}
    assert run.read_evaluation()["corpus"] == METRICS["corpus"]
    assert run.read_predictions()["label"].tolist() == [0, 1, 0, 1]
    with pytest.raises(
        InputError, match="x of the experiment some--seed-1 cannot be read from DVC"
    ):
        run.read_output(Path("x"), json.load)
    commit(Path())
    assert experiments.find("some") == {}


def test_runs_are_read_from_commits_and_the_working_tree() -> None:
    (changed,) = grid.points(["train.epochs=3"])
    write(changed, {"bigru": {"accuracy": 0.7}})
    here, before = experiments.working_tree(), experiments.read_commit("HEAD")
    assert (here.settings["train.epochs"], before.settings["train.epochs"]) == (3, 10)
    assert (here.metrics["bigru"]["accuracy"], "bigru" in before.metrics) == (0.7, False)
    with pytest.raises(
        InputError, match=r"'nowhere' is not a commit with params\.yaml: run git fetch"
    ):
        experiments.read_commit("nowhere")
    # Metrics of older code, and none.
    paths.METRICS.write_text('{"accuracy": 1}')
    assert experiments.working_tree().metrics == {}
    paths.METRICS.unlink()
    assert experiments.working_tree().metrics == {}


@pytest.mark.parametrize("content", ["{", "stages: [1]", "stages: 1", "<<<<<<< HEAD"])
def test_damaged_files_are_named(content: str) -> None:
    Path("dvc.lock").write_text(content)
    expected = (
        "dvc.lock has a merge conflict: resolve"
        if "<" in content
        else ("dvc.lock of the working tree is not valid .*: run git checkout -- dvc.lock")
    )
    with pytest.raises(InputError, match=expected):
        _ = experiments.working_tree().hashes
    if "<" not in content:
        commit(Path())
        with pytest.raises(InputError, match=r"dvc\.lock of HEAD is not valid .*: choose another"):
            _ = experiments.read_commit("HEAD").hashes


def test_training_times_include_the_stages_before() -> None:
    seconds = {path: 2.0**place for place, path in enumerate(TIMED)}
    machine = {"processor": "A", "cores": 2, "accelerators": [], "system": "S", "python": "3"}
    (point,) = grid.points(["train.seed=1"])
    run = add("some--seed-1", point, hashes={path: f"md5 of {path}" for path in TIMED})
    assert np.isnan(training_times.measure(run)["bigru.seconds"])
    for path in TIMED:
        line = {"md5": f"md5 of {path}", "seconds": [seconds[path] / 2] * 2, "machine": machine}
        line |= {"date": "2026-12-03T10:00:00Z"}
        times.append(paths.times_file(), json.dumps(line) + "\n")
    with paths.times_file().open("a") as file:
        file.write('{"md5": "a"')  # of a killed process
    measured = training_times.measure(run)
    labels = seconds[WORD_VECTORS] + seconds["data/self_labelled"]
    before = labels + seconds[NGRAMS]
    for name in NETWORKS:
        assert measured[f"{name}.seconds"] == before + seconds[f"models/{name}"]
    assert measured["baseline.seconds"] == labels + seconds["models/baseline"]
    together = before + sum(seconds[f"models/{name}"] for name in NETWORKS)
    assert measured["networks.seconds"] == together
    assert measured["all.seconds"] == together + seconds["models/baseline"]
    assert measured["machine"] == "A (2 cores, no GPU, S, Python 3)"
    longest = max(seconds[f"models/{name}"] for name in NETWORKS)
    assert measured["started"] == f"2026-12-03T09:59:{60 - longest:02.0f}Z"


def test_private_parts_of_dvc_are_in_one_module() -> None:
    git("update-ref", private_apis.STASH, "HEAD")
    private_apis.drop_unstarted_experiments()
    assert git("for-each-ref") == f"{git('rev-parse', 'HEAD')} commit\trefs/heads/main"
    folder = Path(private_apis.__file__).parent
    code = {file.name: file.read_text("utf-8") for file in folder.rglob("*.py")}
    private = {name for name, text in code.items() if "refs/exps" in text or "import dvc." in text}
    assert private == {"private_apis.py", "experiments.py"}
    assert code["experiments.py"].count("dvc.") == code["experiments.py"].count("dvc.api") + code[
        "experiments.py"
    ].count("dvc.lock")
