"""Test the figures."""

from pathlib import Path

import pandas as pd
import pytest

from birnn.evaluation import plot_data
from birnn.reporting import figures, svg
from birnn.style import plotting
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
    drawn = figures.draw(measured, samples.tables(columns, measured), 100)
    assert list(drawn) == [
        *("accuracy", "loss", "reliability", "lengths"),
        *("bilstm_accuracy", "bilstm_loss", "bigru_accuracy", "bigru_loss"),
    ]
    for figure in drawn.values():
        assert "mine" in figure.get_suptitle() + figure.axes[0].get_title()


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


def test_equal_figures_give_equal_bytes(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        plotting.save(figures.all_networks(curves(), "loss", "imdb"), tmp_path / name)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    first, second = (
        svg.inline(figures.all_networks(curves(), "loss", "imdb"), "loss") for _ in range(2)
    )
    assert first == second
