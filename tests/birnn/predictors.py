"""A small predictor with random weights."""

import keras

from birnn.core.settings import Side
from birnn.inference.predictor import Predictor
from birnn.networks.config import NetworkConfig
from birnn.networks.registry import NETWORKS
from birnn.text.encoding import Encoding
from tests.birnn.small_networks import build

WORDS = ["the", "a", "film", "good", "bad", "naïve", "isn't"]


def small_predictor(
    maxlen: int = 8, padding: Side = "pre", truncating: Side = "pre", seed: int = 0
) -> Predictor:
    """Return a predictor of two networks with the vocabulary WORDS."""
    keras.utils.set_random_seed(seed)
    networks = {}
    for name in NETWORKS:
        config = NetworkConfig(
            name=name,
            num_words=len(WORDS) + 4,
            maxlen=maxlen,
            embedding_dim=5,
            settings={"units": 4},
            dropout=0.5,
            kernel="auto",
        )
        model = build(config)
        # Larger weights than at the start of training, so that words change the predictions.
        model.set_weights([4 * weight for weight in model.get_weights()])
        networks[name] = model
    return Predictor(Encoding(WORDS, maxlen, padding, truncating), networks)
