"""Words as ids, encoded and padded as Keras does.

Ids are those of `keras.datasets.imdb.load_data`: 0 padding, 1 start of a review, 2 out of
vocabulary, 3 unused, and the word of rank r, counted from 1, is r + 3. Truncating and padding are
those of `keras.utils.pad_sequences`.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from birnn.core.outputs import read_json, write_json
from birnn.core.settings import Side
from birnn.text import tokenizer

PADDING, START, OUT_OF_VOCABULARY, FIRST_WORD = 0, 1, 2, 4

FILES = ("encoding.json", "vocabulary.txt")


@dataclass(frozen=True)
class Encoding:
    """How words become sequences.

    Attributes:
        words: those that have an id, from the most to the least frequent.
        maxlen: length of every sequence, start included.
        padding: the side that is padded.
        truncating: the side that is cut off.
    """

    words: list[str]
    maxlen: int
    padding: Side
    truncating: Side


def limit(words: list[str], num_words: int) -> list[str]:
    """Return the words of a vocabulary whose ids are below `num_words`."""
    return words[: num_words - FIRST_WORD]


def write(encoding: Encoding, folder: Path) -> None:
    """Write `encoding.json` and `tokenizer.txt`, a word a line."""
    sides = {name: getattr(encoding, name) for name in ("maxlen", "padding", "truncating")}
    write_json(folder / "encoding.json", sides)
    tokenizer.write(encoding.words, folder / "vocabulary.txt")


def read(folder: Path) -> Encoding:
    """Read what `write` wrote."""
    return Encoding(
        words=tokenizer.read(folder / "vocabulary.txt"), **read_json(folder / "encoding.json")
    )


def encode(tokens: pa.ListArray, encoding: Encoding) -> NDArray[np.int32]:
    """Return the padded sequences of a batch of reviews, int32, shape (reviews, maxlen)."""
    known = pa.array(encoding.words, pa.string())
    ranks = pc.index_in(tokens.flatten(), value_set=known)
    word_ids = pc.add(ranks, FIRST_WORD).fill_null(OUT_OF_VOCABULARY).to_numpy()
    lengths = pc.list_value_length(tokens).fill_null(0).to_numpy()
    ids = np.insert(word_ids, np.cumsum(lengths) - lengths, START)
    return _pad(ids, lengths + 1, encoding)


def places(words: int, encoding: Encoding) -> NDArray[np.int32]:
    """Return which word stands at each place of the sequence of a review of so many words.

    Counted from 0, shape (maxlen,); -1 is the start of the review, -2 is padding.
    """
    ids = np.arange(1, words + 2, dtype=np.int32)
    found: NDArray[np.int32] = _pad(ids, np.array([words + 1], np.int32), encoding)[0] - 2
    return found


def _pad(
    ids: NDArray[np.int32], lengths: NDArray[np.int32], encoding: Encoding
) -> NDArray[np.int32]:
    """Lay reviews that follow one another in `ids` into the rows of a matrix."""
    maxlen = encoding.maxlen
    kept = np.minimum(lengths, maxlen)
    place = np.arange(len(ids)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    cut = np.repeat(lengths - kept, lengths) if encoding.truncating == "pre" else 0
    column = np.arange(maxlen)
    gap = (maxlen - kept)[:, None] if encoding.padding == "pre" else 0
    sequences = np.full((len(lengths), maxlen), PADDING, np.int32)
    sequences[(gap <= column) & (column < gap + kept[:, None])] = ids[
        (cut <= place) & (place < cut + maxlen)
    ]
    return sequences
