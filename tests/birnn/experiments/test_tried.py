"""The log of compared settings."""

from collections import UserDict
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from birnn.core.errors import InputError
from birnn.core.settings import flatten
from birnn.experiments import grid, tried
from birnn.experiments.recipes import Recipe
from birnn.experiments.runs import Run
from birnn.studies import store
from tests.projects import copy_settings

LONG = Recipe(
    "long", None, "more words", {"pad.maxlen": 500}, {"pad.validation": 0.1, "pad.maxlen": 500}
)
WIDE_SETTINGS = LONG.settings | {"bigru.units": 128, "network.pooling": "max_mean"}
WIDE = Recipe("wide", "long", "more units", {"bigru.units": 128}, WIDE_SETTINGS)
RECIPES = [LONG, WIDE]
CORPUS = {"name": "mine", "train_reviews": 5, "test_reviews": 4, "vocabulary": 5}


class HoldoutOnly(UserDict[str, Any]):
    """Metrics of a model that fail the test if a result on the test split is read."""

    def __getitem__(self, key: str) -> Any:
        """Return the value of a metric of the held-out reviews."""
        assert key.startswith("holdout"), f"{key} is a result on the test split"
        return super().__getitem__(key)


@pytest.fixture(autouse=True)
def _defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Start every experiment from the settings of the project."""
    monkeypatch.chdir(tmp_path)
    copy_settings(tmp_path)
    monkeypatch.setattr(tried.figure, "save", lambda _: None)  # takes a second
    monkeypatch.setattr(tried.dvc.api, "params_show", lambda rev: {"base": grid.read()}[rev])


def make_run(revision: str, *options: str, recipe: Recipe | None = None, **accuracy: float) -> Run:
    """Return a finished run of a single point."""
    (point,) = grid.points(options, recipe)
    metrics: dict[str, Any] = {
        model: HoldoutOnly(accuracy=0.123, holdout_accuracy=value)
        for model, value in ({"bilstm": 0.8, "bigru": 0.81, "baseline": 0.9} | accuracy).items()
    }
    metrics |= {"corpus": CORPUS, "pair": {"accuracy_difference": 0.123}}
    return Run(point.label, revision, "base", point.params, metrics)


def test_rows_have_held_out_results_and_no_others() -> None:
    run = make_run("1234", "bigru.units=32", "train.seed=3", recipe=LONG, bigru=0.8125)
    added, log = tried.append([run], RECIPES)
    assert (added, len(log.runs)) == (1, 1)
    assert log.runs.iloc[0].to_dict() == {
        "name": "experiment 1234",
        "recipe": "long",
        "settings": "bigru.units=32",
        "train.seed": 3,
        "bilstm.holdout_accuracy": 0.8,
        "bigru.holdout_accuracy": 0.8125,
        "baseline.holdout_accuracy": 0.9,
        "command": "birnn sweep -r long -S bigru.units=32 -S train.seed=3",
        "commit": "base",
    }
    assert "0.123" not in (log.folder / "runs.csv").read_text()


def test_runs_are_added_once_and_losers_stay() -> None:
    loser = make_run("1", "train.seed=0", "bigru.units=8", recipe=WIDE, bigru=0.5)
    winner = make_run("2", "train.seed=0", recipe=WIDE, bigru=0.95)
    _, log = tried.append([loser], RECIPES)
    before = (log.folder / "runs.csv").read_text()
    # The winner becomes a recipe, and the loser's experiment is still there.
    added, log = tried.append([winner, loser], RECIPES[:1])
    assert added == 1
    assert (log.folder / "runs.csv").read_text().startswith(before)
    added, log = tried.append([], RECIPES)
    assert added == 0
    assert log.runs["bigru.holdout_accuracy"].tolist() == [0.5, 0.95]


def test_runs_without_a_holdout_or_on_another_corpus_are_not_logged() -> None:
    on_test = make_run("1", "train.epochs=2")
    old = make_run("2", "train.epochs=2", "pad.validation=0.1")
    for model in ("bilstm", "bigru", "baseline"):
        del old.metrics[model]
    with pytest.raises(InputError, match="no finished experiment holds out reviews"):
        tried.append([on_test, old], RECIPES)
    assert not store.FOLDER.exists()
    run = make_run("3", "train.seed=0", recipe=LONG)
    tried.append([run], RECIPES)
    other = replace(run, revision="4", metrics=run.metrics | {"corpus": CORPUS | {"name": "other"}})
    assert tried.append([other], RECIPES)[0] == 0


def test_log_in_an_earlier_layout_is_refused() -> None:
    Path("study").mkdir()
    Path("study/tried.csv").touch()
    with pytest.raises(InputError, match=r"study/tried\.csv has an earlier layout"):
        tried.append([make_run("1", "train.seed=0", recipe=LONG)], RECIPES)


@pytest.mark.parametrize(
    ("options", "recipe", "expected"),
    [
        (["train.seed=7"], WIDE, ("wide", {})),
        (["train.seed=7", "bilstm.units=32"], WIDE, ("wide", {"bilstm.units": 32})),
        # As far from `wide`, the later recipe.
        (["bigru.units=128"], LONG, ("long", {"bigru.units": 128})),
        (["train.seed=7", "train.epochs=2"], None, ("", {"train.epochs": 2})),
        # Another hold-out than the recipe's.
        (["train.seed=7", "pad.seed=1"], LONG, ("long", {"pad.seed": 1})),
    ],
)
def test_closest_recipe(
    options: list[str], recipe: Recipe | None, expected: tuple[str, dict[str, Any]]
) -> None:
    (point,) = grid.points(options, recipe)
    found = tried.closest_recipe(flatten(point.params), flatten(grid.read()), RECIPES)
    assert found == expected


@pytest.mark.parametrize(
    "options",
    [
        ["train.clipnorm=null", "train.seed=4"],
        ["network.dropout=0.25", "train.schedule=cosine", "train.seed=4"],
        ["csv.train=my reviews.csv", "pad.validation=0.2", "train.seed=4"],
    ],
)
def test_command_repeats_the_run(options: list[str]) -> None:
    (point,) = grid.points(options, WIDE)
    name, settings = tried.closest_recipe(flatten(point.params), flatten(grid.read()), RECIPES)
    words = tried.shlex.split(tried.command(name, settings, 4))
    assert words[:4] == ["birnn", "sweep", "-r", "wide"]
    (repeated,) = grid.points(words[5::2], WIDE)
    assert repeated.params == point.params
