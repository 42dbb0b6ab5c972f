"""The pictures of THINGS from a miniature of their archives."""

from __future__ import annotations

import pytest
from loopback import write_zip

from mne_shallowalign.datasets import (
    _things_images,
    fetch_things_images,
    things_concepts,
    things_images,
)
from mne_shallowalign.datasets._remote import RemoteFile


@pytest.fixture
def pictures(server, encrypt, monkeypatch):
    """The encrypted archive, and the free one."""
    some = things_images()["image"].iloc[[0, 14, 28]].tolist()
    members = {f"object_images/{name}": name.encode() for name in some}
    server.files["/things"] = encrypt(members, b"word")
    words = things_concepts()["concept"]
    free = {f"object_images_CC0/{word}.jpg": word.encode() for word in words}
    server.files["/plus"] = write_zip(free)
    monkeypatch.setattr(
        _things_images,
        "_ARCHIVES",
        {
            "things": (RemoteFile("a.zip", f"{server.url}/things"), "object_images"),
            "things-plus": (RemoteFile("b.zip", f"{server.url}/plus"), "object_CC0"),
        },
    )
    return some


def test_pictures_of_things(pictures, tmp_path, monkeypatch, server):
    with pytest.raises(ValueError, match=r"is encrypted\..*osf\.io/jum2f.*PASSWORD"):
        fetch_things_images(images=pictures, path=tmp_path)
    monkeypatch.setenv("MNE_SHALLOWALIGN_THINGS_PASSWORD", "no")
    with pytest.raises(ValueError, match="the password is wrong"):
        fetch_things_images(images=pictures, path=tmp_path)
    folder = fetch_things_images(images=pictures, password="word", path=tmp_path)
    assert folder == tmp_path / "things-images" / "object_images"
    assert (folder / pictures[1]).read_bytes() == pictures[1].encode()
    assert "research only" in (folder.parent / "LICENSE").read_text()
    assert len(server.requests) == 1  # a wrong password costs no second download
    fetch_things_images(images=pictures, path=tmp_path)
    assert len(server.requests) == 1


def test_password_of_the_environment(pictures, tmp_path, monkeypatch):
    monkeypatch.setenv("MNE_SHALLOWALIGN_THINGS_PASSWORD", "word")
    folder = fetch_things_images(images=pictures[:1], path=tmp_path)
    assert [p.name for p in folder.rglob("*.jpg")] == ["aardvark_01b.jpg"]


def test_an_archive_with_fewer_pictures_than_published(pictures, tmp_path):
    with pytest.raises(ValueError, match="lacks 26104 of the files"):
        fetch_things_images(password="word", path=tmp_path)


def test_free_pictures(pictures, tmp_path):
    folder = fetch_things_images(edition="things-plus", path=tmp_path)
    assert len(list(folder.iterdir())) == 1854
    assert (folder / "aardvark.jpg").read_bytes() == b"aardvark"


def test_unknown_pictures(tmp_path):
    with pytest.raises(ValueError, match="1 images are not in 'things', as 'a/b.jpg'"):
        fetch_things_images(images=["a/b.jpg"], path=tmp_path)
    with pytest.raises(ValueError, match="edition='all' must be"):
        fetch_things_images(edition="all", path=tmp_path)
