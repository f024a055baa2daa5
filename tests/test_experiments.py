"""Test experiments, studies, searches and reviews with the real `dvc`, on small real data."""

import re
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import optuna
import pandas as pd
import psutil
import pytest
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

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
    experiments,
    run,
    set_settings,
    stages_run,
    watched,
)

pytestmark = pytest.mark.slow
on_linux = pytest.mark.skipif(
    sys.platform != "linux", reason="DVC ends with a killed command on Linux"
)

SEEDS = ("-S", "train.seed=0..1")
SEARCH = (
    *(*BIRNN, "search", "rate", "--metric", "bigru.holdout_accuracy", "--trials", "2"),
    *("-S", "train.learning_rate=log:1e-3..1e-1", "-S", "train.epochs=1"),
)


@pytest.fixture(scope="module")
def studied(finished: Path, shared: Callable[[str, Build], Path]) -> Path:
    """Return a finished clone with a study over two seeds. Do not modify it."""

    def build(folder: Path) -> None:
        copy(finished, folder)
        before = contents(folder / "metrics")
        check_output(folder, *BIRNN, "sweep", "small", *SEEDS)
        assert contents(folder / "metrics") == before
        assert check_output(folder, "git", "status", "--porcelain") == ""
        check_output(folder, *BIRNN, "study", "small")
        assert stages_run(check_output(folder, "dvc", "repro")) == []
        commit(folder)

    return shared("studied", build)


def test_study_has_all_measures_of_its_runs(studied: Path) -> None:
    rows = pd.read_csv(studied / "study" / "small" / "runs.csv")
    assert rows["name"].tolist() == ["seed-0", "seed-1"]
    metrics = read_json(studied / EVALUATION)
    for network in NETWORKS:
        for measure in ("accuracy", "precision", "parameters"):
            assert rows[f"{network}.{measure}"][0] == metrics[network][measure]
        assert (rows[f"{network}.seconds"] > 0).all()


@pytest.mark.exhaustive
def test_trainings_come_from_the_run_cache_after_a_commit_of_docs(
    studied: Path, tmp_path: Path
) -> None:
    clone = copy(studied, tmp_path / "clone")
    finished = check_output(clone, *BIRNN, "sweep", "small", *SEEDS)
    assert "2 of 2 experiments are finished" in finished  # the study in git has them
    (clone / "README.md").write_text("new")
    check_output(clone, "git", "rm", "-rq", "study/small")
    commit(clone)
    printed = check_output(clone, *BIRNN, "sweep", "small", *SEEDS)
    assert "0 of 2 experiments are finished" in printed
    assert set(stages_run(printed)) <= {"report"}
    assert sorted(experiments(clone)) == ["small--seed-0", "small--seed-1"]


def stop(project: Path, command: tuple[str, ...], until: str, number: signal.Signals) -> str:
    """Signal a command when its output has a text, wait for its end, and return its output."""
    text = re.compile(until, re.DOTALL)
    with watched(project, *command, until=lambda _, log: text.search(log)) as (process, log):
        running = process.children(recursive=True)
        assert running
        process.send_signal(number)
        assert process.wait() != 0
        # DVC and its stage end a little after a command that was killed.
        _, left = psutil.wait_procs(running, timeout=60)
        # In a container, nothing may reap processes that have lost their parent.
        assert all(process.status() == psutil.STATUS_ZOMBIE for process in left)
    return log.read_text("utf-8")


@on_linux
@pytest.mark.exhaustive
def test_killed_sweep_resumes(finished_copy: Path) -> None:
    command = (*BIRNN, "sweep", "some", "-S", "train.seed=1..3")
    training = r"\[2 of 3\].*'train_bigru'"
    stop(finished_copy, command, training, signal.SIGKILL)
    assert experiments(finished_copy) == ["some--seed-1"]
    printed = check_output(finished_copy, *command)
    assert "1 of 3 experiments are finished" in printed
    # The BiLSTM of the second experiment had been trained.
    assert stages_run(printed).count("train_bilstm") == 1
    assert stages_run(printed).count("train_bigru") == 2
    check_output(finished_copy, *BIRNN, "study", "some")
    rows = pd.read_csv(finished_copy / "study" / "some" / "runs.csv")
    assert rows["train.seed"].tolist() == [1, 2, 3]


@on_linux
@pytest.mark.exhaustive
def test_interrupted_and_killed_search_continues(finished_copy: Path) -> None:
    folder = finished_copy / ".dvc" / "tmp" / "exps" / "standalone"
    first = stop(finished_copy, SEARCH, "'train_bilstm'", signal.SIGTERM)
    assert "interrupted: run the same command again to resume" in first
    assert list(folder.glob("tmp*")) == []
    stop(finished_copy, SEARCH, "trial 1: .*'train_bilstm'", signal.SIGKILL)
    printed = check_output(finished_copy, *SEARCH)
    assert "1 of 2 trials are finished" in printed
    assert "Best of 2 trials: bigru.holdout_accuracy 0." in printed
    names = re.findall(r"(?m)^\[1 of 1\] (\S+)", first + printed)
    assert len(experiments(finished_copy)) == 2
    assert {*names} <= {*experiments(finished_copy)}
    journal = JournalFileBackend(str(finished_copy / "state" / "search" / "rate.journal"))
    (study,) = optuna.get_all_study_summaries(JournalStorage(journal))
    assert study.best_trial is not None
    assert 0.4 < study.best_trial.value < 0.9
    # The same command now only describes the results.
    assert "2 of 2 trials are finished" in check_output(finished_copy, *SEARCH)


def review_change(clone: Path, base: str) -> str:
    result = run(*BIRNN, "review", base, cwd=clone)
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
    assert re.search(r"- dvc\.lock: fails, .*stale train_bilstm.*: run make repro", text)

    # The review itself runs no stage.
    assert "train_bilstm" in stages_run(check_output(branch, "dvc", "repro"))
    commit(branch)
    text = review_change(branch, "main")
    # No study has these settings, and the nearest is on this corpus.
    noise = re.findall(r"runs of study/([\w-]+), with other ", text)
    assert len(noise) == len(NETWORKS)
    assert all(name.startswith("rotten-tomatoes") for name in noise)
    assert "- baseline: passes, unchanged" in text
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
