"""Ensembles of models: weighted means of their log-odds.

Mesnil et al., "Ensemble of Generative and Discriminative Techniques for Sentiment Analysis of Movie
Reviews", 2014, section 2.4: the weights are fitted to held-out reviews.
"""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from birnn.evaluation.arrays import Labels, LogOdds
from birnn.evaluation.metrics import cross_entropies, is_correct, threshold_scores
from birnn.evaluation.model_names import ALL_MODELS, ALL_NETWORKS, BASELINE, NETWORKS, TITLES
from birnn.evaluation.summary import rounded, summarize_ensemble
from birnn.evaluation.temperature import fit_temperature
from birnn.networks.decision import combine, is_positive


def combine_models(table: pd.DataFrame, weight: float) -> dict[str, NDArray[np.float64]]:
    """Return the log-odds of the mean of all networks, and of its mean with the baseline.

    Args:
        table: one column of log-odds per model.
        weight: weight of the baseline; the networks together have 1 minus this weight.
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


def add_ensembles(
    metrics: dict[str, Any], held_out: pd.DataFrame, test: pd.DataFrame
) -> dict[str, Any]:
    """Return `metrics` with the scores of ALL_MODELS, and of each model on held-out reviews.

    The latter are the accuracy, the temperature, and precision and recall at several thresholds
    after temperature scaling, as in predictions for new texts.

    Args:
        metrics: metrics per model.
        held_out: as in `fit_weight`.
        test: the same columns for the test reviews, and the `group` of each review.
    """
    weight = fit_weight(held_out)
    combined = combine_models(test, weight)[ALL_MODELS]
    ensemble = summarize_ensemble(test["label"].to_numpy(), combined, test["group"].to_numpy())
    metrics = metrics | {ALL_MODELS: ensemble | {"baseline_weight": rounded(weight)}}
    labels = held_out["label"].to_numpy()
    log_odds = {name: held_out[name].to_numpy() for name in TITLES}
    return metrics | {
        name: metrics[name] | _holdout_metrics(labels, values)
        for name, values in (log_odds | combine_models(held_out, weight)).items()
    }


def _holdout_metrics(labels: Labels, log_odds: LogOdds) -> dict[str, Any]:
    temperature = fit_temperature(labels, log_odds)
    return rounded(
        {
            "holdout_accuracy": float(is_correct(labels, log_odds).mean()),
            "holdout_predicted_labels": np.unique(is_positive(log_odds)).astype(int).tolist(),
            "holdout_thresholds": threshold_scores(labels, log_odds / temperature),
            "temperature": temperature,
        }
    )
