"""Batches of reviews, read from memory-mapped arrays as they are needed."""

from collections.abc import Iterator
from itertools import count

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray


def batches(
    sequences: NDArray[np.int32],
    labels: NDArray[np.uint8],
    batch_size: int,
    shuffle_seed: int | None = None,
    first_epoch: int = 0,
) -> tf.data.Dataset:
    """Return pairs of sequences, int32, shape (batch, maxlen), and labels, uint8, shape (batch,).

    The reviews come in their order or, with a `shuffle_seed`, in another order each epoch, which
    depends on the seed and the number of the epoch alone, counted from `first_epoch`.
    """
    epochs = count(first_epoch)

    def epoch() -> Iterator[tuple[NDArray[np.int32], NDArray[np.uint8]]]:
        rows = np.arange(len(labels))
        if shuffle_seed is not None:
            rows = np.random.default_rng([shuffle_seed, next(epochs)]).permutation(rows)
        for start in range(0, len(rows), batch_size):
            chosen = rows[start : start + batch_size]
            yield sequences[chosen], labels[chosen]

    dataset = tf.data.Dataset.from_generator(
        epoch,
        output_signature=(
            tf.TensorSpec((None, sequences.shape[1]), tf.int32),
            tf.TensorSpec((None,), tf.uint8),
        ),
    )
    steps = -(-len(labels) // batch_size)
    options = tf.data.Options()
    # The tuner's thread sleeps for longer and longer, and the end of each epoch waits for it: up
    # to as long again as the epoch took.
    options.autotune.enabled = False
    return (
        dataset.apply(tf.data.experimental.assert_cardinality(steps))
        .prefetch(2)
        .with_options(options)
    )
