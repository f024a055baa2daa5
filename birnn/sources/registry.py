"""The sources of a corpus, by name."""

import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from shlex import quote
from typing import TypeVar

from birnn.core import paths
from birnn.reviews.corpus import Corpus
from birnn.runtime.errors import InputError
from birnn.sources import imdb, labelled_files, rotten_tomatoes
from birnn.sources.download import UnreachableError
from birnn.sources.settings import Csv, Fetch
from birnn.sources.tabular import TableError

Item = TypeVar("Item")


def own(csv: Csv, folder: Path = paths.OWN) -> Corpus:
    """Return the corpus of the user's own files in `folder`."""
    files = labelled_files.LabelledFiles(csv, folder)
    # A folder `imdb` is not the published corpus.
    name = f"own/{csv.train}" if csv.train in {"imdb", "rotten-tomatoes"} else csv.train
    return Corpus(
        name,
        files.read,
        classes=csv.classes,
        read_unlabelled=files.read_unlabelled,
        describe=files.describe,
    )


def find(fetch: Fetch, csv: Csv) -> Corpus:
    """Return the corpus in the settings, or the fallback corpus if it cannot be reached."""
    try:
        return load(fetch.source, csv)
    except UnreachableError as error:
        if fetch.offline is None:
            raise InputError(f"{error}, or set fetch.offline in params.yaml") from error
        print(f"warning: {error}", file=sys.stderr)
        return replace(load(fetch.offline, csv), fallback_for=fetch.source)


def load(name: str, csv: Csv) -> Corpus:
    """Return the corpus that has this name, whose reviews are read later.

    It is a published one, whose archive is downloaded if necessary, or the user's own.
    """
    if name == "imdb":
        # Experiments use the project's download, too.
        archive = imdb.locate(paths.main_folder() / paths.RAW)
        return Corpus(
            name,
            partial(imdb.read, archive),
            read_unlabelled=partial(imdb.read_unlabelled, archive),
            tokenizer="keras",
            verify=partial(imdb.verify, archive),
        )
    if name == "rotten-tomatoes":
        return Corpus(name, rotten_tomatoes.read)
    corpus, file = own(csv), paths.OWN / csv.train
    return replace(
        corpus,
        read=partial(_advise, corpus.read, file),
        read_unlabelled=partial(_advise, corpus.read_unlabelled, file),
    )


def _advise(read: Callable[[], Iterable[Item]], file: Path) -> Iterator[Item]:
    """Yield what `read` returns; its errors also say how to find settings that fit the file."""
    try:
        yield from read()
    except TableError as error:
        advice = f"to see settings that fit, run birnn data check {quote(str(file))}"
        raise InputError(f"{error}; {advice}") from error
