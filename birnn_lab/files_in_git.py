"""Files that git stores: written as YAML, and errors if they are damaged or have a conflict."""

import re
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from birnn.runtime.errors import InputError

CONFLICT = re.compile(rb"^<{7} ", re.MULTILINE)
RESULTS = ("dvc.lock", "metrics", "plots", "report")  # written by the pipeline
# Shown in one line; CONTRIBUTING.md explains it.
TAKE_ONE_SIDE = (
    f"resolve the others, then run git checkout HEAD -- {' '.join(RESULTS)} && make repro (see "
    '"If two branches change dvc.lock" in CONTRIBUTING.md)'
)


def write_yaml(file: Path, content: Any) -> None:
    """Write `content` without sorting its keys."""
    yaml = YAML(typ="safe")
    yaml.default_flow_style = False
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]  # its type is wrong
    with file.open("w", encoding="utf-8") as stream:
        yaml.dump(content, stream)


def refuse_conflict(file: Path) -> None:
    """Check that a file has no conflict that git left there when it merged two branches."""
    if CONFLICT.search(file.read_bytes()):
        advice = TAKE_ONE_SIDE if file.parts[0] in RESULTS else "resolve it"
        raise InputError(f"{file} has a merge conflict: {advice}")
