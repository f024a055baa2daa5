"""DVC experiments: find the finished ones for this code and corpus, and run the others."""

import hashlib
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dvc.api
import pandas as pd

from birnn.core.errors import InputError
from birnn.core.settings import flatten
from birnn.core.yaml_files import parse_yaml, read_yaml
from birnn.evaluation.model_names import ALL, BASELINE, COMBINED, NETWORKS
from birnn.experiments import private_apis, worker
from birnn.experiments.grid import PARAMS, Params, Point
from birnn.experiments.overrides import literal

LOCK = Path("dvc.lock")
METRICS = Path("metrics/metrics.json")
RECORDS = (LOCK, PARAMS, METRICS)
CODE = ("birnn/", "stages/")
CORPUS = "data/corpus"
WORKSPACE = "workspace"
BEFORE_TRAINING = ("word_vectors", "self_labelled", "ngrams")
TIMINGS = (*BEFORE_TRAINING, *NETWORKS, BASELINE)  # files in `timings`
EXPERIMENTS = Path(".dvc/tmp/exps")
INTERVAL = 0.5  # seconds
PATIENCE = 60  # seconds
UNMEASURED = ("own_folder", "fetch", "report")  # stages whose code does not affect the metrics
KERNELS = Path(".dvc/tmp/kernels")

Lock = dict[str, Any]
"""The content of `dvc.lock`."""

Hashes = dict[tuple[str, str], str]
"""MD5 hashes of dependencies by stage and path."""

STOPPED = -signal.SIGINT
"""The exit status of an experiment that was stopped early."""

Execute = Callable[[Sequence[Point]], Iterator[Point]]
"""A function that runs experiments and yields those that failed."""


@dataclass(frozen=True)
class Run:
    """A finished experiment.

    Attributes:
        name: name of the experiment.
        revision: commit of the experiment.
        baseline: commit that the experiment started from.
        params: settings by section.
        metrics: content of `metrics.json`.
        lock: content of `dvc.lock`.
    """

    name: str
    revision: str
    baseline: str
    params: Params
    metrics: dict[str, dict[str, Any]]
    lock: Lock = field(default_factory=dict, repr=False)

    @property
    def code(self) -> Hashes:
        """The hashes of the code that affects the metrics."""
        return _locked_hashes(self.lock, *CODE)

    @property
    def corpus(self) -> Hashes:
        """The hashes of the corpus."""
        return _locked_hashes(self.lock, CORPUS)


def read_output(run: Run, file: str) -> bytes:
    """Return a file of an experiment, from git or from DVC's cache or remote.

    Raises:
        InputError: the file is neither in the cache nor in a remote.
    """
    try:
        content: bytes = dvc.api.read(file, rev=run.revision, mode="rb")
    except private_apis.reading_errors() as error:
        raise InputError(
            f"{file} of the experiment {run.name} is missing: run dvc exp remove {run.name}, and "
            "run the experiment again"
        ) from error
    return content


def read_predictions(run: Run, name: str = "predictions") -> pd.DataFrame:
    """Return the table `data/evaluated/NAME.parquet` of an experiment.

    Raises:
        InputError: the file is neither in the cache nor in a remote.
    """
    return pd.read_parquet(io.BytesIO(read_output(run, f"data/evaluated/{name}.parquet")))


def finished() -> list[Run]:
    """Return the finished experiments of the current code and corpus, from any commit."""
    corpus, code = _current_hashes()
    return [run for run in finished_with_any_code() if (run.corpus, run.code) == (corpus, code)]


def fingerprint() -> str:
    """Return a hash of the current code and corpus, as far as they affect the metrics."""
    hashes = [sorted(each.items()) for each in _current_hashes()]
    return hashlib.sha256(repr(hashes).encode()).hexdigest()


def finished_with_any_code() -> list[Run]:
    """Return the finished experiments of any code and corpus, from any commit."""
    experiments = private_apis.list_experiments()
    records = _read_records([revision for _, revision, _ in experiments])
    runs = (
        _run_of(*experiment, *record)
        for experiment, record in zip(experiments, records, strict=True)
    )
    return [run for run in runs if run]


def workspace() -> Run | None:
    """Return the run in the working tree, or None if it is not finished."""
    contents = [file.read_bytes() if file.exists() else None for file in RECORDS]
    return _run_of(WORKSPACE, "", _head(), *contents)


def current_code() -> Hashes:
    """Return the hashes of the working tree's code, which may differ from those in the lock."""
    return {
        (stage, path): md5
        for stage, path, md5 in private_apis.hash_dependencies(CODE)
        if stage not in UNMEASURED
    }


def _read_records(revisions: Sequence[str]) -> Iterator[list[bytes | None]]:
    """Yield the contents of `RECORDS` in each commit, None for a file that a commit lacks.

    A single git process reads them all, since DVC's API takes about a second per commit.
    """
    names = [f"{revision}:{file.as_posix()}\n" for revision in revisions for file in RECORDS]
    command = ["git", "cat-file", "--batch"]
    output = subprocess.run(command, input="".join(names).encode(), check=True, capture_output=True)
    stream = io.BytesIO(output.stdout)
    for _ in revisions:
        contents: list[bytes | None] = []
        for _ in RECORDS:
            *_, size = stream.readline().split()
            # A line feed follows the content.
            contents.append(None if size == b"missing" else stream.read(int(size) + 1)[:-1])
        yield contents


def _run_of(name: str, revision: str, baseline: str, *records: bytes | None) -> Run | None:
    """Return a run from the contents of `RECORDS`, or None if it is not finished."""
    lock_text, params_text, metrics_text = records
    if lock_text is None or params_text is None or metrics_text is None:
        return None
    lock, params = parse_yaml(lock_text), parse_yaml(params_text)
    if not _is_complete(lock, params):
        return None
    return Run(name, revision, baseline, params, json.loads(metrics_text), lock)


def training_seconds(timings: Mapping[str, Any]) -> dict[str, float]:
    """Return the training time of each model in seconds, including the stages before training.

    Args:
        timings: contents of the files in `timings`, for each of `TIMINGS`.
    """
    before = {stage: timings[stage]["seconds"] for stage in BEFORE_TRAINING}
    training = {name: sum(timings[name]["seconds_per_epoch"]) for name in NETWORKS}
    baseline = timings[BASELINE]["seconds"]
    combined = sum(before.values()) + sum(training.values())
    # The networks that label reviews need the word vectors; the baseline alone does not.
    labels = before["word_vectors"] + before["self_labelled"] if before["self_labelled"] else 0
    return {
        **{name: sum(before.values()) + seconds for name, seconds in training.items()},
        BASELINE: labels + baseline,
        COMBINED: combined,
        ALL: combined + baseline,
    }


def match_points(points: Sequence[Point], runs: Sequence[Run]) -> dict[int, Run]:
    """Return a run with the settings of each point, by index of the point."""
    matches = {}
    for index, point in enumerate(points):
        for run in runs:
            if _affecting_metrics(run.params) == _affecting_metrics(point.params):
                matches[index] = run
    return matches


def _affecting_metrics(params: Params) -> Params:
    return {section: values for section, values in params.items() if section != "report"}


def run(points: Sequence[Point], execute: Execute) -> None:
    """Run the points of a grid that are not finished, as DVC experiments.

    Raises:
        InputError: an experiment failed. The others were run.
    """
    done = match_points(points, finished())
    print(f"{len(done)} of {len(points)} experiments are finished")
    failed = list(execute([point for index, point in enumerate(points) if index not in done]))
    if failed:
        names = ", ".join(point.name for point in failed)
        raise InputError(f"failed: {names}. Fix the errors above, and run the same command again")


def one_by_one(points: Sequence[Point]) -> Iterator[Point]:
    """Run experiments on this machine, one at a time, and yield those that failed.

    Each experiment runs in a temporary folder and reuses DVC's caches. `dvc exp show` lists it.
    """
    start = time.perf_counter()
    for count, point in enumerate(points):
        seconds = (time.perf_counter() - start) / max(1, count)
        left = f", about {minutes(seconds * (len(points) - count))} left" if count else ""
        print(f"[{count + 1} of {len(points)}] {point.name}{left}", flush=True)
        if execute(point) != 0:
            yield point


def execute(point: Point, *stages: str, stop: Callable[[], bool] = lambda: False) -> int:
    """Run a point as a DVC experiment in a temporary folder, and return DVC's exit status.

    An experiment of this name from this commit is replaced. Ctrl-C stops the experiment, too, and
    DVC removes its folder.

    Args:
        point: the settings.
        stages: stages to run with what they depend on, by default all.
        stop: returns whether to stop the experiment; asked about twice per second.
    """
    # By name alone, DVC would also replace an experiment of another commit, such as a run of a
    # study.
    remove(point)
    command = [sys.executable, "-m", "dvc", "exp", "run", "--temp", "--name", point.name]
    command += [*options_of(point), *stages]
    process = subprocess.Popen(
        command,
        env=environment(),
        process_group=0,
        preexec_fn=_prepare if sys.platform == "linux" else None,  # noqa: PLW1509
    )
    try:
        while process.poll() is None:
            if stop():
                _interrupt(process)
                return STOPPED
            time.sleep(INTERVAL)
    except BaseException:
        _interrupt(process)
        raise
    return process.returncode


def revision(point: Point) -> str | None:
    """Return the revision of the experiment with a point's name from this commit, if any."""
    command = ["git", "rev-parse", "--quiet", "--verify", _reference(point)]
    return (
        subprocess.run(command, check=False, capture_output=True, text=True).stdout.strip() or None
    )


def remove(point: Point) -> None:
    """Remove the experiment with a point's name from this commit, if there is one."""
    subprocess.run(["git", "update-ref", "-d", _reference(point)], check=True)


def read_lock(file: Path = LOCK) -> Lock:
    """Return the content of `dvc.lock`.

    Raises:
        InputError: the file is missing.
    """
    if not file.exists():
        raise InputError(f"{file} is missing: run dvc repro first")
    content: Lock = read_yaml(file)
    return content


def environment() -> dict[str, str]:
    """Return variables with which `dvc` finds this Python and experiments share compiled code."""
    return worker.environment(KERNELS)


def options_of(point: Point) -> list[str]:
    """Return the options of `dvc exp run` for a point."""
    return [
        part for key, value in point.changes.items() for part in ("-S", f"{key}={literal(value)}")
    ]


def minutes(seconds: float) -> str:
    """Format a duration in minutes."""
    return f"{max(1, round(seconds / 60))} min"


def remove_folders(point: Point) -> None:
    """Remove what a killed DVC left of the experiment with a point's name."""
    for file in EXPERIMENTS.glob("run/*/*.run"):
        left = json.loads(file.read_text(encoding="utf-8"))
        if left["name"] == point.name:
            shutil.rmtree(left["root_dir"], ignore_errors=True)
            shutil.rmtree(file.parent)


def _reference(point: Point) -> str:
    head = _head()
    return f"refs/exps/{head[:2]}/{head[2:]}/{point.name}"


def _prepare() -> None:
    """Let a new process end with its parent, and on interrupts, which `nohup` may ignore."""
    worker.end_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _interrupt(process: subprocess.Popen[bytes]) -> None:
    """Interrupt DVC and its stage, and wait until DVC has removed the experiment's folder."""
    if sys.platform == "win32":
        process.terminate()
    else:
        os.killpg(process.pid, signal.SIGINT)
    with suppress(subprocess.TimeoutExpired):
        process.wait(PATIENCE)
    process.kill()


def _current_hashes() -> tuple[Hashes, Hashes]:
    """Return the hashes of the corpus in the lock and of the current code."""
    return _locked_hashes(read_lock(), CORPUS), current_code()


def _head() -> str:
    return subprocess.check_output(["git", "rev-parse", "HEAD"], text=True).strip()


def _locked_hashes(lock: Lock, *paths: str) -> Hashes:
    """Return the hashes in the lock of all dependencies in `paths` that affect the metrics."""
    return {
        (name, dependency["path"]): dependency["md5"]
        for name, stage in lock["stages"].items()
        for dependency in stage["deps"]
        if name not in UNMEASURED and dependency["path"].startswith(paths)
    }


def _is_complete(lock: Lock, params: Params) -> bool:
    """Return whether all stages ran, so that the last one records this experiment's settings."""
    recorded = lock["stages"].get("report", {}).get("params", {}).get(PARAMS.name)
    return bool(recorded == flatten(params))
