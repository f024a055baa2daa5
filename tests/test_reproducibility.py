"""Test that results have the same bytes on all machines that docs/reproducibility.md names."""

import hashlib
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from birnn.core import machine
from tests.instruction_sets import another_machine, recipe_settings
from tests.projects import Build, contents, new_clone, repro, results, run

GOLDEN = Path(__file__).parent / "golden"
RESULTS = re.compile(r"(data/(?!own/)|models/|metrics/|plots/\w+\.csv)")

pytestmark = pytest.mark.slow


@pytest.fixture(scope="session")
def recipes(shared: Callable[[str, Build], Path]) -> Path:
    """Return a clone in which the pipeline has run with `recipe_settings`."""

    def build(folder: Path) -> None:
        repro(new_clone(folder, recipe_settings()))

    return shared("recipes", build)


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
    """Run a command as if on another machine.

    It does not use the warm-start server, which has loaded the libraries without the variables.
    """
    prefix, variables = another_machine()
    result = run(*prefix, *command, cwd=project, warm=False, **variables)
    assert result.returncode == 0, result.stderr


def test_another_machine_trains_equal_weights(finished_copy: Path) -> None:
    before = contents(finished_copy / "models" / "bigru")
    shutil.rmtree(finished_copy / "state")
    run_elsewhere(finished_copy, "python", "-m", "stages.train_bigru")
    assert contents(finished_copy / "models" / "bigru") == before


@pytest.mark.exhaustive
def test_another_machine_gives_equal_outputs(recipes: Path, tmp_path: Path) -> None:
    clone = new_clone(tmp_path / "clone", recipe_settings())
    run_elsewhere(clone, "dvc", "repro")
    assert results(clone) == results(recipes)
