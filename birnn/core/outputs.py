"""Atomic outputs: written next to their destination, synced to disk and renamed when complete."""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def atomic_folder(folder: Path) -> Iterator[Path]:
    """Yield an empty folder that replaces `folder` if the block succeeds."""
    temporary, old = _temporary_path(folder), _temporary_path(folder, "old-")
    _clean_up(folder, temporary, old)  # after a process that was killed
    temporary.mkdir(parents=True)
    try:
        yield temporary
        for path in [*temporary.rglob("*"), temporary]:
            _sync(path)
        if folder.exists():
            folder.replace(old)
        temporary.replace(folder)
        _sync(folder.parent)
    except OSError as error:
        raise _name(error, folder) from error
    finally:
        _clean_up(folder, temporary, old)


def _clean_up(folder: Path, temporary: Path, old: Path) -> None:
    """Remove what an unfinished replacement of a folder left, after restoring the old folder."""
    if old.exists() and not folder.exists():
        old.replace(folder)
    for leftover in (temporary, old):
        shutil.rmtree(leftover, ignore_errors=True)


@contextmanager
def atomic_file(file: Path) -> Iterator[Path]:
    """Yield the path of a temporary file that replaces `file` if the block succeeds."""
    temporary = _temporary_path(file)
    temporary.parent.mkdir(parents=True, exist_ok=True)
    try:
        yield temporary
        _sync(temporary)
        temporary.replace(file)
        _sync(file.parent)
    except OSError as error:
        raise _name(error, file) from error
    finally:
        temporary.unlink(missing_ok=True)


def _name(error: OSError, output: Path) -> OSError:
    """Return an error that names the output, as "No space left on device" alone does not."""
    return error if error.filename else OSError(f"{output} cannot be written: {error}")


def write_text(file: Path, text: str) -> None:
    """Write a text in UTF-8, with LF at the ends of lines."""
    with atomic_file(file) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def write_json(file: Path, content: Any) -> None:
    """Write `content` as indented JSON."""
    write_text(file, json.dumps(content, indent=2) + "\n")


def read_json(file: Path) -> Any:
    """Read a JSON file."""
    return json.loads(file.read_text(encoding="utf-8"))


def _temporary_path(path: Path, kind: str = "") -> Path:
    """Return a path next to `path`, with its extension: some libraries infer the format from it."""
    return path.with_name(f".part-{kind}{path.name}")


def _sync(path: Path) -> None:
    """Flush a file, or the names in a folder, to the disk."""
    if path.is_dir() and os.name == "nt":
        return
    descriptor = os.open(path, os.O_RDONLY if os.name != "nt" else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
