"""What a search shows, from its trials and the predictions of its experiments."""

import io
from pathlib import Path

import numpy as np
import optuna
import pandas as pd
import pytest
from optuna.trial import TrialState, create_trial

from birnn.core import paths
from birnn.core.errors import InputError
from birnn.experiments import grid, runs, search, search_results
from birnn.experiments.runs import Run
from birnn.studies import store
from tests.projects import copy_settings

REVIEWS = 300
LABELS = np.arange(REVIEWS, dtype=np.uint8) % 2
CORPUS = {"name": "mine", "train_reviews": 5, "test_reviews": 4, "vocabulary": 5}
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
        study.add_trial(
            create_trial(value=accuracy, params=params, distributions=dict(chosen.space))
        )
        correct = np.random.default_rng(0).permutation(REVIEWS) < accuracy * REVIEWS
        log_odds = np.where(correct == (LABELS == 1), 1.0, -1.0)
        tables[str(number)] = pd.DataFrame({"label": LABELS, "bigru": log_odds})
        metrics = {"bigru": {"holdout_accuracy": accuracy}, "corpus": CORPUS}
        point = chosen.point(params)
        lock = {"stages": {}}
        found.append(Run(point.label, str(number), "base", point.params, metrics, lock))
    failed = {"train.learning_rate": 0.09, "network.dropout": 0.6}
    study.add_trial(
        create_trial(state=TrialState.FAIL, params=failed, distributions=dict(chosen.space))
    )
    study.enqueue_trial({})
    rows, corpus = io.BytesIO(), io.BytesIO()
    np.save(rows, np.arange(REVIEWS) + 100)
    films = [f"film {review // 3}" for review in range(REVIEWS + 200)]
    pd.DataFrame({"group": films}).to_parquet(corpus)
    files = {
        paths.HELD_OUT_ROWS.as_posix(): rows.getvalue(),
        paths.TRAIN_REVIEWS.as_posix(): corpus.getvalue(),
    }
    monkeypatch.setattr(search_results, "read_predictions", lambda run, _: tables[run.revision])
    monkeypatch.setattr(search_results, "read_output", lambda _, file: files[file])
    monkeypatch.setattr(runs, "finished", lambda _: dict(enumerate(found)))
    return search_results.collect(chosen, study)


DEFAULTS = (0.001, 0.5)


def test_better_settings_are_an_improvement(monkeypatch: pytest.MonkeyPatch) -> None:
    trials = {DEFAULTS: 0.6, (0.01, 0.5): 0.9, (0.01, 0.2): 0.89, (0.0002, 0.5): 0.5}
    trials |= {(0.02, place / 10): 0.8 + place / 1000 for place in range(7)}
    results = make_results(monkeypatch, trials)
    text = search_results.conclude(results)
    assert "train.learning_rate=0.01 and network.dropout=0.5" in text
    assert "90.00%" in text
    assert "on 300 reviews" in text
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


def test_study_has_the_finished_trials(monkeypatch: pytest.MonkeyPatch) -> None:
    trials = {DEFAULTS: 0.6, (0.01, 0.5): 0.9, (0.0002, 0.5): 0.5}
    results = make_results(monkeypatch, trials)
    study = search_results.write(results, "birnn search name")
    assert study.about.chooses
    assert study.about.varied == ["train.learning_rate", "network.dropout"]
    assert study.runs["train.learning_rate"].tolist() == [0.001, 0.01, 0.0002]
    assert study.runs["bigru.holdout_accuracy"].tolist() == [0.6, 0.9, 0.5]
    assert study.runs["name"][1] == "network-dropout-0.5-pad-validation-0.1-learning-rate-0.01"
    assert len(store.read(store.FOLDER / "tried").runs) == 3
    # The same results may be written again, but fewer are refused.
    search_results.check_replaceable(results.search, results.study)
    fewer = make_results(monkeypatch, {DEFAULTS: 0.6})
    with pytest.raises(InputError, match="study/name has results that would be lost"):
        search_results.check_replaceable(fewer.search, fewer.study)


def test_equal_trials_have_no_most_important_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    results = make_results(monkeypatch, {DEFAULTS: 0.8, (0.01, 0.5): 0.8})
    assert "matters most" not in search_results.conclude(results)


def test_experiments_must_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    results = make_results(monkeypatch, {DEFAULTS: 0.8})
    monkeypatch.setattr(runs, "finished", lambda _: {})
    with pytest.raises(InputError, match=r"were removed: 1\."):
        search_results.collect(results.search, results.study)
    failed = optuna.create_study(direction="maximize")
    with pytest.raises(InputError, match="every trial failed"):
        search_results.collect(results.search, failed)
