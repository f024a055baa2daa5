"""Finished experiments, and the order in which the others run."""

import copy
import json
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from birnn.experiments import runs

PARAMS = {"train": {"epochs": 1}}
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


@contextmanager
def repository() -> Iterator[Any]:
    """Yield a stub of DVC's `Repo` with the hashes of `LOCK` and one experiment."""
    stages = [
        SimpleNamespace(
            name=name,
            deps=[
                SimpleNamespace(
                    def_path=dependency["path"],
                    get_hash=lambda md5=dependency["md5"]: SimpleNamespace(value=md5),
                )
                for dependency in stage["deps"]
            ],
        )
        for name, stage in LOCK["stages"].items()
    ]
    experiments = SimpleNamespace(ls=lambda **_: {"main": [("one", "abc")]})
    yield SimpleNamespace(index=SimpleNamespace(stages=stages), experiments=experiments)


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
    monkeypatch.setattr(runs, "Repo", repository)
    monkeypatch.setattr(runs, "read_lock", lambda: LOCK)
    monkeypatch.setattr(runs.dvc.api, "read", lambda *_, **__: json.dumps(lock))
    monkeypatch.setattr(runs.dvc.api, "params_show", lambda **_: PARAMS)
    monkeypatch.setattr(runs.dvc.api, "metrics_show", lambda **_: {"bigru": {"accuracy": 1}})
    assert [run.name for run in runs.finished()] == ["one"] * counts
    # Code and corpus do not matter here, only whether all stages ran.
    complete = path != "params"
    found = runs.finished_with_any_code()
    assert [(run.name, run.baseline) for run in found] == [("one", "main")] * complete


def test_one_by_one_prints_the_remaining_time(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = iter([100.0, 100.0, 700.0, 1300.0])
    monkeypatch.setattr(runs.time, "perf_counter", lambda: next(clock))
    monkeypatch.setattr(runs, "_run", lambda point: int(point.name == "b"))
    points = [SimpleNamespace(name=name) for name in "abc"]
    assert [point.name for point in runs.one_by_one(points)] == ["b"]
    assert capsys.readouterr().out.splitlines() == [
        "[1 of 3] a",
        "[2 of 3] b, about 20 min left",
        "[3 of 3] c, about 10 min left",
    ]
