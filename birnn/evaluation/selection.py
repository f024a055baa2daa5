"""The model that predicts by default, and the models that predict only one class."""

from collections.abc import Mapping
from typing import Any

from birnn.core.errors import InputError
from birnn.core.outputs import read_json
from birnn.core.paths import METRICS
from birnn.evaluation.model_names import ALL_NETWORKS, BASELINE, NETWORKS, TITLES


def read_metrics() -> dict[str, Any]:
    """Return the content of `metrics.json`."""
    if not METRICS.exists():
        raise InputError(f"{METRICS} is missing: run dvc repro in the project folder")
    try:
        metrics: dict[str, Any] = read_json(METRICS)
    except ValueError:
        raise InputError(f"{METRICS} is damaged: run git checkout {METRICS}") from None
    return metrics


def default_model(metrics: Mapping[str, Any]) -> str:
    """Return the most accurate model on held-out reviews, the cheapest one if tied.

    A model that predicts only one class is chosen only if all do. The result is the baseline, a
    network, or `networks` (the mean of the log-odds of all networks), which is also the default
    without held-out reviews. `metrics` is the content of `metrics.json`.
    """
    names: tuple[str, ...] = (BASELINE, *NETWORKS, ALL_NETWORKS)  # the cheapest first
    return max(
        (name for name in names if "holdout_predicted_labels" in metrics.get(name, {})),
        key=lambda name: (
            len(metrics[name]["holdout_predicted_labels"]),
            metrics[name]["holdout_accuracy"],
        ),
        default=ALL_NETWORKS,
    )


def constant_models(metrics: Mapping[str, Any]) -> list[str]:
    """Return the names of the models that predict only one class for all test reviews."""
    return [name for name in TITLES if len(metrics[name]["predicted_labels"]) == 1]


def better_baseline(metrics: Mapping[str, Any]) -> str | None:
    """Return a note if nothing was held out, and the baseline beats the networks on the test split.

    Args:
        metrics: as in `default_model`.
    """
    if ALL_NETWORKS not in metrics or "holdout_accuracy" in metrics[BASELINE]:
        return None
    baseline, networks = (metrics[name]["accuracy"] for name in (BASELINE, ALL_NETWORKS))
    if baseline <= networks:
        return None
    return (
        f"the test accuracy of the networks is {networks:.1%}, of the baseline {baseline:.1%}: "
        "to use it, add --model baseline"
    )
