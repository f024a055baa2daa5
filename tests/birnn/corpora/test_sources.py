"""Tests of the choice of corpus, with and without a network."""

from pathlib import Path

import pytest

from birnn.core import settings
from birnn.core.errors import InputError
from birnn.core.settings import Settings
from birnn.corpora import imdb, sources
from birnn.corpora.download import UnreachableError
from birnn.corpora.sources import Corpus
from tests.projects import PROJECT

DEFAULT = settings.load(PROJECT / "params.yaml")


def settings_for(source: str, offline: str | None = None) -> Settings:
    fetch = DEFAULT.fetch.model_copy(update={"source": source, "offline": offline})
    return DEFAULT.model_copy(update={"fetch": fetch})


@pytest.fixture
def unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make two sources unreachable; for only one of them there is advice."""

    def refuse(*_: object) -> Corpus:
        raise UnreachableError("http://host/archive cannot be reached (no network)")

    monkeypatch.setattr(imdb, "reader", refuse)
    monkeypatch.setattr(sources, "own", refuse)


def test_requested_source_is_used() -> None:
    corpus = sources.find(settings_for("rotten-tomatoes"), Path())
    assert (corpus.name, corpus.requested) == ("rotten-tomatoes", "rotten-tomatoes")


def test_corpus_can_be_read_twice() -> None:
    corpus = sources.find(settings_for("rotten-tomatoes"), Path())
    assert list(corpus.read()) == list(corpus.read())


def test_settings_allow_every_source() -> None:
    allowed = settings.Fetch.model_fields["source"].annotation
    assert set(sources.SOURCES) == set(allowed.__args__)


@pytest.mark.usefixtures("unreachable")
def test_unreachable_source_gives_fallback_corpus() -> None:
    corpus = sources.find(settings_for("imdb", "rotten-tomatoes"), Path())
    assert (corpus.name, corpus.requested) == ("rotten-tomatoes", "imdb")


@pytest.mark.parametrize(("source", "advice"), [("imdb", "set IMDB_ARCHIVE .*, "), ("csv", "")])
@pytest.mark.usefixtures("unreachable")
def test_unreachable_source_without_fallback_is_an_error(source: str, advice: str) -> None:
    expected = f"cannot be reached .*: connect to the network, {advice}or set fetch.offline in"
    with pytest.raises(InputError, match=expected):
        sources.find(settings_for(source), Path())


def test_damaged_source_has_no_fallback(monkeypatch: pytest.MonkeyPatch) -> None:
    def damaged(_raw: Path) -> Corpus:
        raise InputError("cut short")

    monkeypatch.setattr(imdb, "reader", damaged)
    with pytest.raises(InputError, match="cut short"):
        sources.find(settings_for("imdb", "rotten-tomatoes"), Path())
