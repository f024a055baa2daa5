"""The results of a search, from its trials and the predictions of its experiments."""

import io
import re
from dataclasses import replace
from typing import Any

import numpy as np
import optuna
import pandas as pd
import pytest
from optuna.trial import TrialState, create_trial

from birnn.core import paths
from birnn.evaluation.model_names import NETWORKS, TITLES
from birnn.runtime.errors import InputError
from birnn_lab import search, search_results
from birnn_lab.studies import store
from tests.birnn.samples import NETWORK
from tests.birnn_lab.repository import CORPUS, METRICS, add, git, make_run

REVIEWS = 300
LABELS = np.arange(REVIEWS, dtype=np.uint8) % 2
OPTIONS = ("train.learning_rate=log:1e-4..1e-1", "network.dropout=0..0.7")
DEFAULTS, BETTER = (0.001, 0.5), (0.01, 0.5)
WORSE = {(0.0001 * 2**place, 0.5): 0.5 + place / 1000 for place in range(8)}
pytestmark = pytest.mark.usefixtures("repository")


def to_bytes(table: pd.DataFrame) -> bytes:
    return bytes(table.to_parquet())


def make_search(
    accuracies: dict[Any, float],
    model: str = NETWORK,
    options: tuple[str, ...] = OPTIONS,
) -> tuple[search.Search, optuna.Study]:
    """Return a search whose trials, by their values, classify a share of the reviews."""
    chosen = search.parse("name", options, "", f"{model}.holdout_accuracy")
    study = optuna.create_study(direction="maximize")
    rows = io.BytesIO()
    np.save(rows, np.arange(REVIEWS) + 100)
    films = [f"film {review // 3}" for review in range(REVIEWS + 200)]
    files = {
        paths.HELD_OUT_ROWS.as_posix(): rows.getvalue(),
        paths.TRAIN_REVIEWS.as_posix(): to_bytes(pd.DataFrame({"group": films})),
    }
    for values, accuracy in accuracies.items():
        params = dict(zip(chosen.space, values, strict=False))
        study.add_trial(create_trial(value=accuracy, params=params, distributions=chosen.space))
        correct = np.random.default_rng(0).permutation(REVIEWS) < accuracy * REVIEWS
        log_odds = np.where(correct == (LABELS == 1), 1.0, -1.0)
        table = pd.DataFrame({"label": LABELS, **dict.fromkeys(NETWORKS, log_odds)})
        metrics = METRICS | {NETWORK: {"holdout_accuracy": accuracy}}
        run = make_run(chosen.point(params), metrics=metrics)
        add(run, files | {"data/evaluated/held_out.parquet": to_bytes(table)})
    failed = create_trial(state=TrialState.FAIL, params=chosen.defaults, distributions=chosen.space)
    study.add_trial(failed)
    study.enqueue_trial({})
    return chosen, study


def make_results(*arguments: Any) -> search_results.Results:
    return search_results.collect(*make_search(*arguments))


def test_better_settings_are_an_improvement() -> None:
    results = make_results({DEFAULTS: 0.6, BETTER: 0.9} | WORSE)
    text = search_results.conclude(results)
    for part in (
        r"Best of 12 trials: train\.learning_rate=0\.01 and network\.dropout=0\.5\. ",
        rf"accuracy of {TITLES[NETWORK]}: 90\.00% \(86\.05% to 92\.93%\), on 300 reviews\. ",
        r"The best of 10 .* is about 90\.\d\d% \(8[56]\.\d\d% to 94\.\d\d%\), [+−]0\.\d\d points",
        r"\+30\.\d\d points \(\+2\d\.\d\d to \+3\d\.\d\d\) from the defaults: an improvement",
    ):
        assert re.search(part, text), text
    assert search_results.confirmation(results) == (
        "birnn sweep -S pad.validation=0.1 -S train.learning_rate=0.01 -S network.dropout=0.5 "
        "-S pad.seed=1 -S train.seed=1..5"
    )
    best = make_results({(None,): 0.6, (1,): 0.5}, NETWORK, ("train.max_gradient_norm=null,1",))
    assert "Best of 4 trials: train.max_gradient_norm=null. " in search_results.conclude(best)
    # In a recipe, each seed has its own hold-out, even if the search had one for all trials.
    chosen = search.parse(
        "name", [*OPTIONS, "pad.seed=3"], "pooling", f"{NETWORK}.holdout_accuracy"
    )
    assert search_results.confirmation(replace(results, search=chosen)) == (
        "birnn sweep -r pooling -S train.learning_rate=0.01 -S network.dropout=0.5 "
        "-S train.seed=4..8"
    )


@pytest.mark.parametrize(
    ("options", "trials", "shown"),
    [
        (OPTIONS, {BETTER: 0.8, DEFAULTS: 0.8}, "no difference is shown"),
        (OPTIONS, WORSE | {DEFAULTS: 0.8}, "These are the defaults: no trial is better."),
    ],
)
def test_no_improvement_on_the_defaults(
    options: tuple[str, ...], trials: dict[tuple[float, float], float], shown: str
) -> None:
    text = search_results.conclude(make_results(trials, "networks", options))
    assert "Held-out accuracy of All networks: 8" in text
    assert shown in text


def test_search_without_experiments_has_no_results() -> None:
    with pytest.raises(InputError, match="every trial failed: fix the errors above"):
        make_results({})
    found = make_search({DEFAULTS: 0.6, BETTER: 0.9})
    for reference in git("for-each-ref", "--format=%(refname)", "refs/exps").split():
        git("update-ref", "-d", reference)
    with pytest.raises(InputError, match=r"of these trials were removed: 1 and 2\. Search under"):
        search_results.collect(*found)


def test_study_has_the_finished_trials() -> None:
    results = make_results({DEFAULTS: 0.6, BETTER: 0.9, (0.0002, 0.5): 0.5})
    study = search_results.write(results, "birnn search name")
    assert study.about.chooses
    assert study.about.corpus == CORPUS
    assert study.about.varied == ["train.learning_rate", "network.dropout"]
    assert study.runs["train.learning_rate"].tolist() == [0.001, 0.01, 0.0002]
    assert study.runs[f"{NETWORK}.holdout_accuracy"].tolist() == [0.6, 0.9, 0.5]
    assert study.runs["name"][1] == "network-dropout-0.5-pad-validation-0.1-learning-rate-0.01"
    assert len(store.read(store.FOLDER / "tried").runs) == 3
