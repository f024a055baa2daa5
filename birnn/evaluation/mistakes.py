"""The worst mistakes of the networks, and their largest disagreements."""

import numpy as np
import pandas as pd

from birnn.evaluation.decision import is_positive
from birnn.evaluation.model_names import NETWORKS

LIMIT = 50  # reviews per kind


def find(predictions: pd.DataFrame) -> pd.DataFrame:
    """Return the worst mistakes of each network and the largest disagreements, by `kind`."""
    kinds = {name: most_wrong(predictions, name) for name in NETWORKS}
    kinds["disagreement"] = most_disagreed(predictions, *NETWORKS)
    return pd.concat(rows.assign(kind=kind) for kind, rows in kinds.items())


def most_wrong(predictions: pd.DataFrame, network: str) -> pd.DataFrame:
    """Return the reviews that `network` misclassified, the most confident mistakes first.

    Args:
        predictions: one row per review, with its `label` (1 positive, 0 negative) and one column
            per network, the probability that the review is positive.
        network: name of the network.
    """
    error = (predictions["label"] - predictions[network]).abs()
    wrong = is_positive(predictions[network].to_numpy()) != predictions["label"]
    return _largest(predictions[wrong], error[wrong])


def most_disagreed(predictions: pd.DataFrame, first: str, second: str) -> pd.DataFrame:
    """Return the reviews that two networks classify differently, the largest difference first.

    Args:
        predictions: as in `most_wrong`.
        first: name of the first network.
        second: name of the second network.
    """
    distance = (predictions[first] - predictions[second]).abs()
    differ = is_positive(predictions[first].to_numpy()) != is_positive(
        predictions[second].to_numpy()
    )
    return _largest(predictions[differ], distance[differ])


def _largest(rows: pd.DataFrame, by: pd.Series) -> pd.DataFrame:
    """Return the rows with the largest values of `by`, in their original order if tied."""
    order = np.argsort(-by.to_numpy(), kind="stable")[:LIMIT]
    return rows.iloc[order]
