"""Temperature scaling: the fitted temperature, and metrics after scaling."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from birnn.evaluation import calibration, metrics, temperature
from birnn.evaluation.model_names import TITLES
from tests.birnn import samples


def test_fitted_temperature_minimizes_the_loss() -> None:
    rng = np.random.default_rng(0)
    log_odds = rng.normal(0, 2, 20_000)
    labels = (rng.random(20_000) < expit(log_odds)).astype(np.uint8)
    fitted = temperature.fit_temperature(labels, 4 * log_odds)
    assert fitted == pytest.approx(4, rel=0.05)
    temperatures = (0.99 * fitted, fitted, 1.01 * fitted)
    losses = [metrics.cross_entropies(labels, 4 * log_odds / x).mean() for x in temperatures]
    assert min(losses) == losses[1]


@pytest.mark.parametrize(("sign", "expected"), [(1, 1.0), (-1, 100.0)])
def test_temperature_is_finite_for_extreme_models(sign: int, expected: float) -> None:
    log_odds = sign * np.array([-3.0, 2, -1, 4])  # always right, always wrong
    fitted = temperature.fit_temperature(np.array([0, 1, 0, 1], np.uint8), log_odds)
    assert fitted == pytest.approx(expected, rel=0.001)


def test_metrics_after_scaling() -> None:
    columns = samples.predictions()
    labels = columns["label"]
    once = {
        name: scores | {"temperature": 3.0} for name, scores in samples.metrics(columns).items()
    }
    measured = temperature.add_scaled(once, pd.DataFrame(columns))
    for name in TITLES:
        log_odds = columns[name] / 3
        curve = calibration.reliability(labels, log_odds, columns["group"])
        expected = {
            "loss_scaled": metrics.cross_entropies(labels, log_odds).mean(),
            "ece_scaled": calibration.expected_calibration_error(curve),
        }
        added = {key: measured[name].pop(key) for key in expected}
        assert added == pytest.approx(expected, abs=1e-4)
        assert measured[name] == once[name]
