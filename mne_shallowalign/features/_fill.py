"""Features from the cache where they are there, from the backbone where not."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from mne.utils import logger

from ._batches import Chunk, Column
from ._cache import cache_limit, enforce_limit
from ._decode import Source
from ._forward import FINAL, Features, compute
from ._images import verify_images
from ._precision import as_stored
from ._resolve_views import View
from ._store import SHARD_SIZE, FeatureStore
from ._tables import Table

if TYPE_CHECKING:
    from ..backbones import Backbone


class Filling:
    """Fill tables of features, one row per picture.

    Parameters
    ----------
    pictures : mapping of str to Source
        Content digest to picture, in the order of the rows.
    tables : mapping of (View, Column) to table, shape (n_pictures, width)
        What is to be filled.
    backbone : Backbone
        The vision model.
    root : Path | None
        The cache; None for none.
    precision : str
        The dtype in which the model computes.
    store_all : bool
        Whether all layers are computed and stored where one has to be.
    """

    def __init__(
        self,
        pictures: Mapping[str, Source],
        tables: Mapping[tuple[View, Column], Table],
        backbone: Backbone,
        root: Path | None,
        *,
        precision: str,
        store_all: bool,
    ) -> None:
        self.ids = list(pictures)
        self.sources = list(pictures.values())
        self.tables = tables
        self.backbone = backbone
        self.root = root
        self.precision = precision
        self.store_all = store_all and root is not None
        self.columns = tuple(dict.fromkeys(column for _, column in tables))
        self.limit = None if root is None else cache_limit()
        self.stores = {} if root is None else self._open_stores(root)
        self._wide: set[str] = set()

    def _open_stores(self, root: Path) -> dict[tuple[View, str], FeatureStore]:
        folder = root / self.backbone.fingerprint
        return {
            (view, pooling): open_store(
                folder, self.backbone, pooling, view, self.precision
            )
            for view in dict.fromkeys(view for view, _ in self.tables)
            for pooling in dict.fromkeys((*(c.pooling for c in self.columns), FINAL))
        }

    def run(self, **options: Any) -> None:
        """Read what is stored, compute the rest.

        Parameters
        ----------
        **options : dict
            ``device``, ``batch_size`` and ``n_jobs`` as in :func:`compute`.
        """
        views = dict.fromkeys(view for view, _ in self.tables)
        pending = {view: np.arange(len(self.ids)) for view in views}
        while chunks := [
            chunk for view, rows in pending.items() for chunk in self._read(view, rows)
        ]:
            left = self._compute(chunks, **options)
            pending = {
                view: np.concatenate([c.rows for c in left if c.view == view])
                for view in dict.fromkeys(chunk.view for chunk in left)
            }

    def _read(self, view: View, rows: np.ndarray) -> list[Chunk]:
        """Fill rows from the cache; return what is missing."""
        found = np.zeros((len(rows), len(self.columns)), bool)
        ids = [self.ids[row] for row in rows]
        for pooling in dict.fromkeys(column.pooling for column in self.columns):
            own = [i for i, c in enumerate(self.columns) if c.pooling == pooling]
            tables = {
                self.columns[i].layer: self.tables[view, self.columns[i]] for i in own
            }
            if store := self.stores.get((view, pooling)):
                found[:, own] = store.read(ids, tables, rows)
        missing = tuple(
            c for c, there in zip(self.columns, found.T, strict=True) if not there.all()
        )
        if missing and self.store_all:
            missing = self._all_columns()
        rows = rows[~found.all(1)]
        return [
            Chunk(rows[start : start + SHARD_SIZE], view, missing)
            for start in range(0, len(rows), SHARD_SIZE)
        ]

    def _all_columns(self) -> tuple[Column, ...]:
        poolings = dict.fromkeys(c.pooling for c in self.columns if c.pooling != FINAL)
        head = [] if self.backbone.final_width is None else [Column(FINAL, FINAL)]
        return (
            *(Column(k, pooling) for k in self.backbone.layers for pooling in poolings),
            *head,
        )

    def _compute(self, chunks: list[Chunk], **options: Any) -> list[Chunk]:
        """Compute chunks; return those that another process stored meanwhile."""
        rows = np.unique(np.concatenate([chunk.rows for chunk in chunks]))
        verify_images({self.ids[row]: self.sources[row] for row in rows})
        for store in {store for chunk in chunks for store, _ in self._shards(chunk)}:
            store.prepare()
        if self.stores:  # so that processes at the same work meet rarely
            random.Random().shuffle(chunks)
        left: list[Chunk] = []
        for chunk, features in compute(
            self.sources,
            self._unless_stored(chunks, left),
            tuple(dict.fromkeys(column for c in chunks for column in c.columns)),
            sum(len(c.rows) for c in chunks),
            self.backbone,
            precision=self.precision,
            **options,
        ):
            self._keep(chunk, features)
        return left

    def _unless_stored(self, chunks: list[Chunk], left: list[Chunk]) -> Iterator[Chunk]:
        for chunk in chunks:
            ids = [self.ids[row] for row in chunk.rows]
            paths = [
                store.path_of(ids, [column.layer for column in columns])
                for store, columns in self._shards(chunk)
            ]
            if paths and all(path.exists() for path in paths):
                left.append(chunk)
            else:
                yield chunk

    def _shards(self, chunk: Chunk) -> list[tuple[FeatureStore, list[Column]]]:
        """List where parts of a chunk are stored, one shard per pooling."""
        poolings = dict.fromkeys(column.pooling for column in chunk.columns)
        return [
            (store, [c for c in chunk.columns if c.pooling == pooling])
            for pooling in poolings
            if (store := self.stores.get((chunk.view, pooling)))
        ]

    def _keep(self, chunk: Chunk, features: Features) -> None:
        stored = {column: self._round(column, features[column]) for column in features}
        ids = [self.ids[row] for row in chunk.rows]
        for store, columns in self._shards(chunk):
            store.write(ids, {column.layer: stored[column] for column in columns})
        for column, values in stored.items():
            if (chunk.view, column) in self.tables:
                self.tables[chunk.view, column][chunk.rows] = values
        if self.root is not None:
            used = set().union(*(store.used for store in self.stores.values()))
            enforce_limit(self.root, self.limit, used)

    def _round(self, column: Column, values: np.ndarray) -> np.ndarray:
        if not np.isfinite(values).all():
            raise ValueError(
                f"{column.layer} of {self.backbone.name} has features that are not "
                f"finite, computed in {self.precision}. Use precision='bfloat16' or "
                "'float32'; if it is that already, the weights are damaged."
            )
        stored = as_stored(values, self.precision)
        if stored.dtype != np.float16 and self.precision != "float32":
            if column.layer not in self._wide:
                logger.info(f"{column.layer} does not fit float16; kept in float32.")
            self._wide.add(column.layer)
        return stored


def open_store(
    folder: Path, backbone: Backbone, pooling: str, view: View, precision: str
) -> FeatureStore:
    """Open the part of the cache that holds one kind of features.

    Parameters
    ----------
    folder : Path
        ``<cache_dir>/<backbone fingerprint>``.
    backbone : Backbone
        The vision model.
    pooling : str
        A canonical pooling, or ``"final"``.
    view : View
        How pictures are looked at.
    precision : str
        The dtype in which the model computes.

    Returns
    -------
    store : FeatureStore
        It; nothing is written yet.
    """
    about = {
        "backbone": backbone.name,
        "weights_revision": backbone.weights_revision,
        "preprocess": repr(backbone.preprocess),
        "pooling": pooling,
        "view": view.name,
        "precision": precision,
    }
    name = "-".join((pooling, *view.tag, precision))
    return FeatureStore(folder / name, about)
