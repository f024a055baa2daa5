"""Train the bidirectional GRU.

Reads data/padded/train or data/self_labelled, data/padded/validation, data/ngrams and
models/word_vectors. Writes models/bigru.
"""

from birnn.architectures import bigru
from birnn.core import stage
from birnn.core.libraries import tensorflow_imports
from birnn.networks.definition import Units
from birnn.training.settings import TrainingSettings

with tensorflow_imports():
    from birnn.training.fit import TrainingFiles, train_network


class Settings(TrainingSettings):
    """The settings of this stage."""

    bigru: Units


def main(settings: Settings) -> None:
    """Train the network and write its weights and history."""
    files = TrainingFiles.of(bigru.NETWORK.name, settings.train)
    seconds, gpus = train_network(bigru.NETWORK, settings, files)
    stage.record_time(files.model, seconds, gpus)


if __name__ == "__main__":
    stage.run(main, Settings)
