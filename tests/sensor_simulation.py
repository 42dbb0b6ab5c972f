"""Recordings whose active sensors and latency are known, and decoders of them."""

from __future__ import annotations

import mne
import numpy as np
import pandas as pd

from mne_shallowalign import ShallowAlignDecoder

SFREQ, TMIN = 50.0, -0.1
NAMES = ["Fz", "Cz", "T7", "T8", "P3", "Pz", "P4", "O1", "Oz", "O2"]
ACTIVE, LATENCY = ("O1", "Oz"), (0.1, 0.2)


def make_info(ch_types="eeg"):
    return mne.create_info(NAMES, SFREQ, ch_types)


def simulate(seed=0, n=400, info=None, mix=None, snr=1.5, unit=1e-6):
    """Features drive some sensors for a while; all have noise of their own.

    Parameters
    ----------
    mix : array, shape (n_channels, n_sources) | None
        How sources are seen by the sensors; None: each active sensor has its own.
    """
    rng = np.random.default_rng(seed)
    info = make_info() if info is None else info
    n_channels, n_times = len(info["ch_names"]), 20
    if mix is None:
        mix = np.zeros((n_channels, len(ACTIVE)))
        for i, name in enumerate(ACTIVE):
            mix[info["ch_names"].index(name), i] = 1
    features = rng.standard_normal((n, 6))
    sources = snr * features @ rng.standard_normal((6, mix.shape[1])) / np.sqrt(6)
    signal = rng.standard_normal((n, n_channels, n_times))
    samples = slice(*(round((t - TMIN) * SFREQ) for t in LATENCY))
    signal[:, :, samples] += (sources @ mix.T)[:, :, None]
    signal *= np.broadcast_to(unit, n_channels)[:, None]
    metadata = pd.DataFrame({"concept": np.arange(n) // 4})
    epochs = mne.EpochsArray(signal, info, tmin=TMIN, metadata=metadata, verbose=False)
    return epochs, features


def add_colour(seed, n=400):
    """All sensors see one source amid noise that is correlated between them.

    Returns
    -------
    epochs, features : Epochs, array
        As of :func:`simulate`.
    mix : array, shape (n_channels,)
        How the sensors see the source.
    """
    rng = np.random.default_rng(seed)
    mix = rng.standard_normal((10, 1))
    mix /= np.linalg.norm(mix)
    colour = np.eye(10) + rng.standard_normal((10, 3)) @ rng.standard_normal((3, 10))
    noise, _ = simulate(seed, n, mix=0 * mix)
    epochs, features = simulate(seed, n, mix=3 * mix)
    epochs._data += colour @ noise.get_data() - noise.get_data()
    return epochs, features, mix[:, 0]


def make_decoder(solver, **params):
    if solver == "ridge":
        defaults = {"alpha": 100.0}
    else:
        defaults = {
            "encoder": solver,
            "lr": 3e-3,
            "n_components": 8,
            "encoder_params": {"n_outputs": 32} if solver == "eegproject" else None,
            "batch_size": 64,
            "max_epochs": 15,
            "precision": "float32",
        }
    solver = "ridge" if solver == "ridge" else "contrastive"
    params = {"solver": solver, "random_state": 0, **defaults, **params}
    return ShallowAlignDecoder(**params)
