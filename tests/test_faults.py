"""What can go wrong around the pipeline: each fault ends in the right result, or in one clear line.

The table in the README names these tests.
"""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from birnn.base import recorded
from tests.conftest import PROJECT, SMALL, commit, new_clone, ran, run, set_settings
from tests.test_pipeline import contents, error_line

resource = pytest.importorskip("resource", reason="faults are made as POSIX has them")
pytestmark = pytest.mark.slow

PIPELINE = YAML(typ="safe").load(PROJECT / "dvc.yaml")["stages"]
STAGES = list(PIPELINE)
TRAININGS = ("train_bilstm", "train_bigru")
OFF = ("fetch_unlabelled", "train_word_vectors", "weigh_ngrams")
OUTPUTS = ("data", "models", "metrics", "plots", "report")

# Long enough to be killed in each of several epochs.
EPOCHS = 6


def results(project: Path) -> dict[str, bytes]:
    """Return all that the pipeline wrote, without what tells a time and what is half-written."""
    timed = ("timing.json", "costs.json", "report.md", "report.html")
    return {
        f"{folder}/{name}": content
        for folder in OUTPUTS
        for name, content in contents(project / folder).items()
        if not name.endswith(timed) and not name.startswith(".part-")
    }


def leftovers(project: Path) -> list[str]:
    """Return the outputs that are half-written."""
    return [str(path) for path in project.rglob(".part-*")]


def stage_process(dvc: psutil.Process, stage: str) -> psutil.Process | None:
    for child in dvc.children(recursive=True):
        try:
            if f"stages.{stage}" in child.cmdline():
                return child
        except psutil.NoSuchProcess:
            continue
    return None


@pytest.fixture(scope="module")
def longer(finished: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished clone of some more epochs."""
    folder = tmp_path_factory.mktemp("longer") / "clone"
    shutil.copytree(finished, folder, symlinks=True)
    set_settings(folder, {"train.epochs": str(EPOCHS)})
    result = run("dvc", "repro", cwd=folder)
    assert result.returncode == 0, result.stderr
    commit(folder)
    return folder


@pytest.fixture
def longer_copy(longer: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(longer, tmp_path / "copy", symlinks=True))


def forget(project: Path, stage: str) -> None:
    """Have a stage run from the start: DVC gives back what it knows of, also where it is forced."""
    yaml = YAML(typ="safe")
    lock = yaml.load(project / "dvc.lock")
    del lock["stages"][stage]
    yaml.dump(lock, project / "dvc.lock")
    for folder in (".dvc/cache/runs", "state"):
        shutil.rmtree(project / folder, ignore_errors=True)


def kill_while_running(project: Path, stage: str, rng: random.Random, whom: str) -> int:
    """Kill a stage, the DVC that runs it, or both, at a random moment.

    Returns the number of epochs that were finished by then.
    """
    log = project.parent / "log.txt"
    with log.open("w", encoding="utf-8") as output:
        dvc = subprocess.Popen(
            ["dvc", "repro", "--single-item", stage],
            cwd=project,
            stdout=output,
            stderr=output,
            text=True,
            start_new_session=True,
        )
        process = psutil.Process(dvc.pid)
        running = None
        while dvc.poll() is None and running is None:
            running = stage_process(process, stage)
            time.sleep(0.01)
        if stage in TRAININGS:
            # Start-up takes most of the time: half of the moments are among the epochs.
            epochs = rng.choice([0, 0, 0, 1, 2, 3, 4, 5])
            while dvc.poll() is None and log.read_text().count("  epoch ") < epochs:
                time.sleep(0.01)
            time.sleep(rng.uniform(0, 0.5) if epochs else rng.uniform(0, 8))
        else:
            time.sleep(rng.uniform(0, 4))
        for target in {"stage": [running], "dvc": [process], "both": [process, running]}[whom]:
            if target and target.is_running():
                target.kill()
        dvc.wait(timeout=60)
        # An orphan ends by itself, within seconds.
        if running:
            running.wait(timeout=30)
    return log.read_text().count("  epoch ")


def is_whole(lock: Path) -> bool:
    """Tell whether DVC, which writes the file in place, was not killed while it did."""
    try:
        return bool(YAML(typ="safe").load(lock))
    except YAMLError:
        return False


def bring_back_the_lock(project: Path) -> None:
    """Do what the README says."""
    git = run("git", "checkout", "--", "dvc.lock", cwd=project)
    assert git.returncode == 0, git.stderr


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
    bring_back_the_lock(finished_copy)
    result = run("dvc", "repro", cwd=finished_copy)
    assert result.returncode == 0, result.stderr
    assert ran(result) == []
    assert results(finished_copy) == expected


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_that_is_killed_at_any_moment_ends_as_if_it_never_was(
    longer_copy: Path, stage: str, kills: int
) -> None:
    expected = results(longer_copy)
    rng = random.Random(f"{stage} {kills}")  # noqa: S311
    for number in range(kills):
        forget(longer_copy, stage)
        whom = ("stage", "dvc", "both")[number % 3]
        finished_epochs = kill_while_running(longer_copy, stage, rng, whom)
        if whom != "stage" and not is_whole(longer_copy / "dvc.lock"):
            bring_back_the_lock(longer_copy)
        result = run("dvc", "repro", "--single-item", stage, cwd=longer_copy)
        assert result.returncode == 0, result.stderr
        assert result.stdout.count("  epoch ") <= EPOCHS - finished_epochs
        assert results(longer_copy) == expected
        # Where the moment was late, DVC had recorded or cached the result, and skips the stage.
        assert ran(result) == [stage] or "skipping" in result.stdout
        assert leftovers(longer_copy) == []
        assert "??" not in run("git", "status", "--porcelain", cwd=longer_copy).stdout


def interrupt(project: Path, stage: str, number: int, *, whole_group: bool) -> tuple[int, str]:
    """Interrupt a stage, or DVC and its stage as a terminal does, in the middle of its work.

    Returns DVC's exit status and what was said.
    """
    log = project.parent / "log.txt"
    with log.open("w", encoding="utf-8") as output:
        dvc = subprocess.Popen(
            ["dvc", "repro", "--single-item", stage],
            cwd=project,
            stdout=output,
            stderr=output,
            start_new_session=True,
            # A shell may have it ignored in what it runs in the background.
            preexec_fn=lambda: signal.signal(  # noqa: PLW1509
                signal.SIGINT, signal.default_int_handler
            ),
        )
        running = None
        while running is None:
            running = stage_process(psutil.Process(dvc.pid), stage)
        while stage in TRAININGS and log.read_text().count("  epoch ") < 2:
            time.sleep(0.01)
        while stage not in TRAININGS and running.cpu_times().user < 1:  # it imports TensorFlow
            time.sleep(0.01)
        if whole_group:
            os.killpg(dvc.pid, number)
        else:
            running.send_signal(number)
        dvc.wait(timeout=15)
        running.wait(timeout=15)
    return dvc.returncode, log.read_text()


@pytest.mark.parametrize("whole_group", [True, False])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("stage", ["evaluate", "train_bigru"])
def test_an_interrupt_ends_within_seconds_and_says_how_to_go_on(
    longer_copy: Path,
    stage: str,
    number: int,
    whole_group: bool,  # noqa: FBT001
) -> None:
    expected = results(longer_copy)
    forget(longer_copy, stage)
    status, said = interrupt(longer_copy, stage, number, whole_group=whole_group)
    assert status != 0
    assert "Traceback" not in said
    assert f"{stage} was interrupted: go on with dvc repro" in said
    if stage in TRAININGS:
        assert "of 6 epochs are kept" in said
    result = run("dvc", "repro", "--single-item", stage, cwd=longer_copy)
    assert result.returncode == 0, result.stderr
    assert ("goes on after epoch" in result.stdout) == (stage in TRAININGS)
    assert results(longer_copy) == expected
    assert leftovers(longer_copy) == []


@pytest.mark.parametrize(
    ("number", "whole_group"), [(signal.SIGINT, True), (signal.SIGTERM, False)]
)
def test_an_interrupt_ends_all_workers_of_a_training(
    longer_copy: Path,
    number: int,
    whole_group: bool,  # noqa: FBT001
) -> None:
    set_settings(longer_copy, {"train.workers": "2"})
    status, said = interrupt(longer_copy, "train_bigru", number, whole_group=whole_group)
    assert status != 0
    assert "Traceback" not in said
    assert "train_bigru was interrupted: go on with dvc repro" in said
    assert "of 6 epochs are kept" in said
    result = run("dvc", "repro", "--single-item", "train_bigru", cwd=longer_copy)
    assert result.returncode == 0, result.stderr
    assert "goes on after epoch" in result.stdout
    assert result.stdout.count("  epoch ") < EPOCHS
    assert leftovers(longer_copy) == []


def outputs_of(stage: str) -> list[str]:
    listed = [*PIPELINE[stage].get("outs", []), *PIPELINE[stage].get("metrics", [])]
    return [next(iter(out)) if isinstance(out, dict) else out for out in listed]


def inputs_of(project: Path, stage: str) -> list[Path]:
    """Return the data that a stage reads: single files, those in folders as well."""
    paths = [project / dep for dep in PIPELINE[stage]["deps"] if dep.startswith(OUTPUTS)]
    files = [file for path in paths for file in ([path] if path.is_file() else path.rglob("*"))]
    return sorted(file for file in files if file.is_file() and "own" not in file.parts)


def run_stage(stage: str, project: Path, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run a stage by itself, as a user would, with options of subprocess."""
    variables = {name: value for name, value in os.environ.items() if name != "IMDB_ARCHIVE"}
    return subprocess.run(
        [sys.executable, "-m", f"stages.{stage}"],
        cwd=project,
        env=variables | options.pop("environment", {}),
        stderr=subprocess.PIPE,
        stdout=options.pop("stdout", subprocess.PIPE),
        text=True,
        encoding="utf-8",
        check=False,
        timeout=300,
        **options,
    )


@pytest.mark.parametrize("stage", STAGES)
def test_a_full_disk_stops_with_one_line_and_loses_nothing(finished_copy: Path, stage: str) -> None:
    expected = results(finished_copy)

    def limit() -> None:
        # Less than what is written by a stage that the settings leave nothing to do.
        size = 100 if stage in OFF else 1_000
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    result = run_stage(stage, finished_copy, preexec_fn=limit)
    assert result.returncode == 1, result.stderr
    assert error_line(result.stderr)
    assert results(finished_copy) == expected
    assert leftovers(finished_copy) == []


@pytest.mark.parametrize("stage", STAGES)
def test_a_read_only_folder_stops_with_one_line(finished_copy: Path, stage: str) -> None:
    expected = results(finished_copy)
    command = [sys.executable, "-m", f"stages.{stage}"]
    if os.geteuid() == 0:
        # For root no permission is missing, but a file system may be read-only.
        mount = 'mount --bind "$PWD" "$PWD"; mount -o remount,ro,bind "$PWD"; cd "$PWD"; exec "$@"'
        result = run("unshare", "--mount", "sh", "-ec", mount, "sh", *command, cwd=finished_copy)
    else:
        folders = [finished_copy, *(path for path in finished_copy.rglob("*") if path.is_dir())]
        for folder in folders:
            folder.chmod(0o555)
        result = run(*command, cwd=finished_copy)
        for folder in folders:
            folder.chmod(0o755)
    assert result.returncode == 1, result.stderr
    assert "'state/" in error_line(result.stderr)
    assert results(finished_copy) == expected


def truncate(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def flip(file: Path) -> None:
    """Flip a bit as a disk does: neither the size nor the times of the file change."""
    content, status = bytearray(file.read_bytes()), file.stat()
    content[len(content) // 2] ^= 1
    file.chmod(0o644)
    file.write_bytes(content)
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))


SPOILT = {truncate: "is damaged: its md5", flip: "is damaged: its md5", Path.unlink: "is missing"}
READING = [stage for stage in STAGES if not stage.startswith("fetch")]


@pytest.mark.parametrize("spoil", SPOILT)
@pytest.mark.parametrize("stage", READING)
def test_any_input_that_is_missing_or_damaged_is_named_before_it_is_read(
    finished_copy: Path, stage: str, spoil: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(finished_copy)
    assert recorded.damage(stage) is None
    files = inputs_of(finished_copy, stage)
    assert files
    for file in files:
        content = file.read_bytes()
        spoil(file)
        damage = recorded.damage(stage)
        assert damage
        assert damage.startswith(f"{file.relative_to(finished_copy)} {SPOILT[spoil]}")
        assert damage.endswith(" run dvc repro")
        file.write_bytes(content)


@pytest.mark.parametrize("by_dvc", [True, False])
@pytest.mark.parametrize("stage", READING)
def test_a_truncated_input_stops_a_stage_or_is_warned_of(
    finished_copy: Path,
    stage: str,
    by_dvc: bool,  # noqa: FBT001
) -> None:
    expected = results(finished_copy)
    file = max(inputs_of(finished_copy, stage), key=lambda file: file.stat().st_size)
    truncate(file)
    environment = {"DVC_STAGE": stage} if by_dvc else {}
    result = run_stage(stage, finished_copy, environment=environment)
    assert "Traceback" not in result.stderr
    damage = f"{file.relative_to(finished_copy)} is damaged"
    if by_dvc:
        assert result.returncode == 1
        assert error_line(result.stderr).startswith(f"error: {damage}")
        name = str(file.relative_to(finished_copy))
        found = results(finished_copy)
        assert {path for path in found if found[path] != expected[path]} <= {name}
    else:
        # A user may have made it so, by hand.
        assert f"warning: {damage}" in result.stderr


@pytest.mark.parametrize("stage", ["pad", "evaluate"])
def test_a_flipped_bit_stops_dvc_and_what_it_says_mends_it(finished_copy: Path, stage: str) -> None:
    expected = results(finished_copy)
    shutil.rmtree(finished_copy / ".dvc" / "cache" / "runs")
    for file in inputs_of(finished_copy, stage):
        if file.suffix in {".parquet", ".h5", ".npy"}:
            flip(file)
            result = run("dvc", "repro", "--force", "--single-item", stage, cwd=finished_copy)
            assert result.returncode != 0
            line = error_line(result.stderr)
            name = str(file.relative_to(finished_copy))
            assert line.startswith(f"error: {name} is damaged")
            assert line.endswith(f"delete {name}, then run dvc repro")
            file.unlink()
            result = run("dvc", "repro", cwd=finished_copy)
            assert result.returncode == 0, result.stderr
            assert results(finished_copy) == expected


def test_a_flipped_bit_in_dvcs_cache_is_noticed_and_what_it_says_mends_it(
    finished_copy: Path,
) -> None:
    expected = results(finished_copy)
    shutil.rmtree(finished_copy / ".dvc" / "cache" / "runs")
    file = finished_copy / "data" / "padded" / "train" / "sequences.npy"
    digest = recorded._md5(file)  # noqa: SLF001
    assert digest
    cached = finished_copy / ".dvc" / "cache" / "files" / "md5" / digest[:2] / digest[2:]
    flip(cached)
    # DVC gives the damaged file back.
    shutil.rmtree(finished_copy / "data" / "padded")
    assert run("dvc", "checkout", cwd=finished_copy).returncode == 0
    command = ("dvc", "repro", "--force", "--single-item", "train_bilstm")
    line = error_line(run(*command, cwd=finished_copy).stderr)
    assert "data/padded/train/sequences.npy is damaged" in line
    assert line.endswith(f"sequences.npy and {cached}, then run dvc repro")
    file.unlink()
    cached.unlink()
    result = run("dvc", "repro", cwd=finished_copy)
    assert result.returncode == 0, result.stderr
    assert results(finished_copy) == expected


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("stage", ["pad", "train_bigru", "report"])
def test_a_full_pipe_stops_with_one_line(finished_copy: Path, stage: str) -> None:
    expected = results(finished_copy)
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        result = run_stage(stage, finished_copy, stdout=full)
    assert result.returncode == 1, result.stderr
    assert "No space left on device" in error_line(result.stderr)
    assert "Exception ignored" not in result.stderr
    assert results(finished_copy) == expected


SURROUNDINGS = {
    "a locale without UTF-8": {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    "no home folder": {"HOME": "/nonexistent"},
}


@pytest.mark.parametrize("surroundings", SURROUNDINGS)
def test_surroundings_change_nothing(clone: Path, finished: Path, surroundings: str) -> None:
    result = run("dvc", "repro", cwd=clone, **SURROUNDINGS[surroundings])
    assert result.returncode == 0, result.stderr
    assert results(clone) == results(finished)


def test_a_path_with_blanks_and_letters_of_all_kinds_changes_nothing(
    tmp_path: Path, finished: Path
) -> None:
    clone = new_clone(tmp_path / "my films – Фильмы é [1]" / "clone", SMALL)
    result = run("dvc", "repro", cwd=clone)
    assert result.returncode == 0, result.stderr
    assert results(clone) == results(finished)


def test_two_at_once_do_not_spoil_each_other(clone: Path, finished: Path) -> None:
    both = [
        subprocess.Popen(
            ["dvc", "repro"],
            cwd=clone,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    said = [process.communicate(timeout=300) for process in both]
    assert 0 in [process.returncode for process in both], said
    for process, (_, stderr) in zip(both, said, strict=True):
        assert "Traceback" not in stderr
        assert process.returncode == 0 or "ERROR" in stderr
    assert ran(run("dvc", "repro", cwd=clone)) == []
    assert results(clone) == results(finished)


@pytest.mark.parametrize("stage", ["pad", "train_bigru"])
def test_one_stage_twice_at_once_takes_turns(finished_copy: Path, stage: str) -> None:
    expected = results(finished_copy)
    command = [sys.executable, "-m", f"stages.{stage}"]
    both = [subprocess.Popen(command, cwd=finished_copy) for _ in range(2)]
    assert [process.wait(timeout=300) for process in both] == [0, 0]
    assert results(finished_copy) == expected
    assert leftovers(finished_copy) == []
