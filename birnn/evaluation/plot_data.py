"""The rows of the plots: one table a plot, a row a point, with the model's name in each."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from birnn.core.outputs import whole_file
from birnn.evaluation import calibration
from birnn.evaluation import metrics as scoring

DIGITS = 4

OF_PROBABILITIES: dict[
    str, Callable[[NDArray[np.uint8], NDArray[np.float32]], list[dict[str, Any]]]
] = {
    "confusion": scoring.confusion_counts,
    "precision_recall": scoring.precision_recall_points,
    "reliability": calibration.reliability,
    "roc": scoring.roc_points,
}


def of_predictions(
    labels: NDArray[np.uint8], probabilities: dict[str, NDArray[np.float32]]
) -> dict[str, pd.DataFrame]:
    """Return the tables that follow from the labels and each model's probabilities."""
    return {
        name: _all_models({model: rows(labels, p) for model, p in probabilities.items()})
        for name, rows in OF_PROBABILITIES.items()
    }


def of_histories(histories: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Return a row an epoch and split, `training` or `validation`: accuracy and loss."""
    return pd.concat(
        history[["epoch", f"{prefix}accuracy", f"{prefix}loss"]]
        .set_axis(["epoch", "accuracy", "loss"], axis="columns")
        .assign(split=split, model=model)
        for model, history in histories.items()
        for prefix, split in (("", "training"), ("val_", "validation"))
    )


def of_lengths(metrics: dict[str, dict[str, Any]]) -> pd.DataFrame:
    """Return a row a model and tenth of the reviews by length (see `slices.by_length`)."""
    return _all_models({model: measured["by_length"] for model, measured in metrics.items()})


def write(table: pd.DataFrame, corpus: str, file: Path) -> None:
    """Write a table, with the name of the corpus in each row."""
    with whole_file(file) as part:
        table.assign(corpus=corpus).to_csv(
            part, index=False, float_format=f"%.{DIGITS}f", lineterminator="\n"
        )


def _all_models(rows: dict[str, list[dict[str, Any]]]) -> pd.DataFrame:
    return pd.concat(pd.DataFrame(of_one).assign(model=model) for model, of_one in rows.items())
