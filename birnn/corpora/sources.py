"""The sources of a corpus, by name."""

import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from birnn.core.errors import InputError
from birnn.core.settings import Settings
from birnn.corpora import imdb, imdb_npz, labelled_files, rotten_tomatoes
from birnn.corpora.download import UnreachableError
from birnn.corpora.review import Review


@dataclass(frozen=True)
class Corpus:
    """A corpus. If it is the fallback corpus, `name` differs from `requested`.

    Attributes:
        name: the name of the corpus.
        requested: the name of the requested corpus.
        read: yields the reviews of both splits, in any order that is the same at each call.
        vocabulary: the words in order of rank, if the corpus defines its own order.
        describe: yields lines about what was read, such as the number of rows that were skipped.
    """

    name: str
    requested: str
    read: Callable[[], Iterator[Review]]
    vocabulary: list[str] | None = None
    describe: Callable[[], Iterable[str]] = tuple


def _imdb(_settings: Settings, raw: Path) -> Corpus:
    return Corpus("imdb", "imdb", imdb.reader(raw))


def _imdb_npz(_settings: Settings, raw: Path) -> Corpus:
    arrays = imdb_npz.load(raw)
    return Corpus("imdb-npz", "imdb-npz", arrays.read, arrays.vocabulary)


def _rotten_tomatoes(_settings: Settings, _raw: Path) -> Corpus:
    return Corpus("rotten-tomatoes", "rotten-tomatoes", rotten_tomatoes.read)


def _csv(settings: Settings, _raw: Path) -> Corpus:
    return own(settings, labelled_files.FOLDER)


def own(settings: Settings, folder: Path) -> Corpus:
    """Return the corpus of the user's own files in `folder`."""
    files = labelled_files.LabelledFiles(settings.csv, folder)
    name = settings.csv.train
    return Corpus(name, name, files.read, describe=files.describe)


SOURCES: dict[str, Callable[[Settings, Path], Corpus]] = {
    "imdb": _imdb,
    "imdb-npz": _imdb_npz,
    "rotten-tomatoes": _rotten_tomatoes,
    "csv": _csv,
}


# How to do without the network, by source.
ADVICE = {
    "imdb": f"set {imdb.LOCAL_COPY} to a local copy, ",
    "imdb-npz": "copy imdb.npz and imdb_word_index.json into data/raw, ",
}


def find(settings: Settings, raw: Path) -> Corpus:
    """Return the corpus in the settings, or the fallback corpus if it cannot be reached.

    `raw` is the folder for downloads.

    Raises:
        InputError: the corpus cannot be reached and `fetch.offline` is null. Reading the corpus
            raises it if a file is damaged.
    """
    source, offline = settings.fetch.source, settings.fetch.offline
    try:
        return SOURCES[source](settings, raw)
    except UnreachableError as error:
        if offline is None:
            raise InputError(
                f"{error}: connect to the network, {ADVICE[source]}or set fetch.offline in "
                "params.yaml"
            ) from error
        print(f"warning: {error}", file=sys.stderr)
        return replace(SOURCES[offline](settings, raw), requested=source)
