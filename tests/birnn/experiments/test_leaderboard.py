"""The leaderboard of experiments: its rows, filters and outputs."""

import csv
import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from birnn.core import times
from birnn.core.errors import InputError
from birnn.experiments import leaderboard, runs
from birnn.experiments.runs import Run
from birnn.studies import store
from tests.birnn import samples
from tests.birnn.samples import SETTINGS, accuracies

HOSTILE = ["a|b", "line\nbreak", "[red]x[/]", "`code`", "*", "null", "", "ünïcode " * 30, "x" * 200]
LOCK: dict[str, Any] = {
    "stages": {
        "train_bigru": {
            "deps": [
                {"path": "data/corpus/train.parquet", "md5": "1"},
                {"path": "code/train_bigru.txt", "md5": "2"},
            ],
            "outs": [{"path": path, "md5": path} for path in runs.TIMED],
        }
    }
}


def with_lock(run: Run, old: str = "", new: str = "") -> Run:
    return replace(
        run, lock=json.loads(json.dumps(LOCK).replace(old, new) if old else json.dumps(LOCK))
    )


def table(*experiments: Run) -> pd.DataFrame:
    rows = [leaderboard.row(with_lock(run), is_current=run.name != "old") for run in experiments]
    return pd.DataFrame(rows)


def seeds() -> pd.DataFrame:
    """Return three runs with falling accuracy, the last of other code."""
    return table(
        samples.run("seed-1", SETTINGS | {"train.seed": 1}, accuracies({"bigru": 0.84}, loss=0.5)),
        samples.run("long", SETTINGS | {"train.epochs": 9}, accuracies({"bigru": 0.83}, loss=0.3)),
        samples.run("old", SETTINGS | {"train.seed": 2}, accuracies({"bigru": 0.81}, loss=0.4)),
    )


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Enter a folder with a finished run, and experiments of this and other code and reviews."""
    monkeypatch.chdir(tmp_path)
    others = {"data/self_labelled": [0], "models/bilstm": [20, 30], "models/bigru": [20, 30]}
    seconds = {path: [10] for path in runs.TIMED} | others
    machine = {"processor": "A", "cores": 2, "accelerators": [], "system": "S", "python": "3"}
    for path, each in seconds.items():
        times.append(json.dumps({"md5": path, "seconds": each, "machine": machine}) + "\n")
    found = [
        with_lock(samples.run("same")),
        with_lock(replace(samples.run("code"), params={"train": {"epochs": 3}}), '"2"', '"3"'),
        with_lock(samples.run("reviews"), '"1"', '"3"'),
        with_lock(samples.run("untimed"), '"md5": "models/bigru"', '"md5": "other"'),
    ]
    monkeypatch.setattr(leaderboard, "read_lock", lambda: LOCK)
    monkeypatch.setattr(runs, "finished_with_any_code", lambda: found)
    monkeypatch.setattr(runs, "workspace", lambda: with_lock(samples.run("workspace")))
    monkeypatch.setattr(
        runs, "current_code", lambda: {("train_bigru", "code/train_bigru.txt"): "2"}
    )
    return tmp_path


def test_rows_are_runs_on_the_same_reviews() -> None:
    rows, corpus, others = leaderboard.collect_runs()
    assert (corpus["name"], others) == ("imdb", 1)
    found = rows.set_index("name")
    assert found.index.tolist() == ["same", "code *", "untimed", "workspace"]
    # Training includes the stages before it.
    assert found.loc["workspace", "bigru.seconds"] == 70
    assert found.loc["same", "baseline.seconds"] == 10
    assert pd.isna(found.loc["untimed", "bigru.seconds"])
    # Older code had fewer settings.
    assert found.loc["code *", "params.pad.maxlen"] == ""


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        (None, ["seed-1", "long", "old *"]),
        ("bigru.loss", ["long", "old *", "seed-1"]),
    ],
)
def test_best_comes_first(metric: str | None, expected: list[str]) -> None:
    ordered, _ = leaderboard.sort(seeds(), metric)
    assert ordered["name"].tolist() == expected


def test_order_is_by_held_out_accuracy_if_all_have_one() -> None:
    one, two = (
        samples.run(
            str(score),
            metrics=accuracies() | {"blends": {"networks": {"holdout_accuracy": score}}},
        )
        for score in (0.6, 0.7)
    )
    assert leaderboard.sort(table(one, two), None)[1] == "networks.holdout_accuracy"
    rows, metric = leaderboard.sort(table(one, samples.run("without")), None)
    assert metric == "mean.accuracy"
    assert leaderboard.sort(rows, "networks.holdout_accuracy")[0]["name"].tolist() == [
        "0.6",
        "without",
    ]
    with pytest.raises(InputError, match=r"no run has the metric 'bigru\.speed': use one of"):
        leaderboard.sort(rows, "bigru.speed")


@pytest.mark.parametrize(
    ("where", "name", "expected"),
    [
        ([], "*", ["seed-1", "long", "old *"]),
        (["train.epochs=3"], "*", ["seed-1", "old *"]),
        (["train.seed=1..2"], "*", ["seed-1", "old *"]),
        (["train.seed=0,1", "train.epochs=9"], "*", ["long"]),
        (["train.learning_rate=1e-3"], "seed-*", ["seed-1"]),
        ([], "ol?", ["old *"]),
    ],
)
def test_filters(where: list[str], name: str, expected: list[str]) -> None:
    assert leaderboard.select(seeds(), where, name)["name"].tolist() == expected


@pytest.mark.parametrize(
    ("where", "name", "message"),
    [
        (["train.epoch=3"], "*", "no run has the setting 'train.epoch'"),
        (["train.epochs"], "*", "'train.epochs' is not a setting with values"),
        (["train.epochs=4"], "*", "no run on the current corpus matches"),
        ([], "missing", "no run on the current corpus matches"),
    ],
)
def test_filters_that_match_nothing_are_errors(where: list[str], name: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        leaderboard.select(seeds(), where, name)


def test_table_shows_settings_that_differ_and_fits(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    settings = {f"network.{'long_' * 8}{place}": text for place, text in enumerate(HOSTILE)}
    measured = accuracies(holdout_accuracy=0.8)
    rows = table(
        samples.run("name-" * 20 + "1", SETTINGS | settings, measured),
        samples.run("old", SETTINGS, measured),
    )
    leaderboard.print_table(
        rows, "mean.accuracy", leaderboard.describe(rows, "mean.accuracy", 2, 1)
    )
    text = capsys.readouterr().out
    assert max(map(len, text.splitlines())) <= 80
    assert "pad.maxlen" not in text
    assert "82.00" in text
    assert "1 min 10 s" in text
    column = "".join("".join(line[:30].split()) for line in text.splitlines())
    assert "name-" * 20 + "1" in column
    for sentence in (
        "Do not choose settings by test accuracy",
        "ran with other code",
        "2 by --count",
    ):
        assert sentence in text


def test_markdown_keeps_every_value(capsys: pytest.CaptureFixture[str]) -> None:
    settings = {f"csv.setting_{place}": text for place, text in enumerate(HOSTILE)}
    rows = table(samples.run("a|`b", SETTINGS | settings), samples.run("other"))
    leaderboard.print_markdown(rows.fillna(""), "mean.accuracy", ["A note."])
    tree = SyntaxTreeNode(MarkdownIt("commonmark").enable("table").parse(capsys.readouterr().out))
    header, first, _ = [
        ["".join(part.content for part in cell.children[0].children) for cell in row.children]
        for row in tree.walk()
        if row.type == "tr"
    ]
    cells = dict(zip(header, first, strict=True))
    assert cells["experiment"] == "a|`b"
    assert cells["BiGRU, test accuracy (%)"] == "82.00"
    for place, value in enumerate(HOSTILE):
        assert cells[f"csv.setting_{place}"] == leaderboard.as_text(value)


def test_csv_has_all_columns(capsys: pytest.CaptureFixture[str]) -> None:
    settings = {f"csv.setting_{place}": text for place, text in enumerate(HOSTILE)}
    rows = table(samples.run("one", SETTINGS | settings, accuracies(loss=0.125)))
    leaderboard.print_csv(rows, "mean.accuracy", [])
    (row,) = csv.DictReader(io.StringIO(capsys.readouterr().out))
    for place, value in enumerate(HOSTILE):
        assert row[f"params.csv.setting_{place}"] == leaderboard.as_text(value)
    assert float(row["bigru.loss"]) == 0.125


def test_saved_leaderboard_is_a_study(capsys: pytest.CaptureFixture[str]) -> None:
    leaderboard.run([], "*", "bigru.accuracy", 3, leaderboard.print_csv, save_as="board")
    shown = csv.DictReader(io.StringIO(capsys.readouterr().out))
    study = store.read(store.FOLDER / "board")
    assert study.runs["name"].tolist() == [row["name"] for row in shown]
    assert study.about.corpus["name"] == "imdb"
    assert study.covers(study.about.corpus)
    assert study.about.command == (
        "birnn leaderboard --name '*' --sort bigru.accuracy --save board --count 3"
    )
    assert (study.folder / "board.png").exists()
    leaderboard.run([], "same", None, None, leaderboard.print_csv, save_as="one")
    assert store.read(store.FOLDER / "one").about.settings["pad.maxlen"] == 100
    with pytest.raises(InputError, match="study/board exists: choose another name"):
        leaderboard.run([], "*", None, 3, leaderboard.print_csv, save_as="board")


def test_no_experiments_leave_the_workspace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "finished_with_any_code", list)
    rows, _, _ = leaderboard.collect_runs()
    assert rows["name"].tolist() == ["workspace"]
    monkeypatch.setattr(runs, "workspace", lambda: None)
    with pytest.raises(InputError, match="no finished run on the current corpus"):
        leaderboard.collect_runs()
