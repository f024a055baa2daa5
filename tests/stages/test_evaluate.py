"""Test which test reviews the evaluation takes for copies of training reviews."""

from pathlib import Path

import pytest

from birnn.corpora import store
from birnn.corpora.review import Review
from birnn.corpora.sources import Corpus
from stages import evaluate

TEXTS = {"train": ["Good.", "Bad.", "Fine film"], "test": ["Bad.", "good.", "Good.", "Poor."]}


def test_overlap_agrees_with_the_corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reviews = [
        Review(split, f"{split} {number}", "film", number % 2, text, "a file")
        for split, texts in TEXTS.items()
        for number, text in enumerate(texts)
    ]
    description = store.write(Corpus("mine", "mine", lambda: iter(reviews)), tmp_path)
    monkeypatch.setattr(evaluate, "REVIEWS", tmp_path / "test.parquet")
    monkeypatch.setattr(evaluate, "TRAINING_REVIEWS", tmp_path / "train.parquet")
    assert evaluate.find_overlap().tolist() == [True, False, True, False]
    assert description["overlap"] == 2
