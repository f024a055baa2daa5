"""Test experiments, studies and reviews of a change with the real `dvc`, on small real data."""

import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from birnn.core.outputs import read_json
from birnn.core.paths import EVALUATION
from birnn.evaluation.model_names import NETWORKS
from tests.projects import (
    BIRNN,
    Build,
    check_output,
    commit,
    contents,
    copy,
    experiment,
    experiments,
    run,
    set_settings,
    stages_run,
)

pytestmark = pytest.mark.slow

SEEDS = ("-S", "train.seed=0..1")


@pytest.fixture(scope="module")
def studied(finished: Path, shared: Callable[[str, Build], Path]) -> Path:
    """Return a finished clone with a study over two seeds. Do not modify it."""

    def build(folder: Path) -> None:
        copy(finished, folder)
        before = contents(folder / "metrics")
        check_output(folder, *BIRNN, "sweep", *SEEDS)
        assert contents(folder / "metrics") == before
        assert check_output(folder, "git", "status", "--porcelain") == ""
        check_output(folder, *BIRNN, "study", "small", *SEEDS)
        assert stages_run(check_output(folder, "dvc", "repro")) == []
        commit(folder)

    return shared("studied", build)


def test_study_has_all_measures_of_its_runs(studied: Path) -> None:
    rows = pd.read_csv(studied / "study" / "small" / "runs.csv")
    assert rows["name"].tolist() == [experiment(studied, f"seed-{seed}") for seed in (0, 1)]
    metrics = read_json(studied / EVALUATION)
    for network in NETWORKS:
        for measure in ("accuracy", "precision", "parameters"):
            assert rows[f"{network}.{measure}"][0] == metrics[network][measure]
        assert (rows[f"{network}.seconds"] > 0).all()


def review_change(clone: Path, base: str, *options: str) -> str:
    result = run(*BIRNN, "review", base, *options, cwd=clone)
    assert "Traceback" not in result.stderr, result.stderr
    text = (clone / "review.md").read_text(encoding="utf-8")
    assert result.returncode == ("The change **fails**." in text)
    return text


def test_review_of_a_change(finished_copy: Path) -> None:
    branch = finished_copy
    check_output(branch, "git", "checkout", "-q", "-b", "change")
    set_settings(branch, {"train.epochs": "1"})
    commit(branch)
    text = review_change(branch, "main")
    assert "The change **fails**." in text
    assert re.search(r"- dvc\.lock: fails, stale \(.*train_bilstm.*\): run make repro", text)

    # The review itself runs no stage.
    assert "train_bilstm" in stages_run(check_output(branch, "dvc", "repro"))
    commit(branch)
    text = review_change(branch, "main")
    # No study in git is on this corpus.
    assert "The change is **undecided**." in text
    assert text.count(".accuracy: undecided, no study over seeds") == len(NETWORKS)
    assert "- `train.epochs`: 2 → 1" in text
    diff = check_output(branch, "dvc", "metrics", "diff", "--md", "--no-path", "main").strip()
    assert all(line in text for line in diff.splitlines())

    # A clone without DVC's cache.
    clone = branch.parent / "other"
    check_output(branch, "git", "clone", "-q", "--branch=change", branch.as_uri(), str(clone))
    other = review_change(clone, "origin/main")
    # The table is wider.
    before_table = text.partition("## Metrics")[0].replace("main", "origin/main")
    assert other.startswith(before_table)
    text = review_change(clone, "origin/main~1")
    assert "not comparable: BASE has no metrics\n" in text


@pytest.mark.exhaustive
def test_review_over_seeds(studied: Path, tmp_path: Path) -> None:
    branch = copy(studied, tmp_path / "branch")
    check_output(branch, "git", "checkout", "-q", "-b", "change")
    # The same runs are found, and are no difference.
    text = review_change(branch, "main", "--seeds", "2")
    assert text.count(".accuracy: passes, unchanged") == len(NETWORKS)
    kept = set(experiments(branch))
    assert len(kept) == 2

    set_settings(branch, {"train.epochs": "1"})
    check_output(branch, "dvc", "repro")
    commit(branch)
    text = review_change(branch, "main", "--seeds", "2")
    assert text.count(", margin 1.2; drops of ") == len(NETWORKS)
    assert "2 runs with the change are paired by seed with the runs of `study/small`" in text
    # The runs of the study are still there.
    assert set(experiments(branch)) > kept
