"""Predictions of each model, and their cost."""

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from birnn.evaluation import costs
from birnn.evaluation.arrays import LogOdds
from birnn.evaluation.model_names import BASELINE
from birnn.networks.definition import Network
from birnn.networks.network import count_parameters, load_network, predict, read_config
from birnn.networks.registry import NETWORKS
from birnn.text import reviews, sequences
from birnn.text.batching import BATCH_SIZE
from birnn.text.sequences import PADDING
from birnn.training import baseline

Cost = dict[str, Any]


def predict_with_all_models(
    models: Path, padded: Path, corpus_file: Path
) -> tuple[dict[str, LogOdds], dict[str, Cost]]:
    """Return the log-odds of the reviews of a split from each model, and the cost of each model.

    A cost has `parameters`, `multiply_adds` per review (None if unknown), and for a network also
    `recurrent_parameters`.

    Args:
        models: folder of the models.
        padded: folder of the padded reviews, which the networks read.
        corpus_file: file of the words, which the baseline reads.
    """
    padded_reviews, _ = sequences.read(padded)
    predicted = {
        name: predict_with_network(network, models / name, padded_reviews)
        for name, network in NETWORKS.items()
    }
    rows = np.load(padded / "rows.npy")
    predicted[BASELINE] = predict_with_baseline(models / BASELINE, corpus_file, rows)
    log_odds = {name: odds for name, (odds, _) in predicted.items()}
    return log_odds, {name: cost for name, (_, cost) in predicted.items()}


def predict_with_network(
    network: Network, folder: Path, padded: NDArray[np.int32]
) -> tuple[LogOdds, Cost]:
    """Predict padded reviews, int32, shape (reviews, maxlen), with the network in `folder`."""
    model = load_network(network, folder)
    starts = range(0, len(padded), BATCH_SIZE)
    batches = (padded[start : start + BATCH_SIZE] for start in starts)
    log_odds = _predict(network.name, partial(predict, model), batches, total=len(padded))
    _, layer, *_, output = model.layers
    # With `last`, networks also read padding.
    read = padded if read_config(folder).pooling == "last" else padded[padded != PADDING]
    cost = {
        "parameters": count_parameters(model),
        "recurrent_parameters": costs.recurrent_parameters(layer),
        "multiply_adds": costs.multiply_adds(layer, output, round(read.size / len(padded))),
    }
    return log_odds, cost


def predict_with_baseline(
    folder: Path, corpus_file: Path, rows: NDArray[np.int32]
) -> tuple[LogOdds, Cost]:
    """Predict the given rows of a split from all their words, with the baseline in `folder`.

    The baseline takes one multiply-add per known n-gram of a review.
    """
    trained = baseline.load(folder)
    classifier = baseline.Classifier(trained)
    batches = reviews.words(corpus_file, rows=rows)
    log_odds = _predict(folder.name, classifier, batches, total=len(rows))
    cost = {
        "parameters": len(trained.ngrams) + 1,
        "multiply_adds": round(classifier.multiply_adds / len(rows)),
    }
    return log_odds, cost


def _predict(
    name: str, predict: Callable[[Any], LogOdds], batches: Iterable[Any], *, total: int
) -> LogOdds:
    """Return the log-odds of all batches, and show the progress."""
    parts = []
    with tqdm(desc=f"predicting with {name}", total=total, unit=" reviews", disable=None) as bar:
        for batch in batches:
            parts.append(predict(batch))
            bar.update(len(parts[-1]))
    return np.concatenate(parts)
