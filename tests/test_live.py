"""Test that a training can be watched, and that this changes no result."""

import subprocess
import time
from pathlib import Path

import pytest

from birnn.training import live
from tests.projects import check_output, contents, environment, resolve, run, set_settings

pytestmark = pytest.mark.slow

TRAIN = ("dvc", "repro", "--single-item", "--force", "train_bilstm")
BIRNN = ("python", "-m", "birnn")


def test_training_can_be_watched(finished_copy: Path) -> None:
    set_settings(finished_copy, {"train.epochs": "4", "train.batch_size": "16"})
    states: list[live.Training] = []
    variables = environment()
    with subprocess.Popen(
        resolve(TRAIN, variables), cwd=finished_copy, env=variables, stdout=subprocess.DEVNULL
    ) as training:
        while training.poll() is None:
            states += [state for state in live.find(finished_copy) if state not in states]
            time.sleep(0.1)
    assert training.returncode == 0
    states = [state for state in states if state.network == "bilstm" and state.epochs == 4]
    assert not states[0].finished
    assert any(0 < state.progress % 1 < 1 and state.seconds_left for state in states)
    assert [state.progress for state in states] == sorted(state.progress for state in states)
    assert states[-1].finished
    assert [row["epoch"] for row in states[-1].curves] == [1, 2, 3, 4] * 2
    assert "finished" in check_output(finished_copy, *BIRNN, "watch")
    assert check_output(finished_copy, "git", "status", "--short", "live") == ""

    watched = contents(finished_copy / "models" / "bilstm")
    live_folder = finished_copy / "live"
    for file in live_folder.iterdir():
        file.unlink()
    live_folder.rmdir()
    live_folder.touch()  # no file can be written in a file
    for checkpoint in (finished_copy / "state" / "bilstm").iterdir():
        checkpoint.unlink()
    result = run(*TRAIN, cwd=finished_copy)
    assert result.returncode == 0, result.stderr
    assert result.stderr.count("warning: ") == 1
    assert contents(finished_copy / "models" / "bilstm") == watched


def test_experiments_in_temporary_folders_are_found(finished_copy: Path) -> None:
    set_settings(finished_copy, {"train.epochs": "4", "train.batch_size": "16"})
    command = ("dvc", "exp", "run", "--temp", "--name", "watched", "train_bigru")
    found: list[live.Training] = []
    variables = environment()
    with subprocess.Popen(
        resolve(command, variables), cwd=finished_copy, env=variables, stdout=subprocess.DEVNULL
    ) as experiment:
        while experiment.poll() is None:
            found += [training for training in live.find(finished_copy) if training.experiment]
            time.sleep(0.1)
    assert experiment.returncode == 0
    assert {(training.experiment, training.network) for training in found} == {("watched", "bigru")}
    assert any(not training.finished for training in found)
