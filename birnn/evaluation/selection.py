"""The model that predicts by default, chosen on held-out reviews."""

from collections.abc import Mapping
from typing import Any

from birnn.evaluation.model_names import BASELINE, COMBINED, NETWORK_BLEND, NETWORKS


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


def accuracy(metrics: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return the `accuracy` of a model, or of all networks, on test reviews, and its interval.

    Args:
        metrics: content of `metrics.json`.
        name: the model, see `default_model`.
    """
    measured = metrics[COMBINED if name == NETWORK_BLEND else name]
    return {key: measured[key] for key in ("accuracy", "accuracy_interval")}


def better_baseline(metrics: Mapping[str, Any]) -> str | None:
    """Return a note if nothing was held out, and the baseline beats all networks on the test split.

    Args:
        metrics: as in `default_model`.
    """
    if BASELINE not in metrics or "holdout_accuracy" in metrics[BASELINE]:
        return None
    baseline, *networks = (metrics[name]["accuracy"] for name in (BASELINE, *NETWORKS))
    if baseline <= max(networks):
        return None
    return (
        f"the test accuracy of the networks is at most {max(networks):.1%}, of the baseline "
        f"{baseline:.1%}: to use it, add --model baseline"
    )
