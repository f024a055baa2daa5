"""Tests of ids, truncation and padding, compared with Keras."""

from pathlib import Path
from typing import Literal

import keras
import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from birnn.text import encoding, tokenizer
from birnn.text.encoding import Encoding

WORDS = ["the", "a", "film", "good", "bad", "naïve"]
SIDES = st.sampled_from(["pre", "post"])


def make_encoding(
    num_words: int = 8,
    maxlen: int = 5,
    padding: Literal["pre", "post"] = "pre",
    truncating: Literal["pre", "post"] = "pre",
) -> Encoding:
    return Encoding(encoding.limit(WORDS, num_words), maxlen, padding, truncating)


def tokens(*reviews: list[str] | None) -> pa.ListArray:
    return pa.array(reviews, pa.list_(pa.string()))


def test_ids_are_ranks_plus_3_or_out_of_vocabulary() -> None:
    encoded = encoding.encode(tokens(["the", "good", "bad", "unheard"]), make_encoding(num_words=8))
    assert encoded.tolist() == [[1, 4, 7, 2, 2]]
    assert encoded.dtype == np.int32


def test_short_reviews_are_padded_and_long_ones_truncated() -> None:
    encoded = encoding.encode(tokens(["the"], None, [], ["the", "a"] * 4), make_encoding())
    assert encoded.tolist() == [[0, 0, 0, 1, 4], [0, 0, 0, 0, 1], [0, 0, 0, 0, 1], [5, 4, 5, 4, 5]]


@given(
    st.lists(st.none() | st.lists(st.sampled_from([*WORDS, "unheard", "☃", ""]))),
    st.integers(5, 12),
    st.integers(1, 9),
    SIDES,
    SIDES,
)
def test_encoding_matches_keras(
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
    encoded = encoding.encode(
        tokens(*reviews), make_encoding(num_words, maxlen, padding, truncating)
    )
    assert encoded.tolist() == expected.tolist()


@given(st.lists(st.text()), st.integers(5, 12), st.integers(1, 9))
def test_ids_of_any_text_are_in_range(texts: list[str], num_words: int, maxlen: int) -> None:
    encoded = encoding.encode(tokenizer.tokenize(texts), make_encoding(num_words, maxlen))
    assert encoded.shape == (len(texts), maxlen)
    assert ((encoded >= 0) & (encoded < num_words)).all()
    assert (encoded == encoding.START).sum(axis=1).max(initial=0) <= 1


def test_encoding_round_trip(tmp_path: Path) -> None:
    written = make_encoding(num_words=8, maxlen=7, padding="post")
    encoding.write(written, tmp_path)
    assert encoding.read(tmp_path) == written
    assert {file.name for file in tmp_path.iterdir()} == set(encoding.FILES)


@given(st.integers(0, 12), st.integers(1, 9), SIDES, SIDES)
def test_word_indices_match_encoded_words(
    words: int, maxlen: int, padding: Literal["pre", "post"], truncating: Literal["pre", "post"]
) -> None:
    vocabulary = [f"word{number}" for number in range(words)]
    settings = Encoding(vocabulary, maxlen, padding, truncating)
    ids = encoding.encode(tokens(vocabulary), settings)[0]
    # Word 0 has id 4; -1 and -2 mark the ids 1 and 0.
    indices = encoding.word_indices(words, settings)
    assert np.where(indices >= 0, indices + 4, indices + 2).tolist() == ids.tolist()
