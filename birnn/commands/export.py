"""Write the networks as one file that runs without this project."""

from pathlib import Path

from birnn import portable
from birnn.base.errors import InputError
from birnn.commands import pipeline
from birnn.models import NETWORKS


def run(file: Path) -> None:
    """Write the file.

    Raises:
        InputError: the name has another ending, or a file of the pipeline is missing or another.
    """
    if file.suffix.lower() != ".zip":
        raise InputError(f"{file} is no .zip: choose that ending")
    portable.write(pipeline.load(NETWORKS), file)
    print(f"{file}: {file.stat().st_size / 1e6:.1f} MB; its README.txt says how to use it")
