"""A small predictor with random weights, and a project that contains it."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from birnn.core.integrity import compute_md5
from birnn.core.libraries import tensorflow_imports
from birnn.core.paths import LOCK, MODELS, PADDED, PARAMS, PIPELINE
from birnn.core.settings import Pooling, Side
from birnn.inference.predictor import Predictor
from birnn.layers.fused import find_cell
from birnn.networks.config import NetworkConfig
from birnn.networks.network import initialize, save_network
from birnn.networks.registry import NETWORKS
from birnn.text import encoding
from birnn.text.encoding import Encoding
from birnn.text.ngrams import NO_NGRAM, RatioTable, codes
from tests.birnn import small_networks

with tensorflow_imports():
    import keras

CLASSES = ("thumbs down", "thumbs up")
WORDS = ["the", "a", "film", "good", "bad", "naïve", "isn't"]
IDS = len(WORDS) + 4


def config(network: str, **changes: Any) -> NetworkConfig:
    settings = dict.fromkeys(NETWORKS[network].settings.model_fields, 4)
    shape = {"num_words": IDS, "maxlen": 8, "embedding_dim": 5, "settings": settings}
    return small_networks.config(network, **(shape | changes))


def small_predictor(
    maxlen: int = 8,
    padding: Side = "pre",
    truncating: Side = "pre",
    seed: int = 0,
    pooling: Pooling = "last",
    longest_ngram: int = 0,
) -> Predictor:
    """Return a predictor with the vocabulary WORDS, of all networks that have this pooling."""
    keras.utils.set_random_seed(seed)
    networks = {}
    table = random_table(longest_ngram, seed) if longest_ngram else None
    ngrams = {"longest_ngram": longest_ngram, "ngrams": len(table.codes)} if table else {}
    # A layer of another kind may ignore masks, which `max_mean` refuses.
    for name in NETWORKS if pooling == "last" else small_networks.LAYERS:
        model = small_networks.build(config(name, maxlen=maxlen, pooling=pooling, **ngrams))
        # Larger weights than at the start of training, so that words change the predictions.
        model.set_weights([4 * weight for weight in model.get_weights()])
        initialize(model, np.empty((0, 5), np.float32), table)
        networks[name] = model
    return Predictor(Encoding(WORDS, maxlen, padding, truncating, CLASSES), networks)


def gated(predictor: Predictor) -> Predictor:
    """Return a predictor of the LSTMs and GRUs, which every export can express."""
    networks = {
        name: model
        for name, model in predictor.networks.items()
        if find_cell(getattr(model.layers[1], "forward_layer", None))
    }
    return Predictor(predictor.encoding, networks)


def random_table(longest: int, seed: int) -> RatioTable:
    """Return random ratios of n-grams of WORDS and of the start of a review."""
    generator = np.random.default_rng(seed)
    reviews = generator.integers(1, IDS, (40, 6)).astype(np.int32)
    known = np.setdiff1d(codes(reviews, longest, IDS), [NO_NGRAM])
    return RatioTable(known, generator.normal(size=len(known)).astype(np.float32))


def write_project(folder: Path, predictor: Predictor) -> None:
    """Write what commands read of a project whose pipeline has run: networks and `dvc.lock`."""
    (folder / PADDED).mkdir(parents=True)
    encoding.write(predictor.encoding, folder / PADDED)
    for name, model in predictor.networks.items():
        (folder / MODELS / name).mkdir(parents=True)
        save_network(config(name), model, folder / MODELS / name)
    inputs = [PADDED / name for name in encoding.FILES]
    inputs += [MODELS / name for name in predictor.networks]
    deps = [{"path": path.as_posix(), "md5": compute_md5(folder / path)} for path in inputs]
    (folder / LOCK).write_text(json.dumps({"stages": {"evaluate": {"deps": deps}}}))
    for mark in (PIPELINE, PARAMS):
        (folder / mark).touch()
