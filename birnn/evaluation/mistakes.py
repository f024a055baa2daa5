"""The reviews that the networks got most wrong, and those they disagree on most."""

import numpy as np
import pandas as pd

from birnn.evaluation.decision import is_positive
from birnn.evaluation.model_names import NETWORKS

MOST = 50  # reviews of each kind


def find(predictions: pd.DataFrame) -> pd.DataFrame:
    """Return the worst mistakes of each network and the largest disagreements, named in `kind`."""
    kinds = {name: most_wrong(predictions, name) for name in NETWORKS}
    kinds["disagreement"] = most_disagreed(predictions, *NETWORKS)
    return pd.concat(rows.assign(kind=kind) for kind, rows in kinds.items())


def most_wrong(predictions: pd.DataFrame, network: str) -> pd.DataFrame:
    """Return the reviews that `network` got wrong, those of the highest confidence first.

    Args:
        predictions: a row a review, with its `label` (1 positive, 0 negative) and, in a column
            named after each network, the probability that it is positive.
        network: whose mistakes.
    """
    error = (predictions["label"] - predictions[network]).abs()
    wrong = is_positive(predictions[network].to_numpy()) != predictions["label"]
    return _largest(predictions[wrong], error[wrong])


def most_disagreed(predictions: pd.DataFrame, first: str, second: str) -> pd.DataFrame:
    """Return the reviews that the two networks class differently, the furthest apart first.

    Args:
        predictions: as in `most_wrong`.
        first: a network.
        second: another one.
    """
    distance = (predictions[first] - predictions[second]).abs()
    differ = is_positive(predictions[first].to_numpy()) != is_positive(
        predictions[second].to_numpy()
    )
    return _largest(predictions[differ], distance[differ])


def _largest(rows: pd.DataFrame, by: pd.Series) -> pd.DataFrame:
    """Return the rows where `by` is largest; of equals, those that stand first."""
    order = np.argsort(-by.to_numpy(), kind="stable")[:MOST]
    return rows.iloc[order]
