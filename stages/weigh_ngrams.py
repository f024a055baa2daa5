"""Weigh the n-grams of the training reviews, where the networks are to read them.

Reads data/corpus/train.parquet and data/padded/train, writes data/ngrams.
"""

import time
from pathlib import Path

import numpy as np

from birnn.core import machine, stage
from birnn.core.outputs import whole_folder, write_json
from birnn.core.settings import Settings
from birnn.text import ngrams, reviews, sequences

CORPUS = Path("data/corpus/train.parquet")
PADDED = Path("data/padded/train")
NGRAMS = Path("data/ngrams")


def main(settings: Settings) -> None:
    """Write the table of n-grams, and the ratios that the training reviews are given."""
    start = time.perf_counter()
    padded, labels = sequences.read(PADDED)
    groups = reviews.groups(CORPUS)[np.load(PADDED / "rows.npy")]
    table, given = ngrams.weigh(padded, labels, groups, settings.pad.num_words, settings.ngrams)
    with whole_folder(NGRAMS) as folder:
        ngrams.write(table, given, folder)
        seconds = time.perf_counter() - start
        write_json(folder / "timing.json", machine.timing(seconds))
    print(f"{len(table.codes):,} n-grams of up to {settings.ngrams.longest} words, {seconds:.0f} s")


if __name__ == "__main__":
    stage.run(main)
