"""Images by what they are, not where they stand: identity is content."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from mne.utils import logger
from PIL import Image

from ._decode import Source, check_decodes, decode, digest_pixels

# the name of a row, its pictures and their digests
_Found = tuple[Any, tuple[Source, ...], tuple[str, ...]]


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

    @property
    def pictures(self) -> dict[str, Source]:
        """All pictures, by their content digests."""
        return {
            key: source
            for keys, sources in zip(self.source_ids, self.sources, strict=True)
            for key, source in zip(keys, sources, strict=True)
        }

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


def open_images(
    images: Any, image_root: str | Path | None = None, *, verify: bool = True
) -> ImageSet:
    """Identify and verify images, before anything long starts.

    Parameters
    ----------
    images : sequence of path | sequence of PIL.Image.Image | ndarray | ImageSet
        Paths in any 1-D sequence (list, array, Series), PIL images, or a uint8 array
        (n_images, height, width, 3), or a list of such pictures of several sizes. A
        path to a folder stands for the set of pictures in it.
    image_root : path | None
        Relative paths start here and may not leave it; None for the working directory.
    verify : bool
        Whether files are decoded, to be sure that they are whole pictures. Otherwise
        they are only read.

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
    Two files with the same bytes are one image, whatever their names; if their folders
    differ, which often are concepts, this is logged once. Images in memory are
    identified by their pixels. Every file is read and decoded at most once per session.
    """
    if isinstance(images, ImageSet):
        return images
    rows = _as_rows(images)
    if isinstance(rows[0], str | os.PathLike):
        paths = _place(rows, image_root)
        identified = _identify_files(paths)
        found: list[_Found] = [
            (str(name), *identified[path])
            for name, path in zip(rows, paths, strict=True)
        ]
        image_set = _unique(found)
        _tell_twins(paths, image_set.index)
    else:
        image_set = _unique(
            [(row, (image,), (digest_pixels(image),)) for row, image in enumerate(rows)]
        )
    if verify:
        verify_images(image_set.pictures)
    return image_set


def verify_images(pictures: Mapping[str, Source]) -> None:
    """Make sure that pictures can be decoded, before anything long starts.

    Parameters
    ----------
    pictures : mapping of str to path | PIL.Image.Image | ndarray
        Content digest to picture.

    Raises
    ------
    ValueError
        If files are not readable images, or are not what they were when they were
        identified. The first offenders are listed.
    """
    files = {key: path for key, path in pictures.items() if isinstance(path, Path)}
    broken = {
        path: error
        for path, error in _in_threads(_check_file, files.values()).items()
        if error is not None
    }
    broken |= {
        path: "changed while it was read"
        for key, path in files.items()
        if path not in broken and _digest_or_error(path) != key
    }
    _refuse(broken, len(files))


def _in_threads(
    function: Callable[[Path], Any], files: Iterable[Path]
) -> dict[Path, Any]:
    files = list(files)
    with ThreadPoolExecutor() as threads:
        return dict(zip(files, threads.map(function, files), strict=True))


def _refuse(broken: Mapping[Path, Any], n_files: int) -> None:
    if broken:
        listed = _listed([f"{file} ({error})" for file, error in broken.items()])
        raise ValueError(
            f"{len(broken)} of {n_files} images cannot be read: {listed}. Replace or "
            "leave out these files."
        )


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
    """Find the pictures behind every path and their digests."""
    members = {path: _members(path) for path in dict.fromkeys(paths)}
    missing = [path for path, files in members.items() if not files]
    if missing:
        raise FileNotFoundError(
            f"{len(missing)} of {len(members)} images do not exist (or are folders "
            f"without pictures): {_listed(missing)}."
        )
    files = dict.fromkeys(file for found in members.values() for file in found)
    checked = _in_threads(_digest_or_error, files)
    _refuse({f: e for f, e in checked.items() if isinstance(e, OSError)}, len(files))
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


def _digest_or_error(file: Path) -> str | OSError:
    try:
        stat = file.stat()
        return _digest_file(str(file), stat.st_mtime_ns, stat.st_size)
    except OSError as error:
        return error


@lru_cache(maxsize=200_000)
def _digest_file(file: str, mtime_ns: int, size: int) -> str:
    """Hash a file; time and size key the cache."""
    with open(file, "rb") as raw:
        return hashlib.file_digest(raw, "sha256").hexdigest()


def _check_file(file: Path) -> Exception | None:
    try:
        stat = file.stat()
        _decodes(str(file), stat.st_mtime_ns, stat.st_size)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        return error
    return None


@lru_cache(maxsize=200_000)
def _decodes(file: str, mtime_ns: int, size: int) -> None:
    check_decodes(file)


def _unique(found: list[_Found]) -> ImageSet:
    first: dict[str, int] = {}
    keep: list[int] = []
    index = np.empty(len(found), int)
    for row, (_, pictures, keys) in enumerate(found):
        image_id = keys[0] if len(pictures) == 1 else _digest_set(keys)
        if image_id not in first:
            first[image_id] = len(keep)
            keep.append(row)
        index[row] = first[image_id]
    names, sources, digests = zip(*(found[row] for row in keep), strict=True)
    return ImageSet(tuple(first), names, index, sources, digests)


def _tell_twins(paths: Sequence[str], index: np.ndarray) -> None:
    """Tell of files that count as one although their folders differ."""
    first: dict[int, str] = {}
    twins = {}
    for path, i in zip(paths, index.tolist(), strict=True):
        other = first.setdefault(i, path)
        if other != path and os.path.dirname(other) != os.path.dirname(path):
            twins[path] = other
    if twins:
        path, other = next(iter(twins.items()))
        _warn_once(
            f"{other} and {path} have the same bytes and count as one image, though "
            "their folders, which may be concepts, differ. Such pairs: "
            f"{len(twins)}."
        )


@lru_cache(maxsize=1000)
def _warn_once(message: str) -> None:
    logger.warning(message)


def _digest_set(digests: tuple[str, ...]) -> str:
    return hashlib.sha256("\n".join(sorted(digests)).encode()).hexdigest()


def _listed(offenders: Sequence[Any], n: int = 5) -> str:
    shown = ", ".join(str(o) if isinstance(o, str) else repr(o) for o in offenders[:n])
    more = len(offenders) - n
    return shown + (f" and {more} more" if more > 0 else "")
