"""Word vectors from text alone: skip-gram with negative sampling, by gensim.

Mikolov et al., "Distributed Representations of Words and Phrases and their Compositionality", NIPS
2013, section 2.2.
"""

from collections.abc import Iterable, Sequence

import numpy as np
from gensim.models import Word2Vec
from gensim.models.callbacks import CallbackAny2Vec
from numpy.typing import NDArray

from birnn.core.settings import WordVectors as Settings
from birnn.text.encoding import FIRST_WORD


class Progress(CallbackAny2Vec):  # type: ignore[misc]  # gensim comes without types
    """Prints a line an epoch."""

    def __init__(self, epochs: int) -> None:
        """Begin with the first epoch."""
        self._epochs = epochs
        self._done = 0

    def on_epoch_end(self, _model: Word2Vec) -> None:
        """Count an epoch."""
        self._done += 1
        print(f"word vectors  epoch {self._done}/{self._epochs}", flush=True)


def train(
    reviews: Iterable[list[str]], words: Sequence[str], dim: int, settings: Settings
) -> NDArray[np.float32]:
    """Return a vector for the id of each of `words`, float32, shape (4 + words, dim).

    All have the norm of the settings, but for ids and words that the reviews do not tell of: their
    rows are 0. Equal reviews and settings give equal vectors, for which one thread must do.

    Args:
        reviews: the words of each review; read several times.
        words: those that have an id, in order of rank.
        dim: numbers a vector.
        settings: of skip-gram.
    """
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
        callbacks=[Progress(settings.epochs)],
    )
    vectors = np.zeros((FIRST_WORD + len(words), dim), np.float32)
    for place, word in enumerate(words, start=FIRST_WORD):
        if word in model.wv:
            vector = model.wv[word]
            vectors[place] = settings.norm * vector / np.linalg.norm(vector)
    return vectors
