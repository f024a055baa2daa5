"""The table of what differs between the networks: cost, results, disagreement and influence."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from birnn.evaluation.model_names import INFLUENCE_PARTS, NETWORKS, PAIRS, TITLES, pair_title
from birnn.networks.log_odds import is_positive
from birnn.studies import differences
from birnn.studies.store import Study
from birnn.studies.table import Row, format_difference, format_mean
from birnn.style.formatting import NOTHING, table

COSTS = {
    "recurrent_parameters": "parameters of the recurrent layers",
    "multiply_adds": "multiply-adds per review",
}
RESULTS = {
    "accuracy": "accuracy in %",
    "loss": "loss in nats",
    "roc_auc": "ROC AUC",
    "ece": "expected calibration error",
}
THIS_RUN = "settings of this run"
# Planned comparisons that are the first row of a study (see `study/PROTOCOL.md`): the label of the
# row, and the number of runs of the study.
PLANNED = {
    "strong": ("recipe n-grams", 20),
    "random-settings": ("random settings", 30),
    "equal-size": ("recipe skip-gram at equal size", 20),
    "rotten-tomatoes": ("recipe n-grams on rotten-tomatoes", 20),
}
INFLUENCES = {f"influence_{name}": f"influence of the {name} words" for name in INFLUENCE_PARTS}

Pairs = Mapping[tuple[str, str], tuple[str, str]]
"""By pair of networks, their difference and how often the first is ahead."""
Compared = tuple[str, Study, Row]
"""The name of settings, and runs of the networks with them over seeds."""


def tabulate(
    costs: Mapping[str, Mapping[str, int | None]],
    compared: Sequence[Compared],
    influences: pd.DataFrame,
    timed: Row | None = None,
) -> str:
    """Return a row per property and settings, and columns for each network and pair of networks.

    `costs` are from `Predictor.predict_split`. Of the settings that are `compared`, only THIS_RUN
    has rows for all measures. `influences` have a row per seed, with columns as in a study. `timed`
    has training times of a recipe.
    """
    head = ["", *(TITLES[name] for name in NETWORKS)]
    for pair in PAIRS:
        head += [pair_title(*pair), f"{TITLES[pair[0]]} ahead"]
    lines = list[list[str]]()
    for key, title in COSTS.items():
        known = {name: f"{costs[name][key]:,}" for name in NETWORKS if costs[name][key]}
        lines.append(_line(title, "", known))
    if timed:
        lines += _times(timed)
    for settings, study, row in compared:
        planned = " (planned)" * (study.name in PLANNED)
        titles = RESULTS if settings == THIS_RUN else {"accuracy": RESULTS["accuracy"]}
        lines += _over_seeds(row.combination.runs, titles, settings + planned, row.differences)
        lines += _disagreements(study, row, settings)
    lines += _over_seeds(influences, INFLUENCES, "")
    properties = [line[0] for line in lines]
    lines.sort(key=lambda line: properties.index(line[0]))
    return table(head, ([", ".join(filter(None, line[:2])), *line[2:]] for line in lines))


def _line(
    title: str, settings: str, values: Mapping[str, str], compared: Pairs | None = None
) -> list[str]:
    pairs = (cell for pair in PAIRS for cell in (compared or {}).get(pair, (NOTHING, NOTHING)))
    return [title, settings, *(values.get(name, NOTHING) for name in NETWORKS), *pairs]


def _over_seeds(
    runs: pd.DataFrame,
    titles: Mapping[str, str],
    settings: str,
    computed: Mapping[tuple[str, str], Mapping[str, Any]] | None = None,
) -> Iterator[list[str]]:
    """Yield a line for each measure, with the differences `computed`, or else those over seeds."""
    comparisons, known = len(PAIRS) * len(differences.REVIEW_VALUES), runs.dropna(axis="columns")
    for measure, title in titles.items():
        columns = {name: f"{name}.{measure}" for name in NETWORKS if f"{name}.{measure}" in known}
        compared = {}
        for pair in PAIRS:
            if {*pair} <= columns.keys():
                first, second = (runs[columns[name]] for name in pair)
                found = (computed or {}).get(pair, {}).get(measure)
                found = found or differences.difference_over_seeds(
                    first, second, measure, comparisons
                )
                ahead = f"{found.better} of {len(runs)}"
                compared[pair] = format_difference(found, measure), ahead
        means = {name: differences.mean_over_seeds(runs[columns[name]]) for name in columns}
        cells = {name: format_mean(mean, measure) for name, mean in means.items()}
        yield _line(title, settings, cells, compared)


def _times(row: Row) -> Iterator[list[str]]:
    """Yield the median training times at equal epochs, and the median of their ratio."""
    runs, label = row.combination.runs, row.combination.label
    if {f"{name}.seconds" for name in NETWORKS} <= {*runs.dropna(axis="columns")}:
        compared = {}
        for first, second in PAIRS:
            ratios = runs[f"{first}.seconds"] / runs[f"{second}.seconds"]
            ahead = f"{(ratios < 1).sum()} of {len(runs)}"
            compared[first, second] = f"{ratios.median():.2f} times as long", ahead
        seconds = {name: f"{runs[f'{name}.seconds'].median():.0f}" for name in NETWORKS}
        yield _line("median training time in s", f"recipe {label}", seconds, compared)


def _disagreements(study: Study, row: Row, settings: str) -> Iterator[list[str]]:
    """Yield how often two seeds of a network, and of both networks, predict different classes."""
    seeds, log_odds = len(row.combination.runs), study.log_odds(row.combination.runs)
    if not log_odds or seeds == 1 or study.is_sample:  # draws differ in their settings, too
        return
    _, groups = study.labels_and_groups()
    predicted = {name: is_positive(log_odds[name]) for name in study.networks}
    within = {name: differences.disagreement(each, each) for name, each in predicted.items()}

    def compare(shares: Mapping[tuple[str, str], NDArray[np.float64]]) -> Pairs:
        means = {pair: differences.mean_over_groups(shares[pair], groups, seeds) for pair in shares}
        return {pair: (format_difference(mean), NOTHING) for pair, mean in means.items()}

    gaps = {(a, b): within[a] - within[b] for a, b in row.differences}
    both = {(a, b): differences.disagreement(predicted[a], predicted[b]) for a, b in gaps}
    shown = {name: f"{100 * each.mean():.2f}" for name, each in within.items()}
    yield _line("disagreement of two seeds in %", settings, shown, compare(gaps))
    # A share, not a difference, so it has no sign.
    shares = {pair: (text.replace("+", ""), ahead) for pair, (text, ahead) in compare(both).items()}
    yield _line("disagreement of the networks in %", settings, {}, shares)
