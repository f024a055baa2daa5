"""Paired comparison of both sides of a review, if DVC's cache has their predictions."""

import io

import dvc.api
import pandas as pd
from dvc.exceptions import DvcException
from dvc_data.index import DataIndexDirError

from birnn.evaluation import comparison, metrics
from birnn.evaluation.intervals import Interval
from birnn.evaluation.model_names import TITLES

PREDICTIONS = "data/evaluated/predictions.parquet"


def differences(base: str) -> dict[str, Interval]:
    """Return, by model, the paired 95% interval of its accuracy here minus its accuracy at `base`.

    The result is empty if the cache lacks predictions, or if the reviews differ.
    """
    try:
        before, after = _predictions(base), _predictions(None)
    except (DvcException, DataIndexDirError, OSError):
        return {}
    if not before[["id", "label"]].equals(after[["id", "label"]]):
        return {}
    labels = after["label"].to_numpy()
    intervals = {}
    for model in TITLES:
        if model in before and model in after:
            here, there = (
                metrics.is_correct(labels, side[model].to_numpy()) for side in (after, before)
            )
            intervals[model] = comparison.compare(here, there).interval
    return intervals


def _predictions(revision: str | None) -> pd.DataFrame:
    content = dvc.api.read(PREDICTIONS, rev=revision, mode="rb")
    return pd.read_parquet(io.BytesIO(content))
