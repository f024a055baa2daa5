"""The files of a study."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from birnn.core.settings import flatten
from birnn.evaluation.model_names import NETWORKS
from birnn.runtime.errors import InputError
from birnn_lab.studies import store, writing
from tests.birnn_lab.studies.small_study import (
    CORPUS,
    NETWORK,
    REVIEWS,
    SETTINGS,
    log_odds,
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
    assert read.log_odds(second.runs) == {}
    # A study that serves to choose has no results on the test split.
    units = f"{NETWORK}.units"
    about = replace(study.about, chooses=True, varied=[units])
    rows = study.runs.rename(columns={"pad.maxlen": units})
    writing.write_files(replace(study, about=about, runs=rows), {})
    assert [*store.read(study.folder).runs] == [
        *("name", units, "train.seed"),
        *(f"{NETWORK}.holdout_accuracy", f"{NETWORK}.seconds"),
    ]


def test_study_matches_its_corpus_and_settings_and_contains_its_runs(tmp_path: Path) -> None:
    study = make_study(tmp_path)
    for settings, matches in (
        ({"pad.maxlen": 7, "train.seed": 99, "report.x": 1}, True),
        ({"train.epochs": 99}, False),
        ({"pad.seed": 0}, False),
    ):
        assert study.matches(CORPUS, SETTINGS | settings) == matches
    # The seed of the hold-out may differ if it is recorded with each run.
    held_out = replace(study, runs=study.runs.assign(**{"pad.seed": 0}))
    assert held_out.matches(CORPUS, SETTINGS | {"pad.seed": 4})
    assert not study.matches(CORPUS | {"name": "other"}, SETTINGS)
    assert not replace(study, runs=study.runs.assign(**{"gone.accuracy": 1})).covers(CORPUS)
    metrics: dict[str, Any] = {"corpus": CORPUS}
    metrics |= {model: {"accuracy": 0.75, "loss": 0.4} for model in NETWORKS}
    assert study.contains(metrics, SETTINGS | {"train.seed": 1})
    assert not study.contains(metrics, SETTINGS | {"train.seed": 0})
    assert not study.contains(metrics, SETTINGS | {"train.seed": 1, "train.epochs": 9})
    other = metrics | {NETWORK: {"accuracy": 1, "loss": 0.4}}
    assert not study.contains(other, SETTINGS | {"train.seed": 1})
    # Metrics of other networks, and a study that serves to choose.
    assert not study.contains({"corpus": CORPUS}, SETTINGS | {"train.seed": 1})
    chosen = replace(study, runs=study.runs.filter(regex="holdout|train|pad|name"))
    assert not chosen.contains(metrics, SETTINGS | {"train.seed": 1})


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


def test_equal_trials_are_one_run(tmp_path: Path) -> None:
    study = make_study(tmp_path)
    twice = replace(study, runs=pd.concat([study.runs, study.runs]))
    assert [len(combination.runs) for combination in twice.combinations()] == [2, 2]


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


def test_study_over_seeds_is_the_largest_on_the_same_training_reviews(tmp_path: Path) -> None:
    varied = make_study(tmp_path / "a")
    small = replace(varied, about=replace(varied.about, varied=[]), runs=varied.runs[:2])
    large = replace(small, runs=varied.runs)
    halves = replace(large, runs=varied.runs.assign(**{"pad.seed": 0}))
    assert store.find_over_seeds([varied, halves, small, large]) is large
    single = replace(small, runs=varied.runs[:1])
    assert store.find_over_seeds([varied, halves, single]) is None


@pytest.mark.parametrize("name", ["..", "a/b", "-a", "tried"])
def test_invalid_names_are_refused(name: str) -> None:
    reason = "is the log of birnn tried" if name == "tried" else "is not a valid name"
    with pytest.raises(InputError, match=reason):
        writing.check_name(name)


def test_study_in_git_matches_the_default_settings() -> None:
    study = store.read(PROJECT / "study" / "seeds")
    settings = flatten(DEFAULTS.model_dump())
    assert study.matches(study.about.corpus, settings)
