"""Batches of reviews, read from memory-mapped arrays when they are needed."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from birnn.core import machine
from birnn.networks.inputs.word_inputs import WordInput


def batches(
    reviews: tuple[NDArray[np.int32], NDArray[Any]],
    batch_size: int,
    *,
    epochs: range = range(1),
    shuffle_seed: int | None = None,
    inputs: Sequence[WordInput] = (),
) -> tf.data.Dataset:
    """Return a dataset of the batches of some epochs, one after another.

    A batch has labels, shape (batch,), and ids, int32, shape (batch, maxlen); or, if training
    reviews have other numbers in some `inputs`, a dictionary of `ids` and of these numbers by
    input, float32, shape (batch, maxlen, width).

    Args:
        reviews: all sequences and all labels.
        batch_size: reviews per batch.
        epochs: numbers of the epochs, counted from 0.
        shuffle_seed: None to keep the order of the reviews. Otherwise each epoch has another
            order, which depends only on the seed and the number of the epoch.
        inputs: the further inputs of the network.
    """
    sequences, labels = reviews
    given = {source.name: source.training for source in inputs if source.training}

    def epoch(number: int) -> Iterator[tuple[Any, NDArray[Any]]]:
        # In every epoch, because TensorFlow resets the options of malloc for such a dataset.
        machine.keep_freed_memory()
        rows = np.arange(len(labels))
        if shuffle_seed is not None:
            rows = np.random.default_rng([shuffle_seed, number]).permutation(rows)
        for start in range(0, len(rows), batch_size):
            chosen = rows[start : start + batch_size]
            ids = sequences[chosen]
            numbers = {name: given[name].select(ids, chosen) for name in given}
            yield ({"ids": ids} | numbers if given else ids), labels[chosen]

    ids_spec: Any = tf.TensorSpec((None, sequences.shape[1]), tf.int32)
    specs = {
        source.name: tf.TensorSpec((None, sequences.shape[1], source.width), tf.float32)
        for source in inputs
        if source.training
    }
    inputs_spec = {"ids": ids_spec} | specs if given else ids_spec
    signature = inputs_spec, tf.TensorSpec((None,), labels.dtype)
    dataset = tf.data.Dataset.range(epochs.start, epochs.stop).flat_map(
        lambda number: tf.data.Dataset.from_generator(
            epoch, args=[number], output_signature=signature
        )
    )
    options = tf.data.Options()
    # With autotuning, the end of an epoch waits for the autotuner's thread, which may sleep for
    # as long as the epoch lasted.
    options.autotune.enabled = False
    count = len(epochs) * steps_per_epoch(labels, batch_size)
    return (
        dataset.apply(tf.data.experimental.assert_cardinality(count))
        .prefetch(2)
        .with_options(options)
    )


def steps_per_epoch(labels: NDArray[Any], batch_size: int) -> int:
    """Return the number of batches of an epoch."""
    return -(-len(labels) // batch_size)
