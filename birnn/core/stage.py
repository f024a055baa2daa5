"""The start of every stage: its settings, and one line for an error that the user can fix."""

import argparse
import io
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from birnn.core import machine, paths, settings
from birnn.core.settings import SectionsType
from birnn.runtime import times
from birnn.runtime.errors import InputError


def run(main: Callable[[SectionsType], None], kind: type[SectionsType]) -> None:
    """Run the `main` function of a stage with validated settings of this kind.

    Invalid settings, invalid inputs and file system errors exit with status 1 and one line on
    standard error; `--verbose` shows the traceback instead.
    """
    parser = argparse.ArgumentParser(description=sys.modules[main.__module__].__doc__)
    parser.add_argument("--verbose", action="store_true", help="show the traceback of an error")
    arguments = parser.parse_args()
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # characters that its encoding lacks
    try:
        main(settings.load(kind))
    except (InputError, OSError) as error:
        if arguments.verbose:
            raise
        sys.exit(f"error: {error}")


def record_time(output: Path, seconds: Sequence[float], accelerators: Sequence[str] = ()) -> None:
    """Record the seconds that an output took; its md5 identifies the work exactly."""
    times.record(paths.times_file(), output, seconds, machine.describe(accelerators))
