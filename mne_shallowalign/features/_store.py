"""Features on disk: content-addressed shards, written whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from uuid import uuid4
from warnings import warn

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

SHARD_SIZE = 256  # images: what a killed run loses at most


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


class FeatureStore:
    """The cached features of one backbone under one pooling.

    Parameters
    ----------
    folder : Path
        ``<cache_dir>/<backbone fingerprint>/<pooling>``; created when first written.

    Notes
    -----
    A shard is a safetensors file with one float32 tensor (n_images, width) per layer;
    its header lists the content digests of the images and a checksum per layer, so one
    layer is read without touching the others. float32 because pooled features are
    small: 16,740 images x 768 features are 51 MB a layer.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def prepare(self) -> None:
        """Make sure that features can be written, before they are computed.

        Raises
        ------
        OSError
            If the folder cannot be made or written.
        """
        probe = self.folder / f".{uuid4().hex}"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            probe.touch()
            probe.unlink()
        except OSError as error:
            raise type(error)(
                f"Features cannot be kept in {self.folder}: {error}. Set cache_dir to "
                "a folder that can be written, or to False to keep none."
            ) from error

    def read(self, ids: Sequence[str], tables: Mapping[str, np.ndarray]) -> np.ndarray:
        """Fill tables with what is stored.

        Parameters
        ----------
        ids : sequence of str
            Content digests of the images, without repeats.
        tables : mapping of str to ndarray, shape (n_ids, width)
            One table per layer, filled in place.

        Returns
        -------
        found : ndarray of bool, shape (n_ids, n_layers)
            What was there.
        """
        rows = {image_id: row for row, image_id in enumerate(ids)}
        found = np.zeros((len(ids), len(tables)), bool)
        for path in sorted(self.folder.glob("shard-*.safetensors")):
            if found.all():
                break
            try:
                self._read_shard(path, rows, tables, found)
            except PermissionError as error:
                warn(
                    f"The cached features in {path} cannot be read ({error}); they are "
                    "computed again.",
                    RuntimeWarning,
                    stacklevel=2,
                )
            except (SafetensorError, OSError, ValueError, KeyError, TypeError) as error:
                warn(
                    f"The cached features in {path} are damaged ({error}); they are "
                    "removed and computed again.",
                    RuntimeWarning,
                    stacklevel=2,
                )
                path.unlink(missing_ok=True)
        return found

    @staticmethod
    def _read_shard(
        path: Path,
        rows: Mapping[str, int],
        tables: Mapping[str, np.ndarray],
        found: np.ndarray,
    ) -> None:
        path.open("rb").close()  # a plain error where it may not be read
        with safe_open(path, framework="numpy") as shard:
            header = shard.metadata()
            stored = json.loads(header["ids"])
            here = [i for i, image_id in enumerate(stored) if image_id in rows]
            there = [rows[stored[i]] for i in here]
            layers = set(shard.keys())
            for column, (layer, table) in enumerate(tables.items()):
                if layer not in layers or found[there, column].all():
                    continue
                values = shard.get_tensor(layer)
                if _checksum(values) != header[f"crc32:{layer}"]:
                    raise ValueError(f"checksum of {layer!r} does not match")
                table[there] = values[here]
                found[there, column] = True

    def write(self, ids: Sequence[str], features: Mapping[str, np.ndarray]) -> Path:
        """Write one shard atomically.

        Parameters
        ----------
        ids : sequence of str
            Content digests of the images.
        features : mapping of str to ndarray, shape (n_ids, width)
            Pooled features per layer.

        Returns
        -------
        path : Path
            The shard; named after images and layers, so that two processes that
            compute the same thing leave one copy.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        key = hashlib.sha256("\n".join((*features, "", *ids)).encode()).hexdigest()
        path = self.folder / f"shard-{key[:32]}.safetensors"
        temporary = self.folder / f".{path.name}.{uuid4().hex}"
        arrays = {k: np.ascontiguousarray(v, np.float32) for k, v in features.items()}
        header = {f"crc32:{k}": _checksum(v) for k, v in arrays.items()}
        header["ids"] = json.dumps(list(ids))
        try:
            # not save_file, which would make the file unreadable to colleagues
            temporary.write_bytes(save(arrays, header))
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
        return path


class ShardWriter:
    """Collect batches and write a shard whenever enough images came together.

    Parameters
    ----------
    store : FeatureStore | None
        Where shards go; None writes nothing.
    """

    def __init__(self, store: FeatureStore | None) -> None:
        self.store = store
        self.ids: list[str] = []
        self.batches: list[Mapping[str, np.ndarray]] = []

    def add(self, ids: Sequence[str], features: Mapping[str, np.ndarray]) -> None:
        """Add a batch."""
        if self.store is None:
            return
        self.ids += ids
        self.batches.append(features)
        if len(self.ids) >= SHARD_SIZE:
            self.flush()

    def flush(self) -> None:
        """Write what is left."""
        if self.ids:
            layers = self.batches[0]
            merged = {k: np.concatenate([b[k] for b in self.batches]) for k in layers}
            self.store.write(self.ids, merged)
        self.ids, self.batches = [], []


def _checksum(values: np.ndarray) -> str:
    return f"{zlib.crc32(values.data):08x}"
