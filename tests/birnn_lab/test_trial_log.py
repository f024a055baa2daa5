"""The log of compared settings."""

import shlex
from dataclasses import replace
from typing import Any

import pytest

from birnn.runtime.errors import InputError
from birnn_lab import grid, recipes, trial_log
from birnn_lab.recipes import Recipe
from birnn_lab.runs import Run
from birnn_lab.studies import store
from tests.birnn.samples import MODELS, NETWORK
from tests.birnn_lab.repository import CORPUS, git, make_run

LONG = Recipe("long", None, "", {"pad.maxlen": 500}, {"pad.validation": 0.1, "pad.maxlen": 500})
WIDE_SETTINGS = LONG.settings | {"ngrams.longest": 2, "network.pooling": "max_mean"}
WIDE = Recipe("wide", "long", "more inputs", {"ngrams.longest": 2}, WIDE_SETTINGS)
pytestmark = pytest.mark.usefixtures("repository", "_stored_recipes")


@pytest.fixture
def _stored_recipes(monkeypatch: pytest.MonkeyPatch) -> None:
    store_recipes(monkeypatch, LONG, WIDE)


def store_recipes(monkeypatch: pytest.MonkeyPatch, *stored: Recipe) -> None:
    monkeypatch.setattr(recipes, "read", lambda: {recipe.name: recipe for recipe in stored})


def finish(revision: str, *options: str, recipe: str = "", accuracy: float = 0.8) -> Run:
    (point,) = grid.points(options, [recipe] if recipe else [])
    metrics: dict[str, Any] = {
        model: {"accuracy": 0.123, "holdout_accuracy": accuracy} for model in MODELS
    }
    metrics |= {"corpus": CORPUS, "pairs": {}}
    run = make_run(point, metrics=metrics)
    return replace(run, revision=revision, baseline=git("rev-parse", "HEAD"))


def test_rows_have_held_out_results_and_no_others() -> None:
    run = finish("1234567890abcdef", "baseline.ngrams=3", "train.seed=3", recipe="long")
    added, log = trial_log.append([run])
    assert (added, len(log.runs), log.about.corpus) == (1, 1, CORPUS)
    assert log.runs.iloc[0].to_dict() == {
        "name": "experiment 1234567890ab",
        "recipe": "long",
        "settings": "baseline.ngrams=3",
        "train.seed": 3,
        **{f"{model}.holdout_accuracy": 0.8 for model in MODELS},
        "command": "birnn sweep -r long -S baseline.ngrams=3 -S train.seed=3",
        "commit": run.baseline[:12],
    }
    assert "0.123" not in (log.folder / "runs.csv").read_text()


def test_runs_are_added_once_and_losers_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    loser = finish("1", "train.seed=0", "pad.num_words=8", recipe="wide", accuracy=0.5)
    winner = finish("2", "train.seed=0", recipe="wide", accuracy=0.95)
    _, log = trial_log.append([loser])
    before = (log.folder / "runs.csv").read_text()
    # The winner becomes a recipe, and the loser's experiment is still there.
    store_recipes(monkeypatch, LONG)
    added, log = trial_log.append([winner, loser])
    assert added == 1
    assert (log.folder / "runs.csv").read_text().startswith(before)
    added, log = trial_log.append([])
    assert added == 0
    assert log.runs[f"{NETWORK}.holdout_accuracy"].tolist() == [0.5, 0.95]


def test_other_runs_are_not_logged() -> None:
    on_test = replace(finish("1", "train.epochs=2"), metrics={"corpus": CORPUS})
    with pytest.raises(InputError, match="no finished experiment holds out reviews"):
        trial_log.append([on_test])
    assert not store.FOLDER.exists()
    run = finish("3", "train.seed=0", recipe="long")
    trial_log.append([run])
    other = replace(run, revision="4", metrics=run.metrics | {"corpus": CORPUS | {"name": "other"}})
    assert trial_log.append([run, other])[0] == 0


@pytest.mark.parametrize(
    ("options", "start", "expected"),
    [
        (["train.seed=7", "baseline.ngrams=1"], ["wide"], ("wide", {"baseline.ngrams": 1})),
        # As far from `wide`, the later recipe.
        (["ngrams.longest=2"], ["long"], ("long", {"ngrams.longest": 2})),
        (["train.seed=7", "train.epochs=2"], [], ("", {"train.epochs": 2})),
        (["train.max_gradient_norm=null"], ["wide"], ("wide", {})),
        (["csv.train=my reviews.csv"], ["wide"], ("wide", {"csv.train": "my reviews.csv"})),
    ],
)
def test_closest_recipe_and_the_command_that_repeats_the_run(
    options: list[str], start: list[str], expected: tuple[str, dict[str, Any]]
) -> None:
    (point,) = grid.points(options, start)
    name, settings = trial_log.closest_recipe(point.settings, grid.point({}).settings)
    assert (name, settings) == expected
    seed = point.settings["train.seed"]
    words = shlex.split(trial_log.sweep_command(name, settings, seed))
    options = [word for word in words if "=" in word]
    (repeated,) = grid.points(options, [name] if name else [])
    assert repeated.params == point.params
