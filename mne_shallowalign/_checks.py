"""What must hold before signals and pictures are brought together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mne
import numpy as np
from mne.utils import logger

from .features._gallery import is_pictures

CONCEPT = "The column 'concept' of the metadata"


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
        The signals; only the metadata of Epochs, or of a list of them, can tell.
    y : sequence
        The images.
    """
    if not is_pictures(y):
        return
    seen = metadata_column(X, "image")
    given = [Path(name).as_posix() for name in y if isinstance(name, (str, Path))]
    # a single picture for all is another mistake, with a message of its own
    if seen is None or len(given) != len(seen) or len(set(given)) < 2:
        return
    seen = [str(name) for name in seen]
    pairs = enumerate(zip(given, seen, strict=True))
    wrong = [i for i, pair in pairs if not _names_same(*pair)]
    known = set(seen)
    if wrong and all(_is_known(given[i], known) for i in wrong):
        i = wrong[0]
        raise ValueError(
            f"y has the images of these epochs in another order: epoch {i} showed "
            f"{seen[i]!r}, but y[{i}] is {given[i]!r} ({len(wrong)} rows differ). Use "
            "epochs.metadata['image']."
        )


def check_same_rate(info: mne.Info, fitted: mne.Info) -> None:
    """Refuse Epochs that were sampled at another rate than the training data.

    Parameters
    ----------
    info, fitted : mne.Info
        Of the signals at hand, and of those of the fit.
    """
    if not np.isclose(info["sfreq"], fitted["sfreq"], rtol=1e-3):
        raise ValueError(
            f"X is sampled at {info['sfreq']:g} Hz, but the decoder was fitted at "
            f"{fitted['sfreq']:g} Hz. Use epochs.resample({fitted['sfreq']:g})."
        )


def metadata_column(X: Any, name: str) -> list[Any] | None:
    """Collect what the metadata of Epochs, or of a list of them, says of each epoch.

    Parameters
    ----------
    X : Epochs | list of Epochs | object
        The signals.
    name : str
        The column, such as ``"image"``, ``"concept"`` or ``"subject"``.

    Returns
    -------
    values : list | None
        One entry per epoch; None if they do not all have such a column.
    """
    recordings = X if isinstance(X, list) else [X]
    tables: list[Any] = [getattr(epochs, "metadata", None) for epochs in recordings]
    if not tables or any(table is None or name not in table for table in tables):
        return None
    return [value for table in tables for value in table[name]]


def refuse_missing(values: Any, name: str) -> None:
    """Refuse labels that are not all there: what belongs together is then unknown.

    Parameters
    ----------
    values : array-like, shape (n_epochs,) | None
        The labels; None is fine.
    name : str
        What they are called.

    Raises
    ------
    ValueError
        If some are None or NaN.
    """
    import pandas as pd

    if values is None:
        return
    missing = np.flatnonzero(pd.isna(np.asarray(values, dtype=object)).ravel())
    if len(missing):
        raise ValueError(
            f"{name} is missing (None or NaN) for {len(missing)} epochs, the first "
            f"being {missing[:5].tolist()}: give every epoch one, or drop those."
        )


def warn_of_unknown_concepts() -> None:
    """Warn that layers may be compared on concepts that were learned from."""
    logger.warning(
        "Layers are compared on held-out images. Their concepts are not known, so that "
        "images of one concept may be on both sides of a split, and scores too high: "
        "pass groups=, or Epochs whose metadata has a column 'concept'."
    )


def non_finite_hint(signal: Any) -> str:
    """Say which epochs are not finite, if that is what is wrong.

    Parameters
    ----------
    signal : object
        What was given as X.

    Returns
    -------
    hint : str
        A sentence to begin an error with, or nothing.
    """
    signal = np.asarray(signal)
    if signal.dtype.kind != "f" or not signal.ndim:
        return ""
    bad = ~np.isfinite(signal)
    if not bad.any():
        return ""
    epochs = np.flatnonzero(bad.reshape(len(bad), -1).any(axis=1))
    return (
        f"X has NaN or infinite values in {len(epochs)} of {len(bad)} epochs, the "
        f"first being {epochs[:5].tolist()}: drop or interpolate them. "
    )


def _names_same(given: str, seen: str) -> bool:
    return given == seen or given.endswith("/" + seen)


def _is_known(given: str, known: set[str]) -> bool:
    parts = given.split("/")
    return any("/".join(parts[i:]) in known for i in range(len(parts)))
