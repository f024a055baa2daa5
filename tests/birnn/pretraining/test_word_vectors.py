"""Tests of word vectors, compared with gensim."""

import numpy as np
import pytest
from gensim.models import Word2Vec

from birnn.pretraining import word_vectors
from birnn.reviews.sequences import FIRST_WORD
from birnn.runtime.errors import InputError
from tests.birnn.networks.inputs.test_regions import SETTINGS

SETTINGS = SETTINGS.model_copy(update={"regions": 0})
REVIEWS = [["good", "great", "fine"], ["bad", "dull", "poor"]] * 1_000
WORDS = ["bad", "great", "good", "dull", "never"]


def test_vectors_are_those_of_skip_gram_with_equal_norm() -> None:
    reviews = [*REVIEWS, ["never"]]
    vectors = word_vectors.train(reviews, WORDS, 6, SETTINGS)
    assert vectors.shape == (FIRST_WORD + len(WORDS), 6)
    assert vectors.dtype == np.float32
    assert not vectors[[*range(FIRST_WORD), -1]].any()
    given = SETTINGS.model_dump(include={"window", "negative", "min_count", "epochs", "seed"})
    model = Word2Vec(reviews, sg=1, vector_size=6, workers=1, **given)
    rows = [model.wv.key_to_index[word] for word in WORDS[:-1]]
    expected = 3 * model.wv.get_normed_vectors()[rows]
    assert np.abs(vectors[FIRST_WORD:-1] - expected).max() < 1e-5
    with pytest.raises(InputError, match=r"min_count is 2, and no word occurs that often"):
        word_vectors.train(reviews[-1:], WORDS, 6, SETTINGS)
