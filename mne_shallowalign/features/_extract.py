"""Images to pooled features of several layers, in one pass."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Sequence
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from mne.utils import logger, verbose

from ._images import Source, decode, open_images
from ._pooling import check_pooling, pool
from ._store import FeatureStore, ShardWriter, default_cache_dir

if TYPE_CHECKING:
    import torch

    from ..backbones import Backbone

Layer = str | int | float


@verbose
def extract_features(
    images: Any,
    backbone: str | Backbone | torch.nn.Module,
    layers: Layer | Sequence[Layer] | None = None,
    *,
    image_root: str | Path | None = None,
    pooling: str = "mean",
    batch_size: int = 64,
    device: str = "auto",
    cache_dir: str | Path | bool | None = None,
    store_all: bool = False,
    n_jobs: int | None = None,
    verbose: bool | str | int | None = None,
) -> dict[str, np.ndarray]:
    """Compute pooled features of images, or take them from the cache.

    Parameters
    ----------
    images : sequence of path | sequence of PIL.Image.Image | ndarray | ImageSet
        See :func:`open_images`.
    backbone : str | Backbone | torch.nn.Module
        See :func:`mne_shallowalign.load_backbone`.
    layers : str | int | float | sequence | None
        Layer names, numbers from 1, relative depths, ``"final"``; None for every layer
        (without ``"final"``).
    image_root : path | None
        Where relative paths start.
    pooling : "mean" | "cls" | "all" | "max"
        See :func:`pool`. ``"final"`` is the model's own pooled output either way.
    batch_size : int
        Images per forward pass.
    device : str
        ``"auto"`` (CUDA, else MPS, else CPU) or a torch device.
    cache_dir : path | None | False
        Where features are kept; None for :func:`default_cache_dir`, False for nowhere.
    store_all : bool
        If anything has to be computed, compute and store every layer and ``"final"``
        in that one pass, for the asking later. Without a cache it does nothing.
    n_jobs : int | None
        Processes that decode images; 1 for this process alone, -1 for one per
        processor. None picks 1 for fewer than 256 images.
    %(verbose)s

    Returns
    -------
    features : dict of str to ndarray, shape (n_rows, width), float32
        Canonical layer name to features, shallow to deep. One row per image given
        (repeats included), or per unique image for an ``ImageSet``. The feature of a
        folder is the mean over its pictures.

    Raises
    ------
    ValueError
        If images, layers, pooling or device do not exist.

    Notes
    -----
    The forward pass stops after the deepest layer asked for. Features are pooled on the
    device and written as they come; a killed run resumes and loses at most one shard
    of 256 images. The cache is keyed by image content, backbone, weights,
    preprocessing, layer and pooling.
    """
    from ..backbones import load_backbone

    backbone = load_backbone(backbone)
    names = _in_depth_order(backbone, layers)
    check_pooling(pooling)
    image_set = open_images(images, image_root)
    pictures = {
        picture: source
        for sources, ids in zip(image_set.sources, image_set.source_ids, strict=True)
        for picture, source in zip(ids, sources, strict=True)
    }
    store = None
    if cache_dir is not False:
        root = Path(default_cache_dir() if cache_dir is None else cache_dir)
        store = FeatureStore(root.expanduser() / backbone.fingerprint / pooling)
    tables = _fill_tables(
        pictures,
        backbone,
        names,
        store,
        pooling=pooling,
        batch_size=batch_size,
        device=device,
        store_all=store_all and store is not None,
        n_jobs=n_jobs,
    )
    row_of = {picture: row for row, picture in enumerate(pictures)}
    rows = [[row_of[picture] for picture in ids] for ids in image_set.source_ids]
    return {
        layer: _average_members(table, rows)[
            slice(None) if images is image_set else image_set.index
        ]
        for layer, table in tables.items()
    }


def _in_depth_order(
    backbone: Backbone, layers: Layer | Sequence[Layer] | None
) -> list[str]:
    if layers is None:
        return list(backbone.layers)
    if isinstance(layers, str | Real):
        layers = [layers]
    wanted = {backbone.resolve(layer) for layer in layers}
    if not wanted:
        raise ValueError("layers is empty; name at least one, or None for all.")
    return [layer for layer in (*backbone.layers, "final") if layer in wanted]


def _fill_tables(
    pictures: dict[str, Source],
    backbone: Backbone,
    names: list[str],
    store: FeatureStore | None,
    *,
    store_all: bool,
    **options: Any,
) -> dict[str, np.ndarray]:
    """Read what is stored, compute the rest; one row per picture."""
    from .._device import choose_device

    ids = list(pictures)
    tables = {k: np.empty((len(ids), backbone.width(k)), np.float32) for k in names}
    found = np.zeros((len(ids), len(names)), bool)
    if store is not None:
        found = store.read(ids, tables)
    todo = np.flatnonzero(~found.all(1))
    if not len(todo):
        return tables
    missing = [k for k, column in zip(names, found.T, strict=True) if not column.all()]
    if store_all:
        head = [] if backbone.final_width is None else ["final"]
        missing = _in_depth_order(backbone, (*backbone.layers, *head))
    options["device"] = choose_device(options["device"])
    if store is not None:
        store.prepare()
    shards, start = ShardWriter(store), 0
    for batch in _forward(
        [pictures[ids[i]] for i in todo], backbone, missing, **options
    ):
        rows = todo[start : start + len(batch[missing[0]])]
        start += len(rows)
        shards.add([ids[i] for i in rows], batch)
        for layer in tables.keys() & batch.keys():
            tables[layer][rows] = batch[layer]
    shards.flush()
    return tables


def _forward(
    sources: list[Source],
    backbone: Backbone,
    layers: list[str],
    *,
    pooling: str,
    batch_size: int,
    device: torch.device,
    n_jobs: int | None,
) -> Iterator[dict[str, np.ndarray]]:
    """Yield the pooled features of one batch after the other."""
    import torch
    from torch.utils.data import DataLoader
    from tqdm.auto import tqdm

    stack = backbone.load(device)
    batches = DataLoader(
        _Pictures(sources, backbone.preprocess),
        batch_size=batch_size,
        num_workers=_n_workers(n_jobs, len(sources)),
        pin_memory=device.type == "cuda",
        generator=torch.Generator(),  # the global one is the user's
    )
    logger.info(
        f"Extracting {len(layers)} layer(s) of {backbone.name} from {len(sources)} "
        f"image(s) on {device}."
    )
    bar = tqdm(
        total=len(sources),
        desc=backbone.name,
        unit="image",
        delay=2,
        disable=logger.level > logging.INFO,
    )
    with bar:
        for images in batches:
            outputs = stack(images.to(device, non_blocking=True), layers)
            yield {
                layer: _pooled(layer, output, pooling)
                for layer, output in outputs.items()
            }
            bar.update(len(images))


def _pooled(layer: str, output: Any, pooling: str) -> np.ndarray:
    if layer == "final":
        return output.patches[:, 0].float().cpu().numpy()
    return pool(output, pooling).float().cpu().numpy()


class _Pictures:
    """Decoded and preprocessed pictures; picklable, for the decoding processes."""

    def __init__(self, sources: list[Source], preprocess: Any) -> None:
        self.sources = sources
        self.preprocess = preprocess

    def __len__(self) -> int:
        return len(self.sources)

    def __getitem__(self, i: int) -> torch.Tensor:
        return self.preprocess(decode(self.sources[i]))


def _n_workers(n_jobs: int | None, n_images: int) -> int:
    """Count the decoding processes beside this one."""
    n_processors = os.cpu_count() or 1
    if n_jobs is None:
        n_jobs = 1 if n_images < 256 else min(8, n_processors // 2)
    elif n_jobs < 0:
        n_jobs = n_processors
    return n_jobs if n_jobs > 1 else 0


def _average_members(table: np.ndarray, rows: list[list[int]]) -> np.ndarray:
    if all(len(members) == 1 for members in rows):
        return table[[members[0] for members in rows]]
    return np.stack([table[members].mean(0) for members in rows])
