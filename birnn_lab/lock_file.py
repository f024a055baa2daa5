"""The reader of `dvc.lock`."""

from pathlib import Path
from typing import Any

from birnn.core.settings import flatten
from birnn.core.yaml_files import YAMLError, parse_yaml
from birnn.runtime.errors import InputError
from birnn_lab.files_in_git import damaged

LOCK = Path("dvc.lock")

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


def _flatten(settings: dict[str, Any]) -> dict[str, Any]:
    """Return the settings by full name; some are in sections."""
    sections = {name: values for name, values in settings.items() if isinstance(values, dict)}
    return {name: settings[name] for name in settings.keys() - sections} | flatten(sections)
