"""Which corpus is read when the one that was asked for cannot be reached."""

from pathlib import Path

import pytest

from birnn.corpora import sources
from birnn.corpora.review import Splits
from birnn.download import UnreachableError
from birnn.errors import InputError


@pytest.fixture
def unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no download succeed."""

    def refuse(_raw: Path) -> Splits:
        raise UnreachableError("http://host/archive cannot be reached (no network)")

    monkeypatch.setitem(sources.SOURCES, "imdb", refuse)


def test_the_source_that_was_asked_for() -> None:
    corpus = sources.read("rotten-tomatoes", None, Path())
    assert (corpus.name, corpus.requested) == ("rotten-tomatoes", "rotten-tomatoes")


@pytest.mark.usefixtures("unreachable")
def test_the_stand_in_is_named_and_so_is_what_it_stands_for() -> None:
    corpus = sources.read("imdb", "rotten-tomatoes", Path())
    assert (corpus.name, corpus.requested) == ("rotten-tomatoes", "imdb")


@pytest.mark.usefixtures("unreachable")
def test_no_stand_in_no_corpus() -> None:
    with pytest.raises(InputError, match=r"cannot be reached .* or set fetch\.offline"):
        sources.read("imdb", None, Path())


def test_a_damaged_source_is_never_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    def damaged(_raw: Path) -> Splits:
        raise InputError("cut short")

    monkeypatch.setitem(sources.SOURCES, "imdb", damaged)
    with pytest.raises(InputError, match="cut short"):
        sources.read("imdb", "rotten-tomatoes", Path())
