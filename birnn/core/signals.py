"""How a process ends early: by Ctrl-C, by another signal, or with the process that started it."""

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
INTERRUPTED = 130  # as a shell says that Ctrl-C ended a command
INTERVAL = 0.5  # seconds
PATIENCE = 10  # seconds

_received: list[int] = []  # no Event, whose lock another signal would wait for


def end_with_parent() -> None:
    """Interrupt this process when the one that started it is gone, as when that was killed.

    Without effect on Windows, where a process is not told of it.
    """
    if os.name != "nt":
        threading.Thread(target=_watch, args=(os.getppid(),), daemon=True).start()


def exit_on_signals(message: str) -> None:
    """Have signals that ask for an end say so and end at once, while there is nothing to undo."""

    def end(_number: int, _frame: FrameType | None) -> NoReturn:
        print(message, file=sys.stderr, flush=True)
        os._exit(INTERRUPTED)

    _handle(end)


def raise_on_signals() -> None:
    """Have signals that ask for an end raise KeyboardInterrupt, as Ctrl-C does."""

    def interrupt(number: int, _frame: FrameType | None) -> NoReturn:
        _received.append(number)
        raise KeyboardInterrupt

    _handle(interrupt)


@contextmanager
def restore_interrupts() -> Iterator[None]:
    """Raise KeyboardInterrupt if an interrupt in the block surfaced as another error.

    TensorFlow, for example, raises RuntimeError if it is interrupted while it changes the device.
    """
    try:
        yield
    except Exception as error:
        if _received:
            raise KeyboardInterrupt from error
        raise


def ignore_signals() -> None:
    """Have signals that ask for an end do nothing, where another process sees to that."""
    _handle(signal.SIG_IGN)


def _handle(handler: Callable[[int, FrameType | None], NoReturn] | signal.Handlers) -> None:
    """Set the handler of the signals that are not ignored, as by nohup."""
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
