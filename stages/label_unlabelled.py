"""Label the unlabelled reviews by models of the labelled ones, if there is self-training.

Reads data/corpus/train.parquet, data/padded, data/unlabelled and models/word_vectors. Writes
data/self_labelled and timings/self_labelled.json.
"""

import time
from pathlib import Path

import numpy as np

from birnn.core import machine, stage
from birnn.core.outputs import atomic_folder, write_json
from birnn.core.settings import Settings
from birnn.text import reviews, sequences
from birnn.training.splits import LABELLED, SELF_LABELLED

CORPUS = Path("data/corpus/train.parquet")
UNLABELLED = Path("data/unlabelled/reviews.parquet")
PADDED = Path("data/padded")
TIMING = Path("timings/self_labelled.json")


def main(settings: Settings) -> None:
    """Write the labelled reviews and after them the unlabelled ones, or nothing."""
    start = time.perf_counter()
    with atomic_folder(SELF_LABELLED) as folder:
        if settings.self_training.teacher_epochs:
            write(settings, folder)
    seconds = time.perf_counter() - start
    write_json(TIMING, machine.timing(seconds))
    print(f"self-training: {seconds:.0f} s")


def write(settings: Settings, folder: Path) -> None:
    """Train the teachers and write all training reviews with their labels."""
    from birnn.networks.quiet_imports import quiet_imports  # noqa: PLC0415

    with quiet_imports():
        from birnn.training import self_training  # noqa: PLC0415

    label = self_training.train_teachers(settings, CORPUS)
    # The rows of unlabelled reviews continue those of the corpus.
    added = reviews.count(CORPUS) + np.arange(reviews.count(UNLABELLED))
    rows = np.concatenate([np.load(LABELLED / "rows.npy"), added]).astype(np.int32)
    batches = self_training.label_all(label, PADDED, UNLABELLED)
    sequences.write(batches, rows, settings.pad.maxlen, folder, np.float32)


if __name__ == "__main__":
    stage.run(main)
