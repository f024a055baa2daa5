"""Test faults around the pipeline: each gives the correct result, or an error in one clear line.

docs/troubleshooting.md describes some of them.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from birnn.core import integrity
from tests.projects import (
    check_output,
    environment,
    error_line,
    leftovers,
    results,
    run,
    stages_run,
)
from tests.test_pipeline import STAGES
from tests.tiers import sampled

resource = pytest.importorskip("resource", reason="needs POSIX")
pytestmark = pytest.mark.slow

OFF = ("fetch_unlabelled", "train_word_vectors", "label_unlabelled", "weigh_ngrams")


@pytest.mark.parametrize("stage", sampled(STAGES, "pad", "train_bigru", "report"))
def test_full_disk_gives_one_line_error_and_loses_nothing(finished_copy: Path, stage: str) -> None:
    expected = results(finished_copy)

    def limit() -> None:
        # Smaller than the output of a stage that is switched off.
        size = 10 if stage in OFF else 1_000
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    result = run("python", "-m", f"stages.{stage}", cwd=finished_copy, preexec_fn=limit)
    assert result.returncode == 1, result.stderr
    assert error_line(result.stderr)
    assert results(finished_copy) == expected
    assert leftovers(finished_copy) == []


def flip_bit(file: Path) -> None:
    """Flip a bit without changing the size or the times of the file, like a failing disk."""
    content, status = bytearray(file.read_bytes()), file.stat()
    content[len(content) // 2] ^= 1
    file.chmod(0o644)
    file.write_bytes(content)
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))


def test_truncated_input_gives_error_or_warning(finished_copy: Path) -> None:
    command, name = ("python", "-m", "stages.evaluate"), "data/padded/test/sequences.npy"
    file = finished_copy / name
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    before = results(finished_copy)
    damage = "data/padded differs from dvc.lock: run rm -rf data/padded && dvc repro"
    result = run(*command, cwd=finished_copy, DVC_STAGE="evaluate")
    assert result.returncode == 1
    assert error_line(result.stderr) == f"error: {damage}"
    assert results(finished_copy) == before
    # A user who runs a stage by hand may have changed the input on purpose.
    result = run(*command, cwd=finished_copy)
    assert f"warning: {damage}" in result.stderr


def test_flipped_bit_is_detected_and_repaired(finished_copy: Path) -> None:
    expected = results(finished_copy)
    shutil.rmtree(finished_copy / ".dvc" / "cache" / "runs")
    name = "data/padded/train/sequences.npy"
    digest = integrity.compute_md5(finished_copy / name)
    assert digest
    cached = finished_copy / ".dvc" / "cache" / "files" / "md5" / digest[:2] / digest[2:]
    flip_bit(cached)
    # DVC restores the damaged file.
    shutil.rmtree(finished_copy / "data" / "padded")
    check_output(finished_copy, "dvc", "checkout")
    command = ("dvc", "repro", "--force", "--single-item", "train_bilstm")
    line = error_line(run(*command, cwd=finished_copy).stderr)
    repair = f"rm -rf data/padded {cached} && dvc repro"
    assert line == f"error: data/padded differs from dvc.lock: run {repair}"
    check_output(finished_copy, "bash", "-c", repair)
    assert results(finished_copy) == expected


@pytest.mark.exhaustive
def test_concurrent_repro_gives_correct_results(clone: Path, finished: Path) -> None:
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    both = [
        subprocess.Popen(["dvc", "repro"], cwd=clone, env=environment(), **pipes) for _ in range(2)
    ]
    outputs = [process.communicate(timeout=300) for process in both]
    assert 0 in [process.returncode for process in both], outputs
    for process, (_, stderr) in zip(both, outputs, strict=True):
        assert "Traceback" not in stderr
        assert process.returncode == 0 or "ERROR" in stderr
    assert stages_run(check_output(clone, "dvc", "repro")) == []
    assert results(clone) == results(finished)
