"""`birnn results`."""

from pathlib import Path

import pytest

from birnn.cli import results
from birnn.core import paths
from birnn.core.errors import InputError
from birnn.core.outputs import write_json
from birnn.reporting.formatting import points
from tests.birnn import samples


def test_results_give_the_difference_without_a_verdict(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="run dvc repro"):
        results.run()
    columns = samples.predictions()
    columns["bigru"] = columns["label"].astype("float32")
    measured = samples.metrics(columns)
    write_json(paths.METRICS, measured)
    results.run()
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[:4]] == ["BiLSTM", "BiGRU", "Baseline", "BiLSTM"]
    assert points(measured["pair"]["accuracy_difference"]) in lines[3]
    assert "better" not in lines[3]


@pytest.mark.parametrize("corpus", ["imdb", "rotten-tomatoes"])
def test_fallback_corpus_is_followed_by_the_command_that_tries_again(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    corpus: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    write_json(paths.METRICS, samples.metrics(samples.predictions(), corpus=corpus))
    results.run()
    assert ("run: make repro" in capsys.readouterr().err) is (corpus != "imdb")
