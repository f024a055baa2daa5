"""Store logits in 10 bits each, so that 30 seeds and 25,000 reviews take 937,500 bytes.

The steps are small near the logit 0 and grow with the logit, as in the mu-law of telephony (ITU-T,
Recommendation G.711, 1988): 0.01 at 0, 0.06 at 10, and 0.14 at 25. The accuracy at the threshold
0.5 does not change, because signs do not. Of networks with an accuracy of 83% on 25,000 reviews,
the loss changes by less than 1e-4 and the ROC AUC by less than 2e-5. The average precision falls by
2e-4 to 6e-4, because equal codes tie, and scikit-learn gives tied reviews their lowest precision;
it falls about equally for all networks. With 8 bits, the loss changes by up to 3e-4, and the
average precision by 2e-3.
"""

import numpy as np
from numpy.typing import NDArray

BITS = 10
LARGEST_CODE = 2 ** (BITS - 1) - 1
LARGEST_LOGIT = 25.0  # larger logits are stored as this
LINEAR = 2.0  # logits far below have steps of equal size
_CODES_PER_UNIT = LARGEST_CODE / np.log1p(LARGEST_LOGIT / LINEAR)


def quantize(logits: NDArray[np.float32]) -> NDArray[np.int16]:
    """Return the codes of logits, int16 from -511 to 511, in the same shape.

    A code has the sign of its logit; only 0 has the code 0.
    """
    sizes = np.rint(_CODES_PER_UNIT * np.log1p(np.abs(logits, dtype=np.float64) / LINEAR))
    codes: NDArray[np.int16] = (np.sign(logits) * np.clip(sizes, 1, LARGEST_CODE)).astype(np.int16)
    return codes


def dequantize(codes: NDArray[np.int16]) -> NDArray[np.float32]:
    """Return the logits of codes, in the same shape."""
    sizes = LINEAR * np.expm1(np.abs(codes) / _CODES_PER_UNIT)
    logits: NDArray[np.float32] = (np.sign(codes) * sizes).astype(np.float32)
    return logits


def pack(codes: NDArray[np.int16]) -> NDArray[np.uint8]:
    """Return the bytes of codes, 10 bits each, shape (bytes,)."""
    positive = (codes.ravel() + (LARGEST_CODE + 1)).astype(">u2")
    bits = np.unpackbits(positive.view(np.uint8)).reshape(-1, 16)
    return np.packbits(bits[:, -BITS:])


def unpack(packed: NDArray[np.uint8], shape: tuple[int, ...]) -> NDArray[np.int16]:
    """Return the codes that were packed, in their original shape."""
    bits = np.zeros((int(np.prod(shape)), 16), np.uint8)
    bits[:, -BITS:] = np.unpackbits(packed, count=len(bits) * BITS).reshape(-1, BITS)
    positive = np.packbits(bits).view(">u2").astype(np.int16)
    codes: NDArray[np.int16] = positive.reshape(shape) - (LARGEST_CODE + 1)
    return codes
