"""A small git repository with the settings and metrics of a run, and experiments in it."""

import json
import subprocess
import textwrap
from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pandas as pd

from birnn.core import paths
from birnn.evaluation.model_names import TITLES
from birnn_lab import experiments, grid
from birnn_lab.experiments import PREDICTIONS, Run
from birnn_lab.grid import Point
from tests.projects import commit

NONE: Mapping[str, Any] = MappingProxyType({})
CORPUS = {"name": "mine", "digest": "0123456789ab", "requested": "mine", "validation": "test"}
METRICS = {"corpus": CORPUS}
# Lists the experiments of this commit as DVC does, and does nothing else.
LIST = """
if arguments[:2] == ["exp", "list"]:
    print("main:", flush=True)
    head = subprocess.check_output(["git", "rev-parse", "HEAD"], text=True)
    form = "--format=\t%(objectname:short=7) [%(refname:lstrip=4)]"
    folder = f"refs/exps/{head[:2]}/{head[2:40]}"
    print(subprocess.check_output(["git", "for-each-ref", form, folder], text=True), end="")
    sys.exit()
"""


def create() -> None:
    """Create the repository in the current folder, which has the settings."""
    for file in (".dvc/config", "birnn/code.py", "stages/train.py"):
        Path(file).parent.mkdir(parents=True, exist_ok=True)
        Path(file).touch()
    write(grid.point({}))
    git("init", "-q", "-b", "main", "--template=")
    Path(".gitignore").write_text("calls.txt\ndvc.py\nstate\n")
    commit(Path())


def git(*arguments: str, stdin: bytes | None = None) -> str:
    return subprocess.check_output(["git", *arguments], input=stdin).decode().strip()


def records(
    point: Point, metrics: Mapping[str, Any] = NONE, hashes: Mapping[str, str] = NONE
) -> dict[str, bytes]:
    """Return the files that git has of a run."""
    entries = [{"path": path, "md5": md5} for path, md5 in hashes.items()]
    contents = {
        paths.PARAMS: point.params,
        paths.METRICS: METRICS | metrics,
        experiments.LOCK: {"stages": {"evaluate": {"outs": entries}}},
    }
    return {file.as_posix(): json.dumps(content).encode() for file, content in contents.items()}


def write(
    point: Point, metrics: Mapping[str, Any] = NONE, hashes: Mapping[str, str] = NONE
) -> None:
    for file, content in records(point, metrics, hashes).items():
        Path(file).parent.mkdir(exist_ok=True)
        Path(file).write_bytes(content)


def predictions(labels: int = 4) -> bytes:
    """Return a table of predictions, which are all correct."""
    label = [row % 2 for row in range(labels)]
    group = [f"film {row // 2}" for row in range(labels)]
    log_odds = {model: [2 * each - 1 for each in label] for model in TITLES}
    return pd.DataFrame({"label": label, "group": group, **log_odds}).to_parquet()


def add(
    name: str,
    point: Point,
    metrics: Mapping[str, Any] = NONE,
    hashes: Mapping[str, str] = NONE,
    message: str | None = None,
) -> Run:
    """Add a run as an experiment of the current commit; return it."""
    head = git("rev-parse", "HEAD")
    reference = f"refs/exps/{head[:2]}/{head[2:]}/{name}"
    described = (point.description if message is None else message).encode()
    start = f"commit {reference}\nmark :1\ncommitter a <a> 0 +0000\ndata {len(described)}\n"
    lines = [start.encode(), described, f"\nfrom {head}\n".encode()]
    files = records(point, metrics, hashes)
    files[paths.EVALUATION.as_posix()] = files[paths.METRICS.as_posix()]
    files[PREDICTIONS.as_posix()] = predictions()
    for file, content in files.items():
        lines += [f"M 100644 inline {file}\ndata {len(content)}\n".encode(), content, b"\n"]
    stream = b"".join([*lines, b"\nget-mark :1\n"])
    return Run(name, git("fast-import", "--quiet", "--force", stdin=stream))


def nested(settings: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    sections: dict[str, dict[str, Any]] = defaultdict(dict)
    for name, value in settings.items():
        section, setting = name.split(".")
        sections[section][setting] = value
    return dict(sections)


def fake_dvc(code: str = "") -> Callable[[], list[str]]:
    """Put a program that lists experiments, or runs code, in the place of `dvc`.

    Return what returns its calls so far, without lists. Only commands are replaced, not DVC's
    modules in this process.
    """
    file, calls = Path("dvc.py"), Path("calls.txt")
    calls.touch()
    file.write_text(
        "import os, signal, subprocess, sys, time\nfrom pathlib import Path\n"
        f"arguments = sys.argv[1:]\n{LIST}\n"
        f"with open({str(calls.absolute())!r}, 'a') as calls:\n    print(*arguments, file=calls)\n"
        + textwrap.dedent(code),
        encoding="utf-8",
    )
    return lambda: calls.read_text(encoding="utf-8").splitlines()
