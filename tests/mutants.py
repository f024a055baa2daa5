"""Change the code in one place at a time, and see whether the tests notice.

python -m tests.mutants, in the project's folder, takes what is committed. Of each module some
places are drawn, the same ones each time. A mutant is given to the module's own tests first, then
to all of the fast ones, and if it survives those, to `make test`. DeMillo, Lipton and Sayward,
"Hints on Test Data Selection", 1978: tests are as good as their power to tell a program from its
mutants.
"""

import argparse
import ast
import os
import random
import subprocess
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import Queue

from tests.projects import PROJECT, done

# Modules, and where the tests are that are closest to them.
MODULES = {
    "birnn/encoding.py": "birnn/test_encoding.py",
    "birnn/vocabulary.py": "birnn/test_vocabulary.py",
    "birnn/ngrams.py": "birnn/test_ngrams.py",
    "birnn/holdout.py": "birnn/test_holdout.py",
    "birnn/sequences.py": "birnn/test_sequences.py",
    "birnn/intervals.py": "birnn/test_intervals.py",
    "birnn/reporting/seeds.py": "birnn/reporting/test_seeds.py",
    "birnn/evaluation/blending.py": "birnn/evaluation/test_blending.py",
    "birnn/evaluation/calibration.py": "birnn/evaluation/test_calibration.py",
    "birnn/evaluation/comparison.py": "birnn/evaluation/test_comparison.py",
    "birnn/evaluation/measures.py": "birnn/evaluation/test_measures.py",
    "birnn/base/files.py": "birnn/base/test_files.py",
    "birnn/base/recorded.py": "birnn/base/test_recorded.py",
    "birnn/training/checkpoints.py": "birnn/training",
    "birnn/corpora/imdb.py": "birnn/corpora",
    "birnn/recurrent/recurrence.py": "birnn/recurrent",
    "experiments/runs.py": "experiments",
    "experiments/studies.py": "experiments",
    "experiments/review.py": "experiments",
}
COMPARISONS = {
    ast.Lt: "<=",
    ast.LtE: "<",
    ast.Gt: ">=",
    ast.GtE: ">",
    ast.Eq: "!=",
    ast.NotEq: "==",
}
COMPARISONS |= {ast.In: "not in", ast.NotIn: "in", ast.Is: "is not", ast.IsNot: "is"}
OPERATIONS = {ast.Add: "-", ast.Sub: "+", ast.Mult: "/", ast.Div: "*", ast.FloorDiv: "*"}


@dataclass(frozen=True)
class Mutant:
    """One change: the characters `start` to `end` of a file become `new`."""

    file: str
    line: int
    start: int
    end: int
    new: str

    def of(self, text: str) -> str:
        """Return the changed text."""
        return text[: self.start] + self.new + text[self.end :]

    def __str__(self) -> str:
        """Return the place, and the line before and after."""
        text = (PROJECT / self.file).read_text(encoding="utf-8")
        old, new = (
            version.splitlines()[self.line - 1].strip() for version in (text, self.of(text))
        )
        return f"{self.file}:{self.line}: {old}  →  {new}"


class Source:
    """The text of a file, and where its syntax tree has its nodes."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.text = (PROJECT / file).read_text(encoding="utf-8")
        self._lines = self.text.splitlines(keepends=True)

    def mutants(self) -> Iterator[Mutant]:
        """Yield every mutant: another operator, condition or constant, or a call left out."""
        for node in ast.walk(ast.parse(self.text)):
            match node:
                case ast.Compare(left=left, ops=[operator], comparators=[right]):
                    yield self._between(left, right, COMPARISONS[type(operator)])
                case ast.BinOp(left=left, op=operator, right=right) if type(operator) in OPERATIONS:
                    yield self._between(left, right, OPERATIONS[type(operator)])
                case ast.BoolOp(op=operator, values=[left, right]):
                    yield self._between(
                        left, right, "or" if isinstance(operator, ast.And) else "and"
                    )
                case ast.If(test=test) | ast.IfExp(test=test):
                    yield self._instead(test, f"(not ({ast.unparse(test)}))")
                case ast.Constant(value=bool(value)):
                    yield self._instead(node, repr(not value))
                case ast.Constant(value=int(value) | float(value)):
                    yield self._instead(node, repr(value + 1))
                case ast.Expr(value=ast.Call()):
                    yield self._instead(node, "pass")

    def _between(self, left: ast.expr, right: ast.expr, new: str) -> Mutant:
        """Replace the operator between two operands, which may stand in parentheses."""
        start, end = self._end(left), self._start(right)
        operator = self.text[start:end].strip(" ()\n")
        start += self.text[start:end].index(operator)
        return Mutant(self.file, left.end_lineno or 0, start, start + len(operator), new)

    def _instead(self, node: ast.expr | ast.stmt, new: str) -> Mutant:
        return Mutant(self.file, node.lineno, self._start(node), self._end(node), new)

    def _start(self, node: ast.expr | ast.stmt) -> int:
        return self._place(node.lineno, node.col_offset)

    def _end(self, node: ast.expr | ast.stmt) -> int:
        return self._place(node.end_lineno or 0, node.end_col_offset or 0)

    def _place(self, line: int, column: int) -> int:
        """Return the number of characters before a place whose column is in bytes."""
        before = self._lines[line - 1].encode()[:column].decode()
        return sum(map(len, self._lines[: line - 1])) + len(before)


def passes(project: Path, *command: str) -> bool:
    """Tell whether a command of tests succeeds."""
    path = f"{PROJECT}/.venv/bin{os.pathsep}{os.environ['PATH']}"
    return not subprocess.run(
        command, cwd=project, env=os.environ | {"PATH": path}, check=False, capture_output=True
    ).returncode


def killer(mutant: Mutant, project: Path) -> str:
    """Return which tests notice a mutant in a copy of the project; nothing where none do."""
    file = project / mutant.file
    text = file.read_text(encoding="utf-8")
    file.write_text(mutant.of(text), encoding="utf-8")
    fast = ("pytest", "-x", "-q", "-m", "not slow and not exhaustive")
    try:
        if not passes(project, *fast, f"tests/{MODULES[mutant.file]}") or not passes(
            project, *fast
        ):
            return "make test-fast"
        return "" if passes(project, "pytest", "-x", "-q", "-m", "not exhaustive") else "make test"
    finally:
        file.write_text(text, encoding="utf-8")


def main() -> None:
    """Print what became of each mutant, and how many were noticed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--each", type=int, default=4, help="mutants of each module")
    parser.add_argument("--jobs", type=int, default=2, help="mutants at a time")
    arguments = parser.parse_args()
    chosen = []
    for file in MODULES:
        every = list(Source(file).mutants())
        chosen += random.Random(file).sample(every, min(arguments.each, len(every)))  # noqa: S311
    with tempfile.TemporaryDirectory() as folder:
        projects: Queue[Path] = Queue()
        for job in range(arguments.jobs):
            done(PROJECT, "git", "clone", "-q", str(PROJECT), f"{folder}/{job}")
            projects.put(Path(folder, str(job)))

        def judge(mutant: Mutant) -> str:
            project = projects.get()
            start = time.monotonic()
            found = killer(mutant, project)
            projects.put(project)
            print(
                f"{found or 'SURVIVES':14} {time.monotonic() - start:4.0f} s  {mutant}", flush=True
            )
            return found

        with ThreadPoolExecutor(arguments.jobs) as pool:
            found = list(pool.map(judge, chosen))
    fast = found.count("make test-fast")
    both = fast + found.count("make test")
    print(f"of {len(found)} mutants, make test-fast notices {fast}, with make test {both}")


if __name__ == "__main__":
    main()
