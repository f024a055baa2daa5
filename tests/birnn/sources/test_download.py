"""Tests of downloads from a local server that disconnects, ignores ranges, or sends other bytes."""

import gzip
import hashlib
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest
import urllib3

from birnn.runtime.errors import InputError
from birnn.sources.download import UnreachableError, download

CONTENT = gzip.compress(bytes(range(256)), mtime=0)
SIZE, QUARTER = len(CONTENT), len(CONTENT) // 4
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Handler(BaseHTTPRequestHandler):
    """Serves CONTENT: `/whole`, `/no-ranges`, or `/breaking`, which sends a quarter per request.

    A path such as `/404` gives this status. The server refuses to be a proxy.
    """

    starts: ClassVar[list[int]] = []

    def do_GET(self) -> None:
        if self.path[1:].isdecimal():
            self.send_error(int(self.path[1:]))
            return
        start = int(re.findall(r"bytes=(\d+)-", self.headers["Range"])[0])
        start = 0 if self.path == "/no-ranges" else start
        self.starts.append(start)
        if start >= SIZE:
            self.send_error(416)
            return
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(SIZE - start))
        self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        self.wfile.write(CONTENT[start : start + QUARTER if self.path == "/breaking" else SIZE])

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@pytest.fixture
def address() -> Iterator[str]:
    Handler.starts.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return a path in a folder that does not exist yet."""
    return tmp_path / "data" / "raw" / "archive.tar.gz"


@pytest.mark.parametrize(
    ("path", "saved", "starts"),
    [
        ("whole", 0, [0]),
        ("whole", 100, [100]),
        ("whole", SIZE, [SIZE]),
        ("no-ranges", 100, [0]),
        ("breaking", 0, list(range(0, SIZE, QUARTER))),
    ],
)
def test_download_resumes_and_leaves_only_the_file(
    address: str, file: Path, path: str, saved: int, starts: list[int]
) -> None:
    if saved:
        file.parent.mkdir(parents=True)
        file.with_name("archive.tar.gz.partial").write_bytes(CONTENT[:saved])
    download(f"{address}/{path}", file, SHA256)
    assert Handler.starts == starts
    assert file.read_bytes() == CONTENT
    assert list(file.parent.iterdir()) == [file]


def test_wrong_hash_deletes_the_file(address: str, file: Path) -> None:
    other = hashlib.sha256(b"").hexdigest()
    with pytest.raises(InputError, match=f"hash {SHA256}, expected {other}"):
        download(f"{address}/whole", file, other)
    assert list(file.parent.iterdir()) == []
    download(f"{address}/whole", file, SHA256)
    assert file.read_bytes() == CONTENT


@pytest.mark.parametrize("path", ["404", "416", "500"])
def test_answer_other_than_the_file_is_an_error(address: str, file: Path, path: str) -> None:
    with pytest.raises(InputError, match=f"cannot be downloaded .{path} .* yourself to") as error:
        download(f"{address}/{path}", file, SHA256)
    assert not isinstance(error.value, UnreachableError)
    assert not file.exists()


def test_missing_network_is_unreachable(
    address: str, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", address)
    monkeypatch.setattr(urllib3.Retry, "get_backoff_time", lambda _: 0)
    # No server, a proxy that opens no tunnel, and a network that requires a login.
    for url in ("http://127.0.0.1:9", "https://host.invalid", f"{address}/407"):
        with pytest.raises(UnreachableError, match="cannot be reached"):
            download(url, file, SHA256)
