"""Calibration: are 80% of the reviews with a predicted probability of 0.8 positive?

Temperature scaling calibrates a model by dividing its log-odds by a number, the temperature: Guo,
Pleiss, Sun and Weinberger, "On Calibration of Modern Neural Networks", ICML 2017, section 4.2. The
temperature is fitted to held-out reviews. A temperature above 1 makes a model less certain. At the
threshold 0.5, no temperature changes a predicted class.
"""

import math
from typing import Any

import numpy as np
from scipy.optimize import minimize_scalar

from birnn.evaluation import intervals
from birnn.evaluation.array_types import Groups, Labels, LogOdds
from birnn.evaluation.metrics import cross_entropies, is_correct
from birnn.networks.log_odds import probability

BINS = 10
HIGHEST = 100.0  # the best temperature is infinite for a model that does not beat guessing

# Kinds of probabilities: as predicted, or after temperature scaling.
RAW, SCALED = "raw", "scaled"


def reliability(labels: Labels, log_odds: LogOdds, groups: Groups) -> list[dict[str, Any]]:
    """Return the reliability curve with 10 equal-width bins, one row per non-empty bin.

    A row has the mean `predicted` probability, the `observed` share of positive reviews, its 95%
    interval from `low` to `high`, and the number of `reviews`.
    """
    probabilities = probability(log_odds)
    inner_edges = np.linspace(0, 1, BINS + 1)[1:-1]
    bin_index = np.searchsorted(inner_edges, probabilities)
    rows = []
    for number in range(BINS):
        in_bin = bin_index == number
        if in_bin.any():
            positive = labels[in_bin] == 1
            low, high = intervals.proportion_interval(positive, groups[in_bin])
            rows.append(
                {
                    "predicted": float(probabilities[in_bin].mean(dtype=np.float64)),
                    "observed": float(positive.mean()),
                    "low": low,
                    "high": high,
                    "reviews": len(positive),
                }
            )
    return rows


def expected_calibration_error(curve: list[dict[str, Any]]) -> float:
    """Return the mean distance of the reliability curve from the diagonal, weighted by reviews.

    Naeini, Cooper and Hauskrecht, "Obtaining Well Calibrated Probabilities Using Bayesian
    Binning", AAAI 2015, section "Calibration measures".
    """
    weights = [row["reviews"] for row in curve]
    distances = [abs(row["observed"] - row["predicted"]) for row in curve]
    return float(np.average(distances, weights=weights))


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
