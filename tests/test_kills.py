"""Test that killed or interrupted runs resume or start over, with the same results.

docs/troubleshooting.md describes what they check.
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
from dvc.schema import COMPILED_LOCKFILE_SCHEMA
from voluptuous import Invalid
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
    repro,
    results,
    run,
    set_settings,
    stages_run,
)
from tests.tiers import sampled

pytest.importorskip("resource", reason="needs POSIX")
pytestmark = pytest.mark.slow

STAGES = list(read_yaml(PROJECT / "dvc.yaml")["stages"])
TRAININGS = ("train_bilstm", "train_bigru")

# Enough epochs to be killed in several of them.
EPOCHS = 6


@pytest.fixture(scope="module")
def longer(finished: Path, shared: Callable[[str, Build], Path]) -> Path:
    """Return a finished clone with more epochs. Do not modify it."""

    def build(folder: Path) -> None:
        copy(finished, folder)
        set_settings(folder, {"train.epochs": str(EPOCHS)})
        repro(folder)
        commit(folder)

    return shared("longer", build)


@pytest.fixture
def longer_copy(longer: Path, tmp_path: Path) -> Path:
    """Return a copy of that clone, which tests may modify."""
    return copy(longer, tmp_path / "copy")


def moments(project: Path, *command: str) -> list[str]:
    """Return the moments when a command changes files (see `tests.kill`)."""
    file = project.parent / "moments.json"
    check_output(project, "python", "-m", "tests.kill", str(file), *command)
    recorded = {
        # Without the prefix of unfinished files.
        kind: [Path(path).name.rpartition("-")[2] for path in paths]
        for kind, paths in json.loads(file.read_text()).items()
    }
    # One function writes all figures, another all templates: two of each stand for the others.
    figures, templates = (
        [name for name in dict.fromkeys(recorded["change"]) if name.endswith(extension)]
        for extension in (".png", ".json")
    )
    # Before each figure, the folder of the plots is created unless it exists.
    skipped = {*figures[2:], *templates[2:], "plots"}
    numbered = [
        f"{kind}-{number}"
        for kind, names in recorded.items()
        for number, name in enumerate(names, start=1)
        if name not in skipped
    ]
    assert len(numbered) > 10
    return numbered


def kill_at(moment: str, *command: str, project: Path) -> bool:
    """Run a command that is killed at a moment; return False if it completes before."""
    result = run("python", "-m", "tests.kill", moment, *command, cwd=project)
    assert result.returncode in {-signal.SIGKILL, 0}, result.stderr
    return result.returncode != 0


# One stage of each kind: loading, computing, training and drawing.
@pytest.mark.exhaustive
@pytest.mark.parametrize("stage", ["fetch", "pad", "train_bigru", "report"])
def test_stage_killed_at_any_file_change_starts_over(finished_copy: Path, stage: str) -> None:
    expected = results(finished_copy)
    module = f"stages.{stage}"
    shutil.rmtree(finished_copy / "state")
    for moment in moments(finished_copy, module):
        shutil.rmtree(finished_copy / "state")
        # A file that stays empty or is removed never reaches half.
        assert kill_at(moment, module, project=finished_copy) or moment.startswith("half")
        check_output(finished_copy, "python", "-m", module)
        assert results(finished_copy) == expected, moment
        assert leftovers(finished_copy) == []


def is_complete(lock: Path) -> bool:
    """Return whether DVC accepts its lock file; it may have been killed while writing it."""
    try:
        return bool(COMPILED_LOCKFILE_SCHEMA(read_yaml(lock)))
    except (YAMLError, Invalid):
        return False


def repair_and_run(project: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a `dvc` command after a kill, and repair DVC's files as in docs/troubleshooting.md."""
    (project / ".git" / "index.lock").unlink(missing_ok=True)
    if not is_complete(project / "dvc.lock"):
        check_output(project, "git", "checkout", "--", "dvc.lock")
    result = run(*command, cwd=project)
    if result.returncode != 0:
        shutil.rmtree(project / ".dvc" / "cache" / "runs", ignore_errors=True)
        (project / ".dvc" / "tmp" / "rwlock").unlink(missing_ok=True)
        result = run(*command, cwd=project)
    assert result.returncode == 0, result.stdout + result.stderr
    return result


@pytest.mark.parametrize("fraction", [0.0, 0.3, 0.7])
def test_truncated_dvc_lock_is_restored(finished_copy: Path, fraction: float) -> None:
    expected = results(finished_copy)
    lock = finished_copy / "dvc.lock"
    lines = lock.read_bytes().splitlines(keepends=True)
    lock.write_bytes(b"".join(lines[: int(fraction * len(lines))]) + b"  - {")
    broken = run("dvc", "repro", cwd=finished_copy)
    assert broken.returncode != 0
    assert "'./dvc.lock' is invalid" in broken.stderr
    assert stages_run(repair_and_run(finished_copy, "dvc", "repro")) == []
    assert results(finished_copy) == expected


def forget(project: Path, stage: str) -> None:
    """Make a stage run from the start: even with --force, DVC would restore its outputs."""
    lock = read_yaml(project / "dvc.lock")
    del lock["stages"][stage]
    write_yaml(project / "dvc.lock", lock)
    for folder in (".dvc/cache/runs", "state"):
        shutil.rmtree(project / folder, ignore_errors=True)


@pytest.mark.exhaustive
def test_dvc_killed_at_any_file_change_recovers(finished_copy: Path) -> None:
    expected = results(finished_copy)
    command = ("dvc", "repro", "--single-item", "pad")
    forget(finished_copy, "pad")
    killed = []
    for moment in moments(finished_copy, *command):
        forget(finished_copy, "pad")
        # The number of files that DVC and git write may differ between runs.
        killed.append(kill_at(moment, *command, project=finished_copy))
        repair_and_run(finished_copy, *command)
        assert results(finished_copy) == expected, moment
        assert leftovers(finished_copy) == []
    assert sum(killed) > 0.8 * len(killed)


def find_stage_process(stage: str, dvc: psutil.Process) -> psutil.Process | None:
    """Return the process in which `dvc` runs a stage, or None."""
    for child in dvc.children(recursive=True):
        try:
            if f"stages.{stage}" in child.cmdline():
                return child
        except psutil.NoSuchProcess:
            continue
    return None


class Running:
    """A `dvc` process that runs one stage.

    Attributes:
        dvc: the process of DVC.
        stage: the process of the stage, or None if DVC ended before it started.
    """

    def __init__(self, dvc: psutil.Popen, stage: str, log: Path) -> None:
        self.dvc, self.stage, self._log = dvc, None, log
        while dvc.poll() is None and self.stage is None:
            self.stage = find_stage_process(stage, dvc)
            time.sleep(0.01)

    @property
    def output(self) -> str:
        """The output of both processes so far."""
        return self._log.read_text(encoding="utf-8")

    @property
    def epochs(self) -> int:
        """The number of finished epochs."""
        return self.output.count("  epoch ")

    def wait_for_epochs(self, number: int) -> None:
        """Wait until a number of epochs are finished, or until DVC ends."""
        while self.dvc.poll() is None and self.epochs < number:
            time.sleep(0.01)

    def wait(self, seconds: float) -> None:
        """Wait until both processes have ended; the stage ends soon after DVC."""
        self.dvc.wait(timeout=seconds)
        if self.stage:
            self.stage.wait(timeout=seconds)


@contextmanager
def running(project: Path, stage: str) -> Iterator[Running]:
    """Run a stage from the start with `dvc` while the block runs."""
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
            # A shell may start its background jobs with SIGINT ignored.
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


def test_killed_training_resumes_with_equal_bytes(longer_copy: Path) -> None:
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
def test_stage_killed_at_random_moment_recovers(longer_copy: Path, stage: str, kills: int) -> None:
    expected = results(longer_copy)
    rng = random.Random(f"{stage} {kills}")  # noqa: S311
    for number in range(kills):
        with running(longer_copy, stage) as started:
            if stage in TRAININGS:
                # Start-up takes most of the time, so choose an epoch in most cases.
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
        # If the kill came late, DVC had already recorded or cached the result and skips the stage.
        assert stages_run(result) == [stage] or "skipping" in result.stdout
        assert leftovers(longer_copy) == []
        assert "??" not in check_output(longer_copy, "git", "status", "--porcelain")


def interrupt(project: Path, stage: str, number: int, *, whole_group: bool) -> str:
    """Interrupt a stage, or DVC and the stage as a terminal does, and return the output."""
    with running(project, stage) as started:
        assert started.stage
        if stage in TRAININGS:
            started.wait_for_epochs(2)
        while stage not in TRAININGS and started.stage.cpu_times().user < 1:  # loads TensorFlow
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


INTERRUPTS = [
    (number, group) for number in (signal.SIGINT, signal.SIGTERM) for group in (True, False)
]


@pytest.mark.parametrize(("number", "whole_group"), sampled(INTERRUPTS, INTERRUPTS[0]))
@pytest.mark.parametrize("stage", ["evaluate", "train_bigru"])
def test_interrupt_exits_quickly_and_explains_how_to_resume(
    longer_copy: Path, stage: str, number: int, whole_group: Any
) -> None:
    expected = results(longer_copy)
    output = interrupt(longer_copy, stage, number, whole_group=whole_group)
    assert ("of 6 epochs are saved" in output) == (stage in TRAININGS)
    result = run("dvc", "repro", "--single-item", stage, cwd=longer_copy)
    assert result.returncode == 0, result.stderr
    assert ("resumes after epoch" in result.stdout) == (stage in TRAININGS)
    assert results(longer_copy) == expected
    assert leftovers(longer_copy) == []
