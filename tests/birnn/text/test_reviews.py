"""Tests of reading reviews in batches."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from birnn.text import reviews

TOKENS = [["a", "b"], None, ["c"], [], ["d", "e", "f"]]


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a split of five reviews, read two at a time; one of them has no words."""
    monkeypatch.setattr(reviews, "BATCH_SIZE", 2)
    table = pa.table(
        {
            "id": list("vwxyz"),
            "group": ["b", "é", "a", "b", "Z"],
            "text": [f"text {number}" for number in range(5)],
            "tokens": pa.array(TOKENS, pa.list_(pa.string())),
        }
    )
    pq.write_table(table, tmp_path / "test.parquet")
    return tmp_path / "test.parquet"


def test_words(file: Path) -> None:
    batches = list(reviews.words(file, 3))
    assert [len(batch) for batch in batches] == [3, 2]
    assert [words for batch in batches for words in batch] == [tokens or [] for tokens in TOKENS]


def test_lengths(file: Path) -> None:
    assert reviews.lengths(file).tolist() == [2, 0, 1, 0, 3]


def test_texts_are_in_the_requested_order(file: Path) -> None:
    assert reviews.texts(file, np.array([4, 0, 1, 4])) == ["text 4", "text 0", "text 1", "text 4"]
    assert reviews.texts(file, np.array([], np.int64)) == []


def test_column(file: Path) -> None:
    assert reviews.column(file, "id").tolist() == list("vwxyz")


def test_groups_are_numbered_by_name(file: Path) -> None:
    assert reviews.groups(file).tolist() == [2, 3, 1, 2, 0]


def test_chosen_batches(file: Path) -> None:
    chosen = np.array([True, False, False, False, True])
    batches = reviews.chosen_batches(file, chosen, ["id", "tokens"])
    assert [batch["id"].to_pylist() for batch in batches] == [["v"], [], ["z"]]
