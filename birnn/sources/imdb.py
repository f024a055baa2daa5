"""The Large Movie Review Dataset (Maas et al., ACL 2011, pages 142-150).

It has 25,000 labelled reviews per split, and 50,000 unlabelled reviews in the training split.

The archive is read as a stream and never extracted, so it cannot write any file.
"""

import gzip
import os
import re
import zlib
from collections.abc import Iterator
from itertools import product
from pathlib import Path

from tqdm import tqdm

from birnn.reviews.corpus import SPLITS, Digest, Review
from birnn.runtime.errors import InputError
from birnn.sources.download import download

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

# Reviews, and the lists of their films.
LABELLED = re.compile(r"(train|test)/((neg|pos)/\d{1,9}_\d{1,2}|urls_(neg|pos))\.txt")
UNLABELLED = re.compile(r"train/unsup/\d{1,9}_0\.txt")
FILM = re.compile(r"/title/(tt\d+)/")

# A tar archive: the size of its blocks, and fields of a header.
BLOCK = 512
NAME, SIZE = slice(100), slice(124, 136)

# The real archive holds 240 MB in files of up to 2.5 MB. Far more is an attack or another archive.
LARGEST_MEMBER = 20_000_000
LARGEST_ARCHIVE = 1_000_000_000


def read(archive: Path) -> Iterator[Review]:
    """Yield the labelled reviews of an archive, with their film as group.

    The training split comes first; in each split, negative reviews come first, in order of name.
    They are not verified, see `verify`.
    """
    files = dict(_files(archive, LABELLED))
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
    """Check that some reviews, such as `train`, have the digest of the dataset."""
    if digest != DIGESTS[name]:
        raise InputError(
            f"{archive}: the {name} reviews differ from the Large Movie Review Dataset "
            f"(digest {digest}, expected {DIGESTS[name]}): {ADVICE}"
        )


def _files(archive: Path, wanted: re.Pattern[str]) -> Iterator[tuple[str, str]]:
    """Yield the path and text of each file whose path matches a pattern.

    Each file follows a header and is padded to whole blocks. Python's tarfile takes three times as
    long, and reads some headers of any size.

    Bytes that are not UTF-8 are replaced, so that the text has another digest than the dataset.
    """
    total = 0
    try:
        with (
            gzip.open(archive) as content,
            tqdm(desc="reading", unit=" files", total=MEMBERS, disable=None) as progress,
        ):
            while (header := content.read(BLOCK)).strip(b"\0"):
                path = header[NAME].rstrip(b"\0").decode().removeprefix("aclImdb/")
                size = int(header[SIZE].strip(b"\0 "), 8)
                total += BLOCK + size
                if not 0 <= size <= LARGEST_MEMBER or total > LARGEST_ARCHIVE:
                    raise InputError(f"{archive} is larger than the dataset: {ADVICE}")
                file = content.read(size)
                content.read(-size % BLOCK)
                if wanted.fullmatch(path):
                    yield path, file.decode(errors="replace")
                progress.update()
    except (EOFError, zlib.error, OSError, ValueError) as error:
        raise InputError(f"{archive} is damaged or not the dataset ({error}): {ADVICE}") from error
