"""Download of one large file: shown, resumed when interrupted, verified before use."""

import hashlib
from pathlib import Path

import requests
import urllib3
from requests.adapters import HTTPAdapter
from tqdm import tqdm

from birnn.core.errors import InputError

TIMEOUT = 20  # seconds, to connect and between two pieces
PIECE = 1 << 20  # bytes


class UnreachableError(InputError):
    """The source of a file cannot be reached, now and from here."""


def download(address: str, file: Path, sha256: str) -> None:
    """Bring `file` from `address`.

    What has come is kept in a `.partial` file beside it, from which this and later calls go on.

    Raises:
        UnreachableError: a try brought nothing new.
        InputError: what came does not have the expected sha256; it is deleted.
    """
    partial = file.with_name(f"{file.name}.partial")
    partial.parent.mkdir(parents=True, exist_ok=True)
    complete = False
    while not complete:
        size = _size(partial)
        try:
            _append(address, partial)
            complete = True
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            if _size(partial) == size:
                reason = getattr(error.args[0], "reason", error) if error.args else error
                raise UnreachableError(f"{address} cannot be reached ({reason})") from error
    found = compute_sha256(partial)
    if found != sha256:
        partial.unlink()
        raise InputError(
            f"{address} gave a file with sha256 {found}, expected {sha256}; it was deleted: "
            "run again, or bring the file by other means"
        )
    partial.replace(file)


def _append(address: str, partial: Path) -> None:
    """Bring the rest of the file; the server says whether it can begin in the middle."""
    start = _size(partial)
    with requests.Session() as session:
        session.mount("https://", HTTPAdapter(max_retries=urllib3.Retry(2, backoff_factor=0.5)))
        # The bytes as they lie on the server: a gzip file must not be unpacked on the way.
        headers = {"Accept-Encoding": "identity", "Range": f"bytes={start}-"}
        with session.get(address, headers=headers, stream=True, timeout=TIMEOUT) as response:
            if response.status_code == requests.codes.requested_range_not_satisfiable and start:
                return
            response.raise_for_status()
            resumed = response.status_code == requests.codes.partial_content
            length = int(response.headers.get("Content-Length", 0))
            with (
                partial.open("ab" if resumed else "wb") as output,
                tqdm(
                    desc=f"downloading {partial.stem}",
                    initial=start if resumed else 0,
                    total=length + (start if resumed else 0) or None,
                    unit="B",
                    unit_scale=True,
                    disable=None,
                ) as progress,
            ):
                for piece in response.raw.stream(PIECE, decode_content=False):
                    output.write(piece)
                    progress.update(len(piece))


def _size(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0


def compute_sha256(file: Path) -> str:
    """Return the sha256 of a file, in hex."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
