"""The sources of a corpus, by name."""

import sys
from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path

from birnn.core import paths
from birnn.core.errors import InputError
from birnn.core.settings import Settings
from birnn.own_data import labelled_files
from birnn.reviews import imdb, rotten_tomatoes
from birnn.reviews.corpus import Corpus
from birnn.reviews.download import UnreachableError


def own(settings: Settings, folder: Path = paths.OWN) -> Corpus:
    """Return the corpus of the user's own files in `folder`."""
    files = labelled_files.LabelledFiles(settings.csv, folder)
    train = settings.csv.train
    # A folder `imdb` is not the published corpus.
    name = f"own/{train}" if train in {"imdb", "rotten-tomatoes"} else train
    return Corpus(name, files.read, classes=settings.csv.classes, describe=files.describe)


def find(settings: Settings) -> Corpus:
    """Return the corpus in the settings, or the fallback corpus if it cannot be reached."""
    name, offline = settings.fetch.source, settings.fetch.offline
    try:
        return _open(name, settings)
    except UnreachableError as error:
        if offline is None:
            raise InputError(f"{error}, or set fetch.offline in params.yaml") from error
        print(f"warning: {error}", file=sys.stderr)
        return replace(_open(offline, settings), fallback_for=name)


def _open(name: str, settings: Settings) -> Corpus:
    if name == "imdb":
        archive = _imdb_archive()
        verify = partial(imdb.verify, archive)
        return Corpus(name, partial(imdb.read, archive), tokenizer="keras", verify=verify)
    if name == "rotten-tomatoes":
        return Corpus(name, rotten_tomatoes.read)
    return own(settings)


def read_unlabelled(name: str, settings: Settings) -> Iterable[str]:
    """Return the unlabelled texts of the corpus that has this name."""
    if name == "imdb":
        return imdb.read_unlabelled(_imdb_archive())
    if name == "rotten-tomatoes":
        return ()
    return labelled_files.read_unlabelled(settings.csv, paths.OWN)


def _imdb_archive() -> Path:
    # Experiments use the project's download, too.
    return imdb.locate(paths.main_folder() / paths.RAW)
