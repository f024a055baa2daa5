"""`birnn watch`: what fits a terminal, when it ends, and the page."""

import io
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console
from rich.text import Text
from typer.testing import CliRunner

from birnn import __main__ as main
from birnn.cli import watch, watch_page
from birnn.training import live
from birnn.training.live import Training
from birnn.training.splits import TRAINING, VALIDATION
from tests.birnn.test_main import enter_project


def training(number: int = 0, epochs: int = 10, finished_epochs: int = 3) -> Training:
    curves = [
        {"epoch": epoch, "split": split, "accuracy": top - 0.5 / epoch, "loss": 0.7 / epoch}
        for split, top in ((TRAINING, 1), (VALIDATION, 0.9))
        for epoch in range(1, finished_epochs + 1)
    ]
    return Training(
        ("bilstm", "bigru")[number % 2],
        f"a-long-name-of-an-experiment-with-seed-{number}",
        epochs,
        finished_epochs + 0.5,
        4_000.0,
        finished=False,
        curves=curves,
    )


def rendered(trainings: list[Training], width: int, height: int) -> list[str]:
    console = Console(width=width, height=height, record=True, file=io.StringIO())
    console.print(watch.render(trainings, width, height))
    return console.export_text().splitlines()


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (60, 12), (40, 8)])
@pytest.mark.parametrize("count", [1, 2, 5, 9])
@pytest.mark.parametrize("finished_epochs", [0, 1, 9])
def test_trainings_fit_a_terminal(size: tuple[int, int], count: int, finished_epochs: int) -> None:
    width, height = size
    lines = rendered([training(number, 10, finished_epochs) for number in range(count)], *size)
    assert len(lines) < height
    assert max(map(len, lines)) <= width
    assert sum("1:06:40" in line for line in lines) == min(count, len(watch.COLORS), height // 3)


def test_curves_end_in_the_number_of_their_row() -> None:
    trainings = [training(0), training(1, finished_epochs=6)]
    text = Text.from_ansi(watch.plot(trainings, "accuracy", 40, 15)).plain
    columns = {
        symbol: [
            line[6:-1].find(symbol) for line in text.splitlines()[2:-2] if symbol in line[6:-1]
        ]
        for symbol in "12•"
    }
    assert len(columns["1"]) == len(columns["2"]) == 1
    assert columns["1"] < columns["2"]  # the second has more epochs
    assert len(columns["•"]) > 2
    assert "lines: validation" in rendered(trainings, 80, 24)[-1]


def test_ended_trainings_stay_below_those_in_progress() -> None:
    first, second = training(0), training(1)
    assert watch.merge([replace(first, finished=True), second], []) == [second]
    ended = replace(first, finished=True)
    assert watch.merge([ended, second], [first]) == [second, ended]
    assert watch.merge([second], [first]) == [second, ended]  # its folder was deleted
    assert watch.merge([replace(first, progress=5)], [first]) == [replace(first, progress=5)]
    # A killed experiment of the same name has left its folder.
    assert watch.merge([first, ended], []) == [first]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty project, in which `birnn watch` does not wait."""
    enter_project(tmp_path, monkeypatch)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("LINES", "24")
    monkeypatch.setattr(watch, "INTERVAL", 0)
    monkeypatch.setattr(watch, "PATIENCE", 0.1)
    return tmp_path


def simulate(monkeypatch: pytest.MonkeyPatch, *states: list[Training]) -> None:
    """Make the live files pass through states, and stay in the last one."""
    remaining = list(states)

    def find() -> Iterator[Training] | list[Training]:
        return remaining.pop(0) if len(remaining) > 1 else remaining[0]

    monkeypatch.setattr(live, "find", find)


@pytest.mark.usefixtures("project")
def test_without_training_the_last_curves_are_shown() -> None:
    result = CliRunner().invoke(main.app, ["watch"])
    assert result.exit_code == 0
    assert "dvc repro" in result.stdout
    live.write(replace(training(), finished=True))
    result = CliRunner().invoke(main.app, ["watch"])
    assert result.exit_code == 0
    assert "bilstm" in result.stdout
    assert "┌" in result.stdout
    assert "lines: validation\nNo training is in progress" in result.stdout


@pytest.mark.usefixtures("project")
def test_watch_ends_after_the_last_training(monkeypatch: pytest.MonkeyPatch) -> None:
    before, after = training(), replace(training(), progress=10.0, finished=True)
    other = training(1)
    simulate(monkeypatch, [before], [before], [after], [after, other], [after])
    snapshots = list(watch.snapshots())
    assert snapshots[0] == [before]
    assert [after] in snapshots
    assert [other, after] in snapshots
    assert snapshots[-1] == [replace(other, finished=True), after]


def test_watch_waits_while_dvc_runs_stages(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock = project / ".dvc" / "tmp" / "rwlock"
    lock.parent.mkdir(parents=True)
    lock.write_text('{"write": {"data": {"pid": 1, "cmd": "dvc repro"}}, "read": {}}')
    snapshots = watch.snapshots()
    assert [next(snapshots) for _ in range(3)] == [[], [], []]
    simulate(monkeypatch, [training()])
    assert next(snapshots) == [training()]
    lock.write_text('{"write": {}, "read": {}}')
    simulate(monkeypatch, [])
    assert list(snapshots)[-1] == [replace(training(), finished=True)]


@pytest.mark.usefixtures("project")
def test_page_reloads_itself_until_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    file = Path("page.html")
    page = watch_page.Page(file)
    page.update([training()])
    text = file.read_text(encoding="utf-8")
    assert 'http-equiv="refresh"' in text
    assert text.count("<svg") == 2
    assert not re.search(r'(src|href)="(?!data:|#)', text)
    page.update([training(finished_epochs=9)])
    assert file.read_text(encoding="utf-8") == text  # within the interval
    simulate(monkeypatch, [training()], [replace(training(), finished=True)])
    result = CliRunner().invoke(main.app, ["watch", "--html", "page.html"])
    assert result.exit_code == 0, result.output
    text = file.read_text(encoding="utf-8")
    assert 'http-equiv="refresh"' not in text
    assert "stopped" in text


def test_page_accepts_removed_networks() -> None:
    removed = replace(training(), network="removed")
    assert "1 removed" in watch_page.markdown([removed])
    assert watch_page.draw([removed], "loss").startswith("<svg")
