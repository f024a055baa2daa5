"""Write the networks as one file that runs without this project."""

from pathlib import Path

from birnn.cli import pipeline
from birnn.core.errors import InputError
from birnn.evaluation.model_names import NETWORKS
from birnn.inference import saved_model


def run(file: Path) -> None:
    """Write the file.

    Raises:
        InputError: the name has another ending, or a file of the pipeline is missing or another.
    """
    if file.suffix.lower() != ".zip":
        raise InputError(f"{file} is no .zip: choose that ending")
    saved_model.write(pipeline.load(NETWORKS), file)
    print(f"{file}: {file.stat().st_size / 1e6:.1f} MB; its README.txt says how to use it")
