"""Blends of models: their weights, chosen on held-out reviews, and what they score."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit

from birnn.evaluation import decision, ensembles
from birnn.evaluation.model_names import TITLES
from tests.birnn import samples


def table(reviews: int = 2_000, seed: int = 0, **noise: float) -> pd.DataFrame:
    """Return labels and what each model says: the log-odds, and so much noise of its own."""
    rng = np.random.default_rng(seed)
    labels = np.arange(reviews) % 2
    columns = {
        name: expit(2 * labels - 1 + rng.normal(0, noise.get(name, 2), reviews)) for name in TITLES
    }
    columns = {name: column.astype(np.float32) for name, column in columns.items()}
    return pd.DataFrame({"label": labels.astype(np.uint8), **columns})


def test_the_mean_is_of_log_odds() -> None:
    two = [np.array([0.8], np.float32), np.array([0.5], np.float32)]
    assert expit(decision.mean_log_odds(two)) == pytest.approx([2 / 3])  # odds 4 and 1, mean 2


@given(st.lists(st.floats(0, 1, width=32), min_size=1))
def test_certain_models_have_log_odds_too(probabilities: list[float]) -> None:
    found = decision.log_odds(np.array(probabilities, np.float32))
    assert np.isfinite(found).all()
    assert np.abs(expit(found) - probabilities).max() < 1e-6


def test_the_weight_has_the_least_loss_on_a_fine_grid() -> None:
    reviews = table(baseline=1)
    labels = reviews["label"].to_numpy()
    first, second = (decision.log_odds(reviews[name].to_numpy()) for name in ("bigru", "baseline"))
    weight = ensembles.best_weight(labels, first, second)
    signs = 2 * labels.astype(int) - 1
    losses = [
        np.logaddexp(0, -signs * ((1 - w) * first + w * second)).mean()
        for w in np.linspace(0, 1, 201)
    ]
    assert weight == pytest.approx(np.linspace(0, 1, 201)[int(np.argmin(losses))], abs=0.005)


def test_a_baseline_that_knows_nothing_gets_no_weight() -> None:
    reviews = table()
    reviews["baseline"] = np.random.default_rng(1).random(len(reviews), np.float32)
    weight, _ = ensembles.blends(reviews, [])
    assert weight < 0.05


def test_the_weight_is_the_baselines() -> None:
    reviews = table(baseline=0.7)
    weight, (found,) = ensembles.blends(reviews, [reviews])
    assert weight > 0.7
    signs = 2 * reviews["label"].to_numpy().astype(int) - 1

    def loss(odds: np.ndarray) -> float:
        return float(np.logaddexp(0, -signs * odds).mean())

    alone = decision.log_odds(reviews["baseline"].to_numpy())
    assert loss(found["all"]) < loss(alone) < loss(found["networks"])


def test_what_is_measured_of_blends_and_the_weight_is_not_of_the_test_reviews() -> None:
    columns = samples.predictions()
    metrics = samples.metrics(columns)
    test = pd.DataFrame(columns)
    held_out = pd.DataFrame(samples.predictions(seed=1))
    found = ensembles.add_ensembles(metrics, held_out, test)
    for name in TITLES:
        right = (held_out[name] > 0.5) == held_out["label"]
        assert found[name]["holdout_accuracy"] == pytest.approx(right.mean(), abs=1e-4)
        assert {key: found[name][key] for key in metrics[name]} == metrics[name]
    blends = found["blends"]
    assert blends["all"]["accuracy"] >= found["bilstm"]["accuracy"]
    assert 0 <= blends["all"]["baseline_weight"] <= 1
    low, high = blends["networks"]["accuracy_interval"]
    assert low < blends["networks"]["accuracy"] < high
    other = ensembles.add_ensembles(metrics, held_out, test.assign(label=1 - test["label"]))
    assert other["blends"]["all"]["baseline_weight"] == blends["all"]["baseline_weight"]
