"""Recorded times: what is written, and where."""

import json
from pathlib import Path

import pytest

from birnn.core import machine, paths, stage
from birnn.runtime.times import compute_md5


def test_time_is_recorded_with_the_md5_of_the_output(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("model").touch()
    md5 = compute_md5(Path("model"))
    # Experiments run in copies of the project.
    for folder in (".", ".dvc/tmp/exps/standalone/copy", ".dvc/tmp/exps/copy"):
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
        monkeypatch.chdir(tmp_path / folder)
        Path("model").touch()
        stage.record_time(Path("model"), [2, 0.12345], ["a GPU"])
        with paths.times_file().open("a", encoding="utf-8") as stream:
            stream.write("half")  # of a killed process
        assert paths.times_file() == tmp_path / "state" / "times.jsonl"
    lines = paths.times_file().read_text(encoding="utf-8").splitlines()
    recorded = [json.loads(line) for line in lines if line not in {"", "half"}]
    assert [(line["md5"], line["output"]) for line in recorded] == [(md5, "model")] * 3
    assert recorded[0]["seconds"] == [2, 0.123]
    assert recorded[0]["machine"] == machine.describe(["a GPU"])
