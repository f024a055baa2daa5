"""Studies from the experiments of a sweep."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from birnn.core.yaml_files import read_yaml
from birnn.runtime.errors import InputError
from birnn_lab import collect, grid, recipes
from birnn_lab.files_in_git import write_yaml
from birnn_lab.studies import store, writing
from birnn_lab.studies.store import Study
from tests.birnn_lab.repository import CORPUS, add, fake_dvc, git
from tests.projects import commit

pytestmark = pytest.mark.usefixtures("repository")
SEEDS = "train.seed=0..1"
CSV = "runs.csv"


def finish(name: str, *options: str, recipe: tuple[str, ...] = (), accuracy: float = 0.8) -> None:
    """Add the experiments of a sweep, whose accuracy depends on the seed."""
    for point in grid.points(options, recipe):
        score = {"accuracy": accuracy + point.settings["train.seed"] / 100, "parameters": 7}
        add(f"{name}--{point.label}", point, {"bigru": score, "bilstm": score})


def study(name: str, *options: str, recipe: tuple[str, ...] = ()) -> Study:
    finish(name, *options, recipe=recipe)
    return collect.study(name)


def test_study_has_rows_predictions_and_what_varies() -> None:
    finish("others", "train.seed=5")
    found = study("some", "train.epochs=3,12", "train.seed=0,2,10")
    assert found.about.varied == ["train.epochs"]
    assert found.about.corpus == {key: CORPUS[key] for key in ("name", "digest")}
    assert "train.epochs" not in found.about.settings
    labels = [f"epochs-{epochs}-seed-{seed}" for epochs in (3, 12) for seed in (0, 2, 10)]
    assert found.runs["name"].tolist() == labels  # in the order of the numbers
    assert found.runs["train.epochs"].tolist() == [3] * 3 + [12] * 3
    assert found.runs["bigru.accuracy"].tolist() == [0.8, 0.82, 0.9] * 2
    assert {"bigru.seconds", "machine", "started"} <= {*found.runs}
    assert {*found.runs["commit"]} == {git("rev-parse", "--short=12", "HEAD")}
    log_odds = found.log_odds(found.runs)["bigru"]
    assert log_odds.tolist() == [[-1, 1, -1, 1]] * 6
    assert found.reviews is not None
    assert found.reviews["group"].tolist() == ["film 0", "film 0", "film 1", "film 1"]


def test_rows_that_are_committed_stay_and_new_ones_are_added() -> None:
    study("some", SEEDS)
    file = Path("study/some/runs.csv")
    rows = file.read_text()
    commit(Path())  # the experiments of the last commit do not count any more
    finish("some", "train.seed=1..2", accuracy=0.5)
    found = collect.study("some")
    assert found.runs["name"].tolist() == ["seed-0", "seed-1", "seed-2"]
    assert file.read_text().startswith(rows)
    assert len(found.log_odds(found.runs)["bigru"]) == 3
    before = file.read_text()
    assert [*collect.study("some").runs["name"]] == [*found.runs["name"]]
    assert file.read_text() == before
    # A setting that did not vary before.
    found = study("some", "train.epochs=3", SEEDS)
    assert found.about.varied == ["train.epochs"]
    assert found.runs["train.epochs"].tolist() == [10, 10, 10, 3, 3]
    assert [len(each.runs) for each in found.combinations()] == [3, 2]


def test_study_of_several_recipes_compares_recipes() -> None:
    single = study("single", SEEDS, recipe=("pooling",))
    assert single.about.varied == []
    assert study("single", SEEDS, recipe=("notebook",)).about.varied == ["recipe"]
    assert single.runs["name"].tolist() == ["pooling--seed-0", "pooling--seed-1"]
    assert single.runs["pad.seed"].tolist() == single.runs["word_vectors.seed"].tolist() == [0, 1]
    found = study("several", SEEDS, recipe=("pooling", "notebook"))
    assert found.about.varied == ["recipe"]
    assert found.runs["recipe"].tolist() == ["notebook"] * 2 + ["pooling"] * 2
    bases = ["notebook", "two-epochs", "pooling"]
    assert [recipe["name"] for recipe in found.about.recipes] == bases
    settings = found.settings_by_run()
    assert [settings[f"{name}--seed-1"]["train.epochs"] for name in ("notebook", "pooling")] == [
        10,
        2,
    ]
    assert settings["notebook--seed-1"]["network.pooling"] == "last"
    found = study("several", SEEDS, recipe=("two-epochs",))
    names = ["notebook"] * 2 + ["two-epochs"] * 2 + ["pooling"] * 2
    assert found.runs["recipe"].tolist() == names
    finish("several", SEEDS)
    with pytest.raises(InputError, match="only some runs of several have a recipe"):
        collect.study("several")


def test_joined_setting_that_varies_only_now_has_the_values_of_old_rows() -> None:
    study("some", SEEDS)
    joined = "bilstm.units,bigru.units"
    found = study("some", f"{joined}=32", SEEDS)
    assert found.runs[joined].tolist() == [64, 64, 32, 32]
    found = study("some", "bigru.units=16", SEEDS)
    settings = found.settings_by_run()
    assert settings["seed-0"]["bigru.units"] == settings["seed-0"]["bilstm.units"] == 64
    study("unequal", "bigru.units=16", SEEDS)
    finish("unequal", f"{joined}=32", SEEDS)
    with pytest.raises(InputError, match=r"unequal has runs with different bilstm\.units,bigru"):
        collect.study("unequal")


def test_changed_recipes_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    study("several", SEEDS, recipe=("pooling", "notebook"))
    changed = recipes.read_all()
    changed["pooling"] = replace(changed["pooling"], all_settings={})
    monkeypatch.setattr(recipes, "read_all", lambda: changed)
    finish("several", SEEDS, recipe=("two-epochs",))
    with pytest.raises(InputError, match="the recipe pooling has changed: give it another name"):
        collect.study("several")


def test_runs_that_differ_in_more_than_the_sweep_says_are_refused() -> None:
    study("some", SEEDS)
    params = read_yaml(Path("params.yaml"))
    params["network"]["kernel"] = "keras"
    write_yaml(Path("params.yaml"), params)
    commit(Path())
    finish("some", "train.seed=2")
    expected = "runs of some differ in more than their sweeps say, network.kernel is auto and keras"
    with pytest.raises(InputError, match=expected):
        collect.study("some")
    for number, digest in enumerate(("a", "b")):
        (point,) = grid.points([f"train.seed={number}"])
        add(f"corpora--seed-{number}", point, {"corpus": CORPUS | {"digest": digest}})
    with pytest.raises(InputError, match=r"corpus is (a and b|b and a): choose another name"):
        collect.study("corpora")


def test_unknown_and_invalid_studies_are_refused() -> None:
    with pytest.raises(
        InputError, match="this commit has no experiments none--… and no study/none"
    ):
        collect.study("none")
    (point,) = grid.points(["train.seed=0"])
    add("mine--first", point, message="by hand")
    with pytest.raises(InputError, match="no sweep ran mine--first"):
        collect.study("mine")
    found = study("chosen", SEEDS)
    about = replace(found.about, chooses=True)
    writing.write_files(replace(found, about=about, runs=found.runs[:1]), {})
    with pytest.raises(InputError, match="study/chosen, which has no test results: choose"):
        collect.study("chosen")


def test_lost_predictions_are_an_error_and_lose_no_rows() -> None:
    found = study("some", SEEDS)
    (point,) = grid.points(["train.seed=2"])
    run = add("some--seed-2", point)
    reference = git("for-each-ref", "--format=%(refname)", "refs/exps").split()[-1]
    tree = git("rev-parse", "HEAD^{tree}")
    git("update-ref", reference, git("commit-tree", tree, "-p", "HEAD", "-m", point.description))
    fake_dvc()
    with pytest.raises(InputError, match=f"{run.name} cannot be read from DVC's cache or a remote"):
        collect.study("some")
    stored = store.read(found.folder).runs
    pd.testing.assert_frame_equal(stored, found.runs)
    assert np.isnan(stored["bigru.seconds"]).all()
