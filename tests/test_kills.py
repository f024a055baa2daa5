"""Test that killed or interrupted runs resume or start over, with the same results.

docs/troubleshooting.md describes what they check.
"""

import json
import os
import shutil
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from birnn.core.outputs import write_json
from birnn.core.yaml_files import read_yaml
from tests.projects import (
    Build,
    check_output,
    commit,
    copy,
    leftovers,
    results,
    run,
    set_settings,
    watched,
)
from tests.tiers import sampled

pytest.importorskip("resource", reason="needs POSIX")
pytestmark = pytest.mark.slow

TRAINING = "train_bigru"
MODULE = f"stages.{TRAINING}"

# Enough epochs to be killed in several of them, and a part of the line at the end of each.
EPOCHS, EPOCH = 6, " - val_loss: "
KILLS = 8  # spread over all changes of files


@pytest.fixture(scope="module")
def longer(finished: Path, shared: Callable[[str, Build], Path]) -> Path:
    """Return a finished clone in which one network has more epochs. Do not modify it."""

    def build(folder: Path) -> None:
        copy(finished, folder)
        set_settings(folder, {"train.epochs": str(EPOCHS), "train.batch_size": "128"})
        check_output(folder, "dvc", "repro", TRAINING)
        commit(folder)

    return shared("longer", build)


def moments(project: Path) -> list[str]:
    """Return some of the moments when a training changes files (see `tests.kill`)."""
    file = project.parent / "moments.json"
    check_output(project, "python", "-m", "tests.kill", str(file), MODULE)
    numbered = [
        f"{kind}-{number}"
        for kind, paths in json.loads(file.read_text()).items()
        for number, _ in enumerate(paths, start=1)
    ]
    assert len(numbered) > KILLS
    return [numbered[(2 * place + 1) * len(numbered) // (2 * KILLS)] for place in range(KILLS)]


@pytest.mark.exhaustive
def test_training_killed_when_it_changes_files_recovers(finished_copy: Path) -> None:
    expected = results(finished_copy)
    shutil.rmtree(finished_copy / "state")
    for moment in moments(finished_copy):
        shutil.rmtree(finished_copy / "state")
        result = run("python", "-m", "tests.kill", moment, MODULE, cwd=finished_copy)
        # A file that stays empty or is removed never reaches half.
        completes = result.returncode == 0 and moment.startswith("half")
        assert completes or result.returncode == -signal.SIGKILL, result.stderr
        check_output(finished_copy, "python", "-m", MODULE)
        assert results(finished_copy) == expected, moment
        assert leftovers(finished_copy) == []


def forget(project: Path, stage: str) -> None:
    """Make a stage run from the start: even with --force, DVC would restore its outputs."""
    lock = read_yaml(project / "dvc.lock")
    del lock["stages"][stage]
    write_json(project / "dvc.lock", lock)
    for folder in (".dvc/cache/runs", "state"):
        shutil.rmtree(project / folder, ignore_errors=True)


def find_stage(dvc: psutil.Popen, stage: str) -> psutil.Process | None:
    """Return the process of a stage that `dvc` runs, if it has started."""
    for child in dvc.children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            if f"stages.{stage}" in child.cmdline():
                return child
    return None


def stop_in_work(project: Path, stage: str, number: int, *, by_terminal: bool) -> str:
    """Stop a working stage, or DVC and the stage as a terminal does, and return their output."""
    forget(project, stage)
    epochs = 2 if stage == TRAINING else 0

    def is_working(dvc: psutil.Popen, log: str) -> bool:
        process = find_stage(dvc, stage)
        # It has loaded TensorFlow after a second.
        return process and process.cpu_times().user > 1 and log.count(EPOCH) >= epochs

    command = ("dvc", "repro", "--single-item", stage)
    with watched(project, *command, until=is_working) as (dvc, log):
        process = find_stage(dvc, stage)
        if by_terminal:
            os.killpg(dvc.pid, number)
        else:
            process.send_signal(number)
        assert dvc.wait(timeout=15) != 0
        process.wait(timeout=15)
    return log.read_text(encoding="utf-8")


STOPS = [
    (TRAINING, signal.SIGKILL, False),
    (TRAINING, signal.SIGINT, True),
    (TRAINING, signal.SIGTERM, False),
    ("evaluate", signal.SIGINT, False),
]


@pytest.mark.parametrize(("stage", "number", "by_terminal"), sampled(STOPS, STOPS[1]))
def test_stopped_stage_explains_how_to_resume_with_equal_bytes(
    request: pytest.FixtureRequest, tmp_path: Path, stage: str, number: int, by_terminal: Any
) -> None:
    finished = request.getfixturevalue("longer" if stage == TRAINING else "finished")
    project = copy(finished, tmp_path / "copy")
    expected = results(project)
    stopped = stop_in_work(project, stage, number, by_terminal=by_terminal)
    if number != signal.SIGKILL:
        assert "Traceback" not in stopped
        assert "interrupted: resume with dvc repro" in stopped
    output = check_output(project, "dvc", "repro", "--single-item", stage)
    assert results(project) == expected
    assert leftovers(project) == []
    if stage == TRAINING:
        assert 2 <= stopped.count(EPOCH) < EPOCHS
        assert "resumes after epoch" in output
        assert 0 < output.count(EPOCH) <= EPOCHS - stopped.count(EPOCH)
