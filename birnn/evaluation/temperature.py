"""Temperature scaling: calibrate a model by dividing its log-odds by a number, the temperature.

Guo, Pleiss, Sun and Weinberger, "On Calibration of Modern Neural Networks", ICML 2017, section 4.2:
the temperature is fitted to held-out reviews. A temperature above 1 makes a model less certain.
Reviews are classified by the log-odds before scaling, so no temperature changes a predicted class.
"""

import math
from typing import Any

import pandas as pd
from scipy.optimize import minimize_scalar

from birnn.evaluation.arrays import Labels, LogOdds
from birnn.evaluation.calibration import expected_calibration_error, reliability
from birnn.evaluation.metrics import cross_entropies, is_correct
from birnn.evaluation.model_names import TITLES
from birnn.evaluation.summary import rounded

HIGHEST = 100.0  # the best temperature is infinite for a model that does not beat guessing


def fit_temperature(labels: Labels, log_odds: LogOdds) -> float:
    """Return the temperature that minimizes the loss on held-out reviews.

    The temperature is between 1 / HIGHEST and HIGHEST. It is 1 if all reviews are classified
    correctly: 0 would be best for them, but not for new reviews.
    """
    if is_correct(labels, log_odds).all():
        return 1.0

    def loss(log_temperature: float) -> float:
        return float(cross_entropies(labels, log_odds / math.exp(log_temperature)).mean())

    limit = math.log(HIGHEST)
    return math.exp(minimize_scalar(loss, bounds=(-limit, limit), method="bounded").x)


def add_scaled(metrics: dict[str, Any], test: pd.DataFrame) -> dict[str, Any]:
    """Return `metrics` with each model's loss and expected calibration error after scaling.

    Args:
        metrics: metrics per model, with its `temperature`.
        test: `label`, `group`, and one column of log-odds per model.
    """
    labels, groups = test["label"].to_numpy(), test["group"].to_numpy()
    scaled = {}
    for name in TITLES:
        log_odds = test[name].to_numpy() / metrics[name]["temperature"]
        curve = reliability(labels, log_odds, groups)
        scaled[name] = metrics[name] | rounded(
            {
                "loss_scaled": float(cross_entropies(labels, log_odds).mean()),
                "ece_scaled": expected_calibration_error(curve),
            }
        )
    return metrics | scaled
