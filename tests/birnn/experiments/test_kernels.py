"""The cache of compiled code, which clones share and other modules do not."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from birnn.experiments.kernels import ByContent
from birnn.experiments.launcher import LOCATOR
from tests.projects import PROJECT

MODULE = """
from numba import njit

@njit(cache=True)
def double(number):
    return 2 * number

assert double(2) == 4
print(dict(double.stats.cache_hits) != {})
"""


def write_module(folder: Path, name: str, code: str) -> str:
    file = folder.joinpath(*name.split(".")).with_suffix(".py")
    file.parent.mkdir(parents=True, exist_ok=True)
    for package in file.relative_to(folder).parents[:-1]:
        (folder / package / "__init__.py").touch()
    file.write_text(code, encoding="utf-8")
    return str(file)


def test_cache_depends_on_name_and_code(tmp_path: Path) -> None:
    modules = [
        ("one", "package.inner.module", MODULE),
        ("other", "package.other.module", MODULE),
        ("other", "package.inner.other", MODULE),
        ("another", "package.inner.module", MODULE + "\n"),
    ]
    folders = [
        ByContent.get_suitable_cache_subpath(write_module(tmp_path / folder, *module))
        for folder, *module in [*modules, ("clone", "package.inner.module", MODULE)]
    ]
    assert len(set(folders)) == len(modules)
    assert folders[0] == folders[-1]


@pytest.mark.slow
def test_clones_share_compiled_code(tmp_path: Path) -> None:
    variables = {"NUMBA_CACHE_DIR": str(tmp_path), "NUMBA_CACHE_LOCATOR_CLASSES": LOCATOR}
    cache_hits = []
    for folder, name in (("one", "a.module"), ("two", "a.module"), ("two", "a.inner.module")):
        write_module(tmp_path / folder, name, MODULE)
        command = [sys.executable, "-c", f"import {name}"]
        environment = os.environ | variables | {"PYTHONPATH": str(PROJECT)}
        output = subprocess.check_output(command, cwd=tmp_path / folder, env=environment, text=True)
        cache_hits.append(output.strip())
    assert cache_hits == ["False", "True", "False"]
