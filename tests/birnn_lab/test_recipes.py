"""Recipes, and the grids that use them."""

from pathlib import Path

import pytest
from dvc.utils.hydra import apply_overrides

from birnn.core.yaml_files import read_yaml
from birnn.runtime.errors import InputError
from birnn_lab import commands, grid, recipes

pytestmark = pytest.mark.usefixtures("settings_only")


def test_each_recipe_has_valid_settings_and_changes_the_one_that_it_adds_to() -> None:
    stored = recipes.read()
    points = grid.points([], ["pooling", "all"])
    assert [point.recipe for point in points] == list(stored)
    for name, recipe in stored.items():
        (point,) = grid.points([], [name])
        chosen = {key: point.settings[key] for key in recipe.all_settings}
        assert chosen == recipe.all_settings
        assert point.label == name
        # A recipe may learn from all reviews once everything is chosen.
        held_out = isinstance(recipe.all_settings["pad.validation"], float)
        assert held_out or recipe.settings == {"pad.validation": "test"}
        before = stored[recipe.base].all_settings if recipe.base else {}
        assert recipe.all_settings == before | recipe.settings != before


def test_each_ingredient_is_added_to_one_recipe_and_taken_from_another() -> None:
    ladder = recipes.read()
    steps = {"added": dict[str, object](), "taken": dict[str, object]()}
    for name in recipes.read_all().keys() - ladder.keys():
        recipe = recipes.named(name)
        before = ladder[recipe.base or ""].all_settings
        kind = "added" if recipe.base == "notebook" else "taken"
        assert not steps[kind].keys() & recipe.settings.keys()
        steps[kind] |= recipe.settings
        (point,) = grid.points([], [name])
        assert {key: point.settings[key] for key in recipe.settings} == recipe.settings
        assert all(before.get(key) != value for key, value in recipe.settings.items())
    # All settings from `notebook` to `n-grams`, but not of the baseline.
    start, end = (grid.points([], [name])[0].settings for name in ("notebook", "n-grams"))
    changed = {key for key in end if start[key] != end[key]} - {"baseline.ngrams"}
    assert steps["added"].keys() == steps["taken"].keys() == changed
    assert steps["taken"] == {key: start[key] for key in changed}
    assert steps["added"] | {"train.epochs": 4} == {key: end[key] for key in changed}


def test_recipes_are_listed_or_printed_as_options(capsys: pytest.CaptureFixture[str]) -> None:
    commands.recipe("")
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == "two-epochs (adds to notebook): two epochs instead of ten"
    assert len(lines) == len(recipes.read())
    commands.recipe("pooling")
    printed = capsys.readouterr().out
    # As the shell splits what $(birnn recipe pooling) prints.
    options = [word for word in printed.split() if word != "-S"]
    apply_overrides("params.yaml", options)
    assert read_yaml(Path("params.yaml")) == grid.points([], ["pooling"])[0].params


def test_recipe_adds_to_the_one_above_by_default() -> None:
    file = Path("recipes.yaml")
    file.write_text(
        "one: {title: a, settings: {a.a: 1}}\n"
        "two: {title: b, settings: {b.b: 1}}\n"
        "three: {base: one, title: c, settings: {c.c: 1}}\n"
        "four: {title: d, settings: {c.c: 2}}\n",
        encoding="utf-8",
    )
    stored = recipes.read(file)
    assert [recipe.base for recipe in stored.values()] == [None, "one", "one", "three"]
    assert stored["four"].all_settings == {"a.a": 1, "c.c": 2}
    for mistake, expected in (
        ("a: {base: a, title: a, settings: {}}", "a has the base 'a', which is no recipe above"),
        ("a--b: {title: a, settings: {}}", "'a--b' is not a valid name"),
        ("a: {settings: {}}", "title is missing"),
    ):
        file.write_text(mistake, encoding="utf-8")
        with pytest.raises(InputError, match=expected):
            recipes.read(file)


def test_other_names_are_refused() -> None:
    with pytest.raises(InputError, match=r"there is no recipe 'pools': use notebook, two-"):
        grid.points([], ["pools"])


def test_each_seed_has_its_own_holdout_and_word_vectors() -> None:
    points = grid.points(["train.seed=0..2", "train.epochs=7"], ["pooling"])
    for seed in ("pad.seed", "word_vectors.seed"):
        assert [point.settings[seed] for point in points] == [0, 1, 2]
    labels = [f"pooling--epochs-7-seed-{seed}" for seed in range(3)]
    assert [point.label for point in points] == labels
    assert points[0].changes["network.pooling"] == "max_mean"
    assert points[0].settings["train.epochs"] == 7
    assert points[0].chosen == {"train.seed": 0, "train.epochs": 7}
