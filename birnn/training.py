"""How a network is fitted, and what is kept of it."""

import csv
import math
import sys
import time
from pathlib import Path

import keras

from birnn import machine, networks, sequences
from birnn.batches import batches
from birnn.errors import InputError
from birnn.files import whole_folder, write_json
from birnn.networks import Network
from birnn.settings import Train

HISTORY = ("accuracy", "loss", "val_accuracy", "val_loss")


class Watch(keras.callbacks.Callback):  # type: ignore[misc]  # Keras comes without types
    """Takes the time of each epoch, logs it, and stops when the loss is not finite."""

    def __init__(self, name: str, epochs: int, *, log: bool) -> None:
        """Watch the network `name` for `epochs`; with `log`, print a line an epoch."""
        super().__init__()
        self.name = name
        self.epochs = epochs
        self.log = log
        self.seconds: list[float] = []
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
                f"{self.name}: the loss is {logs['loss']} in epoch {len(self.seconds) + 1}, "
                f"batch {batch + 1}: lower train.learning_rate"
            )

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
        """Stop the clock."""
        self.seconds.append(time.perf_counter() - self._start)
        if self.log:
            place = f"{self.name}  epoch {epoch + 1}/{self.epochs}"
            figures = "  ".join(f"{name} {logs[name]:.4f}" for name in HISTORY)
            print(f"{place}  {self.seconds[-1]:.0f} s  {figures}", flush=True)


def train(network: Network, settings: Train, padded: Path, folder: Path) -> None:
    """Fit `network` to `padded/train`, watch it on `padded/validation`, and write `folder`.

    `folder` gets the weights after the last epoch and the network's configuration (see
    `networks.save`), `history.csv` (a row an epoch) and `timing.json`.

    Raises:
        InputError: the loss is not finite.
    """
    keras.utils.set_random_seed(settings.seed)
    model = networks.build(network)
    model.compile(
        optimizer=keras.optimizers.get(
            {
                "class_name": settings.optimizer,
                "config": {"learning_rate": settings.learning_rate},
            }
        ),
        loss="binary_crossentropy",
        metrics=["accuracy"],
    )
    terminal = sys.stdout.isatty()
    watch = Watch(model.name, settings.epochs, log=not terminal)
    history = model.fit(
        batches(*sequences.read(padded / "train"), settings.batch_size, settings.seed),
        validation_data=batches(*sequences.read(padded / "validation"), settings.batch_size),
        epochs=settings.epochs,
        shuffle=False,  # the batches come shuffled
        verbose=1 if terminal else 0,
        callbacks=[watch],
    ).history
    with whole_folder(folder) as part:
        networks.save(network, model, part)
        _write_history(history, part / "history.csv")
        timing = {
            "parameters": model.count_params(),
            "seconds_per_epoch": [round(seconds, 3) for seconds in watch.seconds],
            "machine": machine.describe(networks.accelerators()),
        }
        write_json(part / "timing.json", timing)


def _write_history(history: dict[str, list[float]], file: Path) -> None:
    with file.open("w", encoding="utf-8", newline="") as output:
        writer = csv.writer(output, lineterminator="\n")
        writer.writerow(["epoch", *HISTORY])
        columns = zip(*(history[name] for name in HISTORY), strict=True)
        for epoch, figures in enumerate(columns, start=1):
            writer.writerow([epoch, *(f"{figure:.6f}" for figure in figures)])
