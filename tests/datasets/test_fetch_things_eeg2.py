"""THINGS-EEG2 from a miniature of its archives."""

from __future__ import annotations

import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from loopback import write_zip

from mne_shallowalign.datasets import (
    _fetch_things_eeg2,
    fetch_things_eeg2,
    fetch_things_eeg2_images,
    fetch_things_eeg2_metadata,
    load_things_eeg2,
)
from mne_shallowalign.datasets._fetch_things_eeg2 import THINGS_EEG2
from mne_shallowalign.datasets._record import Record
from mne_shallowalign.datasets._verify import verify_files

PARTS = ("training", "test")


@pytest.fixture
def eeg2(server, monkeypatch):
    """The archive of a subject: the authors' pickled dictionaries."""
    monkeypatch.setattr(_fetch_things_eeg2, "_FIGSHARE_URL", f"{server.url}/figshare")
    monkeypatch.setattr(_fetch_things_eeg2, "_OSF", f"{server.url}/osf")
    members = {"sub-08/": b"", "__MACOSX/sub-08/ses-01/._raw_eeg_test.npy": b"junk"}
    for session in range(1, 5):
        for part in PARTS:
            data = np.random.RandomState(session).normal(size=(64, 50))
            raw = dict(raw_eeg_data=data, ch_names=["Fp1"], sfreq=1000)
            members[f"sub-08/ses-0{session}/raw_eeg_{part}.npy"] = pickle.dumps(raw)
    server.files["/figshare/33247652"] = write_zip(members)
    return {name: content for name, content in members.items() if "/raw" in name}


def test_a_subject_of_things_eeg2(server, eeg2, tmp_path):
    folder = fetch_things_eeg2(8, path=tmp_path)
    assert folder == tmp_path / "things-eeg2" / "sub-08"
    there = {p.relative_to(folder.parent).as_posix() for p in folder.rglob("*.npy")}
    assert there == set(eeg2)
    for name, content in eeg2.items():
        assert (folder.parent / name).read_bytes() == content
    assert not (folder.parent / "sub-08.zip").exists()
    assert "CC BY 4.0" in (folder.parent / "LICENSE").read_text()
    assert len(server.requests) == 1
    fetch_things_eeg2("sub-08", path=tmp_path, check=True)
    assert len(server.requests) == 1
    assert Record(folder.parent).get("sub-08.zip").hash.startswith("sha256:")


def test_two_at_once(server, eeg2, tmp_path):
    server.pause = 0.1
    with ThreadPoolExecutor() as pool:
        both = [pool.submit(fetch_things_eeg2, 8, path=tmp_path) for _ in range(2)]
        assert both[0].result() == both[1].result()
    assert len(list(both[0].result().rglob("*.npy"))) == 8
    assert len(server.requests) == 1


def test_one_session_then_the_others(server, eeg2, tmp_path):
    folder = fetch_things_eeg2(8, session=2, path=tmp_path)
    assert sorted(p.name for p in folder.iterdir()) == ["ses-02"]
    fetch_things_eeg2(8, session=[2], path=tmp_path)
    assert len(server.requests) == 1
    fetch_things_eeg2(8, path=tmp_path)
    assert len(list(folder.iterdir())) == 4
    assert len(server.requests) == 2


def test_a_damaged_file_is_unpacked_again(server, eeg2, tmp_path):
    folder = fetch_things_eeg2(8, path=tmp_path)
    (archive,) = _fetch_things_eeg2._files(8)
    place = folder / "ses-03/raw_eeg_test.npy"
    place.write_bytes(b"\0" * place.stat().st_size)
    states = verify_files([archive], folder.parent)
    assert states.pop("sub-08/ses-03/raw_eeg_test.npy") == "damaged"
    assert set(states.values()) == {"sound"}
    fetch_things_eeg2(8, path=tmp_path)
    assert place.read_bytes() == eeg2["sub-08/ses-03/raw_eeg_test.npy"]
    assert set(verify_files([archive], folder.parent).values()) == {"sound"}


def test_another_archive_than_the_first(server, eeg2, tmp_path):
    fetch_things_eeg2(8, session=1, path=tmp_path)
    server.files["/figshare/33247652"] += b"\0"
    with pytest.raises(ValueError, match=r"sub-08\.zip is not what was first fetched"):
        fetch_things_eeg2(8, session=2, path=tmp_path)


def test_an_archive_that_lacks_a_session(server, eeg2, tmp_path):
    del eeg2["sub-08/ses-04/raw_eeg_test.npy"]
    server.files["/figshare/33247652"] = write_zip(eeg2)
    with pytest.raises(ValueError, match=r"lacks 1 of .*sub-08/ses-04/raw_eeg_test"):
        fetch_things_eeg2(8, path=tmp_path)


def test_wrong_subject_or_session(tmp_path):
    with pytest.raises(ValueError, match="subject=11 is not in THINGS-EEG2"):
        fetch_things_eeg2(11, path=tmp_path)
    with pytest.raises(ValueError, match="session=5 must be among 01, 02, 03, 04"):
        fetch_things_eeg2(1, session=5, path=tmp_path)


def test_metadata_and_pictures_of_things_eeg2(server, eeg2, tmp_path):
    server.files["/osf/qkgtf/"] = b"a pickle"
    name = "00001_aardvark/aardvark_01b.jpg"
    for part, number in (("training_images", "3v527"), ("test_images", "znu7b")):
        server.files[f"/osf/{number}/"] = write_zip({f"{part}/{name}": part.encode()})
    place = fetch_things_eeg2_metadata(path=tmp_path)
    assert place == tmp_path / "things-eeg2" / "image_metadata.npy"
    assert place.read_bytes() == b"a pickle"
    folder = fetch_things_eeg2_images(path=tmp_path)
    for part in ("training_images", "test_images"):
        assert (folder / part / name).read_bytes() == part.encode()
    n_requests = len(server.requests)
    fetch_things_eeg2_images(path=tmp_path)
    assert len(server.requests) == n_requests


def test_load_fetches_what_is_not_there(
    server, eeg2, things_eeg2, tmp_path, monkeypatch
):
    """From the archive to epochs, with the authors' files in their real format."""
    monkeypatch.setenv("MNE_DATA", str(tmp_path))
    server.files["/figshare/33247652"] = write_zip(
        {
            path.relative_to(things_eeg2).as_posix(): path.read_bytes()
            for path in things_eeg2.glob("sub-08/ses-*/raw_eeg_*.npy")
        }
    )
    metadata = (things_eeg2 / "image_metadata.npy").read_bytes()
    server.files["/osf/qkgtf/"] = metadata
    options = dict(split="test", session=1, cache_dir=False)
    fetched = load_things_eeg2(8, **options)
    local = load_things_eeg2(8, path=things_eeg2, **options)
    np.testing.assert_array_equal(fetched.get_data(), local.get_data())
    assert fetched.metadata["image"].tolist() == local.metadata["image"].tolist()
    n_requests = len(server.requests)
    load_things_eeg2(8, **options)
    assert len(server.requests) == n_requests == 2


@pytest.mark.parametrize("n_bytes", [50, -50])
def test_what_is_no_whole_archive_is_not_recorded(server, eeg2, tmp_path, n_bytes):
    """Nobody published a hash: what came first would be the truth ever after."""
    whole = server.files["/figshare/33247652"]
    server.files["/figshare/33247652"] = whole[:n_bytes]
    with pytest.raises(ValueError, match="no whole zip archive"):
        fetch_things_eeg2(8, path=tmp_path)
    assert not list((tmp_path / "things-eeg2").glob("sub*"))
    server.files["/figshare/33247652"] = whole
    assert len(list(fetch_things_eeg2(8, path=tmp_path).rglob("*.npy"))) == 8


def test_the_recordings_of_another(server, eeg2, tmp_path):
    members = {name.replace("sub-08", "sub-09"): b"x" for name in eeg2}
    server.files["/figshare/33247652"] = write_zip(members)
    with pytest.raises(ValueError, match="nothing of what was looked for"):
        fetch_things_eeg2(8, path=tmp_path)


def test_what_the_command_lists_and_verifies(server, eeg2, tmp_path):
    root, files = tmp_path / "things-eeg2", THINGS_EEG2.files
    assert [f.path for f in files(8, root=root, session=1)] == ["sub-08.zip"]
    fetch_things_eeg2(8, session=1, path=tmp_path)
    states = verify_files(files(8, root=root, session=["01", 2]), root)
    assert states == {
        f"sub-08/ses-0{session}/raw_eeg_{part}.npy": state
        for session, state in ((1, "sound"), (2, "missing"))
        for part in PARTS
    }
    assert all(Record(root).is_sound(f) for f in files(8, root=root, session=1))
    with pytest.raises(ValueError, match=r"session=7 must be among 01, 02"):
        files(8, root=root, session=7)
