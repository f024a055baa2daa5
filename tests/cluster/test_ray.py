"""Experiments on a Ray cluster with remotes, a small real corpus, and the real `dvc` and `git`."""

import os
from pathlib import Path

import pandas as pd
import pytest

from tests.cluster.conftest import Machines, run_on
from tests.projects import BIRNN, check_output, copy, error_line, experiments, watched

pytestmark = pytest.mark.exhaustive

SEEDS = ("pair", "-S", "train.seed=1..2")
NAMES = ["pair--seed-1", "pair--seed-2"]


def test_cluster_and_local_results_are_equal(on_s3: Path, machines: Machines) -> None:
    project = on_s3
    local = copy(project, project.parent / "local")
    result = run_on(machines, project, *SEEDS)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "0 of 2 experiments are finished" in result.stdout
    assert "[2 of 2] pair--seed-" in result.stdout
    assert sorted(experiments(project)) == NAMES
    # Both machines ran experiments, and only their caches are left.
    for folder in machines.folders:
        assert (folder / "cache" / "files").is_dir()
        assert {path.name for path in folder.iterdir()} <= {"cache", "kernels"}
    check_output(local, *BIRNN, "sweep", *SEEDS)
    tables = []
    for clone in (project, local):
        check_output(clone, *BIRNN, "study", "pair")
        rows = pd.read_csv(clone / "study" / "pair" / "runs.csv")
        assert (rows["bigru.seconds"] > 0).all()
        tables.append(rows.drop(columns=rows.filter(regex="seconds$|machine|started$")))
    pd.testing.assert_frame_equal(*tables)

    # They can be applied, since their outputs were pulled too.
    check_output(project, "git", "stash", "--include-untracked")
    check_output(project, "dvc", "exp", "apply", "pair--seed-2")
    assert "Running stage" not in check_output(project, "dvc", "repro", "--dry")

    # Another clone pulls them from the remotes and runs nothing.
    other = project.parent / "other"
    check_output(project.parent, "git", "clone", "-q", "origin.git", "other")
    check_output(other, "dvc", "pull", "--quiet")
    again = run_on(machines, other, *SEEDS)
    assert again.returncode == 0, again.stderr
    assert "2 of 2 experiments are finished" in again.stdout
    assert sorted(experiments(other)) == NAMES


def test_experiment_of_a_lost_machine_restarts(project: Path, machines: Machines) -> None:
    lost = machines.folders[1]
    command = (*BIRNN, "sweep", *SEEDS, "--on", "ray", "--cpus", "1")

    def trains_there(*_: object) -> bool:
        return any(lost.glob("*/state/**/*.npz"))

    with watched(project, *command, until=trains_there, **machines.environment) as (driver, log):
        machines.kill_second_node()
        assert driver.wait(timeout=300) == 0, log.read_text("utf-8")
    on_remote = check_output(project, "dvc", "exp", "list", "--name-only", "origin").split()
    assert sorted(experiments(project)) == sorted(on_remote) == NAMES
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
