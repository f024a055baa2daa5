"""Embeddings of regions, five words in a row, as fixed inputs of a network.

One embedding adds up vectors of a region's words, the other of its n-grams.
`pretraining.region_training` trains them.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from birnn.networks.inputs import ngrams
from birnn.reviews.sequences import PADDING

REGION = 5  # words
SIZE = 100  # numbers of an embedding
NORM = 3  # its Euclidean norm stays below this, about the norm of a word vector
LONGEST = (1, 3)  # words of the longest n-gram in each embedding

Ids = NDArray[np.int32]


@dataclass(frozen=True)
class Table:
    """The n-grams of an embedding, and their vectors."""

    longest: int  # words of the longest n-gram
    num_words: int  # an upper bound of the ids, exclusive
    codes: NDArray[np.int64]  # sorted codes of the n-grams (see `ngrams.codes`), shape (n-grams,)
    vectors: NDArray[np.float32]  # shape (n-grams, SIZE)

    def find(self, ids: Ids) -> Ids:
        """Return the row of each n-gram that ends at a word, by its length; -1 for none.

        The shape is (words of all reviews, longest).
        """
        return ngrams.find(self.codes, ids, self.longest, self.num_words)

    def embed(self, ids: Ids) -> NDArray[np.float32]:
        """Return the embedding of the region around each word, shape (words of all reviews, SIZE).

        It is the sum of the vectors of all n-grams in the region, cut at 0, divided by the square
        root of 1 plus its squared norm, times NORM. At the ends of a review, regions are shorter.
        """
        is_word, half = ids != PADDING, REGION // 2
        rows = np.full((len(ids), ids.shape[1] + 2 * half, self.longest), -1, np.int32)
        rows[:, half:-half][is_word] = self.find(ids)
        region_rows = [  # the rows of the n-grams that end at a word of each region
            rows[:, end : end + ids.shape[1], before][is_word]
            for end in range(REGION)
            for before in range(min(end + 1, self.longest))
        ]
        inside = np.stack(region_rows, axis=-1)
        known = inside >= 0
        starts = np.append(0, known.sum(axis=1).cumsum())
        matrix = np.ones(starts[-1], np.float32), inside[known], starts
        counts = scipy.sparse.csr_matrix(matrix, (len(inside), len(self.codes)))
        sums = np.maximum(counts @ self.vectors, 0)
        norms = np.sqrt(1 + np.square(sums).sum(axis=1, keepdims=True))
        embedded: NDArray[np.float32] = NORM * sums / norms
        return embedded

    def write(self, folder: Path) -> None:
        """Write `region_codes_LONGEST.npy` and `region_vectors_LONGEST.npy`."""
        np.save(folder / f"region_codes_{self.longest}.npy", self.codes)
        np.save(folder / f"region_vectors_{self.longest}.npy", self.vectors)


@dataclass(frozen=True)
class Regions:
    """The embeddings of the region around each word as a `WordInput`."""

    tables: list[Table]  # of an embedding of words and one of n-grams, see LONGEST

    name = "regions"
    learned_width = 64
    training = None

    @property
    def width(self) -> int:
        """The numbers of all embeddings."""
        return SIZE * len(self.tables)

    @property
    def arrays(self) -> dict[str, NDArray[Any]]:
        """The tables."""
        return {
            f"{name}_{table.longest}": array
            for table in self.tables
            for name, array in (("codes", table.codes), ("vectors", table.vectors))
        }

    def compute(self, ids: Ids, *arrays: NDArray[Any]) -> NDArray[np.float32]:
        """Return the embeddings of the region around each word, one after the other."""
        pairs = zip(self.tables, arrays[::2], arrays[1::2], strict=True)
        tables = [replace(table, codes=codes, vectors=vectors) for table, codes, vectors in pairs]
        with ThreadPoolExecutor(len(tables)) as pool:
            embedded = [*pool.map(lambda table: table.embed(ids), tables)]
        return np.concatenate(embedded, axis=-1)


def read(folder: Path, num_words: int) -> list[Table]:
    """Return the tables in a folder, memory-mapped, or none."""
    if not (folder / f"region_codes_{LONGEST[0]}.npy").exists():
        return []
    tables = []
    for longest in LONGEST:
        files = (folder / f"region_{name}_{longest}.npy" for name in ("codes", "vectors"))
        tables.append(Table(longest, num_words, *(np.load(file, mmap_mode="r") for file in files)))
    return tables
