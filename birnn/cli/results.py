"""Print the results of the last run in a few lines."""

from typing import Any

from rich.console import Console
from rich.table import Table

from birnn.core.errors import InputError
from birnn.core.outputs import read_json
from birnn.core.paths import METRICS, REPORT
from birnn.corpora.fallback_warning import warn_if_fallback
from birnn.evaluation.model_names import (
    BLEND_TITLES,
    TITLES,
    comparisons,
    constant_models,
    pair_title,
)
from birnn.evaluation.selection import accuracy, default_model
from birnn.style.formatting import NOTHING, percent, points


def run() -> None:
    """Print the test accuracy of each model and of the majority class, and compare the networks.

    Accuracies and differences have 95% intervals over test reviews. If reviews are held out,
    precision and recall of the default model on them follow. A warning follows if the corpus is the
    fallback.

    Raises:
        InputError: the pipeline has not been run.
    """
    if not METRICS.exists():
        raise InputError(f"{METRICS} is missing: run dvc repro in the project folder")
    metrics = read_json(METRICS)
    if missing := [title for name, title in TITLES.items() if name not in metrics]:
        raise InputError(f"{METRICS} lacks {', '.join(missing)}: run dvc repro")
    corpus, constant = metrics["corpus"], constant_models(metrics)
    width = max(map(len, TITLES.values()))
    for model, title in TITLES.items():
        low, high = metrics[model]["accuracy_interval"]
        print(
            f"{title:<{width}}  test accuracy {metrics[model]['accuracy']:.2%} on {corpus['name']} "
            f"(95% interval over reviews: {low:.2%} to {high:.2%})"
            f"{', predicts only one class' if title in constant else ''}"
        )
    print(f"The majority class has {corpus['majority_class_share']:.2%} of the test reviews.")
    for pair, compared in comparisons(metrics).items():
        difference, low, high = (
            points(compared[name])
            for name in ("accuracy_difference", "difference_low", "difference_high")
        )
        print(
            f"{pair_title(*pair)}: {difference} points in this run "
            f"(95% interval over reviews: {low} to {high})"
        )
    _print_default_model(metrics)
    print(f"See {REPORT / 'report.md'}")
    warn_if_fallback(corpus["name"], corpus["requested"])


def _print_default_model(metrics: dict[str, Any]) -> None:
    """Print which model predicts by default and, for each threshold, its precision and recall."""
    name = default_model(metrics)
    title, share = BLEND_TITLES[name], percent(accuracy(metrics, name)["accuracy"])
    print(f"Predicts by default: {title}, with a test accuracy of {share}.")
    if "blends" not in metrics:
        return
    measured = (metrics | metrics["blends"])[name]
    print(
        f"It is the most accurate on held-out reviews ({percent(measured['holdout_accuracy'])}). "
        "Precision and recall of positive there, by --threshold:"
    )
    table = Table("threshold", "precision", "recall", box=None)
    for row in measured["holdout_thresholds"]:
        cells = (row["precision"], row["recall"])
        table.add_row(
            f"{row['threshold']}",
            *(NOTHING if value is None else percent(value) for value in cells),
        )
    Console(highlight=False).print(table)
