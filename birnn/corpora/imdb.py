"""The Large Movie Review Dataset (Maas et al., ACL 2011, pages 142-150).

It has 25,000 labelled reviews per split, and 50,000 unlabelled reviews in the training split.

The archive is read as a stream and never extracted, so it cannot write any file.
"""

import gzip
import os
import re
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, cast

from tqdm import tqdm

from birnn.core.errors import InputError
from birnn.corpora.corpus import SPLITS, Digest, Review
from birnn.corpora.download import download

ADDRESS = "https://ai.stanford.edu/~amaas/data/sentiment/aclImdb_v1.tar.gz"
SHA256 = "c40f74a18d3b61f90feba1e17730e0d38e8b97c05fde7008942e91923d1658fe"
LOCAL_COPY = "IMDB_ARCHIVE"

# Digests of the reviews of each split, negative reviews first, in order of name.
DIGESTS = {
    "train": "e2e5e63a9356d92ca3d30e53ebee611a9f0e397ddc6f0256f1bf24100309fafb",
    "test": "460da24638fd0ad6ff1f057095429340ebf910e9598ac80b5d6af7baf3de0374",
    "train/unsup": "c3eabc7e31234b351cd782ae2d1bdfb975c398c952b142901500ca42a811cc8b",
}
LABELS = {"neg": 0, "pos": 1}
MEMBERS = 100_022  # files and folders in the archive
ADVICE = f"delete it, or set {LOCAL_COPY} to an intact copy"

REVIEW = re.compile(r"(train|test)/(neg|pos)/\d{1,9}_\d{1,2}\.txt")
UNLABELLED = re.compile(r"train/unsup/\d{1,9}_0\.txt")
FILMS = re.compile(r"(train|test)/urls_(neg|pos)\.txt")
FILM = re.compile(r"/title/(tt\d+)/")

# The real archive holds 240 MB in files of up to 2.5 MB. Far more is an attack or another archive.
LARGEST_MEMBER = 20_000_000
LARGEST_ARCHIVE = 1_000_000_000


def read(archive: Path) -> Iterator[Review]:
    """Yield the labelled reviews of an archive, with their film as group.

    The training split comes first; in each split, negative reviews come first, in order of name.
    They are not verified, see `verify`.
    """
    files = dict(_files(archive, REVIEW, FILMS))
    for split in SPLITS:
        for label in LABELS:
            yield from _reviews(archive, files, split, label)


def read_unlabelled(archive: Path) -> list[str]:
    """Return the texts of the unlabelled reviews of an archive, in order of name."""
    files = sorted(dict(_files(archive, UNLABELLED)).items())
    digest = Digest()
    for path, text in files:
        digest.add(path, text)
    verify(archive, "train/unsup", digest.hexdigest())
    return [text for _, text in files]


def locate(raw: Path) -> Path:
    """Return the archive.

    It is the local copy named by the environment variable IMDB_ARCHIVE, or else the file in the
    folder `raw`, which is downloaded if missing.

    Raises:
        UnreachableError: there is no copy, and the download failed.
    """
    if local_copy := os.environ.get(LOCAL_COPY):
        archive = Path(local_copy)
        if not archive.is_file():
            raise InputError(f"{LOCAL_COPY} names {archive}, which is not a file: fix or unset it")
        return archive
    archive = raw / "aclImdb_v1.tar.gz"
    if not archive.exists():
        download(ADDRESS, archive, SHA256)
    return archive


def verify(archive: Path, name: str, digest: str) -> None:
    """Check that the digest of some reviews, such as `train`, is the dataset's."""
    if digest != DIGESTS[name]:
        raise InputError(
            f"{archive}: the {name} reviews differ from the Large Movie Review Dataset "
            f"(digest {digest}, expected {DIGESTS[name]}): {ADVICE}"
        )


def _files(archive: Path, *wanted: re.Pattern[str]) -> Iterator[tuple[str, str]]:
    """Yield the path and text of each file whose path matches one of the patterns.

    Bytes that are not UTF-8 are replaced, so that the text has another digest than the dataset.
    """
    try:
        # Opened by gzip, because tarfile alone accepts a file that is truncated between members.
        with gzip.open(archive) as content:
            limited = _LimitedReader(archive, content)
            with tarfile.open(fileobj=cast("IO[bytes]", limited), mode="r|") as tar:
                for member in tqdm(tar, desc="reading", unit=" files", total=MEMBERS, disable=None):
                    limited.check(member)
                    path = member.name.removeprefix("aclImdb/")
                    is_wanted = any(pattern.fullmatch(path) for pattern in wanted)
                    if is_wanted and (file := tar.extractfile(member)):
                        yield path, file.read().decode(errors="replace")
                    # Otherwise tarfile would hold every member in memory.
                    tar.members.clear()  # type: ignore[attr-defined]
    # tarfile raises ValueError if a number in an extended header is malformed.
    except (tarfile.TarError, EOFError, zlib.error, OSError, ValueError) as error:
        raise InputError(f"{archive} is truncated or not an archive ({error}): {ADVICE}") from error


class _LimitedReader:
    """A reader of the decompressed archive that stops at sizes the dataset cannot have."""

    def __init__(self, archive: Path, content: gzip.GzipFile) -> None:
        self._archive = archive
        self._content = content
        self._read = 0
        self._member_bytes = 0

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes; tarfile itself would read a header of any size."""
        chunk = self._content.read(size)
        self._read += len(chunk)
        self._member_bytes += len(chunk)
        if self._read > LARGEST_ARCHIVE or self._member_bytes > LARGEST_MEMBER:
            raise InputError(f"{self._archive} is larger than the dataset: {ADVICE}")
        return chunk

    def check(self, member: tarfile.TarInfo) -> None:
        """Raise InputError for a member that the dataset cannot have, before it is read."""
        self._member_bytes = 0
        if member.name.startswith("/") or ".." in member.name.split("/"):
            reason = "points outside the archive"
        elif not (member.isfile() or member.isdir()):
            reason = "is neither a plain file nor a folder"
        else:
            return
        raise InputError(f"{self._archive}: the member {member.name!r} {reason}: {ADVICE}")


def _reviews(archive: Path, files: dict[str, str], split: str, label: str) -> Iterator[Review]:
    """Yield the reviews of one folder; line N of its list of films names the film of review N."""
    folder = f"{split}/{label}/"
    films = files.get(f"{split}/urls_{label}.txt", "").split("\n")
    for path in sorted(path for path in files if path.startswith(folder)):
        number = int(path.removeprefix(folder).partition("_")[0])
        film = FILM.search(films[number]) if number < len(films) else None
        if film is None:
            raise InputError(f"{archive} does not name the film of {path}: {ADVICE}")
        yield Review(split, path, film[1], LABELS[label], files.pop(path), path)
