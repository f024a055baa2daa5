"""Embeddings of regions, five words in a row, as fixed inputs of a network.

One embedding adds up vectors of a region's words, the other of its n-grams. `region_training`
trains them, and `kernel.regions` computes them.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from birnn.kernel import regions as kernel
from birnn.recipes import ngrams
from birnn.reviews.sequences import PADDING

LONGEST = (1, 3)  # words of the longest n-gram in each embedding

Ids = NDArray[np.int32]


@dataclass(frozen=True)
class Table:
    """The n-grams of an embedding, and their vectors."""

    longest: int  # words of the longest n-gram
    num_words: int  # an upper bound of the ids, exclusive
    codes: NDArray[np.int64]  # sorted codes of the n-grams (see `ngrams.codes`), shape (n-grams,)
    vectors: NDArray[np.float32]  # shape (n-grams, kernel.SIZE)

    def find(self, ids: Ids) -> tuple[Ids, NDArray[np.int64]]:
        """Return `ngrams` and `starts` of padded reviews, as described in `kernel`."""
        codes = ngrams.codes(ids, self.longest, self.num_words)
        rows = np.minimum(np.searchsorted(self.codes, codes), len(self.codes) - 1)
        found = np.where(self.codes[rows] == codes, rows, -1).astype(np.int32)
        return found, np.append(0, (ids != PADDING).sum(axis=1).cumsum())

    def embed(self, ids: Ids) -> NDArray[np.float32]:
        """Return the region around each word, shape (reviews, maxlen, kernel.SIZE)."""
        found, starts = self.find(ids)
        embedded = np.empty((len(found), kernel.SIZE), np.float32)
        kernel.embed(found, starts, self.vectors, embedded)
        result = np.zeros((*ids.shape, kernel.SIZE), np.float32)
        result[ids != PADDING] = embedded
        return result

    def write(self, folder: Path) -> None:
        """Write `region_codes_LONGEST.npy` and `region_vectors_LONGEST.npy`."""
        np.save(folder / f"region_codes_{self.longest}.npy", self.codes)
        np.save(folder / f"region_vectors_{self.longest}.npy", self.vectors)


def read(folder: Path, num_words: int) -> list[Table]:
    """Return the tables in a folder, memory-mapped."""
    found = []
    for longest in LONGEST if (folder / f"region_codes_{LONGEST[0]}.npy").exists() else ():
        files = (folder / f"region_{name}_{longest}.npy" for name in ("codes", "vectors"))
        found.append(Table(longest, num_words, *(np.load(file, mmap_mode="r") for file in files)))
    return found
