"""The worst mistakes of the models, and the largest disagreements of the networks."""

from collections.abc import Iterable, Mapping

import pandas as pd

from birnn.evaluation.model_names import ALL_TITLES, DISAGREEMENT, NETWORKS, titles
from birnn.evaluation.thresholds import Decision
from birnn.networks.log_odds import is_positive

LIMIT = 50  # reviews per kind


def find(predictions: pd.DataFrame, decisions: Mapping[str, Decision]) -> pd.DataFrame:
    """Return the worst mistakes of each model and the largest disagreements, by `kind`.

    `predictions` have one row per review, with its `label` (1 positive, 0 negative) and one column
    per model, the log-odds that the review is positive. The result has probabilities instead.
    """
    models, networks = titles(predictions, ALL_TITLES), titles(predictions, NETWORKS)
    margins = predictions.assign(
        **{name: decisions[name].margins(predictions[name].to_numpy()) for name in models}
    )
    kinds = {name: most_wrong(margins, name) for name in models}
    if networks:
        kinds[DISAGREEMENT] = most_disagreed(margins, networks)
    table = pd.concat(rows.assign(kind=kind) for kind, rows in kinds.items())
    return table.assign(
        **{name: decisions[name].probability(table[name].to_numpy()) for name in models}
    )


def most_wrong(margins: pd.DataFrame, model: str) -> pd.DataFrame:
    """Return the reviews that a model misclassified, the most confident mistakes first.

    `margins` have one row per review, with its `label`, and one column per model.
    """
    wrong = is_positive(margins[model].to_numpy()) != margins["label"]
    return margins.reindex(margins[model][wrong].abs().nlargest(LIMIT).index)


def most_disagreed(margins: pd.DataFrame, networks: Iterable[str]) -> pd.DataFrame:
    """Return the reviews that networks classify differently, the largest difference first.

    `margins` are as in `most_wrong`.
    """
    compared = margins[list(networks)]
    distance = compared.max(axis=1) - compared.min(axis=1)
    classes = is_positive(compared.to_numpy())
    differ = classes.any(axis=1) != classes.all(axis=1)
    return margins.reindex(distance[differ].nlargest(LIMIT).index)
