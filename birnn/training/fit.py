"""How a network is fitted, and what is kept of it."""

import csv
import math
import sys
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np

from birnn.core import machine, signals
from birnn.core.errors import InputError
from birnn.core.outputs import whole_folder, write_json
from birnn.core.settings import Train
from birnn.networks import network as networks
from birnn.networks.network import Network
from birnn.text import ngrams, sequences
from birnn.training import data_parallel
from birnn.training.batches import batches
from birnn.training.checkpoints import Checkpoint, Progress
from birnn.training.data_parallel import Worker

HISTORY = ("accuracy", "loss", "val_accuracy", "val_loss")


class Watch(keras.callbacks.Callback):  # type: ignore[misc]  # Keras comes without types
    """Measures each epoch and keeps its state, logs it, and stops when the loss is not finite."""

    def __init__(
        self, name: str, epochs: int, checkpoint: Checkpoint, progress: Progress, *, log: bool
    ) -> None:
        """Watch the network `name` on its way to `epochs`; with `log`, print a line an epoch."""
        super().__init__()
        self.name = name
        self.epochs = epochs
        self.checkpoint = checkpoint
        self.progress = progress
        self.log = log
        self._start = 0.0

    def on_epoch_begin(self, _epoch: int, _logs: dict[str, float] | None = None) -> None:
        """Start the clock."""
        self._start = time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: dict[str, float]) -> None:
        """Stop at the first loss that is not finite.

        Raises:
            InputError: the loss is infinite or not a number.
        """
        if not math.isfinite(logs["loss"]):
            raise InputError(
                f"{self.name}: the loss is {logs['loss']} in epoch {self.progress.epochs + 1}, "
                f"batch {batch + 1}: lower train.learning_rate"
            )

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
        """Stop the clock, and keep the state."""
        seconds = time.perf_counter() - self._start
        self.progress = self.progress.after({name: logs[name] for name in HISTORY}, seconds)
        self.checkpoint.save(self.model, self.progress)
        if self.log:
            place = f"{self.name}  epoch {epoch + 1}/{self.epochs}"
            figures = "  ".join(f"{name} {logs[name]:.4f}" for name in HISTORY)
            print(f"{place}  {seconds:.0f} s  {figures}", flush=True)


@dataclass(frozen=True)
class Folders:
    """Where a training reads and writes.

    Attributes:
        padded: `train` and `validation`, see `sequences`.
        ngrams: see `ngrams`; a network that reads none leaves it alone.
        word_vectors: `vectors.npy`, see `word_vectors`; without a row, vectors begin at random.
        model: what is written.
        checkpoints: what is kept for a training that is interrupted.
    """

    padded: Path
    ngrams: Path
    word_vectors: Path
    model: Path
    checkpoints: Path

    def inputs(self) -> list[Path]:
        """Return the files that are read."""
        parts = self.padded / "train", self.padded / "validation"
        of_parts = [part / name for part in parts for name in sequences.FILES]
        return [*of_parts, *sorted(self.ngrams.glob("*.npy")), self.word_vectors / "vectors.npy"]


def train(network: Network, settings: Train, folders: Folders) -> None:
    """Fit `network` to the training reviews, watch it on the validation, and write the model.

    The model's folder gets the weights after the last epoch and the network's configuration (see
    `networks.save`), `history.csv` (a row an epoch) and `timing.json`. A training that was
    interrupted goes on after its last finished epoch, and ends with the same weights and history.

    With several workers, each sees its share of every batch, and all take the same steps.

    Raises:
        InputError: the loss is not finite.
    """
    here = machine.describe(networks.accelerators())
    fit = partial(_fit, network, settings, folders, here)
    if settings.workers == 1:
        fit(None)
    else:
        data_parallel.run(settings.workers, fit)


def _fit(
    network: Network, settings: Train, folders: Folders, here: dict[str, Any], worker: Worker | None
) -> None:
    keras.utils.set_random_seed(settings.seed)
    table, given = ngrams.read(folders.ngrams) if network.longest_ngram else (None, None)
    if table:
        network = network.model_copy(update={"ngrams": len(table.codes)})
    plain = networks.build(network)
    networks.begin_with(plain, np.load(folders.word_vectors / "vectors.npy"), table)
    model = worker.parallel(plain) if worker else plain
    training = sequences.read(folders.padded / "train")
    validation = sequences.read(folders.padded / "validation")
    model.compile(
        optimizer=_optimizer(settings, reviews=len(training[1])),
        loss="binary_crossentropy",
        metrics=["accuracy"],
    )
    checkpoint = Checkpoint(
        folders.checkpoints,
        decides=[network.model_dump(), settings.model_dump(), here],
        data=folders.inputs(),
    )
    begun = checkpoint.load(model)
    if worker:
        worker.draw_apart(plain)
    is_first = worker is None or worker.is_first
    if begun.epochs and is_first:
        print(f"{model.name}  goes on after epoch {begun.epochs}", flush=True)
    share = worker.share if worker else None
    terminal = sys.stdout.isatty()
    watch = Watch(model.name, settings.epochs, checkpoint, begun, log=not terminal)
    try:
        with signals.restore_interrupts():
            model.fit(
                batches(
                    training,
                    settings.batch_size,
                    shuffle_seed=settings.seed,
                    first_epoch=begun.epochs,
                    given=given,
                    share=share,
                ),
                validation_data=batches(validation, networks.BATCH, share=share),
                initial_epoch=begun.epochs,
                epochs=settings.epochs,
                shuffle=False,  # the batches come shuffled
                verbose=1 if terminal and is_first else 0,
                callbacks=[watch] if is_first else [],
            )
    except KeyboardInterrupt:
        if is_first:
            print(f"{model.name}  {watch.progress.epochs} of {settings.epochs} epochs are kept")
        raise
    if not is_first:
        return
    with whole_folder(folders.model) as part:
        networks.save(network, plain, part)
        _write_history(watch.progress.history, part / "history.csv")
        timing = {
            "parameters": networks.parameters(plain),
            "seconds_per_epoch": [round(seconds, 3) for seconds in watch.progress.seconds],
            "machine": here,
        }
        write_json(part / "timing.json", timing)


def _optimizer(settings: Train, reviews: int) -> keras.Optimizer:
    rate: Any = settings.learning_rate
    if settings.schedule == "cosine":
        steps = settings.epochs * -(-reviews // settings.batch_size)
        schedule = keras.optimizers.schedules.CosineDecay(rate, steps)
        rate = keras.optimizers.schedules.serialize(schedule)
    config = {"learning_rate": rate}
    if settings.clipnorm:
        config["global_clipnorm"] = settings.clipnorm
    return keras.optimizers.get({"class_name": settings.optimizer, "config": config})


def _write_history(history: dict[str, list[float]], file: Path) -> None:
    with file.open("w", encoding="utf-8", newline="") as output:
        writer = csv.writer(output, lineterminator="\n")
        writer.writerow(["epoch", *HISTORY])
        columns = zip(*(history[name] for name in HISTORY), strict=True)
        for epoch, figures in enumerate(columns, start=1):
            writer.writerow([epoch, *(f"{figure:.6f}" for figure in figures)])
