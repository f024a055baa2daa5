"""Outputs that are whole or absent: written beside their place, synced, and renamed when done."""

import glob
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """Yield an empty folder that takes the place of `folder` when the block ends well."""
    part, old = _part(folder), _part(folder, "old-")
    part.mkdir(parents=True)
    try:
        yield part
        for path in [*part.rglob("*"), part]:
            _sync(path)
        if folder.exists():
            folder.replace(old)
        part.replace(folder)
        _sync(folder.parent)
    finally:
        if old.exists() and not folder.exists():
            old.replace(folder)
        shutil.rmtree(part, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)


@contextmanager
def whole_file(file: Path) -> Iterator[Path]:
    """Yield the path of a file that takes the place of `file` when the block ends well."""
    part = _part(file)
    part.parent.mkdir(parents=True, exist_ok=True)
    try:
        yield part
        _sync(part)
        part.replace(file)
        _sync(file.parent)
    finally:
        part.unlink(missing_ok=True)


def write_json(file: Path, content: Any) -> None:
    """Write `content` as indented JSON."""
    with whole_file(file) as part:
        part.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def read_json(file: Path) -> Any:
    """Read a JSON file."""
    return json.loads(file.read_text(encoding="utf-8"))


def _part(path: Path, kind: str = "") -> Path:
    """Return a name beside `path` that no other process takes; remove what killed ones left there.

    The ending stays, since some libraries choose a format by it.
    """
    for left in path.parent.glob(f".part-[0-9]*-{kind}{glob.escape(path.name)}"):
        process = left.name.removeprefix(".part-").partition("-")[0]
        if process == str(os.getpid()) or not psutil.pid_exists(int(process)):
            shutil.rmtree(left) if left.is_dir() else left.unlink()
    return path.with_name(f".part-{os.getpid()}-{kind}{path.name}")


def _sync(path: Path) -> None:
    """Have the system write a file, or the names in a folder, to the disk."""
    if path.is_dir() and os.name == "nt":
        return
    descriptor = os.open(path, os.O_RDONLY if os.name != "nt" else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
