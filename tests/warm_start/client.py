"""Let the server run a module of this project or DVC; start anything else with the real Python.

client.py PYTHON ADDRESS {python,dvc} [ARGUMENT ...]
"""

import json
import os
import resource
import signal
import socket
import sys

WARM = {"birnn", "dvc", "stages", "tests"}


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
        server.connect(address)
        socket.send_fds(server, [b"\n"], [0, 1, 2])
        server.sendall(json.dumps(request).encode() + b"\n")
        answer = server.makefile().readline()
    status = int(answer or sys.exit("the server of tests/warm_start has ended"))
    if status < 0:
        if -status != signal.SIGKILL:
            signal.signal(-status, signal.SIG_DFL)
        os.kill(os.getpid(), -status)
    sys.exit(status)


main()
