"""The start and end of every stage: settings, locks, integrity checks and error messages."""

import argparse
import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from birnn.core import integrity, paths, settings
from birnn.core.errors import InputError
from birnn.core.settings import Settings
from birnn.runtime import signals, times
from birnn.runtime.locks import hold_lock
from birnn.runtime.terminal import replace_missing_characters
from birnn.runtime.times import Timing


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
    script = Path(main.__code__.co_filename)
    name = script.stem
    networks = sorted(file.stem.removeprefix("train_") for file in script.parent.glob("train_*.py"))
    signals.raise_on_signals()
    try:
        checked = settings.load(networks=networks)
        lock = hold_lock(paths.STATE / f"{name}.lock")
        with lock, checked_inputs(name), signals.restore_interrupts():
            main(checked)
        sys.stdout.flush()
    except (InputError, OSError) as error:
        if arguments.verbose:
            raise
        exit_with(f"error: {error}", status=1)
    except KeyboardInterrupt:
        exit_with(signals.interruption_message(name), status=signals.INTERRUPTED)


@contextmanager
def checked_inputs(stage: str) -> Iterator[None]:
    """Compare the inputs of a stage with `dvc.lock`; refuse to start if they are damaged.

    A stage that is run by hand may use modified inputs: it prints a warning. If the block then
    crashes, report the modified input as the likely cause.
    """
    damage = integrity.find_damage(stage)
    if damage and "DVC_STAGE" in os.environ:
        raise InputError(damage)
    if damage:
        print(f"warning: {damage}", file=sys.stderr)
    try:
        yield
    except Exception as error:
        if damage and not isinstance(error, InputError | OSError):
            raise InputError(damage) from error
        raise


def record_time(output: Path, timing: Timing) -> None:
    """Record the time that an output took; its md5 identifies the work exactly."""
    times.record(paths.times_file(), output, integrity.compute_md5(output), timing)


def exit_with(line: str, status: int) -> NoReturn:
    """Exit with one line on standard error, even if standard output is closed."""
    print(line, file=sys.stderr)
    sys.stderr.flush()
    with contextlib.suppress(OSError):
        sys.stdout.flush()
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(status)
