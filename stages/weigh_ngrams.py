"""Compute the log-count ratios of the training reviews' n-grams, if the networks read them.

Reads data/corpus/train.parquet, and data/padded/train or data/self_labelled. Writes data/ngrams and
timings/ngrams.json.
"""

import time
from pathlib import Path

from birnn.core import machine, stage
from birnn.core.outputs import atomic_folder, write_json
from birnn.core.settings import Settings
from birnn.text import ngrams, sequences
from birnn.training import training_set

NGRAMS = Path("data/ngrams")
TIMING = Path("timings/ngrams.json")


def main(settings: Settings) -> None:
    """Write the table of n-grams and the cross-fitted ratios of the training reviews."""
    start = time.perf_counter()
    training = training_set.folder(settings.train)
    padded, labels = sequences.read(training)
    groups = training_set.groups(training)
    table, ratios = ngrams.compute_ratios(
        padded, labels, groups, settings.pad.num_words, settings.ngrams
    )
    with atomic_folder(NGRAMS) as folder:
        ngrams.write(table, ratios, folder)
    seconds = time.perf_counter() - start
    write_json(TIMING, machine.timing(seconds))
    print(f"{len(table.codes):,} n-grams of up to {settings.ngrams.longest} words, {seconds:.0f} s")


if __name__ == "__main__":
    stage.run(main)
