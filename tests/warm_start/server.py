"""Import slow libraries once, then fork a process for each client.

server.py SOCKET PYTHON

SOCKET is the descriptor of a listening socket, and PYTHON the program that becomes
`sys.executable`. The server ends when its standard input is closed.
"""

import atexit
import gc
import importlib
import json
import os
import resource
import runpy
import select
import signal
import socket
import sys
import threading
import traceback
from typing import Any, NoReturn

LIBRARIES = [
    "tensorflow",
    "keras",
    "numba",
    "sklearn.linear_model",
    "gensim.models",
    "pyarrow.parquet",
    "matplotlib.pyplot",
    "jinja2",
    "markdown_it",
    "pydantic",
    "yaml",
    "rich.progress",
    "typer",
    "dvc.api",
    "dvc.cli.parser",
    "dvc.render",
    "dvc.repo.metrics.diff",
    "dvc.repo.plots.diff",
    "dvc.repo.experiments.queue.tempdir",
]


def main(descriptor: str, python: str) -> None:
    """Serve clients. Return only in a forked process, which then runs the client's program."""
    with socket.socket(fileno=int(descriptor)) as listener:
        for library in LIBRARIES:
            importlib.import_module(library)
        gc.freeze()
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel reaps children
        while True:
            ready, _, _ = select.select([listener, sys.stdin.fileno()], [], [])
            if listener not in ready:
                os._exit(0)
            client, _ = listener.accept()
            if os.fork() == 0:
                listener.close()
                request = serve(client)
                break
            client.close()
    sys.executable = python
    sys.argv = request["arguments"]
    sys.path[0] = request["folder"]


def serve(client: socket.socket) -> dict[str, Any]:
    """Fork a client's program and report its exit status. In the program, return the request."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    _, descriptors, _, _ = socket.recv_fds(client, 1, 3)
    request: dict[str, Any] = json.loads(client.makefile().readline())
    process = os.fork()
    if process:
        for descriptor in descriptors:
            os.close(descriptor)
        wait_for(process, client)
    client.close()
    adopt(request, descriptors)
    return request


def adopt(request: dict[str, Any], descriptors: list[int]) -> None:
    """Give this process the streams, folder, variables and limits of the client."""
    for number, descriptor in enumerate(descriptors):
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ |= request["environment"]
    resource.setrlimit(resource.RLIMIT_FSIZE, tuple(request["file_size"]))
    # The server may have inherited ignored signals.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def wait_for(process: int, client: socket.socket) -> NoReturn:
    """Report the exit status of a process to its client; kill the process if the client ends."""
    ended = os.pidfd_open(process)
    ready, _, _ = select.select([ended, client], [], [])
    if ended in ready:
        _, status = os.waitpid(process, 0)
        client.sendall(b"%d\n" % os.waitstatus_to_exitcode(status))
    else:
        os.kill(process, signal.SIGKILL)
    os._exit(0)


def run_program() -> NoReturn:
    """Run the module that `sys.argv` names, and exit without freeing the imported libraries.

    Freeing them would take longer than most programs run.
    """
    status: Any = 0
    try:
        runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
    except SystemExit as exit_:
        status = exit_.code
    except BaseException:  # noqa: BLE001  # as Python does
        traceback.print_exc()
        status = 1
    threading._shutdown()  # noqa: SLF001  # waits for threads, as Python does at exit
    atexit._run_exitfuncs()  # noqa: SLF001
    if isinstance(status, str):
        print(status, file=sys.stderr)
        status = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status or 0)


if __name__ == "__main__":
    main(*sys.argv[1:])
    run_program()
