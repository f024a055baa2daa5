"""Fast `python` and `dvc` commands, forked from a server that has already imported the libraries.

Importing TensorFlow takes seconds, DVC most of a second, and tests start hundreds of processes. The
client passes its arguments, working directory, environment, file size limit and standard streams to
the forked process, and exits like it. It does not pass signals, the process group, umask and CPU
affinity. Variables that libraries read at import have no effect. Tests that depend on these use
`environment(warm=False)`. This works only on Linux.
"""

import shlex
import socket
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def start(folder: Path) -> subprocess.Popen[bytes]:
    """Write both programs into `folder`, and start their server, which ends with this process."""
    address = folder / "server"
    for program in ("python", "dvc"):
        client = [sys.executable, "-IS", HERE / "client.py", sys.executable, address, program]
        file = folder / program
        file.write_text(f'#!/bin/sh\nexec {shlex.join(map(str, client))} "$@"\n', encoding="utf-8")
        file.chmod(0o755)
    with socket.socket(socket.AF_UNIX) as listener, (folder / "log").open("w") as log:
        listener.bind(str(address))
        listener.listen(100)  # from now on, clients wait until the libraries are imported
        return subprocess.Popen(
            [sys.executable, HERE / "server.py", str(listener.fileno()), folder / "python"],
            pass_fds=[listener.fileno()],
            stdin=subprocess.PIPE,  # closed when this process ends, even if it is killed
            stdout=log,
            stderr=log,
        )
