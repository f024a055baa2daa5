"""Check the user's own files without training, and find settings that fit them."""

import math
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from shlex import quote
from typing import Any

import numpy as np

from birnn.baseline.settings import BaselineSettings
from birnn.core import paths
from birnn.core.settings import Sections, flatten, validate_section
from birnn.core.yaml_files import YAMLError, parse_yaml, read_yaml
from birnn.reviews import corpus_reader, corpus_statistics, corpus_writer, encoding, tokenizer
from birnn.reviews.corpus import SPLITS
from birnn.reviews.corpus_statistics import SplitStatistics
from birnn.reviews.sequences import Pad
from birnn.reviews.unicode_words import share_unspaced
from birnn.runtime.errors import InputError
from birnn.sources import registry
from birnn.sources.settings import Csv, Fetch
from birnn_apps.command_line import option
from birnn_apps.suggested_settings import RESET, UNCLEAR, suggest

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


class CheckedSettings(Sections):
    """The settings that a check reads."""

    fetch: Fetch
    csv: Csv
    pad: Pad
    baseline: BaselineSettings


def check(file: Path | None, options: Sequence[str]) -> bool:
    """Print the command that trains on the files; return false if their labels are unclear.

    Args:
        file: the file to check instead of `csv.train`; a test file is next to it.
        options: changed settings, such as `csv.label_column=v1`.
    """
    if file and paths.OWN.resolve().is_relative_to(file.resolve()):
        raise InputError(f"{file} is the folder of all files: name one, or several, '{file}/*.csv'")
    folder = file.parent if file else paths.OWN
    content = read_yaml(paths.PARAMS)
    validate_section(CheckedSettings, content, paths.PARAMS.name)
    before = flatten({name: values for name, values in content.items() if isinstance(values, dict)})
    fixed = {"fetch.source": "csv"} | ({"csv.train": file.name} if file else {})
    given = _parse(options, before) | fixed
    chosen = _validate(before | given)
    csv, notes = suggest(chosen.csv, {name.removeprefix("csv.") for name in given}, folder)
    changes = {f"csv.{name}": value for name, value in csv} | given
    if UNCLEAR in (csv.label_column, csv.positive):
        start = f"birnn data check {quote(str(file))}" if file else "birnn data check"
        new = (
            quote(f"{name}={UNCLEAR}") if changes[name] == UNCLEAR else option(name, changes[name])
            for name in ("csv.label_column", "csv.positive", "csv.negative")
            if name not in given
        )
        notes.append("The project tells two classes apart; of more, one from all others. Complete:")
        print(*notes, " -S ".join([start, *map(quote, options), *new]), sep="\n")
        return False
    if chosen.pad.validation == "test":
        changes = {"pad.validation": HOLD_OUT} | changes
    earlier = {name for name in changes if name.startswith("csv.") and before[name] not in DEFAULTS}
    if unused := [name for name in earlier - given.keys() if changes[name] != before[name]]:
        notes.append(f"Not used, because they are from another file: {', '.join(sorted(unused))}.")
    print(*notes, sep="\n")
    changes = _measure(_validate(before | changes), folder) | changes
    if file and folder.resolve() != paths.OWN.resolve():
        print(f"\nFirst, copy the files that the settings name to {paths.OWN}.")
    # In the order of the file; True and 1 are different labels.
    named = [name for name in before if name in changes]
    changed = [name for name in named if repr(changes[name]) != repr(before[name])]
    settings = (f"-S {option(name, changes[name])}" for name in changed)
    print("\nTo train, run: dvc exp run", *settings)
    return True


def _parse(options: Sequence[str], known: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of options such as `csv.label_column=v1`, by known name of the setting."""
    parsed: dict[str, Any] = {}
    for text in options:
        name, equals, value = text.partition("=")
        if not equals or name not in known:
            raise InputError(f"{text!r} is not a setting with a value, such as csv.seed=1")
        try:
            values = parse_yaml(f"[{value}]")
        except YAMLError as error:
            raise InputError(f"{value} is not YAML: put it in quotes") from error
        if len(values) != 1:
            raise InputError(f"{text!r} has {len(values)} values: put several in [ and ]")
        parsed[name] = values[0]
    return parsed


def _validate(settings: Mapping[str, Any]) -> CheckedSettings:
    sections: defaultdict[str, dict[str, Any]] = defaultdict(dict)
    for name, value in settings.items():
        section, _, key = name.partition(".")
        sections[section][key] = value
    return validate_section(CheckedSettings, sections, f"{paths.PARAMS} with -S")


def _measure(chosen: CheckedSettings, folder: Path) -> dict[str, Any]:
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
