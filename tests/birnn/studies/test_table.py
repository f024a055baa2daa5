"""The tables and the figure of a study."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from birnn.studies import differences, figure, store, table
from birnn.studies.differences import Difference
from birnn.studies.store import About, Study
from tests.birnn.studies.test_store import CORPUS, log_odds, make_study
from tests.projects import PROJECT

PAIR = ("bilstm", "bigru")


def difference(low: float, high: float) -> Difference:
    return Difference((low + high) / 2, 0.1, low, high, 3, 2, 1)


def recipes(tmp_path: Path) -> Study:
    """Return a study in which `longer` gains 0.1 over `plain`, and `other` has other seeds."""
    rows = [
        {"name": f"{recipe}-{seed}", "recipe": recipe, "train.seed": seed}
        | dict.fromkeys(("bilstm.accuracy", "bigru.accuracy"), 0.8 + gain + seed / 1000)
        for recipe, gain, seeds in [
            ("plain", 0, (0, 1, 2)),
            ("longer", 0.1, (2, 1, 0)),
            ("other", 0.2, (7, 8)),
        ]
        for seed in seeds
    ]
    about = About("", CORPUS, ["recipe"], {})
    described = [
        {"name": name, "base": base, "title": "", "settings": {}}
        for name, base in [("plain", None), ("longer", "plain"), ("other", "longer"), ("new", "x")]
    ]
    about = replace(about, recipes=described)
    return Study(tmp_path / "recipes", about, pd.DataFrame(rows), pd.DataFrame())


def test_rows_without_predictions_cover_seeds(tmp_path: Path) -> None:
    study = make_study(tmp_path / "lengths")
    study.runs["bilstm.accuracy"] += [0.01, 0.03, 0, 0]
    first, second = table.rows(study)
    assert first.covered == "seeds"
    assert set(first.differences[PAIR]) == {"accuracy", "loss"}
    compared = first.differences[PAIR]["accuracy"]
    expected = differences.difference_over_seeds([0.51, 0.78], [0.5, 0.75], "accuracy", 2)
    assert compared == expected
    assert (compared.mean, compared.better) == (pytest.approx(0.02), 2)
    assert second.differences[PAIR]["accuracy"].mean == 0
    assert table.format_mean(second.means["bigru"]) == "87.50 ± 17.68"


def test_rows_with_predictions_cover_seeds_and_reviews(tmp_path: Path) -> None:
    study = make_study(tmp_path / "lengths")
    store.write(study, log_odds(study))
    read = store.read(study.folder)
    (first, _), runs = table.rows(read), read.combinations()[0].runs
    assert first.covered == "seeds and reviews"
    stored, reviews = read.log_odds(runs), read.reviews
    assert reviews is not None
    assert first.differences[PAIR] == differences.compute_differences(
        *(stored[name] for name in PAIR),
        reviews["label"].to_numpy(),
        reviews["group"].to_numpy(),
        comparisons=3,
    )


def test_missing_model_is_a_dash(tmp_path: Path) -> None:
    study = make_study(tmp_path / "lengths")
    study.runs.loc[:1, "bilstm.accuracy"] = np.nan
    first, second = table.rows(study)
    assert table.format_mean(first.means["bilstm"]) == "–"
    assert first.differences[PAIR]["accuracy"].seeds == 0
    assert second.means["bilstm"].seeds == 2


def test_gains_are_paired_by_seed(tmp_path: Path) -> None:
    gains = table.gains(recipes(tmp_path))
    assert [(gain.recipe, gain.base) for gain in gains] == [
        ("longer", "plain"),
        ("other", "longer"),
    ]
    gain = gains[0].difference
    assert gain is not None
    assert (gain.mean, gain.seeds, gain.better) == (pytest.approx(0.1), 3, 3)
    assert gain.standard_error == pytest.approx(0, abs=1e-9)
    assert gains[1].difference is None
    assert table.gains(make_study(tmp_path)) == []


def test_gains_with_predictions_cover_reviews(tmp_path: Path) -> None:
    study = recipes(tmp_path)
    labels = np.tile([0, 1], 50).astype(np.uint8)
    reviews = pd.DataFrame({"label": labels, "group": np.repeat(np.arange(20), 5)})
    signs = np.where(labels == 1, 1, -1)

    def predict(name: str) -> pd.DataFrame:
        wrong = np.arange(100) % 10 < (3 if name.startswith("plain") else 1)
        return pd.DataFrame(dict.fromkeys(PAIR, np.where(wrong, -signs, signs)))

    store.write(
        replace(study, reviews=reviews), {name: predict(name) for name in study.runs["name"]}
    )
    gain = table.gains(store.read(study.folder))[0]
    assert gain.covered == "seeds and reviews"
    assert gain.difference is not None
    assert gain.difference.mean == pytest.approx(0.2)
    assert 0 < gain.difference.low < 0.2 < gain.difference.high


@pytest.mark.parametrize(
    ("low", "high", "measure", "expected"),
    [
        (0.1, 0.2, "accuracy", "a is better"),
        (-0.2, -0.1, "accuracy", "b is better"),
        (0.1, 0.2, "loss", "b is better"),
        (-0.1, 0.2, "loss", "no difference is shown"),
        (math.nan, math.nan, "accuracy", "too few seeds"),
    ],
)
def test_verdict(low: float, high: float, measure: str, expected: str) -> None:
    assert table.verdict(difference(low, high), "a", "b", measure) == expected


@pytest.mark.parametrize("name", ["seeds", "equal-size", "halves"])
def test_figure_shows_every_run_and_interval(name: str) -> None:
    study = store.read(PROJECT / "study" / name)
    accuracies, panel = figure.draw(study).axes
    rows = table.rows(study)
    drawn = {value for line in accuracies.lines for value in np.round(line.get_xdata(), 6)}
    for model in study.networks:
        assert set(np.round(100 * study.runs[f"{model}.accuracy"], 6)) <= drawn
    low, high = (line.get_xdata() for line in panel.containers[0].lines[1])
    compared = [row.differences[PAIR]["accuracy"] for row in rows]
    assert low == pytest.approx([100 * each.low for each in compared])
    assert high == pytest.approx([100 * each.high for each in compared])


def test_figure_of_recipes_joins_each_with_the_one_that_it_adds_to() -> None:
    study = store.read(PROJECT / "study" / "recipes")
    axes, _ = figure.draw(study).axes
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names == [recipe["name"] for recipe in study.about.recipes]
    ends = {tuple(np.round(line.get_ydata())) for line in axes.lines if len(line.get_ydata()) == 2}
    places = (names.index("n-grams"), names.index("unlabelled"))
    assert places in ends
    assert (places[0] + 1, places[1]) not in ends
