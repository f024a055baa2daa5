"""Tests of the choice of corpus, with and without a network."""

from pathlib import Path

import pytest
import urllib3

from birnn.reviews.corpus import Corpus
from birnn.runtime.errors import InputError
from birnn.sources import registry
from tests.projects import DEFAULTS


def find(source: str, offline: str | None = None, **csv: str) -> Corpus:
    fetch = DEFAULTS.fetch.model_copy(update={"source": source, "offline": offline})
    return registry.find(fetch, DEFAULTS.csv.model_copy(update=csv))


@pytest.fixture(autouse=True)
def _no_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in an empty folder without a network."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("IMDB_ARCHIVE", raising=False)
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setattr(urllib3.Retry, "get_backoff_time", lambda _: 0)


def test_unreachable_source_gives_fallback_corpus(capsys: pytest.CaptureFixture[str]) -> None:
    corpus = find("imdb", "rotten-tomatoes")
    assert (corpus.name, corpus.fallback_for) == ("rotten-tomatoes", "imdb")
    assert "warning: https://ai.stanford.edu" in capsys.readouterr().err
    expected = r"yourself to \S+/data/raw/aclImdb_v1\.tar\.gz, or set fetch.offline"
    with pytest.raises(InputError, match=expected):
        find("imdb")


@pytest.mark.parametrize("place", [".", ".dvc/tmp/exps/standalone/tmpabc"])
def test_experiments_use_the_download_of_the_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    archive = tmp_path / "data" / "raw" / "aclImdb_v1.tar.gz"
    for folder in (archive.parent, tmp_path / place):
        folder.mkdir(parents=True, exist_ok=True)
    archive.touch()
    monkeypatch.chdir(tmp_path / place)
    corpus = find("imdb")
    assert (corpus.name, corpus.tokenizer) == ("imdb", "keras")


def test_own_folder_has_another_name_than_a_source() -> None:
    assert find("csv", train="imdb").name == "own/imdb"


def test_errors_in_own_files_name_the_command_that_finds_settings() -> None:
    Path("data/own").mkdir(parents=True)
    Path("data/own/my file.csv").write_text("Text,label\n", encoding="utf-8")
    corpus = find("csv", train="my file.csv", unlabelled="my file.csv")
    for read in (corpus.read, corpus.read_unlabelled):
        with pytest.raises(InputError, match=r"run birnn data check 'data/own/my file\.csv'$"):
            list(read())


def test_damaged_source_has_no_fallback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMDB_ARCHIVE", "none.tar.gz")
    with pytest.raises(InputError, match=r"IMDB_ARCHIVE names none\.tar\.gz, which is"):
        find("imdb", "rotten-tomatoes")
