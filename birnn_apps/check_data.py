"""Check the user's own files without training, and find settings that fit them."""

import math
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from shlex import quote
from typing import Any

import numpy as np

from birnn.core import paths
from birnn.core.settings import flatten
from birnn.reviews import corpus_reader, corpus_statistics, corpus_writer, encoding, tokenizer
from birnn.reviews.corpus import SPLITS
from birnn.reviews.corpus_statistics import SplitStatistics
from birnn.reviews.unicode_words import share_unspaced
from birnn.runtime.errors import InputError
from birnn.sources import registry
from birnn_apps.command_line import as_text, option
from birnn_apps.suggested_settings import RESET, UNCLEAR, suggest
from birnn_lab import grid
from birnn_lab.all_settings import AllSettings

HOLD_OUT = 0.2
NGRAMS = 4  # of texts without spaces, in which each character is a word
FEW_TEXTS = 10_000  # with fewer for training, the command weights the baseline by tf-idf
TF_IDF = {"baseline.weighting": "tf-idf", "baseline.inverse_regularization": 3}
NAIVE_BAYES = {"baseline.weighting": "naive-bayes", "baseline.inverse_regularization": 1}
ROWS = 5  # that warnings name, at most
# Values of csv settings that are not from an earlier file.
DEFAULTS = [*RESET.values(), "text", "label", "positive", "negative", "split"]
MOST_TRUNCATED = 0.05  # share of training reviews that the suggested maxlen truncates
RARE = 0.1  # share of a class
FEW = 200  # test reviews
MOSTLY = 0.5  # share of truncated reviews, or of characters
LEAST_KNOWN = 0.9  # share of words
FASTER = 0.25  # share of the time


def check(file: Path | None, options: Sequence[str]) -> bool:
    """Print the command that trains on the files; return false if their labels are unclear.

    Args:
        file: the file to check instead of `csv.train`; a test file is next to it.
        options: changed settings, such as `csv.label_column=v1`.
    """
    if file and paths.OWN.resolve().is_relative_to(file.resolve()):
        raise InputError(f"{file} is the folder of all files: name one, or several, '{file}/*.csv'")
    folder = file.parent if file else paths.OWN
    fixed = {"fetch.source": "csv"} | ({"csv.train": file.name} if file else {})
    others = [each for each in options if grid.split(each)[0] not in fixed]
    point, *more = grid.points([*others, *(f"{name}={as_text(fixed[name])}" for name in fixed)])
    if more:
        raise InputError("a setting has several values: give it one, such as csv.positive=[4, 5]")
    given, chosen = point.changes, point.checked
    csv, notes = suggest(chosen.csv, {name.removeprefix("csv.") for name in given}, folder)
    found = {f"csv.{name}": value for name, value in csv} | given
    if UNCLEAR in (csv.label_column, csv.positive):
        names = ("csv.label_column", "csv.positive", "csv.negative")
        new = [f"{name}={as_text(found[name])}" for name in names if name not in given]
        start = f"birnn data check {quote(str(file))}" if file else "birnn data check"
        command = " -S ".join([start, *map(quote, [*options, *new])])
        notes.append("The project tells two classes apart; of more, one from all others. Complete:")
        print(*notes, command.replace(f'"{UNCLEAR}"', UNCLEAR), sep="\n")
        return False
    if chosen.pad.validation == "test":
        found = {"pad.validation": HOLD_OUT} | found
    unchanged = grid.point({})
    before = flatten(unchanged.checked.model_dump())
    earlier = {name for name in found if name.startswith("csv.") and before[name] not in DEFAULTS}
    if unused := [name for name in earlier - given.keys() if found[name] != before[name]]:
        notes.append(f"Not used, because they are from another file: {', '.join(sorted(unused))}.")
    print(*notes, sep="\n")
    found = _measure(grid.point(found).checked, folder) | found
    after = flatten(grid.point(found).checked.model_dump())
    # In the order of the file.
    changed = [name for name in unchanged.settings if repr(after[name]) != repr(before[name])]
    if file and folder.resolve() != paths.OWN.resolve():
        print(f"\nFirst, copy the files that the settings name to {paths.OWN}.")
    print("\nTo train, run: dvc exp run", *(f"-S {option(name, after[name])}" for name in changed))
    return True


def _measure(chosen: AllSettings, folder: Path) -> dict[str, Any]:
    """Print what the corpus would be, and return settings of the baseline that fit it."""
    corpus, pad = registry.own(chosen.csv, folder), chosen.pad
    with tempfile.TemporaryDirectory() as name:
        temporary = Path(name)
        try:
            corpus_writer.write(corpus, temporary, refuse_overlap=False)
        finally:
            # Also after an error: a class may be missing because its rows were skipped.
            print("", *corpus.describe(), sep="\n")
        words = tokenizer.read(temporary / paths.RANKED_WORDS.name)
        known = encoding.limit(words, pad.num_words)
        files = [temporary / f"{split}.parquet" for split in SPLITS]
        train, test = (corpus_statistics.measure(file, known) for file in files)
        copies = corpus_reader.column(files[1], "id")[np.load(temporary / paths.OVERLAP.name)]
        contradictory = corpus_statistics.find_contradictory(temporary)
        unspaced = share_unspaced(next(corpus_reader.batches(files[0], ["text"]))["text"]) > MOSTLY
    table = corpus_statistics.tabulate(train, test, len(copies), pad.maxlen, corpus.classes[1])
    for title, (left, right) in ({"": SPLITS} | table).items():
        print(f"{title:34}{left:>12}{right:>12}")
    if unlabelled := sum(1 for _ in corpus.read_unlabelled()):
        print(f"texts of csv.unlabelled: {unlabelled:,}")
    warnings = [
        *_warn_of_rows(contradictory, "rows have texts with both labels"),
        *_warn_of_rows(copies, "test reviews are copies of training reviews"),
        *_warn_of_classes(train, test),
        *_warn_of_length(train, pad.maxlen),
        *_warn_of_words(test, can_add=len(known) < len(words)),
    ]
    print(*(f"warning: {line}" for line in warnings), sep="\n")
    weighting = TF_IDF if len(train.lengths) < FEW_TEXTS else NAIVE_BAYES
    return weighting | ({"baseline.ngrams": NGRAMS} if unspaced else {})


def _warn_of_rows(names: Sequence[str], problem: str) -> Iterator[str]:
    if len(names):
        yield f"{len(names):,} {problem}: remove {', '.join(names[:ROWS])}"


def _warn_of_classes(train: SplitStatistics, test: SplitStatistics) -> Iterator[str]:
    positive, size = train.positive / len(train.lengths), len(test.lengths)
    if (rarer := min(positive, 1 - positive)) < RARE:
        yield f"{rarer:.1%} are of the rarer class: see its scores in birnn results"
    if size < FEW:
        points = 98 / size**0.5  # half of the widest 95% interval
        yield f"{size} test reviews: accuracy is uncertain by up to ±{points:.0f} points"


def _warn_of_length(train: SplitStatistics, maxlen: int) -> Iterator[str]:
    fitting = np.quantile(train.lengths, 1 - MOST_TRUNCATED) + 1  # the start
    better = min(math.ceil(fitting / 10) * 10, 10_000)
    now, then, time = train.truncated(maxlen), train.truncated(better), better / maxlen
    if now > max(MOSTLY, then) or time < FASTER:
        effect = f"truncates {then:.0%} of train ({maxlen}: {now:.0%})"
        cost = (
            f"takes {time:,.1f} times as long" if time > 1 else f"is {1 / time:,.1f} times as fast"
        )
        yield f"pad.maxlen={better} {effect}, and {cost}"


def _warn_of_words(test: SplitStatistics, *, can_add: bool) -> Iterator[str]:
    known = test.known_words / max(test.lengths.sum(), 1)
    if known < LEAST_KNOWN:
        more = "raise pad.num_words, or add texts" if can_add else "add texts"
        yield f"{known:.1%} of the words in test are known: {more}"
