"""What each model says of the test reviews, how fast, and at what cost."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from birnn.core.outputs import read_json
from birnn.evaluation import costs
from birnn.networks import network as networks
from birnn.text import reviews
from birnn.training import baseline


@dataclass(frozen=True)
class Predictions:
    """What one model says.

    Attributes:
        probabilities: that each review is positive, float32, shape (reviews,).
        cost: `parameters`, `multiply_adds` a review and, for each batch, `reviews_per_second`;
            of a network `recurrent_parameters`, too.
    """

    probabilities: NDArray[np.float32]
    cost: dict[str, Any]


def of_network(folder: Path, sequences: NDArray[np.int32]) -> Predictions:
    """Predict padded reviews, int32, shape (reviews, maxlen), by the network in `folder`."""
    network = networks.Network.model_validate(read_json(folder / "network.json"))
    model = networks.load(folder)
    starts = range(0, len(sequences), networks.BATCH)
    batches = (sequences[start : start + networks.BATCH] for start in starts)
    probabilities, speeds = _timed(folder.name, model.predict_on_batch, batches, len(starts))
    shape = (network.layer, network.inputs, network.units)
    cost = {
        "parameters": networks.parameters(model),
        "recurrent_parameters": costs.recurrent_parameters(*shape),
        "multiply_adds": costs.multiply_adds(
            *shape, network.words_read(sequences), network.outputs
        ),
        "reviews_per_second": speeds,
    }
    return Predictions(probabilities[:, 0], cost)


def of_baseline(folder: Path, corpus_file: Path, rows: NDArray[np.int32]) -> Predictions:
    """Predict some rows of the reviews of a split, with all their words, by the linear baseline.

    It multiplies once for each n-gram of a review that it knows.
    """
    trained = baseline.load(folder)
    predictor = baseline.Predictor(trained)
    batches = reviews.words(corpus_file, networks.BATCH, rows)
    count = -(-len(rows) // networks.BATCH)
    probabilities, speeds = _timed(folder.name, predictor, batches, count)
    cost = {
        "parameters": len(trained.ngrams) + 1,
        "multiply_adds": round(predictor.multiply_adds / len(rows)),
        "reviews_per_second": speeds,
    }
    return Predictions(probabilities, cost)


def _timed(
    name: str, predict: Callable[[Any], NDArray[np.float32]], batches: Iterable[Any], count: int
) -> tuple[NDArray[np.float32], list[int]]:
    """Return what `predict` says of all batches, and the reviews a second of each.

    The speed of the first batch, in which TensorFlow builds its graph, is left out where there
    are others.
    """
    parts, speeds = [], []
    for batch in tqdm(batches, desc=f"predicting, {name}", total=count, disable=None):
        start = time.perf_counter()
        part = predict(batch)
        speeds.append(round(len(part) / (time.perf_counter() - start)))
        parts.append(part)
    return np.concatenate(parts), speeds[1:] or speeds
