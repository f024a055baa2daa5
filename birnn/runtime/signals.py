"""Early exit of a process after Ctrl-C, another signal or the death of its parent process."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")
INTERRUPTED = 130  # the exit status of a shell command that Ctrl-C ended
INTERVAL = 0.5  # seconds
PATIENCE = 10  # seconds

_received: list[int] = []  # not an Event: a second signal could deadlock on its lock


def interruption_message(stage: str) -> str:
    """Return the message that an interrupted stage prints."""
    return f"{stage} was interrupted: resume with dvc repro"


def end_with_parent() -> None:
    """Interrupt this process when its parent process dies.

    This has no effect on Windows, which does not report the parent's death.
    """
    if os.name != "nt":
        threading.Thread(target=_watch, args=(os.getppid(),), daemon=True).start()


def exit_on_signals(message: str) -> None:
    """Make termination signals print a message and exit at once, without cleaning up."""
    # A copy, because standard error is discarded while libraries are imported.
    stderr = os.dup(sys.stderr.fileno())

    def end(_number: int, _frame: FrameType | None) -> NoReturn:
        os.write(stderr, f"{message}\n".encode())
        os._exit(INTERRUPTED)

    _handle(end)


def raise_on_signals() -> None:
    """Make termination signals raise KeyboardInterrupt, as Ctrl-C does."""

    def interrupt(number: int, _frame: FrameType | None) -> NoReturn:
        _received.append(number)
        raise KeyboardInterrupt

    _handle(interrupt)


@contextmanager
def restore_interrupts() -> Iterator[None]:
    """Raise KeyboardInterrupt if an interrupt in the block surfaced as another error.

    For example, TensorFlow raises RuntimeError if it is interrupted while it changes the device.
    """
    try:
        yield
    except Exception as error:
        if _received:
            raise KeyboardInterrupt from error
        raise


def _handle(handler: Callable[[int, FrameType | None], NoReturn]) -> None:
    """Set the handler of all signals that are not ignored (nohup, for example, ignores SIGHUP)."""
    for name in SIGNALS:
        number = getattr(signal, name, None)
        if number and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, handler)


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(INTERVAL)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(PATIENCE)
    os._exit(INTERRUPTED)
