"""The stage of a network: it trains the network, unless only the baseline is trained."""

import math

from birnn.core import paths, stage
from birnn.core.libraries import tensorflow_imports
from birnn.core.outputs import atomic_folder, write_json
from birnn.networks.definition import Network
from birnn.reviews import sequences
from birnn.training.settings import TrainingSettings

FEW_STEPS = 100  # with fewer, a network is far from what it could learn


def main(network: Network, settings: TrainingSettings) -> None:
    """Write the weights and the history of a network, or nothing if networks are off."""
    if not settings.train.networks:
        with atomic_folder(paths.MODELS / network.name) as folder:
            write_json(folder / "off.json", {})  # because DVC warns of an empty folder
        print("off: train.networks is false")
        return
    reviews = len(sequences.read(settings.train.folder)[1])
    steps = math.ceil(reviews / settings.train.batch_size) * settings.train.epochs
    if steps < FEW_STEPS:
        print(f"warning: {network.title} takes only {steps} gradient steps: trust the baseline")
    with tensorflow_imports():
        from birnn.training import fit  # noqa: PLC0415  # takes seconds

    files = fit.TrainingFiles.of(network.name, settings.train)
    seconds, gpus = fit.train_network(network, settings, files)
    stage.record_time(files.model, seconds, gpus)
