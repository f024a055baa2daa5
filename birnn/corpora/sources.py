"""The corpora that the pipeline knows, by name."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from birnn.corpora import imdb, rotten_tomatoes
from birnn.corpora.review import Splits
from birnn.download import UnreachableError
from birnn.errors import InputError

SOURCES: dict[str, Callable[[Path], Splits]] = {
    "imdb": imdb.read,
    "rotten-tomatoes": rotten_tomatoes.read,
}


@dataclass(frozen=True)
class Corpus:
    """A corpus, and the one that was asked for: another where that could not be reached."""

    name: str
    requested: str
    splits: Splits


def read(source: str, offline: str | None, raw: Path) -> Corpus:
    """Read the corpus `source`, or `offline` in its stead where `source` cannot be reached.

    `raw` is the folder that keeps what was downloaded.

    Raises:
        InputError: the corpus cannot be reached and `offline` is None, or it is damaged.
    """
    try:
        return Corpus(source, source, SOURCES[source](raw))
    except UnreachableError as error:
        if offline is None:
            raise InputError(
                f"{error}: connect, name a local copy by {imdb.LOCAL_COPY}, "
                "or set fetch.offline in params.yaml"
            ) from error
        print(f"warning: {error}", file=sys.stderr)
        return Corpus(offline, source, SOURCES[offline](raw))
