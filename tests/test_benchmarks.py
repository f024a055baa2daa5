"""Test that benchmarks say what they need before they start, and leave the project as it is."""

import os
import re
from pathlib import Path

import pytest

from benchmarks.project import stage_folder, variables
from birnn.core.paths import CORPUS
from tests.projects import NO_NETWORK, check_output, error_line, run

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name == "nt", reason="Windows does not measure CPU seconds"),
]


@pytest.mark.parametrize("module", ["exports", "memory", "serve"])
def test_missing_input_is_an_error_of_one_line(clone: Path, module: str) -> None:
    result = run("python", "-m", f"benchmarks.{module}", cwd=clone, **NO_NETWORK)
    assert re.search("is missing: run dvc repro|cannot be reached", error_line(result.stderr))


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
