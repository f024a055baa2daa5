"""Tests of ids, truncation and padding, compared with Keras."""

from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from birnn.reviews import encoding
from birnn.reviews.encoding import Encoding

WORDS = ["the", "a", "film", "good", "bad", "naïve"]
SIDES = st.sampled_from(["pre", "post"])
LIMITED = encoding.limit(WORDS, 8)  # the ids 4 to 7
OTHERS = st.just("keras"), st.just(["negative", "positive"])
ENCODINGS = st.builds(Encoding, st.just(LIMITED), st.integers(1, 9), SIDES, SIDES, *OTHERS)


def encode(reviews: list[list[str] | None], chosen: Encoding) -> list[list[int]]:
    encoded = encoding.encode(pa.array(reviews, pa.list_(pa.string())), chosen)
    assert encoded.dtype == np.int32
    ids: list[list[int]] = encoded.tolist()
    return ids


@given(st.lists(st.none() | st.lists(st.sampled_from([*WORDS, "☃", ""]))), ENCODINGS)
@settings(max_examples=50)
def test_encoding_matches_keras(reviews: list[list[str] | None], chosen: Encoding) -> None:
    ids = {word: rank + 3 for rank, word in enumerate(WORDS[:4], start=1)}
    padded = keras.utils.pad_sequences(
        [[1] + [ids.get(word, 2) for word in words or []] for words in reviews],
        chosen.maxlen,
        padding=chosen.padding,
        truncating=chosen.truncating,
    )
    assert encode(reviews, chosen) == padded.tolist()


@given(st.integers(0, 12), ENCODINGS)
@settings(max_examples=50)
def test_word_indices_match_encoded_words(words: int, chosen: Encoding) -> None:
    vocabulary = [f"word{number}" for number in range(words)]
    chosen = replace(chosen, words=vocabulary)
    # Word 0 has id 4; -1 and -2 mark the ids 1 and 0.
    indices = encoding.word_indices(words, chosen)
    ids = np.where(indices >= 0, indices + 4, indices + 2)
    assert [ids.tolist()] == encode([vocabulary], chosen)


def test_encoding_round_trip(tmp_path: Path) -> None:
    written = Encoding(WORDS, 7, "post", "pre", "unicode", ["ham", "spam"])
    encoding.write(written, tmp_path)
    assert encoding.read(tmp_path) == written
    assert {file.name for file in tmp_path.iterdir()} == set(encoding.FILES)
