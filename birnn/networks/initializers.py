"""Initial weights that do not depend on the CPU."""

import keras
import numpy as np
from numpy.typing import NDArray


@keras.saving.register_keras_serializable(package="birnn")
class Orthogonal(keras.initializers.Orthogonal):  # type: ignore[misc]  # Keras comes without types
    """Keras's orthogonal initializer (Saxe et al., 2014), with equal weights on every CPU.

    TensorFlow's QR decomposition adds in an order that depends on the size of the CPU's cache.
    """

    def __call__(self, shape: tuple[int, int], dtype: str | None = None) -> NDArray[np.float32]:
        """Return a matrix whose rows or columns, whichever are fewer, are orthonormal."""
        del dtype
        draws = np.random.default_rng(self.seed).normal(size=(max(shape), min(shape)))
        columns = orthonormalize(draws).astype(np.float32)
        weights: NDArray[np.float32] = self.gain * columns
        return weights if shape[0] >= shape[1] else weights.T


def orthonormalize(columns: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return an orthonormal basis of the columns, from the modified Gram-Schmidt process.

    Golub and Van Loan, "Matrix Computations", section 5.2.8.
    """
    basis = columns.copy()
    for j in range(basis.shape[1]):
        basis[:, j] /= np.sqrt((basis[:, j] ** 2).sum())
        column, rest = basis[:, j, None], basis[:, j + 1 :]
        rest -= column * (column * rest).sum(axis=0)
    return basis
