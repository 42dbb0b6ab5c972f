"""What the cache of features holds, and how large it may grow."""

from __future__ import annotations

import fnmatch
import json
import re
from collections.abc import Collection, Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from mne.utils import logger

from ._disk import remove_leftovers
from ._index import NAME as INDEX
from ._index import list_shards, read_contents
from ._store import ABOUT

if TYPE_CHECKING:
    import pandas as pd

LIMIT = "MNE_SHALLOWALIGN_CACHE_LIMIT"
_COLUMNS = ("backbone", "weights_revision", "pooling", "view", "precision")


def default_cache_dir() -> Path:
    """Return where features are cached by default.

    Returns
    -------
    path : Path
        ``mne-shallowalign/features`` in MNE's data folder (the configuration value
        ``MNE_DATA``, else ``~/mne_data``).
    """
    from mne import get_config

    root = Path(get_config("MNE_DATA", "~/mne_data")).expanduser()
    return root / "mne-shallowalign" / "features"


def cache_info(cache_dir: str | Path | None = None) -> pd.DataFrame:
    """Tell what the cache of features holds.

    Parameters
    ----------
    cache_dir : path | None
        The cache; None for :func:`default_cache_dir`.

    Returns
    -------
    info : pandas.DataFrame
        One row per backbone, pooling, view and precision, in the order of last use,
        with the columns ``backbone``, ``weights_revision``, ``pooling``
        (``"final"`` for the model's own output), ``view``, ``precision``, ``layers``
        (names), ``n_images``, ``n_bytes`` and ``last_used`` (UTC). Its
        ``attrs["path"]`` is where the cache is.

    See Also
    --------
    clear_cache : Make space.
    """
    import pandas as pd

    root = _root(cache_dir)
    rows = [_describe(folder, about) for folder, about in _folders(root).items()]
    columns = [*_COLUMNS, "layers", "n_images", "n_bytes", "last_used"]
    info = pd.DataFrame([row for row in rows if row["n_images"]], columns=columns)
    info["last_used"] = pd.to_datetime(info["last_used"], unit="s")
    info = info.sort_values("last_used", ascending=False, ignore_index=True)
    info.attrs["path"] = str(root)
    return info


def clear_cache(
    cache_dir: str | Path | None = None,
    *,
    backbone: str | None = None,
    max_bytes: int | str | None = None,
) -> int:
    """Remove features from the cache.

    Parameters
    ----------
    cache_dir : path | None
        The cache; None for :func:`default_cache_dir`.
    backbone : str | None
        Only features of backbones whose name matches this pattern, such as
        ``"timm/*"``; None for all.
    max_bytes : int | str | None
        Remove only so much that this many bytes, or ``"5GB"``, are left (of those
        backbones), what was not used for the longest time first; None to remove all.

    Returns
    -------
    freed : int
        The number of bytes that were freed.

    Raises
    ------
    ValueError
        If ``max_bytes`` is negative, or no size.

    Notes
    -----
    Only features go, never weights or other files. It is safe while other processes
    read the cache: they compute again what they miss.
    """
    if isinstance(max_bytes, str):
        max_bytes = parse_size(max_bytes, "max_bytes")
    if max_bytes is not None and max_bytes < 0:
        raise ValueError(f"max_bytes must be 0 or more; got {max_bytes!r}.")
    folders = [
        folder
        for folder, about in _folders(_root(cache_dir)).items()
        if fnmatch.fnmatchcase(about["backbone"], backbone or "*")
    ]
    freed = _evict(folders, max_bytes or 0)
    for folder in folders:
        remove_leftovers(folder)
        _remove_empty(folder)
    return freed


def cache_limit() -> int | None:
    """Return how large the cache may grow.

    Returns
    -------
    limit : int | None
        Bytes, from the configuration value ``MNE_SHALLOWALIGN_CACHE_LIMIT``; None if
        it is not set.

    Raises
    ------
    ValueError
        If the value is no size.
    """
    from mne import get_config

    said = get_config(LIMIT)
    if not said:
        return None
    return parse_size(said, LIMIT)


def parse_size(said: str, name: str) -> int:
    """Read a number of bytes.

    Parameters
    ----------
    said : str
        ``"5GB"``, ``"500M"`` or a number of bytes; a GB is 10^9 bytes.
    name : str
        What it is the size of, for the message.

    Returns
    -------
    n_bytes : int
        The size.

    Raises
    ------
    ValueError
        If it is no size.
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMGT]?)B?", said.strip().upper())
    if match is None:
        raise ValueError(f"{name} must be a size such as '20GB'; got {said!r}.")
    return int(float(match[1]) * 1000 ** " KMGT".index(match[2] or " "))


def enforce_limit(root: Path, limit: int | None, needed: Collection[Path]) -> None:
    """Bring the cache below its limit, least recently used shards first.

    Parameters
    ----------
    root : Path
        The cache.
    limit : int | None
        Bytes; None for no limit.
    needed : collection of Path
        Shards that stay whatever their age.
    """
    if limit is not None:
        freed = _evict(_folders(root), limit, needed)
        if freed:
            logger.info(f"Removed {freed} bytes from {root} to keep within {LIMIT}.")


def _root(cache_dir: str | Path | None) -> Path:
    return default_cache_dir() if cache_dir is None else Path(cache_dir).expanduser()


def _folders(root: Path) -> dict[Path, dict[str, str]]:
    """Find the folders that are ours: those that say what they stand for."""
    candidates = sorted(path.parent for path in root.glob(f"*/*/{ABOUT}"))
    described = {folder: _about(folder) for folder in candidates}
    return {folder: about for folder, about in described.items() if about}


def _about(folder: Path) -> dict[str, str] | None:
    try:
        about = json.loads((folder / ABOUT).read_bytes())
        return {column: str(about[column]) for column in _COLUMNS}
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _describe(folder: Path, about: dict[str, str]) -> dict[str, Any]:
    contents = list(read_contents(folder).values())
    keys = [found.keys for found in contents]
    sizes = _sizes([folder])
    layers = {layer for found in contents for layer in found.layers}
    return about | {
        "layers": sorted(layers, key=_natural),
        "n_images": len(np.unique(np.concatenate(keys))) if keys else 0,
        "n_bytes": sum(size for _, size, _ in sizes),
        "last_used": max((used for used, *_ in sizes), default=0),
    }


def _natural(name: str) -> list[Any]:
    """Order numbers in names by their value."""
    parts = re.split(r"(\d+)", name)
    return [int(part) if i % 2 else part for i, part in enumerate(parts)]


def _sizes(folders: Iterable[Path]) -> list[tuple[float, int, Path]]:
    """Return when each shard was last used, its bytes and its path."""
    sizes = []
    for path in (path for folder in folders for path in list_shards(folder)):
        with suppress(FileNotFoundError):  # removed by another process
            stat = path.stat()
            sizes.append((stat.st_mtime, stat.st_size, path))
    return sizes


def _evict(
    folders: Iterable[Path], limit: int, needed: Collection[Path] = frozenset()
) -> int:
    shards = sorted(_sizes(folders))
    excess = sum(size for _, size, _ in shards) - limit
    freed = 0
    for _, size, path in shards:
        if freed >= excess:
            break
        if path not in needed:
            path.unlink(missing_ok=True)
            freed += size
    return freed


def _remove_empty(folder: Path) -> None:
    """Remove a folder without shards, and the one that it was alone in."""
    if list_shards(folder):
        return
    for name in (ABOUT, INDEX):
        (folder / name).unlink(missing_ok=True)
    with suppress(OSError):  # somebody else's files stay
        folder.rmdir()
        folder.parent.rmdir()
