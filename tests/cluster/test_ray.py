"""Experiments on a Ray cluster with remotes, a small real corpus, and the real `dvc` and `git`."""

import json
import os
import re
import socket
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.cluster.conftest import Machines, run_on
from tests.projects import BIRNN, check_output, copy, error_line, experiment, experiments, watched

pytestmark = pytest.mark.exhaustive

SEEDS = ("-S", "train.seed=1..2")
LABELS = ["seed-1", "seed-2"]


def labels(project: Path) -> list[str]:
    """Return the labels of the experiments of all commits, with duplicates."""
    return sorted(re.sub("^.*/|-[0-9a-f]{7}$", "", name) for name in experiments(project))


def metrics(project: Path, label: str) -> dict[str, Any]:
    name = experiment(project, label)
    reference = next(each for each in experiments(project) if each.endswith(f"/{name}"))
    return json.loads(check_output(project, "git", "show", f"{reference}:metrics/metrics.json"))


def test_cluster_and_local_results_are_equal(on_s3: Path, machines: Machines) -> None:
    project = on_s3
    local = copy(project, project.parent / "local")
    result = run_on(machines, project, *SEEDS)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "0 of 2 experiments are finished" in result.stdout
    assert "[2 of 2] seed-" in result.stdout
    assert labels(project) == LABELS
    # Both machines ran experiments, and only their caches and locks are left.
    for folder in machines.folders:
        assert (folder / "cache" / "files").is_dir()
        assert {path.name for path in folder.iterdir()} == {
            "cache",
            f"cores-{socket.gethostname()}",
        }
    check_output(local, *BIRNN, "sweep", "-S", "train.seed=1")
    assert metrics(project, "seed-1") == metrics(local, "seed-1")

    # They can be applied, since their outputs were pulled too.
    check_output(project, "dvc", "exp", "apply", experiment(project, "seed-2"))
    assert "Running stage" not in check_output(project, "dvc", "repro", "--dry")

    # Another clone pulls them from the remotes and runs nothing.
    other = project.parent / "other"
    check_output(project.parent, "git", "clone", "-q", "origin.git", "other")
    check_output(other, "dvc", "pull", "--quiet")
    again = run_on(machines, other, *SEEDS)
    assert again.returncode == 0, again.stderr
    assert "2 of 2 experiments are finished" in again.stdout
    assert labels(other) == LABELS


def test_search_restarts_the_trial_of_a_lost_machine(project: Path, machines: Machines) -> None:
    lost = machines.folders[1]
    settings = ("-S", "train.learning_rate=log:1e-3..1e-1", "--metric", "bigru.holdout_accuracy")
    command = (*BIRNN, "search", "rate", *settings, "--trials", "2", "--on", "ray", "--cpus", "1")

    def trains_there(*_: object) -> bool:
        return any(lost.glob("*/state/**/*.npz"))

    with watched(project, *command, until=trains_there, **machines.environment) as (driver, log):
        machines.kill_second_node()
        assert driver.wait(timeout=300) == 0, log.read_text("utf-8")
    trials = pd.read_csv(project / "study" / "rate" / "runs.csv")
    assert len(trials) == 2
    assert not trials["train.learning_rate"].duplicated().any()
    names = [reference.rpartition("/")[2] for reference in experiments(project)]
    on_remote = check_output(project, "dvc", "exp", "list", "--name-only", "origin").split()
    assert sorted(trials["name"]) == sorted(names) == sorted(on_remote)
    # No process of the lost machine still runs.
    assert not [
        cwd for cwd in Path("/proc").glob("[0-9]*/cwd") if str(lost) in os.path.realpath(cwd)
    ]


def test_missing_token_is_an_error(project: Path, machines: Machines) -> None:
    variables = {"RAY_AUTH_TOKEN": "", "RAY_AUTH_TOKEN_PATH": "/nowhere"}
    result = run_on(machines, project, *SEEDS, **variables)
    assert result.returncode == 1
    address = machines.environment["RAY_ADDRESS"]
    assert f"cannot connect to Ray at {address}: " in error_line(result.stderr)
