"""Ensembles of models: their weights, fitted to held-out reviews, and their metrics."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from birnn.evaluation import calibration, ensembles, intervals, metrics, selection, summary
from birnn.evaluation.model_names import BASELINE, NETWORKS, TITLES
from tests.birnn import samples

FIRST = samples.MODELS[0]


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
            "holdout_predicted_labels": [0, 1],
            "holdout_thresholds": metrics.threshold_scores(labels, log_odds / fitted),
            "temperature": fitted,
        }
    )


def test_ensemble_metrics_use_a_weight_from_held_out_reviews() -> None:
    columns = samples.predictions()
    once, test = samples.metrics(columns), pd.DataFrame(columns)
    held_out = pd.DataFrame(samples.predictions(seed=1))
    measured = ensembles.add_held_out(once, held_out, test)
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
        expected = metrics.compute_scores(columns["label"], odds[name])
        assert scores == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize(
    ("accuracies", "best"),
    [((0.8, 0.7, 0.9), "networks"), ((0.8, 0.9, 0.9), FIRST), ((0.9, 0.9, 0.9), BASELINE)],
)
def test_default_model_is_the_cheapest_of_the_best(
    accuracies: tuple[float, ...], best: str
) -> None:
    names = (BASELINE, FIRST, "networks")
    both = {"holdout_predicted_labels": [0, 1]}
    models = {
        name: both | {"holdout_accuracy": accuracies[place]} for place, name in enumerate(names)
    }
    assert selection.default_model(models) == best
    models[best]["holdout_predicted_labels"] = [0]  # useless, however accurate
    assert selection.default_model(models) != best
    assert selection.default_model({}) == "networks"
