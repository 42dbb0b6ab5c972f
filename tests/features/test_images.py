from __future__ import annotations

import io
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from mne.utils import catch_logging
from PIL import Image

from mne_shallowalign.features import ImageSet, open_images
from mne_shallowalign.features._images import verify_images


def noise(seed, size=(24, 32)):
    return np.random.default_rng(seed).integers(0, 256, (*size, 3), dtype=np.uint8)


@pytest.fixture
def folder(tmp_path):
    """Three pictures, one of them under two names, in two folders."""
    for seed, name in enumerate(("a/1.png", "a/2.png", "b/1.png")):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(noise(seed)).save(path)
    shutil.copy(tmp_path / "a/1.png", tmp_path / "b/copy.png")
    return tmp_path


ROWS = ["a/2.png", "a/1.png", "b/copy.png", "b/1.png", "a/2.png"]


@pytest.mark.parametrize(
    "form", [list, tuple, np.array, pd.Series, lambda r: np.array(r, object)]
)
def test_rows_become_unique_images(folder, form):
    images = open_images(form(ROWS), folder)
    assert len(images) == 3
    assert images.names == ("a/2.png", "a/1.png", "b/1.png")
    assert images.index.tolist() == [0, 1, 1, 2, 0]
    assert len(set(images.ids)) == 3
    np.testing.assert_array_equal(images.load(1), noise(0))


def test_identity_is_content_not_name(folder):
    relative = open_images(ROWS, folder)
    absolute = open_images([str(folder / row) for row in ROWS])
    paths = open_images([folder / row for row in ROWS], folder)
    assert relative.ids == absolute.ids == paths.ids
    assert paths.names[0] == str(folder / "a/2.png")
    shutil.copy(folder / "b/1.png", folder / "a/1.png")
    assert open_images(["a/1.png"], folder).ids == (relative.ids[2],)


def test_one_image_in_two_folders_is_told_once(folder):
    shutil.copy(folder / "a/2.png", folder / "a/copy.png")
    with catch_logging(verbose="WARNING") as log:
        open_images(["a/2.png", "a/copy.png", "a/2.png"], folder)
    assert log.getvalue() == ""  # in one folder, thus of one concept
    with catch_logging(verbose="WARNING") as log:
        for _ in range(2):
            open_images(ROWS, folder)
    first, second = folder / "a/1.png", folder / "b/copy.png"
    told = log.getvalue()
    assert f"{first} and {second} have the same bytes" in told
    assert told.count("\n") == 1


def test_relative_to_the_working_directory(folder, monkeypatch):
    monkeypatch.chdir(folder)
    assert open_images(ROWS).ids == open_images(ROWS, folder).ids


def test_pixels_and_pil_images_are_the_same_images():
    pixels = np.stack([noise(0), noise(1), noise(0)])
    from_array = open_images(pixels)
    from_pil = open_images([Image.fromarray(p) for p in pixels])
    assert from_array.ids == from_pil.ids
    assert from_array.index.tolist() == [0, 1, 0]
    assert from_array.names == (0, 1)
    np.testing.assert_array_equal(from_array.load(1), pixels[1])
    sizes = [noise(0), noise(1, (8, 9))]
    assert open_images(sizes).ids[0] == from_array.ids[0]


def test_an_image_set_is_returned_as_it_is(folder):
    images = open_images(ROWS, folder)
    assert isinstance(images, ImageSet)
    assert open_images(images) is images


def test_picture_sets(folder):
    images = open_images(["a", "b", "a/1.png", "a"], folder)
    assert images.index.tolist() == [0, 1, 2, 0]
    assert [p.name for p in images.members(1)] == ["1.png", "copy.png"]
    assert images.members(2) == (folder / "a/1.png",)
    np.testing.assert_array_equal(images.load(0), noise(0))
    # the same pictures under other names are the same set
    shutil.copytree(folder / "a", folder / "c")
    (folder / "c/1.png").rename(folder / "c/9.png")
    (folder / "c/notes.txt").write_text("not a picture")
    assert open_images(["c"], folder).ids == images.ids[:1]


def test_missing_images(folder):
    gone = [f"gone/{i}.png" for i in range(7)]
    (folder / "empty").mkdir()
    with pytest.raises(FileNotFoundError, match=r"8 of 9 images do not exist") as error:
        open_images([*gone, "empty", "a/1.png"], folder)
    assert "gone/4.png" in str(error.value)
    assert "gone/5.png" not in str(error.value)
    assert "and 3 more" in str(error.value)


def broken(path, kind):
    jpeg = io.BytesIO()
    Image.fromarray(noise(5, (300, 400))).save(jpeg, "JPEG")
    content = {
        "text": b"this is not a picture\n" * 20,
        "empty": b"",
        "truncated": jpeg.getvalue()[: len(jpeg.getvalue()) // 2],
    }[kind]
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("kind", ["text", "empty", "truncated"])
def test_files_that_are_not_readable_images(folder, kind):
    broken(folder / "b/bad.jpg", kind)
    with pytest.raises(ValueError, match=r"1 of 2 images cannot be read: .*bad\.jpg"):
        open_images(["a/1.png", "b/bad.jpg"], folder)
    with pytest.raises(ValueError, match=r"bad\.jpg"):
        open_images(["b"], folder)


@pytest.mark.parametrize("path", ["../x/1.png", "a/../../x/1.png", ".."])
def test_paths_that_leave_the_root(folder, path):
    (folder / "root").mkdir()
    (folder / "x").mkdir()
    Image.fromarray(noise(1)).save(folder / "x/1.png")
    with pytest.raises(ValueError, match=r"leave image_root"):
        open_images([path], folder / "root")


def test_paths_that_come_back_into_the_root(folder):
    (folder / "a/deep").mkdir()
    assert len(open_images(["a/deep/../1.png"], folder)) == 1


def test_a_root_that_begins_alike_is_another_folder(folder):
    shutil.copytree(folder / "a", folder / "ab")
    with pytest.raises(ValueError, match="leave image_root"):
        open_images(["../ab/1.png"], folder / "a")


@pytest.mark.parametrize(
    ("images", "error", "message"),
    [
        ([], ValueError, "images is empty"),
        (np.empty((0, 4, 4, 3), np.uint8), ValueError, "images is empty"),
        ("a.png", TypeError, "must be a sequence"),
        (Path("a.png"), TypeError, "must be a sequence"),
        (Image.new("RGB", (2, 2)), TypeError, "must be a sequence"),
        (np.zeros((2, 4, 4, 3)), ValueError, r"uint8 .* got float64 \(4, 4, 3\)"),
        (np.zeros((2, 4, 4, 1), np.uint8), ValueError, r"got uint8 \(4, 4, 1\)"),
        ([1, 2], TypeError, "all paths, all PIL images"),
        (["a.png", None], TypeError, "None"),
        (["a.png", Image.new("RGB", (2, 2))], TypeError, "all paths"),
        ([np.zeros((4, 4), np.uint8)], ValueError, r"got uint8 \(4, 4\)"),
    ],
)
def test_not_images(images, error, message):
    with pytest.raises(error, match=message):
        open_images(images)


def test_files_are_decoded_once(folder, monkeypatch):
    opened = []
    real = Image.open
    monkeypatch.setattr(Image, "open", lambda f, *a: opened.append(f) or real(f, *a))
    open_images(ROWS, folder, verify=False)
    assert not opened
    for _ in range(2):
        open_images(ROWS, folder)
        assert len(opened) == 3
    Image.fromarray(noise(9)).save(folder / "a/1.png")
    open_images(ROWS, folder)
    assert len(opened) == 5  # the copy of what "a/1.png" was counts again


def test_a_file_that_changes_meanwhile_is_not_taken_for_what_it_was(folder):
    images = open_images(ROWS, folder, verify=False)
    Image.fromarray(noise(9)).save(folder / "a/1.png")
    with pytest.raises(ValueError, match=r"1\.png \(changed while it was read\)"):
        verify_images(images.pictures)
