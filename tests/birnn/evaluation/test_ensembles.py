"""Ensembles of models: their weights, fitted to held-out reviews, and their metrics."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from birnn.evaluation import calibration, ensembles, intervals, metrics, selection, summary
from birnn.evaluation.model_names import BASELINE, NETWORKS, TITLES
from birnn.evaluation.thresholds import Decision
from birnn.runtime.errors import InputError
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


def on_held_out(labels: pd.Series, log_odds: Any, decision: Decision) -> Any:
    margins = decision.margins(log_odds)
    return summary.rounded(
        {
            "holdout_accuracy": ((margins > 0) == labels).mean(),
            "holdout_rarer": metrics.class_scores(labels, margins, RARER),
            "holdout_thresholds": metrics.threshold_scores(
                labels, log_odds / decision.temperature, RARER
            ),
            "temperature": decision.temperature,
        }
    )


def test_ensemble_metrics_use_a_weight_from_held_out_reviews() -> None:
    columns = samples.predictions()
    once, test = samples.metrics(columns), pd.DataFrame(columns)
    held_out = samples.with_ensembles(pd.DataFrame(samples.predictions(seed=1)))
    names = [*TITLES, "networks", "all"]
    decisions = {name: Decision(1 + n / 10, 0.5 - n / 20) for n, name in enumerate(names)}
    measured = ensembles.add_held_out(once, held_out, test, RARER, decisions)
    for name in TITLES:
        on = on_held_out(held_out["label"], held_out[name], decisions[name])
        log_odds = columns[name] / decisions[name].temperature
        curve = calibration.reliability(columns["label"], log_odds, columns["group"])
        scaled = {
            "loss_scaled": metrics.cross_entropies(columns["label"], log_odds).mean(),
            "ece_scaled": calibration.expected_calibration_error(curve),
        }
        assert measured[name] == once[name] | on | summary.rounded(scaled)
    weight = ensembles.fit_weight(held_out)
    held_out_odds, odds = (ensembles.combine_models(table, weight) for table in (held_out, test))
    networks = test[[*NETWORKS]].mean(axis=1)
    assert odds["networks"] == pytest.approx(networks, abs=1e-6)
    both = (1 - weight) * networks + weight * test["baseline"]
    assert odds["all"] == pytest.approx(both, abs=1e-6)
    assert measured["all"].pop("baseline_weight") == round(weight, 4)
    for name in odds:
        scores, margins = measured[name], decisions[name].margins(odds[name])
        correct = (margins > 0) == test["label"]
        added = on_held_out(held_out["label"], held_out_odds[name], decisions[name])
        assert {key: scores.pop(key) for key in added} == added
        if name == "all":  # the others are as before
            assert scores.pop("threshold") == decisions[name].threshold
            interval = intervals.proportion_interval(correct.to_numpy(), columns["group"])
            assert scores.pop("accuracy_interval") == pytest.approx(interval, abs=1e-4)
            expected = metrics.compute_scores(columns["label"], odds[name], margins)
            assert scores == summary.rounded(expected)


@pytest.mark.parametrize(
    ("accuracies", "rare", "select", "best"),
    [
        ((0.8, 0.7, 0.9), 400, "auto", "networks"),
        ((0.8, 0.9, 0.9), 400, "auto", FIRST),
        ((0.9, 0.9, 0.9), 400, "auto", BASELINE),
        ((0.8, 0.7, 0.9), 399, "auto", FIRST),
        ((0.8, 0.7, 0.9), 399, "accuracy", "networks"),
        ((0.8, 0.7, 0.9), 400, "average_precision", FIRST),
        ((0.8, 0.7, 0.9), 400, BASELINE, BASELINE),
        ((), 399, "auto", BASELINE),
        ((), 400, "networks", "networks"),
    ],
)
def test_choice_of_the_cheapest_of_the_best_models(
    accuracies: Any, rare: int, select: str, best: str
) -> None:
    """Test with average precisions in the reverse order; no accuracies mean no hold-out."""
    rarer = {"train": rare} | ({"held_out": 9} if accuracies else {})
    measured: dict[str, Any] = {"corpus": {"train_reviews": 1_000, "rarer": rarer}}
    for name, accuracy in zip((BASELINE, FIRST, "networks"), accuracies or (0, 0, 0), strict=True):
        scores = {"average_precision": 1 - accuracy}
        measured[name] = {"holdout_accuracy": accuracy, "holdout_rarer": scores}
    measured |= dict.fromkeys(NETWORKS, measured[FIRST])
    assert selection.choose(measured, select)["model"] == best
    with pytest.raises(InputError, match="which is not trained"):
        selection.choose({"corpus": measured["corpus"], BASELINE: {}}, "networks")


def test_model_of_one_class_is_named() -> None:
    columns = samples.predictions(every=33)
    columns |= {name: columns[name] - 99 for name in NETWORKS}
    assert selection.one_class(samples.metrics(columns)) == [*NETWORKS, "networks"]
