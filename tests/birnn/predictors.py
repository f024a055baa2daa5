"""A small predictor with random weights."""

import keras
import numpy as np

from birnn.core.settings import Pooling, Side
from birnn.inference.predictor import Predictor
from birnn.networks.config import NetworkConfig
from birnn.networks.network import initialize
from birnn.networks.registry import NETWORKS
from birnn.text.encoding import Encoding
from birnn.text.ngrams import NO_NGRAM, RatioTable, codes
from tests.birnn.small_networks import build

WORDS = ["the", "a", "film", "good", "bad", "naïve", "isn't"]


def small_predictor(
    maxlen: int = 8,
    padding: Side = "pre",
    truncating: Side = "pre",
    seed: int = 0,
    pooling: Pooling = "last",
    longest_ngram: int = 0,
) -> Predictor:
    """Return a predictor of two networks with the vocabulary WORDS."""
    keras.utils.set_random_seed(seed)
    networks = {}
    table = random_table(longest_ngram, seed) if longest_ngram else None
    for name in NETWORKS:
        config = NetworkConfig(
            name=name,
            num_words=len(WORDS) + 4,
            maxlen=maxlen,
            embedding_dim=5,
            settings={"units": 4},
            dropout=0.5,
            kernel="auto",
            pooling=pooling,
            longest_ngram=longest_ngram,
            ngrams=len(table.codes) if table else 0,
        )
        model = build(config)
        # Larger weights than at the start of training, so that words change the predictions.
        model.set_weights([4 * weight for weight in model.get_weights()])
        initialize(model, np.empty((0, 5), np.float32), table)
        networks[name] = model
    return Predictor(Encoding(WORDS, maxlen, padding, truncating), networks)


def random_table(longest: int, seed: int) -> RatioTable:
    """Return random ratios of n-grams of WORDS and of the start of a review."""
    generator = np.random.default_rng(seed)
    reviews = generator.integers(1, len(WORDS) + 4, (40, 6)).astype(np.int32)
    known = np.setdiff1d(codes(reviews, longest, len(WORDS) + 4), [NO_NGRAM])
    return RatioTable(known, generator.normal(size=len(known)).astype(np.float32))
