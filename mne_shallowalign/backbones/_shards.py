"""Weights in several files: the index that says which tensor is where."""

from __future__ import annotations

import json
from pathlib import Path

INDEX = ".safetensors.index.json"


def read_index(path: str | Path) -> dict[Path, list[str]]:
    """Read which tensors each shard holds.

    Parameters
    ----------
    path : str | Path
        ``*.safetensors.index.json``, as transformers and diffusers write it: its
        ``"weight_map"`` maps tensor names to file names in the same folder.

    Returns
    -------
    shards : dict of Path to list of str
        The tensor names of every shard, shards in order of their names.

    Raises
    ------
    ValueError
        If the file is no such index, or names a file outside its folder.
    FileNotFoundError
        If a shard is not there.
    """
    path = Path(path)
    shards: dict[Path, list[str]] = {}
    for name in shard_names(path):
        shards[path.parent / name] = []
    missing = [shard.name for shard in shards if not shard.is_file()]
    if missing:
        raise FileNotFoundError(
            f"weights: of the {len(shards)} shards that {path} names, {len(missing)} "
            f"are missing ({', '.join(missing[:3])}). Download them into its folder."
        )
    for tensor, name in _weight_map(path).items():
        shards[path.parent / name].append(tensor)
    return shards


def shard_names(path: str | Path) -> list[str]:
    """Read the file names of the shards, which need not be there yet.

    Parameters
    ----------
    path : str | Path
        ``*.safetensors.index.json``.

    Returns
    -------
    names : list of str
        The names, sorted.
    """
    names = sorted(set(_weight_map(Path(path)).values()))
    for name in names:
        if Path(name).name != name or "\\" in name or not name.endswith(".safetensors"):
            raise ValueError(
                f"weights: {path} names {name!r}, which is not a .safetensors file in "
                "its own folder; it is refused."
            )
    return names


def _weight_map(path: Path) -> dict[str, str]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))["weight_map"]
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(
            f"weights: {path} is damaged or no index of safetensors shards: it must be "
            "JSON with a 'weight_map'."
        ) from error
    if not isinstance(found, dict) or not all(
        isinstance(name, str) for name in found.values()
    ):
        raise ValueError(
            f"weights: the 'weight_map' of {path} must map names to files."
        )
    return found
