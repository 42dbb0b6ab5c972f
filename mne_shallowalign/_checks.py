"""What must hold before signals and pictures are brought together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from .features._gallery import is_pictures


def check_lengths(n_signals: int, n_images: int) -> None:
    """Refuse another number of images than of signals.

    Parameters
    ----------
    n_signals, n_images : int
        How many there are.
    """
    if n_signals != n_images:
        raise ValueError(
            f"X has {n_signals} epochs but y has {n_images} images: y needs one image "
            "per epoch, repetitions included, such as epochs.metadata['image']. "
            "(Found input variables with inconsistent numbers of samples.)"
        )


def check_order(X: Any, y: Any) -> None:
    """Refuse pictures that are those of the epochs, but in another order.

    Parameters
    ----------
    X : Epochs | object
        The signals; only the metadata of Epochs can tell.
    y : sequence
        The images.
    """
    metadata = getattr(X, "metadata", None)
    if metadata is None or "image" not in metadata or not is_pictures(y):
        return
    seen = [str(name) for name in metadata["image"]]
    given = [Path(name).as_posix() for name in y if isinstance(name, (str, Path))]
    if len(given) != len(seen):
        return
    wrong = [
        i
        for i, pair in enumerate(zip(given, seen, strict=True))
        if not _names_same(*pair)
    ]
    known = set(seen)
    if wrong and all(_is_known(given[i], known) for i in wrong):
        i = wrong[0]
        raise ValueError(
            f"y has the images of these epochs in another order: epoch {i} showed "
            f"{seen[i]!r}, but y[{i}] is {given[i]!r} ({len(wrong)} rows differ). Use "
            "epochs.metadata['image']."
        )


def _names_same(given: str, seen: str) -> bool:
    return given == seen or given.endswith("/" + seen)


def _is_known(given: str, known: set[str]) -> bool:
    parts = given.split("/")
    return any("/".join(parts[i:]) in known for i in range(len(parts)))


def non_finite_hint(signal: Any) -> str:
    """Say which epochs are not finite, if that is what is wrong.

    Parameters
    ----------
    signal : object
        What was given as X.

    Returns
    -------
    hint : str
        A sentence to add to an error, or nothing.
    """
    signal = np.asarray(signal)
    if signal.dtype.kind != "f" or not signal.ndim:
        return ""
    bad = ~np.isfinite(signal)
    if not bad.any():
        return ""
    epochs = np.flatnonzero(bad.reshape(len(bad), -1).any(axis=1))
    return (
        f"\nX is not finite in {len(epochs)} of {len(bad)} epochs, the first being "
        f"{epochs[:5].tolist()}: drop or interpolate them."
    )
