"""Predictions of each model, their speed and their cost."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from birnn.core.machine import BATCH_SIZE
from birnn.evaluation import costs
from birnn.networks.definition import Network
from birnn.networks.network import count_parameters, load_network, predict, read_config
from birnn.text import reviews
from birnn.training import baseline


@dataclass(frozen=True)
class Predictions:
    """The predictions of one model.

    Attributes:
        log_odds: log-odds that each review is positive, float32, shape (reviews,).
        cost: `parameters`, `multiply_adds` per review (None if unknown) and `reviews_per_second`
            per batch; for a network also `recurrent_parameters`.
    """

    log_odds: NDArray[np.float32]
    cost: dict[str, Any]


def predict_with_network(
    network: Network, folder: Path, sequences: NDArray[np.int32]
) -> Predictions:
    """Predict padded reviews, int32, shape (reviews, maxlen), with the network in `folder`."""
    model = load_network(network, folder)
    starts = range(0, len(sequences), BATCH_SIZE)
    batches = (sequences[start : start + BATCH_SIZE] for start in starts)
    log_odds, speeds = _time(network.name, partial(predict, model), batches, total=len(sequences))
    _, layer, *_, output = model.layers
    words = read_config(folder).words_read(sequences)
    cost = {
        "parameters": count_parameters(model),
        "recurrent_parameters": costs.recurrent_parameters(layer),
        "multiply_adds": costs.multiply_adds(network, layer, output, words),
        "reviews_per_second": speeds,
    }
    return Predictions(log_odds, cost)


def predict_with_baseline(folder: Path, corpus_file: Path, rows: NDArray[np.int32]) -> Predictions:
    """Predict the given rows of a split from all their words, with the baseline in `folder`.

    The baseline takes one multiply-add per known n-gram of a review.
    """
    trained = baseline.load(folder)
    predictor = baseline.Predictor(trained)
    batches = reviews.words(corpus_file, rows=rows)
    log_odds, speeds = _time(folder.name, predictor, batches, total=len(rows))
    cost = {
        "parameters": len(trained.ngrams) + 1,
        "multiply_adds": round(predictor.multiply_adds / len(rows)),
        "reviews_per_second": speeds,
    }
    return Predictions(log_odds, cost)


def _time(
    name: str, predict: Callable[[Any], NDArray[np.float32]], batches: Iterable[Any], *, total: int
) -> tuple[NDArray[np.float32], list[int]]:
    """Return the log-odds of all batches and the reviews per second of each batch.

    The speeds exclude the first batch, in which TensorFlow builds its graph, unless it is the only
    batch.
    """
    parts, speeds = [], []
    with tqdm(desc=f"predicting with {name}", total=total, unit=" reviews", disable=None) as bar:
        for batch in batches:
            start = time.perf_counter()
            part = predict(batch)
            speeds.append(round(len(part) / (time.perf_counter() - start)))
            parts.append(part)
            bar.update(len(part))
    return np.concatenate(parts), speeds[1:] or speeds
