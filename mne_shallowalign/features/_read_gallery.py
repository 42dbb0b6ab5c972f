"""From images in any accepted form to a gallery of their features."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ._gallery import Gallery, Layer, is_auto, is_pictures
from ._given_features import digest_features, from_features

if TYPE_CHECKING:
    from ..backbones import Backbone


def read_gallery(
    images: Any,
    backbone: Backbone | None,
    layer: Layer | Sequence[Layer],
    *,
    pooling: str = "mean",
    views: Any = None,
    keep_views: bool = False,
    image_root: str | Path | None = None,
    cache_dir: str | Path | bool | None = None,
    device: Any = "auto",
) -> Gallery:
    """Bring images of any accepted form to identified features of the layers wanted.

    Parameters
    ----------
    images : sequence of path | list of PIL.Image | array
        Pictures, or features of shape ``(n,)``, ``(n, n_features)`` or
        ``(n, n_layers, n_features)``.
    backbone : Backbone | None
        The vision model; not used, and may be None, when features are given.
    layer : str | int | float | sequence of these
        The layer or layers, or ``"auto"`` for every one (without ``"final"``). For
        features with a layer axis: positions, from 1.
    pooling : str
        How the tokens of the layer become one vector. Default ``"mean"``.
    views : None | str | callable | sequence
        How pictures are looked at, see :func:`extract_features`.
    keep_views : bool
        Whether features of several views stand side by side, and are not averaged.
        Default False.
    image_root : path | None
        Folder that relative paths start from.
    cache_dir : path | False | None
        Where features are kept, see :func:`extract_features`.
    device : str | torch.device
        Where the vision model runs.

    Returns
    -------
    gallery : Gallery
        The unique images.

    Raises
    ------
    ValueError
        If the images are neither pictures nor finite numbers, or the layer does not
        exist.
    """
    if not is_pictures(images):
        return from_features(images, layer)
    from . import extract_features, open_images

    pictures = open_images(images, image_root, verify=False)
    layers = extract_features(
        pictures,
        backbone,
        None if is_auto(layer) else layer,
        pooling=pooling,
        views=views,
        view_fusion="separate" if keep_views else "mean",
        cache_dir=cache_dir,
        device=device,
        store_all=True,
    )
    tables = [part for table in layers.values() for part in _parts(table)]
    return Gallery(
        np.array(pictures.names),
        tuple(pictures.ids),
        tables[0] if len(tables) == 1 else np.concatenate(tables, axis=1),
        pictures.index,
        tuple(layers),
        tuple(table.shape[1] for table in tables),
    )


def picture_names(images: Any) -> np.ndarray:
    """Return what to call every image given: its path, or else its row number.

    Parameters
    ----------
    images : list | tuple | array
        Images in any accepted form.

    Returns
    -------
    names : array, shape (n_rows,)
        Strings or integers.
    """
    if len(images) and isinstance(images[0], (str, Path)):
        return np.array([str(image) for image in images])
    return np.arange(len(images))


def identify(images: Any, image_root: str | Path | None = None) -> list[str]:
    """Return the identity of every image given, without extracting features.

    Parameters
    ----------
    images : sequence of path | list of PIL.Image | array
        As in :func:`read_gallery`.
    image_root : path | None
        Folder that relative paths start from.

    Returns
    -------
    ids : list of str, length n_rows
        Digests that are equal where the images are.
    """
    if not is_pictures(images):
        return digest_features(images)
    from . import open_images

    pictures = open_images(images, image_root, verify=False)
    return [pictures.ids[i] for i in pictures.index]


def _parts(table: np.ndarray) -> np.ndarray:
    """Take features of several views apart: (n, ..., width) -> (n_views, n, width)."""
    return np.moveaxis(table.reshape(len(table), -1, table.shape[-1]), 1, 0)
