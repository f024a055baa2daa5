"""Digests of code: what changes them, and what does not."""

import ast
from pathlib import Path

import pytest

from birnn.core import code_digests
from birnn.core.errors import InputError

# Most of the syntax that all supported versions of Python have.
SYNTAX = '''
"""Docstring."""
from __future__ import annotations
import os.path as p, sys
@decorate(1, *a, **k)
class A(B, metaclass=C):
    x: int = 1
    """Docstring of x."""
    def f(self, a, /, b=u"b", *args: int, c=None, **kwargs) -> list[int]:
        """Docstring."""
        return [y := a ** -1, 1_000, 0.1, 1j, b"\\xff", "\u00e9\U0001f600", ..., None, True]
async def g():
    async with h() as (i, j), k: await l
    async for m in n: yield {**o, "q": {*r}}
    else: return
def s():
    global t; nonlocal_ = lambda u, *, v=1: (yield)
    try: assert w, f"{x!r:>{y}.2f}{z=} {{}} " "end" f"{a:{b}}"
    except (D, E) as e: raise F from e
    finally: del x[1:2, ::3], y.z
    while a < b <= c is not d and not e or f in g: continue
    for h in [i for j in k if l for m in n]: break
    match o:
        case [P(1, q=2), *r] if s: pass
        case {"t": _, **u} | None | -1: pass
    return a if b else c @ d // e % ~f
'''
DIGEST = "802db62a58c3d80c"


def digest(source: str | bytes) -> str:
    return code_digests.module_digest(ast.parse(source))


def test_comments_docstrings_and_formatting_do_not_change_a_digest() -> None:
    assert digest(SYNTAX) == DIGEST  # on every version of Python
    assert digest(ast.unparse(ast.parse(SYNTAX))) == DIGEST
    assert digest(SYNTAX.replace("\n", "  # A comment.\r\n").encode()) == DIGEST
    assert digest(SYNTAX.replace('"""Docstring', '"""Other')) == DIGEST
    assert digest(SYNTAX.replace("def s():", 'def s():\n    """Added."""')) == DIGEST


def test_edits_that_can_change_results_change_a_digest() -> None:
    for before, after in (
        ("a = 1", "a = True"),
        ("a = None", "a = ..."),
        ("def f(): return None", "def f(): return"),
        ("if a:\n    b()\nc()", "if a:\n    b()\n    c()"),
        ("f'{a:>3}'", "f'{a:>4}'"),
    ):
        assert digest(before) != digest(after), before


def write(project: Path, files: dict[str, str]) -> None:
    for name, content in files.items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(content, encoding="utf-8", newline="")


def test_stage_consists_of_the_modules_it_imports_and_their_templates(tmp_path: Path) -> None:
    files = dict.fromkeys(["stages/__init__.py", "stages/code.py", "birnn/__init__.py"], "")
    files |= {
        "stages/one.py": "import birnn.a.b\n",
        "stages/two.py": "def main():\n    from birnn import c\n",
        "birnn/a/__init__.py": "",
        "birnn/a/b.py": "from ..c import thing; from . import d",
        "birnn/a/d.py": "",
        "birnn/a/unused.py": "",
        "birnn/a/.#b.py": "(",  # of an editor
        "birnn/a/templates/page.j2": "text\n",
        "birnn/c.py": "import os, birnn_other; from birnn.runtime import e",
        "birnn/runtime/__init__.py": "",
        "birnn/runtime/e.py": "",
    }
    write(tmp_path, files)
    before = code_digests.describe(tmp_path)
    used = {stage: [line.split()[0] for line in before[stage].splitlines()] for stage in before}
    common = ["birnn/__init__.py", "birnn/c.py", "stages/__init__.py"]
    a = [f"birnn/a/{name}" for name in ("__init__.py", "b.py", "d.py", "templates/page.j2")]
    assert used == {
        "one": sorted([*common, *a, "stages/one.py"]),
        "two": [*common, "stages/two.py"],
    }
    edits = {"birnn/a/unused.py": "1", "birnn/runtime/__init__.py": "2", "birnn/runtime/e.py": "3"}
    write(tmp_path, edits | {"birnn/a/templates/page.j2": "text\r\n"})
    assert code_digests.describe(tmp_path) == before
    write(tmp_path, {"birnn/a/templates/page.j2": "other\n"})
    after = code_digests.describe(tmp_path)
    assert {stage for stage in before if before[stage] != after[stage]} == {"one"}
    write(tmp_path, {"birnn/c.py": "import os, birnn_other\nx = 1"})
    assert all(code_digests.describe(tmp_path)[stage] != after[stage] for stage in after)
    write(tmp_path, {"birnn/c.py": "import os\nx ="})
    with pytest.raises(InputError, match=r"c\.py, line 2 is not valid Python"):
        code_digests.describe(tmp_path)
