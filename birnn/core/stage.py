"""The start and end of every stage: settings, locks, integrity checks and error messages."""

import argparse
import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from birnn.core import integrity, settings, signals
from birnn.core.errors import InputError
from birnn.core.locks import hold_lock
from birnn.core.settings import Settings


def run(main: Callable[[Settings], None]) -> None:
    """Run `main` of a stage with the checked settings.

    The stage is named after the file of `main`. Only one process at a time can run it in a folder.
    An invalid setting or input, or an error of the file system, exits with status 1 and one line on
    standard error (`--verbose` adds the traceback). Ctrl-C and termination signals exit with 130.
    """
    parser = argparse.ArgumentParser(description=sys.modules[main.__module__].__doc__)
    parser.add_argument("--verbose", action="store_true", help="show the traceback of an error")
    arguments = parser.parse_args()
    name = Path(main.__code__.co_filename).stem
    signals.raise_on_signals()
    try:
        checked = settings.load()
        with hold_lock(name), checked_inputs(name), signals.restore_interrupts():
            main(checked)
        sys.stdout.flush()
    except (InputError, OSError) as error:
        if arguments.verbose:
            raise
        exit_with(f"error: {error}", status=1)
    except KeyboardInterrupt:
        exit_with(signals.interrupted(name), status=signals.INTERRUPTED)


@contextmanager
def checked_inputs(stage: str) -> Iterator[None]:
    """Compare the inputs with `dvc.lock`: refuse to start if they are damaged.

    A stage that is run by hand may use modified inputs, with a warning. If the block crashes then,
    report the modified input as the likely cause.
    """
    damage = integrity.find_damage(stage)
    if damage and "DVC_STAGE" in os.environ:
        raise InputError(damage)
    if damage:
        print(f"warning: {damage}", file=sys.stderr)
    try:
        yield
    except (InputError, OSError):
        raise
    except Exception as error:
        if damage:
            raise InputError(damage) from error
        raise


def exit_with(line: str, status: int) -> NoReturn:
    """Exit with one line on standard error, even if nothing reads standard output."""
    print(line, file=sys.stderr)
    sys.stderr.flush()
    with contextlib.suppress(OSError):
        sys.stdout.flush()
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(status)
