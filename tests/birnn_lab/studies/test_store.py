"""The files of a study."""

from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from birnn.core.settings import flatten
from birnn.evaluation.model_names import NETWORKS
from birnn.runtime.errors import InputError
from birnn_lab.studies import store, writing
from tests.birnn_lab.studies.small_study import (
    NETWORK,
    REVIEWS,
    log_odds,
    make_recipes,
    make_study,
)
from tests.projects import DEFAULTS, PROJECT


def test_written_study_is_read(tmp_path: Path) -> None:
    study = make_study(tmp_path / "lengths")
    predictions = log_odds(study)
    writing.write_files(study, predictions)
    read = store.read(study.folder)
    assert read.about == study.about
    pd.testing.assert_frame_equal(read.runs, study.runs)
    pd.testing.assert_frame_equal(read.reviews, REVIEWS)
    assert (read.name, read.networks, read.models) == ("lengths", [*NETWORKS], [*NETWORKS])
    first, second = read.combinations()
    assert (first.label, second.label) == ("50", "100")
    stored = read.log_odds(second.runs)
    expected = [predictions["100-0"][NETWORK], predictions["100-1"][NETWORK]]
    assert np.abs(stored[NETWORK] - expected).max() <= 0.008
    assert read.log_odds(second.runs.assign(name=["100-0", "another"])) == {}
    writing.write_files(study, predictions | {"100-1": predictions["100-1"].drop(columns=NETWORK)})
    assert store.read(study.folder).log_odds(second.runs) == {}


def test_settings_of_runs_are_those_that_are_shared_vary_or_belong_to_the_recipe(
    tmp_path: Path,
) -> None:
    study = make_study(tmp_path)
    study.runs["pad.maxlen"] = [50, 50, np.nan, np.nan]
    settings = study.settings_by_run()
    shared = {"train.epochs": 3, f"{NETWORK}.units": 8}
    assert settings["50-1"] == shared | {"pad.maxlen": 50, "train.seed": 1}
    assert settings["100-0"] == shared | {"pad.maxlen": None, "train.seed": 0}
    tied = make_study(tmp_path, varied=["pad.maxlen,ngrams.folds"])
    tied.runs["pad.maxlen,ngrams.folds"] = tied.runs["pad.maxlen"]
    settings = tied.settings_by_run()
    assert settings["100-0"]["pad.maxlen"] == settings["100-0"]["ngrams.folds"] == 100
    recipes = make_recipes()
    recipes.about.recipes[0]["settings"] = {"train.epochs": 2}
    recipes.about.recipes[1]["settings"] = {"pad.maxlen": 9}
    settings = recipes.settings_by_run()
    assert settings["run-1-2"] == {"train.epochs": 2, "pad.maxlen": 9, "train.seed": 2}


def test_all_studies_are_read(tmp_path: Path) -> None:
    writing.write_files(make_study(tmp_path / "a"), {})
    writing.write_files(make_study(tmp_path / "b", varied=[]), {})
    writing.write_files(make_study(tmp_path / ".part-1-b"), {})  # of a killed command
    assert [study.name for study in store.read_all(tmp_path)] == ["a", "b"]
    (tmp_path / "study.yaml").write_text("other: 1\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"is damaged .*'other'.*: run git checkout -- "):
        store.read(tmp_path)


def test_damaged_study_is_refused(tmp_path: Path) -> None:
    study = make_study(tmp_path / "lengths")
    writing.write_files(study, {})
    file = study.folder / store.RUNS
    head = file.read_text(encoding="utf-8").splitlines()[0]
    for content, expected in (
        (head, "has no runs"),
        ("", "is damaged"),
        ("a\n1", "is damaged"),
        (f"{head}\n<<<<<<< HEAD\n", r"runs\.csv has a merge conflict: resolve it"),
    ):
        file.write_text(content, encoding="utf-8")
        with pytest.raises(InputError, match=expected):
            store.read(study.folder)
    (study.folder / store.PREDICTIONS).mkdir()
    (study.folder / store.PREDICTIONS / "a.parquet").write_bytes(b"")
    with pytest.raises(InputError, match=r"a\.parquet is damaged"):
        store.read_predictions(study.folder, ["a"])


def test_other_files_in_the_folder_of_a_study_are_not_lost(tmp_path: Path) -> None:
    study = make_study(tmp_path / "lengths")
    writing.write_files(study, {})
    for name in ("notes.md", "photo.png", "lengths.png"):
        (study.folder / name).touch()
    with pytest.raises(InputError, match=r"notes\.md, photo\.png lost: move"):
        writing.write_files(study, {})
    assert (study.folder / "notes.md").exists()


def test_integers_beside_missing_values_stay_exact(tmp_path: Path) -> None:
    study = make_study(tmp_path / "recipes", varied=["recipe"])
    study.runs.loc[0, "train.seed"] = 20_240_517
    runs = study.runs.assign(recipe="NA", **{f"{NETWORK}.parameters": 2_658_945})
    writing.write_files(replace(study, runs=runs), {})
    read = store.read(study.folder)
    assert read.runs["train.seed"].tolist() == [20_240_517, 1, 0, 1]
    assert read.runs["recipe"].tolist() == ["NA"] * 4
    assert read.runs[f"{NETWORK}.seconds"].isna().tolist() == [False, True, False, False]
    assert read.runs[f"{NETWORK}.parameters"].tolist() == [2_658_945] * 4


@pytest.mark.parametrize("name", ["..", "a/b", "-a", "a--b"])
def test_invalid_names_are_refused(name: str) -> None:
    with pytest.raises(InputError, match="is not a valid name"):
        store.check_name(name)


def test_study_in_git_has_the_default_settings() -> None:
    study = store.read(PROJECT / "study" / "seeds")
    assert study.about.settings == store.shared_settings(
        flatten(DEFAULTS.model_dump()), [], study.networks
    )


def test_flipped_bits_give_a_table_or_one_error(tmp_path: Path) -> None:
    content = pd.DataFrame({"bilstm": [1.0, 2.0]}).to_parquet(index=False)
    generator, file = np.random.default_rng(0), tmp_path / store.PREDICTIONS / "a.parquet"
    file.parent.mkdir()
    refused = 0
    for _ in range(300):
        damaged = bytearray(content)
        damaged[generator.integers(len(damaged))] ^= 1 << generator.integers(8)
        file.write_bytes(damaged)
        refused += 1
        with suppress(InputError):
            assert "a" in store.read_predictions(tmp_path, ["a"])
            refused -= 1
    assert 0 < refused < 300
