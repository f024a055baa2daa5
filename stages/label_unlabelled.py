"""Label the unlabelled reviews with models of the labelled ones, if there is self-training.

Reads data/corpus/train.parquet, data/padded, data/unlabelled and models/word_vectors. Writes
data/self_labelled, which has no reviews without self-training, and timings/self_labelled.json.
"""

from pathlib import Path

from birnn.core import machine, stage
from birnn.core.libraries import tensorflow_imports
from birnn.core.outputs import atomic_folder, write_json
from birnn.core.settings import Settings
from birnn.text import reviews
from birnn.training.training_set import SELF_LABELLED, UNLABELLED

TIMING = Path("timings/self_labelled.json")


def main(settings: Settings) -> None:
    """Write the labelled and the self-labelled reviews, if there is self-training."""
    seconds, count = 0.0, 0
    with atomic_folder(SELF_LABELLED.parent) as folder:
        if settings.train.self_training:
            seconds, count = write(settings, folder / SELF_LABELLED.name), reviews.count(UNLABELLED)
        # Also without reviews, because DVC warns of an empty folder.
        write_json(folder / "self_labelled.json", {"reviews": count})
    write_json(TIMING, machine.timing(seconds))
    print(f"self-training: {seconds:.0f} s")


def write(settings: Settings, folder: Path) -> float:
    """Import TensorFlow, which takes seconds, write the reviews and return the seconds of that."""
    with tensorflow_imports():
        from birnn.training import self_training  # noqa: PLC0415

    return self_training.write(settings, folder)


if __name__ == "__main__":
    stage.run(main)
