"""Calibration: are 80% of the reviews with a predicted probability of 0.8 positive?"""

from typing import Any

import numpy as np

from birnn.evaluation import intervals
from birnn.evaluation.arrays import Groups, Labels, LogOdds
from birnn.networks.decision import probability

BINS = 10

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
        positive = labels[in_bin] == 1
        if interval := intervals.proportion_interval(positive, groups[in_bin]):
            rows.append(
                {
                    "predicted": float(probabilities[in_bin].mean(dtype=np.float64)),
                    "observed": float(positive.mean()),
                    "low": interval[0],
                    "high": interval[1],
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
