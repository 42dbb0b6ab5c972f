"""What may be called a signal: Epochs, a list of Epochs, or an array."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import mne
import numpy as np
from mne.utils import logger

LONG_LIST = 1000


def as_signal(
    X: Any, ch_names: Sequence[str] | None = None
) -> tuple[Any, mne.Info | None]:
    """Take the data out of what scikit-learn and MNE users pass as ``X``.

    Parameters
    ----------
    X : Epochs | list of Epochs | array-like
        The signals. scikit-learn's splitters turn Epochs into a list of Epochs.
    ch_names : sequence of str | None
        The channels to take from Epochs, in this order. None: all good data
        channels. Stimulus channels are none, for they may hold the answer, nor are
        the reference channels of CTF, which are too far from the head to see it.

    Returns
    -------
    signal : array, shape (n_epochs, n_channels, n_times), or X itself
        The data, in the units of MNE (V, T, T/m). What is not Epochs is returned
        untouched.
    info : mne.Info | None
        Measurement info of the channels taken; None for arrays.

    Raises
    ------
    ValueError
        If channels are missing, or the Epochs of a list differ in channels or times.
    """
    if isinstance(X, mne.BaseEpochs):
        X = [X]
    _refuse_other_objects(X)
    if not (isinstance(X, list) and X and isinstance(X[0], mne.BaseEpochs)):
        return X, None
    if len(X) > LONG_LIST:
        logger.info(
            "X is a list of %d Epochs, as scikit-learn splits Epochs one by one. "
            "Cross-validation is faster with epochs.get_data(copy=False).",
            len(X),
        )
    names = _data_channels(X[0]) if ch_names is None else list(ch_names)
    _check_alike(X, names)
    data = [epochs.get_data(picks=names, copy=False) for epochs in X]
    picks = [X[0].ch_names.index(name) for name in names]
    info = mne.pick_info(X[0].info, picks, verbose="error")  # tells of CTF compensators
    return data[0] if len(data) == 1 else np.concatenate(data), info


def _refuse_other_objects(X: Any) -> None:
    members = X if isinstance(X, list) else [X]
    kinds = [isinstance(member, mne.BaseEpochs) for member in members]
    foreign = [m for m in members if isinstance(m, (mne.Evoked, mne.io.BaseRaw))]
    if foreign or any(kinds) != all(kinds):
        names = sorted({type(member).__name__ for member in members})
        raise TypeError(
            "X must be Epochs, a list of Epochs, or an array of shape (n_epochs, "
            f"n_channels, n_times), got {' and '.join(names)}."
        )


def _data_channels(epochs: mne.BaseEpochs) -> list[str]:
    kinds = dict.fromkeys(("meg", "eeg", "csd", "seeg", "ecog", "dbs"), True)
    picks = mne.pick_types(epochs.info, **kinds, ref_meg=False, exclude="bads")
    names = [epochs.ch_names[pick] for pick in picks]
    left_out = [name for name in epochs.ch_names if name not in set(names)]
    if not names:
        raise ValueError(
            f"X has no good M/EEG channel: its channels are {epochs.ch_names[:5]} … of "
            f"types {sorted(set(epochs.get_channel_types()))}. Set the channel types "
            "with epochs.set_channel_types()."
        )
    if left_out:
        logger.info("Not used (bad, reference or no data channel): %s", left_out)
    return names


def _check_alike(X: list[mne.BaseEpochs], names: list[str]) -> None:
    first = X[0]
    for position, epochs in enumerate(X):
        there = set(epochs.ch_names)
        missing = [name for name in names if name not in there]
        if missing:
            raise ValueError(
                f"X lacks {len(missing)} of the {len(names)} channels expected "
                f"(Epochs number {position}): {', '.join(missing[:5])}. Pick or "
                "interpolate channels so that all Epochs have the same ones."
            )
        if epochs is not first and not np.array_equal(epochs.times, first.times):
            raise ValueError(
                f"X is a list of Epochs with different times: number {position} has "
                f"{_span(epochs)}, the first has {_span(first)}. Crop and resample "
                "them alike."
            )


def _span(epochs: mne.BaseEpochs) -> str:
    first, last = epochs.times[[0, -1]]
    return f"{len(epochs.times)} samples from {first:g} to {last:g} s"


def joined(X: Any) -> Any:
    """Join what scikit-learn's splitters make of Epochs.

    Parameters
    ----------
    X : Epochs | list of Epochs | array-like
        The signals.

    Returns
    -------
    X : Epochs | array-like
        One Epochs object for a list of them; all else as it is.
    """
    if isinstance(X, list) and X and isinstance(X[0], mne.BaseEpochs):
        return mne.concatenate_epochs(X, verbose="error")
    return X


def replace_signal(
    epochs: mne.BaseEpochs, data: np.ndarray, ch_names: Sequence[str]
) -> mne.EpochsArray:
    """Build Epochs like the given ones, with other data in some channels.

    Parameters
    ----------
    epochs : mne.Epochs
        The Epochs, which stay as they are.
    data : array, shape (n_epochs, len(ch_names), n_times)
        The data.
    ch_names : sequence of str
        The channels that it is of.

    Returns
    -------
    new : mne.EpochsArray
        With the events, the metadata and the other channels of the given ones.
    """
    everything = epochs.get_data(copy=True)
    everything[:, [epochs.ch_names.index(name) for name in ch_names]] = data
    new = mne.EpochsArray(
        everything,
        epochs.info,
        epochs.events,
        epochs.tmin,
        epochs.event_id,
        metadata=epochs.metadata,
        proj=False,
        selection=epochs.selection,
        drop_log=epochs.drop_log,
        verbose="error",
    )
    # Set, not applied: what follows the transformation is no baseline correction.
    new.baseline = epochs.baseline
    return new
