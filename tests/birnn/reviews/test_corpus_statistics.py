"""Test the statistics of a split against counts by hand."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from birnn.reviews import corpus_statistics, tokenizer
from tests.birnn.reviews import test_corpus_writer
from tests.birnn.reviews.test_corpus_writer import review

# Group, label and text.
TRAIN = [
    ("a", 1, "good good film"),
    ("a", 0, "bad film"),
    ("b", 1, "good good film"),
    ("c", 0, "..."),
    ("c", 0, "a bad bad film indeed"),
]
TEST = [("d", 1, "good film"), ("e", 0, "bad film")]


def write(folder: Path, train: Sequence[tuple[str, int, str]]) -> Path:
    """Write a corpus, and return the file of its training split, which is read in batches."""
    splits = {"train": train, "test": TEST}
    rows = [review(f"{split}/{n}", *row) for split in splits for n, row in enumerate(splits[split])]
    test_corpus_writer.write(folder, rows)
    file = folder / "train.parquet"
    pq.write_table(pq.read_table(file), file, row_group_size=3)
    return file


def tabulate(file: Path, overlap: int, maxlen: int) -> dict[str, tuple[str, str]]:
    train, test = (
        corpus_statistics.measure(file.parent / f"{split}.parquet", ["film", "good", "unused"])
        for split in ("train", "test")
    )
    return corpus_statistics.tabulate(train, test, overlap, maxlen, "spam")


def test_table(tmp_path: Path) -> None:
    assert tabulate(write(tmp_path, TRAIN), overlap=7, maxlen=3) == {
        "reviews": ("5", "2"),
        "share of spam": ("40.0%", "50.0%"),
        "groups, such as films or equal texts": ("3", "2"),
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


def test_digest_covers_texts_and_labels_of_both_splits(tmp_path: Path) -> None:
    rows, digests = [*test_corpus_writer.TRAIN, *test_corpus_writer.TEST], []
    flipped = [replace(row, label=1 - row.label) for row in rows]
    longer = [replace(row, text=f"{row.text}!") for row in rows]
    for changed in (rows, flipped, longer):
        for split in ("train", "test"):
            both = zip(rows, changed, strict=True)
            test_corpus_writer.write(
                tmp_path, [new if old.split == split else old for old, new in both]
            )
            digests.append(corpus_statistics.digest(tmp_path))
    assert digests[0] == digests[1]
    assert len({*digests}) == 5


def distinctive_words(file: Path, count: int = 10) -> tuple[list[str], list[str]]:
    vocabulary = tokenizer.read(file.parent / "vocabulary.txt")
    return corpus_statistics.find_distinctive_words(file, vocabulary, count)


def test_distinctive_words(tmp_path: Path) -> None:
    positive = ["the good good film"] * 60 + ["the fine film x\u00ad"] * 40 + ["the rare film"] * 5
    negative = ["the bad film"] * 90 + ["the good film"] * 10 + ["..."] * 5
    rows = [("a", 1, text) for text in positive] + [("a", 0, text) for text in negative]
    order = np.random.default_rng(0).permutation(len(rows))
    file = write(tmp_path, [rows[index] for index in order])
    # Words that both classes use, rare words and words that cannot be printed are left out.
    assert "x\u00ad" in tokenizer.read(tmp_path / "vocabulary.txt")
    assert distinctive_words(file) == (["good", "fine"], ["bad"])
    assert distinctive_words(file, 1) == (["good"], ["bad"])


# With 18 of 30 positive reviews, the log-odds differ by log(18.5 / 12.5) - log(0.5 / 30.5) = 4.50,
# and the standard error is sqrt(1 / 18.5 + 1 / 12.5 + 1 / 0.5 + 1 / 30.5) = 1.47.
@pytest.mark.parametrize(("count", "listed"), [(17, []), (18, ["word"])])
def test_words_are_listed_from_three_standard_errors_on(
    tmp_path: Path, count: int, listed: list[str]
) -> None:
    positive = ["word"] * count + ["..."] * (30 - count)
    file = write(tmp_path, [("a", 1, text) for text in positive] + [("a", 0, "...")] * 30)
    assert distinctive_words(file) == (listed, [])


def test_split_has_neither_words_nor_groups(tmp_path: Path) -> None:
    file = write(tmp_path, [("a", 1, "..."), ("b", 0, "!"), ("b", 0, "word")])
    pq.write_table(pq.read_table(file)[:2], file)
    assert pq.read_table(file)["tokens"].null_count == 2
    table = tabulate(file, 0, 100)
    assert table["words in the vocabulary"] == ("0.0%", "75.0%")
    assert not any("group" in title for title in table)
    assert distinctive_words(file) == ([], [])
