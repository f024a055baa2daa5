"""Tests of the choice of corpus, with and without a network."""

from pathlib import Path

import pytest

from birnn.core import paths, settings
from birnn.core.errors import InputError
from birnn.core.settings import Settings
from birnn.corpora import sources
from birnn.corpora.download import UnreachableError
from birnn.corpora.fallback_warning import warn_if_fallback
from tests.projects import PROJECT


def settings_for(source: str, offline: str | None = None) -> Settings:
    default = settings.load(PROJECT / "params.yaml")
    fetch = default.fetch.model_copy(update={"source": source, "offline": offline})
    return default.model_copy(update={"fetch": fetch})


@pytest.fixture(autouse=True)
def _no_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in an empty folder without a network."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("IMDB_ARCHIVE", raising=False)
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")


def test_settings_allow_every_source() -> None:
    allowed = settings.Fetch.model_fields["source"].annotation
    assert set(sources.SOURCES) == set(allowed.__args__)


def test_own_files_can_be_read_twice() -> None:
    paths.OWN.mkdir(parents=True)
    lines = "text,label,split\nBad.,negative,train\nGood.,positive,test\n"
    (paths.OWN / "reviews.csv").write_text(lines, encoding="utf-8")
    corpus = sources.find(settings_for("csv"), paths.RAW)
    assert (corpus.name, corpus.requested) == ("reviews.csv", "reviews.csv")
    assert [review.text for review in corpus.read()] == ["Bad.", "Good."]
    assert list(corpus.read()) == list(corpus.read())
    assert list(corpus.describe()) == ["data/own/reviews.csv: encoding utf-8, delimiter ','"]
    assert sources.read_unlabelled("reviews.csv", paths.RAW) == ([], 0)


def test_unreachable_source_gives_fallback_corpus(capsys: pytest.CaptureFixture[str]) -> None:
    corpus = sources.find(settings_for("imdb", "rotten-tomatoes"), paths.RAW)
    assert (corpus.name, corpus.requested) == ("rotten-tomatoes", "imdb")
    assert "warning: https://ai.stanford.edu" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("source", "advice"), [("imdb", "set IMDB_ARCHIVE to"), ("imdb-npz", "copy imdb.npz and imdb_")]
)
def test_unreachable_source_without_fallback_is_an_error(source: str, advice: str) -> None:
    expected = f"cannot be reached .*: connect to the network, {advice}.*, or set fetch.offline in"
    with pytest.raises(InputError, match=expected):
        sources.find(settings_for(source), paths.RAW)


def test_damaged_source_has_no_fallback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMDB_ARCHIVE", "none.tar.gz")
    with pytest.raises(InputError, match=r"IMDB_ARCHIVE names none\.tar\.gz, which is") as error:
        sources.find(settings_for("imdb", "rotten-tomatoes"), paths.RAW)
    assert not isinstance(error.value, UnreachableError)


def test_warning_has_a_frame(capsys: pytest.CaptureFixture[str]) -> None:
    warn_if_fallback("imdb", "imdb")
    assert capsys.readouterr().err == ""
    warn_if_fallback("rotten-tomatoes", "imdb")
    _, rule, *lines, end, _ = capsys.readouterr().err.split("\n")[:-1]
    assert lines[0].startswith("! WARNING: imdb could not be reached.")
    assert {len(line) for line in lines} == {len(rule)}
    assert rule == end == "!" * len(rule)
