"""Which shards hold which images, known without opening all of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from ._disk import write_whole

NAME = "index.safetensors"
KEY = "S16"  # as much of a digest tells images apart
DAMAGE = (SafetensorError, OSError, ValueError, KeyError, TypeError)


class Contents(NamedTuple):
    """What a shard holds.

    Parameters
    ----------
    layers : tuple of str
        Names of its layers.
    keys : array of bytes, shape (n_images,)
        The beginnings of the digests of its images.
    """

    layers: tuple[str, ...]
    keys: np.ndarray


def list_shards(folder: Path) -> list[Path]:
    """List the shards of a folder.

    Parameters
    ----------
    folder : Path
        One folder of the cache, which need not exist.

    Returns
    -------
    shards : list of Path
        Sorted by name.
    """
    return sorted(folder.glob("shard-*.safetensors"))


def find_shards(folder: Path, ids: Sequence[str], layers: Iterable[str]) -> list[Path]:
    """Find the shards that hold some of these images and layers.

    Parameters
    ----------
    folder : Path
        One folder of the cache.
    ids : sequence of str
        Content digests of images.
    layers : iterable of str
        Names of layers.

    Returns
    -------
    shards : list of Path
        The shards worth opening.
    """
    contents = read_contents(folder)
    if not contents:
        return []
    names = list(contents)
    owner = np.repeat(np.arange(len(names)), [len(contents[n].keys) for n in names])
    keys = np.concatenate([contents[name].keys for name in names])
    hit = np.unique(owner[np.isin(keys, np.array(ids, KEY))])
    wanted = set(layers)
    found = {names[i] for i in hit if wanted.intersection(contents[names[i]].layers)}
    # whoever opens a damaged shard says so and removes it
    damaged = {name for name in names if not len(contents[name].keys)}
    return [folder / name for name in sorted(found | damaged)]


def read_contents(folder: Path) -> dict[str, Contents]:
    """Learn what the shards of a folder hold, opening those that are new.

    Parameters
    ----------
    folder : Path
        One folder of the cache.

    Returns
    -------
    contents : dict of str to Contents
        By file name. A shard whose header cannot be read counts as holding nothing.

    Notes
    -----
    What shards hold is written down in an index, which is a hint and no more: a shard
    never changes, for its name is made of its contents; those that are gone from the
    folder are ignored, and new ones are opened.
    """
    shards = list_shards(folder)
    known = _read_index(folder) if shards else {}
    contents = {
        path.name: known[path.name] if path.name in known else _open_shard(path)
        for path in shards
    }
    n_new = len(contents.keys() - known.keys())
    if n_new > 8 + len(known) // 8:  # not each time, so that single images stay cheap
        with suppress(OSError):  # others' caches may be read-only
            _write_index(folder, contents)
    return contents


def shard_header(path: Path) -> tuple[list[str], dict[str, str]]:
    """Read which layers and images a shard holds.

    Parameters
    ----------
    path : Path
        The shard.

    Returns
    -------
    layers : list of str
        Names of its layers.
    header : dict of str to str
        Its metadata: ``"ids"`` in JSON, and a checksum per layer.
    """
    path.open("rb").close()  # a plain error where it may not be read
    with safe_open(path, framework="numpy") as shard:
        return list(shard.keys()), shard.metadata()


def _open_shard(path: Path) -> Contents:
    try:
        layers, header = shard_header(path)
        return Contents(tuple(layers), np.array(json.loads(header["ids"]), KEY))
    except DAMAGE:
        return Contents((), np.empty(0, KEY))


def _read_index(folder: Path) -> dict[str, Contents]:
    path = folder / NAME
    try:
        path.open("rb").close()
        with safe_open(path, framework="numpy") as index:
            shards = json.loads(index.metadata()["shards"])
            keys = index.get_tensor("keys").view(KEY).ravel()
            layers = json.loads(index.metadata()["layers"])
    except DAMAGE:
        return {}
    ends = np.cumsum([n for _, n, _ in shards])
    return {
        name: Contents(tuple(layers[which]), keys[end - n : end])
        for (name, n, which), end in zip(shards, ends, strict=True)
    }


def _write_index(folder: Path, contents: dict[str, Contents]) -> None:
    contents = {name: found for name, found in contents.items() if len(found.keys)}
    layers = list(dict.fromkeys(found.layers for found in contents.values()))
    number = {names: i for i, names in enumerate(layers)}
    shards = [(n, len(c.keys), number[c.layers]) for n, c in contents.items()]
    keys = np.concatenate([found.keys for found in contents.values()])
    header = {"shards": json.dumps(shards), "layers": json.dumps(layers)}
    content = save({"keys": keys.view(np.uint8).reshape(-1, 16)}, header)
    write_whole(folder / NAME, content)
