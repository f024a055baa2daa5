"""Test the imports: their order, and that `dvc.yaml` names the code that each stage imports."""

import ast
import re
from pathlib import Path

import grimp
import pytest

from birnn.core.yaml_files import read_yaml
from tests.projects import PROJECT, STAGES

GRAPH = grimp.build_graph("birnn", "stages", cache_dir=None)
RUNTIME = "birnn.runtime"  # cannot change results
# The folders of `birnn`, from the one that imports no other.
PAGE = (PROJECT / "docs" / "architecture.md").read_text(encoding="utf-8")
ORDER = re.findall(r"^    ([a-z_]+)(?:/|\.py) ", PAGE.partition("\nbirnn/ ")[2], re.MULTILINE)


def file_of(module: str) -> str:
    path = module.replace(".", "/")
    is_package = (PROJECT / path).is_dir()
    return f"{path}/__init__.py" if is_package else f"{path}.py"


def imported_files(stage: str) -> set[str]:
    """Return the files of a stage's code, apart from packages and what cannot change results."""
    script = f"stages.{stage}"
    # Python runs the package first, which configures the libraries.
    start = GRAPH.find_upstream_modules("stages")
    modules = {script, *GRAPH.find_upstream_modules(script), *start} - {"stages"}
    return {file_of(module) for module in modules if not module.startswith(RUNTIME)}


@pytest.mark.parametrize("stage", STAGES)
def test_stage_depends_on_the_code_that_it_imports(stage: str) -> None:
    dependencies = read_yaml(PROJECT / "dvc.yaml")["stages"][stage]["deps"]
    declared = {dep for dep in dependencies if dep.startswith(("birnn/", "stages/"))}
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
    assert {module.split(".")[1] for module in GRAPH.find_children("birnn")} == {*ORDER, "__main__"}
    assert not GRAPH.find_illegal_dependencies_for_layers(ORDER[::-1], containers={"birnn"})
    assert not GRAPH.find_downstream_modules("stages", as_package=True)
