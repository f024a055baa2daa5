"""Whether what a stage reads is still what DVC recorded when the stage before it wrote that.

DVC takes a file for unchanged while its size and times are, and a file of its cache for what its
name says. A disk that loses a bit changes neither.
"""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

LOCK = Path("dvc.lock")
PIPELINE = Path("dvc.yaml")
OF_FOLDER = ".dir"


def damage(stage: str) -> str | None:
    """Compare the outputs of other stages that a stage reads with `dvc.lock`, if there is one.

    Returns what is missing, damaged or another, and what to delete; None where all is well.
    """
    if not LOCK.exists():
        return None
    reads = YAML(typ="safe").load(PIPELINE)["stages"][stage]["deps"]
    for name, md5 in _outputs():
        is_read = any(dep == name or dep.startswith(f"{name}/") for dep in reads)
        if is_read and _md5(Path(name)) != md5:
            return f"{_damage(Path(name), md5)} run dvc repro"
    return None


def _outputs() -> Iterator[tuple[str, str]]:
    """Yield the path and md5 of each output that the lock records."""
    for stage in YAML(typ="safe").load(LOCK)["stages"].values():
        for output in stage.get("outs", []):
            yield output["path"], output["md5"]


def _md5(path: Path) -> str | None:
    """Return the md5 of a file, of a folder that of its list, as DVC names them; None of none."""
    if path.is_dir():
        return hashlib.md5(_listing(path), usedforsecurity=False).hexdigest() + OF_FOLDER
    if not path.exists():
        return None
    with path.open("rb") as content:
        return hashlib.file_digest(content, "md5").hexdigest()


def _listing(folder: Path) -> bytes:
    files = {file.relative_to(folder).parts: file for file in folder.rglob("*") if file.is_file()}
    entries = [{"md5": _md5(files[parts]), "relpath": "/".join(parts)} for parts in sorted(files)]
    return json.dumps(entries, sort_keys=True).encode()


def _damage(path: Path, md5: str) -> str:
    """Say which file of an output is not what it was, and what to delete."""
    cache = _cache()
    for file, expected in _files(path, md5, cache):
        if (found := _md5(file)) != expected:
            cached = cache / expected[:2] / expected[2:]
            spoilt = [file] if found else []
            spoilt += [cached] if cached.exists() and _md5(cached) != expected else []
            state = f"is damaged: its md5 is {found}, and" if found else "is missing:"
            delete = f"delete {' and '.join(map(str, spoilt))}, then" if spoilt else ""
            return f"{file} {state} {LOCK} records {expected};{delete and ' '}{delete}"
    return f"{path} is not what {LOCK} records; delete {path}, then"


def _files(path: Path, md5: str, cache: Path) -> Iterator[tuple[Path, str]]:
    """Yield the files of an output, and the md5 of each, where DVC's cache still tells them."""
    if not md5.endswith(OF_FOLDER):
        yield path, md5
        return
    listing = cache / md5[:2] / md5[2:]
    if _md5(listing) == md5.removesuffix(OF_FOLDER):
        entries: list[dict[str, Any]] = json.loads(listing.read_bytes())
        yield from ((path / entry["relpath"], entry["md5"]) for entry in entries)


def _cache() -> Path:
    """Return the folder of DVC's cache that holds files by their md5."""
    from dvc.repo import Repo  # noqa: PLC0415  # takes half a second, and is needed in trouble alone

    with Repo() as repo:
        return Path(repo.cache.local.path)
