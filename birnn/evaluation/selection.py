"""The model that predicts by default, and the models that predict only one class."""

from collections.abc import Mapping
from typing import Any

from birnn.evaluation.model_names import BASELINE, NETWORK_BLEND, NETWORKS, TITLES


def default_model(metrics: Mapping[str, Any]) -> str:
    """Return the most accurate model on held-out reviews, the cheapest one if tied.

    This is the baseline, a network, or `networks` (the mean of the log-odds of all networks), which
    is also the default without held-out reviews. `metrics` is the content of `metrics.json`.
    """
    if "blends" not in metrics:
        return NETWORK_BLEND
    models = {**metrics, **metrics["blends"]}
    names: tuple[str, ...] = (BASELINE, *NETWORKS, NETWORK_BLEND)  # the cheapest first
    return max(names, key=lambda name: models.get(name, {}).get("holdout_accuracy", 0))


def constant_models(metrics: Mapping[str, Any]) -> list[str]:
    """Return the names of the models that predict only one class for all test reviews."""
    return [name for name in TITLES if len(metrics[name]["predicted_labels"]) == 1]
