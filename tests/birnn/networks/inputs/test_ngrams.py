"""Tests of n-gram codes, and of ratios as inputs of a network."""

import numpy as np
import pytest

from birnn.networks.embeddings import Embedding, WordNumbers
from birnn.networks.inputs import ngrams
from birnn.networks.inputs.ngrams import NO_NGRAM, NgramRatios, RatioTable
from birnn.runtime.errors import InputError
from tests.birnn.pretraining.test_ngram_ratios import WORDS, corpus


def test_codes_cover_the_words_up_to_a_position() -> None:
    ids = np.array([[0, 7, 5, 6], [5, 6, 0, 0]], np.int32)
    none = -1
    expected = [[7, none, none], [5, 75, none], [6, 56, 756], [5, none, none], [6, 56, none]]
    assert ngrams.codes(ids, 3, 10).tolist() == expected


@pytest.mark.parametrize("longest", [1, 2, 4])
def test_network_computes_the_same_codes(longest: int) -> None:
    ids, _, _ = corpus()
    for padded in (ids, np.flip(ids, axis=1)):
        codes = ngrams.codes(padded, longest, WORDS)
        table = np.unique(codes[codes != NO_NGRAM])
        ratios = np.arange(1, len(table) + 1, dtype=np.float32)
        source = NgramRatios(longest, WORDS, RatioTable(table, ratios))
        embedding = Embedding(WORDS, 1, further=[WordNumbers(source)])
        for variable, array in zip(embedding.further[0].arrays, (table, ratios), strict=True):
            variable.assign(array)
        expected = np.where(codes == NO_NGRAM, 0, np.searchsorted(table, codes) + 1)
        ratios = embedding(padded).numpy()[..., 1:]
        assert ratios[padded != 0].tolist() == expected.tolist()
        assert not ratios[padded == 0].any()


def test_codes_beyond_64_bits_are_refused() -> None:
    ids = np.ones((1, 3), np.int32)
    assert ngrams.codes(ids, 1, 2**63 - 1).tolist() == [[1]] * 3
    with pytest.raises(InputError, match=r"pad\.num_words is 10000000 and ngrams\.longest is 3"):
        ngrams.codes(ids, 3, 10_000_000)
