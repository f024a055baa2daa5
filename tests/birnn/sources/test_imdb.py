"""Tests of the IMDB archive: read as a stream, and refused if it is damaged or malicious."""

import gzip
import tarfile
from pathlib import Path

import pytest

from birnn.reviews import corpus_writer
from birnn.reviews.corpus import Digest
from birnn.sources import imdb, registry
from tests.birnn.sources import archives
from tests.birnn.sources.archives import plain, special
from tests.projects import DEFAULTS, refusal


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a small archive, which IMDB_ARCHIVE names and whose digests are accepted."""
    digests = {name: Digest() for name in imdb.DIGESTS}
    for name, content in sorted((archives.REVIEWS | archives.UNLABELLED | archives.COPIES).items()):
        folder = "train/unsup" if "unsup" in name else name.partition("/")[0]
        digests[folder].add(name, content.decode())
    for name, digest in digests.items():
        monkeypatch.setitem(imdb.DIGESTS, name, digest.hexdigest())
    archive = archives.write(tmp_path / "imdb.tar.gz", archives.WHOLE)
    monkeypatch.setenv("IMDB_ARCHIVE", str(archive))
    return archive


def fetch(folder: Path) -> dict[str, int]:
    """Store the reviews of the archive, and return the numbers of unlabelled ones."""
    corpus = registry.find(DEFAULTS.fetch, DEFAULTS.csv)
    corpus_writer.write(corpus, folder)
    texts = corpus.read_unlabelled()
    return corpus_writer.write_unlabelled(texts, folder, folder, corpus.tokenizer)


def error_message(archive: Path) -> str:
    message = refusal(fetch, archive.parent)
    assert str(archive) in message
    assert "delete it, or set IMDB_ARCHIVE to an intact copy" in message
    return message


def test_reviews_are_sorted_negative_first(archive: Path) -> None:
    # The order in the archive and other members do not matter.
    folder = special("aclImdb/train/pos/3_9.txt", tarfile.DIRTYPE)
    largest = plain("aclImdb/largest", bytes(10_000_000))
    archives.write(archive, dict(reversed(archives.WHOLE.items())), folder, largest)
    reviews = list(imdb.read(archive))
    # The number of a review is the line of its film.
    assert [(review.id, review.group, review.label) for review in reviews] == [
        ("train/neg/0_1.txt", "tt0000000", 0),
        ("train/neg/1_3.txt", "tt0000000", 0),
        ("train/pos/0_9.txt", "tt0000000", 1),
        ("train/pos/10_8.txt", "tt0000005", 1),
        ("train/pos/2_10.txt", "tt0000001", 1),
        ("test/neg/0_2.txt", "tt0000000", 0),
        ("test/pos/0_7.txt", "tt0000000", 1),
    ]
    for review in reviews:
        assert review.split == review.id.partition("/")[0]
        assert review.text == archives.REVIEWS[review.id].decode()


@pytest.mark.parametrize(
    ("path", "content", "split"),
    [
        ("train/pos/2_10.txt", b"Another.", "train"),
        ("test/neg/0_2.txt", b"Bad.\xff", "test"),
        ("train/unsup/0_0.txt", b"Another.", "train/unsup"),
    ],
)
def test_other_reviews_than_the_datasets_are_refused(
    archive: Path, path: str, content: bytes, split: str
) -> None:
    archives.write(archive, archives.WHOLE | {path: content})
    assert f"the {split} reviews differ from the Large Movie" in error_message(archive)


def test_damaged_archive_is_refused(archive: Path) -> None:
    whole = archive.read_bytes()
    truncated = [whole[:size] for size in (0, 1, 10, 300, len(whole) // 2)]
    damaged = gzip.compress(b"")[:10] + b"\xff" * 100
    for content in (*truncated, damaged, b"<html>Not found</html>" * 100):
        archive.write_bytes(content)
        expected = "is damaged or not the dataset" if content else "the train reviews differ"
        assert expected in error_message(archive)


@pytest.mark.parametrize(
    ("member", "expected"),
    [
        (plain("aclImdb/train/urls_neg.txt", b""), "does not name the film of train/neg/0_1."),
        (plain("aclImdb/train/neg/11_1.txt", b"11"), "does not name the film of train/neg/11_1."),
        (plain("aclImdb/bomb", bytes(20_100_000)), "is larger than the dataset"),
        (special("aclImdb/train/neg/1_3.txt", tarfile.SYMTYPE), "the train reviews differ"),
    ],
)
def test_member_that_the_dataset_does_not_have_is_named(
    archive: Path, member: tuple[tarfile.TarInfo, bytes], expected: str
) -> None:
    # The last of several members of a name is read.
    archives.write(archive, archives.WHOLE, member)
    assert expected in error_message(archive)


def test_huge_archive_is_refused(archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    size = sum(512 + len(content) for content in archives.WHOLE.values())  # with headers
    # The real limit is 1 GB, which would take seconds to read.
    monkeypatch.setattr(imdb, "LARGEST_ARCHIVE", size)
    assert len(list(imdb.read(archive))) == len(archives.REVIEWS)
    monkeypatch.setattr(imdb, "LARGEST_ARCHIVE", size - 1)
    assert "larger than the dataset" in error_message(archive)


@pytest.mark.parametrize("size", [b"-1", b"200000000", b"000200000000"])
def test_impossible_size_is_refused_before_the_file_is_in_memory(
    archive: Path, size: bytes
) -> None:
    header = tarfile.TarInfo("aclImdb/file").tobuf()
    archive.write_bytes(gzip.compress(header[:124] + size.ljust(12, b"\0") + header[136:]))
    assert "is larger than the dataset" in error_message(archive)


@pytest.mark.usefixtures("archive")
def test_unlabelled_copies_of_labelled_reviews_are_left_out(tmp_path: Path) -> None:
    assert fetch(tmp_path) == {"reviews": 3, "left_out": len(archives.COPIES)}
