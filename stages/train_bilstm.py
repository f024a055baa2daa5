"""Train the bidirectional LSTM.

Reads data/padded/train or data/self_labelled, data/padded/validation, data/ngrams and
models/word_vectors. Writes models/bilstm.
"""

from birnn.core import stage, times
from birnn.core.libraries import tensorflow_imports
from birnn.core.settings import Settings
from birnn.networks import bilstm
from birnn.networks.config import NetworkConfig

with tensorflow_imports():
    from birnn.training.fit import Paths, train
    from birnn.training.splits import watched_split


def main(settings: Settings) -> None:
    """Train the network and write its weights and history."""
    config = NetworkConfig.from_settings(bilstm.NETWORK, settings)
    watched = watched_split(settings.pad.validation)
    paths = Paths.of(bilstm.NETWORK.name, settings.train)
    timing = train(bilstm.NETWORK, config, settings.train, watched, paths)
    times.record(paths.model, timing)


if __name__ == "__main__":
    stage.run(main)
