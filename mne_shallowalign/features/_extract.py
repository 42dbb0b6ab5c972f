"""Images to pooled features of several layers, in one pass."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import product
from numbers import Integral, Real
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from mne.utils import verbose

from ._cache import default_cache_dir
from ._images import ImageSet, open_images
from ._pooling import check_pooling, flatten_width
from ._precision import choose_precision
from ._resolve_views import View, check_fusion, is_single, resolve_views
from ._tables import Table, bring_together, keep, new_table, workspace

if TYPE_CHECKING:
    import torch

    from ..backbones import Backbone
    from ._batches import Column

FINAL = "final"
Layer = str | int | float
Key = str | tuple[str, str]


@verbose
def extract_features(
    images: Any,
    backbone: str | Backbone | torch.nn.Module,
    layers: Layer | Sequence[Layer] | None = None,
    *,
    image_root: str | Path | None = None,
    pooling: str | Sequence[str] = "mean",
    views: str | Callable[..., Any] | Sequence[str | Callable[..., Any]] | None = None,
    view_fusion: str = "mean",
    out: str | Path | None = None,
    batch_size: int | str = "auto",
    device: str = "auto",
    precision: str = "auto",
    cache_dir: str | Path | bool | None = None,
    store_all: bool = False,
    n_jobs: int | None = None,
    verbose: bool | str | int | None = None,
) -> dict[Key, np.ndarray]:
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
    pooling : str | sequence of str
        ``"mean"``, ``"cls"``, ``"all"``, ``"max"``, ``"gem"``, ``"flatten"`` or
        ``"flatten-<width>"``, see :func:`pool`; several of them are taken from the
        same forward pass. ``"final"`` is the model's own pooled output whatever the
        pooling.
    views : str | callable | sequence | None
        How pictures are looked at: ``"original"``, ``"blur"``, ``"fovea"``,
        ``"noise"``, ``"low-resolution"``, ``"mosaic"`` (see :class:`GaussianBlur` and
        its neighbours), with their first parameter if need be (``"blur-31"``), or
        transforms of a PIL image, such as those of
        ``torchvision.transforms.v2``, with a ``repr`` that states what they do. They
        act on the decoded picture, before the preprocessing of the backbone. None for
        the original.
    view_fusion : "mean" | "separate"
        Whether the features of several views are averaged, or stand side by side.
    out : path | None
        A folder for the results, so that memory does not grow with the number of
        images: one ``<layer>.npy`` each (``<layer>_<pooling>.npy`` for several
        poolings), which replaces a file of that name. None for results in memory.
    batch_size : int | "auto"
        Images per forward pass, halved when memory runs out. ``"auto"`` takes what
        fits into the free memory of a CUDA device (at most 256), and 32 elsewhere.
    device : str
        ``"auto"`` (CUDA, else MPS, else CPU) or a torch device.
    precision : "auto" | "float32" | "bfloat16" | "float16"
        In which precision the backbone computes. ``"auto"`` is bfloat16 on accelerators
        that compute it natively, float32 elsewhere. Features that were computed in
        half precision are kept as float16 (as float32 where they do not fit, which is
        said), others as float32.
    cache_dir : path | None | False
        Where features are kept; None for :func:`default_cache_dir`, False for nowhere.
    store_all : bool
        If anything has to be computed, compute and store every layer and ``"final"``
        in that one pass, for the asking later. Without a cache it does nothing.
    n_jobs : int | None
        Processes that decode images; 1 for this process alone, -1 for one per
        processor. None picks 1 for fewer than 256 images, and where processes are not
        forked (macOS, Windows, Python 3.14); else up to 16, half of the processors if
        the backbone runs on them too. Where they are not forked, a script that asks for
        several must do so under ``if __name__ == "__main__":``.
    %(verbose)s

    Returns
    -------
    features : dict of ndarray of float32, shape (n_rows, width)
        Canonical layer name to features, shallow to deep; with a sequence of poolings
        ``(layer, pooling)`` to features. One row per image given (repeats included), or
        per unique image for an ``ImageSet``. The feature of a folder is the mean over
        its pictures. A sequence of views with ``view_fusion="separate"`` gives
        ``(n_rows, n_views, width)``. With ``out``, read-only memory maps.

    Raises
    ------
    ValueError
        If images, layers, poolings, views or device do not exist, or features are not
        finite.
    OSError
        If ``out`` or the cache cannot be written. What the cache has stays valid.

    See Also
    --------
    cache_info : What is cached.
    clear_cache : Make space.

    Notes
    -----
    The forward pass stops after the deepest layer asked for. Features are pooled on the
    device and written as they come; a killed run resumes and loses at most one shard
    of 256 images. The cache is keyed by image content, backbone, weights,
    preprocessing, layer, pooling, view and precision; computed and cached features are
    the same numbers. Several processes may share it.
    """
    from .._device import choose_device
    from ..backbones import load_backbone
    from ._fill import Filling

    backbone = load_backbone(backbone).pinned()  # its fingerprint keys the cache
    columns = _columns(_in_depth_order(backbone, layers), pooling)
    seen = resolve_views(views)
    check_fusion(view_fusion)
    _check_batch_size(batch_size)
    place = choose_device(device)
    image_set = open_images(images, image_root, verify=False)
    pictures = image_set.pictures
    with workspace(out) as folder:
        tables = _new_tables(folder, seen, columns.values(), len(pictures), backbone)
        Filling(
            pictures,
            tables,
            backbone,
            _cache_root(cache_dir),
            precision=choose_precision(precision, place),
            store_all=store_all,
        ).run(device=place, batch_size=batch_size, n_jobs=n_jobs)
        members = _members(image_set, per_image=images is image_set)
        fusion = "single" if is_single(views) else view_fusion
        finished = {}
        for column in dict.fromkeys(columns.values()):
            name = _file_name(column, pooling)
            together = bring_together(
                [tables[view, column] for view in seen], members, fusion, folder, name
            )
            finished[column] = keep(together, out, name)
    return {key: finished[column] for key, column in columns.items()}


def _columns(layers: list[str], pooling: str | Sequence[str]) -> dict[Key, Column]:
    """Say which features answer to which key of the result."""
    from ._batches import Column

    if isinstance(pooling, str):
        own = check_pooling(pooling)
        return {k: Column(k, FINAL if k == FINAL else own) for k in layers}
    poolings = {given: check_pooling(given) for given in pooling}
    if not poolings:
        raise ValueError("pooling is empty; name at least one.")
    return {
        (k, given): Column(k, FINAL if k == FINAL else own)
        for k in layers
        for given, own in poolings.items()
    }


def _file_name(column: Column, pooling: str | Sequence[str]) -> str:
    if isinstance(pooling, str) or column.layer == FINAL:
        return f"{column.layer}.npy"
    return f"{column.layer}_{column.pooling}.npy"


def _new_tables(
    folder: Path | None,
    views: list[View],
    columns: Iterable[Column],
    n_pictures: int,
    backbone: Backbone,
) -> dict[tuple[View, Column], Table]:
    tables: dict[tuple[View, Column], Table] = {}
    for view, column in product(dict.fromkeys(views), dict.fromkeys(columns)):
        width = flatten_width(column.pooling) or backbone.width(column.layer)
        name = f"{len(tables)}.npy"
        tables[view, column] = new_table(folder, name, (n_pictures, width))
    return tables


def _members(image_set: ImageSet, per_image: bool) -> np.ndarray | list[np.ndarray]:
    """Return the picture, or the set of pictures, behind every row of the result."""
    row_of = {picture: row for row, picture in enumerate(image_set.pictures)}
    sets = [np.array([row_of[p] for p in ids]) for ids in image_set.source_ids]
    index = np.arange(len(sets)) if per_image else image_set.index
    if all(len(pictures) == 1 for pictures in sets):
        return np.concatenate(sets)[index]
    return [sets[i] for i in index]


def _cache_root(cache_dir: str | Path | bool | None) -> Path | None:
    if cache_dir is False:
        return None
    if cache_dir is None or cache_dir is True:
        return default_cache_dir()
    return Path(cache_dir).expanduser()


def _check_batch_size(batch_size: int | str) -> None:
    is_whole = isinstance(batch_size, Integral) and not isinstance(batch_size, bool)
    if batch_size != "auto" and not (is_whole and int(batch_size) >= 1):
        raise ValueError(
            f"batch_size must be 'auto' or an integer from 1 on; got {batch_size!r}."
        )


def _in_depth_order(
    backbone: Backbone, layers: Layer | Sequence[Layer] | None
) -> list[str]:
    if layers is None:
        return list(backbone.layers)
    if isinstance(layers, str | int | float | Real):
        layers = [layers]
    wanted = {backbone.resolve(layer) for layer in layers}
    if not wanted:
        raise ValueError("layers is empty; name at least one, or None for all.")
    return [layer for layer in (*backbone.layers, FINAL) if layer in wanted]
