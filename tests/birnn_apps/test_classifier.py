"""Loading the models that classify."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from birnn.architectures.registry import NETWORKS
from birnn.core.outputs import write_json
from birnn.core.paths import EVALUATION, HELD_OUT_PREDICTIONS, MODELS, PADDED
from birnn.evaluation.model_names import ALL_NETWORKS, BASELINE
from birnn.networks.log_odds import boundary
from birnn.runtime.errors import InputError
from birnn_apps.classifier import load_chosen
from tests.birnn import samples
from tests.birnn.predictors import small_predictor, write_project


def test_missing_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_project(tmp_path, small_predictor())
    monkeypatch.chdir(tmp_path)
    first, *_, last = NETWORKS
    shutil.rmtree(MODELS / last)
    assert load_chosen(first).models.keys() == {first}
    with pytest.raises(InputError, match=rf"models/{last} is missing or damaged .*: run dvc repro"):
        load_chosen(last)
    (PADDED / "encoding.json").write_text("{")
    with pytest.raises(InputError, match=r"one of data/padded, .* is missing or damaged"):
        load_chosen(first)
    EVALUATION.unlink()  # without it, another model would predict
    with pytest.raises(InputError, match="no models are trained here yet: for film reviews, run"):
        load_chosen(first)


def test_threshold_is_the_model_s_or_reaches_a_recall_on_held_out_reviews(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_project(tmp_path, small_predictor())
    monkeypatch.chdir(tmp_path)
    metrics = json.loads(EVALUATION.read_text())
    metrics |= {BASELINE: {"threshold": 0.2, "temperature": 2.0, "accuracy": 0.9}}
    write_json(EVALUATION, metrics | {"corpus": {"rarer": {"label": 1}}})
    columns = samples.predictions(every=20)
    labels, log_odds = columns["label"], columns[BASELINE]
    pd.DataFrame({"label": labels, BASELINE: log_odds}).to_parquet(HELD_OUT_PREDICTIONS)
    assert load_chosen(BASELINE).threshold == 0.2
    assert load_chosen(BASELINE, "0.3").threshold == 0.3
    reached = load_chosen(BASELINE, "recall=0.9").threshold
    assert ((log_odds / 2)[labels == 1] > boundary(reached)).mean() >= 0.9
    write_json(EVALUATION, {BASELINE: metrics[BASELINE]})
    with pytest.raises(InputError, match="networks is not trained: run dvc exp run"):
        load_chosen(ALL_NETWORKS)
