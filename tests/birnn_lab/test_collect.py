"""Studies from finished experiments."""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest
from typer.testing import CliRunner

from birnn.core import paths
from birnn.evaluation.model_names import NETWORKS
from birnn.runtime import times
from birnn.runtime.errors import InputError
from birnn_apps import __main__ as main
from birnn_lab import collect, grid, recipes, runs, study_tables
from birnn_lab.grid import Point
from birnn_lab.runs import Run
from birnn_lab.studies import store
from birnn_lab.studies.store import Study
from tests.birnn import samples
from tests.birnn.samples import NETWORK
from tests.birnn_lab.repository import CORPUS, MACHINE, METRICS, add, make_run
from tests.birnn_lab.studies.small_study import over_seeds

SEEDS = "train.seed=0..1"
PREDICTIONS = {seed: pd.DataFrame(samples.predictions(seed=seed)) for seed in range(3)}
pytestmark = pytest.mark.usefixtures("repository")


def finish(points: Sequence[Point], corpus: Mapping[str, Any] = CORPUS) -> dict[int, Run]:
    """Add and return a finished experiment of each point, with made-up outputs."""
    found = {}
    for index, point in enumerate(points):
        metrics = samples.accuracies({NETWORK: 0.8 + index / 1000}, holdout_accuracy=0.7, loss=0.5)
        metrics |= {name: {"accuracy": 0.9} for name in ("networks", "all")}
        md5s = {path: f"{index}{place:031}" for place, path in enumerate(runs.TIMED)}
        table = PREDICTIONS[point.settings["train.seed"]].to_parquet()
        run = make_run(point, md5s, metrics | {"corpus": corpus})
        found[index] = add(run, {"data/evaluated/predictions.parquet": table})
    return found


def collect_study(
    name: str, options: Sequence[str], recipe_names: Sequence[str] = (), **flags: Any
) -> Study:
    points = grid.points(options, recipe_names)
    found = finish(points, flags.pop("corpus", CORPUS))
    return collect.study(name, "birnn study", points, found, **flags)


def test_study_over_seeds_has_predictions_and_times() -> None:
    for place in range(len(runs.TIMED)):
        line = {"md5": f"1{place:031}", "seconds": [2], "machine": MACHINE}
        times.append(paths.times_file(), json.dumps(line) + "\n")
    study = collect_study("seeds", [SEEDS])
    assert study.about.varied == []
    assert study.runs["name"].tolist() == ["seed-0", "seed-1"]
    assert study.runs[f"{NETWORK}.accuracy"].tolist() == [0.8, 0.801]
    assert study.runs[f"{NETWORK}.seconds"].fillna(0).tolist() == [0, 8]
    assert study.runs["machine"].iloc[1].startswith("A (2 cores")
    assert study.reviews is not None
    stored = study.log_odds(study.runs)
    assert set(stored) == set(NETWORKS)
    (predicted,) = store.read_predictions(study.folder, ["seed-1"]).values()
    assert set(predicted) == set(samples.MODELS)
    assert abs(stored[NETWORK][1] - PREDICTIONS[1][NETWORK]).max() < 0.01
    assert study.matches(CORPUS, grid.point({}).settings)


def test_values_in_brackets_are_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    study_tables.print_study(over_seeds(varied={"csv.train": ["[a-c]*.csv", "[d-f]*.csv"]}))
    output = capsys.readouterr().out
    assert "accuracy by csv.train, mean" in output
    assert output.count("[a-c]*.csv") == output.count("[d-f]*.csv") > 1


def test_study_of_a_recipe_resamples_training_reviews() -> None:
    study = collect_study("halves", ["pad.validation=0.5", SEEDS], ["notebook"])
    assert study.about.varied == ["pad.validation"]
    assert study.runs["pad.validation"].tolist() == [0.5, 0.5]
    assert study.runs["pad.seed"].tolist() == [0, 1]


def test_recipes_are_compared_and_others_keep_their_rows(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    study = collect_study("recipes", [SEEDS], ["notebook", "pooling"])
    assert study.about.varied == ["recipe"]
    assert study.about.recipes[1]["base"] == "notebook"
    study = collect_study("recipes", [SEEDS], ["two-epochs"])
    order = ["notebook"] * 2 + ["two-epochs"] * 2 + ["pooling"] * 2
    assert study.runs["recipe"].tolist() == order
    assert len(study.log_odds(study.runs)[NETWORK]) == 6
    for option, names in (("train.seed=1", ["pooling"]), (SEEDS, [])):
        with pytest.raises(InputError, match="would be lost"):
            collect_study("recipes", [option], names)
    # A new recipe may change what all others share.
    stored = recipes.read()
    added = {"network.dropout": 0.1}
    new = recipes.Recipe("new", "pooling", "", added, stored["pooling"].all_settings | added)
    monkeypatch.setattr(recipes, "read", lambda: stored | {"new": new})
    assert len(collect_study("recipes", [SEEDS], ["new"]).runs) == 8
    assert "recipes that are gone" not in capsys.readouterr().out
    # Rows of a recipe that is gone, here "new", are dropped. A new title changes nothing.
    monkeypatch.setattr(
        recipes, "read", lambda: stored | {"pooling": replace(stored["pooling"], title="new")}
    )
    assert [*collect_study("recipes", [SEEDS], ["notebook"]).runs["recipe"]] == order
    assert "loses recipes that are gone or changed: new\n" in capsys.readouterr().out
    # A recipe that has, or builds on, other settings loses its rows, too.
    added = {"train.epochs": 3}
    settings = stored["notebook"].all_settings | added
    changed = replace(stored["two-epochs"], settings=added, all_settings=settings)
    monkeypatch.setattr(recipes, "read", lambda: stored | {"two-epochs": changed})
    study = collect_study("recipes", [SEEDS], ["notebook"])
    assert study.runs["recipe"].tolist() == ["notebook"] * 2
    # Such a recipe may run again with other seeds.
    collect_study("recipes", [SEEDS], ["pooling"])
    monkeypatch.setattr(recipes, "read", lambda: stored)
    assert collect_study("recipes", ["train.seed=1"], ["pooling"]).runs["recipe"].size == 3


def test_commands_collect_recipes_and_the_log_of_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(*arguments: str) -> str:
        monkeypatch.setattr(sys, "argv", ["/bin/birnn", *arguments])
        runner = CliRunner(env={"COLUMNS": "200"})
        return runner.invoke(main.app, arguments, catch_exceptions=False).output

    names = ["notebook", "two-epochs"]
    finish(grid.points([SEEDS], names), METRICS["corpus"])
    assert "2 of 2 experiments are" in run("sweep", "-r", "two-epochs", "-S", SEEDS)
    printed = run("study", "a", "-r", "all", "-S", SEEDS)
    assert f"4 of {2 * len(recipes.read())} experiments: study/a" in printed
    assert "two-epochs" in printed.partition("added to")[2]
    other = ("study", "a", "-r", "two-epochs", "-S", "train.seed=1")
    with pytest.raises(InputError, match="would be lost"):
        run(*other)
    assert "1 of 1 experiments" in run(*other, "--replace")
    assert "test accuracy by recipe, mean ± deviation" in run("study", "a")
    assert store.read(store.FOLDER / "a").about.command == " ".join(["birnn", *other])
    assert "4 new of 4 rows" in run("tried")
    assert "0 new of 4 rows" in run("tried")


def test_results_are_not_lost() -> None:
    folder = collect_study("seeds", [SEEDS]).folder
    before = (folder / "runs.csv").read_bytes()
    with pytest.raises(InputError, match="study/seeds has results that would be lost"):
        collect_study("seeds", ["train.seed=1"])
    with pytest.raises(InputError, match="study/seeds has results that would be lost"):
        collect_study("seeds", [SEEDS], corpus=CORPUS | {"name": "other"})
    assert (folder / "runs.csv").read_bytes() == before
    about = (folder / "study.yaml").read_text()
    (folder / "study.yaml").write_text(about.replace("kernel: auto", "kernel: keras"))
    with pytest.raises(InputError, match="study/seeds has results that would be lost"):
        collect_study("seeds", [SEEDS])
    # The same results may be written again, with settings that the study lacks.
    (folder / "study.yaml").write_text(about.replace("  network.kernel: auto\n", ""))
    for options in (SEEDS, "train.seed=0..2"):
        study = collect_study("seeds", [options])
    assert len(study.runs) == 3
    (folder / "study.yaml").write_text("<<<<<<< HEAD")
    assert len(collect_study("seeds", ["train.seed=1"], replace=True).runs) == 1


def test_names_are_unique_and_invalid_studies_are_refused() -> None:
    points = grid.points([SEEDS])
    found = finish(points)
    twins = {index: replace(run, name="a") for index, run in found.items()}
    names = [f"a-{run.revision[:7]}" for run in found.values()]
    assert [*collect.study("a", "", points, twins).runs["name"]] == names
    with pytest.raises(InputError, match="none of these experiments is finished"):
        collect.study("none", "", points, {})
    other = found[1].metrics | {"corpus": CORPUS | {"name": "other"}}
    with pytest.raises(InputError, match="several corpora"):
        collect.study("mixed", "", points, found | {1: replace(found[1], metrics=other)})
