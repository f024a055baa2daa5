"""The report, as Markdown and as one HTML file that needs no other."""

import base64
import math
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from birnn import notebook
from birnn.figures import TITLES
from birnn.files import whole_file

ROWS = {
    "accuracy": "Accuracy",
    "loss": "Loss",
    "precision": "Precision",
    "recall": "Recall",
    "f1": "F1",
    "roc_auc": "ROC AUC",
    "best_val_accuracy": "Best validation accuracy",
    "best_val_epoch": "Epoch of the best validation accuracy",
    "parameters": "Parameters",
}


def write(metrics: dict[str, Any], figures: list[Path], folder: Path) -> None:
    """Write `report.md`, which links to the figures, and `report.html`, which holds them.

    Args:
        metrics: what `metrics.json` holds.
        figures: PNG files in a folder beside `folder`.
        folder: for the report.
    """
    environment = Environment(
        loader=PackageLoader("birnn"),
        autoescape=select_autoescape(("html.j2",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    corpus = metrics["corpus"]
    content = {
        "corpus": corpus,
        "notebook_corpus": corpus["name"] == "imdb",
        "networks": TITLES,
        "table": _table(metrics),
        "errors": {name: _standard_error(metrics, name) for name in TITLES},
        "difference": metrics["bilstm"]["accuracy"] - metrics["bigru"]["accuracy"],
        "figures": {file: base64.b64encode(file.read_bytes()).decode() for file in figures},
    }
    for name in ("report.md", "report.html"):
        text = environment.get_template(f"{name}.j2").render(content)
        with whole_file(folder / name) as part:
            part.write_text(text, encoding="utf-8", newline="\n")


def _table(metrics: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a row a score: its title, both networks' figures and the notebook's."""
    return [
        {
            "title": title,
            "here": [_figure(metrics[name][key]) for name in TITLES],
            "notebook": [_figure(notebook.RESULTS[name].get(key)) for name in TITLES],
        }
        for key, title in ROWS.items()
    ]


def _figure(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,}" if isinstance(value, int) else f"{value:.4f}"


def _standard_error(metrics: dict[str, Any], network: str) -> float:
    accuracy = metrics[network]["accuracy"]
    return math.sqrt(accuracy * (1 - accuracy) / metrics["corpus"]["test_reviews"])
