"""Tests of storing a corpus."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from birnn.core.batching import BATCH_SIZE
from birnn.core.outputs import read_json
from birnn.reviews import corpus_reader, corpus_writer, tokenizer
from birnn.reviews.corpus import Corpus, Review
from birnn.runtime.errors import InputError


def review(name: str, group: str, label: int, text: str) -> Review:
    return Review(name.partition("/")[0], name, group, label, text)


TRAIN = [
    review("train/0", "film 1", 0, "Bad, bad film."),
    review("train/1", "film 1", 1, "Good FILM"),
    review("train/2", "film 2", 1, "..."),
]
CLASSES = ("ham", "spam")
TEST = [review("test/0", "film 3", 1, "good word"), review("test/1", "film 4", 0, "bad")]


def write(folder: Path, stored: Sequence[Review], **options: Any) -> dict[str, Any]:
    corpus = Corpus("mine", lambda: iter(stored), classes=CLASSES, fallback_for="yours")
    return corpus_writer.write(corpus, folder, **options)


def test_both_splits_and_the_vocabulary_are_stored(tmp_path: Path) -> None:
    # The splits may be interleaved.
    description = write(tmp_path, [TEST[0], *TRAIN[:2], TEST[1], TRAIN[2]])
    assert pq.read_table(tmp_path / "train.parquet").to_pydict() == {
        "id": ["train/0", "train/1", "train/2"],
        "group": ["film 1", "film 1", "film 2"],
        "label": [0, 1, 1],
        "text": ["Bad, bad film.", "Good FILM", "..."],
        "tokens": [["bad", "bad", "film"], ["good", "film"], None],
    }
    assert pq.read_table(tmp_path / "test.parquet")["id"].to_pylist() == ["test/0", "test/1"]
    assert tokenizer.read(tmp_path / "vocabulary.txt") == ["bad", "film", "good"]
    assert read_json(tmp_path / "corpus.json") == description | {"classes": [*CLASSES]}
    digest = description["train"].pop("digest")
    assert digest != description["test"].pop("digest")
    assert description == {
        "name": "mine",
        "requested": "yours",
        "tokenizer": "unicode",
        "classes": CLASSES,
        "vocabulary": 3,
        "overlap": 0,
        "train": {"reviews": 3, "positive": 2, "groups": 2},
        "test": {"reviews": 2, "positive": 1, "groups": 2},
    }


def test_batches_have_limited_numbers_of_reviews_and_characters(tmp_path: Path) -> None:
    sizes = [10_000_000, 10_000_000, 1] * 2 + [1] * 2_001
    texts = [review(f"train/{n}", "film", 0, "x" * size) for n, size in enumerate(sizes, start=9)]
    write(tmp_path, [*texts, *TRAIN, *TEST])
    metadata = pq.ParquetFile(tmp_path / "train.parquet").metadata
    groups = [metadata.row_group(number).num_rows for number in range(metadata.num_row_groups)]
    assert groups == [3, 3, 2_000, 1 + len(TRAIN)]


def test_unlabelled_texts_are_stored_as_words(tmp_path: Path) -> None:
    write(tmp_path, [*TRAIN, *TEST])
    texts = [f"A very <br />good film, no. {number}!" for number in range(BATCH_SIZE + 1)]
    copies = [TRAIN[1].text, TEST[0].text]
    long = [" " * 15_000_000] * 3  # two of them are more than a batch
    counts = corpus_writer.write_unlabelled([*texts, *copies, *long], tmp_path, tmp_path, "keras")
    assert counts == {"reviews": len(texts) + 3, "left_out": 2}
    first, second, third = corpus_reader.words(tmp_path / "reviews.parquet")
    assert second[1:] + third == [[], [], []]
    words = ["a", "very", "br", "good", "film", "no"]
    assert first + second[:1] == [[*words, str(number)] for number in range(len(texts))]
    counts = corpus_writer.write_unlabelled([], tmp_path, tmp_path, "keras")
    assert counts == read_json(tmp_path / "unlabelled.json") == {"reviews": 0, "left_out": 0}
    assert corpus_reader.count(tmp_path / "reviews.parquet") == 0


@pytest.mark.parametrize("labels", [[], [0], [1, 1, 1]])
@pytest.mark.parametrize(("name", "others"), [("train", TEST), ("test", TRAIN)])
def test_empty_or_one_class_split_is_refused(
    tmp_path: Path, name: str, others: list[Review], labels: list[int]
) -> None:
    few = [review(f"{name}/{n}", "film", label, "x") for n, label in enumerate(labels)]
    negative = len(labels) - sum(labels)
    expected = f"the {name} split of mine has {sum(labels)} spam and {negative} ham"
    with pytest.raises(InputError, match=expected):
        write(tmp_path, [*few, *others])


def test_reviews_without_words_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no training review of mine has a word"):
        write(tmp_path, [*TEST, *(replace(each, text="...!") for each in TRAIN)])


@pytest.mark.parametrize(("split", "name"), [("train", "train/1"), ("test", "train/0")])
def test_duplicate_id_is_refused(tmp_path: Path, split: str, name: str) -> None:
    copy = Review(split, name, "film 9", 0, "other text")
    with pytest.raises(InputError, match=f"mine has several reviews with the id '{name}': make"):
        write(tmp_path, [*TRAIN, *TEST, copy])


def test_overlap_is_counted_or_refused(tmp_path: Path) -> None:
    # Texts are compared exactly.
    others = [review(f"test/{n}", "film 9", 1, text) for n, text in ((2, "Good FILM"), (3, "good"))]
    both = [*TEST, *others, *TRAIN]
    assert write(tmp_path, both)["overlap"] == 1
    assert np.load(tmp_path / "overlap.npy").tolist() == [2]
    expected = r"review test/2: its text is also in the training split \(1 such"
    with pytest.raises(InputError, match=expected):
        write(tmp_path, both, refuse_overlap=True)
    assert write(tmp_path, [*TRAIN, *TEST], refuse_overlap=True)["overlap"] == 0
