"""Training of embeddings of regions on text; labels are used only to find function words.

What predicts the words next to a region, which are the other view of a text, also helps to classify
it: Johnson and Zhang, "Semi-supervised Convolutional Neural Networks for Text Categorization via
Region Embedding", NIPS 2015, section 3.
"""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from birnn.networks.inputs import ngrams
from birnn.networks.inputs.regions import LONGEST, SIZE, Ids, Table
from birnn.pretraining import region_kernel
from birnn.pretraining.region_kernel import DRAWN, SIDES
from birnn.pretraining.settings import WordVectors
from birnn.reviews.log_count_ratios import class_counts, log_count_ratios
from birnn.reviews.sequences import FIRST_WORD, PADDING
from birnn.runtime.errors import InputError

TARGETS = 30_000  # the most frequent words, which are predicted, except function words
# Of so many most frequent words, those with a smaller log-count ratio are function words.
FREQUENT, SMALL_RATIO = 200, 0.2
NOISE = 2**22  # words in the sample of the noise

Codes = NDArray[np.int64]
Batches = Callable[[], Iterable[Ids]]
"""Returns padded reviews in batches, shape (reviews, maxlen)."""


def train(
    batches: Batches, labelled: tuple[Ids, NDArray[Any]], num_words: int, settings: WordVectors
) -> list[Table]:
    """Train an embedding of words and one of n-grams.

    The batches are read several times. Some `labelled` reviews, shape (reviews, maxlen), and their
    labels, shape (reviews,), tell function words from other frequent ones. Equal reviews and
    settings give equal vectors.
    """
    largest = int(np.iinfo(np.int64).max ** (1 / max(LONGEST)))
    if num_words > largest:
        raise InputError(
            f"pad.num_words is {num_words}: with word_vectors.regions, it is at most {largest:,}"
        )
    counted = [_count(batches, length, num_words) for length in range(1, max(LONGEST) + 1)]
    targets, counts = (array[:TARGETS] for array in _most_frequent(counted[:1]))
    if not len(targets):
        raise InputError("no review has a word with an id: set word_vectors.regions to 0")
    predicted = ~np.isin(targets, _function_words(targets[:FREQUENT], *labelled))
    targets, counts = targets[predicted], counts[predicted]
    word_targets = np.full(num_words, -1, np.int32)
    word_targets[targets] = np.arange(len(targets))
    # Repeat each target in proportion to its count.
    places = (np.arange(NOISE) + 0.5) * (counts.sum() / NOISE)
    noise = np.searchsorted(counts.cumsum(), places, side="right").astype(np.int32)

    started = [
        Training(longest, num_words, _most_frequent(counted[:longest])[0], len(targets), settings)
        for longest in LONGEST
    ]
    with ThreadPoolExecutor(len(started)) as pool:
        for epoch in range(1, settings.region_epochs + 1):
            for ids in batches():
                batch_targets = word_targets[ids[ids != PADDING]]
                calls = [
                    pool.submit(training.step, ids, batch_targets, noise) for training in started
                ]
                for call in calls:
                    call.result()
            print(f"regions  epoch {epoch}/{settings.region_epochs}", flush=True)
    return [training.table for training in started]


class Training:
    """The training of one embedding."""

    def __init__(
        self, longest: int, num_words: int, codes: Codes, targets: int, settings: WordVectors
    ) -> None:
        """Start with random vectors of the first n-grams in `codes`."""
        self._generator = np.random.default_rng([settings.seed, longest])
        codes, shape = np.sort(codes[: settings.regions]), (SIDES, targets)
        vectors = self._generator.uniform(-0.17, 0.17, (len(codes), SIZE)).astype(np.float32)
        self.table = Table(longest, num_words, codes, vectors)
        weights, biases = np.zeros((*shape, SIZE), np.float32), np.zeros(shape, np.float32)
        self._parameters = vectors, weights, biases
        self._squares = np.full(len(codes), 1e-4, np.float32), np.full(shape, 1e-3, np.float32)

    def step(self, ids: Ids, targets: Ids, noise: Ids) -> None:
        """Train on a batch, given the target of each word, and a sample of targets."""
        drawn = self._generator.integers(0, NOISE, (len(targets), SIDES, DRAWN), np.uint32)
        ngram_rows, starts = (
            self.table.find(ids),
            np.append(0, (ids != PADDING).sum(axis=1).cumsum()),
        )
        region_kernel.train(
            ngram_rows, starts, targets, noise[drawn], self._parameters, self._squares
        )


def _function_words(frequent: Codes, ids: Ids, labels: NDArray[Any]) -> Codes:
    """Return the frequent words that say little about the class."""
    present = np.stack([(ids == word).any(axis=1) for word in frequent], axis=1)
    ratios = log_count_ratios(*class_counts(present, labels), smoothing=1)
    return frequent[np.abs(ratios) < SMALL_RATIO]


def _count(batches: Batches, length: int, num_words: int) -> tuple[Codes, Codes]:
    """Return the sorted codes and the counts of n-grams of `length` words, all with an id."""
    parts = [ngrams.codes(ids, length, num_words)[:, -1].copy() for ids in batches()]
    codes, counts = np.unique(np.concatenate(parts), return_counts=True)
    words = codes // num_words ** np.arange(length)[:, None] % num_words
    known = (words >= FIRST_WORD).all(axis=0) & (codes != ngrams.NO_NGRAM)
    return codes[known], counts[known]


def _most_frequent(counted: Iterable[tuple[Codes, Codes]]) -> tuple[Codes, Codes]:
    """Return the codes and counts of n-grams of several lengths, the most frequent first."""
    codes, counts = map(np.concatenate, zip(*counted, strict=True))
    order = np.argsort(-counts, kind="stable")
    return codes[order], counts[order]
