"""Reviews as sequences of ids, encoded and padded as Keras does.

Ids are those of `keras.datasets.imdb.load_data`: 0 padding, 1 start of a review, 2 out of
vocabulary, 3 unused, and the word of rank r, counted from 1, is r + 3. Truncating and padding are
those of `keras.utils.pad_sequences`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from birnn.settings import Side

PADDING, START, OUT_OF_VOCABULARY, FIRST_WORD = 0, 1, 2, 4

BATCH = 2_000  # reviews


@dataclass(frozen=True)
class Encoding:
    """How words become sequences.

    Attributes:
        vocabulary: the words from the most to the least frequent.
        num_words: ids from this number on become OUT_OF_VOCABULARY.
        maxlen: length of every sequence, start included.
        padding: the side that is padded.
        truncating: the side that is cut off.
    """

    vocabulary: list[str]
    num_words: int
    maxlen: int
    padding: Side
    truncating: Side


def encode(tokens: pa.ListArray, encoding: Encoding) -> NDArray[np.int32]:
    """Return the padded sequences of a batch of reviews, int32, shape (reviews, maxlen)."""
    known = pa.array(encoding.vocabulary[: encoding.num_words - FIRST_WORD], pa.string())
    ranks = pc.index_in(tokens.flatten(), value_set=known)
    words = pc.add(ranks, FIRST_WORD).fill_null(OUT_OF_VOCABULARY).to_numpy()
    lengths = pc.list_value_length(tokens).fill_null(0).to_numpy()
    ids = np.insert(words, np.cumsum(lengths) - lengths, START)
    return _pad(ids, lengths + 1, encoding)


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


def write(corpus_file: Path, chosen: NDArray[np.bool_], encoding: Encoding, folder: Path) -> None:
    """Write the chosen reviews of a split, in their order, a batch at a time.

    `sequences.npy` (int32, shape (reviews, maxlen)) and `labels.npy` (uint8, shape (reviews,))
    can be memory-mapped. `rows.npy` (int32, shape (reviews,)) tells which rows of the split's file
    they are.
    """
    folder.mkdir()
    rows = np.flatnonzero(chosen).astype(np.int32)
    np.save(folder / "rows.npy", rows)
    reviews = len(rows)
    sequences = _new_array(folder / "sequences.npy", np.int32, (reviews, encoding.maxlen))
    labels = _new_array(folder / "labels.npy", np.uint8, (reviews,))
    start = 0
    for batch in _chosen_batches(corpus_file, chosen):
        end = start + len(batch)
        sequences[start:end] = encode(batch["tokens"], encoding)
        labels[start:end] = batch["label"]
        start = end
    sequences.flush()
    labels.flush()


def read(folder: Path) -> tuple[NDArray[np.int32], NDArray[np.uint8]]:
    """Return the memory-mapped sequences and labels that `write` wrote."""
    return (
        np.load(folder / "sequences.npy", mmap_mode="r"),
        np.load(folder / "labels.npy", mmap_mode="r"),
    )


def _new_array(
    file: Path, dtype: type[np.generic], shape: tuple[int, ...]
) -> np.memmap[tuple[int, ...], np.dtype[np.generic]]:
    return np.lib.format.open_memmap(file, mode="w+", dtype=dtype, shape=shape)


def _chosen_batches(corpus_file: Path, chosen: NDArray[np.bool_]) -> Iterator[pa.RecordBatch]:
    start = 0
    for batch in pq.ParquetFile(corpus_file).iter_batches(BATCH, columns=["label", "tokens"]):
        yield batch.filter(pa.array(chosen[start : start + len(batch)]))
        start += len(batch)
