"""Planned comparisons and ingredients; `tests/test_docs.py` checks the quoted ones."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from birnn_lab.studies import figure, store, table, writing
from birnn_lab.studies.differences import Difference
from study import comparisons
from study.comparisons import SERIES, Comparison, Runs
from tests.birnn_lab.studies.small_study import over_seeds
from tests.projects import PROJECT


@pytest.mark.parametrize(
    ("low", "high", "result"),
    [
        (0.001, 0.03, "BiLSTM more accurate"),
        (-0.004, -0.001, "BiGRU more accurate and equivalent"),
        (-0.004, 0.005, "equivalent"),
        (-0.004, 0.006, "undecided"),
        (np.nan, np.nan, "undecided"),
    ],
)
def test_results_are_named_as_in_the_protocol(low: float, high: float, result: str) -> None:
    sides = [Runs(title=each, network="", study="") for each in ("BiLSTM", "BiGRU")]
    difference = Difference(0, 0.1, low, high, 3, 2)
    assert Comparison((sides[0], sides[1]), difference).result == result


def test_better_direction_is_chosen_on_held_out_reviews(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparisons, "FOLDER", tmp_path)
    directions = ["both", "forward", "backward"]
    study = over_seeds(tmp_path / "some", varied={"network.direction": directions})
    both, forward, backward = (
        Runs(title=each, network="bigru", study="some", runs=f"`network.direction` == '{each}'")
        for each in directions
    )
    runs = study.runs.assign(**{"bigru.holdout_accuracy": [0.5] * 3 + [0.7, 0.9, 0.8] + [0.7] * 3})
    writing.write_files(replace(study, runs=runs), {})
    family = {"some": [both, forward, backward], "unfinished": [both, replace_study(forward)]}
    (name, (sides, difference)), *others = comparisons.compare(family).items()
    assert (name, sides, others) == ("some", (both, forward), [])
    assert difference.mean == pytest.approx(both.mean().mean - forward.mean().mean)


def replace_study(runs: Runs) -> Runs:
    return runs.model_copy(update={"study": "another"})


def test_planned_comparisons_have_two_sides_of_known_networks() -> None:
    families = comparisons.read_planned()
    assert [len(family) for family in families.values()] == [7, 6]
    for sides in (sides for family in families.values() for sides in family.values()):
        assert len(sides) in {2, 3}
        assert {side.network for side in sides} <= {"bilstm", "bigru"}


def test_ingredients_are_added_and_taken() -> None:
    ladder = store.read(PROJECT / "study" / "recipes")
    recipes = [
        {"name": "notebook", "base": None, "title": "", "settings": {}},
        {"name": "n-grams", "base": None, "title": "", "settings": {}},
        {"name": "notebook-with-pooling", "base": "notebook", "title": "", "settings": {}},
        {"name": "n-grams-without-pooling", "base": "n-grams", "title": "", "settings": {}},
    ]
    alone = over_seeds(varied={"recipe": [each["name"] for each in recipes]}, recipes=recipes)
    ((title, gains),) = comparisons.ingredients(ladder, alone).items()
    assert title.startswith("pooling")
    assert [*gains] == [*SERIES]
    first, added, taken = gains.values()
    assert first == table.gains(ladder)["pooling"].difference
    # Each row of this study is 10 points more accurate than the one before.
    assert (added.mean, taken.mean) == (pytest.approx(0.2), pytest.approx(-0.2))
    drawn = figure.draw_rows("gains", "points", {"": {}, title: gains}, {title: "some"}, margin=0.5)
    (axes,) = drawn.axes
    assert [text.get_text() for text in axes.texts] == ["", "some"]
    assert [text.get_text() for text in drawn.legends[0].get_texts()] == [*SERIES]
