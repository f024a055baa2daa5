"""Test the statistics of a split against counts by hand."""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from birnn.corpora import corpus_statistics, store
from birnn.corpora.corpus_statistics import DistinctiveWord
from birnn.corpora.review import Review
from birnn.corpora.sources import Corpus
from birnn.text import reviews, tokenizer

# Group, label and text.
TRAIN = [
    ("a", 1, "good good film"),
    ("a", 0, "bad film"),
    ("b", 1, "good good film"),
    ("c", 0, "..."),
    ("c", 0, "a bad bad film indeed"),
]
TEST = [("d", 1, "good film"), ("e", 0, "bad film")]


def write(folder: Path, train: list[tuple[str, int, str]]) -> Path:
    """Write a corpus, and return the file of its training split."""
    rows = [("train", *row) for row in train] + [("test", *row) for row in TEST]
    corpus = [
        Review(split, f"{number}", group, label, text, "")
        for number, (split, group, label, text) in enumerate(rows)
    ]
    store.write(Corpus("mine", "mine", lambda: iter(corpus)), folder)
    return folder / "train.parquet"


@pytest.mark.parametrize("batch_size", [2, 1_000])
def test_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batch_size: int) -> None:
    monkeypatch.setattr(reviews, "BATCH_SIZE", batch_size)
    measured = corpus_statistics.measure(write(tmp_path, TRAIN), ["film", "good", "unused"])
    assert measured.lengths.tolist() == [3, 2, 3, 0, 5]
    assert measured.positive == 2
    assert measured.repeated == 1
    assert sorted(measured.group_sizes) == [1, 2, 2]
    assert measured.known_words == 4 + 4


def test_table(tmp_path: Path) -> None:
    train = corpus_statistics.measure(write(tmp_path, TRAIN), ["film", "good"])
    test = corpus_statistics.measure(tmp_path / "test.parquet", ["film", "good"])
    assert corpus_statistics.tabulate(train, test, 7, maxlen=3) == {
        "reviews": ("5", "2"),
        "positive": ("40.0%", "50.0%"),
        "groups, such as films": ("3", "2"),
        "reviews per group, largest": ("2", "1"),
        "words per review, median": ("3", "2"),
        "words per review, 90% have at most": ("4", "2"),
        "words per review, 99% have at most": ("5", "2"),
        "words per review, longest": ("5", "2"),
        # The start of a review takes one of the three ids.
        "truncated at pad.maxlen 3": ("60.0%", "0.0%"),
        "words in the vocabulary": ("61.5%", "75.0%"),
        "text is also in an earlier row": ("1", "0"),
        "text is also in a training review": ("", "7"),
    }


def test_groups_of_single_reviews_are_not_listed(tmp_path: Path) -> None:
    write(tmp_path, [(str(number), label, text) for number, (_, label, text) in enumerate(TRAIN)])
    splits = (
        corpus_statistics.measure(tmp_path / f"{name}.parquet", []) for name in ("train", "test")
    )
    table = corpus_statistics.tabulate(*splits, 0, maxlen=100)
    assert not any("group" in title for title in table)


def distinctive_words(file: Path, count: int = 10) -> list[DistinctiveWord]:
    vocabulary = tokenizer.read(file.parent / "vocabulary.txt")
    return corpus_statistics.find_distinctive_words(file, vocabulary, count)


@pytest.mark.parametrize("batch_size", [7, 1_000])
def test_distinctive_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batch_size: int
) -> None:
    monkeypatch.setattr(reviews, "BATCH_SIZE", batch_size)
    positive = ["the good good film"] * 60 + ["the fine film \x85"] * 40 + ["the rare film"] * 5
    negative = ["the bad film"] * 90 + ["the good film"] * 10 + ["..."] * 5
    rows = [("a", 1, text) for text in positive] + [("a", 0, text) for text in negative]
    order = np.random.default_rng(0).permutation(len(rows))
    file = write(tmp_path, [rows[index] for index in order])
    # Words that both classes use, rare words and words that cannot be printed are left out.
    assert "\x85" in tokenizer.read(tmp_path / "vocabulary.txt")
    expected = {
        "good": (60 / 105, 10 / 105),
        "fine": (40 / 105, 0),
        "bad": (0, 90 / 105),
    }
    found = distinctive_words(file)
    assert [each.word for each in found] == list(expected)
    assert [(each.positive, each.negative) for each in found] == list(expected.values())
    assert [each.word for each in distinctive_words(file, 1)] == ["good", "bad"]


def test_few_reviews_have_no_distinctive_words(tmp_path: Path) -> None:
    assert distinctive_words(write(tmp_path, TRAIN)) == []


def test_split_has_no_words(tmp_path: Path) -> None:
    file = write(tmp_path, [("a", 1, "..."), ("b", 0, "!")])
    assert pq.read_table(file)["tokens"].null_count == 2
    train = corpus_statistics.measure(file, ["film"])
    assert train.known_words == 0
    table = corpus_statistics.tabulate(train, train, 0, maxlen=100)
    assert table["words in the vocabulary"] == ("0.0%", "0.0%")
    assert distinctive_words(file) == []
