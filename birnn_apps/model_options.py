"""The options --model and --threshold, and the model that they load.

The registry of networks is imported only if a command uses it.
"""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from birnn_apps.classifier import Classifier


def _model_choices() -> list[str]:
    from birnn.evaluation.model_names import CHOICES

    return [*CHOICES]


def _check_model(name: str | None) -> str | None:
    if name is not None and name not in _model_choices():
        raise typer.BadParameter(f"{name!r} is not one of {', '.join(_model_choices())}")
    return name


def _check_threshold(threshold: float | None) -> float | None:
    if threshold is not None and not 0 < threshold < 1:
        raise typer.BadParameter(f"{threshold} is not above 0 and below 1")
    return threshold


Model = Annotated[
    str | None,
    typer.Option(
        callback=_check_model,
        autocompletion=_model_choices,
        help="Model: a network, such as bilstm, baseline, or networks (mean of their log-odds). By "
        "default, held-out reviews choose it; if none are held out, networks predict.",
    ),
]
Threshold = Annotated[
    float | None,
    typer.Option(
        callback=_check_threshold,
        help="Probability of the positive class above which a text belongs to it, between 0 and 1.",
        show_default="0.5",
    ),
]


def load_model(name: str | None, threshold: float | None = None) -> "Classifier":
    """Load a model, see `classifier.load_chosen`; say if the baseline may be a better choice."""
    from birnn_apps.classifier import load_chosen
    from birnn_apps.last_run import read_metrics

    classifier = load_chosen(name, threshold)
    metrics = read_metrics()
    # Without a hold-out, the networks predict by default.
    is_default = name is None and metrics["choice"]["model"] == "networks"
    if is_default and "networks" in metrics and "holdout_accuracy" not in metrics["baseline"]:
        baseline, networks = (metrics[kind]["accuracy"] for kind in ("baseline", "networks"))
        if baseline > networks:
            print(
                f"note: the test accuracy of the networks is {networks:.1%}, of the baseline "
                f"{baseline:.1%}: to use it, add --model baseline",
                file=sys.stderr,
            )
    return classifier
