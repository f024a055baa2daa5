"""Batches of reviews, read from memory-mapped arrays when they are needed."""

from collections.abc import Iterator
from itertools import count
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from birnn.core import machine
from birnn.networks.inputs.ngrams import CrossFittedRatios


def batches(
    reviews: tuple[NDArray[np.int32], NDArray[Any]],
    batch_size: int,
    *,
    shuffle_seed: int | None = None,
    first_epoch: int = 0,
    ratios: CrossFittedRatios | None = None,
) -> tf.data.Dataset:
    """Return a dataset of inputs and labels, shape (batch,).

    The inputs are sequences, int32, shape (batch, maxlen). With `ratios`, they are pairs of
    sequences and their n-gram ratios, float32, shape (batch, maxlen, longest).

    Args:
        reviews: all sequences and all labels.
        batch_size: reviews per batch.
        shuffle_seed: None to keep the order of the reviews. Otherwise each epoch has another
            order, which depends only on the seed and the number of the epoch.
        first_epoch: number of the first epoch, counted from 0.
        ratios: n-gram ratios of the reviews.
    """
    sequences, labels = reviews
    epochs = count(first_epoch)

    def epoch() -> Iterator[tuple[Any, NDArray[Any]]]:
        # In every epoch, because TensorFlow resets the options of malloc for such a dataset.
        machine.keep_freed_memory()
        rows = np.arange(len(labels))
        if shuffle_seed is not None:
            rows = np.random.default_rng([shuffle_seed, next(epochs)]).permutation(rows)
        for start in range(0, len(rows), batch_size):
            chosen = rows[start : start + batch_size]
            ids = sequences[chosen]
            inputs = ids if ratios is None else (ids, ratios.select(ids, chosen))
            yield inputs, labels[chosen]

    inputs_spec: Any = tf.TensorSpec((None, sequences.shape[1]), tf.int32)
    if ratios is not None:
        shape = (None, sequences.shape[1], ratios.word_ratios.shape[1])
        inputs_spec = (inputs_spec, tf.TensorSpec(shape, tf.float32))
    labels_spec = tf.TensorSpec((None,), labels.dtype)
    dataset = tf.data.Dataset.from_generator(epoch, output_signature=(inputs_spec, labels_spec))
    steps = -(-len(labels) // batch_size)
    options = tf.data.Options()
    # With autotuning, the end of an epoch waits for the autotuner's thread, which may sleep for
    # as long as the epoch lasted.
    options.autotune.enabled = False
    return (
        dataset.apply(tf.data.experimental.assert_cardinality(steps))
        .prefetch(2)
        .with_options(options)
    )
