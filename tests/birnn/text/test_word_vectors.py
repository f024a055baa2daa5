"""Tests of word vectors: shape, similarity and reproducibility."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from birnn.core.machine import BATCH_SIZE
from birnn.core.settings import WordVectors
from birnn.text import unlabelled, word_vectors
from birnn.text.encoding import FIRST_WORD
from birnn.text.reviews import words as read_words

SETTINGS = WordVectors(
    reviews="train", norm=3, window=4, negative=5, min_count=2, epochs=20, seed=0
)
# Two groups of words that never occur together.
REVIEWS = [["good", "great", "fine"], ["bad", "dull", "poor"]] * 1_000
WORDS = ["bad", "great", "good", "dull", "never"]


def test_known_words_have_vectors_of_equal_norm() -> None:
    vectors = word_vectors.train([*REVIEWS, ["never"]], WORDS, 6, SETTINGS)
    assert vectors.shape == (FIRST_WORD + len(WORDS), 6)
    assert vectors.dtype == np.float32
    norms = np.linalg.norm(vectors, axis=1)
    assert norms == pytest.approx([0] * FIRST_WORD + [3, 3, 3, 3, 0], abs=1e-5)


def test_words_in_similar_contexts_are_similar() -> None:
    vectors = word_vectors.train(REVIEWS, WORDS, 6, SETTINGS)[FIRST_WORD:-1] / SETTINGS.norm
    bad, great, good, dull = vectors
    assert min(bad @ dull, good @ great) > max(bad @ good, bad @ great, dull @ good, dull @ great)


SCRIPT = """
import sys
import numpy as np
from birnn.text import word_vectors
from tests.birnn.text.test_word_vectors import REVIEWS, SETTINGS, WORDS
np.save(sys.argv[1], word_vectors.train(REVIEWS, WORDS, 6, SETTINGS))
"""


@pytest.mark.slow
def test_vectors_are_equal_in_another_process(tmp_path: Path) -> None:
    contents = []
    for seed in ("1", "2"):  # seeds of Python's hashes
        file = tmp_path / f"{seed}.npy"
        command = [sys.executable, "-c", SCRIPT, str(file)]
        subprocess.run(command, check=True, env=os.environ | {"PYTHONHASHSEED": seed})
        contents.append(file.read_bytes())
    assert contents[0] == contents[1]
    other = SETTINGS.model_copy(update={"seed": 1})
    assert (word_vectors.train(REVIEWS, WORDS, 6, other) != np.load(tmp_path / "1.npy")).any()


def test_unlabelled_reviews_are_stored_as_words(tmp_path: Path) -> None:
    file = tmp_path / "reviews.parquet"
    texts = [f"A very <br />good film, no. {number}!" for number in range(BATCH_SIZE + 1)]
    assert unlabelled.write(iter(texts), file) == len(texts)
    reviews = [review for batch in read_words(file) for review in batch]
    assert reviews == [["a", "very", "br", "good", "film", "no", str(n)] for n in range(len(texts))]
    assert unlabelled.write([], file) == 0
    assert not [review for batch in read_words(file) for review in batch]
