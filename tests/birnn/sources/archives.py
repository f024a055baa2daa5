"""Small archives in the shape of the Large Movie Review Dataset."""

import io
import tarfile
from pathlib import Path

REVIEWS = {
    "train/neg/0_1.txt": b"A dull film.",
    "train/neg/1_3.txt": b"Na\xc3\xafve, and worse.",
    "train/pos/0_9.txt": b"A <br />good film!",
    "train/pos/10_8.txt": b"Good.",
    "train/pos/2_10.txt": b"Very good.",
    "test/neg/0_2.txt": b"Bad.",
    "test/pos/0_7.txt": b"Fine.",
}
FILMS = {
    f"{split}/urls_{label}.txt": b"".join(
        b"http://host/title/tt%07d/usercomments\n" % (number // 2) for number in range(11)
    )
    for split in ("train", "test")
    for label in ("neg", "pos")
}
UNLABELLED = {
    "train/unsup/0_0.txt": b"No label.",
    "train/unsup/10_0.txt": b"None h\xc3\xa9re.",
    "train/unsup/2_0.txt": b"Nor here.",
}
# Unlabelled reviews with the text of a training review and of a test review.
COPIES = {"train/unsup/3_0.txt": b"Good.", "train/unsup/4_0.txt": b"Fine."}
WHOLE = REVIEWS | FILMS | UNLABELLED | COPIES | {"README": b"Read me."}


def plain(name: str, content: bytes) -> tuple[tarfile.TarInfo, bytes]:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    return member, content


def special(name: str, kind: bytes) -> tuple[tarfile.TarInfo, bytes]:
    """Return a link, device or folder as a member of an archive."""
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, "/etc/passwd"
    return member, b""


def write(file: Path, contents: dict[str, bytes], *others: tuple[tarfile.TarInfo, bytes]) -> Path:
    """Write an archive of `contents` in the dataset's folder, followed by `others`."""
    with tarfile.open(file, "w:gz") as tar:
        members = [plain(f"aclImdb/{name}", content) for name, content in contents.items()]
        for member, content in [*members, *others]:
            tar.addfile(member, io.BytesIO(content))
    return file
