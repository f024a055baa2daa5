"""Quantized logits: signs, order, error, and the measures of realistic networks."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import expit
from sklearn.metrics import average_precision_score, log_loss, roc_auc_score

from birnn.experiments import quantization
from birnn.experiments.quantization import dequantize, quantize

LOGITS = arrays(
    np.float32, st.integers(1, 50), elements=st.floats(-25, 25, width=32, allow_subnormal=True)
)


@given(LOGITS)
def test_signs_and_order_survive(logits: np.ndarray) -> None:
    stored = dequantize(quantize(logits))
    assert (np.sign(stored) == np.sign(logits)).all()
    assert (np.diff(stored[np.argsort(logits)]) >= 0).all()


@given(LOGITS)
def test_error_is_at_most_half_a_step(logits: np.ndarray) -> None:
    errors = np.abs(dequantize(quantize(logits)) - logits)
    # Next to 0 it may be a whole step, because only 0 has the code 0.
    assert (errors <= np.maximum(0.0103, 0.00258 * (2 + np.abs(logits)))).all()


@given(arrays(np.int16, (3, 7), elements=st.integers(-511, 511)))
def test_codes_survive_storage(codes: np.ndarray) -> None:
    packed = quantization.pack(codes)
    assert packed.nbytes == -(-3 * 7 * 10 // 8)
    assert (quantization.unpack(packed, codes.shape) == codes).all()
    assert (quantize(dequantize(codes)) == codes).all()


def test_large_logits_are_clipped() -> None:
    stored = dequantize(quantize(np.array([-np.inf, -80, 80], np.float32)))
    assert stored == pytest.approx([-25, -25, 25])


@pytest.mark.parametrize("confidence", [1, 3, 8])
def test_measures_change_little(confidence: float) -> None:
    rng = np.random.default_rng(0)
    labels = np.arange(25_000) % 2
    logits = np.clip(confidence * (2 * labels - 1 + rng.normal(0, 1, len(labels))), -25, 25).astype(
        np.float32
    )
    stored = dequantize(quantize(logits))
    assert ((stored > 0) == (logits > 0)).all()

    def change(measure: object, *, probabilities: bool = False) -> float:
        before, after = (expit(x.astype(float)) if probabilities else x for x in (logits, stored))
        return float(measure(labels, after) - measure(labels, before))  # type: ignore[operator]

    assert abs(change(log_loss, probabilities=True)) < 1e-4
    assert abs(change(roc_auc_score)) < 2e-5
    assert -6e-4 < change(average_precision_score) < 0


def test_thirty_seeds_fit_into_a_megabyte() -> None:
    logits = np.random.default_rng(0).normal(0, 6, (30, 25_000)).astype(np.float32)
    assert quantization.pack(quantize(logits)).nbytes < 1_000_000
