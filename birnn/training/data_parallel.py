"""One network trained by several processes of this machine, each on its share of every batch.

TensorFlow's `MultiWorkerMirroredStrategy` carries sums between them, by gRPC or between GPUs by
NCCL. Keras's `fit` does not work under that strategy, so no variable is the strategy's: each worker
has all weights, adds the others' gradients to its own, and takes the same step as they do.
"""

import json
import multiprocessing as mp
import os
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Any, NamedTuple

import keras
import tensorflow as tf

from birnn.core import signals
from birnn.core.errors import InputError
from birnn.evaluation.model_names import THRESHOLD
from birnn.training.batches import Share

HOST = "127.0.0.1"
PATIENCE = 10  # seconds


class DataParallel(keras.Model):  # type: ignore[misc]  # Keras comes without types
    """A network that takes the steps of the whole batch, of which it sees its worker's share.

    What it reports of a step is of the whole batch, too.
    """

    def __init__(self, network: keras.Model, strategy: tf.distribute.Strategy) -> None:
        """Wrap a network, whose variables no strategy has made."""
        super().__init__(name=network.name)
        self.network = network
        self.strategy = strategy
        self.means = [keras.metrics.Mean("loss"), keras.metrics.Mean("accuracy")]

    def compile(self, optimizer: keras.Optimizer, **_: Any) -> None:
        """Take an optimizer; the loss is binary cross-entropy."""
        super().compile(optimizer=optimizer, jit_compile=False)

    def call(self, inputs: Any, training: bool | None = None) -> tf.Tensor:  # noqa: FBT001
        """Return what the network does."""
        return self.network(inputs, training=training)

    @property
    def metrics(self) -> list[keras.Metric]:
        """Return what `fit` resets before each epoch."""
        return self.means

    def train_step(self, data: tuple[Any, tf.Tensor, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Take one step, given inputs, labels and weights of this worker's share."""
        inputs, labels, weights = data
        with tf.GradientTape() as tape:
            predicted = self(inputs, training=True)
            measures = _measures(labels, predicted, weights)
        gradients = tape.gradient(measures.loss, self.network.trainable_variables)
        measures, sums = self.strategy.run(_sums, (measures, gradients))
        means = [_scaled(one, 1 / measures.reviews) for one in sums]
        self.optimizer.apply(means, self.network.trainable_variables)
        return self._report(measures)

    def test_step(self, data: tuple[Any, tf.Tensor, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Measure one batch, as `train_step` does."""
        inputs, labels, weights = data
        measures = _measures(labels, self(inputs, training=False), weights)
        measures, _ = self.strategy.run(_sums, (measures, []))
        return self._report(measures)

    def _report(self, batch: "Measures") -> dict[str, tf.Tensor]:
        loss, accuracy = self.metrics
        loss.update_state(batch.loss / batch.reviews, batch.reviews)
        accuracy.update_state(batch.hits / batch.reviews, batch.reviews)
        return {metric.name: metric.result() for metric in self.metrics}


class Measures(NamedTuple):
    """Sums over the reviews of a batch, or of a share.

    Attributes:
        loss: of the binary cross-entropy.
        hits: of the reviews that are read rightly.
        reviews: of the weights, which is their number.
    """

    loss: tf.Tensor
    hits: tf.Tensor
    reviews: tf.Tensor


@dataclass(frozen=True)
class Worker:
    """One of several workers, as it sees itself.

    Attributes:
        share: what it takes of each batch.
        strategy: which carries sums to and from the others.
    """

    share: Share
    strategy: tf.distribute.Strategy

    @property
    def is_first(self) -> bool:
        """Tell whether it is the one that speaks and writes for all."""
        return self.share.rank == 0

    def parallel(self, network: keras.Model) -> DataParallel:
        """Return a network that learns with the other workers' copies."""
        return DataParallel(network, self.strategy)

    def draw_apart(self, network: keras.Model) -> None:
        """Have dropout draw other numbers than the other workers do."""
        for variable in network.variables:
            if variable.path.endswith("seed_generator_state"):
                seed, counter = variable.numpy()
                variable.assign([seed + self.share.rank, counter])


def run(workers: int, work: Callable[[Worker], None]) -> None:
    """Call `work` in so many new processes, and wait for them all.

    Raises:
        InputError, OSError: one of them did, or was killed; the others are ended.
    """
    context = mp.get_context("spawn")
    processes, answers = [], []
    for share, config in zip(_shares(workers), _configurations(workers), strict=True):
        answer, sender = context.Pipe(duplex=False)
        process = context.Process(target=_be_worker, args=(share, config, work, sender))
        process.start()
        sender.close()  # else its end is not heard where the process is killed
        processes.append(process)
        answers.append(answer)
    try:
        _wait_for(answers)
    except BaseException:
        # The first says what is kept. It cannot end a step without the others: they end after it.
        processes[0].terminate()
        processes[0].join(PATIENCE)
        for process in processes:
            process.kill()
        raise
    finally:
        for process in processes:
            process.join(PATIENCE)
            process.kill()


def _shares(workers: int) -> list[Share]:
    return [Share(rank, workers) for rank in range(workers)]


def _configurations(workers: int) -> list[str]:
    """Return what TensorFlow wants to know of a cluster, in each worker's `TF_CONFIG`."""
    with ExitStack() as sockets:
        free = [sockets.enter_context(socket.create_server((HOST, 0))) for _ in range(workers)]
        cluster = {"worker": [f"{HOST}:{one.getsockname()[1]}" for one in free]}
    tasks = [{"type": "worker", "index": rank} for rank in range(workers)]
    return [json.dumps({"cluster": cluster, "task": task}) for task in tasks]


def _wait_for(answers: list[Connection]) -> None:
    waiting = list(answers)
    while waiting:
        for answer in [one for one in wait(waiting) if isinstance(one, Connection)]:
            _raise_what_is_said(answer)
            waiting.remove(answer)


def _raise_what_is_said(answer: Connection) -> None:
    try:
        error: Exception | None = answer.recv()
    except EOFError:
        raise InputError("a worker of the training was killed, or failed as said above") from None
    if error:
        raise error


def _be_worker(
    share: Share, config: str, work: Callable[[Worker], None], answer: Connection
) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who started this one ends it
    signals.end_with_parent()
    os.environ["TF_CONFIG"] = config
    _take_devices(share)
    try:
        worker = Worker(share, tf.distribute.MultiWorkerMirroredStrategy())
        # Now, since TensorFlow takes SIGTERM for its own when workers meet.
        if share.rank == 0:
            signals.raise_on_signals()
        else:
            signals.ignore_signals()
        work(worker)
        answer.send(None)
    except (InputError, OSError) as error:
        answer.send(error)
    except KeyboardInterrupt:
        sys.exit(signals.INTERRUPTED)


def _take_devices(share: Share) -> None:
    """Limit this process to its GPU, or where there is none, to its part of the cores."""
    gpus = tf.config.list_physical_devices("GPU")
    if gpus:
        tf.config.set_visible_devices(gpus[share.rank % len(gpus)], "GPU")
    elif hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, cores[share.rank :: share.workers] or cores)


def _measures(labels: tf.Tensor, predicted: tf.Tensor, weights: tf.Tensor) -> Measures:
    losses = keras.losses.binary_crossentropy(labels[:, None], predicted)
    hits = tf.cast(tf.equal(predicted[:, 0] > THRESHOLD, labels > 0), tf.float32)
    return Measures(*(tf.reduce_sum(weights * numbers) for numbers in (losses, hits, 1.0)))


def _sums(measures: Measures, gradients: list[Any]) -> tuple[Measures, list[Any]]:
    """Return the sums over all workers."""
    # Copies, since the strategy asks of each tensor to be of a device.
    copies = tf.nest.map_structure(tf.identity, [*measures, *gradients], expand_composites=True)
    sums = tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.SUM, copies)
    return Measures(*sums[:3]), sums[3:]


def _scaled(gradient: Any, factor: tf.Tensor) -> Any:
    """Return a gradient times a factor, with one row a word where it has rows of several workers.

    Adam squares each row by itself.
    """
    if not isinstance(gradient, tf.IndexedSlices):
        return gradient * factor
    words, places = tf.unique(gradient.indices)
    sums = tf.math.unsorted_segment_sum(gradient.values, places, tf.size(words))
    return tf.IndexedSlices(sums * factor, words, gradient.dense_shape)
