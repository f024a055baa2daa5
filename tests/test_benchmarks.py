"""Test that benchmarks say what they need before they start, and leave the project as it is."""

import os
from pathlib import Path

import pytest

from benchmarks.project import stage_folder, variables
from birnn.core.paths import CORPUS
from tests.projects import check_output, error_line, run
from tests.test_pipeline import NO_NETWORK
from tests.tiers import sampled

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name == "nt", reason="Windows does not measure CPU seconds"),
]

ARCHIVE = "aclImdb_v1.tar.gz cannot be reached"
NEEDS = [
    ("speed --part startup", "error: the results of the last commit are missing"),
    ("speed --part steps", "error: data/padded/train is missing: run dvc repro first"),
    ("speed --part whole", ARCHIVE),
    ("memory", ARCHIVE),
    ("memory --scale", ARCHIVE),
    ("exports", "error: data/corpus/test.parquet is missing: run dvc repro first"),
    ("serve", "error: data/padded is missing: run dvc repro first"),
]


@pytest.mark.parametrize(("arguments", "expected"), sampled(NEEDS, NEEDS[2]))
def test_missing_input_is_an_error_of_one_line(clone: Path, arguments: str, expected: str) -> None:
    module, *options = arguments.split()
    result = run("python", "-m", f"benchmarks.{module}", *options, cwd=clone, **NO_NETWORK)
    assert expected in error_line(result.stderr)
    assert result.returncode == 1


def test_stages_run_in_the_folder_of_a_benchmark() -> None:
    with stage_folder({"fetch.source": "rotten-tomatoes"}) as folder:
        check_output(folder, "python", "-m", "stages.fetch", **variables())
        assert (folder / CORPUS / "train.parquet").exists()


@pytest.mark.exhaustive
def test_speed_on_the_fallback_corpus_leaves_no_trace(finished_copy: Path) -> None:
    command = ("python", "-m", "benchmarks.speed", "--times", "1", "--part", "startup")
    check_output(finished_copy, *command)
    assert not check_output(finished_copy, "git", "for-each-ref", "refs/exps")
    assert not check_output(finished_copy, "git", "status", "--porcelain")
