"""Change the code in one place at a time, and see whether the tests notice.

python -m tests.mutants, in the project's folder, takes what is committed. Of each module some
places are drawn, the same ones each time. A mutant is given to the module's own tests first, then
to all of the fast ones, and if it survives those, to `make test`. DeMillo, Lipton and Sayward,
"Hints on Test Data Selection", 1978: tests are as good as their power to tell a program from its
mutants.
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

# Their tests are in the folder of the same name in tests.
MODULES = (
    "birnn/text/encoding.py",
    "birnn/text/tokenizer.py",
    "birnn/text/ngrams.py",
    "birnn/text/holdout.py",
    "birnn/text/sequences.py",
    "birnn/evaluation/intervals.py",
    "birnn/reporting/statistics.py",
    "birnn/evaluation/ensembles.py",
    "birnn/evaluation/calibration.py",
    "birnn/evaluation/comparison.py",
    "birnn/evaluation/summary.py",
    "birnn/core/outputs.py",
    "birnn/core/integrity.py",
    "birnn/training/checkpoints.py",
    "birnn/corpora/imdb.py",
    "birnn/networks/kernel.py",
    "experiments/runs.py",
    "experiments/studies.py",
    "experiments/review.py",
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
    """One change: the characters `start` to `end` of a file become `new`."""

    file: str
    line: int
    start: int
    end: int
    new: str

    def apply(self, text: str) -> str:
        """Return the changed text."""
        return text[: self.start] + self.new + text[self.end :]

    def __str__(self) -> str:
        """Return the place, and the line before and after."""
        text = (PROJECT / self.file).read_text(encoding="utf-8")
        old, new = (
            version.splitlines()[self.line - 1].strip() for version in (text, self.apply(text))
        )
        return f"{self.file}:{self.line}: {old}  →  {new}"


def guards(tree: ast.AST) -> set[ast.AST]:
    """Return the values of options that refuse what never happens: all is the same without them."""
    options = {"frozen", "strict"}
    keywords = (node for node in ast.walk(tree) if isinstance(node, ast.keyword))
    return {keyword.value for keyword in keywords if keyword.arg in options}


class Source:
    """The text of a file, and where its syntax tree has its nodes."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.text = (PROJECT / file).read_text(encoding="utf-8")
        self._lines = self.text.splitlines(keepends=True)

    def mutants(self) -> Iterator[Mutant]:
        """Yield every mutant: another operator, condition or constant, or a call left out."""
        tree = ast.parse(self.text)
        left_out = guards(tree)
        for node in (node for node in ast.walk(tree) if node not in left_out):
            match node:
                case ast.Compare(left=left, ops=[operator], comparators=[right]):
                    yield self._between(left, right, COMPARISONS[type(operator)])
                case ast.BinOp(right=ast.JoinedStr() | ast.Constant(value=str() | bytes())):
                    continue  # of paths and text: any other operator is a TypeError
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


FAST = ("pytest", "-x", "-q", "-m", "not slow and not exhaustive")
SLOW = ("pytest", "-x", "-q", "-n", "logical", "-m", "slow and not exhaustive")


def passes(project: Path, *command: str) -> bool:
    """Tell whether a command of tests succeeds, within half an hour."""
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
    """Have a project be the mutant in the block."""
    file = project / mutant.file
    text = file.read_text(encoding="utf-8")
    file.write_text(mutant.apply(text), encoding="utf-8")
    try:
        yield
    finally:
        file.write_text(text, encoding="utf-8")


def survives(mutant: Mutant, project: Path, *commands: tuple[str, ...]) -> bool:
    """Tell whether all tests pass on a mutant, and print it."""
    with mutated(mutant, project):
        found = all(passes(project, *command) for command in commands)
    print(f"{'survives' if found else 'killed  '}  {mutant}", flush=True)
    return found


def check_baseline(project: Path, command: tuple[str, ...]) -> None:
    """End if tests fail without any change: then they tell nothing of mutants."""
    if not passes(project, *command):
        sys.exit(f"error: this fails without any change: {' '.join(command)}")


def draw(per_module: int) -> list[Mutant]:
    """Return so many mutants of each module."""
    chosen = []
    for file in MODULES:
        every = list(Source(file).mutants())
        chosen += random.Random(file).sample(every, min(per_module, len(every)))  # noqa: S311
    return chosen


def main() -> None:
    """Print what became of each mutant, and how many were killed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--per-module", type=int, default=4, help="mutants of each module")
    parser.add_argument("--jobs", type=int, default=2, help="mutants at a time")
    arguments = parser.parse_args()
    if check_output(PROJECT, "git", "status", "--porcelain"):
        sys.exit("error: there are changes that are not committed: commit them first")
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
                # Those closest to the mutant are the likeliest to kill it.
                closest = (*FAST, f"tests/{Path(mutant.file).parent.as_posix()}")
                return survives(mutant, project, closest, FAST)
            finally:
                projects.put(project)

        with ThreadPoolExecutor(arguments.jobs) as pool:
            survivors = list(itertools.compress(chosen, pool.map(survives_fast, chosen)))
        share = 1 - len(survivors) / len(chosen)
        print(f"make test-fast kills {share:.0%} of {len(chosen)} mutants", flush=True)
        check_baseline(first, SLOW)
        survivors = [mutant for mutant in survivors if survives(mutant, first, SLOW)]
    print(f"with make test it is {1 - len(survivors) / len(chosen):.0%}")


if __name__ == "__main__":
    main()
