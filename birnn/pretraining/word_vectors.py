"""Train word vectors on text without labels: skip-gram with negative sampling, with gensim.

Mikolov et al., "Distributed Representations of Words and Phrases and their Compositionality", NIPS
2013, section 2.2.
"""

from collections.abc import Iterable, Sequence

import numpy as np
from gensim.models import Word2Vec
from gensim.models.callbacks import CallbackAny2Vec
from numpy.typing import NDArray

from birnn.pretraining.settings import WordVectors
from birnn.reviews.sequences import FIRST_WORD
from birnn.runtime.errors import InputError


class Progress(CallbackAny2Vec):  # type: ignore[misc]  # gensim has no type hints
    """A callback that prints one line per epoch."""

    def __init__(self) -> None:
        """Start before the first epoch."""
        self._done = 0

    def on_epoch_end(self, model: Word2Vec) -> None:
        """Print the number of finished epochs."""
        self._done += 1
        print(f"word vectors  epoch {self._done}/{model.epochs}", flush=True)


def train(
    reviews: Iterable[list[str]], words: Sequence[str], dim: int, settings: WordVectors
) -> NDArray[np.float32]:
    """Train a vector for each id, float32, shape (4 + words, dim).

    Every vector has the norm in the settings, except that the rows of special ids and of words too
    rare in the reviews are 0. Equal reviews and settings give equal vectors, which requires a
    single thread. The words of each review are iterated several times.
    """
    try:
        model = Word2Vec(
            reviews,
            sg=1,
            vector_size=dim,
            window=settings.window,
            negative=settings.negative,
            min_count=settings.min_count,
            epochs=settings.epochs,
            seed=settings.seed,
            workers=1,
            callbacks=[Progress()],
        )
    except RuntimeError as error:  # the vocabulary is empty
        raise InputError(
            f"word_vectors.min_count is {settings.min_count}, and no word occurs that often: "
            "choose a smaller number"
        ) from error
    vectors = np.zeros((FIRST_WORD + len(words), dim), np.float32)
    for word_id, word in enumerate(words, start=FIRST_WORD):
        if word in model.wv:
            vector = model.wv[word]
            vectors[word_id] = settings.norm * vector / np.linalg.norm(vector)
    return vectors
