"""Finished experiments, and the order in which the others run."""

import copy
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from birnn.experiments import private_apis, runs

PARAMS = {"train": {"epochs": 1}}
METRICS = {"bigru": {"accuracy": 1}}
LOCK = {
    "stages": {
        "fetch": {"deps": [{"path": "stages/fetch.py", "md5": "1"}]},
        "train_bigru": {
            "deps": [
                {"path": "birnn/training", "md5": "2"},
                {"path": "stages/train_bigru.py", "md5": "3"},
                {"path": "data/corpus/train.parquet", "md5": "4"},
                {"path": "data/padded/train", "md5": "5"},
            ],
        },
        "report": {
            "deps": [{"path": "stages/report.py", "md5": "6"}],
            "params": {"params.yaml": {"train.epochs": 1}},
        },
    }
}


def hash_dependencies(folders: tuple[str, ...]) -> Iterator[tuple[str, str, str]]:
    """Yield the hashes of `LOCK`, as DVC would compute them."""
    for name, stage in LOCK["stages"].items():
        for dependency in stage["deps"]:
            if dependency["path"].startswith(folders):
                yield name, dependency["path"], dependency["md5"]


@pytest.mark.parametrize(
    ("stage", "path", "counts"),
    [
        (None, "", True),
        ("train_bigru", "birnn/training", False),
        ("train_bigru", "stages/train_bigru.py", False),
        ("train_bigru", "data/corpus/train.parquet", False),
        # Outputs of other stages, and code that does not affect the metrics.
        ("train_bigru", "data/padded/train", True),
        ("fetch", "stages/fetch.py", True),
        ("report", "stages/report.py", True),
        # The last stage did not run, or ran with other settings.
        ("report", "params", False),
    ],
)
def test_finished_requires_current_code_corpus_and_all_stages(
    monkeypatch: pytest.MonkeyPatch, stage: str | None, path: str, counts: Any
) -> None:
    lock = copy.deepcopy(LOCK)
    if path == "params":
        lock["stages"]["report"]["params"]["params.yaml"]["train.epochs"] = 2
    for dependency in lock["stages"][stage]["deps"] if stage else []:
        if dependency["path"] == path:
            dependency["md5"] = "other"
    monkeypatch.setattr(private_apis, "list_experiments", lambda: [("one", "abc", "main")])
    monkeypatch.setattr(private_apis, "hash_dependencies", hash_dependencies)
    monkeypatch.setattr(runs, "read_lock", lambda: LOCK)
    records = [json.dumps(content).encode() for content in (lock, PARAMS, METRICS)]
    monkeypatch.setattr(runs, "_read_records", lambda revisions: [records for _ in revisions])
    assert [run.name for run in runs.finished()] == ["one"] * counts
    # Code and corpus do not matter here, only whether all stages ran.
    complete = path != "params"
    found = runs.finished_with_any_code()
    assert [(run.name, run.baseline) for run in found] == [("one", "main")] * complete
    assert [run.metrics for run in found] == [METRICS] * complete


def git(*arguments: str) -> str:
    identity = ("-c", "user.name=test", "-c", "user.email=test@example.com")
    return subprocess.check_output(["git", *identity, *arguments], text=True).strip()


def test_records_are_read_from_commits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    git("init", "-q")
    # Content without a line feed at the end, no content, and no file.
    versions: list[list[bytes | None]] = [
        [b"stages: {}\n", b"\nb: \xff 3\n\n", b"{}"],
        [b"a missing\n", b"", None],
    ]
    commits = []
    for contents in versions:
        for file, content in zip(runs.RECORDS, contents, strict=True):
            file.parent.mkdir(exist_ok=True)
            file.unlink(missing_ok=True)
            if content is not None:
                file.write_bytes(content)
        git("add", "--all")
        git("commit", "-qm", ".")
        commits.append(git("rev-parse", "HEAD"))
    assert list(runs._read_records(commits)) == versions  # noqa: SLF001
    assert list(runs._read_records([])) == []  # noqa: SLF001


def test_workspace_without_a_complete_run_is_no_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(runs, "_head", lambda: "main")
    assert runs.workspace() is None
    Path("metrics").mkdir()
    for file, content in zip(runs.RECORDS, (LOCK, PARAMS, METRICS), strict=True):
        file.write_text(json.dumps(content))
    run = runs.workspace()
    assert run
    assert (run.name, run.baseline, run.metrics) == ("workspace", "main", METRICS)
    assert run.code == {("train_bigru", "birnn/training"): "2"} | {
        ("train_bigru", "stages/train_bigru.py"): "3"
    }
    # The settings were edited after the run.
    Path("params.yaml").write_text(json.dumps({"train": {"epochs": 2}}))
    assert runs.workspace() is None


def test_one_by_one_prints_the_remaining_time(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = iter([100.0, 100.0, 700.0, 1300.0])
    monkeypatch.setattr(runs.time, "perf_counter", lambda: next(clock))
    monkeypatch.setattr(runs, "execute", lambda point: int(point.name == "b"))
    points = [SimpleNamespace(name=name) for name in "abc"]
    assert [point.name for point in runs.one_by_one(points)] == ["b"]
    assert capsys.readouterr().out.splitlines() == [
        "[1 of 3] a",
        "[2 of 3] b, about 20 min left",
        "[3 of 3] c, about 10 min left",
    ]


@pytest.mark.parametrize(("labels", "baseline"), [(0, 8), (4, 8 + 4 + 1)])
def test_training_time_includes_the_stages_before(labels: float, baseline: float) -> None:
    stages = {"word_vectors": 1, "self_labelled": labels, "ngrams": 2, "baseline": 8}
    timings: dict[str, Any] = {name: {"seconds": value} for name, value in stages.items()}
    timings |= {name: {"seconds_per_epoch": [16, 32]} for name in ("bilstm", "bigru")}
    before = 1 + labels + 2
    assert runs.training_seconds(timings) == {
        "bilstm": before + 48,
        "bigru": before + 48,
        "baseline": baseline,
        "networks": before + 96,
        "all": before + 96 + 8,
    }
