"""Which corpus is read when the one that was asked for cannot be reached."""

from pathlib import Path

import pytest

from birnn.core import settings
from birnn.core.errors import InputError
from birnn.core.settings import Settings
from birnn.corpora import sources
from birnn.corpora.download import UnreachableError
from birnn.corpora.sources import Corpus
from tests.projects import PROJECT

DEFAULT = settings.load(PROJECT / "params.yaml")


def fetching(source: str, offline: str | None = None) -> Settings:
    fetch = DEFAULT.fetch.model_copy(update={"source": source, "offline": offline})
    return DEFAULT.model_copy(update={"fetch": fetch})


@pytest.fixture
def unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no download succeed."""

    def refuse(_settings: Settings, _raw: Path) -> Corpus:
        raise UnreachableError("http://host/archive cannot be reached (no network)")

    monkeypatch.setitem(sources.SOURCES, "imdb", refuse)


def test_the_source_that_was_asked_for() -> None:
    corpus = sources.find(fetching("rotten-tomatoes"), Path())
    assert (corpus.name, corpus.requested) == ("rotten-tomatoes", "rotten-tomatoes")


def test_a_corpus_can_be_read_twice() -> None:
    corpus = sources.find(fetching("rotten-tomatoes"), Path())
    assert list(corpus.read()) == list(corpus.read())


def test_every_source_can_be_named_in_the_settings() -> None:
    allowed = settings.Fetch.model_fields["source"].annotation
    assert set(sources.SOURCES) == set(allowed.__args__)


@pytest.mark.usefixtures("unreachable")
def test_the_stand_in_is_named_and_so_is_what_it_stands_for() -> None:
    corpus = sources.find(fetching("imdb", "rotten-tomatoes"), Path())
    assert (corpus.name, corpus.requested) == ("rotten-tomatoes", "imdb")


@pytest.mark.usefixtures("unreachable")
def test_no_stand_in_no_corpus() -> None:
    with pytest.raises(InputError, match=r"cannot be reached .* or set fetch\.offline"):
        sources.find(fetching("imdb"), Path())


def test_a_damaged_source_is_never_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    def damaged(_settings: Settings, _raw: Path) -> Corpus:
        raise InputError("cut short")

    monkeypatch.setitem(sources.SOURCES, "imdb", damaged)
    with pytest.raises(InputError, match="cut short"):
        sources.find(fetching("imdb", "rotten-tomatoes"), Path())
