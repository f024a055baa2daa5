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
from scipy.special import expit, logit

from birnn.evaluation import intervals, summary
from birnn.evaluation import metrics as scoring
from birnn.evaluation.model_names import ALL, BASELINE, BOTH, NETWORKS

# Float32 knows no probability between 1 and 1 less this.
RESOLUTION = 6e-8


def log_odds(probabilities: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the log-odds of probabilities, shape (reviews,), none of them infinite."""
    odds: NDArray[np.float64] = logit(
        np.clip(probabilities.astype(np.float64), RESOLUTION, 1 - RESOLUTION)
    )
    return odds


def mean_log_odds(probabilities: Sequence[NDArray[np.float32]]) -> NDArray[np.float64]:
    """Return the mean of several models' log-odds, shape (reviews,)."""
    mean: NDArray[np.float64] = np.mean([log_odds(of_one) for of_one in probabilities], axis=0)
    return mean


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


def measure(held_out: pd.DataFrame, test: pd.DataFrame, metrics: dict[str, Any]) -> dict[str, Any]:
    """Return metrics with each model's accuracy on the held-out reviews, and those of the blends.

    Args:
        held_out: `label`, and a column of probabilities a model.
        test: the same of the test reviews.
        metrics: of the models.
    """
    labels, test_labels = held_out["label"].to_numpy(), test["label"].to_numpy()
    found = metrics | {
        name: metrics[name] | {"holdout_accuracy": _accuracy(labels, held_out[name].to_numpy())}
        for name in (*NETWORKS, BASELINE)
    }
    weight, (here, there) = blends(held_out, [held_out, test])
    of_blends = {}
    for name in here:
        probabilities = expit(there[name])
        right = scoring.right(test_labels, probabilities)
        of_blends[name] = summary.rounded(
            {
                **scoring.scores(test_labels, probabilities),
                "accuracy_interval": intervals.of_proportion(int(right.sum()), len(right)),
            }
        ) | {"holdout_accuracy": _accuracy(labels, expit(here[name]))}
    of_blends[ALL]["baseline_weight"] = summary.rounded(weight)
    return found | {"blends": of_blends}


def _parts(table: pd.DataFrame) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    both = mean_log_odds([table[name].to_numpy() for name in NETWORKS])
    return both, log_odds(table[BASELINE].to_numpy())


def _accuracy(labels: NDArray[np.uint8], probabilities: NDArray[Any]) -> float:
    accuracy: float = summary.rounded(float(scoring.right(labels, probabilities).mean()))
    return accuracy
