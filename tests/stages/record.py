"""Run a stage, and tell which settings it read and which modules it imported.

python tests/stages/record.py STAGE FILE, in the project's folder.
"""

import json
import runpy
import sys
from pathlib import Path

sys.path.insert(0, str(Path.cwd()))
stage, file = sys.argv[1:]
sys.argv = [stage]

from birnn.core import settings  # noqa: E402

sections = {field.annotation: name for name, field in settings.Settings.model_fields.items()}
read: set[str] = set()


def record(section: settings.Section, name: str) -> object:
    """Return an attribute of a section, and remember the setting."""
    if type(section) in sections and name in type(section).model_fields:
        read.add(f"{sections[type(section)]}.{name}")
    return object.__getattribute__(section, name)


def load() -> settings.Settings:
    """Load the settings; what their own checks read is not of the stage."""
    loaded = checked_load()
    read.clear()
    return loaded


checked_load, settings.load = settings.load, load
settings.Section.__getattribute__ = record  # type: ignore[assignment,method-assign]
try:
    runpy.run_module(f"stages.{stage}", run_name="__main__")
finally:
    Path(file).write_text(json.dumps({"settings": sorted(read), "modules": sorted(sys.modules)}))
