"""Features as one record per image, for tools that want one target per trial."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

FIELD = "features"


def pack_features(features: ArrayLike) -> NDArray[np.void]:
    """Make a one-dimensional array of features, one record per image.

    MNE's :class:`~mne.decoding.SlidingEstimator` and its kin take one-dimensional
    targets only. Paths of images are that; features are not, but their records are, and
    :class:`~mne_shallowalign.ShallowAlignDecoder` takes records as it takes features.

    Parameters
    ----------
    features : array-like of float, shape (n, n_features) or (n, n_layers, n_features)
        Features, a row per image.

    Returns
    -------
    records : structured array, shape (n,)
        The same numbers in one field, ``"features"``.

    Raises
    ------
    ValueError
        If the features have fewer than two dimensions.

    Examples
    --------
    >>> import numpy as np
    >>> from mne_shallowalign.features import pack_features
    >>> records = pack_features(np.zeros((10, 512)))
    >>> records.shape, records["features"].shape
    ((10,), (10, 512))
    """
    rows = np.ascontiguousarray(features)
    if rows.ndim < 2:
        raise ValueError(
            f"features has the shape {rows.shape}; expected (n, n_features) or (n, "
            "n_layers, n_features). One number per image needs no packing."
        )
    records = np.empty(len(rows), dtype=[(FIELD, rows.dtype, rows.shape[1:])])
    records[FIELD] = rows
    return records


def unpack_features(images: Any) -> Any:
    """Take features out of their records, and leave all else alone.

    Parameters
    ----------
    images : array | object
        What may be records.

    Returns
    -------
    images : array | object
        Features of shape ``(n, ...)``, or what was given.
    """
    names = getattr(getattr(images, "dtype", None), "names", None)
    return images[FIELD] if names == (FIELD,) else images
