"""Recipes, and the grids that use them."""

from importlib import import_module
from itertools import islice
from pathlib import Path

import pytest
from pydantic import ValidationError

from birnn.core.errors import InputError
from birnn.core.settings import Settings, flatten
from birnn.corpora import rotten_tomatoes, store
from birnn.corpora.sources import Corpus
from birnn.experiments import grid, recipes
from stages import fetch
from tests.projects import PROJECT

STAGES = (
    *("pad", "train_word_vectors", "label_unlabelled", "weigh_ngrams"),
    *("train_bilstm", "train_baseline"),
)
FAST = (
    *("fetch.source=csv", "network.embedding_dim=4", "word_vectors.epochs=1"),
    *("bilstm.units=3", "train.epochs=1"),
)


@pytest.fixture(autouse=True)
def _project_directory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(PROJECT)


@pytest.mark.parametrize("name", list(recipes.read()))
def test_recipe_settings_are_valid(name: str) -> None:
    (recipe,) = recipes.named(name)
    (point,) = grid.points([], recipe)
    flat = flatten(point.params)
    assert {key: flat[key] for key in recipe.settings} == recipe.settings
    assert point.label == name


@pytest.fixture(scope="module")
def few_short_texts() -> Corpus:
    """Return a corpus whose vocabulary is much smaller than `pad.num_words` of most recipes."""
    reviews = list(islice(rotten_tomatoes.read(), 0, 300 * 40, 40))
    return Corpus("mine", "mine", lambda: iter(reviews))


@pytest.mark.slow
@pytest.mark.parametrize("name", list(recipes.read()))
def test_recipe_runs_on_few_short_texts(
    name: str, few_short_texts: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (recipe,) = recipes.named(name)
    (point,) = grid.points(FAST, recipe)
    settings = Settings.model_validate(point.params)
    monkeypatch.chdir(tmp_path)
    corpus = Path("data/corpus")
    corpus.mkdir(parents=True)
    store.write(few_short_texts, corpus)

    def run_stages() -> None:
        fetch.write_unlabelled(few_short_texts.name)
        for stage in STAGES:
            import_module(f"stages.{stage}").main(settings)

    if name in {"unlabelled", "self-training"}:
        with pytest.raises(
            InputError, match=r"the corpus has no unlabelled reviews: set word_vectors"
        ):
            run_stages()
        assert not Path("models").exists()
    else:
        run_stages()
        assert Path("models/bilstm/history.csv").exists()


def test_old_name_gives_the_new_one() -> None:
    with pytest.raises(InputError, match="the recipe early-stopping is now called two-epochs"):
        recipes.named("early-stopping")


def test_each_recipe_changes_the_one_that_it_adds_to() -> None:
    (first, *others), stored = recipes.named("all"), recipes.read()
    assert (first.after, first.settings) == (None, first.added)
    for recipe in others:
        before = stored[str(recipe.after)]
        assert recipe.settings == before.settings | recipe.added != before.settings


def test_recipe_adds_to_the_one_above_by_default(tmp_path: Path) -> None:
    file = tmp_path / "recipes.yaml"
    file.write_text(
        "one: {title: a, settings: {a: 1}}\n"
        "two: {title: b, settings: {b: 1}}\n"
        "three: {after: one, title: c, settings: {c: 1}}\n"
        "four: {title: d, settings: {c: 2}}\n",
        encoding="utf-8",
    )
    stored = recipes.read(file)
    assert [recipe.after for recipe in stored.values()] == [None, "one", "one", "three"]
    assert stored["four"].settings == {"a": 1, "c": 2}


@pytest.mark.parametrize("after", ["two", "nothing"])
def test_recipe_cannot_add_to_one_that_is_not_above_it(tmp_path: Path, after: str) -> None:
    file = tmp_path / "recipes.yaml"
    file.write_text(
        f"one: {{title: a, settings: {{}}}}\ntwo: {{after: {after}, title: b, settings: {{}}}}\n"
    )
    with pytest.raises(InputError, match=f"two is after '{after}', which is no recipe above it"):
        recipes.read(file)


def test_recipes_hold_out_training_reviews() -> None:
    assert all(
        isinstance(recipe.settings["pad.validation"], float) for recipe in recipes.named("all")
    )


def test_each_seed_has_its_own_holdout() -> None:
    (recipe,) = recipes.named("pooling")
    points = grid.points(["train.seed=0..2"], recipe)
    assert [point.params["pad"]["seed"] for point in points] == [0, 1, 2]
    assert [point.label for point in points] == [f"pooling-seed-{seed}" for seed in range(3)]
    assert points[0].changes["network.pooling"] == "max_mean"
    assert points[0].chosen == {"train.seed": 0}


def test_recipe_settings_can_be_overridden() -> None:
    (recipe,) = recipes.named("regularization")
    (point,) = grid.points(["train.epochs=7"], recipe)
    assert point.params["train"]["epochs"] == 7
    assert point.label == "regularization-epochs-7"


def test_unknown_recipe_is_rejected() -> None:
    with pytest.raises(InputError, match=r"there is no recipe 'nothing': use notebook, two"):
        recipes.named("nothing")


def test_unknown_keys_are_rejected(tmp_path: Path) -> None:
    file = tmp_path / "recipes.yaml"
    file.write_text("one: {title: a, settings: {}, notes: {}}\n", encoding="utf-8")
    with pytest.raises(ValidationError, match="notes"):
        recipes.read(file)
