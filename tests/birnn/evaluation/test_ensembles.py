"""Blends of models: their weights, fitted to held-out reviews, and their metrics."""

import numpy as np
import pandas as pd
import pytest

from birnn.evaluation import ensembles, intervals, metrics
from birnn.evaluation.model_names import BASELINE, NETWORKS, TITLES
from tests.birnn import samples


def test_fitted_weight_minimizes_the_loss() -> None:
    columns = samples.predictions(2_000)
    labels, first, second = (columns[name] for name in ("label", samples.MODELS[0], BASELINE))
    grid = np.linspace(0, 1, 201)
    losses = [metrics.cross_entropies(labels, (1 - w) * first + w * second).mean() for w in grid]
    weight = ensembles.fit_weight(labels, first, second)
    assert weight == pytest.approx(grid[np.argmin(losses)], abs=0.005)
    assert 0 <= ensembles.fit_weight(labels, first, -second) < 0.001
    assert 0.999 < ensembles.fit_weight(labels, -first, second) <= 1


def test_ensemble_metrics_use_a_weight_from_held_out_reviews() -> None:
    columns = samples.predictions()
    once, test = samples.metrics(columns), pd.DataFrame(columns)
    held_out = pd.DataFrame(samples.predictions(seed=1))
    measured = ensembles.add_ensembles(once, held_out, test)
    for name in TITLES:
        correct = (held_out[name] > 0) == held_out["label"]
        assert measured[name] == once[name] | {"holdout_accuracy": round(correct.mean(), 4)}
    weight, (held_out_blends, blends) = ensembles.fit_blends(held_out, [held_out, test])
    networks = test[[*NETWORKS]].mean(axis=1)
    assert blends["networks"] == pytest.approx(networks, abs=1e-6)
    both = (1 - weight) * networks + weight * test["baseline"]
    assert blends["all"] == pytest.approx(both, abs=1e-6)
    assert measured["blends"]["all"].pop("baseline_weight") == round(weight, 4)
    for name, scores in measured["blends"].items():
        correct = (blends[name] > 0) == test["label"]
        interval = intervals.proportion_interval(correct.to_numpy(), columns["group"])
        assert scores.pop("accuracy_interval") == pytest.approx(interval, abs=1e-4)
        held_out_correct = (held_out_blends[name] > 0) == held_out["label"]
        assert scores.pop("holdout_accuracy") == round(held_out_correct.mean(), 4)
        expected = metrics.compute_scores(columns["label"], blends[name])
        assert scores == pytest.approx(expected, abs=1e-4)
