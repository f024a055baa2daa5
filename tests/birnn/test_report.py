"""Figures and report: what stands in them, of which corpus, and that they need nothing else."""

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from birnn import figures, report

SCORES: dict[str, Any] = {
    "accuracy": 0.8123,
    "loss": 0.9,
    "precision": 0.8,
    "recall": 0.7,
    "f1": 0.75,
    "roc_auc": 0.88,
    "best_val_accuracy": 0.84,
    "best_val_epoch": 2,
    "parameters": 1_234_567,
}


def metrics(name: str = "imdb", validation: str | float = "test") -> dict[str, Any]:
    corpus = {
        "name": name,
        "requested": "imdb",
        "train_reviews": 25_000,
        "test_reviews": 10_000,
        "vocabulary": 88_584,
        "validation": validation,
    }
    return {"corpus": corpus, "bilstm": SCORES, "bigru": SCORES | {"accuracy": 0.8}}


def curves() -> pd.DataFrame:
    return pd.DataFrame(
        {"network": network, "split": split, "epoch": epoch, "accuracy": 0.5, "loss": 1 / epoch}
        for network in ("bilstm", "bigru")
        for split in ("training", "validation")
        for epoch in (1, 2, 3)
    )


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """Return a folder with one figure, for reports."""
    figure = figures.both_networks(curves(), "loss", "imdb")
    figures.save(figure, tmp_path / "plots" / "loss.png")
    return tmp_path


def texts(folder: Path, content: dict[str, Any]) -> tuple[str, str]:
    report.write(content, [folder / "plots" / "loss.png"], folder / "report")
    names = ("report.md", "report.html")
    markdown, html = ((folder / "report" / name).read_text(encoding="utf-8") for name in names)
    return markdown, html


def test_the_figures_of_one_network_are_the_notebooks() -> None:
    figure = figures.one_network(curves(), "bigru", "accuracy", "imdb")
    (axes,) = figure.axes
    assert axes.get_title() == "Training and validation accuracy\nBiGRU on imdb"
    dots, line = axes.lines
    assert (dots.get_label(), dots.get_marker(), dots.get_linestyle(), dots.get_color()) == (
        "Training acc",
        "o",
        "None",
        "b",
    )
    assert (line.get_label(), line.get_linestyle(), line.get_color()) == (
        "Validation acc",
        "-",
        "b",
    )
    assert list(line.get_xdata()) == [1, 2, 3]


def test_both_networks_have_a_colour_each() -> None:
    (axes,) = figures.both_networks(curves(), "loss", "mine").axes
    assert "BiLSTM and BiGRU on mine" in axes.get_title()
    assert len(axes.lines) == 4
    assert len({line.get_color() for line in axes.lines}) == 2


def test_equal_figures_are_equal_bytes(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        figures.save(figures.both_networks(curves(), "loss", "imdb"), tmp_path / name)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_the_table_stands_beside_the_notebooks_numbers(written: Path) -> None:
    markdown, html = texts(written, metrics())
    assert "| Accuracy | 0.8123 | 0.8000 | 0.8181 | 0.8174 |" in markdown
    assert "| Parameters | 1,234,567 | 1,234,567 |  |  |" in markdown
    assert "<td>0.8123</td><td>0.8000</td><td>0.8181</td><td>0.8174</td>" in html
    assert "BiGRU 0.0040" in markdown
    assert "The accuracies differ by 0.0123." in markdown


def test_a_stand_in_is_named_and_not_compared_with_the_notebook(written: Path) -> None:
    for text in texts(written, metrics("rotten-tomatoes")):
        assert "Stand-in corpus." in text
        assert "says nothing of imdb" in " ".join(text.split())
        assert "0.8181" not in text
        assert "The notebook's results are of IMDB" in text
    for text in texts(written, metrics()):
        assert "Stand-in" not in text


def test_it_says_what_validation_is(written: Path) -> None:
    markdown, _ = texts(written, metrics(validation="test"))
    assert "nothing is chosen by it" in markdown
    markdown, _ = texts(written, metrics(validation=0.1))
    assert "a hold-out of 0.1 of the training reviews" in markdown


def test_the_page_needs_no_other_file(written: Path) -> None:
    _, html = texts(written, metrics())

    class Addresses(HTMLParser):
        found: list[str]

        def handle_starttag(self, _tag: str, attributes: list[tuple[str, str | None]]) -> None:
            self.found += [value or "" for name, value in attributes if name in {"src", "href"}]

    parser = Addresses()
    parser.found = []
    parser.feed(html)
    assert len(parser.found) == 1
    assert parser.found[0].startswith("data:image/png;base64,")
    assert not re.search(r"url\(|@import|https?://", html)
