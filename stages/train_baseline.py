"""Train the linear baseline on all words of the reviews that the networks are trained on.

Reads data/corpus/train.parquet, and data/padded/train, or data/self_labelled and data/unlabelled.
Writes models/baseline.
"""

import time

import numpy as np

from birnn.baseline import baseline
from birnn.baseline.settings import BaselineSettings
from birnn.core import paths, stage
from birnn.core.outputs import atomic_folder
from birnn.core.settings import Sections
from birnn.reviews import training_set
from birnn.reviews.sequences import TrainingReviews


class Settings(Sections):
    """The settings of this stage."""

    baseline: BaselineSettings
    train: TrainingReviews


def main(settings: Settings) -> None:
    """Train the baseline and write its weights."""
    start = time.perf_counter()
    training = settings.train.folder
    labels = np.load(training / "labels.npy")
    trained = baseline.fit(training_set.words(training), labels, settings.baseline)
    seconds = time.perf_counter() - start
    with atomic_folder(paths.BASELINE) as folder:
        baseline.save(trained, folder)
    stage.record_time(paths.BASELINE, [seconds])
    print(f"baseline: {len(labels):,} reviews, {len(trained.ngrams):,} n-grams, {seconds:.0f} s")


if __name__ == "__main__":
    stage.run(main, Settings)
