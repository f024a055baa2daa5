"""Ensembles of models: weighted means of their log-odds.

Mesnil et al., "Ensemble of Generative and Discriminative Techniques for Sentiment Analysis of Movie
Reviews", 2014, section 2.4: the weights are fitted to held-out reviews.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from birnn.evaluation import calibration
from birnn.evaluation.array_types import Labels, LogOdds
from birnn.evaluation.metrics import class_scores, cross_entropies, is_correct, threshold_scores
from birnn.evaluation.model_names import (
    ALL_MODELS,
    ALL_NETWORKS,
    ALL_TITLES,
    BASELINE,
    NETWORKS,
    titles,
)
from birnn.evaluation.summary import rounded, summarize_ensemble
from birnn.evaluation.thresholds import Decision
from birnn.networks.log_odds import combine


def combine_models(table: pd.DataFrame, weight: float) -> dict[str, NDArray[np.float64]]:
    """Return the log-odds of the mean of all networks, and of its mean with the baseline.

    `weight` is the weight of the baseline; the networks together have 1 minus this weight.
    """
    networks = combine([table[name] for name in NETWORKS])
    baseline = table[BASELINE].to_numpy(np.float64)
    return {ALL_NETWORKS: networks, ALL_MODELS: (1 - weight) * networks + weight * baseline}


def fit_weight(held_out: pd.DataFrame) -> float:
    """Return the weight of the baseline that minimizes the loss, between 0 and 1.

    `held_out` has the `label` of held-out reviews, and one column of log-odds per model.
    """
    labels = held_out["label"].to_numpy()

    def loss(weight: float) -> float:
        log_odds = combine_models(held_out, weight)[ALL_MODELS]
        return float(cross_entropies(labels, log_odds).mean())

    return float(minimize_scalar(loss, bounds=(0, 1), method="bounded").x)


def add_held_out(
    metrics: dict[str, Any],
    held_out: pd.DataFrame,
    test: pd.DataFrame,
    rarer: int,
    decisions: Mapping[str, Decision],
) -> dict[str, Any]:
    """Return `metrics` with what held-out reviews allow to measure.

    These are the scores of ALL_MODELS, if networks are trained; the accuracy, the temperature, and
    the scores of the rarer class, also at several thresholds, of each model and ensemble on
    held-out reviews; and the calibration of each model on the test reviews. Thresholds and
    calibration are after temperature scaling.

    `held_out` is as in `fit_weight`, also with the log-odds of ensembles. `test` has a column of
    log-odds per model, the `label` and the `group` of each test review. `rarer` is the label of the
    rarer class.
    """
    labels, groups = test["label"].to_numpy(), test["group"].to_numpy()
    if ALL_MODELS in held_out:
        weight = fit_weight(held_out)
        log_odds = combine_models(test, weight)[ALL_MODELS]
        scores = summarize_ensemble(labels, log_odds, decisions[ALL_MODELS], groups)
        metrics = metrics | {ALL_MODELS: scores | {"baseline_weight": rounded(weight)}}
    held_out_labels = held_out["label"].to_numpy()
    for name in titles(held_out, ALL_TITLES):
        scores = _held_out_scores(
            held_out_labels, held_out[name].to_numpy(), decisions[name], rarer
        )
        metrics[name] = metrics[name] | scores
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


def _held_out_scores(
    labels: Labels, log_odds: LogOdds, decision: Decision, rarer: int
) -> dict[str, Any]:
    margins = decision.margins(log_odds)
    return rounded(
        {
            "holdout_accuracy": float(is_correct(labels, margins).mean()),
            "holdout_rarer": class_scores(labels, margins, rarer),
            "holdout_thresholds": threshold_scores(labels, log_odds / decision.temperature, rarer),
            "temperature": decision.temperature,
        }
    )
