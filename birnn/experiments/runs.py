"""DVC experiments: what identifies them, and the finished ones."""

import hashlib
import io
import json
import math
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import dvc.api
import pandas as pd

from birnn.core import code_digests, parquet, paths, processes
from birnn.core.errors import InputError, damaged
from birnn.core.integrity import Lock, parse_lock, read_lock, read_pipeline
from birnn.core.machine import format_description
from birnn.core.paths import LOCK, METRICS, PARAMS
from birnn.core.settings import flatten, needs_unlabelled
from birnn.core.yaml_files import YAMLError, parse_yaml
from birnn.evaluation.model_names import ALL_MODELS, ALL_NETWORKS, BASELINE, NETWORKS, TITLES
from birnn.experiments import private_apis
from birnn.experiments.grid import Params, Point

RECORDS = (LOCK, PARAMS, METRICS)
# DVC's reference to an experiment, with the commit that it started from, and its revision.
EXPERIMENT = re.compile(r"^refs/exps/(\w\w)/(\w{38})/(\S+) (\w+)$", re.MULTILINE)
CODE = "code"
CORPUS = paths.CORPUS.as_posix()
FETCH, FETCH_UNLABELLED = "fetch", "fetch_unlabelled"  # the stages that read a corpus
READERS = [(stage, f"{CODE}/{stage}.txt") for stage in (FETCH, FETCH_UNLABELLED)]  # their code
OWN, OWN_FILES = "csv", paths.OWN.as_posix()  # the source of the user's own files, and their folder
WORKSPACE = "workspace"
WORD_VECTORS, SELF_LABELLED, NGRAMS = (
    path.as_posix() for path in (paths.WORD_VECTORS, paths.SELF_LABELLED, paths.NGRAMS)
)
MODEL_FOLDERS = {model: (paths.MODELS / model).as_posix() for model in TITLES}
TIMED = (WORD_VECTORS, SELF_LABELLED, NGRAMS, *MODEL_FOLDERS.values())
UNMEASURED = (FETCH, FETCH_UNLABELLED, "report")  # stages whose code does not affect the metrics

Hashes = dict[tuple[str, str], str]
"""MD5 hashes of dependencies by stage and path."""


@dataclass(frozen=True)
class Run:
    """A finished experiment in the commit `revision`, which started from the commit `baseline`.

    It has its settings by section, and the contents of `metrics.json` and `dvc.lock`.
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
        return _measured(_inputs(self.lock), CODE)


def read_output(run: Run, file: Path, parse: Callable[[io.BytesIO], Any]) -> Any:
    """Return what `parse` returns for a file of an experiment, from DVC's cache or remote."""
    # The project may be a folder of a larger repository.
    path = processes.output("git", "rev-parse", "--show-prefix") + file.as_posix()
    try:
        return parse(io.BytesIO(dvc.api.read(path, rev=run.revision, mode="rb")))
    except private_apis.reading_errors() as error:
        raise InputError(
            f"{file} of the experiment {run.name} cannot be read from DVC's cache or a remote: "
            "make it available or, if it is lost, run dvc exp remove "
            f"{run.name}, and run the experiment again"
        ) from error


def read_predictions(run: Run, name: str = "predictions") -> pd.DataFrame:
    """Return the table `data/evaluated/NAME.parquet` of an experiment, see `read_output`."""
    table: pd.DataFrame = read_output(run, paths.EVALUATED / f"{name}.parquet", parquet.read)
    return table


def names(points: Sequence[Point]) -> list[str]:
    """Return the names of experiments with the current code and corpus.

    A name ends with a digest of everything that the results depend on, such as
    `pad-maxlen-200-seed-3-1a2b3c4`. So experiments with different results have different names.
    """
    digests = _digests(points)
    return [f"{point.label}-{digest[:7]}" for point, digest in zip(points, digests, strict=True)]


def finished(points: Sequence[Point]) -> dict[int, Run]:
    """Return the finished experiment of each point, by index of the point.

    It has the settings of the point and the current code and corpus, and may be from any commit.
    """
    corpus = _measured(_inputs(read_lock()), CORPUS)
    runs = {}
    for run in finished_with_any_code():
        runs[_digest(run.params, run.code, _source_of(run))] = run
        if _measured(_inputs(run.lock), CORPUS) == corpus:
            runs[_digest(run.params, run.code, corpus)] = run
    digests = enumerate(_digests(points))
    return {index: runs[digest] for index, digest in digests if digest in runs}


def fingerprint(point: Point) -> str:
    """Return a digest of the current code and of the corpus of a point, but not of its settings."""
    code = _hash_code()
    (corpus,) = _corpora([point], code)
    return _digest({}, _measured(code, CODE), corpus)


def finished_with_any_code() -> list[Run]:
    """Return the finished experiments of any code and corpus, from any commit."""
    references = processes.output(
        "git", "for-each-ref", "--format=%(refname) %(objectname)", "refs/exps"
    )
    experiments = [
        (name, revision, folder + rest)
        for folder, rest, name, revision in EXPERIMENT.findall(references)
    ]
    records = _read_records([revision for _, revision, _ in experiments])
    pipeline = read_pipeline()
    runs = (
        _run_of(pipeline, *experiment, *record)
        for experiment, record in zip(experiments, records, strict=True)
    )
    return [run for run in runs if run]


def workspace() -> Run | None:
    """Return the run in the working tree, or None if it is not finished."""
    return _run_of(read_pipeline(), WORKSPACE, "", head(), *_workspace_records())


def read(commit: str | None = None) -> Run:
    """Return the run in a commit, or in the working tree, even if it is unfinished or stale."""
    if commit is None:
        return _parse(WORKSPACE, "", "", *_workspace_records())
    records = next(_read_records([commit]))
    _, params, _ = records
    if not params:
        raise InputError(
            f"{commit!r} is not a commit with params.yaml: run git fetch, or choose another, for "
            "example make review BASE=origin/main"
        )
    return _parse(commit, commit, commit, *records)


def with_unique_names(found: Sequence[Run]) -> list[Run]:
    """Return runs whose names, which DVC may repeat in other commits, have a revision if needed."""
    names = [run.name for run in found]
    return [
        run if names.count(run.name) == 1 else replace(run, name=f"{run.name}-{run.revision[:7]}")
        for run in found
    ]


def current_code() -> Hashes:
    """Return the hashes of the working tree's code, which may differ from those in the lock."""
    return _measured(_hash_code(), CODE)


def stages_of_changed_code() -> list[str]:
    """Return the stages whose code in the working tree differs from the lock."""
    locked = _inputs(read_lock())
    return [key[0] for key, md5 in _hash_code().items() if locked.get(key) != md5]


def _workspace_records() -> list[bytes | None]:
    return [file.read_bytes() if file.exists() else None for file in RECORDS]


def _read_records(revisions: Sequence[str]) -> Iterator[list[bytes | None]]:
    """Yield the contents of `RECORDS` in each commit, None for a file that a commit lacks.

    A single git process reads them all, since DVC's API takes about a second per commit.
    """
    # From this folder, which may be part of a larger repository.
    names = [
        f"{revision}^{{commit}}:./{file.as_posix()}\n" for revision in revisions for file in RECORDS
    ]
    output = processes.run("git", "cat-file", "--batch", stdin="".join(names).encode())
    stream = io.BytesIO(output.stdout)
    for _ in revisions:
        contents: list[bytes | None] = []
        for _ in RECORDS:
            *_, size = stream.readline().split()
            # A line feed follows the content.
            contents.append(stream.read(int(size) + 1)[:-1] if size.isdigit() else None)
        yield contents


def _run_of(
    pipeline: Mapping[str, Any], name: str, revision: str, baseline: str, *records: bytes | None
) -> Run | None:
    """Return a run from the contents of `RECORDS`, or None if it is not finished.

    Only stages and settings in the pipeline count: DVC leaves removed ones in `dvc.lock`.
    """
    if not all(records):
        return None
    try:
        run = _parse(name, revision, baseline, *records)
    except InputError:  # a stage was killed
        return None
    stages = {key: stage for key, stage in run.lock["stages"].items() if key in pipeline}
    run = replace(run, lock=run.lock | {"stages": stages})
    settings = flatten(run.params)
    recorded = {key: stage["params"].get(PARAMS.name, {}) for key, stage in stages.items()}
    # The last stage, which depends on all settings, ran, and no other stage was left out.
    is_complete = settings in recorded.values() and all(
        settings.get(name) == value
        for key, values in recorded.items()
        for name, value in values.items()
        if {name, name.partition(".")[0]} & {*map(str, pipeline[key].get("params", []))}
    )
    return run if is_complete and "corpus" in run.metrics else None


def _parse(name: str, revision: str, baseline: str, *records: bytes | None) -> Run:
    """Return a run from the contents of `RECORDS`, even if it is not finished."""
    text, params, metrics = records
    try:
        lock = parse_lock(text or b"stages: {}")
    except ValueError as error:
        raise _damaged(LOCK, name) from error
    try:
        content = dict(json.loads(metrics or b"{}"))
    except (TypeError, ValueError) as error:
        raise _damaged(METRICS, name) from error
    try:
        settings = parse_yaml(params or b"{}")
        flatten(settings)
    except (YAMLError, AttributeError) as error:
        raise InputError(
            f"{PARAMS} of {name} is not valid YAML, or a section has no settings: {error}"
        ) from error
    return Run(name, revision, baseline, settings, content, lock)


def _damaged(file: Path, name: str) -> InputError:
    if name == WORKSPACE:
        return damaged(file)
    return InputError(f"{file} of {name} is damaged: choose another commit")


def training(run: Run) -> dict[str, Any]:
    """Return the seconds of training of all models (`bigru.seconds`), and the `machine`."""
    times = read_times()
    md5s = {
        out["path"]: out["md5"] for stage in run.lock["stages"].values() for out in stage["outs"]
    }
    found = {path: times[md5s[path]] for path in TIMED if md5s.get(path) in times}
    machines = dict.fromkeys(machine for _, machine in found.values())
    known = training_seconds({path: seconds for path, (seconds, _) in found.items()})
    seconds = {f"{model}.seconds": value for model, value in known.items()}
    return seconds | {"machine": " and ".join(machines)}


def read_times() -> dict[str, tuple[float, str]]:
    """Return the newest seconds and the machine of each output with recorded times, by md5.

    Lines that cannot be read are skipped, because times are not results.
    """
    file = paths.times_file()
    newest = {}
    for line in filter(None, file.read_bytes().splitlines() if file.exists() else ()):
        try:
            entry = json.loads(line)
            newest[entry["md5"]] = sum(entry["seconds"]), format_description(entry["machine"])
        except (ValueError, KeyError, TypeError):
            _warn_of_damage(file)
    return newest


@cache  # one warning, although each run looks up its times
def _warn_of_damage(file: Path) -> None:
    print(f"warning: {file} has damaged lines, which are skipped", file=sys.stderr)


def locked_reviews(lock: Lock) -> dict[str, str]:
    """Return the hashes of the training and test reviews."""
    pattern = f"{paths.CORPUS.as_posix()}/*.parquet"
    return {path: md5 for (_, path), md5 in _inputs(lock).items() if Path(path).match(pattern)}


def training_seconds(known: Mapping[str, float]) -> dict[str, float]:
    """Return the training time of each model in seconds, including the stages before training.

    It is NaN if it is unknown. `known` has the seconds of each output, by path.
    """
    seconds = dict.fromkeys(TIMED, math.nan) | dict(known)
    before = seconds[WORD_VECTORS] + seconds[SELF_LABELLED] + seconds[NGRAMS]
    networks = {name: seconds[MODEL_FOLDERS[name]] for name in NETWORKS}
    baseline = seconds[MODEL_FOLDERS[BASELINE]]
    combined = before + sum(networks.values())
    # The networks that label reviews need the word vectors; the baseline alone does not.
    labels = seconds[WORD_VECTORS] + seconds[SELF_LABELLED] if seconds[SELF_LABELLED] else 0
    return {
        **{network: before + own for network, own in networks.items()},
        BASELINE: labels + baseline,
        ALL_NETWORKS: combined,
        ALL_MODELS: combined + baseline,
    }


def head() -> str:
    """Return the current commit."""
    return processes.output("git", "rev-parse", "HEAD")


def _inputs(lock: Lock) -> Hashes:
    """Return the hashes of all dependencies in the lock."""
    return {
        (name, dependency["path"]): dependency["md5"]
        for name, stage in lock["stages"].items()
        for dependency in stage["deps"]
    }


def _measured(hashes: Hashes, folders: str | tuple[str, ...]) -> Hashes:
    """Return the hashes of the dependencies in some folders that affect the metrics."""
    return {
        (stage, path): md5
        for (stage, path), md5 in hashes.items()
        if stage not in UNMEASURED and path.startswith(folders)
    }


def _hash_code() -> Hashes:
    """Return the hashes that the code of all stages would have after the stage `code`."""
    described = code_digests.describe(Path())
    return {
        (stage, f"{CODE}/{stage}.txt"): hashlib.md5(
            described[stage].encode(), usedforsecurity=False
        ).hexdigest()
        for stage in read_pipeline()
        if stage in described
    }


def _digests(points: Sequence[Point]) -> list[str]:
    """Return the digest of each point with the current code and corpus."""
    code = _hash_code()
    measured = _measured(code, CODE)
    return [
        _digest(point.params, measured, corpus)
        for point, corpus in zip(points, _corpora(points, code), strict=True)
    ]


def _digest(params: Params, code: Hashes, corpus: Mapping[Any, Any]) -> str:
    """Return a digest of everything that the metrics depend on."""
    settings = {
        # 0.0 and 0 are one setting.
        name: int(value) if isinstance(value, float) and value.is_integer() else value
        for name, value in flatten(params).items()
        if not name.startswith("report.")
    }
    content = json.dumps([sorted(each.items()) for each in (settings, code, corpus)])
    return hashlib.sha256(content.encode()).hexdigest()


def _corpora(points: Sequence[Point], code: Hashes) -> list[Mapping[Any, Any]]:
    """Return what identifies the corpus of each point.

    These are its hashes if `dvc.lock` has a corpus from this source. Those of another corpus, or of
    unlabelled reviews, are unknown before an experiment reads them. So the source and the code that
    reads it identify them.
    """
    own_files, lock = None, read_lock()
    if any(point.params["fetch"]["source"] == OWN for point in points):
        own_files = private_apis.hash_dependency(FETCH, OWN_FILES)
    hashes, locked = _measured(_inputs(lock), CORPUS), _locked_source(lock)
    corpora: list[Mapping[Any, Any]] = []
    for point in points:
        source = _source(flatten(point.params), own_files)
        unlabelled = needs_unlabelled(
            point.params["word_vectors"]["reviews"],
            self_training=point.params["train"]["self_training"],
        )
        is_known = source == locked and not unlabelled
        corpora.append(hashes if is_known else source | _readers(code))
    return corpora


def _source_of(run: Run) -> dict[str, Any]:
    """Return the source of the corpus of an experiment, and the code that read it."""
    about = run.metrics["corpus"]
    # Another time, the requested corpus may be reachable.
    fallback = {} if about["name"] == about["requested"] else {"fallback": about["name"]}
    return _locked_source(run.lock) | _readers(_inputs(run.lock)) | fallback


def _readers(hashes: Hashes) -> dict[str, str | None]:
    """Return the hashes of the code that reads a corpus."""
    return {path: hashes.get((stage, path)) for stage, path in READERS}


def _locked_source(lock: Lock) -> dict[str, Any]:
    """Return the source of the corpus in `dvc.lock`."""
    params = lock["stages"].get(FETCH, {"params": {}})["params"]
    return _source(params.get(PARAMS.name, {}), _inputs(lock).get((FETCH, OWN_FILES)))


def _source(settings: Mapping[str, Any], own_files: str | None) -> dict[str, Any]:
    """Return the settings, and the hash of the files, that a corpus is read from."""
    source = {
        name: value for name, value in settings.items() if name.startswith(("csv.", "fetch."))
    }
    return source | ({OWN_FILES: own_files} if settings.get("fetch.source") == OWN else {})
