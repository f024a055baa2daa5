"""The early end of a stage: after Ctrl-C, another signal, or the death of DVC, which started it."""

import os
import signal
import sys
import threading
import time


def end_early() -> None:
    """End this process at once in these cases: outputs are atomic, and epochs are saved."""
    stderr = os.dup(sys.stderr.fileno())  # it is discarded while libraries are imported

    def end(*_: object) -> None:
        os.write(stderr, b"interrupted: resume with dvc repro\n")
        os._exit(130)  # as a shell command that Ctrl-C ended

    def watch(parent: int) -> None:
        while os.getppid() == parent:  # always on Windows
            time.sleep(0.5)
        end()

    for number in {"SIGINT", "SIGTERM", "SIGHUP"} & {*dir(signal)}:
        if signal.getsignal(getattr(signal, number)) is not signal.SIG_IGN:  # as after nohup
            signal.signal(getattr(signal, number), end)
    if "DVC_STAGE" in os.environ:
        threading.Thread(target=watch, args=(os.getppid(),), daemon=True).start()
