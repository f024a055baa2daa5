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
from itertools import product
from pathlib import Path

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
    for split, label in product(SPLITS, LABELS):
        # Line N of the list of films names the film of review N.
        films = files.get(f"{split}/urls_{label}.txt", "").split("\n")
        for path in sorted(path for path in files if path.startswith(f"{split}/{label}/")):
            number = int(Path(path).stem.partition("_")[0])
            film = FILM.search(films[number]) if number < len(films) else None
            if film is None:
                raise InputError(f"{archive} does not name the film of {path}: {ADVICE}")
            yield Review(split, path, film[1], LABELS[label], files.pop(path))


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
        with _LimitedFile(archive) as content, tarfile.open(fileobj=content, mode="r|") as tar:
            for member in tqdm(tar, desc="reading", unit=" files", total=MEMBERS, disable=None):
                content.check(member)
                path = member.name.removeprefix("aclImdb/")
                is_wanted = any(pattern.fullmatch(path) for pattern in wanted)
                if is_wanted and (file := tar.extractfile(member)):
                    yield path, file.read().decode(errors="replace")
                # Otherwise tarfile would hold every member in memory.
                tar.members.clear()  # type: ignore[attr-defined]
    # tarfile raises ValueError if a number in an extended header is malformed.
    except (tarfile.TarError, EOFError, zlib.error, OSError, ValueError) as error:
        raise InputError(f"{archive} is damaged or not the dataset ({error}): {ADVICE}") from error


class _LimitedFile(gzip.GzipFile):
    """A decompressed archive that refuses members and sizes that the dataset cannot have."""

    member_start = 0

    def read(self, size: int | None = -1) -> bytes:
        """Return up to `size` bytes; tarfile itself would read a header of any size."""
        chunk = super().read(size)
        if self.tell() > LARGEST_ARCHIVE or self.tell() - self.member_start > LARGEST_MEMBER:
            raise tarfile.ReadError("larger than the dataset")
        return chunk

    def check(self, member: tarfile.TarInfo) -> None:
        """Refuse a member that the dataset cannot have, before it is read."""
        self.member_start = self.tell()
        if member.name.startswith("/") or ".." in member.name.split("/"):
            raise tarfile.ReadError(f"the member {member.name!r} points outside the archive")
        if not (member.isfile() or member.isdir()):
            raise tarfile.ReadError(f"the member {member.name!r} is neither a file nor a folder")
