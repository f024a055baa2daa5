"""Checkpoints after every epoch, from which interrupted training resumes.

One file stores all weights, the state of the optimizer and the history. Its name is a hash
of everything that the result depends on, so training never resumes from the checkpoint of another
configuration. The checkpoint stays after the last epoch until another training run replaces it,
because DVC may be killed before it records the result.
"""

import hashlib
import json
import sys
import zipfile
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from birnn.core.outputs import atomic_file

LIBRARIES = ("keras", "numba", "numpy", "tensorflow")

Epoch = dict[str, float]
"""The metrics of a finished epoch, and its `seconds`."""


class Checkpoint:
    """The state of a training run after its last finished epoch."""

    def __init__(self, folder: Path, configuration: list[Any], data: list[Path]) -> None:
        """Name the file after the configuration (JSON), the data files, the code and libraries."""
        self._folder = folder
        self._file = folder / f"{_key(configuration, data)}.npz"

    def save(self, state: list[NDArray[Any]], epochs: list[Epoch]) -> None:
        """Write the arrays of a training and its epochs; delete other checkpoints."""
        with atomic_file(self._file) as temporary:
            np.savez(temporary, *state, epochs=np.array(json.dumps(epochs)))
        for other in set(self._folder.glob("*.npz")) - {self._file}:
            other.unlink()

    def load(self) -> tuple[list[NDArray[Any]], list[Epoch]]:
        """Return the arrays and the finished epochs.

        Both are empty if there is no checkpoint, or, with a warning, if it is damaged.
        """
        if not self._file.exists():
            return [], []
        try:
            with np.load(self._file, allow_pickle=False) as saved:
                state = [saved[f"arr_{number}"] for number in range(len(saved.files) - 1)]
                epochs = json.loads(str(saved["epochs"]))
        except (zipfile.BadZipFile, OSError, ValueError, EOFError, KeyError, RuntimeError) as error:
            print(
                f"warning: {self._file} is damaged ({error}): training starts from the beginning",
                file=sys.stderr,
            )
            return [], []
        return state, epochs


def _key(configuration: list[Any], data: list[Path]) -> str:
    versions = {name: metadata.version(name) for name in LIBRARIES} | {"python": sys.version}
    key = hashlib.sha256(json.dumps([configuration, versions]).encode())
    for file in [*_loaded_code(), *data]:
        with file.open("rb") as content:
            key.update(hashlib.file_digest(content, "sha256").digest())
    return key.hexdigest()[:32]


def _loaded_code() -> list[Path]:
    """Return the files of the modules that this process has imported and that change results."""
    names = sorted(name for name in sys.modules if name.startswith("birnn."))
    code = (name for name in names if not name.startswith("birnn.runtime"))
    return [Path(str(sys.modules[name].__file__)) for name in code]
