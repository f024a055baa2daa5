"""Batches of reviews, read from memory-mapped arrays as they are needed."""

from collections.abc import Iterator
from itertools import count
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from birnn.ngrams import Given


def batches(
    reviews: tuple[NDArray[np.int32], NDArray[np.uint8]],
    batch_size: int,
    *,
    shuffle_seed: int | None = None,
    first_epoch: int = 0,
    given: Given | None = None,
) -> tf.data.Dataset:
    """Return pairs of sequences, int32, shape (batch, maxlen), and labels, uint8, shape (batch,).

    With `given`, what is paired with labels is a pair itself, of sequences and of their ratios,
    float32, shape (batch, maxlen, longest). The reviews, a pair of all sequences and all labels,
    come in their order or, with a `shuffle_seed`, in another order each epoch, which
    depends on the seed and the number of the epoch alone, counted from `first_epoch`.
    """
    sequences, labels = reviews
    epochs = count(first_epoch)

    def epoch() -> Iterator[tuple[Any, NDArray[np.uint8]]]:
        rows = np.arange(len(labels))
        if shuffle_seed is not None:
            rows = np.random.default_rng([shuffle_seed, next(epochs)]).permutation(rows)
        for start in range(0, len(rows), batch_size):
            chosen = rows[start : start + batch_size]
            ids = sequences[chosen]
            yield ids if given is None else (ids, given.beside(ids, chosen)), labels[chosen]

    inputs: Any = tf.TensorSpec((None, sequences.shape[1]), tf.int32)
    if given is not None:
        shape = (None, sequences.shape[1], given.of_words.shape[1])
        inputs = (inputs, tf.TensorSpec(shape, tf.float32))
    dataset = tf.data.Dataset.from_generator(
        epoch, output_signature=(inputs, tf.TensorSpec((None,), tf.uint8))
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
