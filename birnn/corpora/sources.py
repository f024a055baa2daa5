"""The sources of a corpus, by name."""

import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from birnn.core import paths
from birnn.core.errors import InputError
from birnn.core.settings import CLASSES, Settings
from birnn.corpora import imdb, imdb_npz, labelled_files, rotten_tomatoes
from birnn.corpora.download import UnreachableError
from birnn.corpora.review import Review
from birnn.text.tokenizer import Tokenizer


@dataclass(frozen=True)
class Corpus:
    """A corpus.

    Attributes:
        name: the name of the corpus.
        read: yields the reviews of both splits, in any order that is the same at each call.
        vocabulary: the words in order of rank, if the corpus defines its own order.
        classes: the names of the labels 0 and 1.
        describe: yields lines about what was read, such as the number of rows that were skipped.
        tokenizer: splits the texts into words.
        unlabelled: returns the unlabelled texts.
        fallback_for: the name of the requested corpus that this one replaces, if any.
    """

    name: str
    read: Callable[[], Iterator[Review]]
    vocabulary: list[str] | None = None
    classes: tuple[str, str] = CLASSES
    describe: Callable[[], Iterable[str]] = tuple
    tokenizer: Tokenizer = "unicode"
    unlabelled: Callable[[], Iterable[str]] = tuple
    fallback_for: str | None = None


def _imdb(_settings: Settings) -> Corpus:
    archive = imdb.locate(paths.RAW)
    read, unlabelled = partial(imdb.read, archive), partial(imdb.read_unlabelled, archive)
    return Corpus("imdb", read, unlabelled=unlabelled, tokenizer="keras")


def _imdb_npz(_settings: Settings) -> Corpus:
    arrays = imdb_npz.load(paths.RAW)
    return Corpus("imdb-npz", arrays.read, arrays.vocabulary, tokenizer="keras")


def _rotten_tomatoes(_settings: Settings) -> Corpus:
    return Corpus("rotten-tomatoes", rotten_tomatoes.read)


def own(settings: Settings, folder: Path = paths.OWN) -> Corpus:
    """Return the corpus of the user's own files in `folder`."""
    files = labelled_files.LabelledFiles(settings.csv, folder)
    train = settings.csv.train
    # A folder `imdb` is not the published corpus.
    name = f"own/{train}" if train in SOURCES else train
    return Corpus(
        name,
        files.read,
        classes=settings.csv.classes,
        describe=files.describe,
        unlabelled=files.unlabelled,
    )


SOURCES: dict[str, Callable[[Settings], Corpus]] = {
    "imdb": _imdb,
    "imdb-npz": _imdb_npz,
    "rotten-tomatoes": _rotten_tomatoes,
    "csv": own,
}


def find(settings: Settings) -> Corpus:
    """Return the corpus in the settings, or the fallback corpus if it cannot be reached.

    Raises:
        InputError: the corpus cannot be reached and `fetch.offline` is null, or a download failed
            for another reason. Reading the corpus raises it if a file is damaged.
    """
    name, offline = settings.fetch.source, settings.fetch.offline
    try:
        return SOURCES[name](settings)
    except UnreachableError as error:
        if offline is None:
            raise InputError(f"{error}, or set fetch.offline in params.yaml") from error
        print(f"warning: {error}", file=sys.stderr)
        return replace(SOURCES[offline](settings), fallback_for=name)
