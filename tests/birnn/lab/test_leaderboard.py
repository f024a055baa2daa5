"""The leaderboard of experiments: its rows, filters and outputs."""

import csv
import io
import re
from typing import Any

import pandas as pd
import pytest

from birnn.evaluation.model_names import ALL_NETWORKS, NETWORKS, TITLES
from birnn.lab import grid, leaderboard, runs
from birnn.lab.command_line import as_text
from birnn.runtime.errors import InputError
from birnn.style.formatting import NOTHING
from tests.birnn.lab.repository import OTHER, TRAIN, add, make_run, record_times, write
from tests.birnn.samples import NETWORK, SETTINGS, accuracies

HOSTILE = ["a|b", "line\nbreak", "[red]x[/]", "`code`", "*", "null", "", "ünïcode " * 30, "x" * 200]
ACCURACY, LOSS = f"{NETWORK}.accuracy", f"{NETWORK}.loss"
HOSTILE_SETTINGS = {f"csv.{'long_' * 8}{place}": text for place, text in enumerate(HOSTILE)}


def make(name: str, metrics: dict[str, Any], changes: dict[str, Any] | None = None) -> runs.Run:
    """Return a finished experiment with changed settings, by full name."""
    settings = SETTINGS | (changes or {})
    return runs.Run(name, f"revision of {name}", "0123456789ab", settings, metrics, {"stages": {}})


def table(*experiments: runs.Run) -> pd.DataFrame:
    rows = (leaderboard.row(run, is_current=run.name != "old") for run in experiments)
    return pd.DataFrame(rows)


def measures(accuracy: float, **others: float) -> dict[str, Any]:
    return accuracies({ALL_NETWORKS: accuracy}, **others)


def seeds() -> pd.DataFrame:
    """Return three runs with falling accuracy, the last of other code."""
    return table(
        make("seed-1", measures(0.84, loss=0.5), {"train.seed": 1}),
        make("long", measures(0.83, loss=0.3), {"train.epochs": 9}),
        make("old", measures(0.81, loss=0.4), {"train.seed": 2}),
    )


@pytest.fixture
def experiments(repository: Any) -> None:  # noqa: ARG001
    """Add experiments of this and other code, reviews and times, and a run in the working tree."""
    (point,) = grid.points(["train.seed=0", "csv.positive='>0'"])
    current = make_run(point, metrics=accuracies())
    seconds = {path: [10] for path in runs.TIMED} | {runs.SELF_LABELLED: [0]}
    seconds |= {runs.MODEL_FOLDERS[network]: [20, 30] for network in NETWORKS}
    record_times(current, seconds)
    write(current)
    del point.params["pad"]["maxlen"]
    for name, changed in {
        "same": {},
        "code": {"stages/train.py": OTHER},
        "reviews": {TRAIN: OTHER},
        "untimed": {runs.MODEL_FOLDERS[NETWORK]: OTHER},
    }.items():
        add(make_run(point, changed, current.metrics, name))


@pytest.mark.usefixtures("experiments")
def test_rows_are_runs_on_the_same_reviews() -> None:
    rows, others = leaderboard.collect_runs()
    assert others == 1
    found = rows.set_index("name")
    assert sorted(found.index) == ["code *", "same", "untimed", "workspace"]
    # Training includes the stages before it.
    assert found.loc["workspace", f"{NETWORK}.seconds"] == 70
    assert found.loc["same", "baseline.seconds"] == 10
    assert pd.isna(found.loc["untimed", f"{NETWORK}.seconds"])
    # Older code had fewer settings.
    maxlens = dict.fromkeys(found.index, "") | {"workspace": "100"}
    assert found["params.pad.maxlen"].to_dict() == maxlens


def test_best_comes_first(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")  # however long the names of networks are
    for metric, expected in (
        (None, ["seed-1", "long", "old *"]),
        (LOSS, ["long", "old *", "seed-1"]),
    ):
        ordered, _ = leaderboard.sort(seeds(), metric)
        assert ordered["name"].tolist() == expected
    low, high = (measures(0.8, holdout_accuracy=each) for each in (0.6, 0.7))
    one, two = make("one", low), make("two", high)
    rows, metric = leaderboard.sort(table(one, two), None)
    assert (metric, rows["name"].tolist()) == (leaderboard.HELD_OUT, ["two", "one"])
    # Not all hold out reviews.
    rows, metric = leaderboard.sort(table(make("without", measures(0.8)), one), None)
    assert metric == leaderboard.ACCURACY
    leaderboard.print_table(*leaderboard.sort(rows, leaderboard.HELD_OUT), [])
    scores = re.findall(rf"{leaderboard.HELD_OUT}: (\S+)", capsys.readouterr().out)
    assert scores == ["0.6", NOTHING]
    with pytest.raises(InputError, match="no run has the metric 'none': use one of "):
        leaderboard.sort(rows, "none")
    with pytest.raises(InputError, match=rf"no run has the metric '{leaderboard.HELD_OUT}'"):
        leaderboard.sort(rows[rows["name"] == "without"], leaderboard.HELD_OUT)


@pytest.mark.parametrize(
    ("where", "name", "expected"),
    [
        ([], "*", ["seed-1", "long", "old *"]),
        (["train.seed=0.0,1", "train.epochs=9"], "*", ["long"]),
        (["train.learning_rate=1e-3"], "seed-*", ["seed-1"]),
        ([], "ol?", ["old *"]),
    ],
)
def test_filters(where: list[str], name: str, expected: list[str]) -> None:
    assert leaderboard.select(seeds(), where, name)["name"].tolist() == expected
    with pytest.raises(InputError, match=r"no run has the setting 'train\.epoch'"):
        leaderboard.select(seeds(), [*where, "train.epoch=3"], name)
    with pytest.raises(InputError, match="no run on the current corpus matches"):
        leaderboard.select(seeds(), [*where, "train.epochs=4"], name)


def test_every_format_shows_settings_that_differ(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    measured = measures(0.8, loss=0.1234564)
    rows = table(
        make("a|`b", measured, HOSTILE_SETTINGS),
        make("other", measured),
    )
    rows = rows.assign(**rows.filter(regex="^params").fillna(""), **{f"{NETWORK}.seconds": 70.0})
    leaderboard.print_table(rows, leaderboard.ACCURACY, ["A [note]."])
    text = capsys.readouterr().out
    lines = text.splitlines()
    assert max(map(len, lines)) <= 80
    assert "pad.maxlen" not in text
    assert text.count("80.00") == text.count("1 min 10 s") == 2
    assert text.endswith("A [note].\n")
    width = next(line.index(TITLES[NETWORK]) for line in lines if TITLES[NETWORK] in line)
    unfolded = "".join(line[:width].strip() for line in lines)
    assert all(unfolded.count(f"{name}:") == 2 for name in HOSTILE_SETTINGS)
    leaderboard.print_csv(rows)
    row, _ = csv.DictReader(io.StringIO(capsys.readouterr().out))
    assert list(row) == list(rows)
    assert row[LOSS] == "0.123456"
    for name, value in HOSTILE_SETTINGS.items():
        assert row[f"params.{name}"] == as_text(value)


def test_notes_say_what_the_table_may_be_used_for() -> None:
    rows = seeds()
    about, other_code, others = leaderboard.describe(rows, leaderboard.ACCURACY, 1)
    assert about.startswith("Sorted by networks.accuracy. Do not choose settings by test accuracy")
    assert other_code.startswith("Rows with * ran with other code")
    assert others == "Not shown: 1 on another corpus."
    rows = rows[:2].assign(**{"params.pad.seed": ["0", "1"]})
    about, held_out = leaderboard.describe(rows, "networks.holdout_accuracy", 0)
    assert about.startswith("Sorted by networks.holdout_accuracy, so settings may be chosen by it.")
    assert held_out.startswith("Rows hold out different reviews")
