"""Download a large file with a progress bar, resume if interrupted, and verify it."""

import hashlib
from http import HTTPStatus
from pathlib import Path

import requests
import urllib3
from requests.adapters import HTTPAdapter
from tqdm import tqdm

from birnn.runtime.errors import InputError

TIMEOUT = 20  # seconds, to connect and between two chunks
CHUNK_SIZE = 1 << 20  # bytes


class UnreachableError(InputError):
    """There is no network: no server answered, or a proxy refused the connection."""


def download(address: str, file: Path, expected: str) -> None:
    """Download `file` from `address`, and check that its sha256 is `expected`, in hex.

    Incomplete downloads are saved in a `.partial` file next to it, from which this and later calls
    resume.

    Raises:
        UnreachableError: there is no network.
    """
    partial = file.with_name(f"{file.name}.partial")
    partial.parent.mkdir(parents=True, exist_ok=True)
    while True:
        size = _size(partial)
        try:
            _append(address, partial)
            break
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            if _size(partial) <= size:
                reason = getattr(error.args[0], "reason", error) if error.args else error
                advice = f"({reason}): run again later, or download it yourself to {file}"
                if _is_unreachable(error):
                    raise UnreachableError(f"{address} cannot be reached {advice}") from error
                raise InputError(f"{address} cannot be downloaded {advice}") from error
    with partial.open("rb") as content:
        actual = hashlib.file_digest(content, "sha256").hexdigest()
    if actual != expected:
        partial.unlink()
        raise InputError(
            f"{address} returned a file with hash {actual}, expected {expected}; it was deleted: "
            f"run again, or download it yourself to {file}"
        )
    partial.replace(file)


def _is_unreachable(error: Exception) -> bool:
    """Return whether no server answered, or a proxy refused the connection."""
    if isinstance(error, requests.HTTPError):
        return error.response.status_code == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED
    # A proxy answered, with its own certificate.
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return False
    return isinstance(error, requests.ConnectionError | requests.Timeout)


def _append(address: str, partial: Path) -> None:
    """Download the rest of the file, or all of it if the server does not support ranges."""
    start = _size(partial)
    with requests.Session() as session:
        session.mount("https://", HTTPAdapter(max_retries=urllib3.Retry(2, backoff_factor=0.5)))
        # The bytes as stored on the server: a gzip file must not be decompressed on the way.
        headers = {"Accept-Encoding": "identity", "Range": f"bytes={start}-"}
        with session.get(address, headers=headers, stream=True, timeout=TIMEOUT) as response:
            if response.status_code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and start:
                return
            response.raise_for_status()
            if response.status_code != HTTPStatus.PARTIAL_CONTENT:
                start = 0
            length = int(response.headers.get("Content-Length", 0))
            with (
                partial.open("ab" if start else "wb") as output,
                tqdm(
                    desc=f"downloading {partial.stem}",
                    initial=start,
                    total=start + length or None,
                    unit="B",
                    unit_scale=True,
                    disable=None,
                ) as progress,
            ):
                for chunk in response.raw.stream(CHUNK_SIZE, decode_content=False):
                    output.write(chunk)
                    progress.update(len(chunk))


def _size(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0
