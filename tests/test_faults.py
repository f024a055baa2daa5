"""Test faults around the pipeline: each gives the correct result, or an error in one clear line.

docs/troubleshooting.md describes some of them.
"""

from pathlib import Path

import pytest

from tests.projects import STAGES, check_output, error_line, leftovers, results, run
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


def test_truncated_input_is_repaired(finished_copy: Path) -> None:
    expected, file = results(finished_copy), finished_copy / "data/padded/test/sequences.npy"
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    # DVC sees that the file has another size, and runs `pad` again.
    check_output(finished_copy, "dvc", "repro")
    assert results(finished_copy) == expected
