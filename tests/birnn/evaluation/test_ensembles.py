"""Ensembles of models: their weights, fitted to held-out reviews, and their metrics."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from birnn.evaluation import calibration, ensembles, intervals, metrics, selection, summary
from birnn.evaluation.model_names import BASELINE, NETWORKS, TITLES
from tests.birnn import samples

FIRST = samples.MODELS[0]
RARER = 0  # label


def test_fitted_weight_minimizes_the_loss() -> None:
    held_out = pd.DataFrame(samples.predictions(2_000))
    labels, networks = held_out["label"], held_out[[*NETWORKS]]
    first, second = networks.mean(axis=1), held_out[BASELINE]
    grid = np.linspace(0, 1, 201)
    losses = [metrics.cross_entropies(labels, (1 - w) * first + w * second).mean() for w in grid]
    weight = ensembles.fit_weight(held_out)
    assert weight == pytest.approx(grid[np.argmin(losses)], abs=0.005)
    assert 0 <= ensembles.fit_weight(held_out.assign(baseline=-second)) < 0.001
    assert 0.999 < ensembles.fit_weight(held_out.assign(**-networks)) <= 1


def on_held_out(labels: pd.Series, log_odds: Any) -> Any:
    fitted = calibration.fit_temperature(labels, log_odds)
    return summary.rounded(
        {
            "holdout_accuracy": ((log_odds > 0) == labels).mean(),
            "holdout_rarer": metrics.class_scores(labels, log_odds, RARER),
            "holdout_thresholds": metrics.threshold_scores(labels, log_odds / fitted, RARER),
            "temperature": fitted,
        }
    )


def test_ensemble_metrics_use_a_weight_from_held_out_reviews() -> None:
    columns = samples.predictions()
    columns["label"][0] = 1  # so the rarer class is the negative one
    once, test = samples.metrics(columns), pd.DataFrame(columns)
    held_out = pd.DataFrame(samples.predictions(seed=1))
    measured = ensembles.add_held_out(once, held_out, test, RARER)
    for name in TITLES:
        expected = once[name] | on_held_out(held_out["label"], held_out[name])
        log_odds = columns[name] / expected["temperature"]
        curve = calibration.reliability(columns["label"], log_odds, columns["group"])
        scaled = {
            "loss_scaled": metrics.cross_entropies(columns["label"], log_odds).mean(),
            "ece_scaled": calibration.expected_calibration_error(curve),
        }
        assert measured[name] == expected | summary.rounded(scaled)
    weight = ensembles.fit_weight(held_out)
    held_out_odds, odds = (ensembles.combine_models(table, weight) for table in (held_out, test))
    networks = test[[*NETWORKS]].mean(axis=1)
    assert odds["networks"] == pytest.approx(networks, abs=1e-6)
    both = (1 - weight) * networks + weight * test["baseline"]
    assert odds["all"] == pytest.approx(both, abs=1e-6)
    assert measured["all"].pop("baseline_weight") == round(weight, 4)
    for name in odds:
        scores, correct = measured[name], (odds[name] > 0) == test["label"]
        interval = intervals.proportion_interval(correct.to_numpy(), columns["group"])
        assert scores.pop("accuracy_interval") == pytest.approx(interval, abs=1e-4)
        added = on_held_out(held_out["label"], held_out_odds[name])
        assert {key: scores.pop(key) for key in added} == added
        expected = metrics.compute_scores(columns["label"], odds[name], RARER)
        assert scores == summary.rounded(expected)


def measured_choices(scores: tuple[float, ...], rare: int = 500) -> dict[str, Any]:
    """Return metrics of the baseline, a network and all networks; one score goes up, one down."""
    corpus = {"train_reviews": 1_000, "rarer": {"train": rare, "held_out": 9}}
    models = {
        name: {"holdout_accuracy": score, "holdout_rarer": {"average_precision": 1 - score}}
        for name, score in zip((BASELINE, FIRST, "networks"), scores, strict=True)
    }
    return {"corpus": corpus} | dict.fromkeys(NETWORKS, models[FIRST]) | models


@pytest.mark.parametrize(
    ("scores", "best"),
    [((0.8, 0.7, 0.9), "networks"), ((0.8, 0.9, 0.9), FIRST), ((0.9, 0.9, 0.9), BASELINE)],
)
def test_default_model_is_the_cheapest_of_the_best(scores: tuple[float, ...], best: str) -> None:
    measured = measured_choices(scores)
    choice = selection.choose(measured, "auto", [])
    assert choice == {"model": best, "measure": "accuracy", "one_class": []}
    # A model that predicts one class is useless, however accurate.
    assert selection.choose(measured, "auto", [best])["model"] != best
    everything = [BASELINE, *NETWORKS, "networks"]
    assert selection.choose(measured, "auto", everything)["model"] == best


@pytest.mark.parametrize(
    ("select", "rare", "measure", "best"),
    [
        ("auto", 200, "accuracy", "networks"),
        ("auto", 199, "average_precision", BASELINE),
        ("accuracy", 199, "accuracy", "networks"),
        ("average_precision", 200, "average_precision", BASELINE),
    ],
)
def test_measure_depends_on_the_rarer_class(
    select: str, rare: int, measure: str, best: str
) -> None:
    choice = selection.choose(measured_choices((0.7, 0.8, 0.9), rare), select, [])
    assert (choice["measure"], choice["model"]) == (measure, best)


@pytest.mark.parametrize(
    ("one_class", "best"),
    [([], "networks"), (["networks"], BASELINE), (["networks", BASELINE], "networks")],
)
def test_networks_predict_without_held_out_reviews(one_class: list[str], best: str) -> None:
    corpus = {"train_reviews": 10, "rarer": {"train": 5}}
    assert selection.choose({"corpus": corpus}, "auto", one_class)["model"] == best


@pytest.mark.parametrize(("positive", "label"), [(3, 1), (5, 1), (6, 0)])
def test_rarer_class(positive: int, label: int) -> None:
    parts = {"train": {"reviews": 10, "positive": positive}, "test": {"reviews": 4, "positive": 1}}
    found = {"label": label, "train": (10 - positive, positive)[label], "test": (3, 1)[label]}
    assert selection.rarer_class(parts) == found


def test_baseline_is_chosen_if_networks_miss_a_rare_class() -> None:
    columns = samples.predictions(every=33)
    for name in NETWORKS:
        columns[name] = columns[name] - 9
    for validation in ("test", 0.2):
        measured = samples.metrics(columns, validation=validation)
        assert measured["choice"] == {
            "model": BASELINE,
            "measure": "average_precision",
            "one_class": [*NETWORKS, "networks"],
        }
