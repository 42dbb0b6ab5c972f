"""Epochs cut from a recording that is never loaded as a whole."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from functools import lru_cache

import mne
import numpy as np
from mne.utils import logger

from ._recipe import Preprocessing

_EVENTS_PER_BLOCK = 64


def cut_epochs(
    raw: mne.io.BaseRaw, onsets: np.ndarray, preprocessing: Preprocessing
) -> tuple[np.ndarray, np.ndarray, mne.BaseEpochs]:
    """Cut single trials in the time steps of a preprocessing, as float32.

    Baseline correction, resampling and cropping are linear along time. MNE takes these
    steps for unit impulses, once; what comes out is the matrix that takes them for the
    trials, block by block.

    Parameters
    ----------
    raw : mne.io.Raw
        The recording; what is not preloaded is read block by block.
    onsets : array of int, shape (n_events,)
        The samples of the onsets, ascending, counted as in MNE's events.
    preprocessing : Preprocessing
        The steps along time.

    Returns
    -------
    data : array of float32, shape (n_epochs, n_channels, n_times)
        The epochs in the order of the onsets.
    kept : array of bool, shape (n_events,)
        Which events have an epoch: those whose interval is within the recording.
    frame : mne.EpochsArray
        One epoch of zeros, with the info, the times and the baseline of the epochs.
    """
    if preprocessing.l_freq is not None or preprocessing.h_freq is not None:
        raw = raw.copy().load_data().filter(preprocessing.l_freq, preprocessing.h_freq)
    first, last = (
        round(t * raw.info["sfreq"]) for t in (preprocessing.tmin, preprocessing.tmax)
    )
    n_times = last - first + 1
    starts = np.asarray(onsets) - raw.first_samp + first
    kept = (starts >= 0) & (starts + n_times <= raw.n_times)
    starts = starts[kept]
    operator = _operator(
        raw.info["sfreq"], n_times, preprocessing.replace(picks="data")
    )
    frame = _in_time(np.zeros((1, len(raw.ch_names), n_times)), raw.info, preprocessing)
    data = np.empty((len(starts), len(raw.ch_names), operator.shape[1]), np.float32)
    single, of_ones = operator.astype(np.float32), operator.sum(axis=0)
    for rows in _progress(len(starts)):
        begin, end = starts[rows][0], starts[rows][-1] + n_times
        block = raw[:, begin:end][0]
        # Offsets of electrodes are far larger than the signal: too large for float32.
        offset = block.mean(axis=1, keepdims=True)
        block = (block - offset).astype(np.float32)
        samples = (starts[rows] - begin)[:, None] + np.arange(n_times)
        # (n_channels * n_events, n_times) -> (n_channels, n_events, n_new_times)
        cut = block[:, samples].reshape(-1, n_times) @ single
        cut = cut.reshape(len(block), len(samples), -1) + (offset * of_ones)[:, None]
        data[rows] = cut.swapaxes(0, 1)
    return data, kept, frame


@lru_cache(maxsize=4)
def _operator(sfreq: float, n_times: int, preprocessing: Preprocessing) -> np.ndarray:
    """Learn from MNE what the steps along time do: (n_times, n_new_times)."""
    info = mne.create_info(1, sfreq, "eeg")
    impulses = _in_time(np.eye(n_times)[:, None], info, preprocessing)
    return impulses.get_data(copy=False)[:, 0]


def _in_time(
    data: np.ndarray, info: mne.Info, preprocessing: Preprocessing
) -> mne.BaseEpochs:
    tmin = round(preprocessing.tmin * info["sfreq"]) / info["sfreq"]
    with mne.utils.use_log_level("error"):
        return preprocessing.in_time(mne.EpochsArray(data, info, tmin=tmin))


def _progress(n_events: int) -> Iterator[slice]:
    from tqdm.auto import tqdm

    starts = range(0, n_events, _EVENTS_PER_BLOCK)
    return (
        slice(start, start + _EVENTS_PER_BLOCK)
        for start in tqdm(
            starts,
            desc="Cutting epochs",
            unit="block",
            delay=2,
            leave=False,
            disable=not logger.isEnabledFor(logging.INFO),
        )
    )
