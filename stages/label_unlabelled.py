"""Label the unlabelled reviews by models of the labelled ones, if there is self-training.

Reads data/corpus/train.parquet, data/padded, data/unlabelled and models/word_vectors. Writes
data/self_labelled and timings/self_labelled.json.
"""

import time
from pathlib import Path

from birnn.core import machine, stage
from birnn.core.outputs import atomic_folder, write_json
from birnn.core.settings import Settings
from birnn.training.training_set import SELF_LABELLED

TIMING = Path("timings/self_labelled.json")


def main(settings: Settings) -> None:
    """Write the labelled and the self-labelled reviews, or nothing."""
    start = time.perf_counter()
    with atomic_folder(SELF_LABELLED) as folder:
        if settings.train.self_training:
            write(settings, folder)
    seconds = time.perf_counter() - start if settings.train.self_training else 0
    write_json(TIMING, machine.timing(seconds))
    print(f"self-training: {seconds:.0f} s")


def write(settings: Settings, folder: Path) -> None:
    """Import TensorFlow, which takes seconds, and write the reviews."""
    from birnn.networks.quiet_imports import quiet_imports  # noqa: PLC0415

    with quiet_imports():
        from birnn.training import self_training  # noqa: PLC0415

    self_training.write(settings, folder)


if __name__ == "__main__":
    stage.run(main)
