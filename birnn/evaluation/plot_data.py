"""Tables of the plots: one table per plot, and one row per model and point."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from birnn.core.outputs import atomic_file
from birnn.evaluation.calibration import RAW, SCALED, reliability
from birnn.evaluation.metrics import confusion_counts, precision_recall_points, roc_points
from birnn.evaluation.model_names import TITLES
from birnn.training.splits import TRAINING, watched_split

DIGITS = 4

Labels = NDArray[np.uint8]
LogOdds = NDArray[np.floating]
Rows = list[dict[str, Any]]


def tables(
    table: pd.DataFrame, metrics: dict[str, Any], histories: dict[str, pd.DataFrame]
) -> dict[str, pd.DataFrame]:
    """Return the tables of all plots by name.

    Args:
        table: one row per review, with its `label`, its `group` and a column of log-odds per
            model.
        metrics: content of `metrics.json`.
        histories: one row per epoch, for each network.
    """
    labels, groups = table["label"].to_numpy(), table["group"].to_numpy()
    log_odds = {name: table[name].to_numpy() for name in TITLES}
    temperatures = {
        name: metrics[name]["temperature"] for name in TITLES if "temperature" in metrics[name]
    }

    def per_model(points: Callable[[Labels, LogOdds], Rows]) -> pd.DataFrame:
        return _concat({model: points(labels, odds) for model, odds in log_odds.items()})

    return {
        "confusion": per_model(partial(confusion_counts, classes=metrics["corpus"]["classes"])),
        "curves": learning_curves(histories, metrics["corpus"]["validation"]),
        "lengths": _concat({name: metrics[name]["by_length"] for name in TITLES}),
        "precision_recall": per_model(precision_recall_points),
        "reliability": reliability_curves(labels, groups, log_odds, temperatures),
        "roc": per_model(roc_points),
    }


def reliability_curves(
    labels: Labels,
    groups: NDArray[np.int32],
    log_odds: dict[str, LogOdds],
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


def write(table: pd.DataFrame, file: Path) -> None:
    """Write a table as CSV."""
    with atomic_file(file) as part:
        table.to_csv(part, index=False, float_format=f"%.{DIGITS}f", lineterminator="\n")


def _concat(rows: dict[str, Rows]) -> pd.DataFrame:
    """Return the rows of all models as one table."""
    return pd.concat(pd.DataFrame(points).assign(model=model) for model, points in rows.items())
