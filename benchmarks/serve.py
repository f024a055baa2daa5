"""Load test of `birnn serve` with models of the last run: `make bench-serve`.

Clients and server share this machine. Texts are random words of the vocabulary, as frequent as by
Zipf's law. Every answer is compared with the answer to the same text on an idle server.
"""

import asyncio
import json
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from itertools import cycle, islice, takewhile
from typing import Annotated, Any

import httpx2
import numpy as np
import psutil
import typer
from rich.console import Console
from rich.table import Table

from benchmarks.memory import own_memory
from benchmarks.project import require, run
from birnn.core.paths import PADDED
from birnn.reviews import encoding
from birnn.runtime.errors import InputError

WORDS = 230  # per text, about as in IMDB
TEXTS = 100  # distinct texts
CLIENTS = 16
SECONDS = 10  # per kind of request
TOLERANCE = 1e-5  # of a probability; the size of a batch changes the last digits
WARM_UP = 2_000  # requests before memory is measured
SLOW_CLIENTS = 20
SLOWNESS = 0.02  # seconds per byte


@dataclass
class Server:
    """A running server, and the statuses and errors of all its answers."""

    client: httpx2.AsyncClient
    expected: dict[str, float] = field(default_factory=dict)  # probability of each text
    answers: Counter[str] = field(default_factory=Counter)  # by status, and wrong and lost ones

    @property
    def port(self) -> int:
        """Port of the server."""
        return int(self.client.base_url.port or 0)

    async def predict(self, texts: list[str]) -> None:
        """Ask for predictions, and again if the server refuses."""
        answer = await self._ask("/predict", {"texts": texts})
        for text, prediction in zip(texts, answer["predictions"], strict=True):
            self._check(text, prediction["probability"])

    async def explain(self, texts: list[str]) -> None:
        """Ask for the explanation of the first text, and again if the server refuses."""
        answer = await self._ask("/explain", {"text": texts[0]})
        self._check(texts[0], answer["probability"])

    async def _ask(self, path: str, content: object) -> dict[str, Any]:
        while True:
            try:
                answer = await self.client.post(path, json=content)
            except httpx2.HTTPError:
                self.answers["lost"] += 1
                raise
            self.answers[str(answer.status_code)] += 1
            if answer.status_code != httpx2.codes.SERVICE_UNAVAILABLE:
                return dict(answer.raise_for_status().json())
            await asyncio.sleep(int(answer.headers["Retry-After"]))

    def _check(self, text: str, probability: float) -> None:
        if abs(self.expected.setdefault(text, probability) - probability) > TOLERANCE:
            self.answers["wrong"] += 1


Ask = Callable[[list[str]], Awaitable[None]]


def main(
    model: Annotated[str | None, typer.Option(help="as of `birnn serve`")] = None,
    requests: Annotated[int, typer.Option(help="requests during abuse")] = 20_000,
) -> None:
    """Print the speed of each kind of request, the memory, and how abuse and overload end."""
    require(PADDED)
    with start(model) as (process, port):
        asyncio.run(measure(process, port, requests))


async def measure(process: subprocess.Popen[str], port: int, requests: int) -> None:
    """Run all parts on a server."""
    texts = random_texts()
    table = Table("", "clients", "requests per second", "median, ms", "99th percentile, ms")
    async with httpx2.AsyncClient(
        base_url=f"http://127.0.0.1:{port}",
        timeout=None,
        limits=httpx2.Limits(max_connections=None),
    ) as client:
        server = Server(client)
        for text in texts:  # one at a time, for the expected answers
            await server.predict([text])
        single, many = [[text] for text in texts], [texts * 5]
        for name, ask, batches, clients in (
            ("predict, 1 text", server.predict, single, 1),
            ("predict, 1 text", server.predict, single, CLIENTS),
            ("predict, 500 texts", server.predict, many, 2),
            ("explain", server.explain, single, 1),
            ("explain", server.explain, single, CLIENTS),
        ):
            table.add_row(name, str(clients), *await load(ask, for_seconds(batches), clients))
        first, memory = min(WARM_UP, requests // 2), []
        async with abuse(server):
            for count in (first, requests - first):
                row = await load(server.predict, islice(cycle(single), count), CLIENTS)
                memory.append(f"{own_memory(psutil.Process(process.pid)):.0f}")
        table.add_row("predict, 1 text, during abuse", str(CLIENTS), *row)
        start_time = time.perf_counter()
        await asyncio.gather(*(server.explain([text]) for text in texts))
        overload = time.perf_counter() - start_time
        Console(width=100).print(table)
        print(f"memory after {first:,} and {requests:,} requests, MB: {', '.join(memory)}")
        print(f"{TEXTS} explanations at once: all answered after {overload:.0f} s")
        print(f"answers by status: {dict(sorted(server.answers.items()))}")
        if server.answers["wrong"] or server.answers["lost"]:
            raise InputError("answers were wrong or lost")


async def load(ask: Ask, batches: Iterator[list[str]], clients: int) -> tuple[str, str, str]:
    """Return requests per second, and the median and 99th percentile of the latency in ms."""
    latencies: list[float] = []

    async def client() -> None:
        for batch in batches:
            start_time = time.perf_counter()
            await ask(batch)
            latencies.append(time.perf_counter() - start_time)

    start_time = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(clients)))
    speed = len(latencies) / (time.perf_counter() - start_time)
    median, largest = 1_000 * np.percentile(latencies, [50, 99])
    return f"{speed:.0f}" if speed >= 10 else f"{speed:.1f}", f"{median:.0f}", f"{largest:.0f}"  # noqa: PLR2004


def for_seconds(batches: list[list[str]]) -> Iterator[list[str]]:
    """Return an iterator that repeats the batches for SECONDS."""
    end = time.perf_counter() + SECONDS
    return takewhile(lambda _: time.perf_counter() < end, cycle(batches))


@asynccontextmanager
async def abuse(server: Server) -> AsyncIterator[None]:
    """Send slow, aborted, malformed and oversized requests while the block runs."""
    kinds = (*[send_slowly] * SLOW_CLIENTS, abort, send_invalid)
    tasks = [asyncio.create_task(kind(server)) for kind in kinds]
    yield
    for task in tasks:
        task.cancel()
    ended = await asyncio.gather(*tasks, return_exceptions=True)
    if errors := [error for error in ended if not isinstance(error, asyncio.CancelledError)]:
        raise InputError(f"abuse failed: {errors[0]!r}")


async def send_slowly(server: Server) -> None:
    """Send requests one byte at a time, until cancelled."""
    while True:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        for byte in raw_request("/predict", {"texts": ["A slow client."]}):
            writer.write(bytes([byte]))
            await asyncio.sleep(SLOWNESS)
        status = (await reader.readline()).split()[1].decode()
        server.answers[f"{status} to a slow client"] += 1
        writer.close()


async def abort(server: Server) -> None:
    """Close connections without waiting for the answer, until cancelled."""
    while True:
        _, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(raw_request("/explain", {"text": "A client that does not wait."}))
        await writer.drain()
        writer.close()
        server.answers["aborted"] += 1
        await asyncio.sleep(1)


async def send_invalid(server: Server) -> None:
    """Send malformed and oversized requests, until cancelled."""
    for content in cycle((b"{", b"\xff", b'{"texts": 1}', b" " * 5_000_000)):
        answer = await server.client.post(
            "/predict", content=content, headers={"Content-Type": "application/json"}
        )
        server.answers[f"{answer.status_code} to an invalid request"] += 1
        await asyncio.sleep(0.1)


def raw_request(path: str, content: object) -> bytes:
    """Return the bytes of a request, after whose answer the connection is closed."""
    body = json.dumps(content)
    return (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}"
    ).encode()


def random_texts() -> list[str]:
    """Return texts of random words."""
    words = encoding.read(PADDED).words
    weights = 1 / np.arange(1, len(words) + 1)
    chosen = np.random.default_rng(0).choice(words, (TEXTS, WORDS), p=weights / weights.sum())
    return [" ".join(row) for row in chosen]


@contextmanager
def start(model: str | None) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Start a server of a model on a free port, and yield its process and port."""
    options = ["--model", model] if model else []
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with subprocess.Popen(
        [sys.executable, "-m", "birnn_apps", "serve", "--port", str(port), *options],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,  # a warning for each malformed request
        text=True,
    ) as process:
        try:
            while not _listens(port):
                if process.poll() is not None:
                    raise InputError("the server did not start: run birnn serve to see why")
                time.sleep(0.1)
            yield process, port
        finally:
            process.kill()


def _listens(port: int) -> bool:
    with suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
        return True
    return False


if __name__ == "__main__":
    run(main)
