"""Studies stored in git: one experiment repeated over seeds and over values of settings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from birnn.core.outputs import read_json
from birnn.evaluation.intervals import overall_verdict, verdict
from birnn.evaluation.model_names import NETWORKS, TITLES, split_pair

SEED = "train.seed"
HOLD_OUT_SEED = "pad.seed"
ENDS = ("low", "high")
CORPUS_FIELDS = ("name", "train_reviews", "test_reviews", "vocabulary")


@dataclass(frozen=True)
class Group:
    """The results of one combination of settings for one measure.

    Attributes:
        combination: values of the varied settings, by name.
        seeds: number of seeds.
        networks: `mean`, `deviation`, and the ends `low` and `high` of the interval, by network.
        differences: the same for the difference of two networks with the same seed, by pair.
    """

    combination: dict[str, Any]
    seeds: int
    networks: dict[str, dict[str, Any]]
    differences: dict[tuple[str, ...], dict[str, Any]]

    @property
    def verdicts(self) -> dict[tuple[str, ...], str]:
        """The verdict of each pair on a measure whose higher values are better."""
        return {
            pair: verdict(cell["low"], cell["high"], *(TITLES[name] for name in pair))
            for pair, cell in self.differences.items()
        }

    @property
    def verdict(self) -> str:
        """The verdict on all pairs."""
        return overall_verdict(list(self.verdicts.values()))


@dataclass(frozen=True)
class Study:
    """A study.

    Attributes:
        name: name of its folder.
        corpus: description of its corpus, as in the metrics.
        varied: names of the settings that vary, except the seed.
        settings: values of all other settings, by name.
        runs: one row per run (see `birnn.experiments.studies`).
        summary: one row per combination of values, model and measure.
        comparison: one row per measure and model, with intervals over seeds and test reviews; None
            unless all runs share one combination of values.
        epochs: accuracy and loss on the watched split, one row per seed, network and epoch; None
            unless only the seed varies.
    """

    name: str
    corpus: dict[str, Any]
    varied: list[str]
    settings: dict[str, Any]
    runs: pd.DataFrame
    summary: pd.DataFrame
    comparison: pd.DataFrame | None = None
    epochs: pd.DataFrame | None = None

    def covers(self, corpus: Mapping[str, Any]) -> bool:
        """Return whether the study has this corpus.

        A study of networks that are no longer in the registry covers none.
        """
        return set(self.networks) <= set(NETWORKS) and all(
            self.corpus[key] == corpus.get(key) for key in CORPUS_FIELDS
        )

    def matches(self, corpus: Mapping[str, Any], settings: Mapping[str, Any]) -> bool:
        """Return whether the study has this corpus and exactly these settings.

        The seed, the varied settings, and the settings of the report and of networks outside the
        study may differ.
        """
        varied = [*self.varied, HOLD_OUT_SEED] if self.resamples else self.varied
        fixed = fixed_settings(settings, varied, self.networks)
        return self.covers(corpus) and fixed == self.settings

    def contains(self, metrics: Mapping[str, Any], settings: Mapping[str, Any]) -> bool:
        """Return whether a run of the study has these metrics and settings, including the seed.

        If so, the code of the study computes the same as the code of these metrics.
        """
        if not self.matches(metrics["corpus"], settings):
            return False
        names = [name for name in map(str, self.runs) if name.split(".")[0] in NETWORKS]
        pairs = [name.split(".") for name in names]
        values = [metrics.get(model, {}).get(measure) for model, measure in pairs]
        runs = self.runs[self.runs[SEED] == settings.get(SEED)]
        return bool((runs[names] == values).all(axis=1).any())

    @property
    def resamples(self) -> bool:
        """True if each seed holds out other training reviews."""
        return HOLD_OUT_SEED in self.runs

    @property
    def networks(self) -> list[str]:
        """The networks of the study."""
        models = self.summary["model"].unique()
        return [name for name in models if len(split_pair(name)) == 1]

    def group_runs(self, group: Group) -> pd.DataFrame:
        """Return the runs of a group."""
        runs = self.runs
        for name, value in group.combination.items():
            runs = runs[runs[name] == value]
        return runs

    def groups(self, measure: str) -> list[Group]:
        """Return one group per combination of values, for one measure.

        Intervals cover seeds only. If the measure is in `comparison`, means and intervals come from
        it: from predictions in 10 bits, over seeds and test reviews, and simultaneous for the
        differences in all its measures.
        """
        summary = self.summary
        if self.comparison is not None:
            summary = _replace_intervals(summary, self.comparison)
        rows: list[Any] = summary[summary["measure"] == measure].to_dict("records")
        combinations: dict[tuple[Any, ...], dict[str, dict[str, Any]]] = {}
        for row in rows:
            combinations.setdefault(tuple(row[key] for key in self.varied), {})[row["model"]] = row
        return [
            Group(
                combination=dict(zip(self.varied, values, strict=True)),
                seeds=int(next(iter(cells.values()))["seeds"]),
                networks={name: cell for name, cell in cells.items() if len(split_pair(name)) == 1},
                differences={
                    pair: cell for name, cell in cells.items() if len(pair := split_pair(name)) > 1
                },
            )
            for values, cells in combinations.items()
        ]


def fixed_settings(
    settings: Mapping[str, Any], varied: Sequence[str], networks: Sequence[str]
) -> dict[str, Any]:
    """Return the settings that all runs of a study share and that affect their metrics."""
    others = {"report", *NETWORKS} - set(networks)
    return {
        name: value
        for name, value in settings.items()
        if name not in {SEED, *varied} and name.split(".")[0] not in others
    }


def _replace_intervals(summary: pd.DataFrame, comparison: pd.DataFrame) -> pd.DataFrame:
    """Return a summary with the means and intervals of the measures that a comparison has."""
    keys = ["measure", "model"]
    summary, comparison = summary.set_index(keys), comparison.set_index(keys)
    for measure, model in comparison.index.intersection(summary.index):
        kind = "simultaneous_" if len(split_pair(model)) > 1 else ""
        columns = ["mean", *(f"{kind}{end}" for end in ENDS)]
        row = comparison.loc[(measure, model), columns].to_numpy()
        summary.loc[(measure, model), ["mean", *ENDS]] = row
    return summary.reset_index()


def read(folder: Path) -> Study:
    """Read the study in a folder."""
    description = read_json(folder / "study.json")
    return Study(
        name=folder.name,
        corpus=description["corpus"],
        varied=description["varied"],
        settings=description["settings"],
        runs=pd.read_csv(folder / "runs.csv"),
        summary=pd.read_csv(folder / "summary.csv"),
        comparison=_read_table(folder / "comparison.csv"),
        epochs=_read_table(folder / "epochs.csv"),
    )


def _read_table(file: Path) -> pd.DataFrame | None:
    return pd.read_csv(file) if file.exists() else None


def read_all(folder: Path) -> list[Study]:
    """Read all studies, sorted by name; studies that vary only the seed come first."""
    studies = [read(file.parent) for file in sorted(folder.glob("*/study.json"))]
    return sorted(studies, key=lambda study: len(study.varied))
