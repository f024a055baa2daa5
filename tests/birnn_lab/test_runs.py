"""Finished experiments, their names, and the runs in commits."""

import json
import re
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from birnn.core import paths
from birnn.evaluation.model_names import NETWORKS
from birnn.runtime.errors import InputError
from birnn_lab import grid, runs
from birnn_lab.grid import Point
from tests.birnn_lab.repository import (
    CORPUS_FOLDER,
    MACHINE,
    METRICS,
    OTHER,
    TEST,
    TRAIN,
    UNLABELLED,
    add,
    git,
    make_run,
    record_times,
    write,
)
from tests.projects import commit

pytestmark = pytest.mark.usefixtures("repository")


def point(*options: str) -> Point:
    (found,) = grid.points(options)
    return found


def edit(file: str) -> None:
    with Path(file).open("a", encoding="utf-8") as text:
        text.write("print()\n")


def test_finished_requires_current_code_corpus_and_all_stages() -> None:
    changes = {
        "stages/train.py": False,
        CORPUS_FOLDER: False,
        # Outputs of other stages, and code that does not affect the metrics.
        UNLABELLED: True,
        "data/padded/train": True,
        "stages/report.py": True,
    }
    points = grid.points([f"train.seed=0..{len(changes)}"])
    added = [
        add(make_run(each, {path: OTHER})) for each, path in zip(points, changes, strict=False)
    ]
    # Neither current nor complete: settings that a stage did not see, and missing files.
    unseen = make_run(point("train.epochs=9"))
    add(replace(make_run(points[-1], name="unseen"), lock=unseen.lock))
    frozen, current = make_run(points[-1], name="frozen"), make_run(points[3])
    frozen.lock["stages"]["train"] = unseen.lock["stages"]["train"]
    add(frozen)
    # A stage and a setting that the pipeline does not have any more.
    current.lock["stages"]["removed"] = unseen.lock["stages"]["train"]
    settings = points[3].settings | {"pad.maxlen": 7}
    current.lock["stages"]["train"]["params"] = {"params.yaml": settings}
    added[3] = add(current)
    for file in runs.RECORDS:
        add(make_run(points[-1], name=f"without-{file.stem}"), {file.as_posix(): None})
    metrics = "metrics/metrics.json"
    damaged = [{"dvc.lock": b"{"}, *({metrics: content} for content in (b"{", b"", b"{}", b"null"))]
    for number, change in enumerate(damaged):
        add(make_run(points[-1], name=f"damaged-{number}"), change)
    commit(Path())
    counting = [index for index, counts in enumerate(changes.values()) if counts]
    found = {index: run.name for index, run in runs.finished(points).items()}
    assert found == {index: added[index].name for index in counting}
    any_code = {run.name: replace(run, lock={}) for run in runs.finished_with_any_code()}
    assert any_code == {run.name: replace(run, lock={}) for run in added}


def test_experiments_on_another_corpus_are_found_by_its_source() -> None:
    own = point("fetch.source=csv")
    imdb, run = make_run(point("train.seed=0")), make_run(own, {CORPUS_FOLDER: OTHER})
    fallback = {"corpus": METRICS["corpus"] | {"requested": "imdb"}}
    add(replace(run, metrics=run.metrics | fallback, name="fallback"))
    assert runs.finished([own]) == {}
    add(run)
    # The corpus in the project is another one, this one, or this one next to other files.
    moved = deepcopy(run)
    (files,) = (dep for dep in moved.lock["stages"]["fetch"]["deps"] if dep["path"] == "data/own")
    files["md5"] = "d" * 32
    for current in (imdb, run, moved):
        write(current)
        assert list(runs.finished([own])) == [0]
    # The code that reads it was edited, or the user's files were after they were read.
    write(imdb)
    code = Path("stages/fetch.py").read_text()
    edit("stages/fetch.py")
    assert runs.finished([own]) == {}
    Path("stages/fetch.py").write_text(code)
    assert list(runs.finished([own])) == [0]
    edit("data/own/reviews.csv")
    assert runs.finished([own]) == {}


@pytest.mark.parametrize("option", ["train.self_training=true", "word_vectors.reviews=all"])
def test_experiments_on_unlabelled_reviews_are_found_by_their_source(option: str) -> None:
    # The corpus in the project is the same one, without unlabelled reviews.
    imdb = point("fetch.source=imdb", "train.self_training=false")
    chosen, own = (point(f"fetch.source={source}", option) for source in ("imdb", "csv"))
    write(make_run(imdb))
    for each in (chosen, own):
        assert runs.finished([each]) == {}
        add(make_run(each, {UNLABELLED: OTHER}))
        assert list(runs.finished([each])) == [0]
    # The labelled reviews stay the same, but the unlabelled ones may not.
    edit("data/own/reviews.csv")
    write(make_run(point("fetch.source=csv")))
    assert list(runs.finished([chosen, own])) == [0]
    edit("stages/fetch_unlabelled.py")
    assert runs.finished([chosen, own]) == {}


def test_different_results_have_different_names() -> None:
    one, two, own = point("train.seed=0"), point("train.epochs=2"), point("fetch.source=csv")
    points = [one, two, own]
    for change, affected in (
        ("data/own/reviews.csv", [own]),
        ("stages/fetch.py", points),
        ("stages/report.py", []),
        ("stages/train.py", points),
        (CORPUS_FOLDER, points),
    ):
        before = runs.names(points)
        if change == CORPUS_FOLDER:
            write(make_run(one, {CORPUS_FOLDER: OTHER}))
        else:
            edit(change)
        for each, name in zip(points, before, strict=True):
            assert (runs.names([each]) != [name]) == (each in affected), (change, each.label)


def test_name_depends_on_each_setting_and_not_on_its_spelling() -> None:
    options = ("train.seed=1", "pad.seed=1", "csv.seed=1", "train.epochs=4")
    options += ("word_vectors.epochs=4", "ngrams.smoothing=2", "baseline.smoothing=2")
    points = [point(option) for option in options]
    points += [point("train.seed=1", "pad.seed=2"), point("train.seed=2", "pad.seed=1")]
    assert len(set(runs.names(points))) == len(points)
    same = [point("train.seed=1", "pad.seed=2") for _ in range(3)]
    same[1].params["train"]["seed"] = 1.0
    same[2].params["report"]["equivalence"] = 3
    (name,) = set(runs.names([*same, point("pad.seed=2", "train.seed=1")]))
    assert re.fullmatch("pad-seed-2-seed-1-[0-9a-f]{7}", name)


def test_project_may_be_part_of_a_larger_repository(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("part").mkdir()
    git("mv", "params.yaml", "dvc.lock", "metrics", "part")
    commit(Path())
    monkeypatch.chdir("part")
    assert runs.read("HEAD").metrics == METRICS


def test_missing_or_damaged_output_of_an_experiment_is_named() -> None:
    run = add(make_run(point("train.seed=1")), {"data/evaluated/predictions.parquet": b"PAR1"})
    for found in (run, replace(run, revision="HEAD")):
        with pytest.raises(InputError, match=r"predictions\.parquet .* run dvc exp remove seed-1,"):
            runs.read_predictions(found)


def test_files_of_the_workspace_are_read() -> None:
    run = runs.read()
    assert (run.name, run.metrics) == ("workspace", METRICS)
    assert runs.locked_reviews(run.lock) == dict.fromkeys((TRAIN, TEST), "c" * 32)
    assert runs.current_code() == run.code
    assert ("train", "stages/train.py") in run.code
    edit("stages/report.py")
    assert runs.current_code() == run.code
    edit("stages/train.py")
    assert runs.current_code() != run.code
    for file in reversed(runs.RECORDS):
        file.write_text(file.read_text() + "\n[")
        expected = rf"^{file.as_posix()} of workspace is not valid .*: fix it, or run git"
        with pytest.raises(InputError, match=expected):
            runs.read()


@pytest.mark.usefixtures("settings_only")
def test_damaged_times_are_skipped() -> None:
    assert runs.read_times() == {}
    lines = [
        json.dumps({"md5": md5, "seconds": [1.5, seconds], "machine": MACHINE}).encode()
        for md5, seconds in (("a", 2), ("b", 3), ("a", 4))
    ]
    file = paths.times_file()
    file.parent.mkdir()
    file.write_bytes(b"\n\n".join(lines))
    assert {md5: seconds for md5, (seconds, _) in runs.read_times().items()} == {"a": 5.5, "b": 4.5}
    damaged = lines[1][:20] + b"\xff" + lines[1][21:]
    for other in (damaged, lines[1].replace(b"cores", b"corfs"), b"[]"):
        file.write_bytes(b"\n".join([lines[0], other, lines[2][:-9]]))
        assert runs.read_times().keys() == {"a"}


def test_unreadable_pipeline_is_the_reason_why_stages_cannot_be_checked() -> None:
    Path("dvc.yaml").write_text("<<<<<<< HEAD")
    (reason,) = runs.stale_stages()
    assert reason.startswith("cannot be checked: './dvc.yaml' validation failed")


@pytest.mark.parametrize(("labels", "baseline"), [(0, 8), (4, 8 + 4 + 1)])
def test_training_time_includes_the_stages_before(labels: float, baseline: float) -> None:
    run = make_run(point("train.seed=1"))
    seconds = {runs.WORD_VECTORS: [1], runs.SELF_LABELLED: [labels], runs.NGRAMS: [2]}
    seconds |= {f"models/{network}": [16, 32] for network in NETWORKS} | {"models/baseline": [8]}
    record_times(run, seconds)
    before = 1 + labels + 2
    expected = dict.fromkeys(NETWORKS, before + 48.0) | {"baseline": baseline}
    expected |= {"networks": before + 48 * len(NETWORKS), "all": before + 48 * len(NETWORKS) + 8}
    found = runs.training(run)
    assert found.pop("machine").startswith("A (2 cores")
    assert found == {f"{model}.seconds": value for model, value in expected.items()}
    file = paths.times_file()
    file.write_text("\n".join(file.read_text().splitlines()[:-1]))  # without the baseline
    unknown = {name for name, each in runs.training(run).items() if pd.isna(each)}
    assert unknown == {"baseline.seconds", "all.seconds"}
