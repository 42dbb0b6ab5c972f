"""Which trials are learned from, and which are held out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    from pandas import DataFrame, Series

#: What can be held out, and the metadata that tell one unit of it from another.
UNITS = {
    "split": ("subject", "split"),
    "concept": ("concept",),
    "run": ("subject", "session", "run"),
    "session": ("subject", "session"),
    "subject": ("subject",),
}
HOLD_OUTS = tuple(UNITS)

Fold = tuple[NDArray[np.intp], NDArray[np.intp]]


class Seen(NamedTuple):
    """How many of the queries are not new to a decoder."""

    n_queries: int
    """All queries: the test trials of all folds."""
    n_images: int
    """Those whose picture was also in the training trials of their fold."""
    n_concepts: int
    """Those whose concept was."""


def make_folds(
    metadata: DataFrame, hold_out: str, n_splits: int | None = None
) -> list[Fold]:
    """Split trials so that what is held out is never learned from.

    Parameters
    ----------
    metadata : DataFrame
        The metadata of the trials, as :func:`mne_shallowalign.datasets.load_bids`
        makes it.
    hold_out : {"split", "concept", "run", "session", "subject"}
        ``"split"`` is the one split that the dataset publishes (``"train"`` and
        ``"test"`` in the column ``split``); the others are cross-validation in which
        no unit is on both sides.
    n_splits : int | None
        How many folds the units are dealt to, at most one for each unit. None
        (default) holds out one unit at a time. Without effect for ``"split"``.

    Returns
    -------
    folds : list of (train, test)
        Row numbers of the trials.

    Raises
    ------
    ValueError
        If ``hold_out`` is unknown, there are not two units, or the column ``split``
        has other labels than its two.
    """
    from mne.utils import _check_option
    from sklearn.model_selection import GroupKFold

    _check_option("hold_out", hold_out, HOLD_OUTS)
    if hold_out == "split":
        return [_published_split(metadata)]
    units = unit_of(metadata, hold_out)
    n_units = units.nunique()
    if n_units < 2:
        raise ValueError(
            f"hold_out={hold_out!r} needs trials of at least two {hold_out}s, got "
            f"{n_units}. Hold out something else: {', '.join(HOLD_OUTS)}."
        )
    folds = GroupKFold(min(n_splits or n_units, n_units))
    return list(folds.split(units, groups=units))


def unit_of(metadata: DataFrame, hold_out: str) -> Series:
    """Tell which unit each trial belongs to: the run of a session of a person.

    Parameters
    ----------
    metadata : DataFrame
        The metadata of the trials.
    hold_out : str
        What is held out.

    Returns
    -------
    units : Series of int
        A number for each unit.

    Raises
    ------
    ValueError
        If ``metadata`` does not have the column ``hold_out``.
    """
    if hold_out not in metadata or metadata[hold_out].isna().any():
        raise ValueError(
            f"hold_out={hold_out!r} needs a {hold_out} for every trial in the column "
            f"{hold_out!r} of epochs.metadata, which has "
            f"{', '.join(map(str, metadata))}."
        )
    columns = [name for name in UNITS[hold_out] if name in metadata]
    return metadata.groupby(columns, sort=False, dropna=False).ngroup()


def default_hold_out(metadata: DataFrame, by_class: bool = False) -> str:
    """Choose what to hold out where nobody has said so.

    Parameters
    ----------
    metadata : DataFrame
        The metadata of the trials.
    by_class : bool
        Whether only the class of each picture is known, so that every class has to be
        learned from.

    Returns
    -------
    hold_out : str
        ``"split"`` where the dataset publishes one, else ``"concept"``; for classes,
        the first of run, session and subject of which there are several.
    """
    if {"train", "test"} <= set(metadata.get("split", ())):
        return "split"
    if not by_class:
        return "concept"
    several = (u for u in ("run", "session", "subject") if metadata[u].nunique() > 1)
    return next(several, "run")


def count_seen(folds: Sequence[Fold], images: ArrayLike, concepts: ArrayLike) -> Seen:
    """Count the test trials whose picture or concept was learned from.

    Parameters
    ----------
    folds : sequence of (train, test)
        Row numbers of the trials.
    images : array-like of str, shape (n_trials,)
        The identity of the picture of each trial.
    concepts : array-like of str, shape (n_trials,)
        Its concept.

    Returns
    -------
    seen : Seen
        The counts, over all folds.
    """

    def count(labels: ArrayLike) -> int:
        labels = np.asarray(labels, dtype=str)
        both = [np.isin(labels[test], labels[train]).sum() for train, test in folds]
        return int(sum(both))

    n_queries = sum(len(test) for _, test in folds)
    return Seen(n_queries, count(images), count(concepts))


def _published_split(metadata: DataFrame) -> Fold:
    split = metadata["split"].to_numpy() if "split" in metadata else np.array([])
    others = sorted({str(label) for label in split} - {"train", "test"})
    if others:
        raise ValueError(
            "hold_out='split' needs 'train' or 'test' for every trial in the column "
            f"'split' of epochs.metadata, which also has {', '.join(others[:5])}. "
            f"Relabel those trials, or hold out something else: "
            f"{', '.join(HOLD_OUTS[1:])}."
        )
    train, test = np.flatnonzero(split == "train"), np.flatnonzero(split == "test")
    if len(train) == 0 or len(test) == 0:
        raise ValueError(
            f"hold_out='split' needs trials for training and for the test, got "
            f"{len(train)} and {len(test)}. This dataset publishes no split; hold "
            f"out something else: {', '.join(HOLD_OUTS[1:])}."
        )
    return train, test
