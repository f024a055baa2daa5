"""Sequences: Keras's ids, truncating and padding."""

from pathlib import Path
from typing import Literal

import keras
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from birnn import sequences
from birnn.sequences import Encoding

WORDS = ["the", "a", "film", "good", "bad", "naïve"]
SIDES = st.sampled_from(["pre", "post"])


def encoding(
    num_words: int = 8,
    maxlen: int = 5,
    padding: Literal["pre", "post"] = "pre",
    truncating: Literal["pre", "post"] = "pre",
) -> Encoding:
    return Encoding(WORDS, num_words, maxlen, padding, truncating)


def tokens(*reviews: list[str] | None) -> pa.ListArray:
    return pa.array(reviews, pa.list_(pa.string()))


def test_a_word_of_rank_r_is_r_plus_3_and_rarer_words_are_2() -> None:
    encoded = sequences.encode(tokens(["the", "good", "bad", "unheard"]), encoding(num_words=8))
    assert encoded.tolist() == [[1, 4, 7, 2, 2]]
    assert encoded.dtype == np.int32


def test_short_reviews_are_padded_and_long_ones_keep_their_end() -> None:
    encoded = sequences.encode(tokens(["the"], None, [], ["the", "a"] * 4), encoding())
    assert encoded.tolist() == [[0, 0, 0, 1, 4], [0, 0, 0, 0, 1], [0, 0, 0, 0, 1], [5, 4, 5, 4, 5]]


@given(
    st.lists(st.none() | st.lists(st.sampled_from([*WORDS, "unheard", "☃", ""]))),
    st.integers(5, 12),
    st.integers(1, 9),
    SIDES,
    SIDES,
)
def test_any_reviews_are_encoded_as_keras_does(
    reviews: list[list[str] | None],
    num_words: int,
    maxlen: int,
    padding: Literal["pre", "post"],
    truncating: Literal["pre", "post"],
) -> None:
    ranks = {word: rank for rank, word in enumerate(WORDS, start=1)}
    ids = [[1] + [ranks.get(word, num_words) + 3 for word in words or []] for words in reviews]
    limited = [[number if number < num_words else 2 for number in review] for review in ids]
    expected = keras.utils.pad_sequences(limited, maxlen, padding=padding, truncating=truncating)
    encoded = sequences.encode(tokens(*reviews), encoding(num_words, maxlen, padding, truncating))
    assert encoded.tolist() == expected.tolist()


def test_the_chosen_reviews_are_written_in_order_over_many_batches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sequences, "BATCH", 3)
    words = [WORDS[number % len(WORDS)] for number in range(10)]
    labels = np.arange(10, dtype=np.uint8) % 2
    table = pa.table({"label": labels, "tokens": tokens(*([word] for word in words))})
    pq.write_table(table, tmp_path / "split.parquet")
    chosen = np.arange(10) % 3 != 1
    sequences.write(tmp_path / "split.parquet", chosen, encoding(maxlen=2), tmp_path / "padded")
    written, written_labels = sequences.read(tmp_path / "padded")
    known = [min(4 + number % len(WORDS), 8) for number in range(10)]
    expected = [[1, number if number < 8 else 2] for number in known]
    assert written.tolist() == [row for row, keep in zip(expected, chosen, strict=True) if keep]
    assert written_labels.tolist() == labels[chosen].tolist()
    assert isinstance(written, np.memmap)
