"""Tables of the plots: one table per plot, and one row per model and point."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from birnn.core.outputs import atomic_file
from birnn.evaluation.calibration import reliability
from birnn.evaluation.metrics import confusion_counts, precision_recall_points, roc_points
from birnn.evaluation.model_names import BASELINE, NETWORKS

DIGITS = 4

TABLES: dict[str, Callable[[NDArray[np.uint8], NDArray[np.floating]], list[dict[str, Any]]]] = {
    "confusion": confusion_counts,
    "precision_recall": precision_recall_points,
    "roc": roc_points,
}


def probability_tables(
    labels: NDArray[np.uint8],
    groups: NDArray[np.int32],
    probabilities: dict[str, NDArray[np.float32]],
) -> dict[str, pd.DataFrame]:
    """Return the tables computed from labels, groups of reviews and each model's probabilities."""
    tables = PROBABILITY_TABLES | {"reliability": partial(reliability, groups=groups)}
    return {
        name: _all_models({model: rows(labels, p) for model, p in probabilities.items()})
        for name, rows in tables.items()
    }


def learning_curves(histories: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Return accuracy and loss per model, split (`training` or `validation`) and epoch."""
    return pd.concat(
        history[["epoch", f"{prefix}accuracy", f"{prefix}loss"]]
        .set_axis(["epoch", "accuracy", "loss"], axis="columns")
        .assign(split=split, model=model)
        for model, history in histories.items()
        for prefix, split in (("", "training"), ("val_", "validation"))
    )


def accuracy_by_length(metrics: dict[str, dict[str, Any]]) -> pd.DataFrame:
    """Return the accuracy per model and tenth of the reviews by length (see `slices.by_length`)."""
    return _all_models({model: measured["by_length"] for model, measured in metrics.items()})


def write_all(
    table: pd.DataFrame,
    metrics: dict[str, Any],
    histories: dict[str, pd.DataFrame],
    corpus: str,
    folder: Path,
) -> None:
    """Write the tables of all plots.

    Args:
        table: one row per review, with its `label`, its `group` and a column of probabilities per
            model.
        metrics: metrics per model.
        histories: one row per epoch, for each network.
        corpus: name of the corpus.
        folder: folder of the files.
    """
    models = [*NETWORKS, BASELINE]
    probabilities = {name: table[name].to_numpy() for name in models}
    labels, groups = table["label"].to_numpy(), table["group"].to_numpy()
    tables = probability_tables(labels, groups, probabilities) | {
        "curves": learning_curves(histories),
        "lengths": accuracy_by_length({name: metrics[name] for name in models}),
    }
    for name, rows in tables.items():
        write(rows, corpus, folder / f"{name}.csv")


def write(table: pd.DataFrame, corpus: str, file: Path) -> None:
    """Write a table, with the name of the corpus in every row."""
    with atomic_file(file) as part:
        table.assign(corpus=corpus).to_csv(
            part, index=False, float_format=f"%.{DIGITS}f", lineterminator="\n"
        )


def _all_models(rows: dict[str, list[dict[str, Any]]]) -> pd.DataFrame:
    return pd.concat(pd.DataFrame(points).assign(model=model) for model, points in rows.items())
