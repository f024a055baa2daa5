"""Fetch the unlabelled reviews, if word vectors or self-training need them.

Reads data/corpus and its source. Writes data/unlabelled, which has no reviews if none are needed.
"""

from birnn.core import paths, stage
from birnn.core.outputs import atomic_folder, read_json
from birnn.core.settings import Sections
from birnn.reviews import corpus_writer
from birnn.reviews.sequences import TrainingReviews
from birnn.reviews.training_set import PretrainingReviews
from birnn.runtime.errors import InputError
from birnn.sources import registry
from birnn.sources.settings import Csv


class Settings(Sections):
    """The settings of this stage."""

    csv: Csv
    train: TrainingReviews
    word_vectors: PretrainingReviews


def main(settings: Settings) -> None:
    """Write the words of the unlabelled reviews, if they are needed."""
    corpus = read_json(paths.CORPUS_DESCRIPTION)
    needed = settings.word_vectors.reviews == "all" or settings.train.self_training
    texts = registry.load(corpus["name"], settings.csv).read_unlabelled() if needed else ()
    with atomic_folder(paths.UNLABELLED) as folder:
        counts = corpus_writer.write_unlabelled(texts, paths.CORPUS, folder, corpus["tokenizer"])
        if needed and not counts["reviews"]:
            raise InputError(
                f"{corpus['name']} has no unlabelled reviews: set word_vectors.reviews to train "
                "and train.self_training to false, or, for your own corpus, set csv.unlabelled"
            )
    if needed:
        print(
            f"{counts['reviews']:,} reviews without a label; {counts['left_out']:,} were left "
            "out, because a labelled review has the same text"
        )
    else:
        print("off: word_vectors.reviews is not all, and train.self_training is false")


if __name__ == "__main__":
    stage.run(main, Settings)
