"""Test improved networks in the whole pipeline, and in prediction, explanation and export."""

import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import tensorflow as tf

from birnn.core.outputs import read_json
from birnn.networks.decision import probability
from birnn.text import sequences, unlabelled
from tests.projects import (
    Build,
    check_output,
    copy,
    error_line,
    new_clone,
    run,
    set_settings,
    stages_run,
)

pytestmark = pytest.mark.exhaustive

IMPROVED = {
    "pad.maxlen": "30",
    "pad.padding": "post",
    "pad.validation": "0.2",
    "word_vectors.reviews": "train",
    "word_vectors.epochs": "2",
    "ngrams.longest": "3",
    "network.pooling": "max_mean",
    "network.embedding_dropout": "0.2",
    "network.word_dropout": "0.1",
    "train.batch_size": "256",
    "train.schedule": "cosine",
    "train.clipnorm": "1",
}
TEXTS = ["A fine, moving film.", "Dull and far too long."]


@pytest.fixture(scope="module")
def improved(finished: Path, shared: Callable[[str, Build], Path]) -> Path:
    """Return a clone in which improved networks have been trained. Do not modify it."""

    def build(folder: Path) -> None:
        copy(finished, folder)
        set_settings(folder, IMPROVED)
        result = run("dvc", "repro", cwd=folder)
        assert result.returncode == 0, result.stderr
        assert "fetch" not in stages_run(result)

    return shared("improved", build)


def test_improved_networks_are_more_accurate(finished: Path, improved: Path) -> None:
    before, after = (
        read_json(folder / "metrics" / "metrics.json") for folder in (finished, improved)
    )
    for name in ("bilstm", "bigru"):
        assert after[name]["accuracy"] > before[name]["accuracy"] + 0.05
        assert abs(after[name]["holdout_accuracy"] - after[name]["accuracy"]) < 0.06
    assert "blends" not in before
    assert 0 <= after["blends"]["all"]["baseline_weight"] <= 1
    best = max(after[name]["accuracy"] for name in ("bilstm", "bigru", "baseline"))
    assert after["blends"]["all"]["accuracy"] > best - 0.01


def test_calibration_is_scaled_with_held_out_reviews(finished: Path, improved: Path) -> None:
    before, after = (
        read_json(folder / "metrics" / "metrics.json") for folder in (finished, improved)
    )
    for name in ("bilstm", "bigru", "baseline"):
        assert "temperature" not in before[name]
        assert 0.1 < after[name]["temperature"] < 10
        assert after[name]["loss_scaled"] < after[name]["loss"] + 0.01
    columns = {"curves": ("split", "validation"), "reliability": ("calibration", "scaled")}
    for table, (column, value) in columns.items():
        assert value not in set(pd.read_csv(finished / "plots" / f"{table}.csv")[column])
        assert value in set(pd.read_csv(improved / "plots" / f"{table}.csv")[column])


def predict(clone: Path, texts: list[str], folder: Path) -> pd.DataFrame:
    """Return the predictions of the networks for texts."""
    file, output = folder / "texts.jsonl", folder / "predictions.csv"
    lines = "".join(json.dumps({"text": text}) + "\n" for text in texts)
    file.write_text(lines, encoding="utf-8")
    command = ("python", "-m", "birnn", "predict", "--file", str(file))
    result = run(*command, "--output", str(output), cwd=clone)
    assert result.returncode == 0, result.stderr
    return pd.read_csv(output)


def test_improved_predict_agrees_with_evaluate(improved: Path, tmp_path: Path) -> None:
    test = pd.read_parquet(improved / "data" / "corpus" / "test.parquet").head(50)
    evaluated = pd.read_parquet(improved / "data" / "evaluated" / "predictions.parquet").head(50)
    predicted = predict(improved, test["text"].tolist(), tmp_path)
    for name in ("bilstm", "bigru"):
        assert predicted[name].to_numpy() == pytest.approx(
            probability(evaluated[name].to_numpy()), abs=1e-4
        )


def test_explain_improved_networks(improved: Path) -> None:
    result = run("python", "-m", "birnn", "explain", TEXTS[0], cwd=improved)
    assert result.returncode == 0, result.stderr
    assert "moving" in result.stdout


def test_export_agrees_with_predict(improved: Path, tmp_path: Path) -> None:
    file = tmp_path / "model.zip"
    result = run("python", "-m", "birnn", "export", str(file), cwd=improved)
    assert result.returncode == 0, result.stderr
    zipfile.ZipFile(file).extractall(tmp_path / "model")
    exported = tf.saved_model.load(str(tmp_path / "model")).signatures["serving_default"]
    predicted = exported(texts=tf.constant(TEXTS))
    expected = predict(improved, TEXTS, tmp_path)
    for name in ("bilstm", "bigru"):
        assert predicted[name].numpy() == pytest.approx(expected[name].to_numpy(), abs=1e-4)


@pytest.mark.parametrize(
    ("stage", "setting", "value"),
    [
        ("train_word_vectors", "word_vectors.reviews", "all"),
        ("label_unlabelled", "train.self_training", "true"),
    ],
)
def test_corpus_without_unlabelled_reviews_is_refused(
    finished_copy: Path, stage: str, setting: str, value: str
) -> None:
    set_settings(finished_copy, {setting: value})
    result = run("python", "-m", f"stages.{stage}", cwd=finished_copy)
    assert result.returncode == 1
    need = f"error: {setting} is {value}, but the corpus has no unlabelled reviews: set {setting}"
    assert error_line(result.stderr).startswith(need)


def test_self_training_labels_unlabelled_reviews(finished_copy: Path) -> None:
    def run_stages(*names: str) -> str:
        return "".join(
            check_output(finished_copy, "python", "-m", f"stages.{name}") for name in names
        )

    set_settings(
        finished_copy,
        {
            "train.self_training": "true",
            "train.batch_size": "256",
            "ngrams.longest": "2",
            "word_vectors.reviews": "train",
        },
    )
    vectors = finished_copy / "models" / "word_vectors" / "vectors.npy"
    run_stages("train_word_vectors")
    without_unlabelled = vectors.read_bytes()
    texts = ["great, moving and funny", "dull, boring and stupid", ""]
    unlabelled.write(texts, finished_copy / "data" / "unlabelled" / "reviews.parquet")
    run_stages("train_word_vectors")
    assert vectors.read_bytes() == without_unlabelled
    run_stages("label_unlabelled", "weigh_ngrams", "train_baseline", "train_bigru")
    padded, data = (finished_copy / "data" / name for name in ("padded", "self_labelled"))
    labelled, (ids, labels) = sequences.read(padded / "train"), sequences.read(data / "train")
    assert (ids[:-3] == labelled[0]).all()
    assert (labels[:-3] == labelled[1]).all()
    positive, negative, empty = labels[-3:]
    assert positive > empty > negative
    starts = np.load(finished_copy / "data" / "ngrams" / "starts.npy")
    assert len(starts) == len(ids) + 1
    assert f"baseline: {len(ids):,} reviews" in run_stages("train_baseline")
    # The setting decides, not the files.
    set_settings(finished_copy, {"train.self_training": "false"})
    assert f"baseline: {len(ids) - 3:,} reviews" in run_stages("train_baseline")


@pytest.mark.skipif("IMDB_ARCHIVE" not in os.environ, reason="IMDB_ARCHIVE is not set")
def test_unlabelled_imdb_reviews(tmp_path: Path) -> None:
    clone = new_clone(tmp_path / "clone", {"word_vectors.reviews": "all"})
    archive = str(Path(os.environ["IMDB_ARCHIVE"]).resolve())
    command = ("python", "-m", "stages.fetch")
    result = run(*command, cwd=clone, IMDB_ARCHIVE=archive)
    assert result.returncode == 0, result.stderr
    folder = clone / "data" / "unlabelled"
    # 270 of the 50,000 have the text of a test review, and 371 of a training review.
    assert read_json(folder / "unlabelled.json") == {"reviews": 49_359, "left_out": 641}
    assert pq.ParquetFile(folder / "reviews.parquet").metadata.num_rows == 49_359
