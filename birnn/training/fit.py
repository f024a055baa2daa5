"""Training of a network, with a checkpoint after every epoch."""

import csv
import math
import sys
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from birnn.core import machine, signals
from birnn.core.errors import InputError
from birnn.core.outputs import atomic_folder
from birnn.core.paths import MODELS, NGRAMS, PADDED_VALIDATION, STATE, WORD_VECTORS
from birnn.core.settings import Settings, Train
from birnn.core.times import Timing
from birnn.layers import private_apis
from birnn.layers.fused import FusedNetwork
from birnn.networks.config import NetworkConfig
from birnn.networks.definition import Network
from birnn.networks.network import accelerators, build_network, initialize, save_network
from birnn.text import ngrams, sequences
from birnn.text.batching import BATCH_SIZE
from birnn.training import live, training_set
from birnn.training.batches import batches
from birnn.training.checkpoints import Checkpoint, Progress
from birnn.training.live import Kind, LiveFile
from birnn.training.loss import accuracy, binary_crossentropy
from birnn.training.optimizers import create_optimizer
from birnn.training.splits import watched_split

HISTORY = ("accuracy", "loss", "val_accuracy", "val_loss")


class EpochMonitor(keras.callbacks.Callback):  # type: ignore[misc]  # Keras comes without types
    """A callback that times, saves and prints every epoch, and stops if the loss is not finite."""

    def __init__(
        self, settings: Train, checkpoint: Checkpoint, progress: Progress, live_file: LiveFile
    ) -> None:
        """Monitor the training that the live file describes."""
        super().__init__()
        self.name = live_file.training.network
        self.settings = settings
        self.checkpoint = checkpoint
        self.progress = progress
        self.live_file = live_file
        self._start = 0.0

    def on_epoch_begin(self, _epoch: int, _logs: dict[str, float] | None = None) -> None:
        """Start the clock."""
        self._start = time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: dict[str, float]) -> None:
        """Update the progress, and stop at the first loss that is not finite."""
        self._require_finite(logs["loss"], f"batch {batch + 1}")
        self.live_file.step("training", (batch + 1) * self.settings.batch_size)

    def on_test_batch_end(self, batch: int, **_logs: dict[str, float]) -> None:
        """Update the progress."""
        self.live_file.step("validation", (batch + 1) * BATCH_SIZE)

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
        """Stop the clock, save a checkpoint and print a line."""
        seconds = time.perf_counter() - self._start
        self._require_finite(logs["val_loss"], "validation")
        progress = self.progress.after({name: logs[name] for name in HISTORY}, seconds)
        state = [variable.numpy() for variable in _training_state(self.model)]
        self.checkpoint.save(state, progress)
        self.progress = progress
        epochs = f"{self.name}  epoch {epoch + 1}/{self.settings.epochs}"
        figures = "  ".join(f"{name} {logs[name]:.4f}" for name in HISTORY)
        print(f"{epochs}  {seconds:.0f} s  {figures}", flush=True)
        self.live_file.epoch(self.progress.history)

    def _require_finite(self, loss: float, location: str) -> None:
        if not math.isfinite(loss):
            raise InputError(
                f"{self.name}: the loss is {loss} in epoch {self.progress.epochs + 1}, {location}: "
                "lower train.learning_rate"
            )


@dataclass(frozen=True)
class Paths:
    """The files and folders that training reads and writes."""

    training: Path  # folder of the reviews to train on, see `sequences`
    validation: Path  # folder of the reviews on which each epoch is validated
    ngrams: Path  # folder of n-gram ratios, see `ngrams`; read only by networks that use them
    word_vectors: Path  # folder with `vectors.npy`, see `word_vectors`
    model: Path  # output folder
    checkpoints: Path  # folder of the checkpoint
    live: Path  # folder of the live file, see `live`

    @classmethod
    def of(cls, network: str, settings: Train) -> "Paths":
        """Return the paths of a network in the pipeline."""
        return cls(
            training=training_set.folder(settings),
            validation=PADDED_VALIDATION,
            ngrams=NGRAMS,
            word_vectors=WORD_VECTORS,
            model=MODELS / network,
            checkpoints=STATE / network,
            live=live.FOLDER,
        )

    def inputs(self) -> list[Path]:
        """Return the files that training reads."""
        splits = self.training, self.validation
        files = [split / name for split in splits for name in sequences.FILES]
        return [*files, *sorted(self.ngrams.glob("*.npy")), self.word_vectors / "vectors.npy"]


def train_network(network: Network, settings: Settings, paths: Paths) -> Timing:
    """Train a network with the settings of the pipeline, see `train`."""
    config = NetworkConfig.from_settings(network, settings)
    watched = watched_split(settings.pad.validation)
    return train(network, config, settings.train, watched, paths)


def train(
    network: Network, config: NetworkConfig, settings: Train, watched: str, paths: Paths
) -> Timing:
    """Train a network, write its weights and history, and return the time of each epoch.

    The model folder gets the weights after the last epoch and the configuration (see
    `save_network`), and `history.csv` with one row per epoch. If training was interrupted, it
    resumes from its last checkpoint and ends with the same weights and history. Several GPUs split
    every batch. Without dropout and with equal shares, the result differs only by rounding.

    Args:
        network: the network.
        config: its configuration.
        settings: the settings of training.
        watched: name of the validation reviews in curves, see `splits`.
        paths: inputs and outputs.
    """
    devices = machine.describe(accelerators())
    keras.utils.set_random_seed(settings.seed)
    table, ratios = ngrams.read(paths.ngrams) if config.longest_ngram else (None, None)
    if table:
        config = config.model_copy(update={"ngrams": len(table.codes)})
    training = sequences.read(paths.training)
    validation = sequences.read(paths.validation)
    with choose_strategy().scope():
        model = build_network(network, config)
        initialize(model, np.load(paths.word_vectors / "vectors.npy"), table)
        model.compile(
            optimizer=create_optimizer(settings, reviews=len(training[1])),
            loss=binary_crossentropy,
            metrics=[keras.metrics.MeanMetricWrapper(accuracy, "accuracy")],
        )
        # Keras would create its variables while tracing the first step, and trace it again.
        model.optimizer.build(model.trainable_variables)
        checkpoint = Checkpoint(
            paths.checkpoints,
            configuration=[config.model_dump(), settings.model_dump(), devices],
            data=paths.inputs(),
        )
        state, resumed = checkpoint.load()
        if state:
            for variable, array in zip(_training_state(model), state, strict=True):
                variable.assign(array)
        if model.distribute_strategy.num_replicas_in_sync > 1:
            _adapt_to_devices(model, *training)
    kernel = "fused" if isinstance(model, FusedNetwork) else "keras"
    _print_device(model, kernel, devices)
    if resumed.epochs:
        print(f"{model.name}  resumes after epoch {resumed.epochs}", flush=True)
    reviews: dict[Kind, int] = {"training": len(training[1]), "validation": len(validation[1])}
    live_file = LiveFile(model.name, settings.epochs, reviews, watched, paths.live)
    live_file.epoch(resumed.history)
    monitor = EpochMonitor(settings, checkpoint, resumed, live_file)
    try:
        with signals.restore_interrupts(), closing(live_file):
            model.fit(
                batches(
                    training,
                    settings.batch_size,
                    shuffle_seed=settings.seed,
                    first_epoch=resumed.epochs,
                    ratios=ratios,
                ),
                validation_data=batches(validation, BATCH_SIZE),
                initial_epoch=resumed.epochs,
                epochs=settings.epochs,
                shuffle=False,  # the batches are already shuffled
                verbose=0,
                callbacks=[monitor],
            )
    except KeyboardInterrupt:
        print(f"{model.name}  {monitor.progress.epochs} of {settings.epochs} epochs are saved")
        raise
    with atomic_folder(paths.model) as folder:
        save_network(config, model, folder)
        _write_history(monitor.progress.history, folder / "history.csv")
    return Timing(monitor.progress.seconds, devices, kernel)


def _training_state(model: keras.Model) -> list[keras.Variable]:
    """Return all variables of a compiled model that training changes, also the dropout seeds."""
    return [*model.variables, *model.optimizer.variables]


def _print_device(model: keras.Model, kernel: str, devices: dict[str, Any]) -> None:
    """Print what the network is trained on, and warn if TensorFlow cannot use the GPU."""
    gpus = devices["accelerators"]
    names = ", ".join(gpus) or f"CPU ({devices['cores']} cores)"
    print(f"{model.name}  on {names}, kernel {kernel}", flush=True)
    if machine.has_hidden_gpu(gpus):
        print(
            "warning: TensorFlow cannot use the NVIDIA GPU of this machine: install its libraries "
            "(docs/performance.md, GPUs), or set CUDA_VISIBLE_DEVICES=-1 to train on the CPU",
            file=sys.stderr,
        )


def choose_strategy() -> tf.distribute.Strategy:
    """Return a strategy for all GPUs if there are several, else the default strategy."""
    if len(tf.config.list_logical_devices("GPU")) > 1:
        return tf.distribute.MirroredStrategy()
    return tf.distribute.get_strategy()


def _adapt_to_devices(model: keras.Model, ids: NDArray[np.int32], labels: NDArray[Any]) -> None:
    """Make training on several devices equal to training on a single one.

    Keras 3.15 clips the gradients of each device separately, and Adam squares the embedding
    gradients of each device separately. Here the optimizer gets the sum over the devices.

    Keras would also build the metrics from the mean of the devices' first batches. That fails,
    because a mean of ids is not an id, and batches of different sizes have no mean.
    """
    apply = model.optimizer.apply

    def apply_sum(gradients: list[tf.Tensor], variables: list[keras.Variable]) -> None:
        dense = [tf.convert_to_tensor(gradient) for gradient in gradients]
        context = tf.distribute.get_replica_context()
        apply(context.all_reduce(tf.distribute.ReduceOp.SUM, dense), variables)

    model.optimizer.apply = apply_sum
    private_apis.apply_gradients_as_they_are(model.optimizer)
    model.test_on_batch(ids[:1], labels[:1])
    private_apis.skip_symbolic_build(model)


def _write_history(history: dict[str, list[float]], file: Path) -> None:
    with file.open("w", encoding="utf-8", newline="") as output:
        writer = csv.writer(output, lineterminator="\n")
        writer.writerow(["epoch", *HISTORY])
        columns = zip(*(history[name] for name in HISTORY), strict=True)
        for epoch, figures in enumerate(columns, start=1):
            writer.writerow([epoch, *(f"{figure:.6f}" for figure in figures)])
