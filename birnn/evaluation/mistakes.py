"""The reviews that the networks got most wrong, and those they disagree on most."""

import numpy as np
import pandas as pd

from birnn.evaluation.model_names import THRESHOLD

MOST = 50  # reviews of each kind


def most_wrong(predictions: pd.DataFrame, network: str) -> pd.DataFrame:
    """Return the reviews that `network` got wrong, those of the highest confidence first.

    Args:
        predictions: a row a review, with its `label` (1 positive, 0 negative) and, in a column
            named after each network, the probability that it is positive.
        network: whose mistakes.
    """
    error = (predictions["label"] - predictions[network]).abs()
    wrong = (predictions[network] > THRESHOLD) != predictions["label"]
    return _largest(predictions[wrong], error[wrong])


def most_disagreed(predictions: pd.DataFrame, first: str, second: str) -> pd.DataFrame:
    """Return the reviews that the two networks class differently, the furthest apart first.

    Args:
        predictions: as in `most_wrong`.
        first: a network.
        second: another one.
    """
    distance = (predictions[first] - predictions[second]).abs()
    differ = (predictions[first] > THRESHOLD) != (predictions[second] > THRESHOLD)
    return _largest(predictions[differ], distance[differ])


def _largest(rows: pd.DataFrame, by: pd.Series) -> pd.DataFrame:
    """Return the rows where `by` is largest; of equals, those that stand first."""
    order = np.argsort(-by.to_numpy(), kind="stable")[:MOST]
    return rows.iloc[order]
