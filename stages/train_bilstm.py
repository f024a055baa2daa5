"""Train the bidirectional LSTM.

Reads data/padded/train, data/padded/validation, data/ngrams and models/word_vectors. Writes
models/bilstm and timings/bilstm.json.
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
    model=Path("models/bilstm"),
    timing=Path("timings/bilstm.json"),
    checkpoints=Path("state/bilstm"),
)


def main(settings: Settings) -> None:
    """Train the network and write its weights and history."""
    network = NetworkConfig.from_settings("lstm", settings.network.lstm_units, settings)
    train(network, settings.train, PATHS)


if __name__ == "__main__":
    stage.run(main)
