"""Temperature scaling: the fitted temperature, and metrics after scaling."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, log_expit
from sklearn.metrics import log_loss

from birnn.evaluation import calibration, temperature
from birnn.evaluation.model_names import TITLES
from birnn.networks import decision
from tests.birnn import samples


def calibrated(reviews: int = 20_000, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return labels and the log-odds of a calibrated model."""
    rng = np.random.default_rng(seed)
    log_odds = rng.normal(0, 2, reviews)
    return (rng.random(reviews) < expit(log_odds)).astype(np.uint8), log_odds


@pytest.mark.parametrize("true_temperature", [0.5, 1, 4])
def test_true_temperature_is_found(true_temperature: float) -> None:
    labels, log_odds = calibrated()
    fitted = temperature.fit(labels, (true_temperature * log_odds).astype(np.float32))
    assert fitted == pytest.approx(true_temperature, rel=0.05)


def test_fitted_temperature_minimizes_the_loss() -> None:
    labels, log_odds = calibrated(200)
    fitted = temperature.fit(labels, 3 * log_odds)
    grid = np.linspace(0.5, 10, 951)
    losses = [log_loss(labels, expit(3 * log_odds / value)) for value in grid]
    assert fitted == pytest.approx(grid[int(np.argmin(losses))], abs=0.01)


def test_scaling_calibrates_other_reviews_and_keeps_classes() -> None:
    fitted = temperature.fit(*(column[:1_000] for column in calibrated()))
    labels, log_odds = calibrated(seed=1)
    groups = np.arange(len(labels))
    overconfident = 4 * log_odds
    scaled = log_odds / fitted
    errors = [
        calibration.expected_calibration_error(calibration.reliability(labels, odds, groups))
        for odds in (overconfident, scaled)
    ]
    assert errors[0] > 0.1
    assert errors[1] < 0.03
    assert (decision.is_positive(overconfident) == decision.is_positive(scaled)).all()


@pytest.mark.parametrize("sign", [1, -1])
def test_temperature_is_finite_for_extreme_models(sign: int) -> None:
    labels = np.array([0, 1, 0, 1], np.uint8)
    log_odds = sign * np.array([-3.0, 2, -1, 4])  # always right, always wrong
    fitted = temperature.fit(labels, log_odds)
    bound = temperature.HIGHEST**-sign
    assert fitted == pytest.approx(bound, rel=0.01)


def test_metrics_use_a_temperature_from_held_out_reviews() -> None:
    columns = samples.predictions()
    metrics, test = samples.metrics(columns), pd.DataFrame(columns)
    held_out = pd.DataFrame(samples.predictions(seed=1))
    measured = temperature.add_scaled(metrics, held_out, test)
    for name in TITLES:
        scores = measured[name]
        assert {key: scores[key] for key in metrics[name]} == metrics[name]
        log_odds = columns[name]
        fitted = temperature.fit(held_out["label"].to_numpy(), held_out[name].to_numpy())
        assert scores["temperature"] == pytest.approx(fitted, abs=1e-4)
        signs = np.where(test["label"] == 1, 1, -1)
        loss = -log_expit(signs * log_odds / fitted).mean()
        assert scores["loss_scaled"] == pytest.approx(loss, abs=1e-3)
        curve = calibration.reliability(columns["label"], log_odds / fitted, columns["group"])
        error = calibration.expected_calibration_error(curve)
        assert scores["ece_scaled"] == pytest.approx(error, abs=1e-3)
    other = temperature.add_scaled(metrics, held_out, test.assign(label=1 - test["label"]))
    assert all(other[name]["temperature"] == measured[name]["temperature"] for name in TITLES)
