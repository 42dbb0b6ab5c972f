"""Images in any accepted form, as named, identified feature vectors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ._records import unpack_features

Layer = str | int | float


@dataclass(frozen=True)
class Gallery:
    """The unique images among those given, and which row is which.

    Parameters
    ----------
    names : array, shape (n_images,)
        The unique images as first given, in order of first appearance: paths, or row
        numbers where images were not given as paths.
    ids : tuple of str
        Digest of the content of each: equal content is one image.
    features : array of float32, shape (n_images, sum(widths))
        Their features: those of the layers, shallow to deep, side by side.
    index : array of int, shape (n_rows,)
        Position among the unique images of every image given.
    layers : tuple of str
        Names of the layers; empty if features were given as one vector per image.
    widths : tuple of int
        How many features each layer has, or the one vector; of several views that are
        kept, each view of each layer.
    """

    names: np.ndarray
    ids: tuple[str, ...]
    features: np.ndarray
    index: np.ndarray
    layers: tuple[str, ...]
    widths: tuple[int, ...]

    @property
    def layer(self) -> str | list[str] | None:
        """The name of the layer, a list of names if there are several, or None."""
        return (
            list(self.layers) if len(self.layers) > 1 else next(iter(self.layers), None)
        )

    def only(self, *positions: int) -> Gallery:
        """Leave out all layers but some.

        Parameters
        ----------
        *positions : int
            Which ones to keep, from 0, in ascending order.

        Returns
        -------
        gallery : Gallery
            The same images.
        """
        n_parts = len(self.widths) // max(1, len(self.layers))
        parts = [p * n_parts + part for p in positions for part in range(n_parts)]
        stops = np.cumsum(self.widths)
        columns = [
            self.features[:, stops[part] - self.widths[part] : stops[part]]
            for part in parts
        ]
        return replace(
            self,
            features=np.concatenate(columns, axis=1),
            # one vector has no named layer
            layers=tuple(self.layers[p] for p in positions) if self.layers else (),
            widths=tuple(self.widths[part] for part in parts),
        )

    def take(self, rows: np.ndarray) -> Gallery:
        """Leave out all images but those of some rows.

        Parameters
        ----------
        rows : array of int
            The rows.

        Returns
        -------
        gallery : Gallery
            What :func:`read_gallery` makes of these rows alone, but for the names of
            images that were not given as paths.
        """
        shown, first, index = np.unique(
            self.index[rows], return_index=True, return_inverse=True
        )
        order = np.argsort(first)
        images = shown[order]
        return replace(
            self,
            names=self.names[images],
            ids=tuple(self.ids[i] for i in images),
            features=self.features[images],
            index=np.argsort(order)[index],
        )


def as_sequence(images: Any) -> Any:
    """Bring images of any container to a list or array.

    Parameters
    ----------
    images : sequence | array-like | Series | DataFrame
        What a user gave as images.

    Returns
    -------
    images : list | tuple | array
        Something with a length and integer positions.
    """
    if isinstance(images, (list, tuple, np.ndarray)):
        return unpack_features(images)
    if isinstance(images, (str, Path)):
        raise TypeError(
            f"The images must be a sequence with one entry per epoch, got the single "
            f"path {str(images)!r}."
        )
    array = np.asarray(images)
    if array.ndim == 0:
        raise TypeError(
            "The images must be a sequence with one entry per epoch, got "
            f"{type(images).__name__}."
        )
    return array


def is_pictures(images: Any) -> bool:
    """Tell pictures (paths, PIL images, uint8 arrays) from features.

    Parameters
    ----------
    images : sequence | array
        What a user gave as images.

    Returns
    -------
    pictures : bool
        False if these are numbers that can be used as features.
    """
    if len(images) == 0:
        return False
    first = images[0]
    if isinstance(first, (str, Path)) or hasattr(first, "getbands"):
        return True
    first = np.asarray(first)
    return first.ndim == 3 and first.dtype == np.uint8


def is_auto(layer: Layer | Sequence[Layer]) -> bool:
    """Tell whether the layer is yet to be chosen among all.

    Parameters
    ----------
    layer : str | int | float | sequence of these
        What a user gave as layer.

    Returns
    -------
    auto : bool
        Whether it is ``"auto"``.
    """
    return isinstance(layer, str) and layer == "auto"
