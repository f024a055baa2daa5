"""Runs of the pipeline: DVC experiments, commits and the working tree.

An experiment is a name on a commit: `dvc exp list` knows which there are, git has their settings
and metrics, and DVC's cache everything else. It exists once all its stages have ended.
"""

import io
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import dvc.api
import pandas as pd

from birnn.core import paths
from birnn.core.paths import METRICS, PARAMS
from birnn.core.settings import flatten
from birnn.core.yaml_files import YAMLError, parse_yaml
from birnn.runtime.errors import InputError
from birnn_lab import processes
from birnn_lab.files_in_git import refuse_conflict
from birnn_lab.grid import SEPARATOR
from birnn_lab.processes import output

LOCK = Path("dvc.lock")
PREDICTIONS = paths.EVALUATED / "predictions.parquet"
# A line of `dvc exp list`: the revision and the name.
LISTED = re.compile(r"^\s+(\w+) \[(.+)\]$", re.MULTILINE)


@dataclass(frozen=True)
class Run:
    """A run of the pipeline in a commit of git, such as an experiment."""

    name: str
    revision: str  # empty for the working tree

    def read_file(self, path: Path) -> bytes:
        """Return a file that git has; empty if the commit lacks it."""
        if not self.revision:
            return path.read_bytes() if path.exists() else b""
        # From this folder, which may be part of a larger repository.
        command = ("git", "show", f"{self.revision}:./{path.as_posix()}")
        return processes.run(*command, check=False).stdout

    @cached_property
    def settings(self) -> dict[str, Any]:
        """The settings by full name."""
        return self._parse(PARAMS, lambda text: flatten(parse_yaml(text) or {}))

    @cached_property
    def metrics(self) -> dict[str, dict[str, Any]]:
        """The content of `metrics.json`; empty without one, or if older code wrote it."""
        metrics = self._parse(METRICS, lambda text: dict(json.loads(text or b"{}")))
        return metrics if "corpus" in metrics else {}

    @cached_property
    def hashes(self) -> dict[str, str]:
        """The md5 of each file and folder in `dvc.lock`, by path."""

        def read(text: bytes) -> dict[str, str]:
            stages = (parse_yaml(text) or {"stages": {}})["stages"].values()
            entries = (
                entry
                for stage in stages
                for kind in ("deps", "outs")
                for entry in stage.get(kind, [])
            )
            return {entry["path"]: entry["md5"] for entry in entries}

        return self._parse(LOCK, read)

    @cached_property
    def commit(self) -> str:
        """The first digits of the commit that this experiment started from."""
        return output("git", "rev-parse", "--short=12", f"{self.revision}^")

    @cached_property
    def chosen(self) -> dict[str, Any]:
        """The values that the sweep chose; empty if no sweep or search ran this experiment."""
        message = output("git", "log", "-1", "--format=%B", self.revision)
        try:
            return dict(json.loads(message))
        except (TypeError, ValueError):
            return {}

    def _parse(self, file: Path, parse: Callable[[bytes], dict[str, Any]]) -> dict[str, Any]:
        try:
            return parse(self.read_file(file))
        except (AttributeError, KeyError, TypeError, ValueError, YAMLError) as error:
            if not self.revision:
                refuse_conflict(file)
            reason = " ".join(str(error).split())
            advice = "choose another commit" if self.revision else f"run git checkout -- {file}"
            raise InputError(f"{file} of {self.name} is not valid ({reason}): {advice}") from error

    def read_output(self, file: Path, parse: Callable[[io.BytesIO], Any]) -> Any:
        """Return what `parse` returns for an output, from DVC's cache or a remote."""
        # The project may be a folder of a larger repository.
        path = output("git", "rev-parse", "--show-prefix") + file.as_posix()
        try:
            return parse(io.BytesIO(dvc.api.read(path, rev=self.revision, mode="rb")))
        # A lost or damaged file may cause any exception of DVC or the parser.
        except Exception as error:
            raise InputError(
                f"{file} of the experiment {self.name} cannot be read from DVC's cache or a "
                f"remote: make it available, or run dvc exp remove {self.name} and its sweep again"
            ) from error

    def read_evaluation(self) -> dict[str, Any]:
        """Return all numbers of the evaluation, see `read_output`."""
        evaluation: dict[str, Any] = self.read_output(paths.EVALUATION, json.load)
        return evaluation

    def read_predictions(self) -> pd.DataFrame:
        """Return label, group and log-odds of each test review, see `read_output`."""
        table: pd.DataFrame = self.read_output(PREDICTIONS, pd.read_parquet)
        return table

    def read_held_out(self) -> pd.DataFrame | None:
        """Return label and log-odds of each held-out review, if any, see `read_output`."""
        if self.metrics["corpus"]["validation"] == "test":
            return None
        table: pd.DataFrame = self.read_output(paths.HELD_OUT_PREDICTIONS, pd.read_parquet)
        return table


def working_tree() -> Run:
    """Return the run in the working tree, even if it is stale."""
    return Run("the working tree", "")


def read_commit(commit: str) -> Run:
    """Return the run in a commit."""
    run = Run(commit, commit)
    if not run.read_file(PARAMS):
        raise InputError(
            f"{commit!r} is not a commit with params.yaml: run git fetch, or choose another, for "
            "example make review BASE=origin/main"
        )
    return run


def find(name: str) -> dict[str, Run]:
    """Return the experiments of a sweep on the current commit, by what follows the sweep's name."""
    prefix = f"{name}{SEPARATOR}"
    return {
        listed.removeprefix(prefix): Run(listed, revision)
        for revision, listed in LISTED.findall(output("dvc", "exp", "list"))
        if listed.startswith(prefix)
    }
