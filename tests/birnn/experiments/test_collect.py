"""Studies from finished experiments."""

import io
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from birnn.core import times
from birnn.core.errors import InputError
from birnn.core.settings import flatten
from birnn.experiments import collect, grid, recipes, runs
from birnn.experiments.runs import Run
from birnn.studies import store, table
from birnn.studies.store import Study
from tests.birnn import samples
from tests.projects import copy_settings

SEEDS = "train.seed=0..1"
CURVES = "model,epoch,split,accuracy,loss\n" + "".join(
    f"{model},{epoch},test split,0.8,0.5\n" for model in ("bilstm", "bigru") for epoch in (1, 2)
)
CORPUS = {"name": "mine", "train_reviews": 5, "test_reviews": 400, "vocabulary": 5}


@pytest.fixture(autouse=True)
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Enter a folder with the project's settings, in which experiments have made-up outputs."""
    monkeypatch.chdir(tmp_path)
    copy_settings(tmp_path)
    monkeypatch.setattr(runs, "read_output", read_output)
    monkeypatch.setattr(collect, "read_output", read_output)
    monkeypatch.setattr(collect.figure, "save", lambda _: None)  # takes a second


def read_output(run: Run, file: str) -> bytes:
    if file.endswith(".parquet"):
        table = pd.DataFrame(samples.predictions(seed=run.params["train"]["seed"]))
        return table.to_parquet()
    return CURVES.encode()


def make_runs(points: Sequence[grid.Point], corpus: dict[str, Any] = CORPUS) -> dict[int, Run]:
    """Return a finished run of each point."""
    found = {}
    for index, point in enumerate(points):
        metrics = samples.accuracies({"bilstm": 0.8 + index / 1000}, holdout_accuracy=0.7, loss=0.5)
        metrics["blends"] = {name: {"accuracy": 0.9} for name in ("networks", "all")}
        outs = [{"path": path, "md5": f"{path}, run {index}"} for path in runs.TIMED]
        lock = {"stages": {"all": {"deps": [], "outs": outs}}}
        params = point.params
        found[index] = Run(
            f"{point.label}-1a2b3c4", "abc", "def", params, metrics | {"corpus": corpus}, lock
        )
    return found


def collect_study(
    name: str, options: Sequence[str], recipe_names: Sequence[str] = (), **flags: Any
) -> Study:
    chosen = [
        point
        for recipe in (recipes.named(name)[0] for name in recipe_names)
        for point in grid.points(options, recipe)
    ] or grid.points(options)
    corpus = flags.pop("corpus", CORPUS)
    return collect.study(name, "birnn study", chosen, make_runs(chosen, corpus), **flags)


def test_study_over_seeds_has_predictions_epochs_and_times() -> None:
    machine = {"processor": "A", "cores": 2, "accelerators": [], "system": "S", "python": "3"}
    for path in runs.TIMED:
        line = {"md5": f"{path}, run 1", "seconds": [2], "machine": machine}
        times.append(json.dumps(line) + "\n")
    study = collect_study("seeds", [SEEDS])
    assert study.about.varied == []
    assert study.runs["name"].tolist() == ["seed-0-1a2b3c4", "seed-1-1a2b3c4"]
    assert study.runs["bilstm.accuracy"].tolist() == [0.8, 0.801]
    assert study.runs["bigru.seconds"].fillna(0).tolist() == [0, 8]
    assert study.runs["machine"].iloc[1].startswith("A (2 cores")
    assert study.epochs is not None
    assert study.epochs.groupby("train.seed").size().tolist() == [4, 4]
    assert study.reviews is not None
    stored = study.log_odds(study.runs)
    assert set(stored) == {"bilstm", "bigru", "baseline"}
    run = make_runs(grid.points([SEEDS]))[1]
    expected = pd.read_parquet(io.BytesIO(read_output(run, ".parquet")))
    assert abs(stored["bigru"][1] - expected["bigru"]).max() < 0.01
    settings = flatten(grid.read())
    assert study.matches(CORPUS, settings | {"train.seed": 9})
    assert not study.matches(CORPUS, settings | {"train.epochs": 99})


def test_study_of_a_recipe_resamples_training_reviews() -> None:
    study = collect_study("halves", ["pad.validation=0.5", SEEDS], ["notebook"])
    assert study.about.varied == ["pad.validation"]
    assert study.runs["pad.seed"].tolist() == [0, 1]
    assert study.matches(CORPUS, flatten(grid.read()) | {"pad.seed": 4})


def test_recipes_are_compared_and_others_keep_their_rows() -> None:
    study = collect_study("recipes", [SEEDS], ["notebook", "pooling"])
    assert study.about.varied == ["recipe"]
    assert study.about.recipes[1]["base"] == "notebook"
    assert study.blends["recipe"].tolist() == ["notebook", "pooling"]
    assert study.blends["all.accuracy"].between(0, 1).all()
    study = collect_study("recipes", [SEEDS], ["two-epochs"])
    order = ["notebook"] * 2 + ["two-epochs"] * 2 + ["pooling"] * 2
    assert study.runs["recipe"].tolist() == order
    assert len(study.blends) == 3
    assert len(study.log_odds(study.runs)["bigru"]) == 6
    with pytest.raises(InputError, match="would be lost"):
        collect_study("recipes", ["train.seed=1"], ["pooling"])


def test_recipes_with_another_setting_have_no_blends() -> None:
    study = collect_study("sizes", [SEEDS, "bigru.units=8,16"], ["notebook", "pooling"])
    assert study.about.varied == ["recipe", "bigru.units"]
    assert len(study.blends) == 0
    assert table.gains(study) == []


def test_runs_that_share_a_name_keep_their_predictions() -> None:
    points = grid.points([SEEDS])
    found = {
        at: replace(run, name="test", revision=f"{at}" * 9) for at, run in make_runs(points).items()
    }
    study = collect.study("same", "", points, found)
    assert study.runs["name"].tolist() == ["test-0000000", "test-1111111"]
    assert len(study.log_odds(study.runs)["bigru"]) == 2


@pytest.mark.parametrize(
    ("old", "new", "is_replaced"),
    [
        ([SEEDS], [SEEDS], True),
        ([SEEDS], ["train.seed=0..2"], True),
        ([SEEDS], ["train.seed=1..2"], False),
        ([SEEDS], [SEEDS, "train.epochs=10"], False),
        (["pad.maxlen=50,100"], ["pad.maxlen=50..52,100"], True),
        (["pad.maxlen=50,100"], ["pad.maxlen=50"], False),
    ],
)
def test_results_are_not_lost(old: list[str], new: list[str], *, is_replaced: bool) -> None:
    folder = collect_study("some", old).folder
    before = (folder / "runs.csv").read_bytes()
    if is_replaced:
        assert len(collect_study("some", new).runs) >= len(grid.points(old))
    else:
        with pytest.raises(InputError, match="study/some has results that would be lost"):
            collect_study("some", new)
        assert (folder / "runs.csv").read_bytes() == before
        assert len(collect_study("some", new, replace=True).runs) == len(grid.points(new))
    with pytest.raises(InputError, match="would be lost"):
        collect_study("some", new, corpus=CORPUS | {"name": "other"})


def test_other_folders_are_not_replaced() -> None:
    file = store.FOLDER / "rate" / "notes.txt"
    file.parent.mkdir(parents=True)
    file.touch()
    with pytest.raises(InputError, match="would be lost"):
        collect_study("rate", [SEEDS])
    collect_study("rate", [SEEDS], replace=True)
    assert not file.exists()


def test_invalid_studies_are_refused() -> None:
    points = grid.points([SEEDS])
    with pytest.raises(InputError, match="none of these experiments is finished"):
        collect.study("none", "", points, {})
    found = make_runs(points)
    found[1] = make_runs(points, CORPUS | {"name": "other"})[1]
    with pytest.raises(InputError, match="several corpora"):
        collect.study("mixed", "", points, found)
    with pytest.raises(InputError, match="is not a valid name"):
        collect.study("../x", "", points, make_runs(points))
    assert not store.FOLDER.exists()
