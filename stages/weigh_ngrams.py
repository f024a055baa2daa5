"""Compute the log-count ratios of the training reviews' n-grams, if the networks read them.

Reads data/corpus/train.parquet, and data/padded/train or data/self_labelled. Writes data/ngrams.
"""

import time

from birnn.core import paths, stage
from birnn.core.settings import Sections
from birnn.networks.definition import Ngrams
from birnn.pretraining import ngram_ratios
from birnn.reviews import training_set
from birnn.reviews.sequences import Pad, TrainingReviews


class Settings(Sections):
    """The settings of this stage."""

    ngrams: Ngrams
    pad: Pad
    train: TrainingReviews


def main(settings: Settings) -> None:
    """Write the table of n-grams and the cross-fitted ratios of the training reviews."""
    start = time.perf_counter()
    training, num_words = settings.train.folder, settings.pad.num_words
    groups = training_set.groups(training)
    table = ngram_ratios.weigh(training, groups, num_words, settings.ngrams, paths.NGRAMS)
    seconds = time.perf_counter() - start
    stage.record_time(paths.NGRAMS, [seconds])
    longest = settings.ngrams.longest
    if longest:
        print(f"{len(table.codes):,} n-grams of up to {longest} words, {seconds:.0f} s")
    else:
        print("off: ngrams.longest is 0")


if __name__ == "__main__":
    stage.run(main, Settings)
