"""The trained baseline, which classifies texts without TensorFlow."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from functools import cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from birnn.baseline.baseline import Baseline, norm
from birnn.evaluation.array_types import LogOdds
from birnn.reviews import corpus_reader


class BaselineModel:
    """The baseline, which reads all words of a text."""

    def __init__(self, baseline: Baseline) -> None:
        """Use a trained baseline."""
        self.baseline = baseline

    @cached_property
    def weights(self) -> dict[str, float]:
        """The contribution of each n-gram to the log-odds, before division by the norm."""
        return dict(zip(self.baseline.ngrams, self.baseline.weights.tolist(), strict=True))

    @cached_property
    def squares(self) -> dict[str, float]:
        """The squared idf of each n-gram, or nothing without normalization."""
        squares = self.baseline.squares
        return {} if squares is None else dict(zip(self.baseline.ngrams, squares, strict=True))

    @cached_property
    def vocabulary(self) -> AbstractSet[str]:
        """The n-grams; the words of each are n-grams, too."""
        return self.weights.keys()

    def words_read(self, count: int) -> range:
        """Return which words of a text the baseline reads: all."""
        return range(count)

    def predict(self, tokens: pa.ListArray) -> NDArray[np.float32]:
        """Return the log-odds that each text is positive, float32, shape (texts,)."""
        return self.baseline.predict(words or [] for words in tokens.to_pylist())[0]

    def changes(
        self, tokens: pa.ListArray, places: Sequence[NDArray[np.integer]]
    ) -> NDArray[np.float64]:
        """Return the changes of the log-odds if single words are replaced by an unknown one.

        `places` are, for each text, the words to replace one at a time. The result has all texts
        one after another, and is NaN for words that are unknown.
        """
        texts = (words or [] for words in tokens.to_pylist())
        return np.concatenate([self._change(*pair) for pair in zip(texts, places, strict=True)])

    def _change(self, words: list[str], places: NDArray[np.integer]) -> NDArray[np.float64]:
        occurrences = defaultdict(list)
        for length in range(1, self.baseline.longest + 1):
            for start in range(len(words) - length + 1):
                occurrences[" ".join(words[start : start + length])].append(
                    {*range(start, start + length)}
                )
        lost_weights, lost_squares = np.zeros((2, len(words)))
        for ngram, spans in occurrences.items():
            # A text loses an n-gram with a word that is in all its occurrences.
            for place in set.intersection(*spans):
                lost_weights[place] += self.weights.get(ngram, 0)
                lost_squares[place] += self.squares.get(ngram, 0)
        weights = sum(self.weights.get(ngram, 0) for ngram in occurrences)
        squares = sum(self.squares.get(ngram, 0) for ngram in occurrences)
        before, after = norm(squares), norm(squares - lost_squares)
        # This is (weights - lost_weights) / after - weights / before, exact if both norms are 1.
        changes = weights * (1 / after - 1 / before) - lost_weights / after
        changes[[word not in self.weights for word in words]] = np.nan
        chosen: NDArray[np.float64] = changes[places]
        return chosen

    def predict_split(self, padded: Path, corpus_file: Path) -> Iterator[tuple[LogOdds, int]]:
        """Yield the log-odds of each batch of a split, and how many known n-grams it has.

        The baseline reads all words of the reviews that are also in `padded`.
        """
        for words in corpus_reader.words(corpus_file, rows=np.load(padded / "rows.npy")):
            yield self.baseline.predict(words)

    def cost(self, read: int) -> dict[str, int]:
        """Return the cost of a review of `read` known n-grams: one multiply-add for each."""
        return {"parameters": len(self.baseline.ngrams) + 1, "multiply_adds": read}
