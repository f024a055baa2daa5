"""Sentences on how two networks differ."""

from typing import Any

import pandas as pd
import pytest

from birnn.evaluation.intervals import Interval
from birnn.reporting import conclusions, epochs_figure
from tests.birnn import samples

PAIR = ("bilstm", "bigru")


def with_intervals(intervals: dict[str, Interval]) -> pd.DataFrame:
    """Return a comparison in which some measures have other simultaneous intervals."""
    table = samples.comparison()
    for measure, (low, high) in intervals.items():
        rows = (table["measure"] == measure) & (table["model"] == "bilstm_minus_bigru")
        values = [(low + high) / 2, low, high]
        table.loc[rows, ["mean", "simultaneous_low", "simultaneous_high"]] = values
    return table


@pytest.mark.parametrize(
    ("intervals", "better", "undecided"),
    [
        # A lower loss is better, a higher average precision, too.
        (
            {"accuracy": (-0.02, -0.01), "loss": (-0.2, -0.1), "average_precision": (0.01, 0.02)},
            {"BiGRU": ["accuracy", "ROC AUC"], "BiLSTM": ["loss", "average precision"]},
            [],
        ),
        (dict.fromkeys(conclusions.MEASURES, (-0.01, 0.01)), {}, [*conclusions.MEASURES.values()]),
        ({"loss": (0.1, 0.2)}, {"BiGRU": [*conclusions.MEASURES.values()]}, []),
    ],
)
def test_headline_names_the_better_network_by_measure(
    intervals: dict[str, Interval], better: dict[str, list[str]], undecided: list[str]
) -> None:
    clauses = conclusions.headline(with_intervals(intervals), PAIR).split("; ")
    assert len(clauses) == len(better) + bool(undecided)
    for network, measures in better.items():
        (clause,) = [clause for clause in clauses if f"the {network} is better in" in clause]
        assert all(
            measure in clause for measure in conclusions.MEASURES.values() if measure in measures
        )
        assert not any(
            title in clause for title in conclusions.MEASURES.values() if title not in measures
        )
    assert all(measure in clauses[-1] for measure in undecided)


def test_amounts_have_units() -> None:
    text = conclusions.headline(with_intervals({"loss": (0.1, 0.2)}), PAIR)
    assert "accuracy (by 1.00 points)" in text
    assert "loss (by 0.1500 nats)" in text


def test_chance_is_of_the_network_that_wins_more_often() -> None:
    text = conclusions.chance(samples.comparison(), PAIR, "films")
    assert text.startswith("A new BiGRU")
    assert "90% (95% interval over seeds and films: 70% to 98%)" in text


@pytest.mark.parametrize(
    ("interval", "word"),
    [((-0.02, -0.006), "larger than 0.5"), ((-0.004, 0.001), "smaller"), ((-0.01, 0), "undecided")],
)
def test_importance_depends_on_the_region_of_equivalence(interval: Any, word: str) -> None:
    assert word in conclusions.importance(with_intervals({"accuracy": interval}), PAIR, 0.5)


def test_epochs_with_a_difference() -> None:
    assert conclusions.by_epoch(samples.epochs(), PAIR).endswith("the BiGRU is ahead after epoch 2")
    same = samples.epochs().assign(accuracy=lambda rows: 0.8 + 0.01 * rows["train.seed"])
    assert conclusions.by_epoch(same, PAIR).endswith("no epoch shows a difference")


def test_bands_are_wider_for_more_epochs() -> None:
    (table,) = epochs_figure.differences(samples.epochs(), "accuracy").values()
    assert table.shape == (3, 2)
    both, single = (epochs_figure.bands(each, "accuracy") for each in (table, table[[2]]))
    assert (both["low"] <= both["mean"]).all()
    assert both.loc[2, "high"] - both.loc[2, "low"] > single.loc[2, "high"] - single.loc[2, "low"]


def test_summary_of_several_networks_counts_differences() -> None:
    assert "in 3 of 4 comparisons" in conclusions.count_differences(samples.comparison())
