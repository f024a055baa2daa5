"""Blends of models: their weights, fitted to held-out reviews, and their metrics."""

import numpy as np
import pandas as pd
import pytest

from birnn.evaluation import ensembles, metrics
from birnn.evaluation.model_names import TITLES
from birnn.networks import decision
from tests.birnn import samples


def table(reviews: int = 2_000, seed: int = 0, **noise: float) -> pd.DataFrame:
    """Return labels and the log-odds of each model, with some noise."""
    rng = np.random.default_rng(seed)
    labels = np.arange(reviews) % 2
    columns = {name: 2 * labels - 1 + rng.normal(0, noise.get(name, 2), reviews) for name in TITLES}
    columns = {name: column.astype(np.float32) for name, column in columns.items()}
    return pd.DataFrame({"label": labels.astype(np.uint8), **columns})


def test_combined_probability() -> None:
    two = [np.log([4.0]), np.log([1.0])]
    assert decision.probability(decision.combine(two)) == pytest.approx([2 / 3])  # odds of 2


def test_certain_predictions_keep_their_order() -> None:
    log_odds = np.array([17.5, 20, 30], np.float32)
    assert decision.probability(log_odds).tolist() == [1, 1, 1]
    labels = np.array([0, 1, 1], np.uint8)
    scores = metrics.compute_scores(labels, log_odds)
    assert scores["roc_auc"] == 1
    assert scores["loss"] == pytest.approx(17.5 / 3)


def test_fitted_weight_minimizes_the_loss() -> None:
    reviews = table(baseline=1)
    labels = reviews["label"].to_numpy()
    first, second = (reviews[name].to_numpy() for name in ("bigru", "baseline"))
    weight = ensembles.fit_weight(labels, first, second)
    signs = 2 * labels.astype(int) - 1
    losses = [
        np.logaddexp(0, -signs * ((1 - w) * first + w * second)).mean()
        for w in np.linspace(0, 1, 201)
    ]
    assert weight == pytest.approx(np.linspace(0, 1, 201)[int(np.argmin(losses))], abs=0.005)


def test_random_baseline_gets_no_weight() -> None:
    reviews = table()
    reviews["baseline"] = np.random.default_rng(1).normal(size=len(reviews))
    weight, _ = ensembles.fit_blends(reviews, [])
    assert weight < 0.05


def test_accurate_baseline_gets_most_weight() -> None:
    reviews = table(baseline=0.7)
    weight, (blends,) = ensembles.fit_blends(reviews, [reviews])
    assert weight > 0.7
    signs = 2 * reviews["label"].to_numpy().astype(int) - 1

    def loss(odds: np.ndarray) -> float:
        return float(np.logaddexp(0, -signs * odds).mean())

    baseline = reviews["baseline"].to_numpy()
    assert loss(blends["all"]) < loss(baseline) < loss(blends["networks"])


def test_ensemble_metrics_use_a_weight_from_held_out_reviews() -> None:
    columns = samples.predictions()
    metrics = samples.metrics(columns)
    test = pd.DataFrame(columns)
    held_out = pd.DataFrame(samples.predictions(seed=1))
    measured = ensembles.add_ensembles(metrics, held_out, test)
    for name in TITLES:
        correct = (held_out[name] > 0) == held_out["label"]
        assert measured[name]["holdout_accuracy"] == pytest.approx(correct.mean(), abs=1e-4)
        assert {key: measured[name][key] for key in metrics[name]} == metrics[name]
    blends = measured["blends"]
    assert blends["all"]["accuracy"] >= measured["bilstm"]["accuracy"]
    assert 0 <= blends["all"]["baseline_weight"] <= 1
    low, high = blends["networks"]["accuracy_interval"]
    assert low < blends["networks"]["accuracy"] < high
    other = ensembles.add_ensembles(metrics, held_out, test.assign(label=1 - test["label"]))
    assert other["blends"]["all"]["baseline_weight"] == blends["all"]["baseline_weight"]
