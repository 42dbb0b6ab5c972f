"""A download verified."""

from __future__ import annotations

from mne_shallowalign.datasets._record import Record, digest_of
from mne_shallowalign.datasets._remote import RemoteFile
from mne_shallowalign.datasets._verify import verify_files


def _file(root, name, content=b"content"):
    (root / name).write_bytes(content)
    return RemoteFile(name, f"https://x/{name}", len(content), digest_of(root / name))


def test_states(tmp_path):
    files = [_file(tmp_path, name) for name in "abc"]
    (tmp_path / "b").write_bytes(b"CONTENT")
    (tmp_path / "c").unlink()
    states = verify_files(files, tmp_path)
    assert states == {"a": "sound", "b": "damaged", "c": "missing"}


def test_in_place_of_an_archive_what_came_out_of_it(tmp_path):
    archive = RemoteFile("a.zip", "https://x/a.zip")
    assert verify_files([archive], tmp_path) == {"a.zip": "missing"}
    inside = _file(tmp_path, "inside")
    Record(tmp_path).add(("inside", "https://x/a.zip#inside", inside.hash))
    assert verify_files([archive], tmp_path) == {"inside": "sound"}
    (tmp_path / "inside").write_bytes(b"CONTENT")
    assert verify_files([archive], tmp_path) == {"inside": "damaged"}
