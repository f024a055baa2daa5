"""Run behavioural tests of the networks and the baseline.

Reads data/corpus/test.parquet, what encodes a text in data/padded, and models, writes
metrics/checklist.csv.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from birnn.checklist import behaviors
from birnn.checklist.behaviors import Predict
from birnn.core import stage
from birnn.core.outputs import whole_file
from birnn.core.settings import Settings
from birnn.evaluation.model_names import BASELINE, NETWORKS
from birnn.inference import predictor
from birnn.text import reviews, tokenizer
from birnn.training import baseline

REVIEWS = Path("data/corpus/test.parquet")
BASELINE_MODEL = Path("models/baseline")
CHECKLIST = Path("metrics/checklist.csv")

CASES = 1_000  # test reviews


def main(_settings: Settings) -> None:
    """Write a row a test and model."""
    named = np.flatnonzero([behaviors.has_name(text) for text in reviews.all_texts(REVIEWS)])
    behaviours = behaviors.behaviours(
        reviews.texts(REVIEWS, spread(np.arange(reviews.count(REVIEWS)))),
        reviews.texts(REVIEWS, spread(named)),
    )
    table = pd.DataFrame(behaviors.rows(behaviours, predictors()))
    with whole_file(CHECKLIST) as part:
        table.to_csv(part, index=False, lineterminator="\n", float_format="%.4f")
    for model, rows in table.groupby("model", sort=False):
        print(f"{model}: {rows['failures'].sum():,} of {rows['cases'].sum():,} cases fail")


def spread(rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return up to CASES of the rows, evenly from the first to the last: labels are in order."""
    places = np.linspace(0, max(len(rows) - 1, 0), min(CASES, len(rows))).astype(np.int64)
    return rows[places]


def predictors() -> dict[str, Predict]:
    """Return what each model says of texts: the networks as they read a user's."""
    reading = predictor.load(NETWORKS)
    linear = baseline.Predictor(baseline.load(BASELINE_MODEL))
    of_networks: dict[str, Predict] = {
        name: predictor.Reader(reading.encoding, {name: model}).mean_probabilities
        for name, model in reading.networks.items()
    }
    return of_networks | {
        BASELINE: lambda texts: linear(
            [words or [] for words in tokenizer.tokenize(texts).to_pylist()]
        )
    }


if __name__ == "__main__":
    stage.run(main)
