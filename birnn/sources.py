"""The sources of a corpus, by name."""

import sys
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
    return Corpus(
        name,
        files.read,
        classes=settings.csv.classes,
        read_unlabelled=files.read_unlabelled,
        describe=files.describe,
    )


def find(settings: Settings) -> Corpus:
    """Return the corpus in the settings, or the fallback corpus if it cannot be reached."""
    name, offline = settings.fetch.source, settings.fetch.offline
    try:
        return load(name, settings)
    except UnreachableError as error:
        if offline is None:
            raise InputError(f"{error}, or set fetch.offline in params.yaml") from error
        print(f"warning: {error}", file=sys.stderr)
        return replace(load(offline, settings), fallback_for=name)


def load(name: str, settings: Settings) -> Corpus:
    """Return the corpus that has this name: a published one, or the user's own."""
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
    return own(settings)
