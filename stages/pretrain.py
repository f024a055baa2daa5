"""Pretrain the LSTM whose states the networks read, if there is one.

Reads data/padded, data/unlabelled and models/word_vectors. Writes models/pretrained.
"""

from typing import Any

import numpy as np

from birnn.core import paths, stage, times
from birnn.core.errors import InputError
from birnn.core.outputs import atomic_folder
from birnn.core.settings import Settings
from birnn.core.times import Timing


def main(settings: Settings) -> None:
    """Write the weights of the LSTM, or none."""
    weights, timing = list[Any](), Timing([0.0])
    if units := settings.pretrain.units:
        if settings.word_vectors.reviews == "none":
            raise InputError(
                f"pretrain.units is {units}, which needs word vectors: set word_vectors.reviews to "
                "train or all, or pretrain.units to 0"
            )
        # Numba takes a second to import.
        from birnn.training import pretraining  # noqa: PLC0415

        weights, timing = pretraining.train(settings)
    with atomic_folder(paths.PRETRAINED) as folder:
        np.savez(folder / "weights.npz", *weights)
    times.record(paths.PRETRAINED, timing)
    if not units:
        print("off: pretrain.units is 0")


if __name__ == "__main__":
    stage.run(main)
