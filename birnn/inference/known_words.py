"""Texts without known words, which give the networks nothing to go on."""

import numpy as np
from numpy.typing import NDArray

from birnn.text.encoding import FIRST_WORD

NOTHING_TO_GO_ON = "nothing to go on: no known words"


def without_known_words(sequences: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Return which padded sequences contain no word of the vocabulary, bool, shape (texts,).

    The networks return log-odds for them as well, but these depend only on the number of words.

    Args:
        sequences: the texts as the networks see them, int32, shape (texts, maxlen).
    """
    unknown: NDArray[np.bool_] = np.all(sequences < FIRST_WORD, axis=1)
    return unknown
