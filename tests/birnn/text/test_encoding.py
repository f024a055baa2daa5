"""Keras's ids, truncating and padding."""

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


def how(
    num_words: int = 8,
    maxlen: int = 5,
    padding: Literal["pre", "post"] = "pre",
    truncating: Literal["pre", "post"] = "pre",
) -> Encoding:
    return Encoding(encoding.limit(WORDS, num_words), maxlen, padding, truncating)


def tokens(*reviews: list[str] | None) -> pa.ListArray:
    return pa.array(reviews, pa.list_(pa.string()))


def test_a_word_of_rank_r_is_r_plus_3_and_rarer_words_are_2() -> None:
    encoded = encoding.encode(tokens(["the", "good", "bad", "unheard"]), how(num_words=8))
    assert encoded.tolist() == [[1, 4, 7, 2, 2]]
    assert encoded.dtype == np.int32


def test_short_reviews_are_padded_and_long_ones_keep_their_end() -> None:
    encoded = encoding.encode(tokens(["the"], None, [], ["the", "a"] * 4), how())
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
    encoded = encoding.encode(tokens(*reviews), how(num_words, maxlen, padding, truncating))
    assert encoded.tolist() == expected.tolist()


@given(st.lists(st.text()), st.integers(5, 12), st.integers(1, 9))
def test_any_text_at_all_gives_ids_in_range(texts: list[str], num_words: int, maxlen: int) -> None:
    encoded = encoding.encode(tokenizer.tokenize(texts), how(num_words, maxlen))
    assert encoded.shape == (len(texts), maxlen)
    assert ((encoded >= 0) & (encoded < num_words)).all()
    assert (encoded == encoding.START).sum(axis=1).max(initial=0) <= 1


def test_an_encoding_survives_its_files(tmp_path: Path) -> None:
    written = how(num_words=8, maxlen=7, padding="post")
    encoding.write(written, tmp_path)
    assert encoding.read(tmp_path) == written
    assert {file.name for file in tmp_path.iterdir()} == set(encoding.FILES)


@given(st.integers(0, 12), st.integers(1, 9), SIDES, SIDES)
def test_places_tell_the_word_that_was_encoded(
    words: int, maxlen: int, padding: Literal["pre", "post"], truncating: Literal["pre", "post"]
) -> None:
    known = [f"word{number}" for number in range(words)]
    chosen = Encoding(known, maxlen, padding, truncating)
    ids = encoding.encode(tokens(known), chosen)[0]
    # Word 0 has id 4; -1 and -2 stand for the ids 1 and 0.
    found = encoding.places(words, chosen)
    assert np.where(found >= 0, found + 4, found + 2).tolist() == ids.tolist()
