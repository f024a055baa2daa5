"""The leaderboard: finished experiments, sorted by a metric, with the settings that differ."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from birnn.core.errors import InputError
from birnn.evaluation.intervals import LOWER_IS_BETTER
from birnn.evaluation.model_names import TITLES
from birnn.reporting import formatting
from birnn.reporting.formatting import NOTHING
from birnn.reporting.study import CORPUS_FIELDS, HOLD_OUT_SEED

PARAM = "params."  # prefix of columns that contain settings; metrics have no prefix
TEXTS = {"experiment", "revision", "commit", "code", "corpus.name"}
SAME_CODE, OTHER_CODE = "current", "other"
MARK = "*"  # of experiments that ran with other code
TEST, HELD_OUT = "mean.accuracy", "mean.holdout_accuracy"
SMALLER_IS_BETTER = LOWER_IS_BETTER | {"seconds", "parameters"}
HOLD_OUT_SETTINGS = {"pad.validation", HOLD_OUT_SEED}


@dataclass(frozen=True)
class Entry:
    """A row of the leaderboard as text, with a dash for a missing number.

    Attributes:
        name: name of the experiment. If several share it, their commits follow. A star marks code
            other than the current.
        settings: values of the settings that differ between rows, by name.
        accuracies: test accuracy in % and its 95% interval over test reviews, by model.
        held_out: accuracy in % on the held-out reviews, by model; empty if no row has one.
        training: training time by model, including the stages before it.
        score: value of the metric that the rows are sorted by, unless the others show it.
    """

    name: str
    settings: dict[str, str]
    accuracies: dict[str, str]
    held_out: dict[str, str]
    training: dict[str, str]
    score: str


@dataclass(frozen=True)
class Leaderboard:
    """Runs, sorted by a metric.

    Attributes:
        table: one row per run, the best first (see `birnn.experiments.leaderboard`).
        metric: the metric, such as `bigru.accuracy`.
    """

    table: pd.DataFrame
    metric: str

    @property
    def models(self) -> list[str]:
        """The models with an accuracy."""
        return [model for model in TITLES if f"{model}.accuracy" in self.table]

    @property
    def settings(self) -> list[str]:
        """The settings that differ between rows."""
        counts = self.table.filter(regex=f"^{PARAM}").nunique()
        return [str(name).removeprefix(PARAM) for name in counts[counts > 1].index]

    @property
    def has_other_code(self) -> bool:
        """True if an experiment ran with code other than the current."""
        return bool((self.table["code"] == OTHER_CODE).any())

    @property
    def purpose(self) -> str:
        """The order, and the measure that settings may be chosen by: never test accuracy."""
        if ".holdout_" not in self.metric:
            return (
                f"Sorted by {self.metric}. Do not choose settings by test accuracy: hold out "
                f"reviews (pad.validation=0.1) and choose by {HELD_OUT}. Then report the test "
                "accuracy of the chosen settings."
            )
        different = bool(HOLD_OUT_SETTINGS & set(self.settings))
        return (
            f"Sorted by {self.metric}, measured on held-out reviews, so settings may be chosen by "
            "it. The highest of many values is too high by chance: report the test accuracy of the "
            "chosen settings."
        ) + " Rows hold out different reviews, which also changes the accuracy." * different

    @cached_property
    def entries(self) -> list[Entry]:
        """The rows as text."""
        rows: list[Any] = self.table.to_dict("records")
        names = self.table["experiment"]
        shared = set(names[names.duplicated()])
        return [self._entry(row, is_shared=row["experiment"] in shared) for row in rows]

    def _entry(self, row: dict[str, Any], *, is_shared: bool) -> Entry:
        def cell(metric: str, form: Callable[[float], str] = in_percent) -> str:
            value = row.get(metric)
            return NOTHING if pd.isna(value) else form(value)

        def cells(measure: str, form: Callable[[float], str] = in_percent) -> dict[str, str]:
            return {model: cell(f"{model}.{measure}", form) for model in self.models}

        def accuracy(model: str) -> str:
            value, low, high = (
                cell(f"{model}.{measure}")
                for measure in ("accuracy", "accuracy_low", "accuracy_high")
            )
            return value if NOTHING in {value, low} else f"{value} ({low} to {high})"

        held_out = any(f"{model}.holdout_accuracy" in self.table for model in self.models)
        model, _, measure = self.metric.partition(".")
        is_shown = model in self.models and measure in {"accuracy", "holdout_accuracy", "seconds"}
        commit = f" ({row['commit'][:7]})" if is_shared else ""
        return Entry(
            name=row["experiment"] + commit + f" {MARK}" * (row["code"] == OTHER_CODE),
            settings={name: row[PARAM + name] or NOTHING for name in self.settings},
            accuracies={model: accuracy(model) for model in self.models},
            held_out=cells("holdout_accuracy") if held_out else {},
            training=cells("seconds", formatting.seconds),
            score="" if is_shown else cell(self.metric, "{:.6g}".format),
        )


def in_percent(share: float) -> str:
    """Format a proportion in percent without the sign."""
    return f"{100 * share:.2f}"


def rank(table: pd.DataFrame, metric: str | None = None) -> Leaderboard:
    """Sort runs by a metric, the best first and runs without it last.

    The default is the mean accuracy of the networks: on the held-out reviews if all runs hold out
    reviews, else on the test reviews.

    Raises:
        InputError: no run has this metric.
    """
    if metric is None:
        metric = HELD_OUT if HELD_OUT in table and table[HELD_OUT].notna().all() else TEST
    metrics = [
        str(name)
        for name in table.select_dtypes("number")
        if not str(name).startswith(("corpus.", PARAM))
    ]
    if metric not in metrics:
        raise InputError(f"no run has the metric {metric!r}: use one of {', '.join(metrics)}")
    ascending = metric.rpartition(".")[2] in SMALLER_IS_BETTER
    return Leaderboard(table.sort_values(metric, ascending=ascending, kind="stable"), metric)


def read(file: Path, corpus: Mapping[str, Any]) -> Leaderboard | None:
    """Read the saved runs on a corpus, or return None without any."""
    if not file.exists():
        return None
    columns = list(map(str, pd.read_csv(file, nrows=0)))
    texts = {name for name in columns if name in TEXTS or name.startswith(PARAM)}
    table = pd.read_csv(
        file,
        dtype=dict.fromkeys(texts, str),
        # A setting such as null is not a missing number.
        keep_default_na=False,
        na_values={name: [""] for name in columns if name not in texts},
    )
    same = pd.concat([table[f"corpus.{key}"] == corpus.get(key) for key in CORPUS_FIELDS], axis=1)
    table = table[same.all(axis=1)]
    return rank(table) if len(table) else None
