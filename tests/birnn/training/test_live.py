"""Live progress: its files, the estimate of the remaining time, and failures to write."""

import json
from pathlib import Path

import pytest

from birnn.core.locks import hold_lock
from birnn.training import live
from birnn.training.live import LiveFile, Training, find, read, write
from birnn.training.splits import TEST

HISTORY = {"accuracy": [0.7], "loss": [0.6], "val_accuracy": [0.65], "val_loss": [0.62]}
CURVES = [
    {"epoch": 1, "split": "training", "accuracy": 0.7, "loss": 0.6},
    {"epoch": 1, "split": "test split", "accuracy": 0.65, "loss": 0.62},
]


class Clock:
    """A clock that tests set by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def perf_counter(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Replace the clock of live files."""
    replaced = Clock()
    monkeypatch.setattr(live, "time", replaced)
    return replaced


def training(network: str = "bilstm", *, finished: bool = False) -> Training:
    return Training(network, "", 10, 3.42, 131.0, finished=finished, curves=CURVES)


def live_file(folder: Path, epochs: int = 4) -> LiveFile:
    return LiveFile("bilstm", epochs, {"training": 100, "validation": 60}, TEST, folder)


def train_epoch(file: LiveFile, clock: Clock, history: dict[str, list[float]]) -> None:
    """Simulate an epoch of 10 batches that take 2 s, and 2 validation batches that take 3 s."""
    for batch in range(10):
        clock.now += 2
        file.step("training", 10 * (batch + 1))
    for batch in range(2):
        clock.now += 3
        file.step("validation", 40 * (batch + 1))
    file.epoch(history)


def test_files_round_trip(tmp_path: Path) -> None:
    write(training(), tmp_path)
    assert read(tmp_path / "bilstm.json") == training()
    assert [file.name for file in tmp_path.iterdir()] == ["bilstm.json"]


@pytest.mark.parametrize("content", ["", '{"network": "bil', '{"network": "bilstm"}', "[]", "\xff"])
def test_damaged_files_are_ignored(tmp_path: Path, content: str) -> None:
    file = tmp_path / "live" / "bilstm.json"
    assert read(file) is None
    file.parent.mkdir()
    file.write_bytes(content.encode("latin-1"))
    assert read(file) is None
    assert find(tmp_path) == []


def test_trainings_of_workspace_and_experiments_are_found(tmp_path: Path) -> None:
    folders = [".", ".dvc/tmp/exps/standalone/tmpa", ".dvc/tmp/exps/tmpb"]
    for folder, network in zip(folders, ("bilstm", "bigru", "other"), strict=True):
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
        write(training(network, finished=True), tmp_path / folder / "live")
    assert find(tmp_path) == [
        training(name, finished=True) for name in ("bilstm", "bigru", "other")
    ]


def test_killed_training_is_finished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(training())
    with hold_lock("train_bilstm"):
        assert [found.finished for found in find()] == [False]
    assert [found.finished for found in find()] == [True]
    with hold_lock("train_bilstm", patience=0):  # looking at the lock does not hold it
        pass


def test_remaining_time(tmp_path: Path, clock: Clock) -> None:
    file = live_file(tmp_path)
    file.epoch({})
    assert read(tmp_path / "bilstm.json") == file.training
    assert (file.training.progress, file.training.seconds_left) == (0, None)
    train_epoch(file, clock, HISTORY)
    # The first batch is not timed. An epoch takes 20 s for training and 6 s for validation.
    assert (file.training.progress, file.training.seconds_left) == (1, 3 * 26)
    assert file.training.curves == CURVES
    for batch in range(5):
        clock.now += 2
        file.step("training", 10 * (batch + 1))
    assert file.training.progress == pytest.approx(1 + 10 / 26, abs=0.001)
    assert file.training.seconds_left == pytest.approx(3 * 26 - 10)
    file.close()
    assert read(file=tmp_path / "bilstm.json") == file.training
    assert file.training.finished
    assert file.training.time_left == "stopped"


def test_resumed_training_counts_earlier_epochs(tmp_path: Path, clock: Clock) -> None:
    file = live_file(tmp_path)
    file.epoch({name: values * 2 for name, values in HISTORY.items()})
    assert (file.training.progress, file.training.seconds_left) == (2, None)
    train_epoch(file, clock, {name: values * 3 for name, values in HISTORY.items()})
    assert (file.training.progress, file.training.seconds_left) == (3, 26)


def test_before_the_first_validation_its_time_is_guessed(tmp_path: Path, clock: Clock) -> None:
    file = live_file(tmp_path, epochs=1)
    for batch in range(10):
        clock.now += 2
        file.step("training", 10 * (batch + 1))
    assert file.training.seconds_left == pytest.approx(60 * 0.2 / 3)
    assert 0.5 < file.training.progress < 1


@pytest.mark.parametrize(("seconds_per_write", "most"), [(0, 101), (0.05, 21)])
def test_writing_takes_little_time(
    tmp_path: Path,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    seconds_per_write: float,
    most: int,
) -> None:
    writes = []

    def slow_write(training: Training, _folder: Path) -> None:
        clock.now += seconds_per_write
        writes.append(training)

    monkeypatch.setattr(live, "write", slow_write)
    file = LiveFile("bilstm", 1, {"training": 10_000, "validation": 1}, TEST, tmp_path)
    for step in range(10_000):
        clock.now += 0.01
        file.step("training", step)
    assert most / 2 < len(writes) <= most


def test_training_continues_if_the_file_cannot_be_written(
    tmp_path: Path, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "live").touch()
    file = live_file(tmp_path / "live")
    for _ in range(3):
        train_epoch(file, clock, HISTORY)
    file.close()
    assert capsys.readouterr().err.count("warning: ") == 1
    assert file.training.curves == CURVES


def test_experiment_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DVC_EXP_NAME", "maxlen-200")
    live_file(tmp_path).epoch({})
    assert json.loads((tmp_path / "bilstm.json").read_text())["experiment"] == "maxlen-200"


@pytest.mark.parametrize(
    ("seconds", "expected"), [(None, ""), (5, "0:05"), (131, "2:11"), (3725.4, "1:02:05")]
)
def test_remaining_time_is_formatted(seconds: float | None, expected: str) -> None:
    assert Training("bilstm", "", 3, 1, seconds, finished=False, curves=[]).time_left == expected
