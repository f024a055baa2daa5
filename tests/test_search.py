"""Test a search of settings with the real `dvc`, on small real data."""

import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from birnn.studies import store
from tests.projects import environment, experiments, resolve, run

pytestmark = [
    pytest.mark.exhaustive,
    pytest.mark.skipif(sys.platform != "linux", reason="DVC ends with a killed search on Linux"),
]

TRIALS = 4
COMMAND = (
    *("python", "-m", "birnn", "search", "rate", "--metric", "bigru.holdout_accuracy"),
    *("-S", "train.learning_rate=log:1e-3..1e-1", "-S", "network.dropout=0..0.7"),
    *("--trials", str(TRIALS)),
)


def stop_in_training(trial: int, project: Path, number: signal.Signals) -> int:
    """Send a signal to a search while a trial trains a network, and return its exit status."""
    log = project.parent / "log.txt"
    variables = environment(warm=False)
    with log.open("w", encoding="utf-8") as output:
        process = subprocess.Popen(
            resolve(COMMAND, variables),
            cwd=project,
            env=variables,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    training = re.compile(rf"\[{trial} of {TRIALS}\].*'train_bilstm'", re.DOTALL)
    deadline = time.monotonic() + 600
    while not training.search(log.read_text("utf-8")):
        assert process.poll() is None, log.read_text("utf-8")
        assert time.monotonic() < deadline, log.read_text("utf-8")
        time.sleep(0.1)
    process.send_signal(number)
    return process.wait()


def folders(project: Path) -> list[Path]:
    """Return the temporary folders of experiments."""
    return list((project / ".dvc" / "tmp" / "exps" / "standalone").glob("tmp*"))


def test_interrupted_and_killed_search_continues(finished_copy: Path) -> None:
    assert stop_in_training(2, finished_copy, signal.SIGINT) != 0
    assert folders(finished_copy) == []
    assert stop_in_training(3, finished_copy, signal.SIGKILL) != 0
    time.sleep(5)  # DVC's stage notices the death of its parent
    result = run(*COMMAND, cwd=finished_copy)
    assert result.returncode == 0, result.stderr
    assert f"2 of {TRIALS} trials are finished" in result.stdout

    trials = store.read(finished_copy / "study" / "rate").runs
    assert len(trials) == TRIALS
    assert not trials[["train.learning_rate", "network.dropout"]].duplicated().any()
    assert trials["bigru.holdout_accuracy"].between(0.4, 0.9).all()
    assert not [name for name in map(str, trials) if name.endswith(".accuracy")]
    names = [reference.rpartition("/")[2] for reference in experiments(finished_copy)]
    assert sorted(names) == sorted(trials["name"])
    assert folders(finished_copy) == []

    # The same command now only describes the results.
    again = run(*COMMAND, cwd=finished_copy)
    assert f"{TRIALS} of {TRIALS} trials are finished" in again.stdout
    assert "Running stage" not in again.stdout
    text = " ".join(again.stdout.split())
    assert f"Best of {TRIALS} trials" in text
    assert "birnn sweep -S" in text
    assert " -S train.seed=1..3" in text
