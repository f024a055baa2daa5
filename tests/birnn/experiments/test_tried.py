"""The log of compared settings."""

import csv
from collections import UserDict
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from birnn.core.settings import flatten
from birnn.experiments import grid, tried
from birnn.experiments.recipes import Recipe
from birnn.experiments.runs import Run
from tests.projects import PROJECT

LONG = Recipe(
    "long", None, "more words", {"pad.maxlen": 500}, {"pad.validation": 0.1, "pad.maxlen": 500}
)
WIDE_SETTINGS = LONG.settings | {"bigru.units": 128, "network.pooling": "max_mean"}
WIDE = Recipe("wide", "long", "more units", {"bigru.units": 128}, WIDE_SETTINGS)
RECIPES = [LONG, WIDE]


class HoldoutOnly(UserDict[str, Any]):
    """Metrics of a model that fail the test if a result on the test split is read."""

    def __getitem__(self, key: str) -> Any:
        """Return the value of a metric of the held-out reviews."""
        assert key.startswith("holdout"), f"{key} is a result on the test split"
        return super().__getitem__(key)


@pytest.fixture(autouse=True)
def _defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start every experiment from the settings of the project."""
    monkeypatch.chdir(PROJECT)
    monkeypatch.setattr(tried.dvc.api, "params_show", lambda rev: {"base": grid.read()}[rev])


def make_run(revision: str, *options: str, recipe: Recipe | None = None, **accuracy: float) -> Run:
    """Return a finished run of a single point."""
    (point,) = grid.points(options, recipe)
    metrics: dict[str, Any] = {
        model: HoldoutOnly(accuracy=0.123, holdout_accuracy=value)
        for model, value in ({"bilstm": 0.8, "bigru": 0.81, "baseline": 0.9} | accuracy).items()
    }
    metrics |= {"corpus": {"name": "mine"}, "pair": {"accuracy_difference": 0.123}}
    return Run(point.label, revision, "base", point.params, metrics)


def read(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def test_rows_have_held_out_results_and_no_others(tmp_path: Path) -> None:
    file = tmp_path / "tried.csv"
    run = make_run("1234", "bigru.units=32", "train.seed=3", recipe=LONG, bigru=0.8125)
    assert tried.append([run], RECIPES, file) == (1, 1)
    (row,) = read(file)
    assert row == {
        "recipe": "long",
        "seed": "3",
        "settings": "bigru.units=32",
        "corpus": "mine",
        "held_out.bilstm": "0.8",
        "held_out.bigru": "0.8125",
        "held_out.baseline": "0.9",
        "command": "birnn sweep -r long -S bigru.units=32 -S train.seed=3",
        "commit": "base",
        "source": "experiment 1234",
    }
    assert "0.123" not in file.read_text()


def test_runs_are_added_once_and_losers_stay(tmp_path: Path) -> None:
    file = tmp_path / "tried.csv"
    loser = make_run("1", "train.seed=0", "bigru.units=8", recipe=WIDE, bigru=0.5)
    winner = make_run("2", "train.seed=0", recipe=WIDE, bigru=0.95)
    tried.append([loser], RECIPES, file)
    before = file.read_text()
    # The winner becomes a recipe, and the loser's experiment is still there.
    assert tried.append([winner, loser], RECIPES[:1], file) == (1, 2)
    assert file.read_text().startswith(before)
    assert tried.append([], RECIPES, file) == (0, 2)
    assert [row["held_out.bigru"] for row in read(file)] == ["0.5", "0.95"]


def test_runs_without_a_holdout_are_not_logged(tmp_path: Path) -> None:
    file = tmp_path / "tried.csv"
    on_test = make_run("1", "train.epochs=2")
    old = make_run("2", "train.epochs=2", "pad.validation=0.1")
    for model in ("bilstm", "bigru", "baseline"):
        del old.metrics[model]
    assert tried.append([on_test, old], RECIPES, file) == (0, 0)
    assert not file.exists()


def test_another_network_gets_a_column(tmp_path: Path) -> None:
    file = tmp_path / "tried.csv"
    tried.append([make_run("1", "train.seed=0", recipe=LONG)], RECIPES, file)
    tried.append([make_run("2", "train.seed=1", recipe=LONG, cnn=0.7)], RECIPES, file)
    assert [row["held_out.cnn"] for row in read(file)] == ["", "0.7"]


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


def test_log_in_git_has_the_held_out_results_of_the_ladder() -> None:
    # `make ladder` replaces the ladder; the log keeps its old rows, perhaps under other recipes.
    log = pd.read_csv(PROJECT / tried.FILE)
    ladder = pd.read_csv(PROJECT / "study" / "ladder" / "runs.csv").dropna(subset="held_out")
    runs = ladder.pivot_table("held_out", ["recipe", "seed"], "model").reset_index()
    models = ["bilstm", "bigru", "baseline"]
    ran = runs.astype({"seed": int})[["seed", *models]].itertuples(index=False, name=None)
    columns = ["seed", *(f"held_out.{model}" for model in models)]
    assert set(ran) <= set(log[columns].itertuples(index=False, name=None))
    assert len(runs) > 0
    assert not any("test" in column for column in log)
