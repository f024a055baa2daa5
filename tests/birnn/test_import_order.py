"""Test that each folder imports only from itself and from those above it in the docs."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.projects import PROJECT

PACKAGE = PROJECT / "birnn"
PAGE = (PROJECT / "docs" / "architecture.md").read_text(encoding="utf-8")
ORDER = re.findall(r"^    ([a-z_]+)(?:/|\.py) ", PAGE.partition("\nbirnn/ ")[2], re.MULTILINE)


def imported(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_folder_imports_only_those_above_it() -> None:
    modules = [file for file in PACKAGE.rglob("*.py") if not file.stem.startswith("__")]
    places = {file: file.relative_to(PACKAGE).with_suffix("").parts[0] for file in modules}
    assert {*places.values()} == {*ORDER}
    for file, place in places.items():
        allowed = ORDER[: ORDER.index(place) + 1]
        for name in imported(file):
            package, _, rest = name.partition(".")
            assert package != "stages", f"{file} imports {name}"
            assert package != "birnn" or rest.split(".")[0] in allowed, f"{file} imports {name}"
