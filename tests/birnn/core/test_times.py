"""Recorded times: what is written, where, and what is read."""

import json
from pathlib import Path

import pytest

from birnn.core import times
from birnn.core.integrity import compute_md5
from birnn.core.times import Timing


@pytest.fixture(autouse=True)
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_newest_time_of_an_output_is_found_by_its_content() -> None:
    assert times.read() == {}
    for seconds, content in [(1, "old"), (2, "new"), (3, "new")]:
        Path("model").write_text(content)
        times.record(Path("model"), Timing([seconds, 0.12345], kernel="fused"))
    recorded = times.read()
    newest = recorded[str(compute_md5(Path("model")))]
    assert (newest["seconds"], newest["output"], newest["kernel"]) == ([3, 0.123], "model", "fused")
    assert newest["machine"]["cores"] >= 1
    assert len(recorded) == 2
    assert times.FILE.read_text().count("seconds") == 3


def test_parts_of_lines_are_ignored() -> None:
    times.append(json.dumps({"md5": "a", "seconds": [1]}) + "\n")
    for part in ('{"md5": "b", "sec', "[]", '{"seconds": [1]}', ""):
        times.append(f"{part}\n")
    times.append('{"md5": "a", "sec')
    times.append('{"md5": "c"}\n')
    assert list(times.read()) == ["a", "c"]
