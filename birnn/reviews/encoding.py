"""Encode words as ids and pad the sequences, as Keras does.

`sequences` describes the ids. Sequences are truncated and padded as by
`keras.utils.pad_sequences`.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from birnn.core.outputs import read_json, write_json
from birnn.reviews import tokenizer
from birnn.reviews.sequences import FIRST_WORD, OUT_OF_VOCABULARY, PADDING, START, Side
from birnn.reviews.tokenizer import Tokenizer

FILES = ("encoding.json", "vocabulary.txt")


@dataclass(frozen=True)
class Encoding:
    """The vocabulary and the padding used to encode reviews, and the names of their classes."""

    words: list[str]  # those with an id, from the most to the least frequent
    maxlen: int  # length of every sequence, including the start id
    padding: Side  # the side that is padded
    truncating: Side  # the side that is truncated
    tokenizer: Tokenizer  # the tokenizer that split the reviews into words
    classes: Sequence[str]  # the names of the labels 0 and 1


def limit(words: list[str], num_words: int) -> list[str]:
    """Return the words of a ranked vocabulary whose ids are below `num_words`."""
    return words[: num_words - FIRST_WORD]


def write(encoding: Encoding, folder: Path) -> None:
    """Write `encoding.json` and `vocabulary.txt`, one word per line."""
    content = asdict(encoding)
    tokenizer.write(content.pop("words"), folder / "vocabulary.txt")
    write_json(folder / "encoding.json", content)


def read(folder: Path) -> Encoding:
    """Read an encoding written by `write`."""
    return Encoding(
        words=tokenizer.read(folder / "vocabulary.txt"), **read_json(folder / "encoding.json")
    )


def encode(tokens: pa.ListArray, encoding: Encoding) -> NDArray[np.int32]:
    """Return the padded sequences of a batch of reviews, int32, shape (reviews, maxlen)."""
    vocabulary = pa.array(encoding.words, pa.string())
    ranks = pc.index_in(tokens.flatten(), value_set=vocabulary)
    word_ids = pc.add(ranks, FIRST_WORD).fill_null(OUT_OF_VOCABULARY).to_numpy()
    lengths = pc.list_value_length(tokens).fill_null(0).to_numpy()
    ids = np.insert(word_ids, np.cumsum(lengths) - lengths, START)
    return _pad(ids, lengths + 1, encoding)


def words_read(count: int, encoding: Encoding) -> range:
    """Return which of the words of a review are in its sequence, counted from 0."""
    if encoding.truncating == "post":
        return range(min(count, encoding.maxlen - 1))
    return range(max(0, count - encoding.maxlen), count)


def _pad(
    ids: NDArray[np.int32], lengths: NDArray[np.int32], encoding: Encoding
) -> NDArray[np.int32]:
    """Truncate and pad reviews, which are concatenated in `ids`, to the rows of a matrix."""
    maxlen = encoding.maxlen
    row_lengths = np.minimum(lengths, maxlen)
    position = np.arange(len(ids)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    first = np.repeat(lengths - row_lengths, lengths) if encoding.truncating == "pre" else 0
    column = np.arange(maxlen)
    offset = (maxlen - row_lengths)[:, None] if encoding.padding == "pre" else 0
    sequences = np.full((len(lengths), maxlen), PADDING, np.int32)
    sequences[(offset <= column) & (column < offset + row_lengths[:, None])] = ids[
        (first <= position) & (position < first + maxlen)
    ]
    return sequences
