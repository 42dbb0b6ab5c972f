"""Images in any accepted form, as named, identified feature vectors."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from numbers import Integral
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils import check_array

from ._records import unpack_features

if TYPE_CHECKING:
    from ..backbones import Backbone

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

    def only(self, position: int) -> Gallery:
        """Leave out all layers but one.

        Parameters
        ----------
        position : int
            Which one to keep, from 0.

        Returns
        -------
        gallery : Gallery
            The same images.
        """
        n_parts = len(self.widths) // max(1, len(self.layers))
        parts = slice(position * n_parts, (position + 1) * n_parts)
        start = sum(self.widths[: parts.start])
        columns = self.features[:, start : start + sum(self.widths[parts])]
        return replace(
            self,
            features=np.ascontiguousarray(columns),
            layers=self.layers[position : position + 1],
            widths=self.widths[parts],
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
        return _from_features(images, layer)
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


def _parts(table: np.ndarray) -> np.ndarray:
    """Take features of several views apart: (n, ..., width) -> (n_views, n, width)."""
    return np.moveaxis(table.reshape(len(table), -1, table.shape[-1]), 1, 0)


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
        return _row_digests(_as_numbers(images))
    from . import open_images

    pictures = open_images(images, image_root, verify=False)
    return [pictures.ids[i] for i in pictures.index]


def _from_features(images: Any, layer: Layer | Sequence[Layer]) -> Gallery:
    numbers = _as_numbers(images)
    ids = _row_digests(numbers)
    first = dict.fromkeys(ids)
    position = {digest: i for i, digest in enumerate(first)}
    index = np.array([position[digest] for digest in ids])
    names = np.full(len(first), len(ids))
    np.minimum.at(names, index, np.arange(len(ids)))
    layers: tuple[str, ...] = ()
    widths = numbers.shape[1:]
    if numbers.ndim == 3:
        chosen = _positions(layer, numbers.shape[1])
        layers = tuple(_position_name(i) for i in chosen)
        widths = numbers.shape[2:] * len(chosen)
        if len(chosen) < numbers.shape[1]:
            numbers = numbers[:, chosen]
    unique = numbers if len(names) == len(numbers) else numbers[names]
    features = np.ascontiguousarray(unique.reshape(len(names), -1), dtype=np.float32)
    return Gallery(names, tuple(first), features, index, layers, widths)


def _as_numbers(images: Any) -> np.ndarray:
    _refuse_pixels(images)
    try:
        numbers = check_array(
            images,
            dtype=[np.float32, np.float64],
            ensure_2d=False,
            allow_nd=True,
            input_name="y",
        )
    except (TypeError, ValueError) as error:
        raise type(error)(
            f"y (the images) must be paths, PIL images, uint8 pictures or finite "
            f"numeric features of one width: {error}"
        ) from error
    largest = np.finfo(np.float32).max
    if numbers.dtype == np.float64 and max(numbers.max(), -numbers.min()) > largest:
        raise ValueError("y (the image features) has values beyond float32.")
    if numbers.ndim > 3:
        raise ValueError(
            f"y (the images) has shape {numbers.shape} and type {numbers.dtype}: "
            "pictures must be uint8 of shape (n, height, width, 3), features float of "
            "shape (n, n_features) or (n, n_layers, n_features)."
        )
    return numbers[:, None] if numbers.ndim == 1 else numbers


def _refuse_pixels(images: Any) -> None:
    empty = [row for row, image in enumerate(images) if image is None]
    if empty:
        raise ValueError(
            f"y (the images) is None at {len(empty)} rows, the first being {empty[:5]}."
        )
    array = images if isinstance(images, np.ndarray) else np.empty(0)
    if array.dtype == np.uint8 and array.ndim > 1:
        raise ValueError(
            f"y (the images) is uint8 of shape {array.shape}: pictures must have shape "
            "(n, height, width, 3), repeat the channel of grey ones; features must be "
            "float."
        )


def _position_name(position: int) -> str:
    return f"features[:, {position}]"


def _positions(layer: Layer | Sequence[Layer], n_layers: int) -> list[int]:
    """Find the layers that are meant on axis 1 of features, counted from 0."""
    if is_auto(layer):
        return list(range(n_layers))
    several = isinstance(layer, Sequence | np.ndarray) and not isinstance(layer, str)
    layers: Sequence[Any] = layer if several else [layer]
    if not len(layers):
        raise ValueError("layer is an empty list; name at least one layer.")
    return sorted({_position(one, n_layers) for one in layers})


def _position(layer: Layer, n_layers: int) -> int:
    names = [_position_name(i) for i in range(n_layers)]
    if isinstance(layer, str) and layer in names:
        return names.index(layer)
    if isinstance(layer, bool) or not isinstance(layer, Integral):
        raise ValueError(
            f"layer={layer!r}, but for features of shape (n, n_layers, n_features) it "
            "must be a position on the layer axis, an integer from 1 to "
            f"{n_layers}, a list of them, or 'auto'."
        )
    if not 1 <= layer <= n_layers:
        raise ValueError(
            f"layer={layer}, but the features have {n_layers} layers on axis 1: use 1 "
            f"to {n_layers}."
        )
    return int(layer) - 1


def _row_digests(numbers: np.ndarray) -> list[str]:
    # one precision and no negative zeros, so that equal numbers have equal bytes
    rows: Iterable[np.ndarray] = (np.asarray(row, np.float32) + 0.0 for row in numbers)
    return [hashlib.blake2b(row.tobytes(), digest_size=16).hexdigest() for row in rows]
