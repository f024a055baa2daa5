"""Test settings of the recipes in the whole pipeline, and in prediction, explanation and export."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from birnn.core.outputs import read_json
from birnn.core.paths import EVALUATION
from birnn.evaluation.model_names import BASELINE, NETWORKS
from birnn.networks.log_odds import probability
from birnn.reviews import corpus_writer, sequences
from tests.birnn_apps.test_onnx_model import load_example
from tests.projects import BIRNN, check_output, set_settings

pytestmark = pytest.mark.exhaustive


def test_recipe_is_more_accurate_and_calibrated(finished: Path, recipes: Path) -> None:
    before, after = (read_json(folder / EVALUATION) for folder in (finished, recipes))
    for name in (*NETWORKS, BASELINE):
        assert abs(after[name]["holdout_accuracy"] - after[name]["accuracy"]) < 0.06
        assert "temperature" not in before[name]
        assert 0.1 < after[name]["temperature"] < 10
        assert after[name]["loss_scaled"] < after[name]["loss"] + 0.01
        assert name == BASELINE or after[name]["accuracy"] > before[name]["accuracy"] + 0.05


def test_recipe_predicts_explains_and_exports(recipes: Path, tmp_path: Path) -> None:
    test = pd.read_parquet(recipes / "data" / "corpus" / "test.parquet").head(50)
    evaluated = pd.read_parquet(recipes / "data" / "evaluated" / "predictions.parquet").head(50)
    file, output, model = (tmp_path / name for name in ("a.csv", "predictions.csv", "birnn.onnx"))
    test[["text"]].to_csv(file, index=False)
    networks = ("--model", "networks")
    options = ("--file", str(file), "--output", str(output))
    check_output(recipes, *BIRNN, "predict", *networks, *options)
    check_output(recipes, *BIRNN, "export", str(model), "--model", BASELINE)
    exported = load_example(tmp_path)(test["text"].tolist())
    metrics = read_json(recipes / EVALUATION)
    for predicted, names in ((pd.read_csv(output), NETWORKS), (exported, [BASELINE])):
        for name in names:
            expected = probability(evaluated[name].to_numpy() / metrics[name]["temperature"])
            assert np.asarray(predicted[name]) == pytest.approx(expected, abs=1e-6)
    assert "moving" in check_output(recipes, *BIRNN, "explain", "A fine, moving film.")


def test_self_training_labels_unlabelled_reviews(finished_copy: Path) -> None:
    def run_stages(*names: str) -> str:
        return "".join(
            check_output(finished_copy, "python", "-m", f"stages.{name}") for name in names
        )

    small = {"train.batch_size": "256", "ngrams.longest": "2", "word_vectors.reviews": "all"}
    small |= {"word_vectors.regions": "500", "word_vectors.region_epochs": "1"}
    small |= {"train.self_training": "true"}
    set_settings(finished_copy, small)
    texts = ["great, moving and funny", "dull, boring and stupid", ""]
    corpus, unlabelled = (finished_copy / "data" / name for name in ("corpus", "unlabelled"))
    corpus_writer.write_unlabelled(texts, corpus, unlabelled, "unicode")
    run_stages("train_word_vectors", "label_unlabelled", "weigh_ngrams", "train_bigru")
    ids, labels = sequences.read(finished_copy / "data" / "self_labelled" / "train")
    positive, negative, empty = labels[-3:]
    assert positive > empty > negative
    starts = np.load(finished_copy / "data" / "ngrams" / "starts.npy")
    assert len(starts) == len(ids) + 1
    assert f"baseline: {len(ids):,} reviews" in run_stages("train_baseline")
    # The setting decides, not the files.
    set_settings(finished_copy, {"train.self_training": "false"})
    assert f"baseline: {len(ids) - 3:,} reviews" in run_stages("train_baseline")
