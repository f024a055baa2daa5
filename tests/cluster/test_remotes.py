"""DVC remotes: a folder, and S3 from a server on this machine."""

import shutil
from pathlib import Path

import pytest

from tests.cluster.conftest import CREDENTIALS, Machines, run_on
from tests.projects import check_output, run, stages_run

pytest.importorskip("dvc_s3", reason="make cluster installs dvc-s3")
pytestmark = pytest.mark.exhaustive


def share_results(project: Path) -> None:
    """Check that another clone pulls all results from the remotes and runs nothing."""
    check_output(project, "dvc", "push", "--quiet", "--run-cache")
    check_output(project, "dvc", "exp", "run", "--quiet", "--name", "three", "-S", "train.epochs=3")
    check_output(project, "dvc", "exp", "push", "--quiet", "--run-cache", "origin", "three")
    check_output(project.parent, "git", "clone", "-q", "origin.git", "other")
    other = project.parent / "other"

    check_output(other, "dvc", "pull", "--quiet")
    assert run("dvc", "repro", "--dry", cwd=other).stdout.count("Running stage") == 0

    check_output(other, "dvc", "exp", "pull", "--quiet", "origin", "three")
    assert "three" in check_output(other, "dvc", "exp", "list", "--name-only")

    # The run cache restores what ran with these settings before, so nothing runs again.
    shutil.rmtree(other / ".dvc" / "cache")
    check_output(other, "dvc", "pull", "--quiet", "--run-cache")
    again = run("dvc", "exp", "run", "-S", "train.epochs=3", "--pull", "evaluate", cwd=other)
    assert again.returncode == 0, again.stderr
    assert not {"train_bilstm", "train_bigru"} & set(stages_run(again)), again.stdout


def test_folder_as_remote(project: Path) -> None:
    share_results(project)


def test_s3_as_remote(on_s3: Path) -> None:
    share_results(on_s3)


def test_missing_credentials_are_reported(on_s3: Path) -> None:
    no_credentials = dict.fromkeys(CREDENTIALS, "") | {"AWS_EC2_METADATA_DISABLED": "true"}
    machines = Machines()
    try:
        machines.start(HOME=str(machines.folder), **no_credentials)
        result = run_on(machines, on_s3, "-S", "train.seed=1")
    finally:
        machines.end()
    assert result.returncode == 1
    line = next(
        line for line in result.stdout.splitlines() if "seed-1" in line and " failed: " in line
    )
    assert "credentials" in line
