"""The pipeline on IMDB: the corpus, and what networks of two epochs say and how they behave."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from sklearn.metrics import roc_auc_score

from birnn.checklist import cases
from birnn.core.outputs import read_json
from birnn.evaluation import predictions
from birnn.evaluation.model_names import BASELINE, NETWORKS
from birnn.inference import attribution, predictor
from birnn.inference.explanation import Explainer
from birnn.text import encoding, reviews, sequences, tokenizer
from tests.projects import PROJECT, run

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


@pytest.mark.exhaustive
def test_the_true_corpus(imdb: Path) -> None:
    corpus = read_json(imdb / "data" / "corpus" / "corpus.json")
    assert (corpus["name"], corpus["requested"]) == ("imdb", "imdb")
    assert corpus["vocabulary"] == 88_584
    for split in ("train", "test"):
        ids, labels = sequences.read(imdb / "data" / "padded" / split)
        assert ids.shape == (25_000, 100)
        assert labels.sum() == 12_500
        assert 0 <= ids.min() < ids.max() == 19_999

    table = pq.read_table(imdb / "data" / "corpus" / "train.parquet", columns=["id", "tokens"])
    row = table["id"].to_pylist().index("train/pos/576_10.txt")
    tokens = table["tokens"].combine_chunks()[row : row + 1]
    words = tokenizer.read(imdb / "data" / "corpus" / "vocabulary.txt")
    encoded = encoding.encode(tokens, encoding.Encoding(words, 218, "pre", "pre"))[0]
    assert encoded[0] == encoding.START
    assert encoding.PADDING not in encoded
    assert [words[number - encoding.FIRST_WORD] for number in encoded[1:]] == tokens[0].as_py()
    padded = sequences.read(imdb / "data" / "padded" / "train")[0][row]
    known = np.where(encoded[-100:] < 20_000, encoded[-100:], encoding.OUT_OF_VOCABULARY)
    assert (padded == known).all()

    assert read_json(imdb / "timings" / "baseline.json")["seconds"] < 60
    file = imdb / "data" / "corpus" / "test.parquet"
    rows = np.arange(25_000, dtype=np.int32)
    probabilities = predictions.predict_with_baseline(
        imdb / "models" / "baseline", file, rows
    ).probabilities
    assert ((probabilities > 0.5) == (reviews.column(file, "label") == 1)).mean() >= 0.91


@pytest.mark.exhaustive
def test_predict_says_of_1000_test_reviews_what_evaluate_computed(
    imdb: Path, tmp_path: Path
) -> None:
    texts = pd.read_parquet(imdb / "data" / "corpus" / "test.parquet", columns=["id", "text"])
    rows = np.linspace(0, len(texts) - 1, 1_000).astype(int)
    texts.iloc[rows].to_csv(tmp_path / "texts.csv", index=False)
    options = ("--file", str(tmp_path / "texts.csv"), "--output", str(tmp_path / "said.parquet"))
    result = run("python", "-m", "birnn", "predict", *options, cwd=imdb)
    assert result.returncode == 0, result.stderr
    said = pd.read_parquet(tmp_path / "said.parquet")
    evaluated = pd.read_parquet(imdb / "data" / "evaluated" / "predictions.parquet").iloc[rows]
    for name in NETWORKS:
        assert np.abs(said[name].to_numpy() - evaluated[name].to_numpy()).max() <= 1e-6


@pytest.mark.exhaustive
@pytest.mark.parametrize("test", BOUNDS)
def test_the_networks_behave(imdb: Path, test: str) -> None:
    found = rates(imdb / "metrics" / "checklist.csv")
    assert (found.loc[test, bounded(test)] <= BOUNDS[test]).all()


@pytest.mark.parametrize("test", BOUNDS)
def test_the_networks_in_git_behave(test: str) -> None:
    found = rates(PROJECT / "metrics" / "checklist.csv")
    assert (found.loc[test, bounded(test)] <= BOUNDS[test]).all()


def test_the_networks_in_git_tell_plain_praise_from_plain_blame() -> None:
    found = rates(PROJECT / "metrics" / "checklist.csv")
    # Half is what one that calls all short texts alike gets.
    assert (found.loc[list(OF_THE_SEED), list(NETWORKS)].mean() <= 0.35).all()


@pytest.mark.exhaustive
def test_the_networks_put_plain_praise_before_plain_blame(imdb: Path) -> None:
    described = {test.description: test for test in cases.all_behaviors([], [])}
    plain = [case for name in OF_THE_SEED for case in described[name].cases]
    read = predictor.load(NETWORKS, imdb / "data" / "padded", imdb / "models")
    for probabilities in read.predict([case.text for case in plain]).values():
        assert roc_auc_score([case.label for case in plain], probabilities) >= 0.99


def test_every_behavior_has_a_bound_or_is_known_to_fail() -> None:
    described = {behavior.description for behavior in cases.all_behaviors([], [])}
    unbounded = {"negated praise is negative", "negated blame is not negative"}
    assert described == set(BOUNDS) | unbounded
    found = rates(PROJECT / "metrics" / "checklist.csv")
    assert (found.loc[list(unbounded)] > 0.5).all(axis=None)


@pytest.mark.exhaustive
def test_what_moved_the_networks_adds_up(imdb: Path) -> None:
    texts = pd.read_parquet(imdb / "data" / "corpus" / "test.parquet", columns=["text"])["text"]
    read = predictor.load(NETWORKS, imdb / "data" / "padded", imdb / "models")
    explainer = Explainer(read)
    for text in texts.iloc[:: len(texts) // 40]:
        for reading in explainer.explain(text).networks.values():
            assert abs(reading.gap) <= attribution.TOLERANCE


@pytest.mark.exhaustive
def test_plain_sentences_are_read_in_order(imdb: Path) -> None:
    praise = ["This is a wonderful film.", "I loved every minute of it."]
    blame = ["This is an awful film.", "A boring and terrible waste of time."]
    result = run("python", "-m", "birnn", "predict", *praise, *blame, cwd=imdb)
    probabilities = [float(line.split()[1]) for line in result.stdout.splitlines()]
    assert len(probabilities) == len(praise) + len(blame)
    assert min(probabilities[: len(praise)]) > max(probabilities[len(praise) :])
