"""The files of a study."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from birnn.core.errors import InputError
from birnn.core.settings import flatten, load
from birnn.studies import store
from birnn.studies.store import About, Study
from tests.projects import PROJECT

CORPUS = {"name": "mine", "train_reviews": 5, "test_reviews": 4, "vocabulary": 5}
SETTINGS = {"pad.maxlen": 50, "train.epochs": 3, "bilstm.units": 8, "bigru.units": 8}
REVIEWS = pd.DataFrame({"label": np.array([0, 1, 0, 1], np.uint8), "group": [0, 0, 1, 1]})


def make_study(folder: Path, **about: Any) -> Study:
    """Return a study of two lengths and two seeds."""
    runs = pd.DataFrame(
        {
            "name": [f"{length}-{seed}" for length in (50, 100) for seed in (0, 1)],
            "pad.maxlen": [50, 50, 100, 100],
            "train.seed": [0, 1, 0, 1],
            **{f"{model}.accuracy": [0.5, 0.75, 0.75, 1] for model in ("bilstm", "bigru")},
            **{f"{model}.loss": [0.5, 0.4, 0.3, 0.2] for model in ("bilstm", "bigru")},
            "bigru.holdout_accuracy": [0.6, 0.7, 0.8, 0.9],
            "bigru.seconds": [1.5, np.nan, 2, 3],
        }
    )
    shared = {name: value for name, value in SETTINGS.items() if name != "pad.maxlen"}
    described = About("birnn study", CORPUS, ["pad.maxlen"], shared)
    return Study(folder, replace(described, **about), runs, pd.DataFrame(), None, REVIEWS)


def log_odds(study: Study) -> dict[str, pd.DataFrame]:
    generator = np.random.default_rng(0)
    return {
        name: pd.DataFrame(generator.normal(0, 8, (4, 2)), columns=["bilstm", "bigru"])
        for name in study.runs["name"]
    }


def test_written_study_is_read(tmp_path: Path) -> None:
    study = make_study(tmp_path / "lengths")
    predictions = log_odds(study)
    store.write(study, predictions)
    read = store.read(study.folder)
    assert read.about == study.about
    pd.testing.assert_frame_equal(read.runs, study.runs)
    pd.testing.assert_frame_equal(read.reviews, REVIEWS)
    assert (read.name, read.networks) == ("lengths", ["bilstm", "bigru"])
    first, second = read.combinations()
    assert (first.label, second.label) == ("pad.maxlen 50", "pad.maxlen 100")
    stored = read.log_odds(second.runs)
    expected = [predictions["100-0"]["bigru"], predictions["100-1"]["bigru"]]
    assert np.abs(stored["bigru"] - expected).max() <= 0.008
    assert read.log_odds(second.runs.assign(name="another")) == {}


def test_study_that_serves_to_choose_has_no_test_results(tmp_path: Path) -> None:
    study = make_study(tmp_path / "rates", chooses=True)
    store.write(study, {})
    runs = store.read(study.folder).runs
    measures = [name for name in map(str, runs) if name.startswith(("bigru", "bilstm"))]
    assert measures == ["bigru.holdout_accuracy", "bigru.seconds"]


def test_study_matches_its_corpus_and_settings(tmp_path: Path) -> None:
    study = make_study(tmp_path)
    assert study.matches(CORPUS, SETTINGS)
    assert study.matches(CORPUS, SETTINGS | {"pad.maxlen": 7, "train.seed": 99, "report.x": 1})
    assert not study.matches(CORPUS, SETTINGS | {"train.epochs": 99})
    assert not study.matches(CORPUS | {"name": "other"}, SETTINGS)
    assert not study.matches({}, SETTINGS)
    assert not study.matches(CORPUS, {"train.epochs": 3})


def test_study_contains_its_runs(tmp_path: Path) -> None:
    study = make_study(tmp_path)
    metrics: dict[str, Any] = {
        "corpus": CORPUS,
        "bilstm": {"accuracy": 0.75, "loss": 0.4},
        "bigru": {"accuracy": 0.75, "loss": 0.4},
    }
    assert study.contains(metrics, SETTINGS | {"train.seed": 1})
    assert not study.contains(metrics, SETTINGS | {"train.seed": 0})
    assert not study.contains(metrics | {"bigru": {"accuracy": 1, "loss": 0.4}}, SETTINGS)


def test_studies_over_seeds_come_first(tmp_path: Path) -> None:
    store.write(make_study(tmp_path / "a"), {})
    store.write(make_study(tmp_path / "b", varied=[]), {})
    assert [study.name for study in store.read_all(tmp_path)] == ["b", "a"]


@pytest.mark.parametrize("file", ["runs.csv", "other.txt"])
def test_other_folders_are_refused(tmp_path: Path, file: str) -> None:
    folder = tmp_path / "old"
    folder.mkdir()
    (folder / file).touch()
    with pytest.raises(InputError, match=r"run birnn study --replace old"):
        store.read(folder)


def test_earlier_layouts_are_left_out_with_a_warning(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store.write(make_study(tmp_path / "new"), {})
    (tmp_path / "ladder").mkdir()
    (tmp_path / "ladder" / "runs.csv").touch()
    assert [study.name for study in store.read_all(tmp_path)] == ["new"]
    assert "ladder has an earlier layout: run birnn study --replace recipes" in (
        capsys.readouterr().err
    )


def test_description_with_other_keys_is_refused(tmp_path: Path) -> None:
    folder = store.write(make_study(tmp_path / "a"), {}) or tmp_path / "a"
    with (folder / "study.yaml").open("a", encoding="utf-8") as file:
        file.write("other: 1\n")
    with pytest.raises(InputError, match=r"a/study\.yaml does not describe a study: .*'other'"):
        store.read(folder)


def test_integers_beside_missing_values_stay_exact(tmp_path: Path) -> None:
    study = make_study(tmp_path / "recipes", varied=["recipe"])
    study.runs.loc[0, "train.seed"] = 20_240_517
    runs = study.runs.assign(recipe="plain", **{"bigru.parameters": 2_658_945})
    blends = pd.DataFrame({"name": ["plain, all seeds"], "recipe": "plain", "all.accuracy": 0.5})
    store.write(replace(study, runs=runs, blends=blends), {})
    read = store.read(study.folder)
    assert read.runs["train.seed"].tolist() == [20_240_517, 1, 0, 1]
    assert read.runs["bigru.parameters"].tolist() == [2_658_945] * 4
    assert len(read.blends) == 1


def test_null_is_named_in_labels(tmp_path: Path) -> None:
    study = make_study(tmp_path, varied=["train.clipnorm"])
    runs = study.runs.assign(**{"train.clipnorm": [np.nan, np.nan, 1, 1]})
    labels = [each.label for each in replace(study, runs=runs).combinations()]
    assert labels == ["train.clipnorm none", "train.clipnorm 1.0"]


def test_study_over_seeds_is_the_largest_on_the_same_training_reviews(tmp_path: Path) -> None:
    varied = make_study(tmp_path / "a")
    small = replace(varied, about=replace(varied.about, varied=[]), runs=varied.runs[:2])
    large = replace(small, runs=varied.runs)
    halves = replace(large, runs=varied.runs.assign(**{"pad.seed": 0}))
    assert store.find_over_seeds([varied, halves, small, large]) is large
    assert store.find_over_seeds([varied, halves]) is None


@pytest.mark.parametrize("name", ["..", "a/b", "", "-a", "tried"])
def test_invalid_names_are_refused(name: str) -> None:
    with pytest.raises(InputError, match=r"is not a valid name|is the log of birnn tried"):
        store.check_name(name)


@pytest.mark.parametrize("name", ["seeds", "equal-size"])
@pytest.mark.parametrize(
    ("setting", "value"),
    [("network.pooling", "max_mean"), ("ngrams.longest", 3), ("train.clipnorm", 1.0)],
)
def test_study_in_git_matches_only_its_settings(name: str, setting: str, value: Any) -> None:
    study = store.read(PROJECT / "study" / name)
    settings = flatten(load(PROJECT / "params.yaml").model_dump())
    assert study.matches(study.about.corpus, settings)
    assert not study.matches(study.about.corpus, settings | {setting: value})


def test_log_in_git_has_the_held_out_results_of_the_recipes() -> None:
    log, recipes = (store.read(PROJECT / "study" / name).runs for name in ("tried", "recipes"))
    names = ["train.seed", *(f"{model}.holdout_accuracy" for model in ("bilstm", "bigru"))]
    ran, logged = (set(table[names].itertuples(index=False)) for table in (recipes, log))
    assert ran <= logged
    assert not [name for name in map(str, log) if name.endswith(".accuracy")]
