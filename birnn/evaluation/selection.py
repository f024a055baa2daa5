"""The model that predicts by default, chosen on held-out reviews."""

from collections.abc import Mapping
from typing import Any

from birnn.evaluation.model_names import BASELINE, NETWORK_BLEND, NETWORKS


def default_model(metrics: Mapping[str, Any]) -> str:
    """Return the most accurate model on held-out reviews: a name, or `networks` for all networks.

    Several networks together predict the mean of their log-odds. If accuracies are equal, the
    cheaper model is returned; without held-out reviews, `networks`.

    Args:
        metrics: content of `metrics.json`.
    """
    measured = {**metrics, **metrics.get("blends", {})}
    cheapest_first = (BASELINE, *NETWORKS, NETWORK_BLEND)
    accuracies = {
        name: measured[name]["holdout_accuracy"]
        for name in cheapest_first
        if "holdout_accuracy" in measured.get(name, {})
    }
    return max(accuracies, key=accuracies.__getitem__, default=NETWORK_BLEND)
