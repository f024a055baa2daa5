"""Test a search of settings with the real `dvc`, on small real data."""

import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from tests.projects import environment, experiments, resolve, run

pytestmark = [
    pytest.mark.exhaustive,
    pytest.mark.skipif(sys.platform != "linux", reason="DVC ends with a killed search on Linux"),
]

TRIALS = 8
SETTINGS = ("-S", "train.learning_rate=log:1e-3..1e-1", "-S", "network.dropout=0..0.7")
SEARCH = (
    "python",
    "-m",
    "birnn",
    "search",
    "rate",
    *SETTINGS,
    "--metric",
    "bigru.holdout_accuracy",
)
COMMAND = (*SEARCH, "--trials", str(TRIALS))


def kill_after(text: str, project: Path) -> None:
    """Run the search, and kill it without warning when its output contains a text."""
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
    deadline = time.monotonic() + 600
    while text not in log.read_text("utf-8"):
        assert process.poll() is None, log.read_text("utf-8")
        assert time.monotonic() < deadline, log.read_text("utf-8")
        time.sleep(0.1)
    process.kill()
    process.wait()
    time.sleep(5)  # DVC's stage notices the death of its parent


def test_killed_search_resumes(finished_copy: Path) -> None:
    kill_after(f"[{TRIALS // 2} of {TRIALS}]", finished_copy)
    result = run(*COMMAND, cwd=finished_copy)
    assert result.returncode == 0, result.stderr
    assert f"{TRIALS // 2 - 1} of {TRIALS} trials are finished" in result.stdout

    trials = pd.read_csv(finished_copy / "study" / "rate" / "trials.csv")
    assert trials["number"].tolist() == list(range(1, TRIALS + 1))
    assert not trials[["train.learning_rate", "network.dropout"]].duplicated().any()
    complete = trials[trials["state"] == "complete"]
    assert complete["epochs"].tolist() == [2] * len(complete)
    assert (trials["state"] != "fail").all()
    # Stopped trials are no experiments, and nothing else is left.
    names = [reference.rpartition("/")[2] for reference in experiments(finished_copy)]
    assert sorted(names) == sorted(complete["experiment"])
    folders = finished_copy / ".dvc" / "tmp" / "exps" / "standalone"
    assert list(folders.glob("tmp*")) == []

    tried = pd.read_csv(finished_copy / "study" / "tried.csv").tail(TRIALS)
    assert tried["held_out.bigru"].isna().sum() == (trials["state"] == "pruned").sum()

    # The same command now only describes the results.
    again = run(*COMMAND, cwd=finished_copy)
    assert f"{TRIALS} of {TRIALS} trials are finished" in again.stdout
    assert "Running stage" not in again.stdout
    text = " ".join(again.stdout.split())
    assert f"Best of {TRIALS} trials" in text
    assert "birnn sweep -S" in text
    assert " -S train.seed=1..3" in text
