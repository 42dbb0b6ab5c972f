"""The record of what was fetched."""

from __future__ import annotations

import hashlib

import pytest

from mne_shallowalign.datasets._record import Record, agrees, digest_of, is_whole
from mne_shallowalign.datasets._remote import RemoteFile


@pytest.fixture
def file(tmp_path):
    (tmp_path / "a").write_bytes(b"content")
    return RemoteFile("a", "https://somewhere/a", 7, digest_of(tmp_path / "a"))


def test_digest(tmp_path):
    (tmp_path / "a").write_bytes(b"content")
    for algorithm in ("md5", "sha256"):
        expected = hashlib.new(algorithm, b"content").hexdigest()
        assert digest_of(tmp_path / "a", algorithm) == f"{algorithm}:{expected}"


def test_the_digest_of_git(tmp_path):
    """Of the empty file and of "hello", as `git hash-object` prints them."""
    for content, expected in (
        (b"", "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"),
        (b"hello\n", "ce013625030ba8dba906f756967f9e9ca394464a"),
    ):
        (tmp_path / "a").write_bytes(content)
        assert digest_of(tmp_path / "a", "git") == f"git:{expected}"
        assert is_whole(f"git:{expected}")
    assert not is_whole("git:" + "0" * 39)


def test_abbreviated_digests():
    assert agrees("sha256:abcd", "sha256:ab")
    assert agrees("sha256:abcd", None)
    assert not agrees("sha256:abcd", "md5:ab")
    assert is_whole("md5:" + "0" * 32)
    assert not is_whole("sha256:" + "0" * 32)
    assert not is_whole(None)


def test_the_newest_line_counts(tmp_path, file):
    record = Record(tmp_path)
    record.add(("a", "first", "sha256:1"))
    record.add(("a", "second", "sha256:2"))
    assert Record(tmp_path).get("a").url == "second"
    assert list(Record(tmp_path).entries()) == ["a"]


def test_lines_of_another_process_are_seen(tmp_path, file):
    ours, theirs = Record(tmp_path), Record(tmp_path)
    assert ours.get("a") is None
    theirs.add(("a", "theirs", "sha256:1"))
    assert ours.get("a").url == "theirs"


def test_a_line_cut_short_is_passed_over(tmp_path, file):
    record = Record(tmp_path)
    record.add(("a", "here", "sha256:1"))
    with record.path.open("a") as half:
        half.write("b\t12")
    assert list(Record(tmp_path).entries()) == ["a"]
    Record(tmp_path).add(("a", "again", "sha256:2"))
    assert Record(tmp_path).get("a").url == "again"


def test_sound(tmp_path, file):
    record = Record(tmp_path)
    assert record.is_sound(file)
    assert record.get("a").hash == file.hash
    (tmp_path / "a").write_bytes(b"changed")
    assert not record.is_sound(file)
    (tmp_path / "a").unlink()
    assert not record.is_sound(file)


def test_found_without_a_hash_is_recorded(tmp_path, file):
    unknown = RemoteFile("a", file.url)
    assert Record(tmp_path).is_sound(unknown)
    (tmp_path / "a").write_bytes(b"changed")
    assert not Record(tmp_path).is_sound(unknown)
