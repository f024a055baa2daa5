"""Train the bidirectional GRU.

Reads data/padded/train or data/self_labelled, data/padded/validation, data/ngrams and
models/word_vectors. Writes models/bigru.
"""

from birnn.core import stage, times
from birnn.core.libraries import tensorflow_imports
from birnn.core.settings import Settings
from birnn.networks import bigru
from birnn.networks.config import NetworkConfig

with tensorflow_imports():
    from birnn.training.fit import Paths, train
    from birnn.training.splits import watched_split


def main(settings: Settings) -> None:
    """Train the network and write its weights and history."""
    config = NetworkConfig.from_settings(bigru.NETWORK, settings)
    watched = watched_split(settings.pad.validation)
    paths = Paths.of(bigru.NETWORK.name, settings.train)
    timing = train(bigru.NETWORK, config, settings.train, watched, paths)
    times.record(paths.model, timing)


if __name__ == "__main__":
    stage.run(main)
