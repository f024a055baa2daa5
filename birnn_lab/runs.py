"""DVC experiments: what identifies them, and the finished ones."""

import hashlib
import io
import json
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import dvc.api
import pandas as pd

from birnn.core import paths
from birnn.core.paths import METRICS, PARAMS
from birnn.core.settings import flatten, read_pipeline
from birnn.core.yaml_files import YAMLError, parse_yaml
from birnn.evaluation.model_names import (
    ALL_MODELS,
    ALL_NETWORKS,
    ALL_TITLES,
    BASELINE,
    NETWORKS,
    TITLES,
)
from birnn.runtime.errors import InputError
from birnn_lab import private_apis, processes
from birnn_lab.files_in_git import refuse_conflict
from birnn_lab.grid import Point
from birnn_lab.lock_file import LOCK, Lock, parse_lock, read_lock
from birnn_lab.setting_text import as_text

# DVC's reference to an experiment, with the commit that it started from, and its revision.
EXPERIMENT = re.compile(r"^refs/exps/(\w\w)/(\w{38})/(\S+) (\w+)$", re.MULTILINE)
CORPUS = paths.CORPUS.as_posix()
REPORT = "report"  # no metric depends on the code of this stage
PACKAGES = ("birnn", "stages")
OWN, OWN_FILES = "csv", paths.OWN.as_posix()  # the source of the user's own files, and their folder
WORKSPACE = "workspace"
WORD_VECTORS, SELF_LABELLED, NGRAMS = (
    path.as_posix() for path in (paths.WORD_VECTORS, paths.SELF_LABELLED, paths.NGRAMS)
)
MODEL_FOLDERS = {model: (paths.MODELS / model).as_posix() for model in TITLES}
TIMED = (WORD_VECTORS, SELF_LABELLED, NGRAMS, *MODEL_FOLDERS.values())

Hashes = dict[str, str]
"""MD5 hashes by path."""
Code = dict[tuple[str, str], str]
"""The md5 of each file or folder of code that a stage depends on, by stage and path."""


@dataclass(frozen=True)
class Run:
    """A finished experiment in the commit `revision`, which started from the commit `baseline`."""

    name: str
    revision: str
    baseline: str
    settings: dict[str, Any]  # by full name
    metrics: dict[str, dict[str, Any]]
    lock: Lock

    @property
    def code(self) -> Code:
        """The code of all stages except `report`."""
        code = {
            (name, dep["path"]): dep["md5"]
            for name, stage in self.lock["stages"].items()
            for dep in stage["deps"]
            if dep["path"].startswith(PACKAGES)
        }
        return _without_report(code)

    @property
    def measures(self) -> dict[str, float]:
        """The measures of all models and ensembles, such as `bigru.accuracy`."""
        return {
            f"{model}.{measure}": value
            for model in ALL_TITLES
            for measure, value in self.metrics.get(model, {}).items()
            if isinstance(value, int | float)
        }


def read_output(run: Run, file: Path, parse: Callable[[io.BytesIO], Any]) -> Any:
    """Return what `parse` returns for a file of an experiment, from DVC's cache or remote."""
    # The project may be a folder of a larger repository.
    path = processes.output("git", "rev-parse", "--show-prefix") + file.as_posix()
    try:
        return parse(io.BytesIO(dvc.api.read(path, rev=run.revision, mode="rb")))
    # A lost or damaged file may cause any exception of DVC or the parser.
    except Exception as error:
        raise InputError(
            f"{file} of the experiment {run.name} cannot be read from DVC's cache or a remote: "
            "make it available or, if it is lost, run dvc exp remove "
            f"{run.name}, and run the experiment again"
        ) from error


def with_all_measures(run: Run) -> Run:
    """Return a run with all numbers of its evaluation, see `read_output`."""
    return replace(run, metrics=read_output(run, paths.EVALUATION, json.load))


def read_predictions(run: Run, name: str = "predictions") -> pd.DataFrame:
    """Return the table `data/evaluated/NAME.parquet` of an experiment, see `read_output`."""
    table: pd.DataFrame = read_output(run, paths.EVALUATED / f"{name}.parquet", pd.read_parquet)
    return table


def names(points: Sequence[Point]) -> list[str]:
    """Return the names of experiments with the current code and corpus.

    A name ends with a digest of everything that the results depend on, such as
    `pad-maxlen-200-seed-3-1a2b3c4`. So experiments with different results have different names.
    """
    code = [[*key, md5] for key, md5 in current_code().items()]
    corpus, own_files = _hashes(read_lock(), "outs").get(CORPUS), _hash_own_files(points)
    labels = []
    for point in points:
        used_files = own_files if _reads_own_files(point) else ""
        content = [_settings_text(point.settings), sorted(code), corpus, used_files]
        digest = hashlib.sha256(json.dumps(content).encode()).hexdigest()
        labels.append(f"{point.label}-{digest[:7]}")
    return labels


def finished(points: Sequence[Point]) -> dict[int, Run]:
    """Return the finished experiment of each point, by index of the point.

    It has the settings of the point and the current code and corpus, and may be from any commit.
    """
    lock, code, own_files = read_lock(), current_code(), _hash_own_files(points)
    runs = {
        _settings_text(run.settings): run
        for run in finished_with_any_code()
        if run.code == code and _has_current_corpus(run, lock, own_files)
    }
    texts = [_settings_text(point.settings) for point in points]
    return {index: runs[text] for index, text in enumerate(texts) if text in runs}


def _has_current_corpus(run: Run, lock: Lock, own_files: str) -> bool:
    """Return whether an experiment with the settings of a run would read the same reviews now.

    If the corpus in `dvc.lock` is from this source, the run must have the same corpus.
    """
    read, locked = _hashes(run.lock, "deps"), _hashes(lock, "deps")
    source, locked_source = (
        content["stages"].get("fetch", {}).get("params") for content in (run.lock, lock)
    )
    if _reads_own_files(run) and read.get(OWN_FILES) != own_files:
        return False
    has_same_files = not _reads_own_files(run) or locked.get(OWN_FILES) == read.get(OWN_FILES)
    if source == locked_source and has_same_files:
        return _hashes(run.lock, "outs").get(CORPUS) == _hashes(lock, "outs").get(CORPUS)
    # Another time, the requested corpus may be reachable instead of the fallback.
    about = run.metrics["corpus"]
    return bool(about["name"] == about["requested"])


def finished_with_any_code() -> list[Run]:
    """Return the finished experiments of any code and corpus, from any commit."""
    references = processes.output(
        "git", "for-each-ref", "--format=%(refname) %(objectname)", "refs/exps"
    )
    experiments = EXPERIMENT.findall(references)
    records = _read_records([revision for *_, revision in experiments])
    pipeline = read_pipeline()
    runs = (
        _run_of(pipeline, name, revision, folder + rest, *record)
        for (folder, rest, name, revision), record in zip(experiments, records, strict=True)
    )
    return [run for run in runs if run]


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


def with_unique_names(runs: Sequence[Run]) -> list[Run]:
    """Return runs whose names, which DVC may repeat in other commits, have a revision if needed."""
    names = [run.name for run in runs]
    return [
        run if names.count(run.name) == 1 else replace(run, name=f"{run.name}-{run.revision[:7]}")
        for run in runs
    ]


def current_code() -> Code:
    """Return the code in the working tree, which may differ from the code in the lock."""
    return _without_report(private_apis.hash_dependencies(PACKAGES))


def _without_report(code: Code) -> Code:
    """Return the code on which metrics depend."""
    return {key: md5 for key, md5 in code.items() if key[0] != REPORT}


def stale_stages() -> list[str]:
    """Return the stages that `dvc repro` would run, or the reason why DVC cannot say."""
    planned = processes.run("dvc", "repro", "--dry", "--allow-missing", check=False)
    # Without the data, DVC stops at the first stage that is stale.
    output = (planned.stdout + planned.stderr).decode()
    stale = re.findall(r"(?:^Running stage|failed to reproduce) '(.*?)'", output, re.MULTILINE)
    if planned.returncode and not stale:
        return [f"cannot be checked: {processes.last_line(planned.stderr.decode())}"]
    return stale


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
    try:
        run = _parse(name, revision, baseline, *records)
    except InputError:  # a stage was killed
        return None
    stages = {key: stage for key, stage in run.lock["stages"].items() if key in pipeline}
    run = replace(run, lock=run.lock | {"stages": stages})
    recorded = {key: stage["params"].get(PARAMS.name, {}) for key, stage in stages.items()}
    # The last stage, which depends on all settings, ran, and no other stage was left out.
    is_complete = run.settings in recorded.values() and all(
        run.settings.get(name) == value
        for key, values in recorded.items()
        for name, value in values.items()
        if {name, name.partition(".")[0]} & {*map(str, pipeline[key].get("params", []))}
    )
    return run if is_complete and "corpus" in run.metrics else None


def _parse(name: str, revision: str, baseline: str, *records: bytes | None) -> Run:
    """Return a run from the contents of `RECORDS`, even if it is not finished."""
    contents = []
    for (file, (parse, empty)), text in zip(RECORDS.items(), records, strict=True):
        try:
            contents.append(parse(text or empty))
        except (AttributeError, TypeError, ValueError, YAMLError) as error:
            advice = "choose another commit"
            if name == WORKSPACE:
                refuse_conflict(file)
                advice = f"fix it, or run git checkout -- {file}"
            reason = " ".join(str(error).split())
            raise InputError(f"{file} of {name} is not valid ({reason}): {advice}") from error
    lock, settings, metrics = contents
    metrics = metrics if "corpus" in metrics else {}  # of older code, which is not comparable
    return Run(name, revision, baseline, settings, metrics, lock)


# The files that describe a run: how to read each, and what a missing one has.
RECORDS: dict[Path, tuple[Callable[[bytes], Any], bytes]] = {
    LOCK: (parse_lock, b"stages: {}"),
    PARAMS: (lambda text: flatten(parse_yaml(text)), b"{}"),
    METRICS: (lambda text: dict(json.loads(text)), b"{}"),
}


def training(run: Run) -> dict[str, Any]:
    """Return the seconds of training of all models (`bigru.seconds`), and the `machine`.

    They include the stages before training, and are NaN if they are unknown.
    """
    times, md5s = read_times(), _hashes(run.lock, "outs")
    timed = {path: times[md5s[path]] for path in TIMED if md5s.get(path) in times}
    seconds = {path: timed[path][0] if path in timed else math.nan for path in TIMED}
    before = seconds[WORD_VECTORS] + seconds[SELF_LABELLED] + seconds[NGRAMS]
    own = {model: seconds[folder] for model, folder in MODEL_FOLDERS.items()}
    combined = before + sum(own[network] for network in NETWORKS)
    # The networks that label reviews need the word vectors; the baseline alone does not.
    labels = seconds[WORD_VECTORS] + seconds[SELF_LABELLED] if seconds[SELF_LABELLED] else 0
    totals = {
        **{network: before + own[network] for network in NETWORKS},
        BASELINE: labels + own[BASELINE],
        ALL_NETWORKS: combined,
        ALL_MODELS: combined + own[BASELINE],
    }
    machine = " and ".join(dict.fromkeys(machine for _, machine in timed.values()))
    return {f"{model}.seconds": value for model, value in totals.items()} | {"machine": machine}


def read_times() -> dict[str, tuple[float, str]]:
    """Return the newest seconds and the machine of each output with recorded times, by md5.

    Lines that cannot be read are skipped: a killed process may leave half a line.
    """
    file = paths.times_file()
    newest = {}
    for line in file.read_bytes().splitlines() if file.exists() else ():
        with suppress(ValueError, KeyError, TypeError):
            entry = json.loads(line)
            newest[entry["md5"]] = sum(entry["seconds"]), format_description(entry["machine"])
    return newest


def format_description(machine: Mapping[str, Any]) -> str:
    """Format a description of a machine as one phrase."""
    accelerators = ", ".join(machine["accelerators"]) or "no GPU"
    return (
        f"{machine['processor']} ({machine['cores']} cores, {accelerators}, {machine['system']}, "
        f"Python {machine['python']})"
    )


def locked_reviews(lock: Lock) -> dict[str, str]:
    """Return the hashes of the training and test reviews."""
    hashes = _hashes(lock, "deps").items()
    return {path: md5 for path, md5 in hashes if Path(path).match(f"{CORPUS}/*.parquet")}


def head() -> str:
    """Return the current commit."""
    return processes.output("git", "rev-parse", "HEAD")


def _hashes(lock: Lock, kind: str) -> Hashes:
    """Return the hashes of all dependencies (`deps`) or outputs (`outs`) in the lock."""
    stages = lock["stages"].values()
    return {entry["path"]: entry["md5"] for stage in stages for entry in stage[kind]}


def _reads_own_files(run: Run | Point) -> bool:
    return bool(run.settings["fetch.source"] == OWN)


def _hash_own_files(points: Sequence[Point]) -> str:
    """Return the hash of the user's files if a point reads them, otherwise an empty string."""
    if not any(map(_reads_own_files, points)):
        return ""
    return private_apis.hash_dependencies([OWN_FILES])["fetch", OWN_FILES]


def _settings_text(settings: Mapping[str, Any]) -> str:
    """Return the settings that affect the metrics; 0.0 and 0 are one setting."""
    texts = {
        name: as_text(value) for name, value in settings.items() if not name.startswith("report.")
    }
    return json.dumps(texts, sort_keys=True)
