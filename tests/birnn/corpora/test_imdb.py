"""Tests of the IMDB archive: read as a stream, and refused if it is damaged or malicious."""

import gzip
import os
import tarfile
import tracemalloc
from collections import Counter
from pathlib import Path

import pytest

from birnn.core import paths
from birnn.core.errors import InputError
from birnn.core.outputs import read_json
from birnn.corpora import imdb
from birnn.corpora.download import UnreachableError
from birnn.corpora.review import Digest
from birnn.text.reviews import words
from stages import fetch
from tests.birnn.corpora import archives


def error_message(archive: Path) -> str:
    with pytest.raises(InputError) as error:
        list(imdb.read_archive(archive))
    message = str(error.value)
    assert "\n" not in message
    assert str(archive) in message
    assert "delete it, or set IMDB_ARCHIVE to an intact copy" in message
    return message


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Return a small valid archive."""
    return archives.write(tmp_path / "imdb.tar.gz", archives.WHOLE)


def test_reviews_are_sorted_negative_first(archive: Path) -> None:
    reviews = list(imdb.read_archive(archive))
    assert [review.id for review in reviews] == [
        "train/neg/0_1.txt",
        "train/neg/1_3.txt",
        "train/pos/0_9.txt",
        "train/pos/10_8.txt",
        "train/pos/2_10.txt",
        "test/neg/0_2.txt",
        "test/pos/0_7.txt",
    ]
    assert [review.label for review in reviews] == [0, 0, 1, 1, 1, 0, 1]
    assert [review.split for review in reviews] == ["train"] * 5 + ["test"] * 2
    assert reviews[1].text == "Naïve, and worse."


def test_review_number_is_the_line_of_its_film(archive: Path) -> None:
    films = {review.id: review.group for review in imdb.read_archive(archive)}
    assert films["train/pos/10_8.txt"] == "tt0000005"
    assert films["train/pos/2_10.txt"] == "tt0000001"
    assert films["train/neg/1_3.txt"] == films["train/neg/0_1.txt"] == "tt0000000"


def test_order_of_members_does_not_matter(archive: Path, tmp_path: Path) -> None:
    backwards = dict(reversed(archives.WHOLE.items()))
    other = archives.write(tmp_path / "other.tar.gz", backwards)
    assert list(imdb.read_archive(other)) == list(imdb.read_archive(archive))


def test_only_reviews_with_the_expected_digest_are_accepted(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IMDB_ARCHIVE", str(archive))
    with pytest.raises(InputError, match="the train reviews differ from the Large Movie"):
        list(imdb.reader(tmp_path / "raw")())
    digests = {"train": Digest(), "test": Digest()}
    reviews = list(imdb.read_archive(archive))
    for review in reviews:
        digests[review.split].add(review)
    expected = {split: digest.hexdigest() for split, digest in digests.items()}
    monkeypatch.setattr(imdb, "DIGESTS", expected)
    assert list(imdb.reader(tmp_path / "raw")()) == reviews


def test_truncated_archive_is_refused(archive: Path) -> None:
    whole = archive.read_bytes()
    for size in (0, 1, 10, 300, len(whole) // 4, len(whole) // 2):
        archive.write_bytes(whole[:size])
        assert "is truncated or not an archive" in error_message(archive)


def test_damaged_archive_is_refused(archive: Path) -> None:
    content = bytearray(archive.read_bytes())
    content[len(content) // 2] ^= 0xFF
    archive.write_bytes(content)
    error_message(archive)


def test_file_that_is_not_an_archive_is_refused(archive: Path) -> None:
    archive.write_bytes(b"<html>Not found</html>" * 100)
    assert "is truncated or not an archive" in error_message(archive)


@pytest.mark.parametrize("folder", ["train/neg/", "train/pos/", "test/neg/", "test/pos/"])
def test_missing_folder_is_named(archive: Path, folder: str) -> None:
    rest = {name: text for name, text in archives.WHOLE.items() if not name.startswith(folder)}
    assert f"no reviews in {folder}" in error_message(archives.write(archive, rest))


def test_review_without_film_is_named(archive: Path) -> None:
    for films in (b"", b"no address\n"):
        archives.write(archive, archives.WHOLE | {"train/urls_neg.txt": films})
        assert "does not name the film of train/neg/0_1.txt" in error_message(archive)


@pytest.mark.parametrize(
    "name", ["/etc/evil", "../evil", "aclImdb/../../evil", "aclImdb/train/pos/../../../evil"]
)
def test_path_outside_the_archive_is_refused(archive: Path, name: str) -> None:
    archives.write(archive, archives.WHOLE, archives.plain(name, b"evil"))
    assert f"the member {name!r} points outside" in error_message(archive)


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE])
def test_links_and_devices_are_refused(archive: Path, kind: bytes) -> None:
    member = tarfile.TarInfo("aclImdb/train/pos/3_9.txt")
    member.type = kind
    member.linkname = "/etc/passwd"
    archives.write(archive, archives.WHOLE, (member, b""))
    assert "is neither a plain file nor a folder" in error_message(archive)


def test_huge_member_is_refused(archive: Path) -> None:
    archives.write(archive, archives.WHOLE, archives.plain("aclImdb/bomb", b"\0" * 10_000_001))
    assert "is larger than anything in the dataset" in error_message(archive)


def test_huge_archive_is_refused(archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imdb, "LARGEST_ARCHIVE", 100)
    assert "is larger than the dataset" in error_message(archive)


def test_huge_header_is_refused_before_it_fills_memory(archive: Path) -> None:
    # tarfile reads a header of this kind whole, whatever size it declares.
    header = tarfile.TarInfo("././@PaxHeader")
    header.type, header.size = tarfile.XHDTYPE, 10**9
    with gzip.open(archive, "wb") as output:
        output.write(header.tobuf())
        for _ in range(64):
            output.write(bytes(1 << 20))
    tracemalloc.start()
    assert "is larger than the dataset" in error_message(archive)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 50_000_000


def test_text_that_is_not_utf_8_is_named(archive: Path) -> None:
    archives.write(archive, archives.WHOLE | {"test/pos/0_7.txt": b"f\xeate"})
    assert "test/pos/0_7.txt is not UTF-8 at byte 1" in error_message(archive)


def test_missing_local_copy_is_not_downloaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IMDB_ARCHIVE", str(tmp_path / "none.tar.gz"))
    with pytest.raises(InputError, match=r"IMDB_ARCHIVE names .*none\.tar\.gz") as error:
        imdb.reader(tmp_path / "raw")
    assert not isinstance(error.value, UnreachableError)


def test_archive_in_the_raw_folder_is_used(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("IMDB_ARCHIVE", raising=False)
    (tmp_path / "raw").mkdir()
    archive.rename(tmp_path / "raw" / "aclImdb_v1.tar.gz")
    with pytest.raises(InputError, match="the train reviews differ"):
        list(imdb.reader(tmp_path / "raw")())


@pytest.mark.exhaustive
@pytest.mark.skipif("IMDB_ARCHIVE" not in os.environ, reason="IMDB_ARCHIVE names no archive")
def test_real_archive(tmp_path: Path) -> None:
    reviews = list(imdb.reader(tmp_path)())
    assert Counter(review.split for review in reviews) == {"train": 25_000, "test": 25_000}
    assert sum(review.label for review in reviews if review.split == "train") == 12_500


@pytest.fixture
def _unlabelled_archive(archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Accept the unlabelled reviews of the small archive as those of the dataset."""
    monkeypatch.setenv("IMDB_ARCHIVE", str(archive))
    with pytest.raises(InputError, match="the train/unsup reviews differ from the") as error:
        imdb.read_unlabelled(tmp_path / "raw")
    digest = str(error.value).split("digest ")[1].split(",")[0]
    monkeypatch.setattr(imdb, "UNLABELLED_DIGEST", digest)


@pytest.mark.usefixtures("_unlabelled_archive")
def test_unlabelled_reviews_are_sorted_and_verified(archive: Path, tmp_path: Path) -> None:
    texts, _ = imdb.read_unlabelled(tmp_path / "raw")
    assert texts == ["No label.", "None hére.", "Nor here."]
    archives.write(archive, archives.WHOLE | {"train/unsup/0_0.txt": b"Another."})
    with pytest.raises(InputError, match="train/unsup"):
        imdb.read_unlabelled(tmp_path / "raw")


@pytest.mark.usefixtures("_unlabelled_archive")
def test_copies_of_labelled_reviews_are_left_out(archive: Path, tmp_path: Path) -> None:
    texts, left_out = imdb.read_unlabelled(tmp_path / "raw")
    assert left_out == len(archives.COPIES) == 2
    labelled = {review.text for review in imdb.read_archive(archive)}
    assert not labelled & set(texts)
    # A text counts as the same only if it is equal, as in the number of test reviews in train.
    archives.write(archive, archives.WHOLE | {"train/pos/10_8.txt": b"good."})
    texts, left_out = imdb.read_unlabelled(tmp_path / "raw")
    assert left_out == 1
    assert "Good." in texts


@pytest.mark.usefixtures("_unlabelled_archive")
def test_stage_stores_no_copies_and_counts_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    fetch.write_unlabelled("imdb")
    stored = [tokens for batch in words(paths.UNLABELLED_REVIEWS) for tokens in batch]
    assert stored == [["no", "label"], ["none", "hére"], ["nor", "here"]]
    description = read_json(paths.UNLABELLED_DESCRIPTION)
    assert description == {"reviews": 3, "left_out": 2}


def test_reading_unlabelled_reviews_checks_the_archive(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IMDB_ARCHIVE", str(archive))
    archives.write(archive, archives.WHOLE, archives.plain("../evil", b"evil"))
    with pytest.raises(InputError, match="points outside the archive"):
        imdb.read_unlabelled(tmp_path / "raw")
    archives.write(archive, archives.WHOLE | {"train/unsup/2_0.txt": b"\xff"})
    with pytest.raises(InputError, match=r"train/unsup/2_0\.txt is not UTF-8 at byte 0"):
        imdb.read_unlabelled(tmp_path / "raw")
