"""What is kept of a training while it runs, so that one that was killed can go on.

One file, which is written after each epoch: all variables of the network and its optimizer, and
what was measured. Its name is the hash of all that decides on the bytes of the result, so that a
training never goes on from another's. It stays after the last epoch, until another training takes
its place: who started the training may be killed before the result is recorded.
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

from birnn.core.outputs import whole_file

PACKAGE = __name__.split(".")[0]
LIBRARIES = ("keras", "numba", "numpy", "tensorflow")


@dataclass(frozen=True)
class Progress:
    """What was measured of the epochs that are finished.

    Attributes:
        history: what Keras reports of each epoch, by name.
        seconds: of each epoch.
    """

    history: dict[str, list[float]]
    seconds: list[float]

    @property
    def epochs(self) -> int:
        """The number of epochs that are finished."""
        return len(self.seconds)

    def after(self, measured: dict[str, float], seconds: float) -> "Progress":
        """Return the progress with one epoch more."""
        history = {name: [*self.history.get(name, []), measured[name]] for name in measured}
        return Progress(history, [*self.seconds, seconds])


class Checkpoint:
    """The state of one training, after its last finished epoch."""

    def __init__(self, folder: Path, decides: list[Any], data: list[Path]) -> None:
        """Name the file by what `decides`, as JSON, by files of `data`, code and libraries."""
        self._folder = folder
        self._file = folder / f"{_key(decides, data)}.npz"

    def save(self, model: keras.Model, progress: Progress) -> None:
        """Write the state of a compiled model and its progress."""
        arrays = {str(number): variable.numpy() for number, variable in enumerate(_state(model))}
        text = json.dumps([progress.history, progress.seconds])
        with whole_file(self._file) as part:
            np.savez(part, progress=np.array(text), **arrays)
        for other in set(self._folder.glob("*.npz")) - {self._file}:
            other.unlink()

    def load(self, model: keras.Model) -> Progress:
        """Bring a compiled model to the state that was saved; no progress where none was.

        A damaged file is as good as none, with a warning.
        """
        if not self._file.exists():
            return Progress({}, [])
        try:
            with np.load(self._file, allow_pickle=False) as saved:
                arrays = [saved[str(number)] for number in range(len(_state(model)))]
                history, seconds = json.loads(str(saved["progress"]))
        except (zipfile.BadZipFile, OSError, ValueError, EOFError, KeyError) as error:
            print(f"warning: {self._file} is damaged, so it is left out ({error})", file=sys.stderr)
            return Progress({}, [])
        for variable, array in zip(_state(model), arrays, strict=True):
            variable.assign(array)
        return Progress(history, seconds)


def _state(model: keras.Model) -> list[keras.Variable]:
    """Return all variables that training changes, the seeds of dropout among them."""
    model.optimizer.build(model.trainable_variables)
    return [*model.variables, *model.optimizer.variables]


def _key(decides: list[Any], data: list[Path]) -> str:
    key = hashlib.sha256(json.dumps([decides, _versions()]).encode())
    for file in [*data, *_code()]:
        with file.open("rb") as content:
            key.update(hashlib.file_digest(content, "sha256").digest())
    return key.hexdigest()[:32]


def _versions() -> dict[str, str]:
    return {name: metadata.version(name) for name in LIBRARIES} | {"python": sys.version}


def _code() -> list[Path]:
    """Return the files of this package that are in use."""
    modules = [module for name, module in sys.modules.items() if name.split(".")[0] == PACKAGE]
    return sorted(Path(module.__file__) for module in modules if module.__file__)
