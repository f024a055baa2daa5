"""Test that results have the same bytes on all machines that docs/reproducibility.md names."""

import hashlib
import os
import re
import shutil
from pathlib import Path

import pytest

from birnn.core import machine
from tests.projects import contents, new_clone, recipe, results, run

GOLDEN = Path(__file__).parent / "golden"
RESULTS = re.compile(r"(data/(?!own/)|models/|metrics/|plots/\w+\.csv)")

# A locale without UTF-8, and no home folder.
ANOTHER_USER = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "HOME": "/none"}

# Limits of each library, as on an older CPU or with the variables of a user.
AVX2 = "+avx,+avx2,+bmi,+bmi2,+f16c,+fma,+lzcnt,+movbe,+popcnt,+sse4.2"
ANOTHER_MACHINE = {
    "ONEDNN_MAX_CPU_ISA": "SSE41",
    "TF_NUM_INTRAOP_THREADS": "16",
    "TF_NUM_INTEROP_THREADS": "16",
    "OMP_NUM_THREADS": "7",
    "NUMBA_CPU_NAME": "haswell",
    "NUMBA_CPU_FEATURES": AVX2,
    "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX512F,-AVX512VL,-AVX512BW,-AVX512DQ",
    "OPENBLAS_CORETYPE": "SkylakeX",
    "OPENBLAS_NUM_THREADS": "16",
    "NPY_DISABLE_CPU_FEATURES": "X86_V3 X86_V4",
}

pytestmark = pytest.mark.slow


def hashes(project: Path) -> str:
    """Return the SHA-256 and the name of each result, in the format of `sha256sum`."""
    files = {name: file for name, file in results(project).items() if RESULTS.match(name)}
    lines = [f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in sorted(files)]
    return "".join(lines)


@pytest.mark.parametrize(
    "case",
    [
        "finished",
        *(pytest.param(case, marks=pytest.mark.exhaustive) for case in ("recipes", "imdb")),
    ],
)
def test_results_equal_golden_hashes(case: str, request: pytest.FixtureRequest) -> None:
    if not machine.has_x86_64_v3():
        pytest.skip("only x86-64-v3 CPUs on Linux give equal bytes (docs/reproducibility.md)")
    computed, file = hashes(request.getfixturevalue(case)), GOLDEN / f"{case}.sha256"
    if request.config.getoption("--update-hashes"):
        file.write_text(computed)
    assert computed.splitlines() == file.read_text().splitlines()


def run_elsewhere(project: Path, *command: str) -> None:
    """Run a command as another user and, if results have the same bytes there, another machine.

    It does not use the warm-start server, which has loaded the libraries without the variables.
    """
    variables = ANOTHER_MACHINE if machine.has_x86_64_v3() else {}
    prefix = ("taskset", "--cpu-list", str(min(os.sched_getaffinity(0)))) if variables else ()
    result = run(*prefix, *command, cwd=project, warm=False, **(ANOTHER_USER | variables))
    assert result.returncode == 0, result.stderr


def test_another_machine_trains_equal_weights(finished_copy: Path) -> None:
    before = contents(finished_copy / "models" / "bigru")
    shutil.rmtree(finished_copy / "state")
    run_elsewhere(finished_copy, "python", "-m", "stages.train_bigru")
    assert contents(finished_copy / "models" / "bigru") == before


@pytest.mark.exhaustive
def test_another_machine_gives_equal_outputs(recipes: Path, tmp_path: Path) -> None:
    clone = new_clone(tmp_path / "clone", recipe())
    run_elsewhere(clone, "dvc", "repro")
    assert results(clone) == results(recipes)
