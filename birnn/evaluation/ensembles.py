"""Ensembles of models: weighted means of their log-odds.

Mesnil et al., "Ensemble of Generative and Discriminative Techniques for Sentiment Analysis of Movie
Reviews", 2014, section 2.4: the weights are fitted to held-out reviews.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from birnn.evaluation.metrics import cross_entropies, is_correct, threshold_scores
from birnn.evaluation.model_names import ALL_MODELS, ALL_NETWORKS, BASELINE, NETWORKS, TITLES
from birnn.evaluation.summary import rounded, summarize_ensemble
from birnn.evaluation.temperature import fit_temperature
from birnn.networks.decision import combine, is_positive


def fit_weight(
    labels: NDArray[np.uint8], first: NDArray[np.float64], second: NDArray[np.float64]
) -> float:
    """Return the weight of `second` that minimizes the loss of the ensemble, between 0 and 1.

    Both are log-odds, shape (reviews,). The weight of `first` is 1 minus the returned weight.
    """

    def loss(weight: float) -> float:
        return float(cross_entropies(labels, (1 - weight) * first + weight * second).mean())

    return float(minimize_scalar(loss, bounds=(0, 1), method="bounded").x)


def fit_ensembles(
    held_out: pd.DataFrame, tables: Sequence[pd.DataFrame]
) -> tuple[float, list[dict[str, NDArray[np.float64]]]]:
    """Fit the baseline's weight to the held-out reviews, and combine the models of each table.

    Return the weight and, per table, the log-odds of two ensembles: `networks`, the mean of all
    networks, and `all`, the weighted mean of `networks` and the baseline. Each table has one column
    of log-odds per model.
    """
    networks, baseline = _log_odds(held_out)
    weight = fit_weight(held_out["label"].to_numpy(), networks, baseline)
    ensembles = []
    for table in tables:
        networks, baseline = _log_odds(table)
        ensembles.append(
            {ALL_NETWORKS: networks, ALL_MODELS: (1 - weight) * networks + weight * baseline}
        )
    return weight, ensembles


def add_ensembles(
    metrics: dict[str, Any], held_out: pd.DataFrame, test: pd.DataFrame
) -> dict[str, Any]:
    """Return `metrics` with the scores of ALL_MODELS, and of each model on held-out reviews.

    The latter are the accuracy, the temperature, and precision and recall at several thresholds
    after temperature scaling, as in predictions for new texts.

    Args:
        metrics: metrics per model.
        held_out: `label` and one column of log-odds per model.
        test: the same columns for the test reviews, and the `group` of each review.
    """
    labels, groups = test["label"].to_numpy(), test["group"].to_numpy()
    weight, (held_out_ensembles, test_ensembles) = fit_ensembles(held_out, [held_out, test])
    ensemble = summarize_ensemble(labels, test_ensembles[ALL_MODELS], groups)
    metrics = metrics | {ALL_MODELS: ensemble | {"baseline_weight": rounded(weight)}}
    held_out_labels = held_out["label"].to_numpy()
    log_odds = {name: held_out[name].to_numpy() for name in TITLES} | held_out_ensembles
    return metrics | {
        name: metrics[name] | _holdout_metrics(held_out_labels, values)
        for name, values in log_odds.items()
    }


def _log_odds(table: pd.DataFrame) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return combine([table[name] for name in NETWORKS]), table[BASELINE].to_numpy(np.float64)


def _holdout_metrics(labels: NDArray[np.uint8], log_odds: NDArray[np.floating]) -> dict[str, Any]:
    temperature = fit_temperature(labels, log_odds)
    measured: dict[str, Any] = rounded(
        {
            "holdout_accuracy": float(is_correct(labels, log_odds).mean()),
            "holdout_predicted_labels": np.unique(is_positive(log_odds)).astype(int).tolist(),
            "holdout_thresholds": threshold_scores(labels, log_odds / temperature),
            "temperature": temperature,
        }
    )
    return measured
