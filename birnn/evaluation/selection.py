"""The model that predicts new texts, chosen on held-out reviews."""

from typing import Any

from birnn.evaluation.model_names import BASELINE, NETWORK_BLEND, NETWORKS


def default_model(metrics: dict[str, Any]) -> str:
    """Return the model with the best accuracy on held-out reviews; without them, all networks.

    Of equally good models, the cheapest one is returned.

    Args:
        metrics: the content of `metrics.json`; empty if there is none.
    """
    scores = metrics | metrics.get("blends", {})
    accuracies = {
        name: scores[name]["holdout_accuracy"]
        for name in (BASELINE, *NETWORKS, NETWORK_BLEND)
        if "holdout_accuracy" in scores.get(name, {})
    }
    return max(accuracies, key=accuracies.__getitem__, default=NETWORK_BLEND)


def better_baseline(metrics: dict[str, Any]) -> str | None:
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
