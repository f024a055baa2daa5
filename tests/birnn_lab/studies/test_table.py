"""The tables and the figure of a study."""

import math
from dataclasses import astuple, replace
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes

from birnn.evaluation.model_names import NETWORKS, PAIRS, TITLES
from birnn_lab.studies import differences, figure, store, table, writing
from birnn_lab.studies.differences import Difference, Mean
from birnn_lab.studies.writing import draw  # other tests of experiments replace it
from tests.birnn_lab.studies.small_study import (
    REVIEWS,
    log_odds,
    make_recipes,
    make_study,
    over_seeds,
)
from tests.projects import PROJECT

PAIR = PAIRS[0]
FIRST, SECOND = PAIR


def test_rows_without_predictions_cover_seeds(tmp_path: Path) -> None:
    study = make_study(tmp_path / "lengths")
    study.runs[f"{FIRST}.accuracy"] += [0.01, 0.03, 0, 0]
    first, second = table.rows(study)
    assert first.covered == "seeds"
    expected = differences.difference_over_seeds(
        [0.51, 0.78], [0.5, 0.75], "accuracy", 2 * len(PAIRS)
    )
    assert astuple(first.differences[PAIR]) == astuple(expected)
    assert second.differences[PAIR].mean == 0
    # As tuples, which are equal if both have the same NaN.
    assert astuple(first.means[SECOND]) == astuple(differences.mean_over_seeds([0.5, 0.75]))
    # A model without an accuracy.
    study.runs.loc[:1, f"{FIRST}.accuracy"] = np.nan
    first, second = table.rows(replace(study))
    assert (first.means[FIRST].seeds, second.means[FIRST].seeds) == (0, 2)
    assert first.differences[PAIR].seeds == 0
    chosen = make_study(tmp_path, chooses=True)
    (row, _) = table.rows(replace(chosen, runs=chosen.runs.filter(regex="holdout|train|pad|name")))
    assert (row.means[FIRST].mean, row.differences) == (pytest.approx(0.65), {})


def test_rows_with_predictions_cover_seeds_and_reviews(tmp_path: Path) -> None:
    study = make_study(tmp_path / "lengths")
    writing.write_files(study, log_odds(study))
    read = store.read(study.folder)
    (first, _), runs = table.rows(read), read.combinations()[0].runs
    assert first.covered == "seeds and groups of texts"
    (labels, groups), stored = read.labels_and_groups(), read.log_odds(runs)
    for measure, values in differences.REVIEW_VALUES.items():
        gains = np.subtract(*(1.0 * values(labels, stored[name]) for name in PAIR))
        expected = differences.estimate_difference(gains, labels, groups, measure, 2 * len(PAIRS))
        sides = (table.Side(read, runs, [name]) for name in PAIR)
        found = table.paired_difference(*sides, measure, comparisons=2 * len(PAIRS))
        assert astuple(found) == astuple(expected)
        if measure == "accuracy":
            assert astuple(first.differences[PAIR]) == astuple(expected)
    # `runs.csv` has rounded measures, and in this study they do not come from the predictions.
    correct = (stored[FIRST] > 0) == labels
    assert first.means[FIRST].mean == pytest.approx(correct.mean())


def test_gains_are_paired_by_seed(tmp_path: Path) -> None:
    study = make_recipes()
    recipes = [*study.about.recipes, {"name": "other", "base": "pooled"}]
    recipes.append({"name": "missing", "base": "other"})
    other = study.runs[:2].assign(recipe="other", **{"train.seed": [8, 9]})
    runs = pd.concat([study.runs[::-1], other])
    about = replace(study.about, recipes=recipes)
    # Reviews without predictions do not count.
    gains = table.gains(replace(study, folder=tmp_path, about=about, runs=runs, reviews=REVIEWS))
    assert [(name, gain.over) for name, gain in gains.items()] == [
        ("pooled", "plain"),
        ("third", "plain"),
    ]
    for gain, points in zip(gains.values(), (0.1, 0.2), strict=True):
        expected = differences.difference_over_seeds([points] * 3, [0] * 3, "accuracy", 3)
        assert vars(gain.difference) == pytest.approx(vars(expected), abs=1e-9, nan_ok=True)
    # Other studies are compared with their first row.
    (label, gain), *others = table.gains(make_study(tmp_path)).items()
    assert (label, gain.over, others) == ("100", "50", [])
    assert [*gain.by_network] == [*NETWORKS]


def test_gains_with_predictions_cover_reviews(tmp_path: Path) -> None:
    study = make_recipes()
    labels = np.tile([0, 1], 50).astype(np.uint8)
    reviews = pd.DataFrame({"label": labels, "group": np.repeat(np.arange(20), 5)})
    signs = np.where(labels == 1, 1, -1)
    plain, pooled = (
        pd.DataFrame(dict.fromkeys(NETWORKS, np.where(np.arange(100) % 10 < wrong, -signs, signs)))
        for wrong in (3, 1)
    )
    predictions = {
        run.name: plain if run.recipe == "plain" else pooled for run in study.runs.itertuples()
    }
    writing.write_files(replace(study, reviews=reviews, folder=tmp_path / "recipes"), predictions)
    correct = (np.arange(100) % 10 < 3) * 1.0 - (np.arange(100) % 10 < 1)
    expected = differences.estimate_difference(
        *(np.tile(correct, (3, 1)), labels, np.repeat(np.arange(20), 5)),
        *("accuracy", 2),
    )
    for gain in table.gains(store.read(tmp_path / "recipes")).values():
        assert gain.difference == expected
        assert gain.by_network == dict.fromkeys(NETWORKS, expected)


@pytest.mark.parametrize(
    ("low", "high", "measure", "shown", "higher"),
    [
        (0.1, 0.2, "accuracy", "+15.00 (+10.00 to +20.00)", 0),
        (-0.2, -0.1, "holdout_accuracy", "−15.00 (−20.00 to −10.00)", 1),
        (0.1, 0.2, "loss", "+0.1500 (+0.1000 to +0.2000)", 0),
        (-0.1, 0.2, "loss", "+0.0500 (−0.1000 to +0.2000)", None),
        (0.0, 0.2, "accuracy", "+10.00 (+0.00 to +20.00)", None),
        (-0.2, 0.0, "accuracy", "−10.00 (−20.00 to +0.00)", None),
    ],
)
def test_differences_and_the_higher_set(
    low: float, high: float, measure: str, shown: str, higher: int | None
) -> None:
    difference = Difference((low + high) / 2, 0.1, low, high, 3, 2)
    assert table.format_difference(difference, measure) == shown
    assert difference.higher == higher


def test_missing_intervals_have_a_reason() -> None:
    for seeds, error, reason in (
        (1, math.nan, "too few seeds"),
        (2, math.nan, "only one group of reviews"),
        (2, 0.0, "all seeds are equal"),
    ):
        difference = Difference(0.25, error, math.nan, math.nan, seeds, 1)
        assert table.format_difference(difference) == f"+25.00 ({reason})"
        assert difference.higher is None


def test_means_have_the_deviation_of_seeds() -> None:
    for seeds, shown in ((0, "–"), (1, "87.50"), (4, "87.50 ± 2.00")):
        assert table.format_mean(Mean(0.875, 0.01, 0, 1, seeds)) == shown


def shown_values(axes: Axes) -> set[float]:
    """Return the horizontal positions of all that is drawn."""
    return {value for line in axes.lines for value in np.round(line.get_xdata(), 6)}


def test_figure_shows_every_mean_and_interval() -> None:
    study = store.read(PROJECT / "study" / "equal-size")
    drawn = figure.draw(study)
    (axes,) = drawn.axes
    for row, model in product(table.rows(study), study.networks):
        mean = row.means[model]
        expected = 100 * np.array([mean.mean, mean.low, mean.high])
        assert set(np.round(expected, 6)) <= shown_values(axes)
    assert drawn.get_suptitle() == "Accuracy by bigru.units"
    assert "95% intervals over 10 seeds" in axes.get_xlabel()


def test_wide_intervals_do_not_rule_the_axis() -> None:
    study = over_seeds(varied={"pad.maxlen": [1, 2]}, seeds=2, networks=PAIR)
    study.runs["bilstm.accuracy"] = [0.5, 0.6, 0.7, 0.8]
    study.runs["bigru.accuracy"] = 0.6
    (axes,) = figure.draw(study).axes
    assert axes.get_xlim() == pytest.approx((10, 120), abs=6)  # the means are 55 and 75
    assert np.nanmin([*shown_values(axes)]) < 0


def test_rows_of_recipes_have_plain_names_and_gains() -> None:
    study = store.read(PROJECT / "study" / "recipes")
    drawn = figure.draw(study)
    (axes,) = drawn.axes
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names[1] == "two epochs"
    assert names[4] == "1,000 words"
    gained = dict(zip(names, [text.get_text() for text in axes.texts], strict=True))
    mean = table.gains(study)["two-epochs"].difference.mean
    assert (gained["two epochs"], gained["pooling"]) == (f"{100 * mean:+.2f}", "")
    in_study = [title for model, title in TITLES.items() if f"{model}.accuracy" in study.runs]
    assert [text.get_text() for text in drawn.legends[0].get_texts()] == in_study
    assert drawn.get_suptitle() == "The choice of recipe matters more than the network"
    # With one seed, there are no intervals to conclude from.
    single = replace(study, runs=study.runs[study.runs["train.seed"] == 0], reviews=None)
    assert figure.draw(single).get_suptitle() == "Accuracy by recipe"
    others = over_seeds(varied={"pad.maxlen": [1, 1], "train.epochs": [1, 2]}, seeds=1)
    names = [each.get_text() for each in figure.draw(others).axes[0].get_yticklabels()]
    assert names == ["1, 1", "1, 2"]
    twins = [recipe | {"title": "dropout, 0.5"} for recipe in study.about.recipes]
    (axes,) = figure.draw(replace(study, about=replace(study.about, recipes=twins))).axes
    assert axes.get_yticklabels()[1].get_text() == "two-epochs"


def test_figures_have_one_or_many_rows(tmp_path: Path) -> None:
    for count in (1, 30):
        study = over_seeds(tmp_path / f"a{count}", varied={"pad.maxlen": range(count)}, seeds=1)
        draw(writing.write(study, {}))
        assert "interval" not in figure.draw(study).axes[0].get_xlabel()
        assert (study.folder / f"a{count}.png").exists()
