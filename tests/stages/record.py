"""Run a stage, and record the settings that it reads, its modules, and its files of the project.

Run `python tests/stages/record.py STAGE FILE` in the project's folder.
"""

import contextlib
import importlib.util
import json
import runpy
import sys
from pathlib import Path

sys.dont_write_bytecode = True  # else it records the temporary names of compiled modules
sys.path.insert(0, str(Path.cwd()))
stage, file = sys.argv[1:]
sys.argv = [stage]

files: set[str] = set()


def record_file(event: str, arguments: tuple[object, ...]) -> None:
    """Record each file of the code that is opened, compiled modules as their source."""
    if event == "open" and isinstance(arguments[0], str | Path):
        file = Path(arguments[0])
        if file.suffix == ".pyc":
            file = Path(importlib.util.source_from_cache(file))
        with contextlib.suppress(ValueError):
            name = file.absolute().relative_to(Path.cwd()).as_posix()
            files.update([name] if name.startswith(("birnn/", "stages/")) else [])


sys.addaudithook(record_file)

from birnn.core import settings  # noqa: E402

sections = {field.annotation: name for name, field in settings.Settings.model_fields.items()}
read: set[str] = set()


def record_access(section: settings.Section, name: str) -> object:
    """Return an attribute of a section, and record it if it is a setting."""
    if type(section) in sections and name in type(section).model_fields:
        read.add(f"{sections[type(section)]}.{name}")
    return object.__getattribute__(section, name)


def load(**options: object) -> settings.Settings:
    """Load the settings, and forget those that the validation itself read."""
    loaded = original_load(**options)  # type: ignore[arg-type]
    read.clear()
    return loaded


def dump(loaded: settings.Settings) -> dict[str, dict[str, object]]:
    content: dict[str, dict[str, object]] = original_dump(loaded)
    read.update(settings.flatten(content))
    return content


def section(loaded: settings.Settings, name: str, kind: type[settings.Section]) -> settings.Section:
    checked = original_section(loaded, name, kind)
    read.update(f"{name}.{setting}" for setting in kind.model_fields)
    return checked


original_load, settings.load = settings.load, load
original_dump = settings.Settings.model_dump
original_section = settings.Settings.section
settings.Settings.section = section  # type: ignore[assignment,method-assign]
settings.Settings.model_dump = dump  # type: ignore[assignment,method-assign]
settings.Section.__getattribute__ = record_access  # type: ignore[assignment,method-assign]
try:
    runpy.run_module(f"stages.{stage}", run_name="__main__")
finally:
    content = {"settings": sorted(read), "modules": sorted(sys.modules), "files": sorted(files)}
    Path(file).write_text(json.dumps(content))
