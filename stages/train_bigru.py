"""Train the bidirectional GRU.

Reads data/padded/train, data/padded/validation, data/ngrams and models/word_vectors. Writes
models/bigru and timings/bigru.json.
"""

from pathlib import Path

from birnn.core import stage
from birnn.core.settings import Settings
from birnn.networks.config import NetworkConfig
from birnn.networks.quiet_imports import quiet_imports

with quiet_imports():
    from birnn.training.fit import Paths, train

PATHS = Paths(
    padded=Path("data/padded"),
    ngrams=Path("data/ngrams"),
    word_vectors=Path("models/word_vectors"),
    model=Path("models/bigru"),
    timing=Path("timings/bigru.json"),
    checkpoints=Path("state/bigru"),
)


def main(settings: Settings) -> None:
    """Train the network and write its weights and history."""
    network = NetworkConfig.from_settings("gru", settings.network.gru_units, settings)
    train(network, settings.train, PATHS)


if __name__ == "__main__":
    stage.run(main)
