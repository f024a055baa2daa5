"""Several models as one: the weighted mean of their log-odds.

Mesnil et al., "Ensemble of Generative and Discriminative Techniques for Sentiment Analysis of Movie
Reviews", 2014, section 2.4: weights are those that fit reviews best that were held out.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import expit

from birnn.evaluation.decision import log_odds, mean_log_odds
from birnn.evaluation.intervals import wilson_interval
from birnn.evaluation.metrics import compute_scores, is_correct
from birnn.evaluation.model_names import ALL, BASELINE, BOTH, NETWORKS
from birnn.evaluation.summary import rounded


def best_weight(
    labels: NDArray[np.uint8], first: NDArray[np.float64], second: NDArray[np.float64]
) -> float:
    """Return the weight of the second log-odds with which their blend has the least loss.

    It is between 0 and 1, and the first have the rest.
    """
    signs = np.where(labels == 1, 1, -1)

    def loss(weight: float) -> float:
        return float(np.logaddexp(0, -signs * ((1 - weight) * first + weight * second)).mean())

    return float(minimize_scalar(loss, bounds=(0, 1), method="bounded").x)


def blends(
    held_out: pd.DataFrame, tables: Sequence[pd.DataFrame]
) -> tuple[float, list[dict[str, NDArray[np.float64]]]]:
    """Return the baseline's weight, and for each table the log-odds of both blends.

    `networks` is the mean of both networks, `all` that and the baseline. The tables have a column
    of probabilities a model.
    """
    both, baseline = _parts(held_out)
    weight = best_weight(held_out["label"].to_numpy(), both, baseline)
    found = []
    for table in tables:
        both, baseline = _parts(table)
        found.append({BOTH: both, ALL: (1 - weight) * both + weight * baseline})
    return weight, found


def add_ensembles(
    metrics: dict[str, Any], held_out: pd.DataFrame, test: pd.DataFrame
) -> dict[str, Any]:
    """Return metrics with each model's accuracy on the held-out reviews, and those of the blends.

    Args:
        metrics: of the models.
        held_out: `label`, and a column of probabilities per model.
        test: the same for the test reviews.
    """
    labels, test_labels = held_out["label"].to_numpy(), test["label"].to_numpy()
    found = metrics | {
        name: metrics[name] | {"holdout_accuracy": _accuracy(labels, held_out[name].to_numpy())}
        for name in (*NETWORKS, BASELINE)
    }
    weight, (here, there) = blends(held_out, [held_out, test])
    ensemble_metrics = {}
    for name in here:
        probabilities = expit(there[name])
        right = is_correct(test_labels, probabilities)
        ensemble_metrics[name] = rounded(
            {
                **compute_scores(test_labels, probabilities),
                "accuracy_interval": wilson_interval(int(right.sum()), len(right)),
            }
        ) | {"holdout_accuracy": _accuracy(labels, expit(here[name]))}
    ensemble_metrics[ALL]["baseline_weight"] = rounded(weight)
    return found | {"blends": ensemble_metrics}


def _parts(table: pd.DataFrame) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    both = mean_log_odds([table[name].to_numpy() for name in NETWORKS])
    return both, log_odds(table[BASELINE].to_numpy())


def _accuracy(labels: NDArray[np.uint8], probabilities: NDArray[Any]) -> float:
    accuracy: float = rounded(float(is_correct(labels, probabilities).mean()))
    return accuracy
