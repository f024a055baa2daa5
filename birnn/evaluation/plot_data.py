"""Tables of the plots: one table per plot, and one row per model and point."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from birnn.core.outputs import atomic_file
from birnn.evaluation.calibration import RAW, SCALED, reliability
from birnn.evaluation.metrics import confusion_counts, precision_recall_points, roc_points
from birnn.evaluation.model_names import BASELINE, NETWORKS
from birnn.training.splits import TRAINING, watched_split

DIGITS = 4

TABLES: dict[str, Callable[[NDArray[np.uint8], NDArray[np.floating]], list[dict[str, Any]]]] = {
    "confusion": confusion_counts,
    "precision_recall": precision_recall_points,
    "roc": roc_points,
}


def prediction_tables(
    labels: NDArray[np.uint8], log_odds: dict[str, NDArray[np.floating]]
) -> dict[str, pd.DataFrame]:
    """Return the tables computed from the labels and each model's log-odds."""
    return {
        name: _all_models({model: rows(labels, odds) for model, odds in log_odds.items()})
        for name, rows in TABLES.items()
    }


def reliability_curves(
    labels: NDArray[np.uint8],
    groups: NDArray[np.int32],
    log_odds: dict[str, NDArray[np.floating]],
    temperatures: dict[str, float],
) -> pd.DataFrame:
    """Return the reliability curve per model and calibration.

    The calibration is `raw` or, for models with a temperature, also `scaled`.
    """
    scaled = {name: log_odds[name] / value for name, value in temperatures.items()}
    return pd.concat(
        pd.DataFrame(reliability(labels, odds, groups)).assign(model=name, calibration=calibration)
        for calibration, columns in ((RAW, log_odds), (SCALED, scaled))
        for name, odds in columns.items()
    )


def learning_curves(histories: dict[str, pd.DataFrame], validation: str | float) -> pd.DataFrame:
    """Return accuracy and loss per model, split and epoch.

    The split is `training` or the name of the reviews on which epochs were validated (see
    `splits.watched_split`).
    """
    return pd.concat(
        history[["epoch", f"{prefix}accuracy", f"{prefix}loss"]]
        .set_axis(["epoch", "accuracy", "loss"], axis="columns")
        .assign(split=split, model=model)
        for model, history in histories.items()
        for prefix, split in (("", TRAINING), ("val_", watched_split(validation)))
    )


def accuracy_by_length(metrics: dict[str, dict[str, Any]]) -> pd.DataFrame:
    """Return the accuracy per model and tenth of the reviews by length (see `slices.by_length`)."""
    return _all_models({model: measured["by_length"] for model, measured in metrics.items()})


def write_all(
    table: pd.DataFrame,
    metrics: dict[str, Any],
    histories: dict[str, pd.DataFrame],
    folder: Path,
) -> None:
    """Write the tables of all plots.

    Args:
        table: one row per review, with its `label`, its `group` and a column of log-odds per
            model.
        metrics: content of `metrics.json`.
        histories: one row per epoch, for each network.
        folder: folder of the files.
    """
    models = [*NETWORKS, BASELINE]
    labels, groups = table["label"].to_numpy(), table["group"].to_numpy()
    log_odds = {name: table[name].to_numpy() for name in models}
    temperatures = {
        name: metrics[name]["temperature"] for name in models if "temperature" in metrics[name]
    }
    tables = prediction_tables(labels, log_odds) | {
        "curves": learning_curves(histories, metrics["corpus"]["validation"]),
        "reliability": reliability_curves(labels, groups, log_odds, temperatures),
        "lengths": accuracy_by_length({name: metrics[name] for name in models}),
    }
    for name, rows in tables.items():
        write(rows, metrics["corpus"]["name"], folder / f"{name}.csv")


def write(table: pd.DataFrame, corpus: str, file: Path) -> None:
    """Write a table, with the name of the corpus in every row."""
    with atomic_file(file) as part:
        table.assign(corpus=corpus).to_csv(
            part, index=False, float_format=f"%.{DIGITS}f", lineterminator="\n"
        )


def _all_models(rows: dict[str, list[dict[str, Any]]]) -> pd.DataFrame:
    return pd.concat(pd.DataFrame(points).assign(model=model) for model, points in rows.items())
