"""The difference of the two networks in several training regimes, see `study/PROTOCOL.md`."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from scipy.spatial.distance import pdist

from birnn.studies import differences
from birnn.studies.differences import Difference
from birnn.studies.store import SEED, Study

COMPARISONS = 3  # of the protocol; their intervals hold together


@dataclass(frozen=True)
class Selection:
    """The runs of a study with these seeds, and these values of settings that vary in it."""

    study: str
    seeds: range
    settings: dict[str, Any] = field(default_factory=dict)

    def select(self, study: Study) -> pd.DataFrame:
        """Return the runs sorted by seed, none if one is missing."""
        table = study.runs
        for name, value in self.settings.items():
            table = table[table[name] == value] if name in table else table[:0]
        return table.sort_values(SEED) if sorted(table[SEED]) == list(self.seeds) else table[:0]


BOTH = ("bilstm", "bigru")
# By title: the runs of each network.
REGIMES = {
    "default settings (explored)": dict.fromkeys(BOTH, Selection("seeds", range(30))),
    "recipe n-grams": dict.fromkeys(BOTH, Selection("strong", range(100, 120))),
    "searched settings": {name: Selection(f"tuned-{name}", range(101, 111)) for name in BOTH},
    "n-grams, 3 epochs (BiLSTM) against 4": {
        "bilstm": Selection("equal-time", range(100, 105), {"train.epochs": 3}),
        "bigru": Selection("equal-time", range(100, 105), {"train.epochs": 4}),
    },
}


@dataclass(frozen=True)
class Regime:
    """The comparison of two networks in a training regime.

    It has the accuracies of each network by seed, their difference (the first network minus the
    second), and the mean absolute difference of two seeds of one network, averaged over both.
    """

    title: str
    accuracies: dict[str, pd.Series]
    difference: Difference
    seed_difference: float


def compare(
    studies: Iterable[Study], regimes: Mapping[str, Mapping[str, Selection]] = REGIMES
) -> list[Regime]:
    """Return the regimes whose runs are all among the given studies, which share a corpus."""
    found = {study.name: study for study in studies}
    compared = (
        _compare(title, networks, found)
        for title, networks in regimes.items()
        if {runs.study for runs in networks.values()} <= found.keys()
    )
    return [regime for regime in compared if regime]


def _compare(
    title: str, networks: Mapping[str, Selection], found: Mapping[str, Study]
) -> Regime | None:
    accuracies, log_odds, reviews = {}, [], []
    for name, selection in networks.items():
        study = found[selection.study]
        runs = selection.select(study)
        predicted = study.log_odds(runs)
        if name not in predicted:
            return None
        accuracies[name] = runs[f"{name}.accuracy"]
        log_odds.append(predicted[name])
        reviews.append(study.labels_and_groups())
    if not np.array_equal(reviews[0], reviews[1]):
        return None
    labels, groups = reviews[0]
    measured = differences.compute_differences(
        log_odds[0], log_odds[1], labels, groups, COMPARISONS
    )
    between = np.mean(
        [pdist(values.to_numpy()[:, None], "cityblock").mean() for values in accuracies.values()]
    )
    return Regime(title, accuracies, measured["accuracy"], float(between))
