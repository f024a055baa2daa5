"""Train the word vectors that the networks start with, and embeddings of regions, if they are on.

Reads data/corpus/train.parquet, data/unlabelled and data/padded. Writes models/word_vectors.
"""

import time
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from birnn.core import paths, stage
from birnn.core.outputs import atomic_folder
from birnn.core.settings import Sections
from birnn.networks.definition import SharedSettings
from birnn.pretraining.settings import WordVectors
from birnn.reviews import corpus_reader, encoding, sequences
from birnn.reviews.encoding import Encoding
from birnn.reviews.sequences import Pad


class Text:
    """The words of reviews, read from files at each iteration."""

    def __init__(self, files: Mapping[Path, NDArray[np.int32] | None]) -> None:
        """Select rows of each file, all if they are None."""
        self._files = files

    def __iter__(self) -> Iterator[list[str]]:
        """Yield the words of each review."""
        for file, rows in self._files.items():
            for batch in corpus_reader.words(file, rows=rows):
                yield from batch

    def sequences(self, scheme: Encoding) -> Iterator[NDArray[np.int32]]:
        """Yield batches of padded reviews, shape (reviews, maxlen)."""
        for file, rows in self._files.items():
            for batch in corpus_reader.batches(file, ["tokens"], rows):
                yield encoding.encode(batch["tokens"], scheme)


class Settings(Sections):
    """The settings of this stage."""

    network: SharedSettings
    pad: Pad
    word_vectors: WordVectors


def main(settings: Settings) -> None:
    """Write the vectors, or an empty array if the vectors are random, and the embeddings."""
    start = time.perf_counter()
    dim, chosen, tables = settings.network.embedding_dim, settings.word_vectors, []
    vectors = np.empty((0, dim), np.float32)
    if chosen.reviews != "none":
        # gensim takes a second to import.
        from birnn.pretraining import word_vectors  # noqa: PLC0415

        scheme = encoding.read(paths.PADDED)
        files = {paths.TRAIN_REVIEWS: np.load(paths.PADDED_TRAIN / "rows.npy")}
        if chosen.reviews == "all":
            files[paths.UNLABELLED_REVIEWS] = None
        text = Text(files)
        if chosen.regions:
            from birnn.pretraining import region_training  # noqa: PLC0415  # Numba takes seconds

            read = partial(text.sequences, scheme)
            labelled = sequences.read(paths.PADDED_TRAIN)
            tables = region_training.train(read, labelled, settings.pad.num_words, chosen)
        vectors = word_vectors.train(text, scheme.words, dim, chosen)
    with atomic_folder(paths.WORD_VECTORS) as folder:
        np.save(folder / "vectors.npy", vectors)
        for table in tables:
            table.write(folder)
    seconds = time.perf_counter() - start
    stage.record_time(paths.WORD_VECTORS, [seconds])
    if len(vectors):
        print(f"{vectors.any(axis=1).sum():,} word vectors, {seconds:.0f} s")
    else:
        print("off: word_vectors.reviews=none")


if __name__ == "__main__":
    stage.run(main, Settings)
