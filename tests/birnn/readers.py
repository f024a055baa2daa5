"""Small networks that read, with random weights."""

import keras

from birnn.core.settings import Side
from birnn.inference.predictor import Reader
from birnn.networks import network as networks
from birnn.networks.network import Network
from birnn.text.encoding import Encoding

WORDS = ["the", "a", "film", "good", "bad", "naïve", "isn't"]


def reader(
    maxlen: int = 8, padding: Side = "pre", truncating: Side = "pre", seed: int = 0
) -> Reader:
    """Return two networks that know WORDS."""
    keras.utils.set_random_seed(seed)
    built = {}
    for name, layer in (("bilstm", "lstm"), ("bigru", "gru")):
        network = Network(
            layer=layer,
            num_words=len(WORDS) + 4,
            maxlen=maxlen,
            embedding_dim=5,
            units=4,
            dropout=0.5,
            kernel="auto",
        )
        model = networks.build(network)
        # Larger than those that training begins with, so that words matter.
        model.set_weights([4 * weight for weight in model.get_weights()])
        built[name] = model
    return Reader(Encoding(WORDS, maxlen, padding, truncating), built)
