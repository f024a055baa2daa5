"""Test the figures."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from birnn.evaluation import plot_data
from birnn.reporting import figures, formatting, svg
from tests.birnn import samples


def curves() -> pd.DataFrame:
    return pd.DataFrame(
        {"model": model, "split": split, "epoch": epoch, "accuracy": 0.5, "loss": 1 / epoch}
        for model in ("bilstm", "bigru")
        for split in ("training", "test split")
        for epoch in (1, 2, 3)
    )


def test_one_network_looks_like_notebook() -> None:
    figure = figures.one_network(curves(), "bigru", "accuracy", "imdb")
    (axes,) = figure.axes
    assert axes.get_title() == "Training and test split accuracy\nBiGRU on imdb"
    dots, line = axes.lines
    assert (dots.get_label(), dots.get_marker(), dots.get_linestyle(), dots.get_color()) == (
        "Training acc",
        "o",
        "None",
        "#0000ff",
    )
    assert (line.get_label(), line.get_linestyle(), line.get_color()) == (
        "Test split acc",
        "-",
        "#0000ff",
    )
    assert list(line.get_xdata()) == [1, 2, 3]


def test_networks_differ_by_color_and_line_style() -> None:
    (axes,) = figures.all_networks(curves(), "loss", "mine").axes
    assert axes.get_title() == "Loss per epoch on mine"
    curves_drawn = axes.lines[:4]  # the others explain dots and lines
    assert len({line.get_color() for line in curves_drawn}) == 2
    assert len({line.get_linestyle() for line in curves_drawn} - {"None"}) == 2


def test_titles_name_the_corpus() -> None:
    columns = samples.predictions()
    measured = samples.metrics(columns, corpus="mine")
    lengths = {"training": columns["words"], "test": columns["words"]}
    drawn = figures.draw(measured, samples.tables(columns, measured), lengths, 100)
    assert list(drawn) == [
        *("intervals", "accuracy", "loss", "roc", "precision_recall", "reliability", "lengths"),
        "review_lengths",
        *("bilstm_accuracy", "bilstm_loss", "bigru_accuracy", "bigru_loss"),
    ]
    for figure in drawn.values():
        assert "mine" in figure.get_suptitle() + figure.axes[0].get_title()


def test_intervals_and_zero_are_drawn() -> None:
    measured = samples.metrics(samples.predictions())
    upper, networks, baseline = figures.intervals(measured).axes
    assert [label.get_text() for label in upper.get_yticklabels()] == [
        "BiLSTM",
        "BiGRU",
        "Baseline",
    ]
    for axes, differences in (
        (networks, [measured["pair"]]),
        (baseline, measured["baseline"]["against"]),
    ):
        *intervals, zero = axes.lines
        for compared, ends, value in zip(differences, intervals[::2], intervals[1::2], strict=True):
            low, high = compared["difference_low"], compared["difference_high"]
            assert list(ends.get_xdata()) == [100 * low, 100 * high]
            assert list(value.get_xdata()) == [100 * compared["accuracy_difference"]]
        assert list(zero.get_xdata()) == [0, 0]
        # The sign is a minus, not a hyphen.
        assert [text.get_text() for text in axes.texts] == [
            formatting.points(compared["accuracy_difference"]) for compared in differences
        ]


def test_reliability_is_drawn_raw_and_scaled() -> None:
    columns = samples.predictions()
    for validation, panels in (("test", 1), (0.1, 2)):
        measured = samples.metrics(columns, validation=validation)
        table = samples.tables(columns, measured)["reliability"]
        axes = figures.reliability(table, measured).axes
        assert len(axes) == panels
        for each, calibration in zip(axes, ("raw", "scaled"), strict=False):
            _, *lines = each.lines
            rows = table[table["calibration"] == calibration]
            drawn = [x for line in lines for x in line.get_xdata()]
            assert drawn == rows["predicted"].tolist()


def test_legends_name_the_reviews_of_each_epoch() -> None:
    for validation, name in (("test", "test split"), (0.1, "validation")):
        table = plot_data.learning_curves(samples.histories(), validation)
        (axes,) = figures.all_networks(table, "loss", "imdb").axes
        labels = axes.get_legend_handles_labels()[1]
        assert labels == ["BiLSTM", "BiGRU", "training", name]


@pytest.mark.parametrize(("maxlen", "marked"), [(100, True), (4, False), (5_000, False)])
def test_truncation_is_marked_if_in_range(maxlen: int, marked: bool) -> None:  # noqa: FBT001
    columns = samples.predictions()
    table = samples.tables(columns, samples.metrics(columns))["lengths"]
    (axes,) = figures.lengths(table, maxlen, "imdb").axes
    assert bool(axes.texts) == marked


def test_length_distribution_is_cumulative() -> None:
    lengths = {"training": np.arange(1, 1_001, dtype=np.int32), "test": np.array([0, 7], np.int32)}
    (axes,) = figures.length_distribution(lengths, 100, "imdb").axes
    training, test, mark = axes.lines
    assert list(mark.get_xdata()) == [99, 99]
    for words, share in zip(training.get_xdata(), training.get_ydata(), strict=True):
        assert words == pytest.approx(1_000 * share, abs=1.01)
    assert (test.get_xdata()[0], test.get_xdata()[-1]) == (0, 7)
    assert axes.get_legend_handles_labels()[1] == ["training", "test"]


def test_equal_figures_give_equal_bytes(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        figures.save(figures.all_networks(curves(), "loss", "imdb"), tmp_path / name)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    first, second = (
        svg.inline(figures.all_networks(curves(), "loss", "imdb"), "loss") for _ in range(2)
    )
    assert first == second
