"""Tests of reading reviews in batches."""

from itertools import chain
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from birnn.reviews import corpus_reader

TOKENS = [["a", "b"], None, ["c"], [], ["d", "e", "f"]]
WORDS = [tokens or [] for tokens in TOKENS]


@pytest.fixture(params=[2, 5])
def file(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """Return a split of five reviews in three batches or one; two of them have no words."""
    table = pa.table(
        {
            "id": list("vwxyz"),
            "group": ["b", "é", "a", "b", "Z"],
            "text": [f"text {number}" for number in range(5)],
            "tokens": pa.array(TOKENS, pa.list_(pa.string())),
        }
    )
    pq.write_table(table, tmp_path / "test.parquet", row_group_size=request.param)
    return tmp_path / "test.parquet"


def test_columns(file: Path) -> None:
    assert corpus_reader.lengths(file).tolist() == [2, 0, 1, 0, 3]
    assert corpus_reader.column(file, "id").tolist() == list("vwxyz")
    assert list(corpus_reader.all_texts(file)) == [f"text {number}" for number in range(5)]
    # Numbered by name.
    assert corpus_reader.groups(file).tolist() == [2, 3, 1, 2, 0]


def test_words_of_all_or_some_reviews(file: Path) -> None:
    batches = list(corpus_reader.words(file))
    assert [len(batch) for batch in batches] in ([2, 2, 1], [5])
    assert list(chain(*batches)) == WORDS
    assert list(chain(*corpus_reader.words(file, np.array([0, 4], np.int32)))) == WORDS[::4]


def test_texts_are_in_the_requested_order(file: Path) -> None:
    rows = [4, 0, 1, 4]
    assert corpus_reader.texts(file, np.array(rows)) == [f"text {row}" for row in rows]
    assert corpus_reader.texts(file, np.array([], np.int64)) == []
