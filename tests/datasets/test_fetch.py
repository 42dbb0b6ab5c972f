"""Files in a folder: what is missing is fetched, what is there is not."""

from __future__ import annotations

import errno
import hashlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from mne_shallowalign.datasets._fetch import data_folder, describe_size, fetch_files
from mne_shallowalign.datasets._record import Record
from mne_shallowalign.datasets._remote import RemoteFile


@pytest.fixture
def remote(server):
    """Three published files."""

    def make(path, n_bytes=200_000, **changes):
        content = np.random.RandomState(len(path)).bytes(n_bytes)
        server.files[f"/{path}"] = content
        digest = "sha256:" + hashlib.sha256(content).hexdigest()
        known = dict(url=f"{server.url}/{path}", size=n_bytes, hash=digest)
        return RemoteFile(path, **(known | changes))

    return make


@pytest.fixture
def three(remote):
    return [remote(path) for path in ("a.bin", "sub-01/bb.bin", "sub-01/eeg/ccc.bin")]


def _is_there(server, files, root):
    return all(
        (root / f.path).read_bytes() == server.files[f"/{f.path}"] for f in files
    )


def _leftovers(root):
    return [p.name for p in root.rglob("*") if ".part" in p.name or "tmp" in p.name]


def test_fetched_once(server, three, tmp_path):
    assert fetch_files(three, tmp_path) == three
    assert _is_there(server, three, tmp_path)
    assert _leftovers(tmp_path) == []
    assert len(server.requests) == 3
    assert fetch_files(three, tmp_path) == []
    assert fetch_files(three, tmp_path, check=True) == []
    (tmp_path / "a.bin").unlink()
    assert fetch_files(three, tmp_path) == three[:1]
    assert len(server.requests) == 4


def test_threads_may_share_a_new_folder(server, three, tmp_path, monkeypatch):
    fetch_files(three[:1], tmp_path)

    def made_by_another_thread(path, **kwargs):
        raise FileExistsError(path)

    monkeypatch.setattr("pooch.core.os.makedirs", made_by_another_thread)
    fetch_files(three, tmp_path)
    assert _is_there(server, three, tmp_path)


def test_a_sound_file_is_not_read_again(three, tmp_path, monkeypatch):
    fetch_files(three, tmp_path)
    monkeypatch.setattr(hashlib, "file_digest", None)
    assert fetch_files(three, tmp_path) == []


def test_files_put_there_by_other_means_are_taken(server, three, tmp_path):
    for file in three:
        (tmp_path / file.path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file.path).write_bytes(server.files[f"/{file.path}"])
    assert fetch_files(three, tmp_path) == []
    assert server.requests == []


def test_damage_is_found(server, three, tmp_path):
    fetch_files(three, tmp_path)
    place = tmp_path / "a.bin"
    stat = place.stat()
    place.write_bytes(b"\0" * stat.st_size)
    os.utime(place, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert fetch_files(three, tmp_path) == []  # size and time are as they were
    assert fetch_files(three, tmp_path, check=True) == three[:1]
    assert _is_there(server, three, tmp_path)
    place.write_bytes(b"shorter")
    assert fetch_files(three, tmp_path) == three[:1]
    assert (tmp_path / "a.bin.unsound").read_bytes() == b"shorter"


@pytest.mark.parametrize("n_digits", [64, 32])
def test_a_wrong_hash(remote, tmp_path, n_digits):
    bad = remote("a.bin", hash="sha256:" + "0" * n_digits)
    with pytest.raises(ValueError, match=r"a\.bin could not be fetched as it was pub"):
        fetch_files([bad], tmp_path)
    assert not (tmp_path / "a.bin").exists()
    assert _leftovers(tmp_path) == []
    assert "a.bin" not in Record(tmp_path).entries()


def test_a_wrong_part_costs_one_more_download(server, remote, tmp_path):
    file = remote("a.bin")
    etag = hashlib.md5(server.files["/a.bin"]).hexdigest()
    (tmp_path / "a.bin.part").write_bytes(b"\0" * 1000)
    (tmp_path / "a.bin.part.json").write_text(
        f'{{"url": "{file.url}", "validator": "\\"{etag}\\""}}'
    )
    fetch_files([file], tmp_path)
    assert _is_there(server, [file], tmp_path)
    assert server.asked("/a.bin") == ["bytes=1000-", None]


def test_the_mirror_has_the_published_version(server, remote, tmp_path):
    file = remote("README")
    server.files["/old/README"] = server.files["/README"]
    server.files["/README"] = b"a newer version"
    mirrored = RemoteFile(
        "README", file.url, file.size, file.hash, f"{server.url}/old/README"
    )
    fetch_files([mirrored], tmp_path)
    assert (tmp_path / "README").read_bytes() == server.files["/old/README"]
    assert Record(tmp_path).get("README").url == mirrored.mirror


def test_without_a_published_hash_the_first_one_counts(server, remote, tmp_path):
    file = remote("sub-01.npy", hash=None, size=None)
    fetch_files([file], tmp_path)
    entry = Record(tmp_path).get("sub-01.npy")
    content = server.files["/sub-01.npy"]
    assert entry.hash == "sha256:" + hashlib.sha256(content).hexdigest()
    assert (entry.size, entry.url) == (len(content), file.url)
    (tmp_path / "sub-01.npy").unlink()
    fetch_files([file], tmp_path)
    (tmp_path / "sub-01.npy").unlink()

    server.files["/sub-01.npy"] = content[::-1]
    with pytest.raises(
        ValueError, match=r"is not what was first fetched on 20.*delete"
    ):
        fetch_files([file], tmp_path)
    assert not (tmp_path / "sub-01.npy").exists()

    record = Record(tmp_path).path
    lines = record.read_text().splitlines(keepends=True)
    record.write_text("".join(line for line in lines if "sub-01.npy" not in line))
    fetch_files([file], tmp_path)
    assert (tmp_path / "sub-01.npy").read_bytes() == content[::-1]


def test_no_room(server, three, tmp_path, monkeypatch):
    usage = SimpleNamespace(free=500_000)
    monkeypatch.setattr("shutil.disk_usage", lambda path: usage)
    with pytest.raises(OSError, match=r"586 KiB are needed.*path=") as error:
        fetch_files(three, tmp_path / "new")
    assert error.value.errno == errno.ENOSPC
    assert server.requests == []


def test_a_failure_stops_the_rest_and_keeps_what_is_whole(server, remote, tmp_path):
    files = [remote(f"{n:02d}.bin", 1000) for n in range(40)]
    server.files["/20.bin"] = b"x" * 1000
    server.pause = 0.02
    with pytest.raises(ValueError, match=r"^20\.bin"):
        fetch_files(files, tmp_path)
    there = [f for f in files if (tmp_path / f.path).exists()]
    assert 0 < len(there) < 39
    assert _is_there(server, there, tmp_path)
    del server.files["/20.bin"]
    rest = [f for f in files if f.path != "20.bin"]
    assert len(fetch_files(rest, tmp_path)) == 39 - len(there)


def test_a_full_disk_is_explained(remote, tmp_path, monkeypatch):
    from mne_shallowalign.datasets import _download

    def full(*args):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(_download.ResumingDownload, "_write", full)
    with pytest.raises(OSError, match=r"sub\.bin is not whole\. Make room") as error:
        fetch_files([remote("sub.bin")], tmp_path)
    assert error.value.errno == errno.ENOSPC


_FETCH = """
import sys
from pathlib import Path
from mne_shallowalign.datasets._fetch import fetch_files
from mne_shallowalign.datasets._remote import RemoteFile
root, *rows = sys.argv[1:]
files = [RemoteFile(p, u, int(s), h) for p, u, s, h in (r.split(",") for r in rows)]
fetch_files(files, Path(root))
"""


def _process(files, root):
    rows = [f"{f.path},{f.url},{f.size},{f.hash}" for f in files]
    return subprocess.Popen([sys.executable, "-c", _FETCH, str(root), *rows])


def test_two_processes_share_the_work(server, three, tmp_path):
    server.pause = 0.3
    both = [_process(three, tmp_path) for _ in range(2)]
    assert [process.wait(60) for process in both] == [0, 0]
    assert _is_there(server, three, tmp_path)
    assert len(server.requests) == 3
    assert len(Record(tmp_path).path.read_text().splitlines()) == 4


@pytest.mark.skipif(os.name == "nt", reason="kills a process as POSIX does")
def test_a_killed_process_is_continued(server, remote, tmp_path):
    file = remote("a.bin", 5_000_000)
    server.pause = 0.05
    process = _process([file], tmp_path)
    part = tmp_path / "a.bin.part"
    until = time.monotonic() + 60
    while not (part.exists() and part.stat().st_size) and time.monotonic() < until:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait(60)
    assert not (tmp_path / "a.bin").exists()
    n_bytes = part.stat().st_size
    assert 0 < n_bytes < 5_000_000
    server.pause = 0
    fetch_files([file], tmp_path)  # the lock of the dead process holds nobody up
    assert _is_there(server, [file], tmp_path)
    assert server.asked("/a.bin") == [None, f"bytes={n_bytes}-"]


def test_where_datasets_are_kept(monkeypatch, tmp_path):
    monkeypatch.setenv("MNE_DATA", str(tmp_path))
    assert data_folder(None, "x") == tmp_path / "mne-shallowalign" / "x"
    assert data_folder("~", "x") == Path("~").expanduser() / "x"


def test_sizes():
    def file(size):
        return RemoteFile("a", "b", size)

    assert describe_size([file(1024), file(1024)]) == "2 KiB"
    assert describe_size([file(None)]) == "1 file of unpublished size"
    both = describe_size([file(1024), file(None), file(None)])
    assert both == "1 KiB and 2 files of unpublished size"
