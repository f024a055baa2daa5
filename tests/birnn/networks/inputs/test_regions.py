"""Embeddings of regions, compared with their definition, and what they learn."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from birnn.networks.inputs import regions
from birnn.networks.inputs.regions import REGION, SIZE, Table
from birnn.pretraining import region_kernel, region_training
from birnn.reviews.sequences import FIRST_WORD, OUT_OF_VOCABULARY, START
from tests.projects import DEFAULTS

NUM_WORDS = 30
SETTINGS = DEFAULTS.word_vectors.model_copy(
    update={"window": 4, "epochs": 5, "regions": 40, "region_epochs": 3}
)


def embed(words: list[int], vectors: dict[tuple[int, ...], NDArray[np.float32]]) -> list[float]:
    """Return the embedding of a region, as defined."""
    found = [tuple(words[a:b]) for b in range(len(words) + 1) for a in range(b)]
    total = sum((vectors[ngram] for ngram in found if ngram in vectors), np.zeros(SIZE))
    above = np.maximum(total, 0)
    return list(regions.NORM * above / np.sqrt(1 + above @ above))


@given(
    st.lists(st.integers(START, 6), max_size=12),
    st.sets(st.lists(st.integers(START, 6), min_size=1, max_size=3).map(tuple), min_size=1),
)
def test_embedding_is_the_sum_of_the_ngrams_in_a_region(
    words: list[int], ngrams: set[tuple[int, ...]]
) -> None:
    rng = np.random.default_rng(0)
    vectors = {ngram: rng.normal(0, 1, SIZE).astype(np.float32) for ngram in ngrams}
    codes = {
        sum(word * NUM_WORDS**before for before, word in enumerate(reversed(ngram))): ngram
        for ngram in ngrams
    }
    rows = np.array([vectors[codes[code]] for code in sorted(codes)])
    table = Table(3, NUM_WORDS, np.array(sorted(codes)), rows)
    ids = np.zeros((2, 14), np.int32)
    ids[1, 1 : 1 + len(words)] = words
    embedded = table.embed(ids)
    half = REGION // 2
    regions_of = [words[max(0, at - half) : at + half + 1] for at in range(len(words))]
    expected = np.reshape([embed(each, vectors) for each in regions_of], (-1, SIZE))
    assert embedded == pytest.approx(expected, abs=1e-5)


def batches() -> Iterator[NDArray[np.int32]]:
    """Yield reviews in which words 10 to 14 have other neighbors than words 15 to 19."""
    rng = np.random.default_rng(0)
    for _ in range(20):
        ids = np.zeros((25, 40), np.int32)
        ids[:, 0] = START
        first = rng.integers(0, 2, (25, 1)) * 5
        words = rng.integers(10, 15, (25, 39)) + first
        neighbors = rng.integers(20, 25, (25, 39)) + first
        ids[:, 1:] = np.where(np.arange(39) // REGION % 2, words, neighbors)
        ids[0, 20:] = OUT_OF_VOCABULARY
        yield ids


def test_words_with_the_same_neighbors_get_similar_embeddings(tmp_path: Path) -> None:
    ids = np.concatenate([*batches()])
    labelled = ids, ids.max(axis=1) < 25  # so there are no function words
    trained, again = (
        region_training.train(batches, labelled, NUM_WORDS, SETTINGS) for _ in range(2)
    )
    for table, other in zip(trained, again, strict=True):
        assert table.vectors.tobytes() == other.vectors.tobytes()
        assert len(table.codes) == (20 if table.longest == 1 else SETTINGS.regions)
        assert (table.codes % NUM_WORDS >= FIRST_WORD).all()
        ids = np.array([[word] * REGION for word in range(10, 20)], np.int32)
        single = table.embed(ids)[REGION // 2 :: REGION]
        similar = single @ single.T
        same = (np.arange(10) < 5)[:, None] == (np.arange(10) < 5)
        assert similar[same].mean() > similar[~same].mean() + 1
    for table in trained:
        table.write(tmp_path)
    read = regions.read(tmp_path, NUM_WORDS)
    assert [table.longest for table in read] == [1, 3]
    assert (read[1].embed(ids) == trained[1].embed(ids)).all()


def test_vectors_follow_the_slope_of_the_loss() -> None:
    rng = np.random.default_rng(0)
    shapes = (8, SIZE), (2, 12, SIZE), (2, 12)
    parameters = tuple(rng.normal(0, 0.5, shape).astype(np.float32) for shape in shapes)
    start, weights, biases = (array.copy() for array in parameters)
    ngrams = np.array([[0, -1], [1, 5], [2, 6], [-1, -1], [4, 7], [3, -1]], np.int32)
    targets = np.array([-1, -1, -1, -1, -1, 11], np.int32)  # so only the first region has one
    noise = np.tile(np.arange(10, dtype=np.int32), (6, 2, 1))
    known = [0, 1, 2, 4, 5, 6, 7]

    def loss(numbers: NDArray[np.float64]) -> float:
        above = np.maximum(numbers[known].sum(axis=0), 0)
        scores = weights[1] @ (above / np.sqrt(1 + above @ above)) + biases[1]
        return float((scores[:10] ** 2).sum() + (scores[11] - 1) ** 2)

    slope = np.array([loss(start + step) - loss(start - step) for step in 1e-5 * np.eye(SIZE)])
    half = slope / 2e-5 / len(known) / 2  # all vectors had the step; errors count half
    squares = np.full(8, 1e-4, np.float32), np.full((2, 12), 1e-3, np.float32)
    region_kernel.train(ngrams, np.array([0, 6]), targets, noise, parameters, squares)
    expected = -0.03 * half / np.sqrt(1e-4 + np.mean(half**2))
    assert (parameters[0] - start)[known] == pytest.approx(np.tile(expected, (7, 1)), abs=1e-5)
    assert (parameters[0][3] == start[3]).all()
