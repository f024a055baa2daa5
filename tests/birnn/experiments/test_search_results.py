"""What a search shows, from its trials and the predictions of its experiments."""

import io
from pathlib import Path

import numpy as np
import optuna
import pandas as pd
import pytest
from optuna.trial import TrialState, create_trial

from birnn.core.errors import InputError
from birnn.experiments import grid, runs, search, search_results
from birnn.experiments.runs import Run
from tests.projects import copy_settings

REVIEWS = 300
LABELS = np.arange(REVIEWS, dtype=np.uint8) % 2
OPTIONS = ("train.learning_rate=log:1e-4..1e-1", "network.dropout=0..0.7")


@pytest.fixture(autouse=True)
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy_settings(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(search_results.tried.dvc.api, "params_show", lambda rev: grid.read())  # noqa: ARG005


def make_results(
    monkeypatch: pytest.MonkeyPatch, accuracies: dict[tuple[float, float], float]
) -> search_results.Results:
    """Return a search whose trials (learning rate, dropout) classify a share of the reviews."""
    chosen = search.parse("name", OPTIONS, None, "bigru.holdout_accuracy")
    study = optuna.create_study(direction="maximize")
    tables, found = {}, []
    for number, (values, accuracy) in enumerate(accuracies.items()):
        params = dict(zip(chosen.space, values, strict=True))
        study.add_trial(search.finish(chosen, params, accuracy, {1: 0.5, 2: accuracy}))
        correct = np.random.default_rng(0).permutation(REVIEWS) < accuracy * REVIEWS
        log_odds = np.where(correct == (LABELS == 1), 1.0, -1.0)
        tables[str(number)] = pd.DataFrame({"label": LABELS, "bigru": log_odds})
        metrics = {"bigru": {"holdout_accuracy": accuracy}, "corpus": {"name": "mine"}}
        point = chosen.point(params)
        found.append(Run(point.label, str(number), "base", point.params, metrics))
    pruned = {"train.learning_rate": 0.09, "network.dropout": 0.6}
    study.add_trial(
        create_trial(
            state=TrialState.PRUNED,
            value=0.51,
            params=pruned,
            distributions=dict(chosen.space),
            intermediate_values={1: 0.5, 2: 0.51},
        )
    )
    rows, corpus = io.BytesIO(), io.BytesIO()
    np.save(rows, np.arange(REVIEWS) + 100)
    films = [f"film {review // 3}" for review in range(REVIEWS + 200)]
    pd.DataFrame({"group": films}).to_parquet(corpus)
    files = {search_results.ROWS: rows.getvalue(), search_results.TRAIN_REVIEWS: corpus.getvalue()}
    monkeypatch.setattr(search_results, "read_predictions", lambda run, _: tables[run.revision])
    monkeypatch.setattr(search_results, "read_output", lambda _, file: files[file])
    monkeypatch.setattr(runs, "finished", lambda _: dict(enumerate(found)))
    return search_results.collect(chosen, study)


DEFAULTS = (0.001, 0.5)


def test_better_settings_are_an_improvement(monkeypatch: pytest.MonkeyPatch) -> None:
    trials = {DEFAULTS: 0.6, (0.01, 0.5): 0.9, (0.01, 0.2): 0.89, (0.0002, 0.5): 0.5}
    results = make_results(monkeypatch, trials)
    text = search_results.conclude(results)
    assert "train.learning_rate=0.01 and network.dropout=0.5" in text
    assert "90.00%" in text
    assert "on 300 reviews" in text
    assert text.endswith("of the variance between trials.")
    assert "from the defaults: an improvement" in text
    assert "train.learning_rate matters most" in text
    command = search_results.confirmation(results)
    for option in ("train.learning_rate=0.01", "pad.validation=0.1", "train.seed=1..3"):
        assert f"-S {option}" in command
    assert "-S pad.seed=0" not in command


def test_no_difference_to_the_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    text = search_results.conclude(make_results(monkeypatch, {DEFAULTS: 0.8, (0.01, 0.5): 0.81}))
    assert "no difference is shown" in text
    text = search_results.conclude(make_results(monkeypatch, {DEFAULTS: 0.8, (0.01, 0.5): 0.7}))
    assert "no trial is better" in text


def test_files(monkeypatch: pytest.MonkeyPatch) -> None:
    trials = {DEFAULTS: 0.6, (0.01, 0.5): 0.9, (0.0002, 0.5): 0.5}
    folder = search_results.write(make_results(monkeypatch, trials))
    table = pd.read_csv(folder / "trials.csv")
    assert table["number"].tolist() == [1, 2, 3, 4]
    assert table["state"].tolist() == ["complete"] * 3 + ["pruned"]
    assert table["value"].tolist() == [0.6, 0.9, 0.5, 0.51]
    assert table["epochs"].tolist() == [2] * 4
    assert table["network.dropout"].tolist() == [0.5, 0.5, 0.5, 0.6]
    assert table["experiment"][1] == "network-dropout-0.5-pad-validation-0.1-learning-rate-0.01"
    shares = pd.read_csv(folder / "importance.csv")
    assert shares["setting"].tolist() == ["train.learning_rate", "network.dropout"]
    assert shares["importance"].sum() == pytest.approx(1)
    for name in ("history.png", "importance.png"):
        assert (folder / name).read_bytes().startswith(b"\x89PNG")
    log = pd.read_csv("study/tried.csv", keep_default_na=False)
    stopped = log[log["source"].str.contains("stopped after epoch 2")]
    assert stopped["held_out.bigru"].tolist() == [""]
    assert "learning_rate=0.09" in stopped["command"].item()
    assert len(log) == 4
    search_results.write(make_results(monkeypatch, trials))
    assert len(pd.read_csv("study/tried.csv")) == 4


def test_importance_is_on_the_scale_of_the_search() -> None:
    chosen = search.parse("name", OPTIONS, None, "bigru.holdout_accuracy")
    study = optuna.create_study(direction="maximize")
    rng = np.random.default_rng(0)
    for _ in range(40):
        # Only small learning rates matter, which are a small part of a linear scale.
        rate, dropout = 10 ** rng.uniform(-4, -1), rng.uniform(0, 0.7)
        value = 0.5 + 0.3 * (rate > 0.001) + 0.1 * dropout
        params = {"train.learning_rate": float(rate), "network.dropout": float(dropout)}
        study.add_trial(search.finish(chosen, params, float(value), {}))
    shares = search_results.importances(chosen, study)
    assert shares["train.learning_rate"] > 0.9
    assert list(shares) == ["train.learning_rate", "network.dropout"]


def test_trials_without_difference_have_no_importance(monkeypatch: pytest.MonkeyPatch) -> None:
    results = make_results(monkeypatch, {DEFAULTS: 0.8, (0.01, 0.5): 0.8})
    assert search_results.importances(results.search, results.study) == {}
    assert "matters most" not in search_results.conclude(results)
    search_results.write(results)


def test_experiments_must_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    results = make_results(monkeypatch, {DEFAULTS: 0.8})
    monkeypatch.setattr(runs, "finished", lambda _: {})
    with pytest.raises(InputError, match=r"were removed: 1\."):
        search_results.collect(results.search, results.study)
    failed = optuna.create_study(direction="maximize")
    with pytest.raises(InputError, match="every trial failed"):
        search_results.collect(results.search, failed)
