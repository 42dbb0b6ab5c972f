from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from mne_shallowalign.features import open_images
from mne_shallowalign.features._decode import decode, digest_pixels

RAMP = np.tile(np.arange(256, dtype=np.uint8), (4, 1))
GREY = Image.fromarray(RAMP)
MODES = {
    "grey": GREY,
    "deep": Image.fromarray(RAMP.astype(np.uint16) * 257),
    "palette": GREY.convert("P"),
    "rgba": Image.merge("RGBA", [GREY] * 3 + [Image.new("L", GREY.size, 255)]),
    "clear": Image.merge("RGBA", [GREY] * 3 + [Image.new("L", GREY.size, 7)]),
    "la": Image.merge("LA", [GREY, Image.new("L", GREY.size, 7)]),
}


@pytest.mark.parametrize("mode", MODES)
def test_modes_become_rgb(mode, tmp_path):
    MODES[mode].save(tmp_path / "a.png")
    loaded = decode(tmp_path / "a.png")
    assert loaded.mode == "RGB"
    np.testing.assert_array_equal(loaded, np.repeat(RAMP[..., None], 3, axis=2))


@pytest.mark.parametrize("white", [1, 255])
def test_floats_are_shares_of_white_or_grey_levels(white, tmp_path):
    pixels = (RAMP / 255 * white).astype(np.float32)
    Image.fromarray(pixels).save(tmp_path / "a.tif")
    loaded = np.asarray(decode(tmp_path / "a.tif"))
    np.testing.assert_array_equal(loaded, np.repeat(RAMP[..., None], 3, axis=2))
    Image.fromarray(pixels * 300).save(tmp_path / "b.tif")
    with pytest.raises(ValueError, match="a picture of floats from 0 to"):
        decode(tmp_path / "b.tif")


@pytest.mark.parametrize("transparency", [3, bytes(range(256))])
def test_a_transparent_palette(transparency, tmp_path):
    GREY.convert("P").save(tmp_path / "a.png", transparency=transparency)
    loaded = decode(tmp_path / "a.png")
    np.testing.assert_array_equal(loaded, np.repeat(RAMP[..., None], 3, axis=2))


def test_cmyk(tmp_path):
    GREY.convert("CMYK").save(tmp_path / "a.jpg", quality=95)
    loaded = np.asarray(decode(tmp_path / "a.jpg")).astype(int)
    assert abs(loaded - RAMP[..., None]).max() <= 4


@pytest.mark.parametrize("suffix", ["png", "jpg", "gif", "webp"])
def test_a_picture_of_one_pixel(suffix, tmp_path):
    Image.new("RGB", (1, 1), "red").save(tmp_path / f"dot.{suffix}")
    assert open_images([f"dot.{suffix}"], tmp_path).load(0).size == (1, 1)


@pytest.mark.parametrize("suffix", ["png", "jpg"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_rotation(orientation, suffix, tmp_path):
    upright = np.zeros((16, 32, 3), np.uint8)
    upright[:8, :8] = 255  # a white corner, top left
    stored = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.swapaxes(0, 1),
        6: np.rot90(upright),
        7: np.rot90(upright[:, ::-1], -1),
        8: np.rot90(upright, -1),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / f"turned.{suffix}"
    Image.fromarray(np.ascontiguousarray(stored)).save(path, exif=exif)
    np.testing.assert_allclose(decode(path), upright, atol=3)


def test_animation_gives_its_first_frame(tmp_path):
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    assert decode(tmp_path / "a.gif").getpixel((0, 0)) == (255, 0, 0)


def test_the_contents_tell_the_format_not_the_suffix(tmp_path):
    GREY.save(tmp_path / "a.jpg", "PNG")
    np.testing.assert_array_equal(np.asarray(decode(tmp_path / "a.jpg"))[..., 0], RAMP)


def test_too_many_pixels_is_an_error_not_a_warning(tmp_path, monkeypatch):
    Image.new("1", (64, 64)).save(tmp_path / "huge.png")
    Image.new("L", (64, 64)).save(tmp_path / "huge.jpg", progressive=True)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    with pytest.raises(ValueError, match=r"huge\.png .*decompression bomb"):
        open_images(["huge.png"], tmp_path)
    with pytest.raises(
        ValueError, match=r"huge\.jpg \(progressive JPEG of 4096 pixels"
    ):
        open_images(["huge.jpg"], tmp_path)


def test_a_large_jpeg_is_reduced_while_it_is_decoded(tmp_path, monkeypatch):
    Image.linear_gradient("L").save(tmp_path / "a.jpg", quality=95)
    full = decode(tmp_path / "a.jpg")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 64 * 64)
    small = open_images(["a.jpg"], tmp_path).load(0)
    assert small.size == (64, 64)
    np.testing.assert_allclose(small, full.reduce(4), atol=3)


HUGE = """
import resource, sys
from PIL import Image
from mne_shallowalign.features import open_images
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(*open_images([sys.argv[1]]).load(0).size)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no resource module")
def test_a_picture_of_20000_pixels_takes_little_memory(tmp_path):
    path = tmp_path / "huge.jpg"
    Image.new("L", (20_000, 9_000), 77).save(path)  # 180 million, beyond PIL's limit
    command = [sys.executable, "-W", "error", "-c", HUGE, str(path)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    size, grown = done.stdout.splitlines()
    assert size == "10000 4500"
    assert float(grown) < 400  # MiB; 45 million pixels, grey and then RGB


def test_pixels_are_hashed_by_what_they_look_like():
    colour = np.repeat(RAMP[..., None], 3, axis=2)
    assert digest_pixels(GREY) == digest_pixels(colour)
    assert digest_pixels(colour) != digest_pixels(colour.reshape(8, 128, 3))
