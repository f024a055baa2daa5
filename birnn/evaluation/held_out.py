"""Scores on held-out reviews, and the calibration that is fitted to them."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from birnn.evaluation import calibration
from birnn.evaluation.metrics import class_scores, cross_entropies, is_correct, threshold_scores
from birnn.evaluation.model_names import ALL_TITLES, titles
from birnn.evaluation.summary import rounded
from birnn.evaluation.thresholds import Decision


def add_scores(
    metrics: dict[str, Any],
    held_out: pd.DataFrame,
    test: pd.DataFrame,
    label: int,
    decisions: Mapping[str, Decision],
) -> dict[str, Any]:
    """Return `metrics` with the scores on held-out reviews, and the calibration on test reviews.

    The scores are the accuracy, and the scores of the class `label`, also at several thresholds.
    Thresholds and calibration are after temperature scaling.

    `held_out` and `test` have the `label` of each review, and one column of log-odds per model;
    `test` also has the `group`.
    """
    metrics, labels = dict(metrics), held_out["label"].to_numpy()
    for name in titles(held_out, ALL_TITLES):
        log_odds, temperature = held_out[name].to_numpy(), decisions[name].temperature
        margins = decisions[name].margins(log_odds)
        metrics[name] = metrics[name] | rounded(
            {
                "holdout_accuracy": float(is_correct(labels, margins).mean()),
                "holdout_rarer": class_scores(labels, margins, label),
                "holdout_thresholds": threshold_scores(labels, log_odds / temperature, label),
                "temperature": temperature,
            }
        )
    labels, groups = test["label"].to_numpy(), test["group"].to_numpy()
    for name in titles(test):
        scaled = test[name].to_numpy() / decisions[name].temperature
        curve = calibration.reliability(labels, scaled, groups)
        metrics[name] |= rounded(
            {
                "loss_scaled": float(cross_entropies(labels, scaled).mean()),
                "ece_scaled": calibration.expected_calibration_error(curve),
            }
        )
    return metrics
