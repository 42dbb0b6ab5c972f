"""The edition of THINGS-EEG2 on NEMAR, from a miniature."""

from __future__ import annotations

import logging

import pytest

from mne_shallowalign.datasets import (
    fetch_nemar,
    fetch_things_eeg2,
    fetch_things_eeg2_images,
    load_bids,
    load_things_eeg2,
)


@pytest.fixture
def published(publish_nemar, nemar_edition):
    return publish_nemar(nemar_edition, version="v1.1.0")


def test_from_the_server_to_epochs(server, published, nemar_edition, tmp_path):
    root = fetch_things_eeg2(8, session=[1, 2], edition="nemar", path=tmp_path)
    assert root == tmp_path / "nm000232"
    folders = {p.name for p in root.iterdir() if p.is_dir()}
    assert folders == {".mne-shallowalign", "sub-08", "stimuli"}
    assert sorted(p.name for p in (root / "sub-08").iterdir()) == ["ses-01", "ses-02"]
    assert not list(root.rglob("*task-rest*"))
    assert len(list(root.rglob("*.bdf"))) == 2 * 3
    assert {p.name for p in (root / "stimuli").iterdir()} == {
        "LICENSE.txt",
        "stimuli.tsv",
    }
    options = dict(split="test", session=2, cache_dir=False)
    epochs = load_things_eeg2(8, path=root, **options)
    expected = load_things_eeg2(8, path=nemar_edition, **options)
    assert epochs == expected


def test_pictures_from_the_archives(server, published, tmp_path, caplog):
    with caplog.at_level(logging.INFO, "mne"):
        folder = fetch_things_eeg2_images(
            edition="nemar", path=tmp_path, verbose="info"
        )
    assert "stimuli/LICENSE.txt:\nFor research use only." in caplog.text
    assert folder == tmp_path / "nm000232" / "stimuli"
    assert len(list(folder.rglob("*.jpg"))) == 11
    content = (folder / "training_images/00002_bat_cage/bat_cage_01s.jpg").read_text()
    assert content == "stim-train00006"
    assert not list(folder.glob("*.zip"))
    sent = len(server.requests)
    fetch_things_eeg2_images(edition="nemar", path=tmp_path, check=True)
    assert len(server.requests) == sent + 2  # the index and the manifest

    root = fetch_things_eeg2(8, session=1, edition="nemar", path=tmp_path)
    epochs = load_bids(root, "08", tmin=-0.1, tmax=0.09)
    assert all((folder / image).is_file() for image in epochs.metadata["image"])


def test_pictures_one_by_one(published, tmp_path):
    root = fetch_nemar(
        "nm000232", subject="08", include="stimuli/*_image.jpg", path=tmp_path
    )
    fetch_nemar("nm000232", include="stimuli/stimuli.tsv", path=tmp_path)
    epochs = load_bids(root, "08", session=1, tmin=-0.1, tmax=0.09)
    assert epochs.metadata["image"].str.endswith("_image.jpg").all()


def test_an_archive_with_another_content_is_refused(server, published, tmp_path):
    archive = server.files["/s3/stimuli/test_images.zip"]
    server.files["/s3/stimuli/test_images.zip"] = archive[:-1] + b"!"
    with pytest.raises(ValueError, match=r"test_images\.zip could not be fetched as"):
        fetch_things_eeg2_images(edition="nemar", path=tmp_path)
    assert not list((tmp_path / "nm000232").rglob("test_images"))


def test_wrong_arguments(published, tmp_path):
    for fetch in (lambda **o: fetch_things_eeg2(8, **o), fetch_things_eeg2_images):
        with pytest.raises(ValueError, match="edition='bids' must be 'authors' or"):
            fetch(edition="bids", path=tmp_path)
    with pytest.raises(ValueError, match=r"nothing that matches 'sub-09/ses-01/\*'"):
        fetch_things_eeg2(9, edition="nemar", path=tmp_path)
