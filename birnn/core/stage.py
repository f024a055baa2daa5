"""The start and end of every stage: settings, signals and error messages."""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from birnn.core import machine, paths, settings
from birnn.core.settings import SectionsType
from birnn.runtime import signals, times
from birnn.runtime.errors import InputError
from birnn.runtime.terminal import replace_missing_characters


def run(main: Callable[[SectionsType], None], kind: type[SectionsType]) -> None:
    """Run the `main` function of a stage with validated settings of this kind.

    Invalid settings, invalid inputs and file system errors exit with status 1 and one line on
    standard error; `--verbose` shows the traceback instead. Ctrl-C and termination signals exit
    with status 130.
    """
    replace_missing_characters()
    parser = argparse.ArgumentParser(description=sys.modules[main.__module__].__doc__)
    parser.add_argument("--verbose", action="store_true", help="show the traceback of an error")
    arguments = parser.parse_args()
    signals.raise_on_signals()
    try:
        with signals.restore_interrupts():
            main(settings.load(kind))
    except (InputError, OSError) as error:
        if arguments.verbose:
            raise
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        name = Path(main.__code__.co_filename).stem
        print(signals.interruption_message(name), file=sys.stderr)
        sys.exit(signals.INTERRUPTED)


def record_time(output: Path, seconds: Sequence[float], accelerators: Sequence[str] = ()) -> None:
    """Record the seconds that an output took; its md5 identifies the work exactly."""
    times.record(paths.times_file(), output, seconds, machine.describe(accelerators))
