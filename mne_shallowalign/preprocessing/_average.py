"""The average over the presentations of each image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import mne
import numpy as np
import pandas as pd
from scipy.sparse import csr_array


def average_repetitions(
    epochs: mne.BaseEpochs | Sequence[mne.BaseEpochs],
    by: str | Sequence[str] = "image",
) -> mne.EpochsArray:
    """Average the epochs that show the same image.

    Parameters
    ----------
    epochs : mne.Epochs | sequence of mne.Epochs
        Epochs with metadata.
    by : str | sequence of str
        The columns of the metadata that tell what is averaged: one average for each
        combination of their values. ``["subject", "image"]`` keeps people apart.

    Returns
    -------
    averages : mne.EpochsArray
        One epoch per image, in order of first appearance. The columns of the metadata
        that are constant for every image are kept; ``n_repetitions`` counts the epochs
        in each average.

    Raises
    ------
    ValueError
        If the epochs have no metadata, or if ``by`` is not among its columns.
    """
    if not isinstance(epochs, mne.BaseEpochs):
        epochs = mne.concatenate_epochs(list(epochs))
    metadata, columns = _check(epochs, by)
    groups = metadata.groupby(columns, sort=False, dropna=False)
    group = groups.ngroup().to_numpy()
    first = np.unique(group, return_index=True)[1]
    data = epochs.get_data(copy=False)
    averages = mne.EpochsArray(
        _group_means(data.reshape(len(data), -1), group).reshape(-1, *data.shape[1:]),
        epochs.info,
        epochs.events[first],
        epochs.tmin,
        {
            name: i
            for name, i in epochs.event_id.items()
            if i in epochs.events[first, 2]
        },
        metadata=_group_metadata(metadata, groups, first),
        proj=False,
    )
    # Set, not applied again: the interval may have been cropped away by now.
    averages.baseline = epochs.baseline
    return averages


def _check(
    epochs: mne.BaseEpochs, by: str | Sequence[str]
) -> tuple[pd.DataFrame, list[str]]:
    columns = [by] if isinstance(by, str) else list(by)
    if epochs.metadata is None:
        raise ValueError(
            f"by={by!r} needs epochs with metadata; these have none. "
            "See mne_shallowalign.datasets.load_bids."
        )
    unknown = [column for column in columns if column not in epochs.metadata]
    if unknown or not columns:
        raise ValueError(
            f"by={by!r} must name columns of the metadata: {list(epochs.metadata)}"
        )
    return epochs.metadata, columns


def _group_means(data: np.ndarray, group: np.ndarray) -> np.ndarray:
    """Average the rows of each group: (n_rows, m) -> (n_groups, m)."""
    weights = 1 / np.bincount(group)[group]
    shape = (group.max(initial=-1) + 1, len(group))
    return csr_array((weights, (group, np.arange(len(group)))), shape=shape) @ data


def _group_metadata(
    metadata: pd.DataFrame,
    groups: pd.api.typing.DataFrameGroupBy[Any, Any],
    first: np.ndarray,
) -> pd.DataFrame:
    """Keep what is constant within every group, and count."""
    varying = groups.nunique(dropna=False).gt(1).any()
    kept = metadata.iloc[first].drop(columns=varying.index[varying])
    kept = kept.drop(columns="repetition", errors="ignore")
    return kept.assign(n_repetitions=groups.size().to_numpy()).reset_index(drop=True)
