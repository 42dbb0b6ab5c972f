"""The first minutes of a recording."""

from __future__ import annotations

import numpy as np
from mne import BaseEpochs
from pandas import DataFrame

_RECORDING = ("session", "run")


def first_minutes(epochs: BaseEpochs, minutes: float) -> BaseEpochs:
    """Keep the trials of the first minutes of a recording.

    Parameters
    ----------
    epochs : Epochs
        Single trials in the order of recording. Their metadata has ``onset``, in
        seconds from the start of the recording, and where there are several
        ``session`` and ``run``.
    minutes : float
        How much, from the onset of the first trial on. What passed between two runs
        does not count.

    Returns
    -------
    epochs : Epochs
        Those whose picture appeared before the time was up.

    Raises
    ------
    ValueError
        If the metadata has no ``onset``, these are averages, onsets do not increase
        within a run, or less was recorded.
    """
    metadata = epochs.metadata
    if metadata is None or "onset" not in metadata:
        raise ValueError(
            "The epochs have no metadata column 'onset' (seconds from the start of the "
            "recording), so that nobody knows which were the first "
            f"{minutes:g} minutes."
        )
    if "n_repetitions" in metadata:
        raise ValueError(
            "The epochs are averages over repetitions, which may lie hours apart: give "
            "single trials, and average what is left."
        )
    time, end = recording_time(metadata)
    if 60 * minutes > end:
        raise ValueError(
            f"minutes={minutes:g}, but only {end / 60:.2f} minutes were recorded. Use "
            "fewer."
        )
    return epochs[time < 60 * minutes]


def recording_time(metadata: DataFrame) -> tuple[np.ndarray, float]:
    """Tell how much had been recorded when each picture appeared.

    Parameters
    ----------
    metadata : DataFrame
        With the columns ``onset`` and, where there are several, ``session`` and
        ``run``, in the order of recording.

    Returns
    -------
    time : array, shape (n_trials,)
        Seconds from the onset of the first picture.
    end : float
        Seconds when the last run ends: one typical interval after its last picture.
    """
    onset = metadata["onset"].to_numpy(float)
    columns = [name for name in _RECORDING if name in metadata]
    changed = metadata[columns].ne(metadata[columns].shift()).any(axis=1)
    time, elapsed = np.empty(len(onset)), 0.0
    for run in np.split(np.arange(len(onset)), np.flatnonzero(changed)[1:]):
        gaps = np.diff(onset[run])
        if (gaps < 0).any():
            raise ValueError(
                "The onsets of the trials do not increase within a run: give single "
                "trials in the order of recording."
            )
        time[run] = elapsed + onset[run] - onset[run[0]]
        elapsed = time[run[-1]] + (np.median(gaps) if len(gaps) else 0.0)
    return time, elapsed
