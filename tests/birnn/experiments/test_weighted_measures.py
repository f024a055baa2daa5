"""Measures on resamples, compared with scikit-learn on weighted reviews."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.special import expit
from sklearn.metrics import accuracy_score, average_precision_score, log_loss, roc_auc_score

from birnn.experiments.weighted_measures import measure_resamples


@settings(max_examples=30)
@given(
    st.lists(st.tuples(st.booleans(), st.integers(-4, 4), st.integers(0, 5)), min_size=1),
    st.lists(st.integers(0, 3), min_size=6, max_size=6),
)
def test_measures_match_scikit_learn(
    reviews: list[tuple[bool, int, int]], group_weights: list[int]
) -> None:
    # Few distinct logits, so most of them are tied.
    labels, logits, groups = (np.array(column) for column in zip(*reviews, strict=True))
    weights = np.array([group_weights, [1] * 6], np.uint8)
    assume(weights[0, groups].any())
    measured = measure_resamples(
        labels.astype(np.uint8),
        groups.astype(np.int32),
        logits.astype(np.float32),
        weights,
    )
    for row, values in zip(weights, measured.T, strict=True):
        by_review = row[groups].astype(float)
        if len(np.unique(labels[by_review > 0])) < 2:
            assert np.isnan(values[2:]).all()
            continue
        expected = (
            accuracy_score(labels, logits > 0, sample_weight=by_review),
            log_loss(labels, expit(logits.astype(float)), sample_weight=by_review),
            average_precision_score(labels, logits, sample_weight=by_review),
            roc_auc_score(labels, logits, sample_weight=by_review),
        )
        assert values == pytest.approx(expected, rel=1e-6)


def test_large_logits_have_a_finite_loss() -> None:
    labels, groups = np.array([1, 0], np.uint8), np.arange(2, dtype=np.int32)
    logits = np.array([-200, -1], np.float32)
    _, loss, *_ = measure_resamples(labels, groups, logits, np.ones((1, 2), np.uint8))[:, 0]
    assert loss == pytest.approx((200 + np.log1p(np.exp(-1))) / 2)
