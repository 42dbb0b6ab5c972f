from __future__ import annotations

import errno
import os
import time

import pytest

from mne_shallowalign.features._disk import remove_leftovers, write_whole, writing


def test_written_whole(tmp_path):
    write_whole(tmp_path / "a", b"one")
    write_whole(tmp_path / "a", b"two")
    assert (tmp_path / "a").read_bytes() == b"two"
    assert os.listdir(tmp_path) == ["a"]


def test_colleagues_may_read_it(tmp_path):
    write_whole(tmp_path / "a", b"")
    (tmp_path / "plain").touch()
    assert (tmp_path / "a").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_a_failed_write_leaves_what_was_there(tmp_path, monkeypatch):
    write_whole(tmp_path / "a", b"one")

    def full(self, content):
        self.touch()
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(type(tmp_path), "write_bytes", full)
    with pytest.raises(OSError, match="No space left"):
        write_whole(tmp_path / "a", b"two")
    assert os.listdir(tmp_path) == ["a"]
    assert (tmp_path / "a").read_bytes() == b"one"


@pytest.mark.parametrize(
    ("error", "kind", "message"),
    [
        (OSError(errno.ENOSPC, "full"), OSError, r"the box cannot be .*\(full\)\. Buy"),
        (PermissionError(errno.EACCES, "no"), PermissionError, r"box .*\(no\)\. Buy"),
        (OSError("odd"), OSError, r"the box cannot be written \(odd\)\. Buy a box"),
    ],
)
def test_errors_say_how_to_go_on(error, kind, message):
    with pytest.raises(kind, match=message) as caught, writing("the box", "Buy a box."):
        raise error
    assert caught.value.errno == error.errno


def test_leftovers_of_killed_processes(tmp_path):
    for name in (".old", ".new", "kept"):
        (tmp_path / name).touch()
    for name in (".old", "kept"):
        os.utime(tmp_path / name, (0, time.time() - 7200))
    remove_leftovers(tmp_path)
    assert sorted(os.listdir(tmp_path)) == [".new", "kept"]
