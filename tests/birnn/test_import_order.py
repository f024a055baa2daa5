"""Test that each folder imports only from itself and from the folders before it."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.projects import PROJECT

PACKAGE = PROJECT / "birnn"
ORDER = (
    *("runtime", "core", "text", "corpora", "layers", "networks", "training", "evaluation"),
    *("inference", "checklist", "style", "studies", "reporting", "experiments", "cli"),
)


def imported(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_folder_imports_only_those_before_it() -> None:
    assert {file.parent.name for file in PACKAGE.glob("*/__init__.py")} == {*ORDER}
    for file in PACKAGE.glob("*/**/*.py"):
        folder = file.relative_to(PACKAGE).parts[0]
        allowed = ORDER[: ORDER.index(folder) + 1]
        for name in imported(file):
            package, _, rest = name.partition(".")
            assert package != "stages", f"{file} imports {name}"
            assert package != "birnn" or rest.split(".")[0] in allowed, f"{file} imports {name}"
