"""Small predictors with random weights, and a project that contains one."""

from dataclasses import replace
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any, get_args

import numpy as np

from birnn.architectures.registry import NETWORKS
from birnn.baseline import baseline
from birnn.baseline.baseline import Baseline
from birnn.core.libraries import tensorflow_imports
from birnn.core.outputs import write_json
from birnn.core.paths import BASELINE as BASELINE_FOLDER
from birnn.core.paths import EVALUATION, MODELS, PADDED, PARAMS, PIPELINE
from birnn.evaluation.baseline_model import BaselineModel
from birnn.evaluation.model_names import ALL_NETWORKS, BASELINE
from birnn.evaluation.predictor import Predictor
from birnn.networks.definition import Direction, Pooling
from birnn.networks.inputs.ngrams import NO_NGRAM, NgramRatios, RatioTable, codes
from birnn.networks.network import initialize, save_network
from birnn.reviews import encoding
from birnn.reviews.encoding import Encoding
from birnn.reviews.sequences import Side
from birnn.reviews.tokenizer import Tokenizer
from tests.birnn import small_networks
from tests.projects import DEFAULTS

with tensorflow_imports():
    import keras

    from birnn.evaluation.network_model import NetworkModel

CLASSES = ("thumbs down", "thumbs up")
LONG = "Good? The good, the bad and a film, <b>a</b> zxqv! And isn't the film naïve?"
LAYOUTS = [*product(get_args(Side), get_args(Side), get_args(Pooling))]
WORDS = ("the", "a", "film", "good", "bad", "naïve", "isn't")
IDS = len(WORDS) + 4


@cache
def small_predictor(
    maxlen: int = 8,
    padding: Side = "pre",
    truncating: Side = "pre",
    pooling: Pooling = "last",
    direction: Direction = "both",
    longest_ngram: int = 0,
    words: tuple[str, ...] = WORDS,
    tokenizer: Tokenizer = "keras",
) -> Predictor:
    """Return a predictor of all networks that have this pooling. Do not modify it."""
    keras.utils.set_random_seed(0)
    networks = {}
    table = random_table(longest_ngram, len(words) + 4) if longest_ngram else None
    ngrams = {"longest_ngram": longest_ngram, "ngrams": len(table.codes)} if table else {}
    encoded = Encoding([*words], maxlen, padding, truncating, tokenizer, CLASSES)
    shape = {"maxlen": maxlen, "num_words": len(words) + 4}
    layers: dict[str, Any] = {"pooling": pooling, "direction": direction}
    # A layer of another kind may ignore masks.
    for name in NETWORKS if pooling == "last" else small_networks.LAYERS:
        model = small_networks.build(small_networks.config(name, **shape, **layers, **ngrams))
        # Larger weights than at the start of training, so that words change the predictions.
        model.set_weights([4 * weight for weight in model.get_weights()])
        inputs = [NgramRatios(longest_ngram, len(words) + 4, table)] if table else []
        initialize(model, np.empty((0, model.layers[0].output_dim), np.float32), inputs)
        networks[name] = NetworkModel(encoded, model)
    return Predictor(networks, tokenizer=tokenizer, classes=CLASSES)


def small_baseline(longest: int = 2, *, normalized: bool = False) -> Predictor:
    """Return a baseline with n-grams of WORDS, whose texts may be divided by their norm."""
    generator = np.random.default_rng(0)
    ngrams = [
        " ".join(words)
        for length in range(longest, 0, -1)
        for words in generator.permutation([*product(WORDS, repeat=length)])[:60].tolist()
    ]
    weights = generator.normal(0, 0.5, len(ngrams))
    squares = generator.uniform(1, 9, len(ngrams)) if normalized else None
    trained = Baseline(longest, ngrams, weights, -0.25, squares)
    return Predictor({BASELINE: BaselineModel(trained)}, classes=CLASSES)


def gated(predictor: Predictor) -> Predictor:
    """Return a predictor of the LSTMs and GRUs, which ONNX can express."""
    networks = {
        name: model for name, model in predictor.models.items() if name in small_networks.LAYERS
    }
    return replace(predictor, models=networks)


def random_table(longest: int, num_words: int) -> RatioTable:
    """Return random ratios of n-grams of words and of the start of a review."""
    generator = np.random.default_rng(0)
    reviews = generator.integers(1, num_words, (40, 6)).astype(np.int32)
    known = np.setdiff1d(codes(reviews, longest, num_words), [NO_NGRAM])
    return RatioTable(known, generator.normal(size=len(known)).astype(np.float32))


def write_project(folder: Path, predictor: Predictor) -> None:
    """Write what commands read of a project whose pipeline has run: models and settings."""
    (folder / PADDED).mkdir(parents=True)
    for name, model in predictor.models.items():
        (folder / MODELS / name).mkdir(parents=True)
        config = small_networks.config(name, num_words=IDS, maxlen=model.encoding.maxlen)
        save_network(config, model.network, folder / MODELS / name)
        encoding.write(model.encoding, folder / PADDED)
    (folder / BASELINE_FOLDER).mkdir()
    baseline.save(small_baseline().models[BASELINE].baseline, folder / BASELINE_FOLDER)
    (folder / EVALUATION).parent.mkdir()
    measured = {"threshold": 0.5, "accuracy": 0.8}
    metrics = dict.fromkeys([*predictor.models, BASELINE, ALL_NETWORKS], measured)
    write_json(folder / EVALUATION, metrics | {"choice": {"model": ALL_NETWORKS}})
    sources = {"fetch": DEFAULTS.fetch.model_dump() | {"source": "csv"}}
    sources["csv"] = DEFAULTS.csv.model_dump() | {"text_column": "review"}
    write_json(folder / PARAMS, sources)
    write_json(folder / PIPELINE, {"stages": {"fetch": {"params": ["csv", "fetch"]}}})
