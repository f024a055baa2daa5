"""The trainings that run, in the workspace and in experiments."""

from pathlib import Path

import pytest

from birnn.core.locks import hold_lock
from birnn.experiments.running import find_trainings
from birnn.training.live import Training, write


def training(network: str = "one", *, finished: bool = False) -> Training:
    return Training(network, "", 10, 3.42, 131.0, finished=finished, curves=[])


def test_trainings_of_workspace_and_experiments_are_found(tmp_path: Path) -> None:
    folders = {"one": ".", "two": ".dvc/tmp/exps/standalone/tmpa", "three": ".dvc/tmp/exps/tmpb"}
    for network, folder in folders.items():
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
        write(training(network, finished=True), tmp_path / folder / "live")
    assert find_trainings(tmp_path) == [training(name, finished=True) for name in folders]


def test_killed_training_is_finished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for stage in ("train_one", "label_unlabelled"):
        for _ in range(2):  # looking at the lock does not hold it
            with hold_lock(stage, patience=0):
                write(training())
                assert [found.finished for found in find_trainings()] == [False]
            assert [found.finished for found in find_trainings()] == [True]
    with hold_lock("label_unlabelled", patience=0):  # by a process that does not train it
        assert [found.finished for found in find_trainings()] == [True]
