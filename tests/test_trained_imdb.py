"""Networks that are trained on IMDB, for two epochs: what they say, and how they behave."""

import os
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from birnn import attribution, checklist, reader
from birnn.explanation import Explainer
from birnn.models import BASELINE, NETWORKS
from tests.conftest import PROJECT, new_clone, run

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif("IMDB_ARCHIVE" not in os.environ, reason="IMDB_ARCHIVE names no archive"),
]

# The most of the cases that may fail. Of negation it is known that all models fail nearly all:
# the report says so, and no bound would be one.
BOUNDS = {
    "plain praise is positive": 0.15,
    "plain blame is negative": 0.15,
    "people get other first names": 0.05,
    "blanks and dots at both ends": 0,
    "a neutral sentence before": 0.05,
    "a neutral sentence after": 0.2,
    "upper case": 0.001,
    "lower case": 0.001,
    "praise added at the end": 0.1,
    "blame added at the end": 0.1,
}


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a clone in which the pipeline has run on IMDB."""
    settings = {"train.epochs": "2"}
    clone = new_clone(tmp_path_factory.mktemp("imdb") / "clone", settings)
    archive = os.environ["IMDB_ARCHIVE"]
    result = run("dvc", "repro", cwd=clone, IMDB_ARCHIVE=archive)
    assert result.returncode == 0, result.stderr
    return clone


# On which side of the threshold short texts fall is the seed's: of plain blame, none to all is
# taken for praise. In order they stand whatever the seed.
OF_THE_SEED = ("plain praise is positive", "plain blame is negative")


def bounded(test: str) -> list[str]:
    """Return the models that a bound holds for."""
    return [BASELINE] if test in OF_THE_SEED else [*NETWORKS, BASELINE]


def rates(file: Path) -> pd.DataFrame:
    """Return the failure rates, a row a test, a column a model."""
    table = pd.read_csv(file).set_index(["test", "model"])
    return table["failure_rate"].unstack("model")  # noqa: PD010  not of pairs


def test_predict_says_of_1000_test_reviews_what_evaluate_computed(
    trained: Path, tmp_path: Path
) -> None:
    texts = pd.read_parquet(trained / "data" / "corpus" / "test.parquet", columns=["id", "text"])
    rows = np.linspace(0, len(texts) - 1, 1_000).astype(int)
    texts.iloc[rows].to_csv(tmp_path / "texts.csv", index=False)
    options = ("--file", str(tmp_path / "texts.csv"), "--output", str(tmp_path / "said.parquet"))
    result = run(sys.executable, "-m", "birnn", "predict", *options, cwd=trained)
    assert result.returncode == 0, result.stderr
    said = pd.read_parquet(tmp_path / "said.parquet")
    evaluated = pd.read_parquet(trained / "data" / "evaluated" / "predictions.parquet").iloc[rows]
    for name in NETWORKS:
        assert np.abs(said[name].to_numpy() - evaluated[name].to_numpy()).max() <= 1e-6


@pytest.mark.parametrize("test", BOUNDS)
def test_the_networks_behave(trained: Path, test: str) -> None:
    found = rates(trained / "metrics" / "checklist.csv")
    assert (found.loc[test, bounded(test)] <= BOUNDS[test]).all()


@pytest.mark.parametrize("test", BOUNDS)
def test_the_networks_in_git_behave(test: str) -> None:
    found = rates(PROJECT / "metrics" / "checklist.csv")
    assert (found.loc[test, bounded(test)] <= BOUNDS[test]).all()


def test_the_networks_in_git_tell_plain_praise_from_plain_blame() -> None:
    found = rates(PROJECT / "metrics" / "checklist.csv")
    # Half is what one that calls all short texts alike gets.
    assert (found.loc[list(OF_THE_SEED), list(NETWORKS)].mean() <= 0.35).all()


def test_the_networks_put_plain_praise_before_plain_blame(trained: Path) -> None:
    described = {test.description: test for test in checklist.behaviours([], [])}
    cases = [case for name in OF_THE_SEED for case in described[name].cases]
    read = reader.load(NETWORKS, trained / "data" / "padded", trained / "models")
    for probabilities in read.probabilities([case.text for case in cases]).values():
        assert roc_auc_score([case.label for case in cases], probabilities) >= 0.99


def test_every_behaviour_has_a_bound_or_is_known_to_fail() -> None:
    described = {behaviour.description for behaviour in checklist.behaviours([], [])}
    unbounded = {"negated praise is negative", "negated blame is not negative"}
    assert described == set(BOUNDS) | unbounded
    found = rates(PROJECT / "metrics" / "checklist.csv")
    assert (found.loc[list(unbounded)] > 0.5).all(axis=None)


def test_what_moved_the_networks_adds_up(trained: Path) -> None:
    texts = pd.read_parquet(trained / "data" / "corpus" / "test.parquet", columns=["text"])["text"]
    read = reader.load(NETWORKS, trained / "data" / "padded", trained / "models")
    explainer = Explainer(read)
    for text in texts.iloc[:: len(texts) // 40]:
        for reading in explainer.explain(text).readings.values():
            assert abs(reading.gap) <= attribution.TOLERANCE


def test_plain_sentences_are_read_in_order(trained: Path) -> None:
    praise = ["This is a wonderful film.", "I loved every minute of it."]
    blame = ["This is an awful film.", "A boring and terrible waste of time."]
    result = run(sys.executable, "-m", "birnn", "predict", *praise, *blame, cwd=trained)
    probabilities = [float(line.split()[1]) for line in result.stdout.splitlines()]
    assert len(probabilities) == len(praise) + len(blame)
    assert min(probabilities[: len(praise)]) > max(probabilities[len(praise) :])
