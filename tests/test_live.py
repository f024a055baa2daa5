"""Test that a training can be watched, in the workspace or in the folder of an experiment."""

import subprocess
import time
from pathlib import Path

import pytest

from birnn.experiments import running
from tests.projects import environment, resolve, set_settings

pytestmark = pytest.mark.slow


def test_training_of_an_experiment_can_be_watched(finished_copy: Path) -> None:
    set_settings(finished_copy, {"train.batch_size": "8"})
    command = ("dvc", "exp", "run", "--temp", "--name", "watched", "train_bilstm")
    states = running.find_trainings(finished_copy)
    variables = environment()
    with subprocess.Popen(
        resolve(command, variables), cwd=finished_copy, env=variables, stdout=subprocess.DEVNULL
    ) as experiment:
        while experiment.poll() is None:
            found = running.find_trainings(finished_copy)
            states += [state for state in found if state not in states]
            time.sleep(0.05)
    assert experiment.returncode == 0
    states = [state for state in states if state.experiment]
    assert {(state.experiment, state.network) for state in states} == {("watched", "bilstm")}
    assert not states[0].finished
    assert any(0 < state.progress % 1 < 1 and state.seconds_left for state in states)
    # The progress within an epoch is an estimate until the first validation has ended.
    epochs = [int(state.progress) for state in states]
    assert epochs == sorted(epochs)
