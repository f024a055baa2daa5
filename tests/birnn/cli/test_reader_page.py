"""The content of the page that classifies reviews; tests/test_reader_in_browser.py opens it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from birnn.cli import reader_page
from birnn.core.errors import InputError
from tests.birnn.predictors import small_predictor

NUMBERS = st.floats(-1e3, 1e3, width=32)


@given(arrays(np.float32, (3, 4), elements=NUMBERS), st.sampled_from([np.int8, np.int16]))
def test_quantized_vectors_are_within_half_a_step(
    vectors: np.ndarray, dtype: type[np.signedinteger]
) -> None:
    integers, scales = reader_page.quantize(vectors, dtype)
    assert integers.dtype == dtype
    errors = np.abs(integers * scales[:, None].astype(np.float64) - vectors)
    steps = np.abs(vectors).max(axis=1, keepdims=True) / np.iinfo(dtype).max
    assert (errors <= 0.501 * steps + 1e-40).all()


def test_ngrams_are_refused() -> None:
    with pytest.raises(InputError, match=r"ngrams.longest"):
        reader_page.render(small_predictor(longest_ngram=2))


def test_page_needs_no_other_file() -> None:
    page = reader_page.render(small_predictor())
    assert "http:" not in page
    assert "https:" not in page
