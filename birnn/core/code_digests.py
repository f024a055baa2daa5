"""Digests of the code that a stage runs, which comments, docstrings and formatting do not change.

A stage depends on the digests of the modules that it imports, directly or through others, not on
their files. An edit changes them even if the results stay the same, except in `birnn/runtime`,
whose modules cannot change results. The digests are the same on every supported version of Python,
on every platform and for every line ending.

This module needs only the standard library, so that it starts at once.
"""

import ast
import hashlib
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from birnn.core.errors import InputError

PACKAGES = ("birnn", "stages")
RUNTIME = "birnn.runtime"  # imports nothing else of the project
TEMPLATES = "templates/**/*.j2"  # files that the modules next to them read
DIGITS = 16


def describe(project: Path) -> dict[str, str]:
    """Return the code of each stage as text: a line for each file, with its path and its digest."""
    modules = [file for package in PACKAGES for file in (project / package).rglob("[!.]*.py")]
    trees = {file: _parse(file) for file in modules}
    imports = {file: set(_imported_files(file, tree, project)) for file, tree in trees.items()}
    lines: dict[Path, str] = {}
    described = {}
    package, runtime = project / "stages" / "__init__.py", project.joinpath(*RUNTIME.split("."))
    for script in sorted({*package.parent.glob("*.py")} - {package, package.with_name("code.py")}):
        used = {file for file in _closure([package, script], imports) if file.parent != runtime}
        folders = {module.parent for module in used}
        used |= {file for folder in folders for file in folder.glob(TEMPLATES)}
        for file in used - lines.keys():
            digest = module_digest(trees[file]) if file in trees else text_digest(file.read_bytes())
            lines[file] = f"{file.relative_to(project).as_posix()} {digest}\n"
        described[script.stem] = "".join(sorted(lines[file] for file in used))
    return described


def describe_loaded() -> list[str]:
    """Return the digest of each module of `birnn` that this process has imported."""
    names = sorted(name for name in sys.modules if name.partition(".")[0] == PACKAGES[0])
    files = {name: Path(str(sys.modules[name].__file__)) for name in names}
    return [
        f"{name} {module_digest(_parse(file))}"
        for name, file in files.items()
        if not name.startswith(RUNTIME)
    ]


def module_digest(tree: ast.AST) -> str:
    """Return the digest of a module's syntax tree."""
    # As ASCII, because which characters are printable depends on the version of Python.
    return text_digest(ascii(_simplify(tree)).encode())


def text_digest(content: bytes) -> str:
    """Return the digest of a text, which does not depend on its line endings."""
    return hashlib.sha256(content.replace(b"\r\n", b"\n")).hexdigest()[:DIGITS]


def _parse(file: Path) -> ast.Module:
    try:
        return ast.parse(file.read_bytes(), file)
    except SyntaxError as error:
        raise InputError(
            f"{file}, line {error.lineno} is not valid Python ({error.msg}): fix it"
        ) from error


def _closure(start: Iterable[Path], imports: Mapping[Path, set[Path]]) -> set[Path]:
    """Return the modules that some modules import, directly or through others, and themselves."""
    found: set[Path] = set()
    queue = set(start)
    while queue:
        found |= queue
        queue = set().union(*(imports[file] for file in queue)) - found
    return found


def _imported_files(file: Path, tree: ast.AST, project: Path) -> Iterator[Path]:
    """Yield the project's modules that a module imports anywhere, and the packages of each."""
    place = file.relative_to(project).parts
    for node in ast.walk(tree):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            package = [*place[: -node.level], *filter(None, [node.module])]  # if relative
            # What is imported from a package may be a module.
            names = [".".join([*package, alias.name]) for alias in node.names]
        for name in names:
            parts = name.split(".")
            paths = [project.joinpath(*parts[:end]) for end in range(1, len(parts) + 1)]
            candidates = (each for p in paths for each in (p / "__init__.py", p.with_suffix(".py")))
            yield from (each for each in candidates if parts[0] in PACKAGES and each.exists())


def _simplify(node: Any) -> Any:
    """Return a syntax tree as nested tuples, without docstrings, comments and positions.

    `ast.dump` depends on the version of Python: newer ones have more fields, and 3.12 adds empty
    strings to f-strings.
    """
    if isinstance(node, list):
        return tuple(_simplify(each) for each in node if not _is_docstring(each))
    if not isinstance(node, ast.AST):
        return node
    if isinstance(node, ast.JoinedStr):
        node = ast.JoinedStr([each for each in node.values if getattr(each, "value", each) != ""])
    fields = ((name, value) for name, value in ast.iter_fields(node) if name != "kind")
    filled = ((name, _simplify(value)) for name, value in fields if value not in (None, []))
    return (type(node).__name__, *filled)


def _is_docstring(node: Any) -> bool:
    """Return whether a node is a statement that consists of a string."""
    is_constant = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return is_constant and isinstance(node.value.value, str)
