"""Export the networks as one file that runs without this project."""

from pathlib import Path

from birnn.core.errors import InputError
from birnn.evaluation.model_names import NETWORKS
from birnn.inference import predictor, saved_model


def run(file: Path) -> None:
    """Write all networks to the zip file `file`.

    Raises:
        InputError: the name does not end in .zip, or a file of the pipeline is missing or modified.
    """
    if file.suffix.lower() != ".zip":
        raise InputError(f"{file} is not a .zip file: choose a name that ends in .zip")
    saved_model.write(predictor.load_verified(NETWORKS), file)
    print(f"{file}: {file.stat().st_size / 1e6:.1f} MB; its README.txt shows how to use it")
