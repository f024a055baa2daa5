"""How a stage starts and how it ends: checked settings in; alone; one clear line where it fails."""

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
from birnn.core.locks import turn
from birnn.core.settings import Settings


def run(main: Callable[[Settings], None]) -> None:
    """Call `main`, of the stage that its file is named after, with the checked settings.

    A mistake in the settings, the input or the file system ends the process with exit status 1
    and one line on standard error; `--verbose` adds the traceback. Ctrl-C and signals that ask for
    an end do so with 130. No two processes run one stage in a folder at the same time, and what
    DVC started reads nothing that is damaged.
    """
    parser = argparse.ArgumentParser(description=sys.modules[main.__module__].__doc__)
    parser.add_argument("--verbose", action="store_true", help="show the traceback of an error")
    arguments = parser.parse_args()
    stage = Path(main.__code__.co_filename).stem
    signals.raise_on_signals()
    try:
        checked = settings.load()
        with turn(stage), explained(stage), signals.restore_interrupts():
            main(checked)
        sys.stdout.flush()
    except (InputError, OSError) as error:
        if arguments.verbose:
            raise
        fail(f"error: {error}", status=1)
    except KeyboardInterrupt:
        fail(f"{stage} was interrupted: go on with dvc repro", status=signals.INTERRUPTED)


@contextmanager
def explained(stage: str) -> Iterator[None]:
    """Refuse damaged input, or where a stage was started by hand, warn of it before the block.

    By hand, input may be other than DVC recorded since a user made it so. Where the block fails
    as no stage may, that is the reason.
    """
    damage = integrity.damage(stage)
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


def fail(line: str, status: int) -> NoReturn:
    """End with a line on standard error; what standard output still holds may have no reader."""
    print(line, file=sys.stderr)
    sys.stderr.flush()
    with contextlib.suppress(OSError):
        sys.stdout.flush()
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(status)
