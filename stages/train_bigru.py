"""Train the bidirectional GRU.

Reads data/padded/train, data/padded/validation, data/ngrams and models/word_vectors, writes
models/bigru.
"""

from pathlib import Path

from birnn.core import stage
from birnn.core.settings import Settings
from birnn.networks.network import Network
from birnn.training.fit import Folders, train

FOLDERS = Folders(
    padded=Path("data/padded"),
    word_vectors=Path("models/word_vectors"),
    ngrams=Path("data/ngrams"),
    model=Path("models/bigru"),
    checkpoints=Path("state/bigru"),
)


def main(settings: Settings) -> None:
    """Train the network and write its weights and history."""
    network = Network.of_settings("gru", settings.network.gru_units, settings)
    train(network, settings.train, FOLDERS)


if __name__ == "__main__":
    stage.run(main)
