"""The difference of two networks in several training regimes, which `study/regimes.yaml` lists."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from pydantic import Field

from birnn.core.errors import InputError
from birnn.core.settings import Section, validate_section
from birnn.core.yaml_files import read_yaml
from birnn.studies import differences, store
from birnn.studies.differences import Difference
from birnn.studies.store import SEED, Study

FILE = store.FOLDER / "regimes.yaml"
COMPARISONS = 3  # of study/PROTOCOL.md; their intervals hold together


class Runs(Section):
    """The runs of a study with the given values of settings that vary in it."""

    study: str
    settings: dict[str, Any] = Field(default_factory=dict)


class Entry(Section):
    """An entry of `regimes.yaml`: a title, and the runs of each of two networks."""

    title: str
    networks: dict[str, Runs]

    def studies(self) -> set[str]:
        """Return the names of its studies."""
        return {runs.study for runs in self.networks.values()}


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


def read(studies: Iterable[Study]) -> list[Regime]:
    """Return the regimes whose studies are among the given ones, which share a corpus.

    Raises:
        InputError: the file is not valid, or the runs of two networks are not comparable.
    """
    content = read_yaml(FILE) if FILE.exists() else []
    entries = [validate_section(Entry, each, str(FILE)) for each in content]
    found = {study.name: study for study in studies}
    return [_compare(each, found) for each in entries if each.studies() <= found.keys()]


def _compare(entry: Entry, found: Mapping[str, Study]) -> Regime:
    studies = {name: found[runs.study] for name, runs in entry.networks.items()}
    tables = {name: _select(studies[name], runs) for name, runs in entry.networks.items()}
    first, second = (study.reviews for study in studies.values())
    seeds = {tuple(table[SEED]) for table in tables.values()}
    if first is None or second is None or not first.equals(second) or len(seeds) > 1:
        raise InputError(f"{entry.title}: give runs with the same seeds, and predictions of both")
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
    return Regime(entry.title, accuracies, measured["accuracy"], float(luck))


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
