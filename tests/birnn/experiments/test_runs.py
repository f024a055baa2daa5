"""Finished experiments, and names."""

import copy
import json
import math
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from birnn.core.errors import InputError
from birnn.experiments import grid, private_apis, revisions, runs
from birnn.experiments.grid import Point
from tests.birnn import samples
from tests.projects import PROJECT

PARAMS = {"fetch": {"source": "imdb"}, "train": {"epochs": 1}}
METRICS = {"bigru": {"accuracy": 1}, "corpus": {"name": "mine", "requested": "mine"}}
LOCK = {
    "stages": {
        "fetch": {
            "deps": [
                {"path": "data/own", "md5": "0" * 32},
                {"path": "code/fetch.txt", "md5": "1" * 32},
            ],
            "params": {"params.yaml": {"fetch.source": "imdb"}},
        },
        "train_bigru": {
            "deps": [
                {"path": "code/train_bigru.txt", "md5": "3" * 32},
                {"path": "data/corpus/train.parquet", "md5": "4" * 32},
                {"path": "data/padded/train", "md5": "5" * 32},
            ],
        },
        "report": {
            "deps": [{"path": "code/report.txt", "md5": "6" * 32}],
            "params": {"params.yaml": {"fetch.source": "imdb", "train.epochs": 1}},
        },
    }
}


def use_project(monkeypatch: pytest.MonkeyPatch, lock: Any, found: Sequence[Any] = ()) -> None:
    """Replace the project by a `dvc.lock` that is up to date, and experiments with these locks."""
    listed = [(f"name-{number}", "abc", "main") for number in range(len(found))]
    locked = runs.Run("", "", "", {}, {}, lock)
    own_files = lock["stages"]["fetch"]["deps"][0]["md5"]
    monkeypatch.setattr(private_apis, "list_experiments", lambda: listed)
    monkeypatch.setattr(private_apis, "hash_dependency", lambda *_: own_files)
    code = {stage: md5 for (stage, _), md5 in locked.code.items()}
    monkeypatch.setattr(runs, "_hash_code", lambda: code | {"fetch": "1" * 32})
    monkeypatch.setattr(runs, "read_lock", lambda: lock)
    records = [[json.dumps(content).encode() for content in each] for each in found]
    monkeypatch.setattr(runs, "_read_records", lambda _: records)


def make_point(**changes: Any) -> Point:
    """Return a point with other values of `train.epochs` and so on."""
    params = {section: dict(values) for section, values in PARAMS.items()}
    for name, value in changes.items():
        section, _, setting = name.partition("_")
        params[section][setting] = value
    return Point({}, {}, params)


@pytest.mark.parametrize(
    ("stage", "path", "counts"),
    [
        (None, "", True),
        ("train_bigru", "code/train_bigru.txt", False),
        ("train_bigru", "data/corpus/train.parquet", False),
        # Outputs of other stages, and code that does not affect the metrics.
        ("train_bigru", "data/padded/train", True),
        ("fetch", "code/fetch.txt", True),
        ("report", "code/report.txt", True),
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
            dependency["md5"] = "e" * 32
    use_project(monkeypatch, LOCK, [(lock, PARAMS, METRICS)])
    found = runs.finished([make_point(train_epochs=3), make_point()])
    assert {index: run.name for index, run in found.items()} == ({1: "name-0"} if counts else {})
    # Code and corpus do not matter here, only whether all stages ran.
    complete = path != "params"
    any_code = runs.finished_with_any_code()
    assert [(run.name, run.baseline) for run in any_code] == [("name-0", "main")] * complete
    assert [run.metrics for run in any_code] == [METRICS] * complete


def own_lock(files: str, corpus: str) -> Any:
    """Return a lock of the user's own files, which gave a corpus."""
    lock = copy.deepcopy(LOCK)
    lock["stages"]["fetch"]["deps"][0]["md5"] = files
    lock["stages"]["train_bigru"]["deps"][1]["md5"] = corpus
    for stage in ("fetch", "report"):
        lock["stages"][stage]["params"]["params.yaml"]["fetch.source"] = "csv"
    return lock


def test_experiments_on_another_corpus_are_found_by_its_source(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    own = make_point(fetch_source="csv")
    record = (own_lock("0" * 32, "c" * 32), own.params, METRICS)
    # The corpus in the project is IMDB, the own files, or these with an edit that was not fetched.
    for lock in (LOCK, record[0]):
        use_project(monkeypatch, lock, [record])
        assert list(runs.finished([own])) == [0]
    use_project(monkeypatch, own_lock("e" * 32, "d" * 32), [record])
    assert runs.finished([own]) == {}
    # The code that reads it was edited; or the corpus is the fallback.
    use_project(monkeypatch, LOCK, [record])
    code = runs._hash_code() | {"fetch": "e" * 32}  # noqa: SLF001
    monkeypatch.setattr(runs, "_hash_code", lambda: code)
    assert runs.finished([own]) == {}
    fallback = METRICS | {"corpus": {"name": "mine", "requested": "other"}}
    use_project(monkeypatch, LOCK, [(*record[:2], fallback)])
    assert runs.finished([own]) == {}


def test_different_results_have_different_names(monkeypatch: pytest.MonkeyPatch) -> None:
    names = []
    other_code, other_corpus = copy.deepcopy(LOCK), copy.deepcopy(LOCK)
    other_code["stages"]["train_bigru"]["deps"][0]["md5"] = "e" * 32
    other_corpus["stages"]["train_bigru"]["deps"][1]["md5"] = "e" * 32
    for lock in (LOCK, other_code, other_corpus):
        use_project(monkeypatch, lock)
        names += runs.names([make_point(), make_point(train_epochs=2)])
    for files in ("0", "e"):
        use_project(monkeypatch, own_lock(files * 32, files * 32))
        names += runs.names([make_point(fetch_source="csv")])
    assert len(set(names)) == len(names)
    use_project(monkeypatch, LOCK)
    # These do not change the results.
    same = [make_point(), make_point(train_epochs=1.0)]
    same[1].params["report"] = {"equivalence": 1}
    assert runs.names(same) == names[:1] * 2


@pytest.mark.parametrize(
    "options",
    [
        ["train.seed=1"],
        ["pad.seed=1"],
        ["csv.seed=1"],
        ["train.epochs=4"],
        ["word_vectors.epochs=4"],
        ["ngrams.smoothing=2"],
        ["baseline.smoothing=2"],
        ["train.seed=1", "pad.seed=2"],
        ["pad.seed=1", "train.seed=2"],
    ],
)
def test_name_identifies_all_settings(monkeypatch: pytest.MonkeyPatch, options: list[str]) -> None:
    monkeypatch.chdir(PROJECT)
    use_project(monkeypatch, LOCK)
    others = ["train.seed=1..2", "pad.seed=1..2", "csv.seed=1..2", "train.epochs=4"]
    others += ["word_vectors.epochs=4", "ngrams.smoothing=2", "baseline.smoothing=2"]
    (point,) = grid.points(options)
    different = [other for each in others for other in grid.points([each])]
    different = [other for other in different if other.params != point.params]
    names = runs.names([point, *grid.points(options[::-1]), *different])
    assert names[0] == names[1]
    assert names[0] not in names[2:]


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
    monkeypatch.setattr(runs, "head", lambda: "main")
    assert runs.workspace() is None
    Path("metrics").mkdir()
    for file, content in zip(runs.RECORDS, (LOCK, PARAMS, METRICS), strict=True):
        file.write_text(json.dumps(content))
    run = runs.workspace()
    assert run
    assert (run.name, run.baseline, run.metrics) == ("workspace", "main", METRICS)
    assert run.code == {("train_bigru", "code/train_bigru.txt"): "3" * 32}
    # The settings were edited after the run.
    Path("params.yaml").write_text(json.dumps({"train": {"epochs": 2}}))
    assert runs.workspace() is None


def test_lock_of_a_killed_dvc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(runs, "head", lambda: "main")
    Path("metrics").mkdir()
    lock = copy.deepcopy(LOCK)
    del lock["stages"]["train_bigru"]["deps"][0]["md5"]  # type: ignore[index]
    for file, content in zip(runs.RECORDS, (lock, PARAMS, METRICS), strict=True):
        file.write_text(json.dumps(content))
    run = runs.workspace()
    assert run
    assert run.code == {}
    assert revisions.read().lock["stages"].keys() == lock["stages"].keys()
    runs.LOCK.write_text(json.dumps(lock)[:-1])
    assert runs.workspace() is None
    for read in (runs.read_lock, revisions.read):
        with pytest.raises(InputError, match=r"^dvc\.lock is damaged: run git checkout"):
            read()


@pytest.mark.parametrize(("labels", "baseline"), [(0, 8), (4, 8 + 4 + 1)])
def test_training_time_includes_the_stages_before(labels: float, baseline: float) -> None:
    seconds: dict[str, list[float]] = {
        "models/word_vectors": [1],
        "data/self_labelled": [labels],
        "data/ngrams": [2],
        "models/baseline": [8],
        "models/bilstm": [16, 32],
        "models/bigru": [16, 32],
    }
    outs = [{"path": path, "md5": f"md5 of {path}"} for path in seconds]
    run = replace(samples.run("one"), lock={"stages": {"all": {"deps": [], "outs": outs}}})
    recorded = {f"md5 of {path}": {"seconds": values} for path, values in seconds.items()}
    before = 1 + labels + 2
    assert runs.training_seconds(run, recorded) == {
        "bilstm": before + 48,
        "bigru": before + 48,
        "baseline": baseline,
        "networks": before + 96,
        "all": before + 96 + 8,
    }
    del recorded["md5 of models/bigru"]
    seconds_of_models = runs.training_seconds(run, recorded)
    unknown = {name for name, value in seconds_of_models.items() if math.isnan(value)}
    assert unknown == {"bigru", "networks", "all"}
