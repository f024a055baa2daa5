"""A small git repository with a pipeline of three stages, and DVC experiments in it."""

import json
import subprocess
import textwrap
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from birnn.core import paths
from birnn.runtime import times
from birnn.runtime.times import compute_md5
from birnn_lab import grid, runs
from birnn_lab.files_in_git import write_yaml
from birnn_lab.grid import Point
from birnn_lab.lock_file import Lock
from birnn_lab.runs import Run
from tests.projects import commit

OTHER = "0" * 32  # an md5
NONE: Mapping[str, Any] = MappingProxyType({})
CORPUS = {"name": "mine", "digest": "0123456789ab"}
MACHINE = {"processor": "A", "cores": 2, "accelerators": [], "system": "S", "python": "3"}
METRICS = {"corpus": CORPUS | {"requested": "mine", "validation": "test"}}
TRAIN, TEST = "data/corpus/train.parquet", "data/corpus/test.parquet"
CORPUS_FOLDER, UNLABELLED = "data/corpus", "data/unlabelled"
DEPENDENCIES = {
    "fetch": ["stages/fetch.py", "data/own"],
    "fetch_unlabelled": ["stages/fetch_unlabelled.py", TRAIN, "data/own"],
    "train": ["stages/train.py", TRAIN, TEST, UNLABELLED, "data/padded/train"],
    "report": ["stages/report.py"],
}


def create() -> None:
    """Create the repository in the current folder, which has the settings."""
    stages = {
        name: {"cmd": "true", "deps": deps, "params": ["train"]}
        for name, deps in DEPENDENCIES.items()
    }
    write_yaml(Path("dvc.yaml"), {"stages": stages})
    for file in (".dvc/config", "data/own/reviews.csv", "stages/__init__.py"):
        Path(file).parent.mkdir(parents=True, exist_ok=True)
        Path(file).touch()
    for stage in DEPENDENCIES:
        Path("stages", f"{stage}.py").write_text(f"print({stage!r})\n")
    git("init", "-q", "-b", "main", "--template=")
    write(make_run(grid.point({})))
    commit(Path())


def git(*arguments: str, stdin: bytes | None = None) -> str:
    return subprocess.check_output(["git", *arguments], input=stdin).decode().strip()


def make_lock(settings: Mapping[str, Any], changed: Mapping[str, str] = NONE) -> Lock:
    """Return the content of `dvc.lock` with the current code and some `changed` md5s, by path."""
    outputs = (CORPUS_FOLDER, TRAIN, TEST, UNLABELLED, "data/padded/train")
    md5s = dict.fromkeys(outputs, "c" * 32)
    md5s |= {path: f"{place:032}" for place, path in enumerate(runs.TIMED, 1)}
    current = [Path("data/own"), *Path("stages").glob("[!_]*.py")]
    md5s |= {path.as_posix(): compute_md5(path) for path in current} | dict(changed)
    stages: dict[str, Any] = {
        stage: {
            "cmd": "true",
            "deps": [{"path": path, "md5": md5s[path]} for path in paths],
            "params": {"params.yaml": dict(settings)},
            "outs": [],
        }
        for stage, paths in DEPENDENCIES.items()
    }
    source = {name: settings[name] for name in settings if name.startswith(("csv.", "fetch."))}
    stages["fetch"]["params"] = {"params.yaml": source}
    stages["fetch"]["outs"] = [{"path": CORPUS_FOLDER, "md5": md5s[CORPUS_FOLDER]}]
    stages["train"]["outs"] = [{"path": path, "md5": md5s[path]} for path in runs.TIMED]
    return {"schema": "2.0", "stages": stages}


def make_run(
    point: Point,
    changed: Mapping[str, str] = NONE,
    metrics: Mapping[str, Any] = NONE,
    name: str = "",
) -> Run:
    """Return a run of a point, by default with its label as the name."""
    lock = make_lock(point.settings, changed)
    return Run(name or point.label, "", "", point.settings, METRICS | metrics, lock)


def records(run: Run) -> dict[str, bytes]:
    params: dict[str, dict[str, Any]] = defaultdict(dict)
    for name, value in run.settings.items():
        section, setting = name.split(".")
        params[section][setting] = value
    contents = (run.lock, params, run.metrics)
    return {
        file.as_posix(): json.dumps(content).encode()
        for file, content in zip(runs.RECORDS, contents, strict=True)
    }


def write(run: Run) -> None:
    for file, content in records(run).items():
        Path(file).parent.mkdir(exist_ok=True)
        Path(file).write_bytes(content)


def add(run: Run, files: Mapping[str, bytes | None] = NONE) -> Run:
    """Add a run and more files (None removes one) as a DVC experiment; return the complete run."""
    head = git("rev-parse", "HEAD")
    reference = f"refs/exps/{head[:2]}/{head[2:]}/{run.name}"
    start = f"commit {reference}\nmark :1\ncommitter a <a> 0 +0000\ndata 0\nfrom {head}\n"
    lines = [start.encode()]
    evaluation = {paths.EVALUATION.as_posix(): json.dumps(run.metrics).encode()}
    for file, content in (records(run) | evaluation | files).items():
        if content is None:
            lines.append(f"D {file}\n".encode())
        else:
            header = f"M 100644 inline {file}\ndata {len(content)}\n"
            lines += [header.encode(), content, b"\n"]
    stream = b"".join([*lines, b"\nget-mark :1\n"])
    revision = git("fast-import", "--quiet", "--force", stdin=stream)
    return replace(run, revision=revision, baseline=head)


def record_times(run: Run, seconds: Mapping[str, list[float]]) -> None:
    """Record the seconds that each output of training took, by its path."""
    for out in run.lock["stages"]["train"]["outs"]:
        line = {"md5": out["md5"], "seconds": seconds[out["path"]], "machine": MACHINE}
        times.append(paths.times_file(), json.dumps(line) + "\n")


def fake_dvc(code: str = "") -> Callable[[], list[str]]:
    """Put a program that runs code in the place of `dvc`; return what returns its calls so far.

    Only commands are replaced, not DVC's modules in this process.
    """
    file, calls = Path("dvc.py"), Path("calls.txt")
    calls.touch()
    file.write_text(
        "import os, signal, sys, time\nfrom pathlib import Path\narguments = sys.argv[1:]\n"
        f"with open({str(calls.absolute())!r}, 'a') as calls:\n    print(*arguments, file=calls)\n"
        + textwrap.dedent(code),
        encoding="utf-8",
    )
    return lambda: calls.read_text(encoding="utf-8").splitlines()
