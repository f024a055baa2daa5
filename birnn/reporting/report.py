"""The report, as Markdown for a pull request, and as a page of its own that says the same."""

from math import isnan
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from birnn.core.machine import format_description
from birnn.core.outputs import atomic_file
from birnn.evaluation.costs import matched_gru_units
from birnn.evaluation.model_names import NETWORKS, TITLES
from birnn.reporting import formatting, page
from birnn.reporting.formatting import NOTHING, number, score, seconds
from birnn.reporting.references import NOTEBOOK, PUBLISHED

SCORES = {
    "accuracy": "Accuracy",
    "accuracy_interval": "95 % interval",
    "roc_auc": "ROC AUC",
    "roc_auc_interval": "95 % interval",
    "average_precision": "Average precision",
    "precision": "Precision",
    "recall": "Recall",
    "f1": "F1",
    "loss": "Loss",
    "brier": "Brier score",
    "ece": "Expected calibration error",
    "best_val_accuracy": "Best validation accuracy",
    "best_val_epoch": "Epoch of the best validation accuracy",
}


def write(content: dict[str, Any], drawings: dict[str, str], folder: Path) -> None:
    """Write `report.md`, which links to the figures, and `report.html`, which holds them.

    Args:
        content: what the report tells of: `metrics`, `costs`, `timings`, `source` (of the
            corpus), `confusion`, `best_loss_epoch`, `checklist`, `settings`, `studies` and
            `ladder`.
        drawings: an `svg` element a figure, by the address that the Markdown has.
        folder: for the report.
    """
    environment = Environment(
        loader=PackageLoader("birnn.reporting"),
        autoescape=select_autoescape(("html.j2",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "accuracy": formatting.accuracy,
        "difference": formatting.difference,
        "percent_with_deviation": percent_with_deviation,
        "failure_rate": formatting.failure_rate,
        "number": number,
        "percent": formatting.percent,
        "points": formatting.points,
        "seconds": seconds,
        "with_deviation": formatting.with_deviation,
    }
    metrics, settings = content["metrics"], content["settings"]
    markdown = environment.get_template("report.md.j2").render(
        content,
        titles=TITLES,
        over_seeds=next((study for study in content["studies"] if not study.varied), None),
        published=PUBLISHED,
        notebook=metrics["corpus"]["name"] == "imdb",
        scores=score_rows(metrics),
        cost_rows=cost_rows(content["costs"], content["timings"], content["best_loss_epoch"]),
        machines=machines(*content["timings"].values(), content["costs"]),
        matched_units=matched_gru_units(
            settings["network.embedding_dim"], settings["network.lstm_units"]
        ),
    )
    html = page.render(environment, markdown, drawings)
    for name, text in {"report.md": markdown, "report.html": html}.items():
        with atomic_file(folder / name) as part:
            part.write_text(text, encoding="utf-8", newline="\n")


def score_rows(metrics: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a row a score: its title, each model's figure, and the notebook's."""
    return [
        {
            "title": title,
            "here": [score(metrics[model].get(key)) for model in TITLES],
            "notebook": [score(NOTEBOOK[network].get(key)) for network in NETWORKS],
        }
        for key, title in SCORES.items()
    ]


def cost_rows(
    costs: dict[str, Any], timings: dict[str, Any], best_loss_epoch: dict[str, int]
) -> list[dict[str, Any]]:
    """Return a row a cost: its title, and each model's figure."""
    epochs = {network: timings[network]["seconds_per_epoch"] for network in NETWORKS}
    training = {network: sum(epochs[network]) for network in NETWORKS}
    training["baseline"] = timings["baseline"]["seconds"]
    speeds = {model: costs[model]["reviews_per_second"] for model in TITLES}
    rows = {
        "Parameters": {model: number(costs[model]["parameters"]) for model in TITLES},
        "Recurrent parameters": {
            network: number(costs[network]["recurrent_parameters"]) for network in NETWORKS
        },
        "Multiply-adds a review": {
            model: number(costs[model]["multiply_adds"]) for model in TITLES
        },
        "Epochs to the least validation loss": {
            network: str(best_loss_epoch[network]) for network in NETWORKS
        },
        "Training": {model: seconds(training[model]) for model in TITLES},
        "Seconds an epoch": {
            network: f"{median(epochs[network]):.1f} ({min(epochs[network]):.1f} to "
            f"{max(epochs[network]):.1f})"
            for network in NETWORKS
        },
        "Reviews a second, predicting": {
            model: "{1} ({0} to {2})".format(
                *map(number, np.percentile(speeds[model], (25, 50, 75)).round().astype(int))
            )
            for model in TITLES
        },
    }
    return [
        {"title": title, "figures": [figures.get(model, NOTHING) for model in TITLES]}
        for title, figures in rows.items()
    ]


def percent_with_deviation(mean: float, deviation: float) -> str:
    """Write a mean share over seeds with its standard deviation, in percent."""
    return f"{100 * mean:.2f}" + ("" if isnan(deviation) else f" ± {100 * deviation:.2f}")


def machines(*timings: dict[str, Any]) -> str:
    """Describe the machines that times were measured on, each once."""
    return " and ".join(dict.fromkeys(format_description(one["machine"]) for one in timings))
