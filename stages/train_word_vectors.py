"""Train the word vectors that the networks start with, unless they are random.

Reads data/corpus/train.parquet, data/unlabelled and data/padded. Writes models/word_vectors.
"""

import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from birnn.core import paths, stage
from birnn.core.outputs import atomic_folder
from birnn.core.settings import Settings
from birnn.reviews import corpus_reader, encoding


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


def main(settings: Settings) -> None:
    """Write the vectors, or an empty array if the vectors are random."""
    start = time.perf_counter()
    dim = settings.network.embedding_dim
    vectors = np.empty((0, dim), np.float32)
    if settings.word_vectors.reviews != "none":
        # gensim takes a second to import.
        from birnn.recipes import word_vectors  # noqa: PLC0415

        vocabulary = encoding.read(paths.PADDED).words
        files = {paths.TRAIN_REVIEWS: np.load(paths.PADDED_TRAIN / "rows.npy")}
        if settings.word_vectors.reviews == "all":
            files[paths.UNLABELLED_REVIEWS] = None
        vectors = word_vectors.train(Text(files), vocabulary, dim, settings.word_vectors)
    with atomic_folder(paths.WORD_VECTORS) as folder:
        np.save(folder / "vectors.npy", vectors)
    seconds = time.perf_counter() - start
    stage.record_time(paths.WORD_VECTORS, [seconds])
    if len(vectors):
        print(f"{vectors.any(axis=1).sum():,} word vectors, {seconds:.0f} s")
    else:
        print("off: word_vectors.reviews is none")


if __name__ == "__main__":
    stage.run(main)
