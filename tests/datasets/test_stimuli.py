from __future__ import annotations

import pytest

from mne_shallowalign.datasets._stimuli import locate_stimuli


@pytest.fixture
def root(tmp_path):
    for name in ("a.png", "birds/b.png", "birds/c.png"):
        path = tmp_path / "stimuli" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    return tmp_path


def locate(root, *stim_files):
    return locate_stimuli(stim_files, root, root / "stimuli")


@pytest.mark.parametrize(
    ("stim_file", "image"),
    [
        ("a.png", "a.png"),
        ("stimuli/a.png", "a.png"),
        ("birds/b.png", "birds/b.png"),
        ("./birds//b.png", "birds/b.png"),
        ("stimuli\\birds\\b.png", "birds/b.png"),
        ("birds", "birds"),
        ("stimuli/birds/", "birds"),
    ],
)
def test_spellings(root, stim_file, image):
    assert locate(root, stim_file) == {stim_file: image}


@pytest.mark.parametrize(
    "stim_file",
    [
        "../a.png",
        "birds/../../a.png",
        "..\\a.png",
        "/etc/passwd",
        "C:\\a.png",
        "C:a.png",
    ],
)
def test_leaving_the_folder_is_refused(root, stim_file):
    (root / "a.png").write_bytes(b"outside")
    with pytest.raises(ValueError, match=r"leave the folder of the pictures.*stimuli"):
        locate(root, "a.png", stim_file)


def test_missing_pictures_are_listed(root):
    missing = [f"m{i}.png" for i in range(8)]
    with pytest.raises(FileNotFoundError, match=r"8 are not .*'m0.png'.*and 3 more"):
        locate(root, "a.png", *missing)
    (root / "m0.png").write_bytes(b"not in the folder of pictures")
    with pytest.raises(FileNotFoundError, match="m0.png"):
        locate(root, "m0.png")


def test_two_pictures_of_one_name(root):
    (root / "a.png").write_bytes(b"a.png")
    assert locate(root, "a.png") == {"a.png": "a.png"}
    (root / "a.png").write_bytes(b"another")
    with pytest.raises(ValueError, match=r"1 name different pictures.*'a.png'"):
        locate(root, "a.png")


def test_two_folders_of_one_name(root):
    (root / "birds").mkdir()
    for name in ("b.png", "c.png"):
        (root / "birds" / name).write_bytes(f"birds/{name}".encode())
    assert locate(root, "birds") == {"birds": "birds"}
    (root / "birds" / "c.png").write_bytes(b"another")
    with pytest.raises(ValueError, match="different pictures"):
        locate(root, "birds")


def test_links_of_annexed_datasets_are_followed(root):
    (root / "store").write_bytes(b"picture")
    (root / "stimuli" / "linked.png").symlink_to(root / "store")
    assert locate(root, "linked.png") == {"linked.png": "linked.png"}
