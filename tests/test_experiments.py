"""Test experiments, studies and reviews of a change with the real `dvc`, on small real data."""

import csv
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from birnn.core.outputs import read_json
from birnn.studies import store
from tests.projects import (
    PROJECT,
    commit,
    environment,
    error_line,
    experiment,
    experiments,
    references,
    run,
    set_settings,
    stages_run,
)

pytestmark = pytest.mark.slow

BIRNN = ("python", "-m", "birnn")
SEEDS = ("-S", "train.epochs=1", "-S", "train.seed=0..1")


on_posix = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals and paths")


def git(*arguments: str, cwd: Path) -> None:
    result = run("git", *arguments, cwd=cwd)
    assert result.returncode == 0, result.stderr


def terminate_second_experiment(command: tuple[str, ...], cwd: Path) -> str:
    """Terminate a sweep, with the effect of Ctrl-C, while its second experiment trains.

    Return the output.
    """
    log = cwd.parent / "log.txt"
    with log.open("w", encoding="utf-8") as output:
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env=environment(warm=False),
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        deadline = time.monotonic() + 300
        while "Running stage 'train_bilstm'" not in log.read_text("utf-8").partition("[2 of 2]")[2]:
            assert process.poll() is None, log.read_text("utf-8")
            assert time.monotonic() < deadline, log.read_text("utf-8")
            time.sleep(0.2)
        process.terminate()
        assert process.wait(timeout=60) != 0
    return log.read_text("utf-8")


@pytest.mark.exhaustive
@on_posix
def test_interrupted_study_resumes(finished_copy: Path) -> None:
    log = terminate_second_experiment((*BIRNN, "sweep", *SEEDS), finished_copy)
    assert "0 of 2 experiments are finished" in log
    assert "Traceback" not in log.partition("interrupted: resume with the same command")[2]
    assert list((finished_copy / ".dvc/tmp/exps/standalone").glob("tmp*")) == []
    assert [name for name in references(finished_copy) if "/temp/" in name] == []

    result = run(*BIRNN, "sweep", *SEEDS, cwd=finished_copy)
    assert result.returncode == 0, result.stderr
    assert "1 of 2 experiments are finished" in result.stdout
    assert f"[1 of 1] {experiment(finished_copy, 'epochs-1-seed-1')}" in result.stdout
    assert stages_run(result).count("train_bilstm") == 1

    result = run(*BIRNN, "sweep", *SEEDS, cwd=finished_copy)
    assert "2 of 2 experiments are finished" in result.stdout
    assert stages_run(result) == []
    assert run("git", "status", "--porcelain", cwd=finished_copy).stdout == ""

    shown = run("dvc", "exp", "show", "--md", cwd=finished_copy).stdout
    for label in ("epochs-1-seed-0", "epochs-1-seed-1"):
        assert experiment(finished_copy, label) in shown

    # The study stays valid after another commit, unless code or corpus changed.
    (finished_copy / "note.txt").write_text("a note")
    commit(finished_copy)
    result = run(*BIRNN, "study", "short", *SEEDS, cwd=finished_copy)
    assert result.returncode == 0, result.stderr
    assert "2 of 2 experiments: study/short" in result.stdout
    assert len(store.read(finished_copy / "study" / "short").runs) == 2
    with (finished_copy / "birnn" / "evaluation" / "metrics.py").open(
        "a", encoding="utf-8"
    ) as code:
        code.write("OTHER = 1\n")
    result = run(*BIRNN, "study", "short", *SEEDS, cwd=finished_copy)
    assert result.returncode == 1
    assert "error: none of these experiments is finished" in result.stderr


def test_report_includes_matching_study(finished_copy: Path) -> None:
    seeds = ("-S", "train.seed=0..1")
    result = run(*BIRNN, "sweep", *seeds, cwd=finished_copy)
    assert result.returncode == 0, result.stderr
    assert run(*BIRNN, "study", "small", *seeds, cwd=finished_copy).returncode == 0
    result = run(*BIRNN, "leaderboard", "--save", "board", cwd=finished_copy, COLUMNS="80")
    assert result.returncode == 0, result.stderr
    assert max(map(len, result.stdout.splitlines())) <= 80
    saved = store.read(finished_copy / "study" / "board").runs.set_index("name")
    first, second = (experiment(finished_copy, label) for label in ("seed-0", "seed-1"))
    assert set(saved.index) == {first, second, "workspace"}
    metrics = read_json(finished_copy / "metrics" / "metrics.json")
    for name in (first, "workspace"):
        assert saved.loc[name, "bigru.accuracy"] == metrics["bigru"]["accuracy"]
    assert (saved["bigru.seconds"] > 0).all()
    result = run("dvc", "repro", cwd=finished_copy)
    assert stages_run(result) == ["report"]
    text = (finished_copy / "report" / "report.md").read_text(encoding="utf-8")
    assert "../study/small/small.png" in text
    assert "equal-size" not in text

    # Experiments of older code stay in the leaderboard, with a mark.
    code = finished_copy / "birnn" / "evaluation" / "metrics.py"
    code.write_text(code.read_text(encoding="utf-8") + "OTHER = 1\n", encoding="utf-8")
    options = ("--where", "train.seed=1", "--csv")
    result = run(*BIRNN, "leaderboard", *options, cwd=finished_copy)
    (row,) = csv.DictReader(result.stdout.splitlines())
    assert row["name"] == f"{second} *"


RECIPES = """
plain: {title: the networks as they are, settings: {pad.validation: 0.2, train.epochs: 1}}
pooling: {title: maximum and mean, settings: {network.pooling: max_mean}}
"""


@pytest.mark.exhaustive
def test_report_includes_ladder(finished_copy: Path) -> None:
    recipes = finished_copy / "birnn" / "experiments" / "recipes.yaml"
    recipes.write_text(RECIPES, encoding="utf-8")
    listed = run(*BIRNN, "recipes", cwd=finished_copy).stdout
    options = "-S pad.validation=0.2 -S train.epochs=1 -S network.pooling=max_mean"
    assert f"pooling (adds to plain): maximum and mean\n    dvc exp run --temp {options}" in listed

    result = run(*BIRNN, "ladder", "-S", "train.seed=0..1", cwd=finished_copy)
    assert result.returncode == 1
    assert "none of these experiments is finished: run them first" in result.stderr

    result = run(*BIRNN, "sweep", "-r", "all", "-S", "train.seed=0..1", cwd=finished_copy)
    assert result.returncode == 0, result.stderr
    shown = run("dvc", "exp", "show", "--md", cwd=finished_copy).stdout
    for label in ("plain-seed-0", "pooling-seed-1"):
        assert experiment(finished_copy, label) in shown

    # The study in git has another corpus.
    ladder = (*BIRNN, "ladder", "-S", "train.seed=0..1")
    result = run(*ladder, cwd=finished_copy)
    assert "study/recipes has results that would be lost" in error_line(result.stderr)
    result = run(*ladder, "--replace", cwd=finished_copy)
    assert result.returncode == 0, result.stderr
    folder = finished_copy / "study" / "recipes"
    collected = store.read(folder)
    assert collected.runs["recipe"].tolist() == ["plain", "plain", "pooling", "pooling"]
    assert collected.blends["recipe"].tolist() == ["plain", "pooling"]
    for model in ("bilstm", "bigru", "baseline", "networks", "all"):
        assert collected.runs[f"{model}.accuracy"].between(0.4, 0.9).all()
        assert collected.runs[f"{model}.holdout_accuracy"].between(0.4, 0.9).all()
        assert (collected.runs[f"{model}.seconds"] > 0).all()
    assert "pooling" in result.stdout.partition("added to")[2]

    before = (folder / "runs.csv").read_text(encoding="utf-8")
    result = run(*BIRNN, "ladder", "-r", "pooling", "-S", "train.seed=0..1", cwd=finished_copy)
    assert result.returncode == 0, result.stderr
    assert (folder / "runs.csv").read_text(encoding="utf-8") == before

    result = run(*BIRNN, "tried", cwd=finished_copy)
    assert "4 experiments are on another corpus than study/tried: not added" in result.stdout
    shutil.rmtree(finished_copy / "study" / "tried")
    for added in (4, 0):
        result = run(*BIRNN, "tried", cwd=finished_copy)
        assert f"{added} new of 4 rows" in result.stdout, result.stderr
    logged = store.read(finished_copy / "study" / "tried").runs
    assert logged["recipe"].tolist() == ["plain", "plain", "pooling", "pooling"]
    assert logged["settings"].isna().all()
    assert (
        logged["bigru.holdout_accuracy"].tolist()
        == collected.runs["bigru.holdout_accuracy"].tolist()
    )

    result = run("dvc", "repro", cwd=finished_copy)
    assert stages_run(result) == ["code", "report"]  # the recipes are in birnn/
    markdown = (finished_copy / "report" / "report.md").read_text(encoding="utf-8")
    assert "../study/recipes/recipes.png" in markdown


@pytest.mark.exhaustive
@on_posix
def test_experiments_run_without_environment_on_path(finished_copy: Path) -> None:
    command = (sys.executable, "-m", "birnn", "sweep", "-S", "train.epochs=1")
    result = run(*command, cwd=finished_copy, PATH="/usr/bin:/bin")
    assert result.returncode == 0, result.stderr


@pytest.mark.exhaustive
@on_posix
def test_queue_worker_without_environment_fails(finished_copy: Path, tmp_path: Path) -> None:
    # The PATH has DVC, but not Python.
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("bash", "git", "sh"):
        (folder / name).symlink_to(str(shutil.which(name)))
    (folder / "dvc").symlink_to(Path(sys.executable).parent / "dvc")
    path = {"PATH": str(folder)}
    options = ("--queue", "--name", "lost", "-S", "train.epochs=1")
    assert run("dvc", "exp", "run", *options, cwd=finished_copy, **path).returncode == 0
    assert run("dvc", "queue", "start", cwd=finished_copy, **path).returncode == 0
    deadline = time.monotonic() + 120
    while "Failed" not in (status := run("dvc", "queue", "status", cwd=finished_copy).stdout):
        assert "Success" not in status, status
        assert time.monotonic() < deadline, status
        time.sleep(1)
    logs = run("dvc", "queue", "logs", "lost", cwd=finished_copy)
    assert "python -m stages.label_unlabelled, exited with 127" in logs.stdout + logs.stderr
    run("dvc", "queue", "stop", cwd=finished_copy)


@pytest.mark.parametrize(
    ("option", "expected"),
    [("train.epoch=3", "train.epoch is 3: no such setting"), ("train.epochs=0", "epochs is 0")],
)
def test_invalid_setting_stops_before_any_stage(
    finished_copy: Path, option: str, expected: str
) -> None:
    result = run(*BIRNN, "sweep", "-S", option, cwd=finished_copy)
    assert result.returncode == 1
    assert result.stderr.startswith("error: params.yaml with -S: ")
    assert expected in result.stderr
    assert stages_run(result) == []
    # DVC itself also stops, before any training.
    result = run("dvc", "exp", "run", "-S", option, cwd=finished_copy)
    assert result.returncode != 0
    assert "train_bilstm" not in stages_run(result) or expected in result.stderr


@pytest.mark.exhaustive
def test_failed_experiment_does_not_stop_others(finished_copy: Path) -> None:
    # With this learning rate, the loss soon becomes NaN.
    options = ("-S", "train.learning_rate=10,0.01", "-S", "train.optimizer=sgd")
    options += ("-S", "train.epochs=1", "-S", "baseline.min_reviews=2,100000")
    result = run(*BIRNN, "sweep", *options, cwd=finished_copy)
    assert result.returncode == 1
    error = result.stderr.splitlines()[-1]
    assert error.startswith("error: failed: ")
    assert error.count("min-reviews-100000") == 2
    again = run(*BIRNN, "sweep", *options, cwd=finished_copy)
    assert "2 of 4 experiments are finished" in again.stdout


@pytest.mark.exhaustive
def test_queued_experiments_count_as_finished(finished_copy: Path) -> None:
    options = ("--queue", "-S", "train.epochs=1", "-S", "train.seed=1,2")
    result = run("dvc", "exp", "run", *options, cwd=finished_copy)
    assert result.returncode == 0, result.stderr
    assert run("dvc", "queue", "start", cwd=finished_copy).returncode == 0
    deadline = time.monotonic() + 300
    while (status := run("dvc", "queue", "status", cwd=finished_copy).stdout).count("Success") < 2:
        assert "Failed" not in status, status
        assert time.monotonic() < deadline, status
        time.sleep(2)
    run("dvc", "queue", "stop", cwd=finished_copy)
    # Experiments of DVC's queue count as finished; an experiment of a single stage does not.
    half = ("--temp", "-S", "train.epochs=1", "-S", "train.seed=3", "train_bilstm")
    assert run("dvc", "exp", "run", *half, cwd=finished_copy).returncode == 0
    result = run(
        *BIRNN, "sweep", "-S", "train.epochs=1", "-S", "train.seed=1..3", cwd=finished_copy
    )
    assert "2 of 3 experiments are finished" in result.stdout


def review_change(clone: Path, base: str, *options: str) -> tuple[int, str]:
    """Return the exit status and the text of the review of a clone against `base`."""
    result = run(*BIRNN, "review", base, *options, cwd=clone)
    assert "Traceback" not in result.stderr, result.stderr
    return result.returncode, (clone / "review.md").read_text(encoding="utf-8")


@pytest.fixture
def branch(finished_copy: Path) -> Path:
    """Return a finished clone on a new branch."""
    git("checkout", "-q", "-b", "change", cwd=finished_copy)
    return finished_copy


def test_review_of_fewer_epochs(branch: Path) -> None:
    set_settings(branch, {"train.epochs": "1"})
    assert run("dvc", "repro", cwd=branch).returncode == 0
    commit(branch)
    status, text = review_change(branch, "main")
    # No study in git is on this corpus.
    assert status == 0
    assert "The change is **undecided**." in text
    assert text.count(".accuracy: undecided, no study over seeds") == 2
    assert "- `train.epochs`: 2 → 1" in text
    diff = run("dvc", "metrics", "diff", "--md", "--no-path", "main", cwd=branch).stdout.strip()
    assert "bilstm.loss" in diff
    assert all(line in text for line in diff.splitlines())

    # A clone without DVC's cache.
    clone = branch.parent / "other"
    git("clone", "--quiet", "--branch=change", branch.as_uri(), str(clone), cwd=branch)
    status, other = review_change(clone, "origin/main")
    assert status == 0
    # The table is wider.
    before_table = text.partition("## Metrics")[0].replace("main", "origin/main")
    assert other.startswith(before_table)


@pytest.mark.exhaustive
def test_review_over_seeds(branch: Path) -> None:
    result = run(*BIRNN, "review", "main", "--seeds", "2", cwd=branch)
    assert result.returncode == 1
    assert error_line(result.stderr).startswith("error: no study over seeds has the settings of")

    seeds = ("-S", "train.seed=0..1")
    assert run(*BIRNN, "sweep", *seeds, cwd=branch).returncode == 0
    assert run(*BIRNN, "study", "small", *seeds, cwd=branch).returncode == 0
    assert run("dvc", "repro", cwd=branch).returncode == 0
    commit(branch)
    # The same runs are found, and are no difference.
    status, text = review_change(branch, "main", "--seeds", "2")
    assert status == 0
    assert text.count(".accuracy: passes, unchanged") == 2
    assert "The study lacks the run" not in text
    kept = set(experiments(branch))
    assert len(kept) == 2
    result = run(*BIRNN, "review", "main", "--seeds", "3", cwd=branch)
    assert error_line(result.stderr).startswith("error: study/small has only 2 seeds")

    set_settings(branch, {"train.epochs": "1"})
    assert run("dvc", "repro", cwd=branch).returncode == 0
    commit(branch)
    status, text = review_change(branch, "main", "--seeds", "2")
    assert ("The change **fails**." in text) == (status == 1)
    assert text.count(", margin 1.2; drops of ") == 2
    assert "2 runs with the change are paired by seed with those of `study/small`" in text
    # The runs of the study are still there.
    assert set(experiments(branch)) > kept


def test_review_without_metric_changes(branch: Path) -> None:
    with (branch / "README.md").open("a", encoding="utf-8") as readme:
        readme.write("\nA word more.\n")
    commit(branch)
    status, text = review_change(branch, "main")
    assert status == 0
    assert "The change **passes**." in text
    assert text.count(".accuracy: passes, unchanged") == 2
    assert text.count("None changed.") == 2


def test_review_of_stale_lock_fails(branch: Path) -> None:
    set_settings(branch, {"train.epochs": "1"})
    commit(branch)
    status, text = review_change(branch, "main")
    assert status == 1
    assert "The change **fails**." in text
    assert re.search(r"- dvc\.lock: fails, stale \(.*train_bilstm.*\): run make repro", text)
    assert "- `train.epochs`: 2 → 1" in text


def test_review_does_not_compare_different_corpora(branch: Path) -> None:
    git("checkout", "-q", "-b", "imdb", cwd=branch)
    shutil.copytree(PROJECT / "metrics", branch / "metrics", dirs_exist_ok=True)
    shutil.copy(PROJECT / "dvc.lock", branch / "dvc.lock")
    commit(branch)
    git("checkout", "-q", "change", cwd=branch)
    status, text = review_change(branch, "imdb")
    assert status == 0
    assert "not comparable: the corpus changed from imdb to rotten-tomatoes\n" in text


def test_review_with_base_without_results_or_unknown_base(branch: Path) -> None:
    status, text = review_change(branch, "main~1")
    assert status == 0
    assert "not comparable: BASE has no metrics\n" in text
    result = run(*BIRNN, "review", "origin/nothing", cwd=branch)
    assert result.returncode == 1
    assert error_line(result.stderr).startswith("error: origin/nothing is not a commit")
