"""The predictions of a study over seeds for the test reviews, small enough for git."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from birnn.core.outputs import atomic_file
from birnn.evaluation.model_names import NETWORKS
from birnn.experiments import quantization
from birnn.experiments.weighted_measures import MEASURES, measure_resamples

REVIEWS = "reviews.parquet"


@dataclass(frozen=True)
class SeedPredictions:
    """The log-odds that networks of several seeds give the test reviews.

    Attributes:
        labels: uint8, shape (reviews,), 1 positive, 0 negative.
        groups: number of each review's group, such as its film, int32, shape (reviews,).
        logits: log-odds by network, float32, shape (seeds, reviews).
    """

    labels: NDArray[np.uint8]
    groups: NDArray[np.int32]
    logits: dict[str, NDArray[np.float32]]


def collect(tables: Sequence[pd.DataFrame]) -> SeedPredictions:
    """Return the predictions of several seeds, one table of `predictions.parquet` per seed."""
    return SeedPredictions(
        labels=tables[0]["label"].to_numpy(),
        groups=tables[0]["group"].to_numpy(),
        logits={name: np.array([table[name] for table in tables]) for name in NETWORKS},
    )


def write(predictions: SeedPredictions, folder: Path) -> None:
    """Write `reviews.parquet`, and quantized log-odds in one file per network."""
    columns = {"label": predictions.labels, "group": predictions.groups}
    with atomic_file(folder / REVIEWS) as part:
        pd.DataFrame(columns).to_parquet(part, index=False, compression="zstd")
    for name, logits in predictions.logits.items():
        packed = quantization.pack(quantization.quantize(logits))
        with atomic_file(_file(folder, name)) as part:
            part.write_bytes(packed.tobytes())


def read(folder: Path) -> SeedPredictions | None:
    """Return the predictions that `write` wrote, or None if the folder has no predictions."""
    if not (folder / REVIEWS).exists():
        return None
    reviews = pd.read_parquet(folder / REVIEWS)
    logits = {}
    for name in filter(lambda name: _file(folder, name).exists(), NETWORKS):
        packed = np.frombuffer(_file(folder, name).read_bytes(), np.uint8)
        seeds = 8 * len(packed) // (quantization.BITS * len(reviews))
        codes = quantization.unpack(packed, (seeds, len(reviews)))
        logits[name] = quantization.dequantize(codes)
    return SeedPredictions(reviews["label"].to_numpy(), reviews["group"].to_numpy(), logits)


def quantization_errors(predictions: SeedPredictions) -> dict[str, float]:
    """Return the largest change of each measure of a run that is due to quantization."""
    once = np.ones((1, len(predictions.groups)), np.uint8)
    review = np.arange(len(predictions.groups), dtype=np.int32)

    def measure(logits: NDArray[np.float32]) -> NDArray[np.float64]:
        return measure_resamples(predictions.labels, review, logits, once)[:, 0]

    changes = [
        np.abs(measure(run) - measure(quantization.dequantize(quantization.quantize(run))))
        for runs in predictions.logits.values()
        for run in runs
    ]
    return dict(zip(MEASURES, np.max(changes, axis=0).round(6).tolist(), strict=True))


def _file(folder: Path, network: str) -> Path:
    return folder / f"{network}.logits"
