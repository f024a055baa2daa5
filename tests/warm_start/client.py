"""Let the server run a module of this project or DVC; start anything else with the real Python.

client.py PYTHON ADDRESS {python,dvc} [ARGUMENT ...]
"""

import json
import os
import resource
import signal
import socket
import sys
from contextlib import suppress
from types import FrameType

WARM = {"birnn", "dvc", "stages", "tests"}
FORWARDED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def main() -> None:
    """Run the command, and exit like it."""
    python, address, program, *arguments = sys.argv[1:]
    command = ["-m", "dvc", *arguments] if program == "dvc" else arguments
    if command[:1] != ["-m"] or command[1].partition(".")[0] not in WARM:
        os.execv(python, [python, *command])  # noqa: S606
    request = {
        "arguments": command[1:],
        "folder": os.getcwd(),  # noqa: PTH109  # importing pathlib is slow
        "environment": dict(os.environ),
        "file_size": resource.getrlimit(resource.RLIMIT_FSIZE),
    }
    with socket.socket(socket.AF_UNIX) as server:
        # A signal that arrives before the process exists is forwarded when it does.
        signal.pthread_sigmask(signal.SIG_BLOCK, FORWARDED)
        server.connect(address)
        socket.send_fds(server, [b"\n"], [0, 1, 2])
        server.sendall(json.dumps(request).encode() + b"\n")
        answers = server.makefile()
        process = int(answers.readline())

        def forward(number: int, _frame: FrameType | None) -> None:
            with suppress(ProcessLookupError):  # the process has just ended
                os.kill(process, number)

        for number in FORWARDED:
            signal.signal(number, forward)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, FORWARDED)
        status = int(answers.readline() or sys.exit("the server of tests/warm_start has ended"))
    if status < 0:
        if -status != signal.SIGKILL:
            signal.signal(-status, signal.SIG_DFL)
        os.kill(os.getpid(), -status)
    sys.exit(status)


main()
