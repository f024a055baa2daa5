"""Tests of downloads from a local server that disconnects, ignores ranges, or sends other bytes."""

import hashlib
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from birnn.core.errors import InputError
from birnn.corpora.download import UnreachableError, download

CONTENT = bytes(range(256)) * 4096
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Handler(BaseHTTPRequestHandler):
    """Serves CONTENT: `/whole`, `/no-ranges`, or `/breaking`, which sends a quarter per request.

    A path such as `/404` gives this status, and the server is no proxy.
    """

    starts: ClassVar[list[int]] = []

    def do_GET(self) -> None:
        """Respond according to the path."""
        if self.path[1:].isdecimal():
            self.send_error(int(self.path[1:]))
            return
        start = int(re.findall(r"bytes=(\d+)-", self.headers["Range"])[0])
        start = 0 if self.path == "/no-ranges" else start
        self.starts.append(start)
        if start >= len(CONTENT):
            self.send_error(416)
            return
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(CONTENT) - start))
        self.end_headers()
        end = start + len(CONTENT) // 4 if self.path == "/breaking" else len(CONTENT)
        self.wfile.write(CONTENT[start:end])

    def do_CONNECT(self) -> None:
        """Refuse to be a proxy."""
        self.send_error(403)

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@pytest.fixture
def address() -> Iterator[str]:
    """Return the address of a server."""
    Handler.starts.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return a path in a folder that does not exist yet."""
    return tmp_path / "raw" / "archive.tar.gz"


def test_download_writes_only_the_file(address: str, file: Path) -> None:
    download(f"{address}/whole", file, SHA256)
    assert file.read_bytes() == CONTENT
    assert list(file.parent.iterdir()) == [file]


def test_interrupted_download_resumes(address: str, file: Path) -> None:
    download(f"{address}/breaking", file, SHA256)
    quarter = len(CONTENT) // 4
    assert Handler.starts == [0, quarter, 2 * quarter, 3 * quarter]
    assert file.read_bytes() == CONTENT


@pytest.mark.parametrize(("path", "start"), [("whole", 1000), ("no-ranges", 0)])
def test_partial_file_of_an_earlier_call_is_used(
    address: str, file: Path, path: str, start: int
) -> None:
    file.parent.mkdir()
    file.with_name("archive.tar.gz.partial").write_bytes(CONTENT[:1000])
    download(f"{address}/{path}", file, SHA256)
    assert Handler.starts == [start]
    assert file.read_bytes() == CONTENT


def test_complete_partial_file_is_accepted(address: str, file: Path) -> None:
    file.parent.mkdir()
    file.with_name("archive.tar.gz.partial").write_bytes(CONTENT)
    download(f"{address}/whole", file, SHA256)
    assert file.read_bytes() == CONTENT


@pytest.mark.parametrize("algorithm", ["sha256", "md5"])
def test_wrong_hash_deletes_the_file(address: str, file: Path, algorithm: str) -> None:
    actual, other = (hashlib.new(algorithm, content).hexdigest() for content in (CONTENT, b""))
    with pytest.raises(InputError, match=f"hash {actual}, expected {other}"):
        download(f"{address}/whole", file, other)
    assert list(file.parent.iterdir()) == []
    download(f"{address}/whole", file, actual)
    assert file.read_bytes() == CONTENT


@pytest.mark.parametrize("path", ["403", "404", "500"])
def test_answer_other_than_the_file_is_an_error(address: str, file: Path, path: str) -> None:
    with pytest.raises(InputError, match=f"cannot be downloaded .{path} .* yourself to") as error:
        download(f"{address}/{path}", file, SHA256)
    assert not isinstance(error.value, UnreachableError)
    assert not file.exists()


@pytest.mark.parametrize("source", ["closed port", "unknown host", "http proxy", "https proxy"])
def test_missing_network_is_unreachable(
    address: str, file: Path, monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    addresses = {"http proxy": f"{address}/407", "unknown host": "http://host.invalid/whole"}
    if source == "https proxy":
        monkeypatch.setenv("HTTPS_PROXY", address)
        addresses[source] = "https://host.invalid/whole"
    with pytest.raises(UnreachableError, match="cannot be reached"):
        download(addresses.get(source, "http://127.0.0.1:9/whole"), file, SHA256)
    assert not file.exists()
