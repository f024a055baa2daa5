"""Check the user's own files without training, and find settings that fit them."""

import math
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from birnn import sources
from birnn.core import paths, settings
from birnn.core.command_line import option
from birnn.core.errors import InputError
from birnn.core.settings import Csv, Settings
from birnn.core.yaml_files import YAMLError, parse_yaml
from birnn.evaluation.model_names import NETWORKS
from birnn.lab import grid
from birnn.own_data import labelled_files
from birnn.own_data.labelled_files import UnusableRowError
from birnn.own_data.suggested_settings import count_swallowed_lines, suggest
from birnn.reviews import corpus_statistics, corpus_writer, encoding, tokenizer
from birnn.reviews.corpus import SPLITS
from birnn.reviews.corpus_statistics import SplitStatistics

MOST_TRUNCATED = 0.05  # share of training reviews that the suggested maxlen truncates
# Limits of warnings.
RARE = 0.1  # share of a class
FEW = 200  # test reviews
MOSTLY = 0.5  # share of truncated reviews
LEAST_KNOWN = 0.9  # share of words
SHORT, LONG = 3, 15  # letters, the median of different words
# Advice.
IMBALANCE = "accuracy says little, compare average precision"
UNKNOWN = "raise pad.num_words, or add reviews"
NO_SPACES = "as in text without spaces: try n-grams (baseline.ngrams=4, ngrams.longest=3)"


def check(file: Path | None, options: Sequence[str]) -> bool:
    """Print what the stage fetch would make of the files, and return whether the settings fit.

    Args:
        file: the file to check instead of `csv.train`; a test file is next to it.
        options: changed settings, such as `csv.label_column=v1`.
    """
    if file and paths.OWN.resolve().is_relative_to(file.resolve()):
        raise InputError(f"{file} is the folder of all files: name one, or several, '{file}/*.csv'")
    folder = file.parent if file else paths.OWN
    changes = {key: _value(key, text) for key, text in map(grid.split, options)}
    changes |= {"fetch.source": "csv"} | ({"csv.train": file.name} if file else {})
    fits, chosen = True, _changed(changes)
    try:
        lines = _measure(chosen, folder)
    except InputError as error:
        fits = False
        suggested = _suggest(chosen.csv, folder, error)
        if "csv.test" in changes:  # the user chose the test reviews
            suggested.pop("csv.test", None)
        chosen, lines = _measure_or_skip(changes | suggested, folder)
        print(f"The settings do not fit: {error}.\n")
        if "csv.columns" in suggested:
            print("The first line looks like data: csv.columns names the columns.\n")
        print("With the settings below, fetch would read:\n")
    command = _command(chosen)
    print("\n".join(lines))
    if file and folder.resolve() != paths.OWN.resolve():
        print(f"\nFirst, copy the files that the settings name to {paths.OWN}.")
    print(f"\nTo train, run: {command}")
    return fits


def _value(key: str, text: str) -> Any:
    try:
        return parse_yaml(text)
    except YAMLError:
        raise InputError(
            f"-S {key}={text} is not valid YAML: quote the value, as in -S {option(key, text)}"
        ) from None


def _changed(changes: dict[str, Any]) -> Settings:
    """Return the settings of the project with changes, by full name."""
    return Settings.model_validate(grid.point(changes).params)


def _suggest(csv: Csv, folder: Path, error: InputError) -> dict[str, Any]:
    """Return changes, by full name, that fit the files; settings that do not fit caused `error`."""
    try:
        return {f"csv.{name}": value for name, value in suggest(csv, folder).items()}
    except InputError as other:
        raise InputError(". ".join(dict.fromkeys(map(str, (other, error))))) from None


def _measure_or_skip(changes: dict[str, Any], folder: Path) -> tuple[Settings, list[str]]:
    """Return changed settings, if need be with `csv.unusable=skip`, and lines about the corpus."""
    chosen = _changed(changes)
    try:
        return chosen, _measure(chosen, folder)
    except UnusableRowError:
        chosen = _changed(changes | {"csv.unusable": "skip"})
        return chosen, _measure(chosen, folder)


def _command(chosen: Settings) -> str:
    """Return the command that trains with these settings."""
    before = settings.flatten(settings.load(networks=NETWORKS).model_dump())
    after = settings.flatten(chosen.model_dump())
    options = [option(name, after[name]) for name in after if after[name] != before[name]]
    return " ".join(["dvc exp run", *(f"-S {each}" for each in options)])


def _measure(chosen: Settings, folder: Path) -> list[str]:
    """Return lines about the corpus that fetch would write with these settings."""
    corpus, pad = sources.own(chosen, folder), chosen.pad
    refuse = chosen.fetch.overlap == "refuse"
    with tempfile.TemporaryDirectory() as name:
        temporary = Path(name)
        try:
            overlap = corpus_writer.write(corpus, temporary, refuse_overlap=refuse)["overlap"]
        except InputError as error:
            if skipped := [line for line in corpus.describe() if line.startswith("skipped rows")]:
                raise InputError(". ".join([str(error), *skipped])) from error
            raise
        words = tokenizer.read(temporary / paths.RANKED_WORDS.name)
        known = encoding.limit(words, pad.num_words)
        train, test = (
            corpus_statistics.measure(temporary / f"{split}.parquet", known) for split in SPLITS
        )
    rows = corpus_statistics.tabulate(train, test, overlap, pad.maxlen, corpus.classes[1])
    fitting = np.quantile(train.lengths, 1 - MOST_TRUNCATED) + 1  # the start
    maxlen = min(math.ceil(fitting / 10) * 10, 10_000)
    warnings = _warnings(train, test, words, pad.maxlen, maxlen)
    if overlap:
        warnings.append(f"{overlap:,} test reviews are copies of training reviews: remove them")
    files = labelled_files.find(folder, chosen.csv.train)
    if swallowed := sum(count_swallowed_lines(chosen.csv, file) for file in files):
        warnings.append(f"quotes swallow {swallowed:,} lines: set csv.quoting=none")
    unlabelled = sum(1 for _ in corpus.read_unlabelled())
    return [
        *corpus.describe(),
        f"{'':34}{'train':>12}{'test':>12}",
        *(f"{title:34}{values[0]:>12}{values[1]:>12}" for title, values in rows.items()),
        *([f"texts of csv.unlabelled: {unlabelled:,}"] if unlabelled else []),
        "",
        f"Of the {len(words):,} different words in train, pad.num_words includes {len(known):,}.",
        f"With pad.maxlen={maxlen}, {train.truncated(maxlen):.1%} of train would be truncated.",
        *(f"warning: {line}" for line in warnings),
    ]


def _warnings(
    train: SplitStatistics, test: SplitStatistics, words: list[str], maxlen: int, suggested: int
) -> list[str]:
    """Return a line for each property that makes results on the corpus worse or misleading."""
    contradictory = train.contradictory + test.contradictory
    positive, size = train.positive / len(train.lengths), len(test.lengths)
    smaller = min(positive, 1 - positive)
    points = 98 / size**0.5
    truncated, left, slower = *map(train.truncated, (maxlen, suggested)), suggested / maxlen
    longer = f"pad.maxlen={suggested} truncates {left:.0%}, but takes {slower:.1f} times as long"
    known = test.known_words / max(test.lengths.sum(), 1)
    letters = np.median([*map(len, words)])
    table = (
        (contradictory > 0, f"{contradictory:,} texts have both labels: correct or remove them"),
        (smaller < RARE, f"the smaller class has {smaller:.1%} of train: {IMBALANCE}"),
        (size < FEW, f"{size} test reviews: accuracy is uncertain by up to ±{points:.0f} points"),
        (truncated > max(MOSTLY, left), f"{truncated:.0%} of train is truncated: {longer}"),
        (known < LEAST_KNOWN, f"{known:.1%} of the words in test are known: {UNKNOWN}"),
        (not SHORT <= letters <= LONG, f"words have {letters:.0f} letters (median): {NO_SPACES}"),
    )
    return [line for applies, line in table if applies]
