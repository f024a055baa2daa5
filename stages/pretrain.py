"""Pretrain the LSTM whose states the networks read, if there is one.

Reads data/padded, data/unlabelled and models/word_vectors. Writes models/pretrained.
"""

import numpy as np
from numpy.typing import NDArray

from birnn.core import paths, stage, times
from birnn.core.errors import InputError
from birnn.core.outputs import atomic_folder
from birnn.core.settings import Settings
from birnn.core.times import Timing


def main(settings: Settings) -> None:
    """Write the weights of the LSTM, or none."""
    weights, timing = pretrain(settings) if settings.pretrain.units else ([], Timing([0.0]))
    with atomic_folder(paths.PRETRAINED) as folder:
        np.savez(folder / "weights.npz", *weights)
    times.record(paths.PRETRAINED, timing)
    if not weights:
        print("off: pretrain.units is 0")


def pretrain(settings: Settings) -> tuple[list[NDArray[np.float32]], Timing]:
    """Import Numba, which takes a second, and return the weights and the time of pretraining."""
    if settings.word_vectors.reviews == "none":
        raise InputError(
            f"pretrain.units is {settings.pretrain.units}, which needs word vectors: set "
            "word_vectors.reviews to train or all, or pretrain.units to 0"
        )
    from birnn.training import pretraining  # noqa: PLC0415

    return pretraining.train(settings)


if __name__ == "__main__":
    stage.run(main)
