"""The worst mistakes of the networks, and their largest disagreements."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from birnn.evaluation.decision import is_positive
from birnn.evaluation.model_names import DISAGREEMENT, NETWORKS

LIMIT = 50  # reviews per kind


def find(predictions: pd.DataFrame) -> pd.DataFrame:
    """Return the worst mistakes of each network and the largest disagreements, by `kind`."""
    kinds = {name: most_wrong(predictions, name) for name in NETWORKS}
    kinds[DISAGREEMENT] = most_disagreed(predictions, NETWORKS)
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


def most_disagreed(predictions: pd.DataFrame, networks: Sequence[str]) -> pd.DataFrame:
    """Return the reviews that networks classify differently, the largest difference first.

    Args:
        predictions: as in `most_wrong`.
        networks: names of the networks.
    """
    probabilities = predictions[list(networks)]
    distance = probabilities.max(axis=1) - probabilities.min(axis=1)
    classes = is_positive(probabilities.to_numpy())
    differ = classes.any(axis=1) != classes.all(axis=1)
    return _largest(predictions[differ], distance[differ])


def _largest(rows: pd.DataFrame, by: pd.Series) -> pd.DataFrame:
    """Return the rows with the largest values of `by`, in their original order if tied."""
    order = np.argsort(-by.to_numpy(), kind="stable")[:LIMIT]
    return rows.iloc[order]
