"""Small networks that read, with random weights."""

import keras

from birnn.core.settings import Side
from birnn.inference.predictor import Predictor
from birnn.networks.config import NetworkConfig
from birnn.networks.network import build_network
from birnn.text.encoding import Encoding

WORDS = ["the", "a", "film", "good", "bad", "naïve", "isn't"]


def small_predictor(
    maxlen: int = 8, padding: Side = "pre", truncating: Side = "pre", seed: int = 0
) -> Predictor:
    """Return two networks that know WORDS."""
    keras.utils.set_random_seed(seed)
    built = {}
    for name, layer in (("bilstm", "lstm"), ("bigru", "gru")):
        network = NetworkConfig(
            layer=layer,
            num_words=len(WORDS) + 4,
            maxlen=maxlen,
            embedding_dim=5,
            units=4,
            dropout=0.5,
            kernel="auto",
        )
        model = build_network(network)
        # Larger than those that training begins with, so that words matter.
        model.set_weights([4 * weight for weight in model.get_weights()])
        built[name] = model
    return Predictor(Encoding(WORDS, maxlen, padding, truncating), built)
