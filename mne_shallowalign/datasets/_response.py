"""From the drive of each dipole by each picture to a continuous recording."""

from __future__ import annotations

from typing import Any

import mne
import numpy as np
import pandas as pd
from scipy.signal import oaconvolve

from ._forward import add_brain_noise

_LEAD = 1.0  # s before the first and after the last trial
_INTERVAL = (0.8, 1.0)  # s between onsets: a response is over before the next baseline
_COMMON = 0.3  # response to any picture, in standard deviations across pictures


def gaussian_bumps(
    n_dipoles: int, sfreq: float, rng: np.random.RandomState
) -> np.ndarray:
    """Give each dipole one bump, at latencies spread between 80 and 400 ms.

    Parameters
    ----------
    n_dipoles : int
        The number of dipoles.
    sfreq : float
        The sampling frequency in Hz.
    rng : RandomState
        Draws which dipole comes when, and how long its bump is.

    Returns
    -------
    time_course : ndarray, shape (n_dipoles, n_times)
        From the onset of the picture to 0.6 s.
    """
    times = np.arange(int(0.6 * sfreq)) / sfreq
    latency = rng.permutation(np.linspace(0.08, 0.4, n_dipoles))[:, np.newaxis]
    width = rng.uniform(0.015, 0.04, (n_dipoles, 1))
    return np.exp(-0.5 * ((times - latency) / width) ** 2)


def scale_to_snr(
    gain: np.ndarray,
    drive: np.ndarray,
    time_course: np.ndarray,
    noise: mne.Covariance,
    snr: float,
) -> np.ndarray:
    """Scale the gain so that the response across pictures is ``snr`` times the noise.

    Parameters
    ----------
    gain : ndarray, shape (n_channels, n_dipoles)
        Volts at the electrodes per unit of each dipole.
    drive : ndarray, shape (n_pictures, n_dipoles)
        How strongly each picture moves each dipole.
    time_course : ndarray, shape (n_dipoles, n_times)
        How the response of each dipole unfolds.
    noise : mne.Covariance
        The covariance of the noise, volts squared.
    snr : float
        The ratio of standard deviations, over channels and times.

    Returns
    -------
    gain : ndarray, shape (n_channels, n_dipoles)
        The gain, scaled.
    """
    response = np.einsum("cd,dt->dct", gain, time_course)
    response = drive @ response.reshape(len(response), -1)  # (n_pictures, c * t)
    deviation = np.sqrt(response.var(axis=0).mean())
    return gain * snr * np.sqrt(np.diag(noise.data).mean()) / deviation


def record_runs(
    info: mne.Info,
    gain: np.ndarray,
    drive: np.ndarray,
    time_course: np.ndarray,
    noise: mne.Covariance,
    pictures: pd.DataFrame,
    design: dict[str, Any],
    rng: np.random.RandomState,
) -> list[tuple[mne.io.RawArray, pd.DataFrame]]:
    """Show the pictures in random order and record the electrodes.

    Parameters
    ----------
    info : mne.Info
        The electrodes.
    gain : ndarray, shape (n_channels, n_dipoles)
        Volts at the electrodes per unit of each dipole.
    drive : ndarray, shape (n_pictures, n_dipoles)
        How strongly each picture moves each dipole, zero on average.
    time_course : ndarray, shape (n_dipoles, n_times)
        How the response of each dipole unfolds.
    noise : mne.Covariance
        The covariance of the noise.
    pictures : DataFrame, shape (n_pictures, n_columns)
        One row per picture, with its ``split``.
    design : dict
        ``n_repetitions``, ``n_test_repetitions`` and ``n_runs``.
    rng : RandomState
        Draws the order, the intervals and the noise.

    Returns
    -------
    runs : list of tuple of (RawArray, DataFrame)
        Each run with its trials: the rows of ``pictures`` and their ``sample``.
    """
    n_shown = np.where(
        pictures["split"] == "test",
        design["n_test_repetitions"],
        design["n_repetitions"],
    )
    order = rng.permutation(np.repeat(np.arange(len(pictures)), n_shown))
    runs = []
    for shown in np.array_split(order, design["n_runs"]):
        steps = rng.uniform(*_INTERVAL, len(shown))
        onsets = np.rint((_LEAD + steps.cumsum()) * info["sfreq"]).astype(int)
        n_times = onsets[-1] + int((_INTERVAL[1] + _LEAD) * info["sfreq"])
        impulses = np.zeros((drive.shape[1], n_times))
        impulses[:, onsets] = _COMMON + drive[shown].T
        moments = oaconvolve(impulses, time_course, axes=-1)[:, :n_times]
        raw = mne.io.RawArray(gain @ moments, info)
        raw.set_eeg_reference("average")  # as the gain is
        add_brain_noise(raw, noise, rng)
        runs.append((raw, pictures.iloc[shown].assign(sample=onsets)))
    return runs
