"""Windows that are moved over an epoch."""

from __future__ import annotations

from numbers import Real

import mne


def make_windows(
    epochs: mne.BaseEpochs, window: float | None, step: float | None
) -> list[slice]:
    """Cut epochs into windows of equal length.

    Parameters
    ----------
    epochs : Epochs
        The epochs.
    window : float | None
        Length in seconds, rounded to whole samples. None: one sample.
    step : float | None
        From the start of one window to that of the next, in seconds. None: the length.

    Returns
    -------
    windows : list of slice
        The samples of each window, all inside the epoch. What remains at the end, less
        than a step, is left out.

    Raises
    ------
    ValueError
        If a number is not positive, or no window fits in.
    """
    n_times, sfreq = len(epochs.times), epochs.info["sfreq"]
    length = 1 if window is None else _as_samples("window", window, sfreq)
    hop = length if step is None else _as_samples("step", step, sfreq)
    if length > n_times:
        raise ValueError(
            f"window={window} is {length} samples, but the epochs have {n_times}. Use "
            "a shorter one."
        )
    return [slice(i, i + length) for i in range(0, n_times - length + 1, hop)]


def _as_samples(name: str, seconds: float, sfreq: float) -> int:
    if not isinstance(seconds, Real) or not seconds > 0:
        raise ValueError(
            f"{name}={seconds!r} must be a positive number of seconds, or None."
        )
    return max(1, round(seconds * sfreq))


def check_epochs(epochs: object) -> None:
    """Refuse what does not say which channels and times it has.

    Parameters
    ----------
    epochs : object
        What a user gave as epochs.

    Raises
    ------
    TypeError
        If it is not Epochs.
    """
    if not isinstance(epochs, mne.BaseEpochs):
        raise TypeError(
            "epochs must be mne.Epochs, whose channels and times have names and units, "
            f"got {type(epochs).__name__}. Make EpochsArray of an array."
        )
