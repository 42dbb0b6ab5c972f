"""From dipoles in the posterior half of a spherical head to electrodes, and noise."""

from __future__ import annotations

from collections.abc import Sequence

import mne
import numpy as np
from scipy.signal import lfilter

#: The occipital and parietal electrodes of THINGS-EEG2 (Gifford et al., 2022).
POSTERIOR = (
    *("P7", "P5", "P3", "P1", "Pz", "P2", "P4", "P6", "P8"),
    *("PO7", "PO3", "POz", "PO4", "PO8", "O1", "Oz", "O2"),
)
_NOISE_RMS = 10e-6  # V, of one unaveraged trial


def posterior_dipoles(
    n_dipoles: int, rng: np.random.RandomState, subject_rng: np.random.RandomState
) -> tuple[np.ndarray, np.ndarray]:
    """Place dipoles in the back of the head; every subject has them a bit elsewhere.

    Parameters
    ----------
    n_dipoles : int
        The number of dipoles.
    rng : RandomState
        Draws what all subjects share.
    subject_rng : RandomState
        Draws what is the subject's own: shifts of about 5 mm and turns of about
        20 degrees.

    Returns
    -------
    positions : ndarray, shape (n_dipoles, 3)
        In metres, in head coordinates.
    orientations : ndarray, shape (n_dipoles, 3)
        Unit vectors.
    """
    azimuth = rng.uniform(1.15 * np.pi, 1.85 * np.pi, n_dipoles)
    elevation = rng.uniform(-0.1 * np.pi, 0.35 * np.pi, n_dipoles)
    outwards = np.stack(
        [
            np.cos(elevation) * np.cos(azimuth),
            np.cos(elevation) * np.sin(azimuth),
            np.sin(elevation),
        ],
        axis=1,
    )
    positions = outwards * rng.uniform(0.045, 0.062, (n_dipoles, 1))
    positions += subject_rng.normal(0, 0.003, positions.shape)
    orientations = outwards + rng.normal(0, 0.7, positions.shape)
    orientations += subject_rng.normal(0, 0.2, positions.shape)
    return positions, orientations / np.linalg.norm(orientations, axis=1, keepdims=True)


def head(
    montage: str, ch_names: Sequence[str], sfreq: float
) -> tuple[mne.Info, mne.bem.ConductorModel]:
    """Put electrodes on a spherical head.

    Parameters
    ----------
    montage : str
        One of MNE's standard montages.
    ch_names : sequence of str
        The electrodes.
    sfreq : float
        The sampling frequency in Hz.

    Returns
    -------
    info : mne.Info
        The electrodes with positions.
    sphere : mne.bem.ConductorModel
        The head, fitted to all electrodes of the montage.
    """
    cap = mne.channels.make_standard_montage(montage)
    everywhere = mne.create_info(cap.ch_names, sfreq, "eeg").set_montage(cap)
    info = mne.create_info(list(ch_names), sfreq, "eeg").set_montage(cap)
    return info, mne.make_sphere_model("auto", "auto", everywhere)


def leadfield(
    info: mne.Info,
    sphere: mne.bem.ConductorModel,
    positions: np.ndarray,
    orientations: np.ndarray,
) -> np.ndarray:
    """Solve the forward problem for dipoles in a spherical head.

    Parameters
    ----------
    info : mne.Info
        Electrodes with positions.
    sphere : mne.bem.ConductorModel
        The head.
    positions, orientations : ndarray, shape (n_dipoles, 3)
        The dipoles, positions in metres from the centre of the sphere.

    Returns
    -------
    gain : ndarray, shape (n_channels, n_dipoles)
        Volts per ampere-metre, average reference.
    """
    dipoles = dict(rr=positions + sphere["r0"], nn=orientations)
    sources = mne.setup_volume_source_space(pos=dipoles, sphere=sphere)
    forward = mne.make_forward_solution(info, None, sources, sphere, meg=False)
    free = forward["sol"]["data"].reshape(len(info["ch_names"]), -1, 3)
    gain = np.einsum("cdx,dx->cd", free, orientations)
    return gain - gain.mean(axis=0)


def noise_covariance(
    info: mne.Info, sphere: mne.bem.ConductorModel, rng: np.random.RandomState
) -> mne.Covariance:
    """Return the covariance that 200 background dipoles give, and a little more.

    Parameters
    ----------
    info : mne.Info
        Electrodes with positions.
    sphere : mne.bem.ConductorModel
        The head.
    rng : RandomState
        Draws the background dipoles, all over the head.

    Returns
    -------
    covariance : mne.Covariance
        Its mean variance is that of 10 microvolts.
    """
    directions = rng.normal(size=(200, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    positions = directions * rng.uniform(0.02, 0.065, (200, 1))
    orientations = rng.normal(size=(200, 3))
    gain = leadfield(info, sphere, positions, orientations)
    data = gain @ gain.T
    data = 0.95 * data / np.diag(data).mean() + 0.05 * np.eye(len(data))
    return mne.Covariance(_NOISE_RMS**2 * data, info["ch_names"], [], [], nfree=0)


def add_brain_noise(
    raw: mne.io.BaseRaw, covariance: mne.Covariance, rng: np.random.RandomState
) -> None:
    """Add noise with the given covariance and the spectrum of EEG, in place.

    Parameters
    ----------
    raw : mne.io.Raw
        The recording.
    covariance : mne.Covariance
        The covariance of the noise.
    rng : RandomState
        Draws the noise.

    Notes
    -----
    Each part of the noise is an autoregressive process given by its poles: a
    background that falls off from 1 Hz, the alpha rhythm at 10 Hz, and white noise.
    """
    cycle = 2 * np.pi / raw.info["sfreq"]
    alpha = np.exp(cycle * (-1 + 10j))
    for share, poles in (
        (0.7, [np.exp(-cycle)]),
        (0.25, [alpha, alpha.conj()]),
        (0.05, [0.0]),
    ):
        filter_ = np.poly(poles).real
        impulse = np.eye(1, int(10 * raw.info["sfreq"]))[0]
        share /= np.sum(lfilter([1], filter_, impulse) ** 2)
        part = mne.Covariance(
            share * covariance.data, covariance.ch_names, [], [], nfree=0
        )
        mne.simulation.add_noise(raw, part, iir_filter=filter_, random_state=rng)
