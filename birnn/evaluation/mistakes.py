"""The worst mistakes of the models, and the largest disagreements of the networks."""

from collections.abc import Iterable

import pandas as pd

from birnn.evaluation.model_names import ALL_NETWORKS, CHOICES, DISAGREEMENT, NETWORKS, TITLES
from birnn.networks.log_odds import combine, is_positive, probability

LIMIT = 50  # reviews per kind


def find(predictions: pd.DataFrame) -> pd.DataFrame:
    """Return the worst mistakes of each model and the largest disagreements, by `kind`.

    The result has probabilities instead of log-odds.
    """
    networks = combine([predictions[name] for name in NETWORKS])
    models = predictions.assign(**{ALL_NETWORKS: networks})
    kinds = {name: most_wrong(models, name) for name in CHOICES}
    kinds[DISAGREEMENT] = most_disagreed(predictions, NETWORKS)
    table = pd.concat(rows.assign(kind=kind) for kind, rows in kinds.items())
    return table.assign(**{name: probability(table[name].to_numpy()) for name in TITLES})


def most_wrong(predictions: pd.DataFrame, model: str) -> pd.DataFrame:
    """Return the reviews that a model misclassified, the most confident mistakes first.

    `predictions` have one row per review, with its `label` (1 positive, 0 negative) and one column
    per model, the log-odds that the review is positive.
    """
    log_odds = predictions[model]
    wrong = is_positive(log_odds.to_numpy()) != predictions["label"]
    return predictions.reindex(log_odds[wrong].abs().nlargest(LIMIT).index)


def most_disagreed(predictions: pd.DataFrame, networks: Iterable[str]) -> pd.DataFrame:
    """Return the reviews that networks classify differently, the largest difference first.

    `predictions` are as in `most_wrong`.
    """
    log_odds = predictions[list(networks)]
    distance = log_odds.max(axis=1) - log_odds.min(axis=1)
    classes = is_positive(log_odds.to_numpy())
    differ = classes.any(axis=1) != classes.all(axis=1)
    return predictions.reindex(distance[differ].nlargest(LIMIT).index)
