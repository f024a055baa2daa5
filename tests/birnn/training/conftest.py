"""Fixtures of the training tests."""

from pathlib import Path

import numpy as np
import pytest

from birnn.core.settings import Ngrams
from birnn.text import ngrams, sequences


@pytest.fixture
def padded(tmp_path: Path) -> Path:
    """Return a folder of sequences, which are positive if the first id is above 9."""
    rng = np.random.default_rng(0)
    for name, reviews in (("train", 200), ("validation", 100)):
        folder = tmp_path / "padded" / name
        folder.mkdir(parents=True)
        ids = rng.integers(0, 20, (reviews, 6), dtype=np.int32)
        np.save(folder / "sequences.npy", ids)
        np.save(folder / "labels.npy", (ids[:, 0] > 9).astype(np.uint8))
    write_ngrams(tmp_path / "padded", tmp_path / "ngrams")
    (tmp_path / "word_vectors").mkdir()
    np.save(tmp_path / "word_vectors" / "vectors.npy", np.empty((0, 4), np.float32))
    return tmp_path / "padded"


def write_ngrams(padded: Path, folder: Path) -> None:
    ids, labels = sequences.read(padded / "train")
    ngram_settings = Ngrams(longest=2, min_reviews=2, smoothing=1, folds=5, seed=0)
    folder.mkdir()
    groups = np.arange(200, dtype=np.int32)
    ngrams.write(*ngrams.compute_ratios(ids, labels, groups, 20, ngram_settings), folder)
