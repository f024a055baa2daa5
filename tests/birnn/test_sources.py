"""Tests of the choice of corpus, with and without a network."""

from pathlib import Path

import pytest
import urllib3

from birnn import sources
from birnn.core import settings
from birnn.core.errors import InputError
from birnn.core.settings import Settings
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
    monkeypatch.setattr(urllib3.Retry, "get_backoff_time", lambda _: 0)


def test_unreachable_source_gives_fallback_corpus(capsys: pytest.CaptureFixture[str]) -> None:
    corpus = sources.find(settings_for("imdb", "rotten-tomatoes"))
    assert (corpus.name, corpus.fallback_for) == ("rotten-tomatoes", "imdb")
    assert "warning: https://ai.stanford.edu" in capsys.readouterr().err
    expected = r"yourself to \S+/data/raw/aclImdb_v1\.tar\.gz, or set fetch.offline"
    with pytest.raises(InputError, match=expected):
        sources.find(settings_for("imdb"))


@pytest.mark.parametrize("place", [".", ".dvc/tmp/exps/standalone/tmpabc"])
def test_experiments_use_the_download_of_the_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    archive = tmp_path / "data" / "raw" / "aclImdb_v1.tar.gz"
    for folder in (archive.parent, tmp_path / place):
        folder.mkdir(parents=True, exist_ok=True)
    archive.touch()
    monkeypatch.chdir(tmp_path / place)
    corpus = sources.find(settings_for("imdb"))
    assert (corpus.name, corpus.tokenizer) == ("imdb", "keras")


def test_own_folder_has_another_name_than_a_source() -> None:
    default = settings_for("csv")
    csv = default.csv.model_copy(update={"train": "imdb"})
    assert sources.find(default.model_copy(update={"csv": csv})).name == "own/imdb"


def test_damaged_source_has_no_fallback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMDB_ARCHIVE", "none.tar.gz")
    with pytest.raises(InputError, match=r"IMDB_ARCHIVE names none\.tar\.gz, which is"):
        sources.find(settings_for("imdb", "rotten-tomatoes"))
