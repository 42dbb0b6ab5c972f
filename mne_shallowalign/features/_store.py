"""Features on disk: content-addressed shards, written whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import zlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import uuid4
from warnings import warn

import numpy as np
from safetensors import safe_open
from safetensors.numpy import save

from ._disk import remove_leftovers, write_whole, writing
from ._index import DAMAGE, find_shards, shard_header

SHARD_SIZE = 256  # images: what a killed run loses at most
ABOUT = "about.json"
ADVICE = (
    "What was written before stays valid and is not computed again. Make space (for "
    "example with features.clear_cache(max_bytes=...)), or set cache_dir to a folder "
    "that can be written, or to False to keep nothing."
)


class FeatureStore:
    """The cached features of one backbone, pooling, view and precision.

    Parameters
    ----------
    folder : Path
        Where they are; created when first written.
    about : mapping of str to str
        What the name of the folder stands for; written beside the shards.

    Attributes
    ----------
    used : set of Path
        The shards that were read or written by this object.

    Notes
    -----
    A shard is a safetensors file with one tensor (n_images, width) per layer, in
    float16 or float32; its header lists the content digests of the images and a
    checksum per layer, so one layer is read without touching the others. Its name is
    made of layers and images, so processes that compute the same leave one copy. Its
    modification time is when it was last used.
    """

    def __init__(self, folder: Path, about: Mapping[str, str]) -> None:
        self.folder = folder
        self.about = dict(about)
        self.used: set[Path] = set()

    def prepare(self) -> None:
        """Make sure that features can be written, before they are computed.

        Raises
        ------
        OSError
            If the folder cannot be made or written.
        """
        probe = self.folder / f".{uuid4().hex}"
        with writing(self.folder, ADVICE):
            self.folder.mkdir(parents=True, exist_ok=True)
            probe.touch()
            probe.unlink()
            remove_leftovers(self.folder)
            if not (self.folder / ABOUT).exists():
                content = json.dumps(self.about, indent=1, ensure_ascii=False)
                write_whole(self.folder / ABOUT, content.encode())

    def read(
        self,
        ids: Sequence[str],
        tables: Mapping[str, Any],
        rows: np.ndarray | None = None,
    ) -> np.ndarray:
        """Fill tables with what is stored.

        Parameters
        ----------
        ids : sequence of str
            Content digests of images, without repeats.
        tables : mapping of str to table, shape (n_rows, width)
            One table per layer, filled in place.
        rows : array of int, shape (n_ids,) | None
            The row of every image; None if they are counted through.

        Returns
        -------
        found : ndarray of bool, shape (n_ids, n_layers)
            What was there.
        """
        rows = np.arange(len(ids)) if rows is None else rows
        place = {image_id: i for i, image_id in enumerate(ids)}
        found = np.zeros((len(ids), len(tables)), bool)
        for path in find_shards(self.folder, ids, tables):
            if found.all():
                break
            try:
                self._read_shard(path, place, tables, rows, found)
            except FileNotFoundError:
                continue  # another process made space
            except PermissionError as error:
                _complain(path, f"cannot be read ({error}); they are computed again")
            except DAMAGE as error:
                said = "are damaged ({}); they are removed and computed again"
                _complain(path, said.format(error))
                path.unlink(missing_ok=True)
        return found

    def _read_shard(
        self,
        path: Path,
        place: Mapping[str, int],
        tables: Mapping[str, Any],
        rows: np.ndarray,
        found: np.ndarray,
    ) -> None:
        layers, header = shard_header(path)
        stored = json.loads(header["ids"])
        here = [i for i, image_id in enumerate(stored) if image_id in place]
        there = np.array([place[stored[i]] for i in here], int)
        with safe_open(path, framework="numpy") as shard:
            for column, (layer, table) in enumerate(tables.items()):
                if layer not in layers or found[there, column].all():
                    continue
                values = shard.get_tensor(layer)
                if _checksum(values) != header[f"crc32:{layer}"]:
                    raise ValueError(f"checksum of {layer!r} does not match")
                table[rows[there]] = values[here]
                found[there, column] = True
                self.used.add(path)
        if path in self.used:
            with suppress(OSError):  # others' caches may be read-only
                os.utime(path)

    def path_of(self, ids: Sequence[str], layers: Sequence[str]) -> Path:
        """Name the shard of these images and layers.

        Parameters
        ----------
        ids : sequence of str
            Content digests of the images.
        layers : sequence of str
            Names of the layers.

        Returns
        -------
        path : Path
            Where it is, or would be.
        """
        key = hashlib.sha256("\n".join((*layers, "", *ids)).encode()).hexdigest()
        return self.folder / f"shard-{key[:32]}.safetensors"

    def write(self, ids: Sequence[str], features: Mapping[str, np.ndarray]) -> Path:
        """Write one shard atomically.

        Parameters
        ----------
        ids : sequence of str
            Content digests of the images.
        features : mapping of str to ndarray, shape (n_ids, width)
            Pooled features per layer, in float16 or float32.

        Returns
        -------
        path : Path
            The shard.

        Raises
        ------
        OSError
            If it cannot be written, for example because the disk is full.
        """
        path = self.path_of(ids, list(features))
        arrays = {k: np.ascontiguousarray(v) for k, v in features.items()}
        header = {f"crc32:{k}": _checksum(v) for k, v in arrays.items()}
        header["ids"] = json.dumps(list(ids))
        with writing(self.folder, ADVICE):
            self.folder.mkdir(parents=True, exist_ok=True)
            write_whole(path, save(arrays, header))
        self.used.add(path)
        return path


def _complain(path: Path, what: str) -> None:
    warn(f"The cached features in {path} {what}.", RuntimeWarning, stacklevel=3)


def _checksum(values: np.ndarray) -> str:
    return f"{zlib.crc32(values.data):08x}"
