"""Check a file of labelled texts, and print the command that trains on it."""

import heapq
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import Any

import numpy as np
import pyarrow as pa

from birnn.baseline import baseline
from birnn.baseline.settings import BaselineSettings
from birnn.core import paths
from birnn.core.settings import validate_section
from birnn.core.yaml_files import YAMLError, parse_yaml
from birnn.evaluation import thresholds
from birnn.evaluation.selection import is_unequal, rarer_class
from birnn.networks.log_odds import THRESHOLD
from birnn.reviews import tokenizer
from birnn.reviews.corpus import SPLITS, Corpus, short_hash
from birnn.reviews.hold_out import FEW
from birnn.reviews.unicode_words import share_unspaced
from birnn.runtime.errors import InputError
from birnn.sources import registry
from birnn.sources.settings import Csv
from birnn.style.scores import describe_detections
from birnn_apps.command_line import option
from birnn_apps.guesses import COUNTED, Column, guess_format, guess_settings
from birnn_apps.terminal import printable

HOLD_OUT = 0.2
FEW_TEXTS = 10_000  # with fewer for training, tf-idf is better
TF_IDF = {"weighting": "tf-idf", "inverse_regularization": 3}
NAIVE_BAYES = {"weighting": "naive-bayes", "inverse_regularization": 1}
MOSTLY = 0.5  # share of characters
GUESSING = 0.1  # the share found minus the share of false alarms is less
SAMPLE = 5_000  # training texts on which the baseline is fitted
SHOWN = 3  # rows, and values of a column
WIDTH = 70  # letters of an excerpt
LETTER = re.compile(r"[^\W\d_\0-\x7f]")  # outside ASCII


@dataclass(frozen=True)
class Texts:
    """The labelled texts of a file."""

    corpus: Corpus
    counts: Counter[tuple[int, str]]  # of the texts, by label and split
    sample: list[tuple[int, str]]  # labels and texts for training, in random order


def check(file: Path, options: Sequence[str]) -> None:
    """Print how a file will be read with settings such as `csv.label_column=v1`, and a command."""
    given = _parse(options)
    form, columns, encodings = guess_format(file, given)
    print(*_describe_columns(columns), "", sep="\n")
    csv, texts = _read_first(guess_settings(file, form, columns, given), file.parent)
    settings = _choose_baseline(texts)
    print(*_describe_rows(csv, texts, encodings), "", *_describe_counts(texts), sep="\n")
    print(*texts.corpus.describe(), *_warn(texts), *_try_baseline(texts, settings), sep="\n")
    print("\nTo train, run:")
    if file.parent.resolve() != paths.OWN.resolve():
        test = [str(csv.test)] if csv.split_column is None and isinstance(csv.test, str) else []
        print("cp", *(quote(str(file.with_name(name))) for name in [csv.train, *test]), paths.OWN)
    command = {"fetch.source": "csv"} | {f"csv.{name}": value for name, value in csv}
    command |= {"pad.validation": HOLD_OUT, "train.networks": False}
    command |= {"report.select": "auto", "report.threshold": None}
    command |= {f"baseline.{name}": value for name, value in settings.items()}
    print("dvc exp run", *(f"-S {option(name, value)}" for name, value in command.items()))


def _parse(options: Sequence[str]) -> dict[str, Any]:
    """Return the values of options such as `csv.label_column=v1`, by name in the section `csv`."""
    parsed: dict[str, Any] = {}
    for text in options:
        name, equals, value = text.removeprefix("csv.").partition("=")
        try:
            parsed[name] = parse_yaml(value)
        except YAMLError as error:
            raise InputError(
                f"{value} is not YAML: add quotes, as in \"csv.positive='>3'\""
            ) from error
        if not equals or name not in Csv.model_fields:
            raise InputError(f"{text!r} is not a setting of csv with a value, such as csv.test=0.5")
    return parsed


def _read_first(candidates: Iterable[Mapping[str, Any]], folder: Path) -> tuple[Csv, Texts]:
    """Return the first settings with which the files can be read, and their texts."""
    for settings in candidates:
        try:
            csv = validate_section(Csv, settings, "csv")
            return csv, _read(csv, folder)
        except InputError as caught:
            error = caught
    raise error


def _read(csv: Csv, folder: Path) -> Texts:
    """Read the texts as training does; both splits must have both classes."""
    corpus = registry.own(csv, folder)
    counts: Counter[tuple[int, str]] = Counter()

    def training_texts() -> Iterator[tuple[int, int, str]]:
        for review in corpus.read():
            counts[review.label, review.split] += 1
            if review.split == "train":
                yield short_hash(review.text.encode()), review.label, review.text

    # The order of the hashes is random.
    sample = [row[1:] for row in heapq.nsmallest(SAMPLE, training_texts())]
    texts = Texts(corpus, counts, sample)
    if len(counts) < 2 * len(SPLITS):
        lines = "; ".join(" ".join(line.split()) for line in _describe_counts(texts))
        raise InputError(f"{csv.train} has too few texts of a class: {lines}")
    return texts


def _describe_columns(columns: Mapping[str, Column]) -> Iterator[str]:
    """Yield a table of the columns that have values."""
    rows = max(column.filled for column in columns.values())
    width = min(max(map(len, [*columns, "column"])), WIDTH)
    yield f"{'column':{width}}  values  empty  most frequent values, or an example"
    for name, column in columns.items():
        common = column.counts.most_common(SHOWN if column.labels else 1)
        values = _excerpt(", ".join(f"{text} ({n:,})" if n > 1 else text for text, n in common))
        count = f"{len(column.counts):,}{'+' * (len(column.counts) == COUNTED)}"
        if values:
            yield f"{name:{width}}  {count:>6}  {1 - column.filled / rows:>5.0%}  {values}"


def _describe_rows(csv: Csv, texts: Texts, encodings: Sequence[str]) -> Iterator[str]:
    """Yield rows of both classes and, if the encoding is a guess, other readings of the first."""
    negative = "all others are" if csv.negative is None else f"{csv.negative} is"
    yield f"Texts: {csv.text_column}. Labels: {csv.label_column} (to change: -S csv.label_column=…)"
    yield f"{csv.positive} is positive, {negative} negative (to change: -S csv.positive=…)"
    rows = sorted(texts.sample, key=lambda row: not (encodings and LETTER.search(row[1])))
    by_label = {row[0]: row for row in reversed(rows)}
    for label, text in [*dict.fromkeys([rows[0], *by_label.values(), *rows])][:SHOWN]:
        yield f"  {texts.corpus.classes[label]}: {_excerpt(text, encodings)}"
    if encodings:
        others = " Others read:" if encodings[1:] else ""
        yield f"The encoding {csv.encoding} is a guess (to change: -S csv.encoding=…).{others}"
        first = _excerpt(rows[0][1], encodings).encode(csv.encoding, "replace")
        for other in encodings[1:SHOWN]:
            yield f"  {other}: {printable(first.decode(other, 'replace'))}"


def _excerpt(text: str, encodings: Sequence[str] = ()) -> str:
    """Return the start of a text or, if its encoding is a guess, the part around a letter."""
    letter = LETTER.search(text) if encodings else None
    start = max(letter.start() - WIDTH // 2, 0) if letter else 0
    return printable(text[start : start + WIDTH])


def _describe_counts(texts: Texts) -> Iterator[str]:
    """Yield a table of the number of texts of each class in each split."""
    yield f"{'texts':20}{'train':>10}{'test':>10}"
    for label, name in ((1, texts.corpus.classes[1]), (0, texts.corpus.classes[0])):
        train, test = (texts.counts[label, split] for split in SPLITS)
        yield f"{name:20}{train:>10,}{test:>10,}"


def _warn(texts: Texts) -> Iterator[str]:
    """Yield which class has so few texts that scores are unreliable."""
    for label, name in enumerate(texts.corpus.classes):
        if (held_out := round(HOLD_OUT * texts.counts[label, "train"])) < FEW:
            yield f"warning: only about {held_out} texts that are {name} will be held out"


def _choose_baseline(texts: Texts) -> dict[str, Any]:
    """Return settings of the baseline that fit the script and the number of training texts."""
    unspaced = share_unspaced(pa.array([text for _, text in texts.sample])) > MOSTLY
    few = texts.counts[0, "train"] + texts.counts[1, "train"] < FEW_TEXTS
    chosen = {"ngrams": 4 if unspaced else 2, "min_reviews": 2, "smoothing": 1}
    return chosen | (TF_IDF if few else NAIVE_BAYES)


def _try_baseline(texts: Texts, settings: dict[str, Any]) -> Iterator[str]:
    """Yield what the baseline finds in texts that neither it nor its threshold has seen."""
    sample = {text: label for label, text in texts.sample}  # copies would be known
    labels = np.array([*sample.values()], np.uint8)
    if np.bincount(labels, minlength=2).min() < FEW:
        return
    tokens = [words or [] for words in tokenizer.tokenize(sample, "unicode").to_pylist()]
    half, most = len(labels) // 2, len(labels) * 3 // 4
    fitted = baseline.fit(tokens[:half], labels[:half], BaselineSettings(**settings))
    log_odds, _ = fitted.predict(tokens[half:])
    part, positive = most - half, texts.counts[1, "train"]
    reviews = positive + texts.counts[0, "train"]
    rarer = rarer_class({"train": {"reviews": reviews, "positive": positive}})
    label, threshold = rarer["label"], THRESHOLD
    if is_unequal(rarer, reviews):
        threshold = thresholds.maximize_f1(labels[half:most], log_odds[:part], label)
    found = thresholds.detections(labels[most:], log_odds[part:], label, threshold)
    yield f"A quick fit of the baseline {describe_detections(found, texts.corpus.classes[label])}."
    if found["recall"] - found["false_alarms"] < GUESSING:
        yield "warning: this is hardly better than guessing; are these the right columns?"
