"""Batches of reviews, read from memory-mapped arrays as they are needed."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from birnn.text.ngrams import Given


@dataclass(frozen=True)
class Share:
    """The part of every batch that one of several workers takes.

    Attributes:
        rank: of the worker, from 0.
        workers: how many there are.
    """

    rank: int
    workers: int

    def of(self, rows: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
        """Return this worker's rows of a batch, and their weights, 1.

        All workers get equally many: what is missing of the last one's is the batch's first row,
        with the weight 0.
        """
        size = -(-len(rows) // self.workers)
        own = rows[self.rank * size : (self.rank + 1) * size]
        filled = np.append(own, np.repeat(rows[:1], size - len(own)))
        return filled, (np.arange(size) < len(own)).astype(np.float32)


def batches(  # noqa: PLR0913  # most are named
    reviews: tuple[NDArray[np.int32], NDArray[np.uint8]],
    batch_size: int,
    *,
    shuffle_seed: int | None = None,
    first_epoch: int = 0,
    given: Given | None = None,
    share: Share | None = None,
) -> tf.data.Dataset:
    """Return pairs of sequences, int32, shape (batch, maxlen), and labels, uint8, shape (batch,).

    With `given`, what is paired with labels is a pair itself, of sequences and of their ratios,
    float32, shape (batch, maxlen, longest). The reviews, a pair of all sequences and all labels,
    come in their order or, with a `shuffle_seed`, in another order each epoch, which
    depends on the seed and the number of the epoch alone, counted from `first_epoch`. With a
    `share`, each batch is that of one worker, and has weights besides, float32, shape (batch,).
    """
    sequences, labels = reviews
    epochs = count(first_epoch)

    def epoch() -> Iterator[tuple[Any, ...]]:
        rows = np.arange(len(labels))
        if shuffle_seed is not None:
            rows = np.random.default_rng([shuffle_seed, next(epochs)]).permutation(rows)
        for start in range(0, len(rows), batch_size):
            chosen = rows[start : start + batch_size]
            weights: list[NDArray[np.float32]] = []
            if share is not None:
                chosen, *weights = share.of(chosen)
            ids = sequences[chosen]
            inputs = ids if given is None else (ids, given.beside(ids, chosen))
            yield inputs, labels[chosen], *weights

    of_inputs: Any = tf.TensorSpec((None, sequences.shape[1]), tf.int32)
    if given is not None:
        shape = (None, sequences.shape[1], given.of_words.shape[1])
        of_inputs = (of_inputs, tf.TensorSpec(shape, tf.float32))
    of_rows = [tf.TensorSpec((None,), tf.uint8)]
    if share is not None:
        of_rows.append(tf.TensorSpec((None,), tf.float32))
    dataset = tf.data.Dataset.from_generator(epoch, output_signature=(of_inputs, *of_rows))
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
