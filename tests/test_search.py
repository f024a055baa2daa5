"""Test a search of settings with the real `dvc`, on small real data."""

import re
import signal
import sys
from pathlib import Path

import psutil
import pytest

from birnn_lab.studies import store
from tests.projects import BIRNN, check_output, experiments, references, watched

pytestmark = [
    pytest.mark.exhaustive,
    pytest.mark.skipif(sys.platform != "linux", reason="DVC ends with a killed search on Linux"),
]

TRIALS = 2
COMMAND = (
    *(*BIRNN, "search", "rate", "--metric", "bigru.holdout_accuracy"),
    *("-S", "train.learning_rate=log:1e-3..1e-1", "-S", "network.dropout=0..0.7"),
    *("-S", "train.epochs=1", "--trials", str(TRIALS)),
)


def stop_in_training(trial: int, project: Path, number: signal.Signals) -> str:
    """Signal a search while a trial trains, wait until it has ended, and return its output."""
    training = re.compile(rf"{trial - 1} of {TRIALS} trials.*'train_bilstm'", re.DOTALL)
    with watched(project, *COMMAND, until=lambda _, log: training.search(log)) as (search, log):
        running = search.children(recursive=True)
        assert running
        search.send_signal(number)
        assert search.wait() != 0
        # DVC and its stage end a little after a search that was killed.
        _, left = psutil.wait_procs(running, timeout=60)
        # In a container, nothing may reap processes that have lost their parent.
        assert all(process.status() == psutil.STATUS_ZOMBIE for process in left)
    return log.read_text("utf-8")


def test_interrupted_and_killed_search_continues(finished_copy: Path) -> None:
    folder = finished_copy / ".dvc" / "tmp" / "exps" / "standalone"
    log = stop_in_training(1, finished_copy, signal.SIGTERM)
    assert "interrupted: run the same command again to resume" in log
    assert list(folder.glob("tmp*")) == []
    assert [name for name in references(finished_copy) if "/temp/" in name] == []
    stop_in_training(2, finished_copy, signal.SIGKILL)
    assert f"1 of {TRIALS} trials are finished" in check_output(finished_copy, *COMMAND)

    trials = store.read(finished_copy / "study" / "rate").runs
    assert len(trials) == TRIALS
    assert not trials[["train.learning_rate", "network.dropout"]].duplicated().any()
    assert trials["bigru.holdout_accuracy"].between(0.4, 0.9).all()
    names = [reference.rpartition("/")[2] for reference in experiments(finished_copy)]
    assert sorted(names) == sorted(trials["name"])

    # The same command now only describes the results.
    assert f"{TRIALS} of {TRIALS} trials are finished" in check_output(finished_copy, *COMMAND)
