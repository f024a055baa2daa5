"""Checkpoints after every epoch, from which interrupted training resumes.

One file stores all variables of the network and its optimizer, and the history. Its name is a hash
of everything that the result depends on, so training never resumes from the checkpoint of another
configuration. The checkpoint stays after the last epoch until another training run replaces it,
because DVC may be killed before it records the result.
"""

import hashlib
import json
import sys
import zipfile
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import keras
import numpy as np

from birnn.core.outputs import atomic_file

PACKAGE = __name__.split(".")[0]
LIBRARIES = ("keras", "numba", "numpy", "tensorflow")


@dataclass(frozen=True)
class Progress:
    """The history of the epochs that are finished.

    Attributes:
        history: for each of Keras's metrics its values, one per epoch.
        seconds: the duration of each epoch.
    """

    history: dict[str, list[float]]
    seconds: list[float]

    @property
    def epochs(self) -> int:
        """The number of epochs that are finished."""
        return len(self.seconds)

    def after(self, metrics: dict[str, float], seconds: float) -> "Progress":
        """Return the progress after one more epoch."""
        history = {name: [*self.history.get(name, []), metrics[name]] for name in metrics}
        return Progress(history, [*self.seconds, seconds])


class Checkpoint:
    """The state of a training run after its last finished epoch."""

    def __init__(self, folder: Path, configuration: list[Any], data: list[Path]) -> None:
        """Name the file after the configuration (JSON), the data files, the code and libraries."""
        self._folder = folder
        self._file = folder / f"{_key(configuration, data)}.npz"

    def save(self, model: keras.Model, progress: Progress) -> None:
        """Write the state of a compiled model and its progress, and delete other checkpoints."""
        arrays = {str(number): variable.numpy() for number, variable in enumerate(_state(model))}
        text = json.dumps([progress.history, progress.seconds])
        with atomic_file(self._file) as temporary:
            np.savez(temporary, progress=np.array(text), **arrays)
        for other in set(self._folder.glob("*.npz")) - {self._file}:
            other.unlink()

    def load(self, model: keras.Model) -> Progress:
        """Restore the state of a compiled model and return its progress.

        The progress is empty if there is no checkpoint. It is also empty, with a warning, if the
        checkpoint is damaged.
        """
        if not self._file.exists():
            return Progress({}, [])
        try:
            with np.load(self._file, allow_pickle=False) as saved:
                arrays = [saved[str(number)] for number in range(len(_state(model)))]
                history, seconds = json.loads(str(saved["progress"]))
        except (zipfile.BadZipFile, OSError, ValueError, EOFError, KeyError, RuntimeError) as error:
            print(
                f"warning: {self._file} is damaged ({error}): training starts from the beginning",
                file=sys.stderr,
            )
            return Progress({}, [])
        for variable, array in zip(_state(model), arrays, strict=True):
            variable.assign(array)
        return Progress(history, seconds)


def _state(model: keras.Model) -> list[keras.Variable]:
    """Return all variables that training changes, including the seeds of dropout."""
    model.optimizer.build(model.trainable_variables)
    return [*model.variables, *model.optimizer.variables]


def _key(configuration: list[Any], data: list[Path]) -> str:
    versions = {name: metadata.version(name) for name in LIBRARIES} | {"python": sys.version}
    key = hashlib.sha256(json.dumps([configuration, versions]).encode())
    modules = [module for name, module in sys.modules.items() if name.split(".")[0] == PACKAGE]
    code = sorted(Path(module.__file__) for module in modules if module.__file__)
    for file in [*data, *code]:
        with file.open("rb") as content:
            key.update(hashlib.file_digest(content, "sha256").digest())
    return key.hexdigest()[:32]
