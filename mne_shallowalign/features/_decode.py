"""From what a user gave as one picture to upright RGB pixels, in bounded memory."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps
from PIL.JpegImagePlugin import JpegImageFile

Source = Path | Image.Image | np.ndarray


def decode(source: Source) -> Image.Image:
    """Decode a picture as it should look.

    Parameters
    ----------
    source : path | PIL.Image.Image | ndarray of uint8
        The picture. Of an animation the first frame is taken.

    Returns
    -------
    image : PIL.Image.Image
        Turned upright as its EXIF data says; mode RGB (16-bit values and floats up
        to 1 are scaled, transparency is dropped).

    Raises
    ------
    OSError
        If the file is no picture, or not all of it.
    PIL.Image.DecompressionBombError
        If the picture is too large to decode.

    Notes
    -----
    A picture of more than ``PIL.Image.MAX_IMAGE_PIXELS`` (89 million) pixels is decoded
    at a half, a quarter or an eighth of its size if it is a JPEG; other formats cannot
    be reduced while they are decoded, and are refused from twice that number on. So
    decoding takes at most about 1.4 GB, and 0.7 GB for JPEGs.
    """
    if isinstance(source, np.ndarray):
        return Image.fromarray(source)
    if isinstance(source, Image.Image):
        return _as_rgb(source)
    with open_file(source) as image:
        return _as_rgb(image)


def open_file(path: str | Path) -> Image.Image:
    """Open a picture file, a huge JPEG at a reduced size; nothing is decoded yet.

    Parameters
    ----------
    path : path
        The file.

    Returns
    -------
    image : PIL.Image.Image
        The opened picture, to be closed by the caller.
    """
    with open(path, "rb") as file:
        is_jpeg = file.read(3) == b"\xff\xd8\xff"
    if not is_jpeg:
        return Image.open(path)
    image = JpegImageFile(path)  # Image.open would refuse it by its full size
    pixels, limit = image.width * image.height, Image.MAX_IMAGE_PIXELS
    if limit is None or pixels <= limit:
        return image
    if image.info.get("progressive"):
        image.close()
        raise Image.DecompressionBombError(
            f"progressive JPEG of {pixels} pixels, whose decoding takes several bytes "
            f"for each. Save it as a baseline JPEG, or smaller than {limit} pixels"
        )
    shrink = next(s for s in (2, 4, 8) if pixels <= limit * s**2 or s == 8)
    image.draft("RGB", (image.width // shrink, image.height // shrink))
    return image


def check_decodes(path: str | Path) -> None:
    """Make sure that a file is a whole picture.

    Parameters
    ----------
    path : path
        The file.

    Raises
    ------
    OSError, ValueError, SyntaxError, PIL.Image.DecompressionBombError
        If it is none, or only a part of one.
    """
    with open_file(path) as image:
        # an eighth of a JPEG's resolution reads the whole file in a third of the time
        image.draft("RGB", (image.width // 8 or 1, image.height // 8 or 1))
        image.load()


def digest_pixels(image: Image.Image | np.ndarray) -> str:
    """Hash a picture in memory by what it looks like.

    Parameters
    ----------
    image : PIL.Image.Image | ndarray of uint8
        The picture.

    Returns
    -------
    digest : str
        SHA-256 of its size and RGB pixels.
    """
    pixels = np.ascontiguousarray(decode(image))
    digest = hashlib.sha256(repr(pixels.shape).encode())
    digest.update(pixels.data)
    return digest.hexdigest()


def _as_rgb(image: Image.Image) -> Image.Image:
    image = ImageOps.exif_transpose(image)
    if image.mode.startswith("I"):  # PIL would clip 16-bit values at 255
        image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    if image.mode == "F":
        image = _from_floats(np.asarray(image))
    if image.mode == "P" and "transparency" in image.info:
        image = image.convert("RGBA")  # PIL warns where this step is left out
    return image.convert("RGB")


def _from_floats(pixels: np.ndarray) -> Image.Image:
    """Take numbers up to 1 for shares of white, others for grey levels up to 255."""
    if not 0 <= pixels.min() <= pixels.max() <= 255:
        raise ValueError(
            f"a picture of floats from {pixels.min():g} to {pixels.max():g}, where 0 "
            "to 1 or 0 to 255 is expected"
        )
    white = 255 if pixels.max() <= 1 else 1
    return Image.fromarray((pixels * white).round().astype(np.uint8))
