"""The start and end of every stage: settings, locks, integrity checks and error messages."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from birnn.core import integrity, machine, paths, settings
from birnn.core.errors import InputError
from birnn.core.settings import Settings
from birnn.runtime import signals, times
from birnn.runtime.locks import hold_lock
from birnn.runtime.terminal import replace_missing_characters


def run(main: Callable[[Settings], None]) -> None:
    """Run the `main` function of a stage with validated settings.

    The name of the stage is the name of the file that defines `main`. Only one process at a time
    can run a stage in a folder. Invalid settings, invalid inputs and file system errors exit with
    status 1 and one line on standard error; `--verbose` shows the traceback instead. Ctrl-C and
    termination signals exit with status 130.
    """
    replace_missing_characters()
    parser = argparse.ArgumentParser(description=sys.modules[main.__module__].__doc__)
    parser.add_argument("--verbose", action="store_true", help="show the traceback of an error")
    arguments = parser.parse_args()
    name = Path(main.__code__.co_filename).stem
    signals.raise_on_signals()
    try:
        checked = settings.load(networks=integrity.declared_sections())
        with hold_lock(paths.STATE / f"{name}.lock"), signals.restore_interrupts():
            check_inputs(name)
            main(checked)
    except (InputError, OSError) as error:
        if arguments.verbose:
            raise
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        print(signals.interruption_message(name), file=sys.stderr)
        sys.exit(signals.INTERRUPTED)


def check_inputs(stage: str) -> None:
    """Compare the inputs of a stage with `dvc.lock`, and refuse to start if one differs.

    A stage that is run by hand may use modified inputs: it only prints a warning.
    """
    if damage := integrity.find_damage(stage):
        if "DVC_STAGE" in os.environ:
            raise InputError(damage)
        print(f"warning: {damage}", file=sys.stderr)


def record_time(output: Path, seconds: Sequence[float], accelerators: Sequence[str] = ()) -> None:
    """Record the seconds that an output took; its md5 identifies the work exactly."""
    described = machine.describe(accelerators)
    times.record(paths.times_file(), output, integrity.compute_md5(output), seconds, described)
