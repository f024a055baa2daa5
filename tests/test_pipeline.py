"""Test the pipeline with the real `dvc` in a clone, on small real data."""

import csv
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from birnn.core.outputs import read_json, write_json
from birnn.core.paths import EVALUATION
from birnn.core.yaml_files import read_yaml
from birnn.evaluation.model_names import BASELINE, NETWORKS
from birnn.reviews import corpus_reader, sequences
from tests.projects import (
    AFTER_TRAINING,
    NO_NETWORK,
    SMALL,
    STAGES,
    check_output,
    contents,
    error_line,
    new_clone,
    run,
    set_settings,
    stages_run,
)

pytestmark = pytest.mark.slow

TRAININGS = [f"train_{name}" for name in NETWORKS]
PLOTS = ("confusion", "curves", "influence", "precision_recall", "roc")
FIGURES = ("accuracy", "influence", "lengths", "loss", "reliability")


def test_whole_pipeline(finished: Path) -> None:
    metrics = read_json(finished / EVALUATION)
    assert list(metrics)[:-3] == ["corpus", *NETWORKS, BASELINE]
    assert metrics["corpus"]["name"] == "rotten-tomatoes"
    assert metrics["corpus"]["train_reviews"] + metrics["corpus"]["test_reviews"] == 12_808
    # Embedding, two directions of a GRU with two bias vectors, and one output unit.
    assert metrics["bigru"]["parameters"] == 500 * 4 + 2 * 3 * 3 * (4 + 3 + 2) + 7
    for network in NETWORKS:
        with (finished / "models" / network / "history.csv").open(encoding="utf-8") as rows:
            last = list(csv.DictReader(rows))[-1]
        # Validation uses the test split, so both scores must agree.
        assert metrics[network]["accuracy"] == pytest.approx(float(last["val_accuracy"]), abs=1e-4)
        assert metrics[network]["loss"] == pytest.approx(float(last["val_loss"]), abs=1e-4)
    predicted = pd.read_parquet(finished / "data" / "evaluated" / "predictions.parquet")
    for model in (*NETWORKS, BASELINE):
        correct = (predicted[model] > 0) == predicted["label"]
        assert metrics[model]["accuracy"] == pytest.approx(correct.mean(), abs=5e-5)
    overlap = read_json(finished / "data" / "corpus" / "corpus.json")["overlap"]
    assert metrics["baseline"]["by_overlap"][1]["reviews"] == overlap > 0
    assert "of Rotten Tomatoes film reviews" in (finished / "report" / "report.html").read_text()
    report = (finished / "report" / "report.md").read_text(encoding="utf-8")
    assert "| groups, such as films or equal texts | 252 | 256 |" in report
    assert "`bad`" in report


def test_experiment_runs_affected_stages_and_can_be_compared(finished_copy: Path) -> None:
    output = check_output(finished_copy, "dvc", "exp", "run", "-S", "train.epochs=3")
    # The first stage reads the setting, but writes nothing without self-training.
    assert stages_run(output) == ["label_unlabelled", *TRAININGS, *AFTER_TRAINING]

    metrics = check_output(finished_copy, "dvc", "metrics", "diff", "--md")
    rows = [line for line in metrics.splitlines() if line.startswith("| metrics/metrics.json")]
    assert any("bilstm.loss" in row for row in rows)
    assert any("accuracy_difference" in row for row in rows)
    assert 10 < len(rows) <= 40

    plots = json.loads(check_output(finished_copy, "dvc", "plots", "diff", "HEAD", "--json"))
    files = [f"plots/{name}.csv" for name in PLOTS]
    assert set(plots["data"]) == {*files, *(f"plots/{name}.png" for name in FIGURES)}
    for file in files:
        specification = json.dumps(plots["data"][file][0]["content"])
        assert "<DVC_METRIC" not in specification
        for shown in ("workspace", "HEAD", "rotten-tomatoes", "bilstm", "bigru"):
            assert shown in specification

    # Going back restores all stages with a run cache.
    output = check_output(finished_copy, "dvc", "exp", "run", "-S", "train.epochs=2")
    assert stages_run(output) == ["report"]


def test_edits_run_only_stages_whose_results_they_can_change(finished_copy: Path) -> None:
    others = ("__pycache__/new.pyc", "files.py~", "files.py.orig", ".files.py.swp", ".DS_Store")
    for folder in ("birnn/core", "stages", "data/own"):
        (finished_copy / folder / "__pycache__").mkdir(exist_ok=True)
        for name in others:
            (finished_copy / folder / name).touch()
    assert stages_run(check_output(finished_copy, "dvc", "repro")) == []
    # The outputs stay the same, so only stages that name the edited file run.
    for edited, stages in {
        "birnn_lab/sweep.py": [],
        "birnn/runtime/times.py": [],
        "birnn_apps/predict.py": [],
        "birnn/report/templates/page.html.j2": ["report"],
        "birnn/sources/settings.py": ["fetch", "fetch_unlabelled"],
        "birnn/baseline/baseline.py": ["label_unlabelled", "train_baseline", "evaluate"],
        "birnn/architectures/bigru.py": ["label_unlabelled", "train_bigru", *AFTER_TRAINING],
        "birnn/training/optimization.py": ["label_unlabelled", *TRAININGS],
        "birnn/networks/pooling.py": ["label_unlabelled", *TRAININGS, *AFTER_TRAINING],
    }.items():
        with (finished_copy / edited).open("a", encoding="utf-8") as code:
            code.write("\n")
        assert sorted(stages_run(check_output(finished_copy, "dvc", "repro"))) == sorted(stages)
    set_settings(finished_copy, {"csv.encoding": "cp1252"})
    output = check_output(finished_copy, "dvc", "repro")
    assert stages_run(output) == ["fetch", "fetch_unlabelled", "report"]


def test_stale_lock_is_named(finished_copy: Path) -> None:
    command = ("make", "--assume-old", ".venv/.complete", "fresh")
    (finished_copy / ".venv").mkdir()
    (finished_copy / ".venv" / ".complete").touch()
    assert "dvc.lock is fresh" in check_output(finished_copy, *command)
    shutil.rmtree(finished_copy / "models")
    with (finished_copy / "stages" / "pad.py").open("a", encoding="utf-8") as code:
        code.write("# A comment.\n")
    stale = run(*command, cwd=finished_copy)
    assert stale.returncode != 0
    assert "stale: pad" in stale.stdout
    for folder in ("data/corpus", "data/padded"):  # as in a clone
        shutil.rmtree(finished_copy / folder)
    assert "stale: " in run(*command, cwd=finished_copy).stdout
    (finished_copy / "dvc.yaml").write_text("<<<<<<< HEAD")
    assert run(*command, cwd=finished_copy).returncode != 0


def test_stages_are_restored_from_run_cache(finished_copy: Path) -> None:
    shutil.rmtree(finished_copy / "models")
    (finished_copy / "dvc.lock").unlink()
    result = run("dvc", "repro", cwd=finished_copy)
    assert result.returncode == 0, result.stderr
    assert "WARNING" not in result.stderr  # such as DVC's for an empty folder
    # DVC has no run cache for outputs with `persist`, and none for the files of the report.
    assert stages_run(result.stdout) == ["fetch", "pad", "report"]


def test_experiments_need_no_data_of_the_last_commit(finished_copy: Path) -> None:
    for folder in (".dvc/cache/files", ".dvc/cache/runs", "data/padded"):
        shutil.rmtree(finished_copy / folder)
    command = ("dvc", "exp", "run", "--temp", "-S", "pad.maxlen=9", "-S")
    for seed in (1, 2):  # the second one restores stages of the first
        output = check_output(finished_copy, *command, f"train.seed={seed}", "weigh_ngrams")
    assert "Stage 'train_word_vectors' is cached" in output


def test_every_stage_checks_its_settings_first(clone: Path) -> None:
    sections = read_yaml(clone / "params.yaml")
    write_json(clone / "params.yaml", dict.fromkeys(sections, 1))
    for stage in STAGES:
        result = run("python", "-m", f"stages.{stage}", cwd=clone)
        assert result.returncode == 1
        assert re.match(r"error: params\.yaml: \w+ is 1: ", error_line(result.stderr)), stage
    write_json(clone / "params.yaml", sections | {"report": {"select": "auto"}})
    for stage in ("evaluate", "report"):
        result = run("python", "-m", f"stages.{stage}", cwd=clone)
        assert "report.equivalence is missing" in error_line(result.stderr)
    write_json(clone / "params.yaml", sections | {"other": {}})
    for stage in STAGES:
        result = run("python", "-m", f"stages.{stage}", cwd=clone)
        assert result.returncode == 1
        assert ": other: no such section; choose from " in error_line(result.stderr)
    verbose = run("python", "-m", "stages.pad", "--verbose", cwd=clone)
    assert verbose.returncode == 1
    assert "Traceback" in verbose.stderr


def test_unreachable_source_keeps_the_corpus(finished_copy: Path) -> None:
    before = contents(finished_copy / "data" / "corpus")
    set_settings(finished_copy, {"fetch.source": "imdb", "fetch.offline": "null"})
    result = run("dvc", "repro", cwd=finished_copy, **NO_NETWORK)
    assert "cannot be reached" in error_line(result.stderr)
    assert contents(finished_copy / "data" / "corpus") == before


@pytest.mark.exhaustive
def test_fallback_corpus_is_named_everywhere(tmp_path: Path) -> None:
    clone = new_clone(tmp_path / "clone", SMALL | {"fetch.source": "imdb", "train.epochs": "1"})
    result = run("dvc", "repro", cwd=clone, **NO_NETWORK)
    assert result.returncode == 0, result.stderr
    assert result.stderr.count("! WARNING: imdb could not be reached.") == 2
    assert result.stderr.count("fallback corpus rotten-tomatoes.") == 2
    assert "Fallback corpus." in (clone / "report" / "report.md").read_text(encoding="utf-8")
    # DVC considers the corpus up to date. The command in the warning tries again.
    assert stages_run(check_output(clone, "dvc", "repro")) == []
    command = re.search(r"(dvc repro --force \S+ fetch) && dvc repro", result.stderr)
    assert command
    output = check_output(clone, *command[1].split(), **NO_NETWORK)
    assert stages_run(output) == ["fetch"]
    assert stages_run(check_output(clone, "dvc", "repro")) == []


def test_review_texts_stay_out_of_git(finished: Path, tmp_path: Path) -> None:
    texts = pd.read_parquet(finished / "data" / "evaluated" / "mistakes.parquet")["text"]
    long = texts[texts.str.len() > 40]
    assert len(long) > 50
    (tmp_path / "texts").write_text("\n".join(long), encoding="utf-8")
    tracked = run("git", "grep", "-lFf", str(tmp_path / "texts"), cwd=finished)
    assert tracked.returncode == 1, tracked.stdout


def test_baseline_and_networks_use_same_training_reviews(finished_copy: Path) -> None:
    set_settings(finished_copy, {"pad.validation": "0.2"})
    check_output(finished_copy, "python", "-m", "stages.pad")
    printed = check_output(finished_copy, "python", "-m", "stages.train_baseline")
    padded = finished_copy / "data" / "padded"
    rows, held_out = (np.load(padded / name / "rows.npy") for name in ("train", "validation"))
    assert f"baseline: {len(rows):,} reviews" in printed
    labels = corpus_reader.column(finished_copy / "data" / "corpus" / "train.parquet", "label")
    assert (labels[rows] == sequences.read(padded / "train")[1]).all()
    assert sorted([*rows, *held_out]) == list(range(len(labels)))
