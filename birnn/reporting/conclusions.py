"""Conclusions of a study over seeds about the difference of two networks, in sentences."""

import math
from functools import partial
from typing import Any

import pandas as pd

from birnn.evaluation.intervals import LOWER_IS_BETTER, TOO_FEW_SEEDS, Interval, decide
from birnn.evaluation.model_names import PAIRS, TITLES, pair_name
from birnn.reporting import epochs_figure, formatting
from birnn.reporting.formatting import listed, points

MEASURES = {
    "accuracy": "accuracy",
    "loss": "loss",
    "average_precision": "average precision",
    "roc_auc": "ROC AUC",
}
UNITS = {"accuracy": "points", "loss": "nats"}  # of differences

Pair = tuple[str, str]


def measured(comparison: pd.DataFrame, pair: Pair, measure: str) -> dict[str, Any]:
    """Return the row of a comparison for a pair of networks."""
    rows = comparison[comparison["model"] == pair_name(*pair)].set_index("measure")
    return {str(name): value for name, value in rows.loc[measure].items()}


def mean(comparison: pd.DataFrame, network: str, measure: str) -> str:
    """Format the mean of a network over seeds: of an accuracy in percent."""
    rows = comparison[(comparison["model"] == network) & (comparison["measure"] == measure)]
    value = float(rows["mean"].iloc[0])
    return f"{100 * value:.2f}" if measure == "accuracy" else f"{value:.4f}"


def difference(comparison: pd.DataFrame, pair: Pair, measure: str) -> str:
    """Format a difference and its simultaneous interval: of an accuracy in points."""
    row, form = measured(comparison, pair, measure), partial(_number, measure=measure)
    if math.isnan(row["standard_error"]):  # too few groups
        return form(row["mean"])
    ends = {"low": row["simultaneous_low"], "high": row["simultaneous_high"]}
    return formatting.difference(row | ends, form)


def headline(comparison: pd.DataFrame, pair: Pair) -> str:
    """Return which of two networks is better by which measure, and by how much.

    A network is better by a measure if the simultaneous interval of the difference excludes 0.
    """
    better: dict[str, list[str]] = {}
    undecided, unknown = [], []
    for measure, title in MEASURES.items():
        row = measured(comparison, pair, measure)
        low, high = row["simultaneous_low"], row["simultaneous_high"]
        if low > 0 or high < 0:
            first_is_better = (low > 0) != (measure in LOWER_IS_BETTER)
            name = pair[0] if first_is_better else pair[1]
            amount = _amount(row["mean"], measure)
            better.setdefault(name, []).append(f"{title} (by {amount})")
        elif math.isnan(low) and not math.isnan(row["standard_error"]):
            unknown.append(title)
        else:
            undecided.append(title)
    clauses = [
        f"the {TITLES[name]} is better in {listed(measures)}" for name, measures in better.items()
    ]
    if undecided:
        clauses.append(f"no difference is shown in {listed(undecided, 'or')}")
    if unknown:
        clauses.append(f"there are {TOO_FEW_SEEDS} to compare {listed(unknown)}")
    return "; ".join(clauses)


def chance(comparison: pd.DataFrame, pair: Pair, groups: str) -> str:
    """Return how likely a new run of the network that wins more often has the higher accuracy."""
    row = measured(comparison, pair, "accuracy")
    share, interval = row["wins"], (row["wins_low"], row["wins_high"])
    first, second = pair
    if share < 1 - share:
        first, second = second, first
        share, interval = 1 - share, (1 - interval[1], 1 - interval[0])
    low, high = map(_rounded_percent, interval)
    doubt = ", not shown to differ from 50%" if interval[0] < 1 - interval[0] else ""
    return (
        f"A new {TITLES[first]} has a higher accuracy than a new {TITLES[second]} with a "
        f"probability of {_rounded_percent(share)} (95% interval over seeds and {groups}: {low} to "
        f"{high}{doubt})"
    )


def importance(comparison: pd.DataFrame, pair: Pair, equivalence: float) -> str:
    """Return whether the difference in accuracy is larger than `equivalence`, in points."""
    row = measured(comparison, pair, "accuracy")
    interval: Interval = (row["simultaneous_low"], row["simultaneous_high"])
    subject, limit = "The difference in accuracy", f"{equivalence:g} points"
    return {
        "larger": f"{subject} is larger than {limit}",
        "equivalent": f"{subject} is practically irrelevant: smaller than {limit}",
        "undecided": f"Whether the difference in accuracy is larger than {limit} is undecided",
    }[decide(interval, equivalence / 100)]


def by_epoch(epochs: pd.DataFrame, pair: Pair) -> str:
    """Return after which epochs the accuracies of two networks differ, by the band over seeds."""
    bands = epochs_figure.bands(epochs_figure.differences(epochs, "accuracy")[pair], "accuracy")
    ahead = {pair[0]: bands[bands["low"] > 0], pair[1]: bands[bands["high"] < 0]}
    clauses = [
        f"the {TITLES[name]} is ahead after epoch {listed(map(str, rows.index))}"
        for name, rows in ahead.items()
        if len(rows)
    ]
    shown = " and ".join(clauses) or "no epoch shows a difference"
    return f"By accuracy on these test reviews, over seeds only, {shown}"


def count_differences(comparison: pd.DataFrame) -> str:
    """Return in how many comparisons of two networks by a measure a difference is shown."""
    names = [pair_name(*pair) for pair in PAIRS]
    rows = comparison[comparison["model"].isin(names)]
    shown = (rows["simultaneous_low"] > 0) | (rows["simultaneous_high"] < 0)
    return f"a difference is shown in {shown.sum()} of {len(rows)} comparisons"


def _amount(value: float, measure: str) -> str:
    return f"{_number(abs(value), measure)[1:]} {UNITS.get(measure, '')}".rstrip()


def _number(value: float, measure: str) -> str:
    return points(value) if measure == "accuracy" else f"{value:+.4f}".replace("-", "−")


def _rounded_percent(share: float) -> str:
    return f"{min(99, round(100 * share))}%"
