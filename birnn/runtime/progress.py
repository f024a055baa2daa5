"""The progress of a training, in a terminal."""

import time

import keras
from tqdm import tqdm


class EpochProgress(keras.callbacks.Callback):  # type: ignore[misc]  # Keras comes without types
    """A callback that shows a bar for each epoch in a terminal, and prints a line at its end."""

    def __init__(self, name: str, epochs: int) -> None:
        """Name the training, and give the number of its last epoch."""
        super().__init__()
        self._name, self._epochs = name, epochs
        self._start = 0.0
        # With disable=None, the bar is shown only in a terminal.
        self._bar = tqdm(desc=name, unit=" batches", leave=False, disable=None)

    def on_epoch_begin(self, epoch: int, _logs: dict[str, float] | None = None) -> None:
        """Start the clock and the bar."""
        self._start = time.perf_counter()
        self._bar.set_description(self._title(epoch), refresh=False)
        self._bar.reset(self.params["steps"])

    def on_train_batch_end(self, _batch: int, **_logs: dict[str, float]) -> None:
        """Move the bar."""
        self._bar.update()

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
        """Print a line in the place of the bar."""
        seconds = time.perf_counter() - self._start
        figures = "  ".join(f"{name} {value:.4f}" for name, value in logs.items())
        self._bar.clear()
        print(f"{self._title(epoch)}  {seconds:.0f} s  {figures}", flush=True)

    def close(self) -> None:
        """Remove the bar, also after an error."""
        self._bar.close()

    def _title(self, epoch: int) -> str:
        return f"{self._name}  epoch {epoch + 1}/{self._epochs}"
