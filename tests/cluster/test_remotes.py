"""An S3 server on this machine as DVC remote."""

import shutil
from pathlib import Path

import pytest

from tests.cluster.conftest import CREDENTIALS, Machines, run_on
from tests.projects import check_output, run, stages_run

pytest.importorskip("dvc_s3", reason="make cluster installs dvc-s3")
pytestmark = pytest.mark.exhaustive


def test_another_clone_pulls_all_results_and_runs_nothing(on_s3: Path) -> None:
    change = ("-S", "baseline.ngrams=1")
    check_output(on_s3, "dvc", "push", "--quiet", "--run-cache")
    check_output(on_s3, "dvc", "exp", "run", "--quiet", "--name", "words", *change)
    check_output(on_s3, "dvc", "exp", "push", "--quiet", "--run-cache", "origin", "words")
    check_output(on_s3.parent, "git", "clone", "-q", "origin.git", "other")
    other = on_s3.parent / "other"

    check_output(other, "dvc", "pull", "--quiet")
    assert run("dvc", "repro", "--dry", cwd=other).stdout.count("Running stage") == 0

    check_output(other, "dvc", "exp", "pull", "--quiet", "origin", "words")
    assert "words" in check_output(other, "dvc", "exp", "list", "--name-only")

    # The run cache restores what ran with these settings before.
    shutil.rmtree(other / ".dvc" / "cache")
    check_output(other, "dvc", "pull", "--quiet", "--run-cache")
    again = run("dvc", "exp", "run", *change, "--pull", "evaluate", cwd=other)
    assert again.returncode == 0, again.stderr
    assert "train_baseline" not in stages_run(again), again.stdout


def test_missing_credentials_are_reported(on_s3: Path) -> None:
    no_credentials = dict.fromkeys(CREDENTIALS, "") | {"AWS_EC2_METADATA_DISABLED": "true"}
    machines = Machines()
    try:
        machines.start(HOME=str(machines.folder), **no_credentials)
        result = run_on(machines, on_s3, "-S", "train.seed=1")
    finally:
        machines.end()
    assert result.returncode == 1
    (line,) = [line for line in result.stdout.splitlines() if " failed: " in line]
    assert "credentials" in line
