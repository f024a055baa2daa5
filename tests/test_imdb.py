"""Test the pipeline on IMDB: the corpus, and predictions and behavior after two epochs."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from sklearn.metrics import roc_auc_score

from birnn.checklist import behavioral_tests
from birnn.core.outputs import read_json
from birnn.evaluation import predictions
from birnn.evaluation.model_names import BASELINE, NETWORKS
from birnn.inference import attribution, predictor
from birnn.inference.explanation import Explainer
from birnn.networks.decision import probability
from birnn.text import encoding, reviews, sequences, tokenizer
from tests.projects import PROJECT, run

# Highest allowed failure rates. Negation has none: all models fail nearly all of its cases, as the
# report shows.
BOUNDS = {
    "plain praise is positive": 0.15,
    "plain blame is negative": 0.15,
    "people get other first names": 0.1,
    "a neutral sentence before": 0.2,
    "a neutral sentence after": 0.2,
    "praise added at the end": 0.1,
    "blame added at the end": 0.1,
}

# How networks classify short texts depends on the seed: they call from none to all of plain blame
# positive. The ranking does not depend on the seed.
SEED_DEPENDENT = ("plain praise is positive", "plain blame is negative")


def bounded_models(test: str) -> list[str]:
    """Return the models to which the bound of a test applies."""
    return [BASELINE] if test in SEED_DEPENDENT else [*NETWORKS, BASELINE]


def failure_rates(file: Path) -> pd.DataFrame:
    """Return the failure rates, one row per test and one column per model."""
    table = pd.read_csv(file).set_index(["test", "model"])
    return table["failure_rate"].unstack("model")  # noqa: PD010


@pytest.mark.exhaustive
def test_imdb_corpus(imdb: Path) -> None:
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

    lines = (imdb / "state" / "times.jsonl").read_text(encoding="utf-8").splitlines()
    seconds = {line["output"]: sum(line["seconds"]) for line in map(json.loads, lines)}
    assert seconds["models/baseline"] < 60
    file = imdb / "data" / "corpus" / "test.parquet"
    rows = np.arange(25_000, dtype=np.int32)
    log_odds = predictions.predict_with_baseline(imdb / "models" / "baseline", file, rows).log_odds
    assert ((log_odds > 0) == (reviews.column(file, "label") == 1)).mean() >= 0.91


@pytest.mark.exhaustive
def test_predict_agrees_with_evaluate_on_imdb(imdb: Path, tmp_path: Path) -> None:
    texts = pd.read_parquet(imdb / "data" / "corpus" / "test.parquet", columns=["id", "text"])
    rows = np.linspace(0, len(texts) - 1, 1_000).astype(int)
    texts.iloc[rows].to_csv(tmp_path / "texts.csv", index=False)
    options = (
        "--file",
        str(tmp_path / "texts.csv"),
        "--output",
        str(tmp_path / "predicted.parquet"),
    )
    result = run("python", "-m", "birnn", "predict", *options, cwd=imdb)
    assert result.returncode == 0, result.stderr
    predicted = pd.read_parquet(tmp_path / "predicted.parquet")
    evaluated = pd.read_parquet(imdb / "data" / "evaluated" / "predictions.parquet").iloc[rows]
    for name in NETWORKS:
        assert np.abs(predicted[name] - probability(evaluated[name].to_numpy())).max() <= 1e-6


@pytest.mark.exhaustive
@pytest.mark.parametrize("test", BOUNDS)
def test_failure_rates_are_bounded(imdb: Path, test: str) -> None:
    rates = failure_rates(imdb / "metrics" / "checklist.csv")
    assert (rates.loc[test, bounded_models(test)] <= BOUNDS[test]).all()


@pytest.mark.parametrize("test", BOUNDS)
def test_committed_failure_rates_are_bounded(test: str) -> None:
    rates = failure_rates(PROJECT / "metrics" / "checklist.csv")
    assert (rates.loc[test, bounded_models(test)] <= BOUNDS[test]).all()


def test_committed_networks_distinguish_praise_from_blame() -> None:
    rates = failure_rates(PROJECT / "metrics" / "checklist.csv")
    # A network that gives all short texts the same class would have 0.5.
    assert (rates.loc[list(SEED_DEPENDENT), list(NETWORKS)].mean() <= 0.35).all()


@pytest.mark.exhaustive
def test_networks_rank_plain_praise_above_plain_blame(imdb: Path) -> None:
    behaviors = {
        behavior.description: behavior for behavior in behavioral_tests.all_behaviors([], [])
    }
    plain = [case for name in SEED_DEPENDENT for case in behaviors[name].cases]
    networks = predictor.load(NETWORKS, imdb / "data" / "padded", imdb / "models")
    for log_odds in networks.predict([case.text for case in plain]).values():
        assert roc_auc_score([case.label for case in plain], log_odds) >= 0.99


def test_every_behavior_has_a_bound_or_is_known_to_fail() -> None:
    descriptions = {behavior.description for behavior in behavioral_tests.all_behaviors([], [])}
    unbounded = {"negated praise is negative", "negated blame is not negative"}
    assert descriptions == set(BOUNDS) | unbounded
    rates = failure_rates(PROJECT / "metrics" / "checklist.csv")
    assert (rates.loc[list(unbounded)] > 0.5).all(axis=None)


@pytest.mark.exhaustive
def test_contributions_add_up(imdb: Path) -> None:
    texts = pd.read_parquet(imdb / "data" / "corpus" / "test.parquet", columns=["text"])["text"]
    networks = predictor.load(NETWORKS, imdb / "data" / "padded", imdb / "models")
    explainer = Explainer(networks)
    for text in texts.iloc[:: len(texts) // 40]:
        for explanation in explainer.explain(text).networks.values():
            assert abs(explanation.gap) <= attribution.TOLERANCE


@pytest.mark.exhaustive
def test_predict_ranks_plain_sentences(imdb: Path) -> None:
    praise = ["This is a wonderful film.", "I loved every minute of it."]
    blame = ["This is an awful film.", "A boring and terrible waste of time."]
    result = run("python", "-m", "birnn", "predict", *praise, *blame, cwd=imdb)
    probabilities = [float(line.split()[1]) for line in result.stdout.splitlines()]
    assert len(probabilities) == len(praise) + len(blame)
    assert min(probabilities[: len(praise)]) > max(probabilities[len(praise) :])
