"""Studies as they stand in git: the same experiment over seeds, and over values of settings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from birnn.core.outputs import read_json
from birnn.evaluation.intervals import verdict
from birnn.evaluation.model_names import TITLES

SEED = "train.seed"
CORPUS = ("name", "train_reviews", "test_reviews", "vocabulary")
DIFFERENCE = "difference"


@dataclass(frozen=True)
class Group:
    """What the runs of one combination of settings say of one measure.

    Attributes:
        combination: the values of the varied settings, by name.
        seeds: number of seeds.
        cells: `mean`, `deviation`, `low` and `high`, by network and for their `difference`.
    """

    combination: dict[str, Any]
    seeds: int
    cells: dict[str, dict[str, Any]]

    @property
    def verdict(self) -> str:
        """What the interval of the difference over seeds shows."""
        difference = self.cells[DIFFERENCE]
        return verdict(difference["low"], difference["high"], TITLES["bilstm"], TITLES["bigru"])


@dataclass(frozen=True)
class Study:
    """A study.

    Attributes:
        name: of its folder.
        corpus: what the metrics say of the corpus that it is of.
        varied: names of the settings that vary, other than the seed.
        settings: all others, by name.
        runs: a row a run (see `experiments.studies`).
        summary: a row a combination of values, model and measure.
    """

    name: str
    corpus: dict[str, Any]
    varied: list[str]
    settings: dict[str, Any]
    runs: pd.DataFrame
    summary: pd.DataFrame

    def is_of(self, corpus: Mapping[str, Any], settings: Mapping[str, Any]) -> bool:
        """Tell whether it is of this corpus and these settings, but for those that vary."""
        return all(self.corpus[key] == corpus.get(key) for key in CORPUS) and all(
            settings.get(key) == value for key, value in self.settings.items()
        )

    def of(self, group: Group) -> pd.DataFrame:
        """Return the runs of a group."""
        chosen = self.runs
        for name, value in group.combination.items():
            chosen = chosen[chosen[name] == value]
        return chosen

    def groups(self, measure: str) -> list[Group]:
        """Return what is said of a measure, a group for each combination of values."""
        return groups(self.summary, self.varied, measure)


def groups(summary: pd.DataFrame, varied: Sequence[str], measure: str) -> list[Group]:
    """Return the rows of a summary that are of `measure`, a group for each combination."""
    rows: list[Any] = summary[summary["measure"] == measure].to_dict("records")
    combinations: dict[tuple[Any, ...], dict[str, dict[str, Any]]] = {}
    for row in rows:
        combinations.setdefault(tuple(row[key] for key in varied), {})[row["model"]] = row
    return [
        Group(dict(zip(varied, values, strict=True)), int(cells[DIFFERENCE]["seeds"]), cells)
        for values, cells in combinations.items()
    ]


def read(folder: Path) -> Study:
    """Read the study in a folder."""
    about = read_json(folder / "study.json")
    return Study(
        name=folder.name,
        corpus=about["corpus"],
        varied=about["varied"],
        settings=about["settings"],
        runs=pd.read_csv(folder / "runs.csv"),
        summary=pd.read_csv(folder / "summary.csv"),
    )


def read_all(folder: Path) -> list[Study]:
    """Read every study, by name; those that vary nothing but the seed come first."""
    studies = [read(file.parent) for file in sorted(folder.glob("*/study.json"))]
    return sorted(studies, key=lambda study: len(study.varied))
