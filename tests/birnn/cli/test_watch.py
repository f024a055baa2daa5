"""`birnn watch`: what fits a terminal, when it ends, and the page."""

import io
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import pytest
from rich.console import Console
from zc.lockfile import LockFile

from birnn.cli import watch, watch_page
from birnn.core.errors import InputError
from birnn.evaluation.model_names import NETWORKS, TITLES
from birnn.training import live
from birnn.training.live import Training
from birnn.training.splits import TRAINING, VALIDATION
from tests.birnn.cli.conftest import invoke

FIRST, *_, LAST = NETWORKS

pytestmark = pytest.mark.usefixtures("empty_project")


def training(number: int = 0, finished_epochs: int = 3) -> Training:
    curves = [
        {"epoch": epoch, "split": split, "accuracy": top - 0.5 / epoch, "loss": 0.7 / epoch}
        for split, top in ((TRAINING, 1), (VALIDATION, 0.9))
        for epoch in range(1, finished_epochs + 1)
    ]
    name = f"a-long-name-of-an-experiment-with-seed-{number}"
    network = (FIRST, LAST)[number % 2]
    return Training(network, name, 10, finished_epochs + 0.5, 4_000.0, False, curves)  # noqa: FBT003


def start(trained: Training, folder: Path = Path()) -> LockFile:
    """Write the live file of a training, and hold the lock of its stage, as its process would."""
    for name in ("live", "state"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    lock = LockFile(str(folder / "state" / f"train_{trained.network}.lock"))
    live.write(trained, folder / "live")
    return lock


def rendered(trainings: list[Training], width: int, height: int) -> list[str]:
    console = Console(width=width, height=height, record=True, file=io.StringIO())
    console.print(watch.render(trainings, width, height))
    return console.export_text().splitlines()


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (60, 12), (40, 8)])
@pytest.mark.parametrize("count", [1, 2, 9])
@pytest.mark.parametrize("epochs", [0, 9])
def test_trainings_fit_a_terminal(size: tuple[int, int], count: int, epochs: int) -> None:
    width, height = size
    lines = rendered([training(number, epochs) for number in range(count)], *size)
    assert len(lines) < height
    assert max(map(len, lines)) <= width
    shown = min(count, len(watch.COLORS), height // 3)
    assert sum("1:06:40" in line for line in lines) == shown
    caption = " ".join(" ".join(lines).split())
    assert caption.endswith(f"trainings not shown: {count - shown}") is (count > shown)
    assert ("dots: training; lines: validation" in caption) is (epochs > 0)


def test_without_training_the_last_curves_are_shown() -> None:
    assert invoke("watch").strip().startswith("No training is in progress: start one with dvc")
    start(training()).close()
    with pytest.raises(InputError, match=r"page\.csv is not an \.html file"):
        invoke("watch", "--html", "page.csv")
    output = invoke("watch", "--html", "page.html")
    assert FIRST in output
    assert "┌" in output
    assert "lines: validation\nNo training is in progress" in output
    for shown in (output, Path("page.html").read_text(encoding="utf-8")):
        assert "stopped" in shown


def test_watch_ends_after_the_last_training() -> None:
    first, second = training(0), training(1)
    lock = start(first)
    snapshots = watch.snapshots(interval=0, patience=0.05)
    assert next(snapshots) == [first]
    experiment = Path(".dvc/tmp/exps/standalone/other")
    start(replace(first, finished=True), experiment).close()  # a killed experiment of the same name
    other_lock = start(second, experiment)
    assert next(snapshots) == [first, second]
    lock.close()
    assert next(snapshots) == [second, replace(first, finished=True)]
    other_lock.close()
    shutil.rmtree(experiment)
    assert [*snapshots][-1] == [replace(second, finished=True), replace(first, finished=True)]


def test_watch_waits_while_dvc_runs_stages() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()", "dvc"], stdin=-1) as process:
        snapshots = watch.snapshots(interval=0, patience=0)
        assert [next(snapshots) for _ in range(3)] == [[], [], []]
        assert rendered([], 80, 24) == ["DVC runs other stages: no training has started yet."]
        process.communicate(b"\n")
    assert [*snapshots] == []


def test_page_of_an_interrupted_watch_no_longer_reloads_itself() -> None:
    interrupted = patch.object(watch, "snapshots", side_effect=KeyboardInterrupt)
    with interrupted, pytest.raises(KeyboardInterrupt):
        watch.run(Path("page.html"))
    assert 'http-equiv="refresh"' not in Path("page.html").read_text(encoding="utf-8")


def test_page_reloads_itself_until_the_end() -> None:
    file = Path("page.html")
    page = watch_page.Page(file)
    page.update([training()])
    text = file.read_text(encoding="utf-8")
    assert 'http-equiv="refresh"' in text
    assert text.count("<svg") == 2
    assert not re.search(r'(src|href)="(?!data:|#)', text)
    page.update([training(), replace(training(1), network="removed")], is_last=True)
    text = file.read_text(encoding="utf-8")
    assert 'http-equiv="refresh"' not in text
    assert f"1 {TITLES[FIRST]} a-long-name" in text
    assert "2 removed a-long-name" in text
