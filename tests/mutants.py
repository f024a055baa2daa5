"""Mutation testing: change the code in one random place at a time and check that a test fails.

Run `python -m tests.mutants` in the project's folder; it tests the last commit. Cosmic Ray lists
and makes the changes. Each mutant runs the tests of its folder first, then all fast tests, and if
it survives, the other tests of `make test`. Tests are as good as their power to distinguish a
program from its mutants (DeMillo, Lipton and Sayward, "Hints on Test Data Selection", 1978).
"""

import argparse
import itertools
import multiprocessing
import os
import random
import re
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import cosmic_ray.plugins
import parso.python.tree  # noqa: F401  # Cosmic Ray cannot import it first
from cosmic_ray import commands
from cosmic_ray.mutating import mutate_and_test, mutate_code
from cosmic_ray.testing import run_tests
from cosmic_ray.work_db import WorkDB, use_db
from cosmic_ray.work_item import MutationSpec, TestOutcome

from tests.projects import PROJECT, check_output

if TYPE_CHECKING:
    from multiprocessing.queues import Queue

PACKAGES = (
    *("baseline", "core", "evaluation", "lab", "networks/inputs", "pretraining", "reviews"),
    *("runtime", "sources", "training"),
)
# Cosmic Ray also has operators that no test can miss, such as << instead of +.
OPERATORS = re.compile(
    r"core/(Number\w+|Add\w+|Zero\w+|Replace(True|False|Or|And|Break|Continue)With\w+"
    r"|ReplaceUnary\w+_Delete_(Not|USub|Invert)"
    r"|ReplaceComparison\w+_(Lt_LtE|LtE_Lt|Gt_GtE|GtE_Gt|Eq_NotEq|NotEq_Eq|Is_IsNot|IsNot_Is)"
    r"|ReplaceBinary\w+_(Add_Sub|Sub_Add|Mul_Div|Div_Mul|FloorDiv_Mul|Mod_Mul|Pow_Mul"
    r"|BitAnd_BitOr|BitOr_BitAnd))"
)
# In types, paths and arguments, these compute nothing, or no changed code could run.
NO_OPERATION = re.compile(r"/ f?\"|\*\*?\w+[,)=]|\| (None|[A-Z])|\*[,)]|TYPE_CHECKING")
PYTEST = "python -m pytest -x -q"
FAST = f"{PYTEST} -m 'not slow and not exhaustive'"
SLOW = f"{PYTEST} -n logical -m 'slow and not exhaustive'"
LIMIT = 900  # seconds; a mutant that runs longer is killed


def list_mutants(packages: list[str]) -> list[MutationSpec]:
    files = [file for package in packages for file in sorted(Path("birnn", package).glob("*.py"))]
    with use_db(":memory:", WorkDB.Mode.create) as database:
        commands.init(files, database, {})
        mutants = [mutation for item in database.work_items for mutation in item.mutations]
    return [each for each in mutants if OPERATORS.fullmatch(each.operator_name) and computes(each)]


def computes(mutant: MutationSpec) -> bool:
    """Return whether a mutant changes an operation or a value."""
    row, column = mutant.start_pos
    line = mutant.module_path.read_text("utf-8").splitlines()[row - 1]
    # These arguments have an effect only if something else fails, or none on results.
    harmless = ("flush=", "frozen=", "ignore_errors=", "repr=", "strict=")
    return not (line[:column].endswith(harmless) or NO_OPERATION.match(line[column:]))


def describe(mutant: MutationSpec) -> str:
    """Return the place of a mutant, and its line before and after the change."""
    text = mutant.module_path.read_text("utf-8")
    operator = cosmic_ray.plugins.get_operator(mutant.operator_name)(**mutant.operator_args)
    changed = mutate_code(text, operator, mutant.occurrence)
    row = mutant.start_pos[0]
    old, new = (version.splitlines()[row - 1].strip() for version in (text, changed))
    return f"{mutant.module_path}:{row}: {old}  →  {new}"


def passes(mutant: MutationSpec, *test_commands: str) -> bool:
    """Print and return whether all test commands pass on a mutant."""
    survived = all(
        mutate_and_test([mutant], command, LIMIT).test_outcome == TestOutcome.SURVIVED
        for command in test_commands
    )
    print(f"{'survived' if survived else 'killed  '}  {describe(mutant)}", flush=True)
    return survived


def passes_fast_tests(mutant: MutationSpec) -> bool:
    """Print and return whether the fast tests pass on a mutant."""
    return passes(mutant, f"{FAST} tests/{mutant.module_path.parent.as_posix()}", FAST)


def enter(clones: "Queue[str]") -> None:
    """Work in a clone of one's own from now on."""
    os.chdir(clones.get())


def main() -> None:
    """Test the mutants and print the share that was killed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100, help="number of mutants")
    parser.add_argument("--seed", type=int, default=0, help="seed of the draw")
    parser.add_argument("--jobs", type=int, default=2, help="mutants tested in parallel")
    parser.add_argument("packages", nargs="*", default=PACKAGES, help="packages of birnn")
    options = parser.parse_args()
    if check_output(PROJECT, "git", "status", "--porcelain"):
        sys.exit("error: there are uncommitted changes: commit them first")
    mutants = list_mutants(options.packages)
    chosen = random.Random(options.seed).sample(mutants, min(options.count, len(mutants)))  # noqa: S311
    with tempfile.TemporaryDirectory() as folder:
        clones: Queue[str] = multiprocessing.Queue()
        for job in range(options.jobs):
            check_output(PROJECT, "git", "clone", "-q", str(PROJECT), f"{folder}/{job}")
            clones.put(f"{folder}/{job}")
        os.chdir(f"{folder}/0")
        for tests in (FAST, SLOW):
            if run_tests(tests, LIMIT)[0] != TestOutcome.SURVIVED:
                sys.exit(f"error: the tests fail on unchanged code: {tests}")
        with ProcessPoolExecutor(options.jobs, initializer=enter, initargs=(clones,)) as pool:
            survivors = list(itertools.compress(chosen, pool.map(passes_fast_tests, chosen)))
        share = 1 - len(survivors) / len(chosen)
        print(f"make test-fast kills {share:.0%} of {len(chosen)} mutants", flush=True)
        survivors = [mutant for mutant in survivors if passes(mutant, SLOW)]
    print(f"make test kills {1 - len(survivors) / len(chosen):.0%}")


if __name__ == "__main__":
    main()
