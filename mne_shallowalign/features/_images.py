"""Images by what they are, not where they stand: identity is content."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps

Source = Path | Image.Image | np.ndarray


@dataclass(frozen=True, eq=False)
class ImageSet:
    """The unique images behind a sequence of rows.

    Parameters
    ----------
    ids : tuple of str
        Content digest of every unique image.
    names : tuple of str | tuple of int
        What the user first called it: its path as given, or its row number for images
        in memory.
    index : ndarray of int, shape (n_rows,)
        The unique image of every row.
    sources : tuple of tuple
        The pictures of every unique image: one, or all in the folder of a *picture
        set* (a stimulus known only by its class).
    source_ids : tuple of tuple of str
        Content digests of these pictures.
    """

    ids: tuple[str, ...]
    names: tuple[Any, ...]
    index: np.ndarray
    sources: tuple[tuple[Source, ...], ...] = field(repr=False)
    source_ids: tuple[tuple[str, ...], ...] = field(repr=False)

    def __len__(self) -> int:
        """Count the unique images."""
        return len(self.ids)

    def load(self, i: int) -> Image.Image:
        """Decode one image.

        Parameters
        ----------
        i : int
            Which of the unique images; of a picture set the first picture is taken.

        Returns
        -------
        image : PIL.Image.Image
            Upright, mode RGB.
        """
        return decode(self.sources[i][0])

    def members(self, i: int) -> tuple[Source, ...]:
        """List the pictures of one image: itself, or those of a picture set.

        Parameters
        ----------
        i : int
            Which of the unique images.

        Returns
        -------
        sources : tuple
            Paths, PIL images or arrays.
        """
        return self.sources[i]


def open_images(images: Any, image_root: str | Path | None = None) -> ImageSet:
    """Identify and verify images, before anything long starts.

    Parameters
    ----------
    images : sequence of path | sequence of PIL.Image.Image | ndarray | ImageSet
        Paths in any 1-D sequence (list, array, Series), PIL images, or a uint8 array
        (n_images, height, width, 3), or a list of such pictures of several sizes. A
        path to a folder stands for the set of pictures in it.
    image_root : path | None
        Relative paths start here and may not leave it; None for the working directory.

    Returns
    -------
    image_set : ImageSet
        The unique images, in the order of their first row.

    Raises
    ------
    FileNotFoundError
        If files are missing.
    ValueError
        If there are no images, if files are not readable images, or leave
        ``image_root``. The first offenders are listed.
    TypeError
        If ``images`` is something else.

    Notes
    -----
    Two files with the same bytes are one image, whatever their names. Images in memory
    are identified by their pixels. Every file is read once per session, as far as a
    truncated one shows itself.
    """
    if isinstance(images, ImageSet):
        return images
    rows = _as_rows(images)
    if isinstance(rows[0], str | os.PathLike):
        paths = _place(rows, image_root)
        identified = _identify_files(paths)
        found = [
            (str(name), *identified[path])
            for name, path in zip(rows, paths, strict=True)
        ]
    else:
        found = [
            (row, (image,), (_digest_pixels(image),)) for row, image in enumerate(rows)
        ]
    return _unique(found)


def decode(source: Source) -> Image.Image:
    """Decode a picture as it should look.

    Parameters
    ----------
    source : path | PIL.Image.Image | ndarray of uint8
        The picture. Of an animation the first frame is taken.

    Returns
    -------
    image : PIL.Image.Image
        Turned upright as its EXIF data says; mode RGB (16-bit values are scaled,
        transparency is dropped).
    """
    if isinstance(source, np.ndarray):
        return Image.fromarray(source)
    if isinstance(source, Image.Image):
        return _as_rgb(source)
    with Image.open(source) as image:
        return _as_rgb(image)


def _as_rgb(image: Image.Image) -> Image.Image:
    image = ImageOps.exif_transpose(image)
    if image.mode.startswith("I"):  # PIL would clip 16-bit values at 255
        image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    return image.convert("RGB")


def _as_rows(images: Any) -> Sequence[Any]:
    if isinstance(images, str | os.PathLike | Image.Image):
        raise TypeError(
            f"images must be a sequence of images; got one, {images!r}. Put it in a "
            "list."
        )
    rows = list(images)
    if not rows:
        raise ValueError("images is empty; give at least one image.")
    kinds = (str | os.PathLike, Image.Image, np.ndarray)
    kind = next((k for k in kinds if isinstance(rows[0], k)), ())
    strangers = [row for row in rows if not isinstance(row, kind)]
    if strangers:
        raise TypeError(
            "images must be all paths, all PIL images, or all uint8 pixels (height, "
            f"width, 3); got {_listed(strangers)}."
        )
    if kind is np.ndarray:
        _check_pixels(rows)
    return rows


def _check_pixels(rows: Sequence[np.ndarray]) -> None:
    for row in rows:
        if row.dtype != np.uint8 or row.ndim != 3 or row.shape[-1] != 3:
            raise ValueError(
                "images given as pixels must be uint8 (height, width, 3) each; got "
                f"{row.dtype} {row.shape}."
            )


def _place(rows: Sequence[Any], image_root: str | Path | None) -> list[str]:
    """Make paths absolute and refuse relative ones that climb out of the root."""
    root = os.path.abspath(os.path.expanduser(image_root or os.curdir))
    paths = [os.path.normpath(os.path.join(root, row)) for row in rows]
    if image_root is not None:
        escaped = [
            row
            for row, path in zip(rows, paths, strict=True)
            if not os.path.isabs(row) and os.path.commonpath((root, path)) != root
        ]
        if escaped:
            raise ValueError(
                f"images leave image_root={str(image_root)!r}: {_listed(escaped)}. "
                "Stimulus paths must stay inside their folder."
            )
    return paths


def _identify_files(
    paths: Iterable[str],
) -> dict[str, tuple[tuple[Path, ...], tuple[str, ...]]]:
    """Find the pictures behind every path and their digests; verify all."""
    members = {path: _members(path) for path in dict.fromkeys(paths)}
    missing = [path for path, files in members.items() if not files]
    if missing:
        raise FileNotFoundError(
            f"{len(missing)} of {len(members)} images do not exist (or are folders "
            f"without pictures): {_listed(missing)}."
        )
    files = list(dict.fromkeys(file for found in members.values() for file in found))
    with ThreadPoolExecutor() as threads:
        checked = dict(zip(files, threads.map(_digest_or_error, files), strict=True))
    broken = [f"{f} ({e})" for f, e in checked.items() if isinstance(e, Exception)]
    if broken:
        raise ValueError(
            f"{len(broken)} of {len(files)} images cannot be read: {_listed(broken)}. "
            "Replace or leave out these files."
        )
    return {
        path: (found, tuple(checked[file] for file in found))
        for path, found in members.items()
    }


def _members(path: str) -> tuple[Path, ...]:
    if not os.path.isdir(path):
        return (Path(path),) if os.path.exists(path) else ()
    suffixes = Image.registered_extensions()
    return tuple(
        file
        for file in sorted(Path(path).iterdir())
        if file.suffix.lower() in suffixes and not file.name.startswith(".")
    )


def _digest_or_error(file: Path) -> str | Exception:
    try:
        stat = file.stat()
        return _digest_file(str(file), stat.st_mtime_ns, stat.st_size)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        return error


@lru_cache(maxsize=200_000)
def _digest_file(file: str, mtime_ns: int, size: int) -> str:
    """Hash a file and make sure that it decodes; time and size key the cache."""
    with Image.open(file) as image:
        # an eighth of a JPEG's resolution reads the whole file in a third of the time
        image.draft("RGB", (image.width // 8 or 1, image.height // 8 or 1))
        image.load()
    with open(file, "rb") as raw:
        return hashlib.file_digest(raw, "sha256").hexdigest()


def _digest_pixels(image: Image.Image | np.ndarray) -> str:
    pixels = np.ascontiguousarray(decode(image))
    digest = hashlib.sha256(repr(pixels.shape).encode())
    digest.update(pixels.data)
    return digest.hexdigest()


def _unique(
    found: list[tuple[Any, tuple[Source, ...], tuple[str, ...]]],
) -> ImageSet:
    first: dict[str, int] = {}
    keep, index = [], np.empty(len(found), int)
    for row, (_, sources, digests) in enumerate(found):
        image_id = digests[0] if len(sources) == 1 else _digest_set(digests)
        if image_id not in first:
            first[image_id] = len(keep)
            keep.append(row)
        index[row] = first[image_id]
    names, sources, digests = zip(*(found[row] for row in keep), strict=True)
    return ImageSet(tuple(first), names, index, sources, digests)


def _digest_set(digests: tuple[str, ...]) -> str:
    return hashlib.sha256("\n".join(sorted(digests)).encode()).hexdigest()


def _listed(offenders: Sequence[Any], n: int = 5) -> str:
    shown = ", ".join(str(o) if isinstance(o, str) else repr(o) for o in offenders[:n])
    more = len(offenders) - n
    return shown + (f" and {more} more" if more > 0 else "")
