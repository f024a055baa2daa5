"""Tables of the plots and figures: one for each, and one row per model and point."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from birnn.core.outputs import atomic_file
from birnn.evaluation import thresholds
from birnn.evaluation.calibration import RAW, SCALED, reliability
from birnn.evaluation.metrics import confusion_counts, precision_recall_points, roc_points
from birnn.evaluation.model_names import titles

# Names of the reviews on which learning curves are measured.
TRAINING, TEST, VALIDATION = "training", "test split", "validation"
PLOTS = ("confusion", "curves", "influence", "precision_recall", "roc")  # of `dvc plots`


def tables(
    table: pd.DataFrame, metrics: dict[str, Any], histories: dict[str, pd.DataFrame]
) -> dict[str, pd.DataFrame]:
    """Return the tables of all plots and figures by name.

    `table` has one row per review, with its `label`, its `group` and a column of log-odds per
    model. `histories` have one row per epoch.
    """
    labels, groups = table["label"].to_numpy(), table["group"].to_numpy()
    log_odds = {name: table[name].to_numpy() for name in titles(table)}
    scaled = {
        name: values / metrics[name]["temperature"]
        for name, values in log_odds.items()
        if "temperature" in metrics[name]
    }
    decisions, classes = thresholds.read(metrics), metrics["corpus"]["classes"]

    def per_model(points: Callable[..., pd.DataFrame]) -> pd.DataFrame:
        return _concat({model: points(labels, odds) for model, odds in log_odds.items()})

    return {
        "confusion": _concat(
            {
                model: confusion_counts(labels, decisions[model].margins(odds), classes)
                for model, odds in log_odds.items()
            }
        ),
        "curves": learning_curves(histories, metrics["corpus"]["validation"]),
        "lengths": _concat({name: metrics[name]["by_length"] for name in log_odds}),
        "precision_recall": per_model(precision_recall_points),
        "reliability": pd.concat(
            pd.DataFrame(reliability(labels, odds, groups)).assign(model=name, calibration=kind)
            for kind, columns in ((RAW, log_odds), (SCALED, scaled))
            for name, odds in columns.items()
        ),
        "roc": per_model(roc_points),
    }


def learning_curves(histories: dict[str, pd.DataFrame], validation: str | float) -> pd.DataFrame:
    """Return accuracy and loss per model, split and epoch.

    The split is `training` or the name of the reviews on which epochs were validated.
    """
    curves = [
        history[["epoch", f"{prefix}accuracy", f"{prefix}loss"]]
        .set_axis(["epoch", "accuracy", "loss"], axis="columns")
        .assign(split=split, model=model)
        for model, history in histories.items()
        for prefix, split in (("", TRAINING), ("val_", watched_split(validation)))
    ]
    empty = pd.DataFrame(columns=["epoch", "accuracy", "loss", "split", "model"])
    return pd.concat(curves) if curves else empty  # without networks


def watched_split(validation: str | float) -> str:
    """Return the name of the reviews on which each epoch is validated (see `pad.validation`)."""
    return TEST if validation == "test" else VALIDATION


def write(table: pd.DataFrame, file: Path) -> None:
    """Write a table as CSV."""
    with atomic_file(file) as part:
        table.to_csv(part, index=False, float_format="%.4f", lineterminator="\n")


def _concat(points: dict[str, Any]) -> pd.DataFrame:
    """Return the points of all models as one table."""
    return pd.concat(pd.DataFrame(rows).assign(model=model) for model, rows in points.items())
