"""Label the unlabelled reviews with models of the labelled ones, if there is self-training.

Reads data/corpus/train.parquet, data/padded, data/unlabelled and models/word_vectors. Writes
data/self_labelled, which has no reviews without self-training.
"""

from birnn.architectures.registry import with_networks
from birnn.baseline.settings import BaselineSettings
from birnn.core import paths, stage
from birnn.core.libraries import tensorflow_imports
from birnn.core.outputs import atomic_folder, write_json
from birnn.reviews import corpus_reader
from birnn.training.settings import TrainingSettings


class Settings(TrainingSettings):
    """The settings of this stage, besides the section of each network."""

    baseline: BaselineSettings


def main(settings: Settings) -> None:
    """Write the labelled and the self-labelled reviews, if there is self-training."""
    seconds, count = 0.0, 0
    with atomic_folder(paths.SELF_LABELLED) as folder:
        if settings.train.self_training:
            with tensorflow_imports():
                from birnn import self_training  # noqa: PLC0415  # takes seconds

            seconds = self_training.write(
                settings, settings.baseline, folder / paths.SELF_LABELLED_TRAIN.name
            )
            count = corpus_reader.count(paths.UNLABELLED_REVIEWS)
        # Also without reviews, because DVC warns of an empty folder.
        write_json(folder / "self_labelled.json", {"reviews": count})
    stage.record_time(paths.SELF_LABELLED, [seconds])
    if settings.train.self_training:
        print(f"{count:,} self-labelled reviews, {seconds:.0f} s")
    else:
        print("off: train.self_training is false")


if __name__ == "__main__":
    stage.run(main, with_networks(Settings))
