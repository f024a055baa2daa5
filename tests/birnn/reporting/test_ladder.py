"""Test the ladder: reading its files, its figure, and its section of the report."""

import math
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from birnn.core.outputs import read_json, write_json
from birnn.experiments import recipes as recipe_files
from birnn.reporting import ladder, ladder_figure
from birnn.reporting.references import PUBLISHED, Inputs, Published
from tests.birnn import samples
from tests.projects import PROJECT


@pytest.fixture
def recipes(tmp_path: Path) -> ladder.Ladder:
    samples.write_ladder(tmp_path)
    content = ladder.read(tmp_path)
    assert content
    return content


def test_results_are_means_over_seeds(recipes: ladder.Ladder) -> None:
    first, second = recipes.rungs
    assert (first.name, second.added) == ("plain", {"network.pooling": "max_mean"})
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


GAINS = {
    "a gain": (0.010, 0.011, 0.012),
    "a loss": (-0.02, -0.021, -0.019),
    "not shown": (-0.01, 0, 0.02),
    # The interval covers all possible differences.
    "too few seeds": (-0.7, 0.2, 0.1),
}


@pytest.mark.parametrize("verdict", GAINS)
def test_gains_are_paired_by_seed(tmp_path: Path, verdict: str) -> None:
    samples.write_ladder(tmp_path, seeds=3)
    runs = pd.read_csv(tmp_path / "runs.csv", dtype={"seed": str})
    # Seeds differ far more from each other than the two recipes differ.
    for seed, (before, gain) in enumerate(zip((0.7, 0.8, 0.9), GAINS[verdict], strict=True)):
        is_seed = runs["seed"] == str(seed)
        runs.loc[is_seed & (runs["recipe"] == "plain"), "test"] = before
        runs.loc[is_seed & (runs["recipe"] == "pooled"), "test"] = before + gain
    # The order of the rows does not matter.
    runs.iloc[::-1].to_csv(tmp_path / "runs.csv", index=False)
    content = ladder.read(tmp_path)
    assert content
    (gain,) = content.gains()
    assert (gain.number, gain.rung.name, gain.verdict) == (2, "pooled", verdict)
    assert gain.spread
    assert gain.spread.mean == pytest.approx(np.mean(GAINS[verdict]))
    expected = stats.t.interval(0.95, 2, gain.spread.mean, stats.sem(GAINS[verdict]))
    is_shown = verdict != "too few seeds"
    assert gain.spread.interval == (pytest.approx(expected) if is_shown else None)


def test_intervals_of_gains_are_simultaneous(tmp_path: Path) -> None:
    samples.write_ladder(tmp_path, seeds=3)
    about = read_json(tmp_path / "ladder.json")
    runs = pd.read_csv(tmp_path / "runs.csv")
    third = runs[runs["recipe"] == "plain"].assign(recipe="third")
    third["test"] += [0.001 * number for number in range(len(third))]
    pd.concat([runs, third]).to_csv(tmp_path / "runs.csv", index=False)
    about["recipes"].append(
        {"name": "third", "after": "plain", "title": "", "settings": {"train.epochs": 1}}
    )
    write_json(tmp_path / "ladder.json", about)
    content = ladder.read(tmp_path)
    assert content
    # The third recipe adds to the first.
    assert content.rungs[2].settings == {"train.epochs": 1}
    gains = content.gains()
    assert [(gain.number, gain.after_number) for gain in gains] == [(2, 1), (3, 1)]
    assert [gain.spread.comparisons for gain in gains if gain.spread] == [2, 2]
    assert gains[1].spread
    by_seed = [rung.models[name].by_seed for rung in content.rungs for name in content.networks]
    expected = sum(by_seed[4:]).mean() / 2 - sum(by_seed[:2]).mean() / 2  # type: ignore[union-attr]
    assert gains[1].spread.mean == pytest.approx(expected)


def test_recipes_without_a_common_seed_have_no_gain(tmp_path: Path) -> None:
    samples.write_ladder(tmp_path)
    runs = pd.read_csv(tmp_path / "runs.csv", dtype={"seed": str})
    runs.loc[(runs["recipe"] == "plain") & (runs["seed"] != "all"), "seed"] += "0"
    runs.loc[runs["seed"] == "00", "seed"] = "7"
    runs.to_csv(tmp_path / "runs.csv", index=False)
    content = ladder.read(tmp_path)
    assert content
    (gain,) = content.gains()
    assert (gain.spread, gain.verdict) == (None, "–")
    samples.write_report(tmp_path / "report", samples.predictions(), ladder=content, draw=False)


def test_published_results_are_compared_on_the_same_inputs(recipes: ladder.Ladder) -> None:
    ngrams = Inputs(ngrams=True)
    published = [
        Published("words", "A", 0.90, Inputs()),
        Published("worse words", "A", 0.70, Inputs()),
        Published("n-grams", "B", 0.80, ngrams),
        Published("test text", "C", 0.99, Inputs(unlabelled=True, test_reviews=True)),
    ]
    _, pooled = recipes.rungs
    recipes.rungs[1] = replace(pooled, inputs=ngrams)
    words, with_ngrams, test = recipes.compare(published)
    assert (words.number, words.published, words.is_published_better) == (1, published[0], True)
    assert (with_ngrams.number, with_ngrams.published) == (2, published[2])
    assert with_ngrams.is_published_better is False
    assert (test.rung, test.is_published_better) == (None, None)


def test_inputs_include_those_of_earlier_recipes(tmp_path: Path) -> None:
    samples.write_ladder(tmp_path)
    about = read_json(tmp_path / "ladder.json")
    first, second = about["recipes"]
    first["settings"] = {"ngrams.longest": 3}
    second["settings"] = {"word_vectors.reviews": "all"}
    write_json(tmp_path / "ladder.json", about)
    content = ladder.read(tmp_path)
    assert content
    assert [rung.inputs for rung in content.rungs] == [
        Inputs(ngrams=True),
        Inputs(unlabelled=True, ngrams=True),
    ]
    assert str(content.rungs[1].inputs).startswith("labelled and unlabelled reviews")


def test_published_results_are_sorted_and_state_their_conditions() -> None:
    accuracies = [result.accuracy for result in PUBLISHED]
    assert accuracies == sorted(accuracies)
    assert all(result.notes for result in PUBLISHED if result.inputs.test_reviews)


def test_stored_ladder_describes_the_current_recipes() -> None:
    stored = read_json(PROJECT / "study" / "ladder" / "ladder.json")["recipes"]
    assert stored == [
        {
            "name": recipe.name,
            "after": recipe.after,
            "title": recipe.title,
            "settings": recipe.added,
        }
        for recipe in recipe_files.read().values()
    ]


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
        assert "all seeds gives 92.00%" in words
    markdown = texts[0]
    assert "| 2 | pooled: maximum and mean | 85.50 ± 0.71 |" in markdown
    assert "| 2 | 85.00 (+0.50) |" in markdown
    assert (
        "| 2 | pooled | `network.pooling` max_mean | +5.00 (+5.00 to +5.00) | a gain |" in markdown
    )
    inputs = {str(result.inputs): result for result in PUBLISHED}
    for name, result in inputs.items():
        assert f"({result.source}) | {100 * result.accuracy:.2f}% | {name} |" in markdown
    assert f"| {Inputs()} | 2 | 85.50 | 85.50 | 91.86 |" in markdown


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
    assert "| +5.00 | too few seeds |" in markdown


def test_incomplete_description_is_an_error(tmp_path: Path) -> None:
    samples.write_ladder(tmp_path)
    write_json(tmp_path / "ladder.json", {})
    with pytest.raises(KeyError):
        ladder.read(tmp_path)
