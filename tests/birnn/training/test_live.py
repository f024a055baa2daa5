"""Live progress: its files, the estimate of the remaining time, and failures to write."""

import io
from contextlib import redirect_stdout
from pathlib import Path

import pytest

from birnn.training import live
from birnn.training.live import LiveFile, Training, read, write
from birnn.training.splits import TEST

HISTORY = {"accuracy": [0.7], "loss": [0.6], "val_accuracy": [0.65], "val_loss": [0.62]}
CURVES = [
    {"epoch": 1, "split": "training", "accuracy": 0.7, "loss": 0.6},
    {"epoch": 1, "split": "test split", "accuracy": 0.65, "loss": 0.62},
]


class Clock:
    """A clock that tests set by hand; reading it takes `cost` seconds."""

    now = 100.0
    cost = 0.0

    def perf_counter(self) -> float:
        self.now += self.cost
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Replace the clock of live files, because real durations vary."""
    replaced = Clock()
    monkeypatch.setattr(live, "time", replaced)
    return replaced


def live_file(folder: Path, epochs: int = 4) -> LiveFile:
    return LiveFile("one", epochs, {"training": 100, "validation": 60}, TEST, folder)


def train_batches(file: LiveFile, clock: Clock, batches: int = 10) -> None:
    """Simulate training on batches of 10 reviews that take 2 s."""
    for batch in range(batches):
        clock.now += 2
        file.step("training", 10 * (batch + 1))


def train_epoch(file: LiveFile, clock: Clock) -> None:
    """Simulate an epoch of 10 batches, and 2 validation batches that take 3 s."""
    train_batches(file, clock)
    for batch in range(2):
        clock.now += 3
        file.step("validation", 40 * (batch + 1))
    file.epoch(HISTORY)


def test_missing_and_damaged_files_are_ignored(tmp_path: Path) -> None:
    file = tmp_path / "live" / "one.json"
    assert read(file) is None
    training = Training("one", "", 10, 3.42, 131.0, finished=False, curves=CURVES)
    write(training, file.parent)
    assert read(file) == training
    assert list(file.parent.iterdir()) == [file]
    for content in ("", '{"network": "bil', '{"network": "one"}', "[]", "\xff"):
        file.write_bytes(content.encode("latin-1"))
        assert read(file) is None


def test_remaining_time(tmp_path: Path, clock: Clock) -> None:
    file = live_file(tmp_path)
    file.epoch({})
    assert read(tmp_path / "one.json") == file.training
    assert (file.training.progress, file.training.seconds_left) == (0, None)
    train_epoch(file, clock)
    # The first batch is not timed. An epoch takes 20 s for training and 6 s for validation.
    assert (file.training.progress, file.training.seconds_left) == (1, 3 * 26)
    assert file.training.curves == CURVES
    clock.now -= 0.03
    train_batches(file, clock, 5)
    pace = (9 * 2 + 5 * 2 - 0.03) / 140
    total = 100 * pace + 6
    assert file.training.progress == round(1 + 50 * pace / total, 3)
    assert file.training.seconds_left == round(3 * total - 50 * pace, 1)
    assert file.training.epoch == 2
    file.close()
    assert read(tmp_path / "one.json") == file.training
    assert file.training.finished
    assert file.training.time_left == "stopped"


def test_resumed_training_counts_earlier_epochs(tmp_path: Path, clock: Clock) -> None:
    file = live_file(tmp_path)
    file.epoch({name: values * 2 for name, values in HISTORY.items()})
    assert (file.training.progress, file.training.seconds_left) == (2, None)
    train_batches(file, clock)  # the time of the validation is guessed
    assert file.training.seconds_left == pytest.approx(100 * 0.2 + 2 * 60 * 0.2 / 3)
    assert file.training.progress == round(2 + 100 / 120, 3)
    file.epoch({name: values * 3 for name, values in HISTORY.items()})
    assert file.training.progress == 3


@pytest.mark.parametrize(("cost", "writes"), [(0, 100), (0.05, 20)])
def test_writing_takes_little_time(tmp_path: Path, clock: Clock, cost: float, writes: int) -> None:
    clock.cost = cost
    file = live_file(tmp_path, epochs=1)
    counted = 0
    end = clock.now + 100
    while clock.now < end:
        clock.now += 0.125
        file.step("training", 1)
        if (tmp_path / "one.json").exists():
            (tmp_path / "one.json").unlink()
            counted += 1
    assert counted == pytest.approx(writes, abs=1)


def test_progress_is_shown_in_a_terminal_that_is_wide_enough(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setenv("COLUMNS", "29")
    with redirect_stdout(Terminal()) as terminal:
        file = live_file(tmp_path)
        file.epoch({})
        train_epoch(file, clock)
        file.close()
    shown = terminal.getvalue().split(live.CLEAR_LINE)[1:]
    assert shown[:2] == ["one  epoch 1/4  0%\r"] * 2  # the first batch is not timed
    assert shown[-2:] == ["one  epoch 2/4  25%  1:18 le\r", ""]


def test_training_continues_if_the_file_cannot_be_written(
    tmp_path: Path,
    clock: Clock,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DVC_EXP_NAME", "maxlen-200")
    (tmp_path / "live" / "one.json").mkdir(parents=True)
    file = live_file(tmp_path / "live")
    train_epoch(file, clock)
    file.close()
    output = capsys.readouterr()
    assert output.err.count("warning: ") == 1
    assert [file.name for file in (tmp_path / "live").iterdir()] == ["one.json"]
    assert output.out == ""
    assert (file.training.curves, file.training.experiment) == (CURVES, "maxlen-200")


def test_training_is_described() -> None:
    for seconds, expected in ((None, ""), (5, "0:05"), (131, "2:11"), (3725.4, "1:02:05")):
        running = Training("one", "", 3, 1, seconds, finished=False, curves=[])
        assert (running.time_left, running.accuracy) == (expected, "")
    ended = Training("one", "", 3, 3, 0, finished=True, curves=[*CURVES, *CURVES[:1]])
    assert (ended.time_left, ended.epoch, ended.accuracy) == ("finished", 3, "0.6500")
