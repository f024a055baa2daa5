"""The results of the last run."""

import json
from typing import Any

from birnn.core.paths import EVALUATION
from birnn.runtime.errors import InputError


class Metrics(dict[str, Any]):
    """An object in `evaluation.json`; what it lacks was not measured by the last run."""

    def __missing__(self, name: str) -> Any:
        """Raise InputError."""
        raise InputError(f"{EVALUATION} lacks {name}: run dvc repro")


def read_metrics() -> Metrics:
    """Return the content of `evaluation.json`."""
    advice = f"{EVALUATION} is missing or damaged: run dvc repro, dvc checkout or dvc pull"
    try:
        metrics = json.loads(EVALUATION.read_bytes(), object_pairs_hook=Metrics)
    except FileNotFoundError as error:
        raise InputError(
            "no models are trained here yet: for film reviews, run dvc repro; for your own texts, "
            "birnn data check FILE"
        ) from error
    except ValueError as error:
        raise InputError(advice) from error
    if not isinstance(metrics, Metrics):
        raise InputError(advice)
    return metrics


def require_trained(model: str, metrics: Metrics) -> None:
    """Check that the last run trained a model."""
    if model not in metrics:
        raise InputError(f"{model} is not trained: run dvc exp run -S train.networks=true")
