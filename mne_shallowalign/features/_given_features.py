"""Features that a user gives in the place of pictures."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.utils import check_array

from ._gallery import Gallery, Layer, is_auto


def from_features(images: Any, layer: Layer | Sequence[Layer]) -> Gallery:
    """Make a gallery of features.

    Parameters
    ----------
    images : array-like, shape (n,), (n, n_features) or (n, n_layers, n_features)
        The features of every image.
    layer : str | int | float | sequence of these
        Of features with a layer axis: which to take, see :func:`positions`.

    Returns
    -------
    gallery : Gallery
        The unique images: those whose features are equal in all layers are one.

    Raises
    ------
    ValueError
        If they are no finite numbers of one width, or the layer does not exist.
    """
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
        chosen = positions(layer, numbers.shape[1])
        layers = tuple(_position_name(i) for i in chosen)
        widths = numbers.shape[2:] * len(chosen)
        if len(chosen) < numbers.shape[1]:
            numbers = numbers[:, chosen]
    unique = numbers if len(names) == len(numbers) else numbers[names]
    features = np.ascontiguousarray(unique.reshape(len(names), -1), dtype=np.float32)
    return Gallery(names, tuple(first), features, index, layers, widths)


def digest_features(images: Any) -> list[str]:
    """Return the identity of every image that is known by its features.

    Parameters
    ----------
    images : array-like, shape (n,), (n, n_features) or (n, n_layers, n_features)
        The features of every image.

    Returns
    -------
    ids : list of str, length n
        Digests that are equal where the features are.
    """
    return _row_digests(_as_numbers(images))


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


def _row_digests(numbers: np.ndarray) -> list[str]:
    # one precision and no negative zeros, so that equal numbers have equal bytes
    rows: Iterable[np.ndarray] = (np.asarray(row, np.float32) + 0.0 for row in numbers)
    return [hashlib.blake2b(row.tobytes(), digest_size=16).hexdigest() for row in rows]


def positions(layer: Layer | Sequence[Layer], n_layers: int) -> list[int]:
    """Find the layers that are meant on axis 1 of features.

    Parameters
    ----------
    layer : str | int | sequence of these
        Positions from 1, names such as ``"features[:, 0]"``, or ``"auto"`` for all.
    n_layers : int
        How many there are.

    Returns
    -------
    positions : list of int
        From 0, each once, in order.

    Raises
    ------
    ValueError
        If there is no such layer, or none is named.
    """
    if is_auto(layer):
        return list(range(n_layers))
    several = isinstance(layer, Sequence | np.ndarray) and not isinstance(layer, str)
    layers: Any = layer if several else [layer]
    if not len(layers):
        raise ValueError("layer is an empty list; name at least one layer.")
    return sorted({_position(one, n_layers) for one in layers})


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


def _position(layer: Layer, n_layers: int) -> int:
    names = [_position_name(i) for i in range(n_layers)]
    if isinstance(layer, str) and layer in names:
        return names.index(layer)
    if isinstance(layer, str) and layer.startswith("features[:, "):
        raise ValueError(
            f"{layer!r} is used, but the features have only {n_layers} layers on axis "
            "1: give those of all layers, as in fit."
        )
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
