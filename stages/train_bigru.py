"""Train the bidirectional GRU.

Reads data/padded/train or data/self_labelled, data/padded/validation, data/ngrams and
models/word_vectors. Writes models/bigru.
"""

from birnn.architectures import bigru
from birnn.core import stage
from birnn.networks.definition import Units
from birnn.training import network_stage
from birnn.training.settings import TrainingSettings


class Settings(TrainingSettings):
    """The settings of this stage."""

    bigru: Units


def main(settings: Settings) -> None:
    """Train the network, if networks are trained."""
    network_stage.main(bigru.NETWORK, settings)


if __name__ == "__main__":
    stage.run(main, Settings)
