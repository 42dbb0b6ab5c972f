"""Archives, friendly and not."""

from __future__ import annotations

import errno
import hashlib
import io
import stat
import zipfile
import zlib
from types import SimpleNamespace

import pytest

from mne_shallowalign.datasets._archives import unpack
from mne_shallowalign.datasets._record import HIDDEN, Record
from mne_shallowalign.datasets._remote import RemoteFile

ARCHIVE = RemoteFile("a.zip", "https://somewhere/a.zip")


@pytest.fixture
def root(tmp_path):
    (tmp_path / "root" / HIDDEN).mkdir(parents=True)
    return tmp_path / "root"


def write(root, members):
    with zipfile.ZipFile(root / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def _files(root):
    paths = (p for p in root.rglob("*") if p.is_file() and HIDDEN not in p.parts)
    return {p.relative_to(root).as_posix() for p in paths} - {"a.zip"}


def test_members_are_placed_and_recorded(root):
    write(root, {"top/a": b"1", "top/b/c": b"22", "left/out": b"3", "top/d/": b""})
    paths = unpack(ARCHIVE, root, lambda n: n if n.startswith("top/") else None)
    assert sorted(paths) == ["top/a", "top/b/c"]
    assert _files(root) == {"top/a", "top/b/c"}
    entry = Record(root).get("top/b/c")
    assert entry.url == "https://somewhere/a.zip#top/b/c"
    assert entry.hash == "sha256:" + hashlib.sha256(b"22").hexdigest()


@pytest.mark.parametrize(
    "name",
    ["../a", "b/../../a", "/etc/a", "..\\a", "C:\\a", "C:a", "\\\\host\\share\\a"],
)
def test_members_that_would_leave_the_folder(root, name):
    write(root, {"good": b"1", name: b"2"})
    with pytest.raises(ValueError, match="refused: its member .* would leave"):
        unpack(ARCHIVE, root, lambda n: n)
    assert _files(root) == set()
    assert {p.name for p in root.parent.iterdir()} == {"root"}


def test_members_that_are_there_twice(root):
    write(root, {"x/a": b"1", "y/a": b"2", "b": b"3"})
    with pytest.raises(ValueError, match="1 files are in it more than once: a"):
        unpack(ARCHIVE, root, lambda name: name[-1])
    assert _files(root) == set()


def test_links(root):
    link = zipfile.ZipInfo("link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    write(root, {link: b"/etc/passwd"})
    with pytest.raises(ValueError, match="'link' is a link"):
        unpack(ARCHIVE, root, lambda n: n)


def test_a_bomb(root):
    write(root, {"zeros": b"\0" * 10_000_000})
    with pytest.raises(ValueError, match="is refused: .* would unpack to"):
        unpack(ARCHIVE, root, lambda n: n)
    assert _files(root) == set()


def test_no_room(root, monkeypatch):
    write(root, {"a": bytes(range(256))})
    usage = SimpleNamespace(free=100)
    monkeypatch.setattr("shutil.disk_usage", lambda path: usage)
    with pytest.raises(OSError, match="needs 256 bytes, 100 bytes are free") as error:
        unpack(ARCHIVE, root, lambda n: n)
    assert error.value.errno == errno.ENOSPC


def test_damage_leaves_nothing(root):
    write(root, {"a": b"1" * 1000, "b": b"2" * 1000})
    raw = bytearray((root / "a.zip").read_bytes())
    with zipfile.ZipFile(root / "a.zip") as archive:
        start = archive.getinfo("b").header_offset + 31
    raw[start : start + 4] = b"\xff\xff\xff\xff"
    (root / "a.zip").write_bytes(raw)
    with pytest.raises(ValueError, match=r"a\.zip is damaged"):
        unpack(ARCHIVE, root, lambda n: n)
    assert _files(root) == set()
    (root / "a.zip").write_bytes(raw[:100])
    with pytest.raises(ValueError, match=r"a\.zip is damaged.*fetch again"):
        unpack(ARCHIVE, root, lambda n: n)


def test_nothing_that_is_wanted(root):
    write(root, {"a": b"1"})
    with pytest.raises(ValueError, match="nothing of what was looked for.* a"):
        unpack(ARCHIVE, root, lambda n: None)


def test_a_password(root, encrypt):
    (root / "a.zip").write_bytes(encrypt({"a": b"secret picture"}, b"word"))
    with pytest.raises(ValueError, match=r"a\.zip is encrypted\. Ask them"):
        unpack(ARCHIVE, root, lambda n: n, needs_password="Ask them.")
    with pytest.raises(ValueError, match="cannot be decrypted: the password is wrong"):
        unpack(ARCHIVE, root, lambda n: n, password="other")
    assert _files(root) == set()
    unpack(ARCHIVE, root, lambda n: n, password="word")
    assert (root / "a").read_bytes() == b"secret picture"


def test_another_kind_of_encryption(root, encrypt):
    raw = bytearray(encrypt({"a": b"1"}, b"word"))
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        central = archive.start_dir
    for offset in (8, central + 10):  # the method: 99 is AES
        raw[offset : offset + 2] = (99).to_bytes(2, "little")
    (root / "a.zip").write_bytes(raw)
    with pytest.raises(ValueError, match="in a way that Python cannot read"):
        unpack(ARCHIVE, root, lambda n: n, password="word")


def test_encryption_of_the_tests_is_that_of_zip(encrypt):
    """The checksum of the decrypted content is checked by Python's own reader."""
    with zipfile.ZipFile(io.BytesIO(encrypt({"a": b"x" * 99}, b"word"))) as archive:
        assert archive.read("a", pwd=b"word") == b"x" * 99
        assert archive.getinfo("a").CRC == zlib.crc32(b"x" * 99)
