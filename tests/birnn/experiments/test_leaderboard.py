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
from birnn.reporting.leaderboard import rank
from tests.birnn import samples
from tests.birnn.samples import SETTINGS, accuracies

HOSTILE = ["a|b", "line\nbreak", "[red]x[/]", "`code`", "*", "null", "", "ünïcode " * 30, "x" * 200]


def table(*experiments: Run, seconds: float = 75.0) -> pd.DataFrame:
    training = dict.fromkeys(("bilstm", "bigru", "baseline"), seconds)
    rows = [leaderboard.row(run, training, is_current=run.name != "old") for run in experiments]
    return leaderboard.as_table(rows)


def seeds() -> pd.DataFrame:
    """Return three runs with falling accuracy, the last of other code."""
    return table(
        samples.run("seed-1", SETTINGS | {"train.seed": 1}, accuracies(bigru=0.84, loss=0.5)),
        samples.run("long", SETTINGS | {"train.epochs": 9}, accuracies(bigru=0.83, loss=0.3)),
        samples.run("old", SETTINGS | {"train.seed": 2}, accuracies(bigru=0.81, loss=0.4)),
    )


def shown(capsys: pytest.CaptureFixture[str], rows: pd.DataFrame, metric: str | None = None) -> str:
    board = rank(rows, metric)
    leaderboard.print_table(board, leaderboard.describe(board, 0, 0))
    return capsys.readouterr().out


def test_row_has_settings_metrics_and_times() -> None:
    run = samples.run("one", metrics=accuracies(loss=0.25))
    (row,) = table(run).to_dict("records")
    assert row["experiment"] == "one"
    assert row["params.train.epochs"] == "3"
    assert row["mean.accuracy"] == pytest.approx(0.81)
    assert (row["bigru.accuracy_low"], row["bigru.accuracy_high"]) == pytest.approx((0.81, 0.84))
    assert (row["bigru.loss"], row["corpus.name"], row["bigru.seconds"]) == (0.25, "imdb", 75)
    assert "mean.holdout_accuracy" not in row


def test_real_metrics_have_a_row() -> None:
    measured = samples.metrics(samples.predictions(), validation=0.2)
    for model in ("bilstm", "bigru"):
        measured[model]["holdout_accuracy"] = 0.75
    (row,) = table(samples.run("one", metrics=measured)).to_dict("records")
    assert row["mean.holdout_accuracy"] == 0.75
    low, high = measured["baseline"]["accuracy_interval"]
    assert (row["baseline.accuracy_low"], row["baseline.accuracy_high"]) == (low, high)
    assert row["pair.accuracy_difference"] == measured["pair"]["accuracy_difference"]


@pytest.mark.parametrize(
    ("where", "name", "expected"),
    [
        ([], "*", ["seed-1", "long", "old"]),
        (["train.epochs=3"], "*", ["seed-1", "old"]),
        (["train.seed=1..2"], "*", ["seed-1", "old"]),
        (["train.seed=0,1", "train.epochs=9"], "*", ["long"]),
        (["train.learning_rate=1e-3"], "seed-*", ["seed-1"]),
        ([], "?ong", ["long"]),
    ],
)
def test_filters(where: list[str], name: str, expected: list[str]) -> None:
    assert leaderboard.select(seeds(), where, name)["experiment"].tolist() == expected


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


def test_table_shows_only_settings_that_differ(capsys: pytest.CaptureFixture[str]) -> None:
    text = shown(capsys, seeds())
    assert "train.seed: 1" in text
    assert "train.epochs: 9" in text
    assert "pad.maxlen" not in text
    assert "84.00 (83.00–86.00)" in text
    assert "1 min 15 s" in text
    assert [name in text for name in ("seed-1 *", "long *", "old *")] == [False, False, True]
    assert text.index("seed-1") < text.index("long") < text.index("old")


@pytest.mark.parametrize("width", [40, 80])
@pytest.mark.parametrize("held_out", [False, True])
def test_table_fits_the_terminal_and_keeps_every_value(
    held_out: Any, width: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    measures = {"holdout_accuracy": 0.8} if held_out else {}
    settings = {f"network.{'long_' * 8}{place}": text for place, text in enumerate(HOSTILE)}
    rows = table(
        samples.run("name-" * 20 + "1", SETTINGS | settings, accuracies(**measures)),
        samples.run("other", SETTINGS, accuracies(**measures)),
        seconds=5999,
    )
    text = shown(capsys, rows)
    assert max(map(len, text.splitlines())) <= width
    assert " ".join(text.split()).count("99 min 59 s") == 6
    assert ("held out" in text) == held_out
    # The first column contains all of the text, however it is wrapped.
    end = text.index("BiLSTM") - text[: text.index("BiLSTM")].rindex("\n") - 1
    column = "".join("".join(line[: end or width].split()) for line in text.splitlines())
    assert "name-" * 20 + "1" in column
    for place, value in enumerate(HOSTILE):
        expected = f"network.{'long_' * 8}{place}: {leaderboard.as_text(value)}"
        assert "".join(expected.split()) in column


def test_metric_of_another_column_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert "bigru.loss: 0.3" in shown(capsys, seeds(), "bigru.loss")
    assert "bigru.accuracy:" not in shown(capsys, seeds(), "bigru.accuracy")


def test_markdown_keeps_every_value() -> None:
    settings = {f"csv.setting_{place}": text for place, text in enumerate(HOSTILE)}
    rows = table(samples.run("a|`b", SETTINGS | settings), samples.run("other"))
    markdown = leaderboard.as_markdown(rank(rows))
    tree = SyntaxTreeNode(MarkdownIt("commonmark").enable("table").parse(markdown))
    texts = [
        ["".join(part.content for part in cell.children[0].children) for cell in row.children]
        for row in tree.walk()
        if row.type == "tr"
    ]
    assert len(texts) == 3
    header, first, _ = texts
    cells = dict(zip(header, first, strict=True))
    assert cells["experiment"] == "a|`b"
    assert cells["BiGRU"] == "82.00 (81.00 to 84.00)"
    for place, value in enumerate(HOSTILE):
        assert cells[f"csv.setting_{place}"] == leaderboard.as_text(value)


def test_csv_has_all_columns() -> None:
    settings = {f"csv.setting_{place}": text for place, text in enumerate(HOSTILE)}
    rows = table(samples.run("one", SETTINGS | settings, accuracies(loss=0.125)))
    (row,) = csv.DictReader(io.StringIO(leaderboard.as_csv(rank(rows))))
    for place, value in enumerate(HOSTILE):
        assert row[f"params.csv.setting_{place}"] == leaderboard.as_text(value)
    assert float(row["bigru.loss"]) == 0.125
    assert row["params.pad.maxlen"] == "100"
    assert float(row["bilstm.seconds"]) == 75


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


def changed(old: str, new: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(json.dumps(LOCK).replace(old, new))
    return content


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Enter a folder with a finished run, and experiments of this and other code and reviews."""
    monkeypatch.chdir(tmp_path)
    others = {"data/self_labelled": [0], "models/bilstm": [20, 30], "models/bigru": [20, 30]}
    seconds = {path: [10] for path in runs.TIMED} | others
    lines = [json.dumps({"md5": path, "seconds": each}) for path, each in seconds.items()]
    times.append("\n".join(lines) + "\n")
    locks = {
        "same": LOCK,
        "code": changed('"2"', '"3"'),
        "reviews": changed('"1"', '"3"'),
        "untimed": changed('"md5": "models/bigru"', '"md5": "other"'),
    }
    found = [replace(samples.run(name), lock=lock) for name, lock in locks.items()]
    found[1] = replace(found[1], params={"train": {"epochs": 3}})
    monkeypatch.setattr(leaderboard, "read_lock", lambda: LOCK)
    monkeypatch.setattr(runs, "finished_with_any_code", lambda: found)
    monkeypatch.setattr(runs, "workspace", lambda: replace(samples.run("workspace"), lock=LOCK))
    monkeypatch.setattr(
        runs, "current_code", lambda: {("train_bigru", "code/train_bigru.txt"): "2"}
    )
    return tmp_path


@pytest.mark.usefixtures("project")
def test_rows_are_runs_on_the_same_reviews() -> None:
    rows, others = leaderboard.collect()
    assert others == 1
    found = rows.set_index("experiment")
    assert found.index.tolist() == ["same", "code", "untimed", "workspace"]
    assert found["code"].tolist() == ["current", "other", "current", "current"]
    # Training includes the stages before it.
    assert found.loc["workspace", "bigru.seconds"] == 70
    assert found.loc["same", "baseline.seconds"] == 10
    assert pd.isna(found.loc["untimed", "bigru.seconds"])
    # Older code had fewer settings.
    assert found.loc["code", "params.pad.maxlen"] == ""


def test_saved_leaderboard_has_the_rows_that_are_shown(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    leaderboard.run([], "*", "bigru.accuracy", 2, leaderboard.print_csv, save=True)
    saved = (project / "study" / "leaderboard.csv").read_text(encoding="utf-8")
    assert capsys.readouterr().out == saved
    assert [row["experiment"] for row in csv.DictReader(io.StringIO(saved))] == ["same", "code"]
    assert (project / "study" / "leaderboard.png").exists()
    leaderboard.run([], "*", None, 2, leaderboard.print_markdown, save=False)
    text = capsys.readouterr().out
    assert "Not shown: 2 by --count." in text
    assert "Not shown: 1 on another corpus." in text


def test_no_experiments_leave_the_workspace(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert project
    monkeypatch.setattr(runs, "finished_with_any_code", list)
    rows, _ = leaderboard.collect()
    assert rows["experiment"].tolist() == ["workspace"]
    monkeypatch.setattr(runs, "workspace", lambda: None)
    with pytest.raises(InputError, match="no finished run on the current corpus"):
        leaderboard.collect()
