"""Train the bidirectional GRU.

Reads data/padded/train and data/padded/validation, writes models/bigru.
"""

from pathlib import Path

from birnn import command
from birnn.networks import Network
from birnn.settings import Settings
from birnn.training import train

PADDED = Path("data/padded")
MODEL = Path("models/bigru")
CHECKPOINTS = Path("state/bigru")


def main(settings: Settings) -> None:
    """Train the network and write its weights and history."""
    network = Network(
        layer="gru",
        num_words=settings.pad.num_words,
        maxlen=settings.pad.maxlen,
        embedding_dim=settings.network.embedding_dim,
        units=settings.network.gru_units,
        dropout=settings.network.dropout,
        kernel=settings.network.kernel,
    )
    train(network, settings.train, PADDED, MODEL, CHECKPOINTS)


if __name__ == "__main__":
    command.run(main)
