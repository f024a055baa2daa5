"""The difference of the two networks in several training regimes, see `study/PROTOCOL.md`."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from birnn.core.errors import InputError
from birnn.studies import differences
from birnn.studies.differences import Difference
from birnn.studies.store import SEED, Study

COMPARISONS = 3  # of the protocol; their intervals hold together


@dataclass(frozen=True)
class Runs:
    """The runs of a study with the given values of settings that vary in it."""

    study: str
    seeds: int
    settings: dict[str, Any] = field(default_factory=dict)


# By title: the runs of each network.
REGIMES = {
    "the notebook's settings": {"bilstm": Runs("seeds", 30), "bigru": Runs("seeds", 30)},
    "recipe n-grams": {"bilstm": Runs("strong", 20), "bigru": Runs("strong", 20)},
    "the winners of 20 random trials": {
        "bilstm": Runs("tuned-bilstm", 10),
        "bigru": Runs("tuned-bigru", 10),
    },
    "3 epochs against 4": {
        "bilstm": Runs("equal-time", 5, {"train.epochs": 3}),
        "bigru": Runs("equal-time", 5, {"train.epochs": 4}),
    },
}


@dataclass(frozen=True)
class Regime:
    """The comparison of two networks in a training regime.

    Attributes:
        title: description of the regime.
        accuracies: by network, one value per seed.
        difference: of the accuracies, first network minus second.
        luck: mean absolute difference of two seeds of one network, averaged over the networks.
    """

    title: str
    accuracies: dict[str, pd.Series]
    difference: Difference
    luck: float


def compare(
    studies: Iterable[Study], regimes: Mapping[str, Mapping[str, Runs]] = REGIMES
) -> list[Regime]:
    """Return the regimes whose studies are among the given ones, which share a corpus.

    Raises:
        InputError: the runs of two networks are too few, have different seeds or lack predictions.
    """
    found = {study.name: study for study in studies}
    return [
        _compare(title, networks, found)
        for title, networks in regimes.items()
        if {runs.study for runs in networks.values()} <= found.keys()
    ]


def _compare(title: str, networks: Mapping[str, Runs], found: Mapping[str, Study]) -> Regime:
    studies = {name: found[runs.study] for name, runs in networks.items()}
    tables = {name: _select(studies[name], runs) for name, runs in networks.items()}
    first, second = (study.reviews for study in studies.values())
    seeds = {tuple(table[SEED]) for table in tables.values()}
    counts = {runs.seeds for runs in networks.values()}
    if len(seeds) > 1 or {*map(len, seeds)} != counts:
        raise InputError(f"{title}: each network needs runs with the same {min(counts)} seeds")
    if first is None or second is None or not first.equals(second):
        raise InputError(f"{title}: both networks need predictions of the same reviews")
    log_odds = (studies[name].log_odds(table)[name] for name, table in tables.items())
    measured = differences.compute_differences(
        next(log_odds),
        next(log_odds),
        first["label"].to_numpy(),
        first["group"].to_numpy(),
        COMPARISONS,
    )
    accuracies = {name: table[f"{name}.accuracy"] for name, table in tables.items()}
    luck = np.mean([_difference_of_two(values) for values in accuracies.values()])
    return Regime(title, accuracies, measured["accuracy"], float(luck))


def _select(study: Study, chosen: Runs) -> pd.DataFrame:
    """Return the chosen runs of a study, sorted by seed."""
    table = study.runs
    for name, value in chosen.settings.items():
        table = table[table[name] == value]
    return table.sort_values(SEED)


def _difference_of_two(values: pd.Series) -> float:
    """Return the mean absolute difference of two of the values (Gini)."""
    distances = np.abs(np.subtract.outer(values.to_numpy(), values.to_numpy()))
    return float(distances.sum()) / (len(values) * (len(values) - 1))
