"""Train the bidirectional GRU.

Reads data/padded/train or data/self_labelled, data/padded/validation, data/ngrams and
models/word_vectors. Writes models/bigru.
"""

from birnn.core import stage, times
from birnn.core.libraries import tensorflow_imports
from birnn.core.settings import Settings
from birnn.networks import bigru

with tensorflow_imports():
    from birnn.training.fit import Paths, train_network


def main(settings: Settings) -> None:
    """Train the network and write its weights and history."""
    paths = Paths.of(bigru.NETWORK.name, settings.train)
    times.record(paths.model, train_network(bigru.NETWORK, settings, paths))


if __name__ == "__main__":
    stage.run(main)
