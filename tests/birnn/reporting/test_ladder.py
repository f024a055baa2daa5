"""Test the ladder: reading its files, its figure, and its section of the report."""

import math
import re
from pathlib import Path

import pytest

from birnn.core.outputs import write_json
from birnn.reporting import ladder, ladder_figure
from tests.birnn import samples


@pytest.fixture
def recipes(tmp_path: Path) -> ladder.Ladder:
    samples.write_ladder(tmp_path)
    content = ladder.read(tmp_path)
    assert content
    return content


def test_results_are_means_over_seeds(recipes: ladder.Ladder) -> None:
    first, second = recipes.rungs
    assert (first.name, second.settings) == ("plain", {"network.pooling": "max_mean"})
    bilstm = first.models["bilstm"]
    assert bilstm.seeds == 2
    assert bilstm.test == pytest.approx(0.805)
    assert bilstm.deviation == pytest.approx(0.01 / math.sqrt(2))
    assert bilstm.gap == pytest.approx(0.005)
    assert bilstm.seconds == 60
    assert bilstm.interval
    assert bilstm.interval[0] < 0.805 < bilstm.interval[1]
    assert first.over_seeds["all"].test == 0.92
    assert set(first.models) == {"bilstm", "bigru", "baseline", "networks", "all"}


def test_gains_are_sorted_by_size(recipes: ladder.Ladder) -> None:
    ((rung, gain),) = recipes.gains()
    assert (rung.name, gain) == ("pooled", pytest.approx(0.05))


def test_rung_is_chosen_by_held_out_accuracy(recipes: ladder.Ladder) -> None:
    assert recipes.chosen("all").name == "pooled"
    assert recipes.chosen("baseline").name == "plain"


def test_ladder_matches_one_corpus(recipes: ladder.Ladder) -> None:
    assert recipes.matches(recipes.corpus | {"validation": "test"})
    assert not recipes.matches(recipes.corpus | {"test_reviews": 1})


def test_missing_ladder(tmp_path: Path) -> None:
    assert ladder.read(tmp_path / "ladder") is None


def test_figure_shows_rungs_and_published_results(recipes: ladder.Ladder) -> None:
    accuracy, minutes = ladder_figure.draw(recipes).axes
    labels = [label.get_text() for label in accuracy.get_yticklabels()]
    assert labels[:2] == ["1 plain", "2 pooled"]
    assert {"SA-LSTM", "Virtual adversarial\nBiLSTM"} <= set(labels)
    bars = {container.get_label(): container for container in accuracy.containers}
    assert bars["BiGRU"].lines[0].get_xdata().tolist() == pytest.approx([80.5, 85.5])
    assert {tuple(line.get_xdata()) for line in minutes.lines} == {(1.0, 1.0)}


def test_published_results_are_for_imdb_only(recipes: ladder.Ladder, tmp_path: Path) -> None:
    recipes.corpus["name"] = "mine"
    accuracy, _ = ladder_figure.draw(recipes).axes
    assert len(accuracy.get_yticklabels()) == 2
    columns = samples.predictions()
    markdown, _ = samples.write_report(tmp_path, columns, ladder=recipes, corpus="mine", draw=False)
    assert "pooled" in markdown
    assert "SA-LSTM" not in markdown


def test_report_has_results_of_recipes(recipes: ladder.Ladder, tmp_path: Path) -> None:
    texts = samples.write_report(tmp_path, samples.predictions(), ladder=recipes, draw=False)
    for text in texts:
        words = " ".join(re.sub("<[^>]+>", "", text).split())
        assert "from 80.50% to 85.50% (BiLSTM)" in words
        assert "pooled +5.00." in words
        assert "all seeds gives 92.00%" in words
    markdown = texts[0]
    assert "| 2 | pooled: maximum and mean | 85.50 ± 0.71 |" in markdown
    assert "| 2 | 85.00 (+0.50) |" in markdown
    assert "| SA-LSTM | Dai and Le 2015 | 92.76% | labelled and unlabelled reviews |" in markdown


def test_single_seed_has_no_spread(tmp_path: Path) -> None:
    samples.write_ladder(tmp_path, seeds=1)
    recipes = ladder.read(tmp_path)
    assert recipes
    assert recipes.rungs[0].models["bigru"].interval is None
    ladder_figure.draw(recipes)
    markdown, _ = samples.write_report(
        tmp_path / "report", samples.predictions(), ladder=recipes, draw=False
    )
    assert "| 1 | plain: the plain networks | 80.00 |" in markdown


def test_incomplete_description_is_an_error(tmp_path: Path) -> None:
    samples.write_ladder(tmp_path)
    write_json(tmp_path / "ladder.json", {})
    with pytest.raises(KeyError):
        ladder.read(tmp_path)
