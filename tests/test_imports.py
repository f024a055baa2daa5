"""Test the imports: their order, and that `dvc.yaml` names the code that each stage imports."""

import ast
import re
import shutil
from pathlib import Path

import grimp
import pytest

from birnn.core.yaml_files import read_yaml
from tests.projects import OUTPUTS, PROJECT, SMALL, STAGES, check_output, new_clone

# Without some of the last two, tests of the others work.
PACKAGES = [name for name in ("birnn", "birnn_lab", "birnn_apps") if (PROJECT / name).exists()]
GRAPH = grimp.build_graph(*PACKAGES, "stages", cache_dir=None)
RUNTIME = "birnn.runtime"  # cannot change results
# The folders of `birnn`, from the one that imports no other.
PAGE = (PROJECT / "docs" / "architecture.md").read_text(encoding="utf-8")
ORDER = re.findall(r"^    ([a-z_]+)(?:/|\.py) ", PAGE.partition("\nbirnn/ ")[2], re.MULTILINE)


def file_of(module: str) -> str:
    path = module.replace(".", "/")
    is_package = (PROJECT / path).is_dir()
    return f"{path}/__init__.py" if is_package else f"{path}.py"


def imported_modules(stage: str) -> set[str]:
    """Return the modules that a stage imports, also through others."""
    script = f"stages.{stage}"
    # Python runs the package first, which configures the libraries.
    start = GRAPH.find_upstream_modules("stages")
    return {script, *GRAPH.find_upstream_modules(script), *start} - {"stages"}


def imported_files(stage: str) -> set[str]:
    """Return the files of a stage's code, apart from packages and what cannot change results."""
    modules = imported_modules(stage)
    return {file_of(module) for module in modules if not module.startswith(RUNTIME)}


@pytest.mark.parametrize("stage", STAGES)
def test_stage_depends_on_the_code_that_it_imports(stage: str) -> None:
    dependencies = read_yaml(PROJECT / "dvc.yaml")["stages"][stage]["deps"]
    declared = {dep for dep in dependencies if dep.startswith(("birnn", "stages/"))}
    covering = {
        file: {dep for dep in declared if dep in (file, *map(str, Path(file).parents))}
        for file in imported_files(stage)
    }
    assert not [file for file, deps in covering.items() if not deps]
    assert declared == set().union(*covering.values())


def test_packages_have_no_code_of_their_own() -> None:
    # A stage does not depend on the packages around its modules. `stages` only calls functions.
    packages = [*PROJECT.glob("birnn/**/__init__.py"), PROJECT / "stages" / "__init__.py"]
    for file in packages:
        _, *statements = ast.parse(file.read_bytes()).body
        names = {type(node).__name__ for node in statements}
        assert names <= ({"Import", "ImportFrom", "Expr", "If"} if "stages" in str(file) else set())


def test_folder_imports_only_those_above_it() -> None:
    assert {module.split(".")[1] for module in GRAPH.find_children("birnn")} == {*ORDER}
    assert not GRAPH.find_illegal_dependencies_for_layers(ORDER[::-1], containers={"birnn"})
    assert not GRAPH.find_downstream_modules("stages", as_package=True)


def test_pipeline_has_no_code_but_what_stages_import() -> None:
    used = set().union(*map(imported_modules, STAGES))
    modules = {name for name in GRAPH.modules if name.startswith("birnn.")}
    packages = {name for name in modules if GRAPH.find_children(name)}
    assert modules - packages <= used


def test_packages_import_only_the_pipeline() -> None:
    # The command line finds the commands of `birnn_lab` by their name.
    for name in PACKAGES[1:]:
        above = GRAPH.find_upstream_modules(name, as_package=True)
        assert {module.partition(".")[0] for module in above} <= {name, "birnn"}


@pytest.mark.slow
def test_pipeline_runs_without_the_other_packages(tmp_path: Path) -> None:
    clone = new_clone(tmp_path / "clone", SMALL)
    for name in ("birnn_lab", "birnn_apps"):
        shutil.rmtree(clone / name)
        shutil.rmtree(clone / "tests" / name)
    check_output(clone, "dvc", "repro")
    assert all((clone / folder).exists() for folder in OUTPUTS)
    listed = check_output(clone, "python", "-m", "pytest", "--collect-only", "-q", "tests/birnn")
    assert "tests/birnn/" in listed


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    ("removed", "tested"), [(("birnn_lab", "birnn_apps"), "birnn"), (("birnn_lab",), "birnn_apps")]
)
def test_other_tests_pass_without_a_package(
    tmp_path: Path, removed: tuple[str, ...], tested: str
) -> None:
    clone = new_clone(tmp_path / "clone", {})
    for name in removed:
        shutil.rmtree(clone / name)
        shutil.rmtree(clone / "tests" / name)
    options = ("-q", "-m", "not slow and not exhaustive")
    check_output(clone, "python", "-m", "pytest", *options, f"tests/{tested}")
