"""The model that predicts by default, and the models that predict only one class."""

import json
from collections.abc import Mapping
from typing import Any

from birnn.core.errors import InputError, damaged
from birnn.core.paths import METRICS
from birnn.evaluation.model_names import ALL_NETWORKS, BASELINE, NETWORKS, TITLES


class Metrics(dict[str, Any]):
    """An object in `metrics.json`; what it lacks was not measured by the code of the last run."""

    def __missing__(self, name: str) -> Any:
        """Raise InputError."""
        raise InputError(f"{METRICS} lacks {name}: run dvc repro")


def read_metrics() -> Metrics:
    """Return the content of `metrics.json`."""
    if not METRICS.exists():
        raise InputError(f"{METRICS} is missing: run dvc repro in the project folder")
    try:
        metrics = json.loads(METRICS.read_bytes(), object_pairs_hook=Metrics)
    except ValueError as error:
        raise damaged(METRICS) from error
    if not isinstance(metrics, Metrics):
        raise damaged(METRICS)
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
