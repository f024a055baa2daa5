"""The readers of `dvc.lock` and `dvc.yaml`, and checks of files against `dvc.lock`.

DVC trusts every file whose size and modification time have not changed. It does not notice a bit
that flips on the disk.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from birnn.core.errors import InputError, damaged
from birnn.core.paths import LOCK, PIPELINE
from birnn.core.settings import flatten
from birnn.core.yaml_files import YAMLError, parse_yaml, read_yaml

DESKTOP_FILES = {".DS_Store", "Thumbs.db"}  # in .dvcignore, so DVC leaves them out

Lock = dict[str, Any]
"""The content of `dvc.lock`."""


def read_lock() -> Lock:
    """Return the content of `dvc.lock`."""
    if not LOCK.exists():
        raise InputError(f"{LOCK} is missing: run dvc repro in the project folder")
    try:
        return parse_lock(LOCK.read_bytes())
    except ValueError as error:
        raise damaged(LOCK) from error


def parse_lock(text: bytes) -> Lock:
    """Return the content of a `dvc.lock`.

    Settings have their full names, such as `train.seed`, even if a stage depends on a section.

    Raises:
        ValueError: the content is damaged.
    """
    try:
        lock: Lock = parse_yaml(text)
        for stage in lock["stages"].values():
            params = stage.get("params", {})
            stage["params"] = {file: _flatten(values or {}) for file, values in params.items()}
            for kind in ("deps", "outs"):
                stage[kind] = [
                    {key: entry[key] for key in ("path", "md5")} for entry in stage.get(kind, [])
                ]
    except (YAMLError, AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"{LOCK} is damaged") from error
    return lock


def read_pipeline() -> dict[str, dict[str, Any]]:
    """Return the stages in `dvc.yaml`."""
    try:
        return {name: dict(stage) for name, stage in read_yaml(PIPELINE)["stages"].items()}
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise damaged(PIPELINE) from error


def _flatten(settings: dict[str, Any]) -> dict[str, Any]:
    """Return the settings by full name; some are in sections."""
    sections = {name: values for name, values in settings.items() if isinstance(values, dict)}
    return {name: settings[name] for name in settings.keys() - sections} | flatten(sections)


def declared_sections() -> list[str]:
    """Return the sections of settings that stages declare, including one for each network."""
    params = (name for stage in read_pipeline().values() for name in stage.get("params", []))
    return sorted({name for name in params if isinstance(name, str) and "." not in name})


def find_damage(stage: str) -> str | None:
    """Compare the inputs of a stage that other stages wrote with `dvc.lock`, if that file exists.

    Return a message that names an input that differs, and the command that repairs it; None if no
    input does.
    """
    if not LOCK.exists():
        return None
    # A new stage may not be in the file yet.
    deps = read_pipeline().get(stage, {}).get("deps", [])
    for path, md5 in _recorded(read_lock(), "outs"):
        is_read = any(dep == path or dep.startswith(f"{path}/") for dep in deps)
        if is_read and compute_md5(Path(path)) != md5:
            return f"{path} differs from {LOCK}: run rm -rf {path} && dvc repro"
    return None


def verify(paths: Iterable[Path]) -> None:
    """Check that files and folders have not changed since the last run."""
    recorded = dict(_recorded(read_lock(), "deps"))
    for path in paths:
        md5 = compute_md5(path)
        if md5 is None or md5 != recorded.get(path.as_posix()):
            state = "differs from the last run" if md5 else "is missing"
            raise InputError(f"{path} {state}: run dvc repro, dvc checkout or dvc pull")


def _recorded(lock: Lock, kind: str) -> Iterator[tuple[str, str]]:
    """Yield the path and md5 of every output (`outs`) or dependency (`deps`) in `dvc.lock`."""
    for stage in lock["stages"].values():
        for entry in stage[kind]:
            yield entry["path"], entry["md5"]


def compute_md5(path: Path) -> str | None:
    """Return the md5 of a file or folder as DVC computes it, or None if it does not exist."""
    if path.is_dir():
        files = {
            file.relative_to(path).parts: file
            for file in path.rglob("*")
            if file.is_file() and file.name not in DESKTOP_FILES
        }
        entries = [
            {"md5": compute_md5(file), "relpath": "/".join(parts)}
            for parts, file in sorted(files.items())
        ]
        listing = json.dumps(entries, sort_keys=True).encode()
        return hashlib.md5(listing, usedforsecurity=False).hexdigest() + ".dir"
    if not path.exists():
        return None
    with path.open("rb") as content:
        return hashlib.file_digest(content, "md5").hexdigest()
