"""Kill or interrupt runs: they go on or start over, with the same results.

The table in the README names these tests.
"""

import json
import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
from yaml import YAMLError

from birnn.core.yaml_files import read_yaml, write_yaml
from tests.projects import (
    PROJECT,
    Build,
    check_output,
    commit,
    copy,
    environment,
    leftovers,
    ran,
    repro,
    results,
    run,
    set_settings,
)
from tests.tiers import sampled

pytest.importorskip("resource", reason="faults are made as POSIX has them")
pytestmark = pytest.mark.slow

STAGES = list(read_yaml(PROJECT / "dvc.yaml")["stages"])
TRAININGS = ("train_bilstm", "train_bigru")

# Long enough to be killed in each of several epochs.
EPOCHS = 6


@pytest.fixture(scope="module")
def longer(finished: Path, shared: Callable[[str, Build], Path]) -> Path:
    """A finished clone of some more epochs; not to be changed."""

    def build(folder: Path) -> None:
        copy(finished, folder)
        set_settings(folder, {"train.epochs": str(EPOCHS)})
        repro(folder)
        commit(folder)

    return shared("longer", build)


@pytest.fixture
def longer_copy(longer: Path, tmp_path: Path) -> Path:
    """A copy of it, to be changed at will."""
    return copy(longer, tmp_path / "copy")


def moments(project: Path, *command: str) -> list[str]:
    """Return the moments at which a command changes files, each by its number."""
    file = project.parent / "moments.json"
    check_output(project, "python", "-m", "tests.kill", str(file), *command)
    counted = json.loads(file.read_text())
    found = [f"{kind}-{number + 1}" for kind in counted for number in range(counted[kind])]
    assert len(found) > 10
    return found


def kill_at(moment: str, *command: str, project: Path) -> bool:
    """Kill a command at a moment, and tell whether it came before the command completed."""
    result = run("python", "-m", "tests.kill", moment, *command, cwd=project)
    assert result.returncode in {-signal.SIGKILL, 0}, result.stderr
    return result.returncode != 0


# A stage of each kind: one that loads, one that computes, one that trains, and one that draws.
@pytest.mark.exhaustive
@pytest.mark.parametrize("stage", ["fetch", "pad", "train_bigru", "report"])
def test_a_stage_that_is_killed_at_any_change_of_a_file_starts_anew(
    finished_copy: Path, stage: str
) -> None:
    expected = results(finished_copy)
    module = f"stages.{stage}"
    shutil.rmtree(finished_copy / "state")
    for moment in moments(finished_copy, module):
        shutil.rmtree(finished_copy / "state")
        # Only half of a file may never be there: where it stays empty, or is removed.
        assert kill_at(moment, module, project=finished_copy) or moment.startswith("half")
        check_output(finished_copy, "python", "-m", module)
        assert results(finished_copy) == expected, moment
        assert leftovers(finished_copy) == []


def is_whole(file: Path) -> bool:
    """Tell whether DVC, which writes the file in place, was not killed while it did."""
    try:
        return bool(read_yaml(file))
    except YAMLError:
        return False


def repair_and_run(project: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a `dvc` command after a `dvc` was killed, and do what the README says where it fails."""
    (project / ".git" / "index.lock").unlink(missing_ok=True)
    if not is_whole(project / "dvc.lock"):
        check_output(project, "git", "checkout", "--", "dvc.lock")
    result = run(*command, cwd=project)
    if result.returncode != 0:
        shutil.rmtree(project / ".dvc" / "cache" / "runs", ignore_errors=True)
        (project / ".dvc" / "tmp" / "rwlock").unlink(missing_ok=True)
        result = run(*command, cwd=project)
    assert result.returncode == 0, result.stdout + result.stderr
    return result


@pytest.mark.parametrize("kept", [0.0, 0.3, 0.7])
def test_a_lock_that_dvc_was_killed_in_comes_back(finished_copy: Path, kept: float) -> None:
    expected = results(finished_copy)
    lock = finished_copy / "dvc.lock"
    whole = lock.read_bytes()
    lines = whole.splitlines(keepends=True)
    lock.write_bytes(b"".join(lines[: int(kept * len(lines))]) + b"  - {")
    broken = run("dvc", "repro", cwd=finished_copy)
    assert broken.returncode != 0
    assert "'./dvc.lock' is invalid" in broken.stderr
    assert ran(repair_and_run(finished_copy, "dvc", "repro")) == []
    assert results(finished_copy) == expected


def forget(project: Path, stage: str) -> None:
    """Have a stage run from the start: DVC gives back what it knows of, also where it is forced."""
    lock = read_yaml(project / "dvc.lock")
    del lock["stages"][stage]
    write_yaml(lock, project / "dvc.lock")
    for folder in (".dvc/cache/runs", "state"):
        shutil.rmtree(project / folder, ignore_errors=True)


@pytest.mark.exhaustive
def test_dvc_that_is_killed_at_any_change_of_a_file_goes_on(finished_copy: Path) -> None:
    expected = results(finished_copy)
    command = ("dvc", "repro", "--single-item", "pad")
    forget(finished_copy, "pad")
    killed = []
    for moment in moments(finished_copy, *command):
        forget(finished_copy, "pad")
        # DVC and git may write a file more or less than before.
        killed.append(kill_at(moment, *command, project=finished_copy))
        repair_and_run(finished_copy, *command)
        assert results(finished_copy) == expected, moment
        assert leftovers(finished_copy) == []
    assert sum(killed) > 0.8 * len(killed)


def find_stage_process(stage: str, dvc: psutil.Process) -> psutil.Process | None:
    """Return the process in which `dvc` runs a stage, if it does."""
    for child in dvc.children(recursive=True):
        try:
            if f"stages.{stage}" in child.cmdline():
                return child
        except psutil.NoSuchProcess:
            continue
    return None


class Running:
    """A `dvc` that runs one stage, both started as a user does.

    Attributes:
        dvc: its process.
        stage: the stage's, None where DVC ended before.
    """

    def __init__(self, dvc: psutil.Popen, stage: str, log: Path) -> None:
        self.dvc, self.stage, self._log = dvc, None, log
        while dvc.poll() is None and self.stage is None:
            self.stage = find_stage_process(stage, dvc)
            time.sleep(0.01)

    @property
    def output(self) -> str:
        """What both printed so far."""
        return self._log.read_text(encoding="utf-8")

    @property
    def epochs(self) -> int:
        """How many are finished."""
        return self.output.count("  epoch ")

    def wait_for_epochs(self, number: int) -> None:
        """Wait until so many are finished, or until DVC ends."""
        while self.dvc.poll() is None and self.epochs < number:
            time.sleep(0.01)

    def wait(self, seconds: float) -> None:
        """Wait until both have ended, as the stage does by itself within seconds of DVC."""
        self.dvc.wait(timeout=seconds)
        if self.stage:
            self.stage.wait(timeout=seconds)


@contextmanager
def running(project: Path, stage: str) -> Iterator[Running]:
    """Have `dvc` run a stage from the start."""
    forget(project, stage)
    log = project.parent / "log.txt"
    with log.open("w", encoding="utf-8") as output:
        dvc = psutil.Popen(
            ["dvc", "repro", "--single-item", stage],
            cwd=project,
            env=environment(warm=False),
            stdout=output,
            stderr=output,
            start_new_session=True,
            # A shell may have it ignored in what it runs in the background.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )
    started = Running(dvc, stage, log)
    try:
        yield started
    finally:
        for process in filter(None, (dvc, started.stage)):
            with suppress(psutil.NoSuchProcess):
                process.kill()
        dvc.wait()


def test_a_training_that_is_killed_goes_on_and_gives_equal_bytes(longer_copy: Path) -> None:
    expected = results(longer_copy)
    with running(longer_copy, "train_bigru") as started:
        started.wait_for_epochs(2)
        started.stage.kill()
        started.wait(60)
        finished_epochs = started.epochs
    assert 2 <= finished_epochs < EPOCHS
    result = run("dvc", "repro", cwd=longer_copy)
    assert result.returncode == 0, result.stderr
    assert "resumes after epoch" in result.stdout
    assert 0 < result.stdout.count("  epoch ") <= EPOCHS - finished_epochs
    assert results(longer_copy) == expected


@pytest.mark.exhaustive
@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_that_is_killed_at_a_random_moment_ends_as_if_it_never_was(
    longer_copy: Path, stage: str, kills: int
) -> None:
    expected = results(longer_copy)
    rng = random.Random(f"{stage} {kills}")  # noqa: S311
    for number in range(kills):
        with running(longer_copy, stage) as started:
            if stage in TRAININGS:
                # Start-up takes most of the time: half of the moments are among the epochs.
                epochs = rng.choice([0, 0, 0, 1, 2, 3, 4, 5])
                started.wait_for_epochs(epochs)
                time.sleep(rng.uniform(0, 0.5) if epochs else rng.uniform(0, 8))
            else:
                time.sleep(rng.uniform(0, 4))
            targets = ([started.stage], [started.dvc], [started.dvc, started.stage])
            killed = targets[(number + STAGES.index(stage)) % 3]
            for process in killed:
                if process and process.is_running():
                    process.kill()
            started.wait(60)
            finished_epochs = started.epochs
        again = ("dvc", "repro", "--single-item", stage)
        if started.dvc in killed:
            result = repair_and_run(longer_copy, *again)
        else:
            result = run(*again, cwd=longer_copy)
            assert result.returncode == 0, result.stderr
        assert result.stdout.count("  epoch ") <= EPOCHS - finished_epochs
        assert results(longer_copy) == expected
        # Where the moment was late, DVC had recorded or cached the result, and skips the stage.
        assert ran(result) == [stage] or "skipping" in result.stdout
        assert leftovers(longer_copy) == []
        assert "??" not in check_output(longer_copy, "git", "status", "--porcelain")


def interrupt(project: Path, stage: str, number: int, *, whole_group: bool) -> str:
    """Interrupt a stage, or DVC and its stage as a terminal does; return what was said."""
    with running(project, stage) as started:
        assert started.stage
        if stage in TRAININGS:
            started.wait_for_epochs(2)
        while stage not in TRAININGS and started.stage.cpu_times().user < 1:  # imports TensorFlow
            time.sleep(0.01)
        if whole_group:
            os.killpg(started.dvc.pid, number)
        else:
            started.stage.send_signal(number)
        started.wait(15)
        assert started.dvc.returncode != 0
    assert "Traceback" not in started.output
    assert f"{stage} was interrupted: resume with dvc repro" in started.output
    return started.output


WAYS = [(number, group) for number in (signal.SIGINT, signal.SIGTERM) for group in (True, False)]


@pytest.mark.parametrize(("number", "whole_group"), sampled(WAYS, WAYS[0]))
@pytest.mark.parametrize("stage", ["evaluate", "train_bigru"])
def test_an_interrupt_ends_within_seconds_and_says_how_to_repair_and_run(
    longer_copy: Path, stage: str, number: int, whole_group: Any
) -> None:
    expected = results(longer_copy)
    said = interrupt(longer_copy, stage, number, whole_group=whole_group)
    assert ("of 6 epochs are saved" in said) == (stage in TRAININGS)
    result = run("dvc", "repro", "--single-item", stage, cwd=longer_copy)
    assert result.returncode == 0, result.stderr
    assert ("resumes after epoch" in result.stdout) == (stage in TRAININGS)
    assert results(longer_copy) == expected
    assert leftovers(longer_copy) == []
