"""Mutation testing: change the code in one place at a time and check that a test fails.

Run `python -m tests.mutants` in the project's folder. It tests the last commit, with a fixed random
sample of mutants per module. Each mutant runs the module's own tests first, then all fast tests,
and if it survives, the other tests of `make test`. Tests are as good as their power to distinguish
a program from its mutants (DeMillo, Lipton and Sayward, "Hints on Test Data Selection", 1978).
"""

import argparse
import ast
import itertools
import os
import random
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import Queue

from tests.projects import PROJECT, check_output

# The tests of a module are in the folder with the same path in tests/.
MODULES = (
    "birnn/text/encoding.py",
    "birnn/text/tokenizer.py",
    "birnn/text/ngrams.py",
    "birnn/text/holdout.py",
    "birnn/text/sequences.py",
    "birnn/evaluation/intervals.py",
    "birnn/reporting/statistics.py",
    "birnn/reporting/conclusions.py",
    "birnn/evaluation/ensembles.py",
    "birnn/evaluation/calibration.py",
    "birnn/evaluation/temperature.py",
    "birnn/evaluation/comparison.py",
    "birnn/evaluation/summary.py",
    "birnn/core/outputs.py",
    "birnn/core/integrity.py",
    "birnn/training/checkpoints.py",
    "birnn/corpora/imdb.py",
    "birnn/layers/kernel.py",
    "birnn/experiments/runs.py",
    "birnn/studies/store.py",
    "birnn/experiments/review.py",
    "birnn/studies/differences.py",
    "birnn/experiments/tried.py",
)
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
    """A change that replaces the characters from `start` to `end` of a file by `new`."""

    file: str
    line: int
    start: int
    end: int
    new: str

    def apply(self, text: str) -> str:
        """Return the mutated text."""
        return text[: self.start] + self.new + text[self.end :]

    def __str__(self) -> str:
        """Return the file, the line number, and the line before and after the change."""
        text = (PROJECT / self.file).read_text(encoding="utf-8")
        old, new = (
            version.splitlines()[self.line - 1].strip() for version in (text, self.apply(text))
        )
        return f"{self.file}:{self.line}: {old}  →  {new}"


def neutral_values(tree: ast.AST) -> set[ast.AST]:
    """Return the values of options whose change has no visible effect."""
    options = {"frozen", "strict"}
    keywords = (node for node in ast.walk(tree) if isinstance(node, ast.keyword))
    return {keyword.value for keyword in keywords if keyword.arg in options}


class Source:
    """The text of a file, with the positions of the nodes of its syntax tree."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.text = (PROJECT / file).read_text(encoding="utf-8")
        self._lines = self.text.splitlines(keepends=True)

    def mutants(self) -> Iterator[Mutant]:
        """Yield every mutant: a changed operator, condition or constant, or a removed call."""
        tree = ast.parse(self.text)
        skipped = neutral_values(tree)
        for node in (node for node in ast.walk(tree) if node not in skipped):
            match node:
                case ast.Compare(left=left, ops=[operator], comparators=[right]):
                    yield self._replace_operator(left, right, COMPARISONS[type(operator)])
                case ast.BinOp(right=ast.JoinedStr() | ast.Constant(value=str() | bytes())):
                    continue  # paths and strings: any other operator is a TypeError
                case ast.BinOp(left=left, op=operator, right=right) if type(operator) in OPERATIONS:
                    yield self._replace_operator(left, right, OPERATIONS[type(operator)])
                case ast.BoolOp(op=operator, values=[left, right]):
                    yield self._replace_operator(
                        left, right, "or" if isinstance(operator, ast.And) else "and"
                    )
                case ast.If(test=test) | ast.IfExp(test=test):
                    yield self._replace(test, f"(not ({ast.unparse(test)}))")
                case ast.Constant(value=bool(value)):
                    yield self._replace(node, repr(not value))
                case ast.Constant(value=int(value) | float(value)):
                    yield self._replace(node, repr(value + 1))
                case ast.Expr(value=ast.Call()):
                    yield self._replace(node, "pass")

    def _replace_operator(self, left: ast.expr, right: ast.expr, new: str) -> Mutant:
        """Return a mutant with another operator between two operands (possibly in parentheses)."""
        start, end = self._end(left), self._start(right)
        operator = self.text[start:end].strip(" ()\n")
        start += self.text[start:end].index(operator)
        return Mutant(self.file, left.end_lineno or 0, start, start + len(operator), new)

    def _replace(self, node: ast.expr | ast.stmt, new: str) -> Mutant:
        return Mutant(self.file, node.lineno, self._start(node), self._end(node), new)

    def _start(self, node: ast.expr | ast.stmt) -> int:
        return self._offset(node.lineno, node.col_offset)

    def _end(self, node: ast.expr | ast.stmt) -> int:
        return self._offset(node.end_lineno or 0, node.end_col_offset or 0)

    def _offset(self, line: int, column: int) -> int:
        """Return the number of characters before a position whose column is in bytes."""
        before = self._lines[line - 1].encode()[:column].decode()
        return sum(map(len, self._lines[: line - 1])) + len(before)


FAST = ("pytest", "-x", "-q", "-m", "not slow and not exhaustive")
SLOW = ("pytest", "-x", "-q", "-n", "logical", "-m", "slow and not exhaustive")


def passes(project: Path, *command: str) -> bool:
    """Return whether a test command succeeds within half an hour."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    with subprocess.Popen(
        command,
        cwd=project,
        env=os.environ | {"PATH": path},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as tests:
        try:
            return tests.wait(timeout=1800) == 0
        except subprocess.TimeoutExpired:
            os.killpg(tests.pid, signal.SIGKILL)
            return False


@contextmanager
def mutated(mutant: Mutant, project: Path) -> Iterator[None]:
    """Apply the mutant to a project while the block runs."""
    file = project / mutant.file
    text = file.read_text(encoding="utf-8")
    file.write_text(mutant.apply(text), encoding="utf-8")
    try:
        yield
    finally:
        file.write_text(text, encoding="utf-8")


def survives(mutant: Mutant, project: Path, *commands: tuple[str, ...]) -> bool:
    """Print and return whether all test commands pass on a mutant."""
    with mutated(mutant, project):
        survived = all(passes(project, *command) for command in commands)
    print(f"{'survived' if survived else 'killed  '}  {mutant}", flush=True)
    return survived


def check_baseline(project: Path, command: tuple[str, ...]) -> None:
    """Exit if the tests fail on unchanged code, since they could not detect mutants then."""
    if not passes(project, *command):
        sys.exit(f"error: the tests fail on unchanged code: {' '.join(command)}")


def draw(per_module: int) -> list[Mutant]:
    """Return a random sample of mutants of each module."""
    chosen = []
    for file in MODULES:
        mutants = list(Source(file).mutants())
        chosen += random.Random(file).sample(mutants, min(per_module, len(mutants)))  # noqa: S311
    return chosen


def main() -> None:
    """Test the mutants and print the share that was killed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--per-module", type=int, default=4, help="mutants per module")
    parser.add_argument("--jobs", type=int, default=2, help="mutants tested in parallel")
    arguments = parser.parse_args()
    if check_output(PROJECT, "git", "status", "--porcelain"):
        sys.exit("error: there are uncommitted changes: commit them first")
    chosen = draw(arguments.per_module)
    with tempfile.TemporaryDirectory() as folder:
        first = Path(folder, "0")
        projects: Queue[Path] = Queue()
        for job in range(arguments.jobs):
            check_output(PROJECT, "git", "clone", "-q", str(PROJECT), f"{folder}/{job}")
            projects.put(Path(folder, str(job)))
        check_baseline(first, FAST)

        def survives_fast(mutant: Mutant) -> bool:
            project = projects.get()
            try:
                # The module's own tests are the most likely to kill it.
                own_tests = (*FAST, f"tests/{Path(mutant.file).parent.as_posix()}")
                return survives(mutant, project, own_tests, FAST)
            finally:
                projects.put(project)

        with ThreadPoolExecutor(arguments.jobs) as pool:
            survivors = list(itertools.compress(chosen, pool.map(survives_fast, chosen)))
        share = 1 - len(survivors) / len(chosen)
        print(f"make test-fast kills {share:.0%} of {len(chosen)} mutants", flush=True)
        check_baseline(first, SLOW)
        survivors = [mutant for mutant in survivors if survives(mutant, first, SLOW)]
    print(f"make test kills {1 - len(survivors) / len(chosen):.0%}")


if __name__ == "__main__":
    main()
