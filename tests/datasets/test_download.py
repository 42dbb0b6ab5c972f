"""One download: resumed, retried, refused."""

from __future__ import annotations

import errno
import threading
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import numpy as np
import pytest
import requests

from mne_shallowalign.datasets._download import ResumingDownload, headers_for

SIZE = 3_000_000
CUT = 15 * 65536
SIZE = 3_000_000
CUT = 15 * 65536
CONTENT = np.random.RandomState(0).bytes(SIZE)


class Patient(threading.Event):
    """Note how long it would have waited."""

    def __init__(self):
        super().__init__()
        self.waits = []

    def wait(self, timeout=None):
        self.waits.append(timeout)
        return self.is_set()


@pytest.fixture
def download(server, tmp_path):
    server.files["/a.bin"] = CONTENT

    def run(size=SIZE, stop=None, abbreviated=None):
        run.bytes = []
        with requests.Session() as session:
            one = ResumingDownload(
                tmp_path / "a.bin",
                session,
                size,
                abbreviated,
                run.bytes.append,
                stop or Patient(),
            )
            one(f"{server.url}/a.bin", str(tmp_path / "out"), None)
        return (tmp_path / "out").read_bytes()

    return run


def test_whole(download, server, tmp_path):
    assert download() == CONTENT
    assert [p.name for p in tmp_path.iterdir()] == ["out"]
    assert sum(download.bytes) == len(CONTENT)
    assert server.requests[0]["headers"]["Accept-Encoding"] == "identity"


def test_a_cut_connection_goes_on_where_it_was(download, server):
    server.faults["/a.bin"] = [{"cut": CUT}, {"cut": 65536}]
    stop = Patient()
    assert download(stop=stop) == CONTENT
    assert server.asked("/a.bin") == [None, f"bytes={CUT}-", f"bytes={CUT + 65536}-"]
    assert server.sent("/a.bin") == len(CONTENT)  # no byte twice
    assert sum(download.bytes) == len(CONTENT)
    assert stop.waits == [1, 1]  # progress starts the count anew


def _leave_part(download, server, n_bytes=CUT):
    """Be stopped, as a process that ends is."""
    server.faults["/a.bin"] = [{"cut": n_bytes}]
    stop = Patient()
    stop.wait = lambda timeout: True
    with pytest.raises(InterruptedError):
        download(stop=stop)


def test_a_later_process_goes_on(download, server, tmp_path):
    _leave_part(download, server)
    assert (tmp_path / "a.bin.part").stat().st_size == CUT
    assert not (tmp_path / "out").exists()
    assert download() == CONTENT
    assert server.asked("/a.bin") == [None, f"bytes={CUT}-"]
    assert server.sent("/a.bin") == len(CONTENT)


def test_a_part_of_another_version_is_not_continued(download, server):
    _leave_part(download, server)
    server.files["/a.bin"] = newer = CONTENT[::-1]
    assert download() == newer  # If-Range: the server sends it from the start
    assert sum(download.bytes) == len(newer)


def test_a_part_that_is_too_long_is_thrown_away(download, server, tmp_path):
    _leave_part(download, server)
    with (tmp_path / "a.bin.part").open("ab") as part:
        part.write(CONTENT)
    assert download() == CONTENT
    assert server.asked("/a.bin") == [None, None]


def test_a_part_from_elsewhere_is_thrown_away(download, server, tmp_path):
    (tmp_path / "a.bin.part").write_bytes(b"something else")
    assert download() == CONTENT
    assert server.asked("/a.bin") == [None]


def test_without_a_validator_nothing_is_continued(download, server):
    server.etags = False
    server.faults["/a.bin"] = [{"cut": CUT}]
    assert download() == CONTENT
    assert server.asked("/a.bin") == [None, None]


def test_a_server_that_does_not_hear_the_range(download, server):
    server.faults["/a.bin"] = [{"cut": CUT}, {"deaf": True}]
    assert download() == CONTENT
    assert sum(download.bytes) == len(CONTENT)


def test_a_part_that_is_whole_already_is_not_asked_for(download, server, tmp_path):
    _leave_part(download, server)
    (tmp_path / "a.bin.part").write_bytes(CONTENT)
    assert download() == CONTENT
    assert len(server.requests) == 1


def test_bytes_that_the_server_does_not_have(download, server, tmp_path):
    _leave_part(download, server)
    with (tmp_path / "a.bin.part").open("ab") as part:
        part.write(CONTENT)
    assert download(size=None) == CONTENT  # 416, then from the start


def test_retry_after(download, server):
    later = datetime.now(UTC) + timedelta(seconds=100)
    server.faults["/a.bin"] = [
        {"status": 429, "headers": {"Retry-After": "7"}},
        {"status": 503, "headers": {"Retry-After": format_datetime(later)}},
        {"status": 503},
        {"status": 429, "headers": {"Retry-After": "100000"}},
        {"status": 429, "headers": {"Retry-After": "soon"}},
    ]
    stop = Patient()
    assert download(stop=stop) == CONTENT
    assert stop.waits[0] == 7
    assert 80 < stop.waits[1] <= 100
    assert stop.waits[2:] == [4, 300, 16]  # 2 ** 2, the longest, 2 ** 4


def test_retry_after_a_date_without_a_zone(download, server):
    date = {"Retry-After": "Wed, 21 Oct 2015 07:28:00"}
    server.faults["/a.bin"] = [{"status": 503, "headers": date}]
    stop = Patient()
    assert download(stop=stop) == CONTENT
    assert stop.waits == [0]


def test_it_gives_up(download, server, tmp_path):
    server.faults["/a.bin"] = [{"cut": CUT}, *[{"status": 503}] * 6]
    with pytest.raises(ConnectionError, match=r"answered 503, 6 times.*goes on from"):
        download()
    assert (tmp_path / "a.bin.part").stat().st_size == CUT


def test_no_server(server, tmp_path):
    server.close()
    stop = Patient()
    with requests.Session() as session, pytest.raises(ConnectionError, match="6 times"):
        ResumingDownload(tmp_path / "a", session, None, None, abs, stop)(
            f"{server.url}/a.bin", str(tmp_path / "out"), None
        )
    assert stop.waits == [1, 2, 4, 8, 16]


@pytest.mark.parametrize("status", [202, 403, 404, 410])
def test_an_answer_that_will_not_change_is_final(download, server, status):
    server.faults["/a.bin"] = [{"status": status}]
    with pytest.raises(ValueError, match=f"answered {status}"):
        download()
    assert len(server.requests) == 1


def test_a_web_page_is_no_recording(download, server, tmp_path):
    page = {"headers": {"Content-Type": "text/html; charset=utf-8"}}
    server.faults["/a.bin"] = [page]
    with pytest.raises(ValueError, match="with a web page instead of a file"):
        download(size=None)
    assert list(tmp_path.glob("*")) == []


def test_another_size_than_published(download, server, tmp_path):
    with pytest.raises(ValueError, match="offers 3000000 bytes where 5 were published"):
        download(size=5)
    assert list(tmp_path.glob("*")) == []


def test_abbreviated_hash(download):
    import hashlib

    digest = "sha256:" + hashlib.sha256(CONTENT).hexdigest()
    assert download(abbreviated=digest[:39]) == CONTENT
    with pytest.raises(ValueError, match="begins with sha256:00"):
        download(abbreviated="sha256:" + "00" * 16)


def test_disk_full_in_the_middle(download, server, tmp_path, monkeypatch):
    original = Path.open

    class Full:
        def __init__(self, file):
            self.file, self.n_chunks = file, 0

        def __enter__(self):
            return self

        def __exit__(self, *args):
            self.file.close()

        def write(self, chunk):
            self.n_chunks += 1
            if self.n_chunks > 1:
                raise OSError(errno.ENOSPC, "No space left on device")
            return self.file.write(chunk)

    def open_full(self, mode="r", *args, **kwargs):
        file = original(self, mode, *args, **kwargs)
        return Full(file) if self.suffix == ".part" and mode != "rb" else file

    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", open_full)
        with pytest.raises(OSError, match="No space left") as full:
            download()
        assert full.value.errno == errno.ENOSPC
    assert download() == CONTENT  # after room was made
    assert server.asked("/a.bin") == [None, "bytes=65536-"]


def test_less_room_than_the_server_announces(download, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda path: _Usage(free=1_000_000))
    with pytest.raises(OSError, match="2.9 MiB more are needed"):
        download(size=None)


class _Usage:
    def __init__(self, free):
        self.free = free


def test_only_hosts_that_want_a_browser_are_told_of_one():
    for url in ("https://osf.io/download/x/", "https://plus.figshare.com/files/1"):
        assert headers_for(url)["User-Agent"].startswith("Mozilla/5.0")
    for url in ("https://s3.amazonaws.com/x", "https://notosf.io/x"):
        assert headers_for(url)["User-Agent"].startswith("mne-shallowalign/")


def test_a_length_that_nobody_says(download, server, tmp_path):
    """Where the connection just ends, a part looks like the whole."""
    server.faults["/a.bin"] = [{"mute": True, "cut": CUT}]
    with pytest.raises(ValueError, match="does not say how long"):
        download(size=None)
    assert not (tmp_path / "out").exists()
    server.faults["/a.bin"] = [{"mute": True, "cut": CUT}]
    assert download(size=SIZE) == CONTENT
