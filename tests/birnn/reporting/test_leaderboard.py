"""The leaderboard in the report: its order, its purpose, its table and its figure."""

import math
import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from birnn.core.errors import InputError
from birnn.evaluation.model_names import TITLES
from birnn.experiments import leaderboard as collected
from birnn.experiments.runs import Run
from birnn.reporting import leaderboard, leaderboard_figure
from tests.birnn import samples
from tests.birnn.samples import SETTINGS, accuracies

CORPUS = accuracies()["corpus"]


def table(*experiments: Run) -> pd.DataFrame:
    unknown = dict.fromkeys(TITLES, math.nan)
    return collected.as_table([collected.row(run, unknown, is_current=True) for run in experiments])


def held_out(name: str, test: float, held: float, **settings: object) -> Run:
    return samples.run(name, SETTINGS | settings, accuracies(test, holdout_accuracy=held))


def test_order_is_by_held_out_accuracy_if_all_have_one() -> None:
    runs = [held_out("a", 0.9, 0.7), held_out("b", 0.8, 0.75)]
    board = leaderboard.rank(table(*runs))
    assert board.metric == "mean.holdout_accuracy"
    assert board.table["experiment"].tolist() == ["b", "a"]
    assert "settings may be chosen by it" in board.purpose
    assert "different reviews" not in board.purpose
    board = leaderboard.rank(table(*runs, samples.run("c", metrics=accuracies(0.5))))
    assert board.metric == "mean.accuracy"
    assert board.table["experiment"].tolist() == ["a", "b", "c"]
    assert "Do not choose settings by test accuracy" in board.purpose


def test_different_held_out_reviews_are_named() -> None:
    runs = [held_out(str(seed), 0.8, 0.8, **{"pad.seed": seed}) for seed in range(2)]
    assert "hold out different reviews" in leaderboard.rank(table(*runs)).purpose


@pytest.mark.parametrize(
    ("metric", "expected"),
    [("bigru.accuracy", ["a", "b", "c"]), ("bigru.loss", ["b", "a", "c"])],
)
def test_best_comes_first_and_missing_metrics_last(metric: str, expected: list[str]) -> None:
    c = accuracies()
    del c["bigru"]["accuracy"]
    rows = table(
        samples.run("c", metrics=c),
        samples.run("b", metrics=accuracies(bigru=0.7, loss=0.2)),
        samples.run("a", metrics=accuracies(bigru=0.8, loss=0.3)),
    )
    board = leaderboard.rank(rows, metric)
    assert board.table["experiment"].tolist() == expected
    assert board.entries[-1].accuracies["bigru"] == "–"


@pytest.mark.parametrize("metric", ["bigru.accurcy", "train.epochs", "corpus.name"])
def test_unknown_metric_is_an_error(metric: str) -> None:
    with pytest.raises(InputError, match=r"use one of .*bigru\.accuracy"):
        leaderboard.rank(table(samples.run("a")), metric)


def test_shared_names_have_commits() -> None:
    one, two = samples.run("seed-1"), samples.run("seed-1", metrics=accuracies(0.7))
    entries = leaderboard.rank(table(one, two, samples.run("other"))).entries
    assert sorted(entry.name for entry in entries) == ["other", *["seed-1 (0123456)"] * 2]


def test_saved_runs_stay_the_same(tmp_path: Path) -> None:
    texts = ["null", "NA", "1e5", "007", 'a,"b"']
    rows = table(*(samples.run(text, SETTINGS | {"csv.text": text}) for text in texts))
    board = leaderboard.rank(rows.assign(revision="123e456"))
    file = tmp_path / "leaderboard.csv"
    collected.write(board, file)
    stored = leaderboard.read(file, CORPUS | {"validation": "test"})
    assert stored
    pd.testing.assert_frame_equal(stored.table, board.table, check_dtype=False)
    assert stored.entries == board.entries


def test_runs_on_other_corpora_are_left_out(tmp_path: Path) -> None:
    assert leaderboard.read(tmp_path / "missing.csv", CORPUS) is None
    other = accuracies(0.99)
    other["corpus"] = CORPUS | {"test_reviews": 7}
    file = tmp_path / "leaderboard.csv"
    rows = table(samples.run("a"), samples.run("b", metrics=other))
    collected.write(leaderboard.rank(rows), file)
    stored = leaderboard.read(file, CORPUS)
    assert stored
    assert stored.table["experiment"].tolist() == ["a"]
    assert leaderboard.read(file, CORPUS | {"name": "mine"}) is None


def test_figure_shows_intervals_in_order() -> None:
    rows = table(samples.run("worse", metrics=accuracies(0.7)), samples.run("better"))
    figure = leaderboard_figure.draw(leaderboard.rank(rows))
    (axes,) = figure.axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["better", "worse"]
    low, high = axes.get_ylim()
    assert low > high
    bars = {container.get_label(): container for container in axes.containers}
    points, _, (ends,) = bars["BiLSTM"].lines
    assert points.get_xdata().tolist() == pytest.approx([80, 70])
    assert [segment[:, 0].tolist() for segment in ends.get_segments()] == [
        pytest.approx([79, 82]),
        pytest.approx([69, 72]),
    ]
    markers = {bar.lines[0].get_marker() for bar in bars.values()}
    assert len(markers) == len(bars) == 3


def test_results_of_older_code_may_lack_intervals_and_models() -> None:
    old = accuracies()
    del old["bilstm"]["accuracy_interval"], old["bigru"]
    rows = table(samples.run("old", metrics=old), samples.run("new"))
    board = leaderboard.rank(rows)
    assert [entry.name for entry in board.entries] == ["new", "old"]
    assert board.entries[1].accuracies == {
        "bilstm": "80.00",
        "bigru": "–",
        "baseline": "90.00 (89.00 to 92.00)",
    }
    leaderboard_figure.draw(board)
    leaderboard_figure.draw(leaderboard.rank(rows[:1], "bilstm.accuracy"))


def test_figure_leaves_out_rows_and_shortens_names() -> None:
    name = "a-very-long-name-of-many-settings-seed-3$x_1$"
    rows = table(*(samples.run(f"{place:02}-{name}") for place in range(40)))
    (axes,) = leaderboard_figure.draw(leaderboard.rank(rows)).axes
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert len(labels) == leaderboard_figure.MOST
    assert labels[3].startswith("03-a-very")
    assert labels[3].endswith("3$x_1$")
    assert max(map(len, labels)) <= leaderboard_figure.LABEL
    assert "40" in axes.figure.get_suptitle()


@pytest.mark.parametrize("held", [True, False])
def test_report_has_the_leaderboard(tmp_path: Path, held: Any) -> None:
    hostile = {"csv.text_column": "a|b <i>*"}
    runs = [
        held_out("a", 0.8, 0.75, **hostile) if held else samples.run("a", SETTINGS | hostile),
        held_out("b", 0.8, 0.7),
        *(held_out(f"more-{place}", 0.6, 0.6) for place in range(30)),
    ]
    board = leaderboard.rank(table(*runs))
    texts = samples.write_report(tmp_path, samples.predictions(), leaderboard=board, draw=False)
    markdown = texts[0]
    assert "| 1 | `a`: `csv.text_column` `a\\|b <i>*` | 80.00 (79.00 to 82.00) |" in markdown
    assert ("75.00, –" in markdown) == held
    assert "`more-5`" in markdown
    assert "`more-29`" not in markdown
    assert "study/leaderboard.csv" in markdown
    for text in texts:
        assert board.purpose in " ".join(re.sub("<[^>]+>", "", text).split())
    assert "a|b &lt;i&gt;*" in texts[1]
