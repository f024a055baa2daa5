"""Train the linear baseline on all words of the reviews that the networks are trained on.

Reads data/corpus/train.parquet, and data/padded/train, or data/self_labelled and data/unlabelled.
Writes models/baseline and timings/baseline.json.
"""

import time
from itertools import chain
from pathlib import Path

import numpy as np

from birnn.core import machine, stage
from birnn.core.outputs import atomic_folder, write_json
from birnn.core.settings import Settings
from birnn.text import reviews
from birnn.training import baseline
from birnn.training.splits import SELF_LABELLED, training_folder

CORPUS = Path("data/corpus/train.parquet")
UNLABELLED = Path("data/unlabelled/reviews.parquet")
MODEL = Path("models/baseline")
TIMING = Path("timings/baseline.json")


def main(settings: Settings) -> None:
    """Train the baseline and write its weights."""
    start = time.perf_counter()
    training = training_folder()
    rows, labels = (np.load(training / name) for name in ("rows.npy", "labels.npy"))
    batches = [reviews.words(CORPUS, rows=rows)]
    if training == SELF_LABELLED:
        batches.append(reviews.words(UNLABELLED))
    words = chain.from_iterable(chain(*batches))
    trained = baseline.fit(words, labels, settings.baseline)
    seconds = time.perf_counter() - start
    with atomic_folder(MODEL) as folder:
        baseline.save(trained, folder)
    write_json(TIMING, machine.timing(seconds))
    print(f"baseline: {len(rows):,} reviews, {len(trained.ngrams):,} n-grams, {seconds:.0f} s")


if __name__ == "__main__":
    stage.run(main)
