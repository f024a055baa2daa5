"""Fixtures of the training tests."""

from pathlib import Path

import numpy as np
import pytest

from birnn.core.settings import Ngrams
from birnn.recipes import ngrams
from birnn.reviews import sequences


@pytest.fixture
def padded(tmp_path: Path) -> Path:
    """Return a folder of sequences, which are positive if the first id is above 9."""
    rng = np.random.default_rng(0)
    padded = tmp_path / "padded"
    for name, reviews in (("train", 200), ("validation", 100)):
        (padded / name).mkdir(parents=True)
        ids = rng.integers(0, 20, (reviews, 6), dtype=np.int32)
        np.save(padded / name / "sequences.npy", ids)
        np.save(padded / name / "labels.npy", (ids[:, 0] > 9).astype(np.uint8))
    for name in ("ngrams", "word_vectors"):
        (tmp_path / name).mkdir()
    np.save(tmp_path / "word_vectors" / "vectors.npy", np.empty((0, 4), np.float32))
    ngram_settings = Ngrams(longest=2, min_reviews=2, smoothing=1, folds=5, seed=0)
    groups = np.arange(200, dtype=np.int32)
    ratios = ngrams.compute_ratios(*sequences.read(padded / "train"), groups, 20, ngram_settings)
    ngrams.write(*ratios, tmp_path / "ngrams")
    return padded
