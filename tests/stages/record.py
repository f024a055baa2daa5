"""Run a stage, and record the settings that it reads and the modules that it imports.

Run `python tests/stages/record.py STAGE FILE` in the project's folder.
"""

import json
import runpy
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path.cwd()))
stage, file = sys.argv[1:]
sys.argv = [stage]

from birnn.core import settings  # noqa: E402

names: dict[int, str] = {}  # sections by identity
read: set[str] = set()


def record_access(section: settings.Section, name: str) -> Any:
    """Return an attribute of a section, and record it if it is a setting."""
    if id(section) in names and name in type(section).model_fields:
        read.add(f"{names[id(section)]}.{name}")
    return object.__getattribute__(section, name)


def dump(section: settings.Section, **options: Any) -> dict[str, Any]:
    """Return the content of a section, and record all its settings."""
    if id(section) in names:
        read.update(f"{names[id(section)]}.{name}" for name in type(section).model_fields)
    return original_dump(section, **options)


def load(kind: type[settings.SectionsType]) -> settings.SectionsType:
    """Load the settings, and record from now on."""
    loaded = original_load(kind)
    names.update({id(getattr(loaded, name)): name for name in kind.model_fields})
    return loaded


original_load, settings.load = settings.load, load
original_dump = settings.Section.model_dump
settings.Section.model_dump = dump  # type: ignore[assignment,method-assign]
settings.Section.__getattribute__ = record_access  # type: ignore[assignment,method-assign]
try:
    runpy.run_module(f"stages.{stage}", run_name="__main__")
finally:
    content = {"settings": sorted(read), "modules": sorted(sys.modules)}
    Path(file).write_text(json.dumps(content))
