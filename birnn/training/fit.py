"""Training of a network, with a checkpoint after every epoch."""

import csv
import math
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import keras
import numpy as np

from birnn.core import machine, paths
from birnn.core.outputs import atomic_folder
from birnn.networks.definition import Network, NetworkConfig
from birnn.networks.fused_network import FusedNetwork
from birnn.networks.inputs import word_inputs
from birnn.networks.inputs.word_inputs import Folders
from birnn.networks.network import (
    accelerators,
    batch_size,
    build_network,
    initialize,
    save_network,
)
from birnn.reviews import sequences
from birnn.runtime.errors import InputError
from birnn.training.batches import batches, steps_per_epoch
from birnn.training.checkpoints import Checkpoint, Epoch
from birnn.training.optimization import accuracy, binary_crossentropy, create_optimizer
from birnn.training.settings import Train, TrainingSettings

HISTORY = ("accuracy", "loss", "val_accuracy", "val_loss")
LIVE = Path("live")  # curves of the last trainings; git ignores it, and no stage reads it


class EpochMonitor(keras.callbacks.Callback):  # type: ignore[misc]  # Keras comes without types
    """A callback that times and saves every epoch, and stops if the loss is not finite."""

    def __init__(self, checkpoint: Checkpoint, epochs: list[Epoch]) -> None:
        """Continue after the epochs of a checkpoint."""
        super().__init__()
        self.checkpoint = checkpoint
        self.epochs = epochs
        self._start = 0.0

    def on_epoch_begin(self, _epoch: int, _logs: dict[str, float] | None = None) -> None:
        """Start the clock."""
        self._start = time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: dict[str, float]) -> None:
        """Stop at the first loss that is not finite."""
        self._require_finite(logs["loss"], f"batch {batch + 1}")

    def on_epoch_end(self, _epoch: int, logs: dict[str, float]) -> None:
        """Stop the clock and save a checkpoint."""
        seconds = time.perf_counter() - self._start
        self._require_finite(logs["val_loss"], "validation")
        epochs = [*self.epochs, {name: logs[name] for name in HISTORY} | {"seconds": seconds}]
        state = [variable.numpy() for variable in _training_state(self.model)]
        self.checkpoint.save(state, epochs)
        self.epochs = epochs

    def _require_finite(self, loss: float, location: str) -> None:
        if not math.isfinite(loss):
            raise InputError(
                f"{self.model.name}: the loss is {loss} in epoch {len(self.epochs) + 1}, "
                f"{location}: lower train.learning_rate"
            )


@dataclass(frozen=True)
class TrainingFiles:
    """The files and folders that a training reads and writes."""

    training: Path  # folder of the reviews to train on, see `sequences`
    model: Path  # output folder
    checkpoints: Path  # folder of the checkpoint
    curves: Path  # the curves so far, as CSV
    validation: Path = paths.PADDED_VALIDATION  # folder of the reviews that validate each epoch
    word_vectors: Path = paths.WORD_VECTORS  # folder with the initial vectors, `vectors.npy`
    word_inputs: Folders = field(default_factory=Folders)

    @classmethod
    def of(cls, network: str, settings: Train) -> "TrainingFiles":
        """Return the files of a network in the pipeline."""
        return cls(
            training=settings.folder,
            model=paths.MODELS / network,
            checkpoints=paths.STATE / network,
            curves=LIVE / f"{network}.csv",
        )

    def inputs(self) -> list[Path]:
        """Return the files that training reads."""
        splits = self.training, self.validation
        files = [split / name for split in splits for name in sequences.FILES]
        folders = dict.fromkeys([self.word_vectors, *self.word_inputs])
        return [*files, *(file for folder in folders for file in sorted(folder.glob("*.npy")))]


def train_network(
    network: Network, settings: TrainingSettings, files: TrainingFiles
) -> tuple[list[float], list[str]]:
    """Train a network with the settings of the pipeline, see `train`."""
    return train(network, NetworkConfig.from_settings(network, settings), settings.train, files)


def train(
    network: Network, config: NetworkConfig, settings: Train, files: TrainingFiles
) -> tuple[list[float], list[str]]:
    """Train a network; return the seconds of each epoch, and the GPUs that TensorFlow sees.

    The model folder gets the weights after the last epoch and the configuration (see
    `save_network`), and `history.csv` with one row per epoch. If training was interrupted, it
    resumes from its last checkpoint and ends with the same weights and history.
    """
    gpus = accelerators()
    keras.utils.set_random_seed(settings.seed)
    config, inputs = word_inputs.read(config, files.word_inputs)
    training = sequences.read(files.training)
    validation = sequences.read(files.validation)
    model = build_network(network, config)
    initialize(model, np.load(files.word_vectors / "vectors.npy"), inputs)
    model.compile(
        optimizer=create_optimizer(settings, reviews=len(training[1])),
        loss=binary_crossentropy,
        metrics=[keras.metrics.MeanMetricWrapper(accuracy, "accuracy")],
    )
    # Keras would create its variables while tracing the first step, and trace it again.
    model.optimizer.build(model.trainable_variables)
    configuration = [config.model_dump(), settings.model_dump(), machine.describe(gpus)]
    checkpoint = Checkpoint(files.checkpoints, configuration, files.inputs())
    state, epochs = checkpoint.load()
    if state:
        for variable, array in zip(_training_state(model), state, strict=True):
            variable.assign(array)
    _print_device(model, gpus)
    if epochs:
        print(f"{model.name}  resumes after epoch {len(epochs)}", flush=True)
    files.curves.parent.mkdir(exist_ok=True)
    monitor = EpochMonitor(checkpoint, epochs)
    curves = keras.callbacks.CSVLogger(files.curves, append=bool(epochs))
    try:
        model.fit(
            batches(
                training,
                settings.batch_size,
                epochs=range(len(epochs), settings.epochs),
                shuffle_seed=settings.seed,
                inputs=inputs,
            ),
            steps_per_epoch=steps_per_epoch(training[1], settings.batch_size),
            validation_data=batches(validation, batch_size(model)),
            initial_epoch=len(epochs),
            epochs=settings.epochs,
            shuffle=False,  # the batches are already shuffled
            verbose=1 if sys.stdout.isatty() else 2,  # progress bars, or a line per epoch
            callbacks=[monitor, curves],
        )
    finally:
        if curves.csv_file:  # Keras closes it only if training succeeds
            curves.csv_file.close()
    with atomic_folder(files.model) as folder:
        save_network(config, model, folder)
        _write_history(monitor.epochs, folder / "history.csv")
    return [epoch["seconds"] for epoch in monitor.epochs], gpus


def _training_state(model: keras.Model) -> list[keras.Variable]:
    """Return all variables of a compiled model, except the fixed ones, which `initialize` sets."""
    fixed = {id(variable) for variable in model.layers[0].fixed_variables}
    changing = [variable for variable in model.variables if id(variable) not in fixed]
    return [*changing, *model.optimizer.variables]


def _print_device(model: keras.Model, gpus: list[str]) -> None:
    """Print what the network is trained on."""
    kernel = "fused" if isinstance(model, FusedNetwork) else "keras"
    names = ", ".join(gpus) or f"CPU ({machine.usable_cores()} cores)"
    print(f"{model.name}  on {names}, kernel {kernel}", flush=True)


def _write_history(epochs: list[Epoch], file: Path) -> None:
    with file.open("w", encoding="utf-8", newline="") as output:
        writer = csv.writer(output, lineterminator="\n")
        writer.writerow(["epoch", *HISTORY])
        for number, epoch in enumerate(epochs, start=1):
            writer.writerow([number, *(f"{epoch[name]:.6f}" for name in HISTORY)])
