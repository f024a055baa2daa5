"""The reader of `dvc.lock`, and checks of files against it.

DVC trusts its cache, and every file whose size and modification time have not changed. It does not
notice a bit that flips on the disk.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from birnn.core import processes
from birnn.core.errors import InputError
from birnn.core.paths import LOCK, PIPELINE
from birnn.core.settings import flatten
from birnn.core.yaml_files import YAMLError, parse_yaml, read_yaml

DIR_SUFFIX = ".dir"  # DVC appends it to the md5 of a folder
DESKTOP_FILES = {".DS_Store", "Thumbs.db"}  # in .dvcignore, so DVC leaves them out
MD5 = re.compile(r"[0-9a-f]{32}(\.dir)?")

Lock = dict[str, Any]
"""The content of `dvc.lock`."""


def read_lock() -> Lock:
    """Return the content of `dvc.lock`."""
    if not LOCK.exists():
        raise InputError(f"{LOCK} is missing: run dvc repro in the project folder")
    return parse_lock(LOCK.read_bytes(), str(LOCK))


def parse_lock(text: bytes, name: str) -> Lock:
    """Return the content of a `dvc.lock`, without the inputs and outputs that lack a whole md5.

    Settings have their full names, such as `train.seed`, also where a stage depends on a section.

    DVC does not write the file atomically: if it was killed, the file may be truncated anywhere.
    """
    try:
        lock: Lock = parse_yaml(text)
        for stage in lock["stages"].values():
            params = stage.get("params", {})
            stage["params"] = {file: _flatten(values or {}) for file, values in params.items()}
            for kind in ("deps", "outs"):
                stage[kind] = [
                    entry for entry in stage.get(kind, []) if MD5.fullmatch(str(entry.get("md5")))
                ]
    except (YAMLError, AttributeError, KeyError, TypeError) as error:
        restore = f"run git checkout {LOCK}, or delete it and run dvc repro"
        advice = restore if name == str(LOCK) else "choose another commit"
        raise InputError(f"{name} is damaged: {advice}") from error
    return lock


def _flatten(settings: dict[str, Any]) -> dict[str, Any]:
    """Return the settings by full name; some are in sections."""
    sections = {name: values for name, values in settings.items() if isinstance(values, dict)}
    return {name: settings[name] for name in settings.keys() - sections} | flatten(sections)


def find_damage(stage: str) -> str | None:
    """Compare the inputs of a stage that other stages wrote with `dvc.lock`, if that file exists.

    Returns:
        A message that names the missing or damaged file and what to delete, or None if all inputs
        are intact.
    """
    if not LOCK.exists():
        return None
    recorded = _recorded(read_lock(), "outs")
    # A new stage may not be in the file yet.
    deps = read_yaml(PIPELINE)["stages"].get(stage, {}).get("deps", [])
    for path, md5 in recorded:
        is_read = any(dep == path or dep.startswith(f"{path}/") for dep in deps)
        if is_read and compute_md5(Path(path)) != md5:
            return _describe_damage(Path(path), md5)
    return None


def verify(paths: Iterable[Path]) -> None:
    """Check that files and folders have not changed since the last run."""
    recorded = dict(_recorded(read_lock(), "deps"))
    for path in paths:
        md5 = compute_md5(path)
        if md5 is None:
            raise InputError(f"{path} is missing: run dvc repro or dvc pull")
        expected = recorded.get(path.as_posix())
        if md5 != expected:
            raise InputError(
                f"{path} differs from the last run: its md5 is {md5}, but {LOCK} records "
                f"{expected or 'none'}. Run dvc repro or dvc checkout"
            )


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
        return hashlib.md5(listing, usedforsecurity=False).hexdigest() + DIR_SUFFIX
    if not path.exists():
        return None
    with path.open("rb") as content:
        return hashlib.file_digest(content, "md5").hexdigest()


def _describe_damage(path: Path, md5: str) -> str:
    """Return a message that names the damaged file of an output and what to delete."""
    cache = Path(processes.output("dvc", "cache", "dir"), "files", "md5")
    for file, expected in _recorded_files(path, md5, cache):
        if (actual := compute_md5(file)) != expected:
            cached = cache / expected[:2] / expected[2:]
            damaged = [file] if actual else []
            damaged += [cached] if cached.exists() and compute_md5(cached) != expected else []
            state = f"is damaged: its md5 is {actual}, but" if actual else "is missing:"
            delete = f" delete {' and '.join(map(str, damaged))}, then" if damaged else ""
            return f"{file} {state} {LOCK} records {expected};{delete} run dvc repro"
    return f"{path} differs from what {LOCK} records; delete {path}, then run dvc repro"


def _recorded_files(path: Path, md5: str, cache: Path) -> Iterator[tuple[Path, str]]:
    """Yield the files of an output and their md5; for a folder, DVC's cache must list them."""
    if not md5.endswith(DIR_SUFFIX):
        yield path, md5
        return
    listing = cache / md5[:2] / md5[2:]
    if compute_md5(listing) == md5.removesuffix(DIR_SUFFIX):
        entries: list[dict[str, Any]] = json.loads(listing.read_bytes())
        yield from ((path / entry["relpath"], entry["md5"]) for entry in entries)
